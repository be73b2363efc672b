"""Making images: once each, a few at a time, and what a failed or stopped build leaves."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from fixtures.docker import Engine
from fixtures.images import building, node
from fixtures.images.builder import BAKING, BuildFailed, Workshop
from fixtures.images.recipe import Catalogue, Output, Recipe
from fixtures.settings import Settings


def nothing(workshop: Workshop, recipe: Recipe, folder: Path) -> None:
    """A recipe that leaves an empty folder."""


def folder(name: str, *inputs: str, **more: object) -> Recipe:
    """A folder recipe that does nothing unless told."""
    return Recipe(name, Output.FOLDER, **({"make": nothing, "inputs": inputs} | more))  # type: ignore[arg-type]


def workshop(home: Path, made_from: list[Recipe]) -> Workshop:
    """A workshop whose engine only ever says that nothing is left over."""
    engine = Engine("test", "1")
    object.__setattr__(engine, "docker", lambda *args, **more: "")
    return Workshop(Settings(home=home), engine, Catalogue(made_from, home))


def test_a_build_makes_each_once_and_a_second_one_nothing(tmp_path: Path) -> None:
    made: list[str] = []
    lock = threading.Lock()

    def make(there: Workshop, recipe: Recipe, place: Path) -> None:
        assert all(there.is_made(name) for name in recipe.inputs)
        with lock:
            made.append(recipe.name)
        (place / "result").write_text(recipe.name)

    chain = [folder(name, *inputs, make=make) for name, inputs in
             {"a": (), "b": (), "c": ("a",), "d": ("a", "b", "c")}.items()]  # fmt: skip
    there = workshop(tmp_path / "home", chain)
    assert building.build(there, ("d",)) == ["a", "b", "c", "d"]
    assert sorted(made) == ["a", "b", "c", "d"]
    assert (there.folder("d") / "result").read_text() == "d"
    assert building.build(there, ("d",)) == []
    assert len(made) == 4


def test_a_failed_build_says_its_last_lines_and_log_and_the_next_one_goes_on(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()

    def make(there: Workshop, recipe: Recipe, place: Path) -> None:
        (place / "half").touch()
        script = f"for i in $(seq 30); do echo line $i; done; test ! -e {broken}"
        there.run(recipe, ["sh", "-c", script])

    there = workshop(tmp_path / "home", [folder("a"), folder("b", "a", make=make)])
    with pytest.raises(BuildFailed) as caught:
        building.build(there, ("b",))
    said = str(caught.value)
    assert "building b failed with status 1" in said
    assert "line 30" in said
    assert "line 10" not in said
    assert str(there.log(there.catalogue["b"])) in said
    assert "next: crucible images build" in said
    assert there.is_made("a")
    assert not there.is_made("b")
    broken.unlink()
    again = workshop(tmp_path / "home", [folder("a"), folder("b", "a", make=make)])
    assert building.build(again, ("b",)) == ["b"]


def test_a_failure_stops_what_runs_beside_it(tmp_path: Path) -> None:
    def slow(there: Workshop, recipe: Recipe, place: Path) -> None:
        there.run(recipe, ["sleep", "60"])

    def fails(there: Workshop, recipe: Recipe, place: Path) -> None:
        there.run(recipe, ["sh", "-c", "sleep 0.2; exit 3"])

    there = workshop(tmp_path / "home", [folder("a", make=slow), folder("b", make=fails), folder("c", "a", "b")])
    began = time.monotonic()
    with pytest.raises(BuildFailed, match="building b failed with status 3"):
        building.build(there, ("c",))
    assert time.monotonic() - began < 10
    assert not there.is_made("a")
    assert list((there.settings.cache / "scratch").iterdir()) == []


def test_few_compilers_run_side_by_side(tmp_path: Path) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def make(there: Workshop, recipe: Recipe, place: Path) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1

    names = [f"p{index}" for index in range(6)]
    there = workshop(tmp_path, [*(folder(n, make=make, compiles=True) for n in names), folder("all", *names)])
    building.build(there, ("all",))
    assert most[0] == building.COMPILERS


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    def make(there: Workshop, recipe: Recipe, place: Path) -> None:
        there.run(recipe, ["no-such-compiler"])

    with pytest.raises(BuildFailed, match="no such program: no-such-compiler"):
        building.build(workshop(tmp_path, [folder("a", make=make)]), ("a",))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_build_and_what_it_runs(tmp_path: Path, number: int) -> None:
    def slow(there: Workshop, recipe: Recipe, place: Path) -> None:
        threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
        there.run(recipe, ["sleep", "60"])

    there = workshop(tmp_path, [folder("a", make=slow)])
    before, began = signal.getsignal(number), time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        building.build(there, ("a",))
    assert time.monotonic() - began < 10
    assert signal.getsignal(number) is before
    assert not there.is_made("a")


def test_clearing_up_after_killed_builds_never_touches_a_running_cluster(tmp_path: Path) -> None:
    removed: list[str] = []
    running = {"n1": ("crucible/node:new", "crucible-worker"), "k1": ("crucible/base:1", "kind-build-17-3"),
               "k2": ("theirs/base:1", "kind-build-17-4"), "o1": ("crucible/base:1", "mine")}  # fmt: skip

    def docker(*args: str, **_: object) -> str:
        if args[0] == "rm":
            removed.extend(args[3:])
            return ""
        if "--filter" in args:
            assert args[-1] == f"name=^/{BAKING}"  # nothing that an image hands down, such as a label
            return "b1\n"
        return "".join(f"{key} {image} {name}\n" for key, (image, name) in running.items())

    there = workshop(tmp_path, [])
    object.__setattr__(there.engine, "docker", docker)
    there.sweep()
    node._remove_build_containers(there, "crucible/base:1")
    assert removed == ["b1", "k1"]
