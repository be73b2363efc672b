"""A load as a child process that is made by hand: its words, the events that it leaves, and every way it can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.errors import HarnessError, UsageError
from fixtures.settings import ROOT, Settings
from loadtests import runner
from loadtests.runner import Load, Traffic
from reports.layout import REQUEST_HEADER

S = 10**9


class Child:
    """The process of a load: ends with what it was told to, and leaves a log."""

    def __init__(self, words: list[str], **how: Any) -> None:
        self.words, self.how, self.pid, self.returncode = words, how, 4242, None

    def poll(self) -> int | None:
        return self.returncode


class World:
    """Everything around a load: what was started, ended, told and waited for."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.ns = folder, 100 * S
        self.children: list[Child] = []
        self.told: list[Any] = []
        self.ended: list[Any] = []
        self.waits: list[dict[str, Any]] = []
        self.priorities: list[Any] = []
        self.load = Load(Settings(seed=7), folder, SimpleNamespace(event=self.event))  # type: ignore[arg-type]
        monkeypatch.setattr(runner, "subprocess", SimpleNamespace(
            Popen=self.start, DEVNULL=subprocess.DEVNULL, STDOUT=subprocess.STDOUT))  # fmt: skip
        monkeypatch.setattr(runner, "time", SimpleNamespace(monotonic_ns=lambda: self.ns))
        monkeypatch.setattr("loadtests.tail.time", SimpleNamespace(monotonic_ns=lambda: self.ns))
        monkeypatch.setattr(runner, "end_group", self.end)
        monkeypatch.setattr(runner, "wait_for", lambda until, **how: self.waits.append({"until": until, **how}))
        monkeypatch.setattr(runner, "put_first", self.priorities.append)

    def event(self, *words: Any, **data: Any) -> None:
        self.told.append((*words, data))

    def start(self, words: list[str], **how: Any) -> Child:
        self.children.append(Child(words, **how))
        return self.children[-1]

    def end(self, child: Child, **how: Any) -> None:
        self.ended.append((child.pid, how))
        self.ns += S // 2 + S // 2500

    def rows(self, *errors: str, first_s: float = 90.0) -> None:
        """Rows that ended at 99 s, written so far."""
        file = self.folder / "load/requests-viewers.csv"
        planned = int(first_s * S)
        lines = [f"{planned + n},{planned + n},{99 * S},0,GET,302,9,{error}" for n, error in enumerate(errors)]
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join([REQUEST_HEADER, *lines]) + "\n")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


STARTED = ("load", "load.started", "viewers", {"rate_per_s": 2.5, "pid": 4242})


def finished(**data: Any) -> Any:
    whole = {"at_ns": 100 * S - S // 10, "planned": 0, "sent": 0, "ok": 0, "failed": 0, "died": False, "gone_s": 0.6}
    return ("load", "load.finished", "viewers", whole | data)


def test_a_load_is_started_with_its_words_and_ended_in_order(world: World) -> None:
    with world.load("viewers", 2.5) as traffic:
        world.rows("", "status 502", "", first_s=90.0)
        assert (traffic.name, traffic.rate_per_s) == ("viewers", 2.5)
        child = world.children[0]
        assert child.words == [
            sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests/viewers.py"), "--headless", "--only-summary",
            "--exit-code-on-error", "0", "--load-name", "viewers", "--dossier", str(world.folder.resolve()),
            "--parent-pid", str(os.getpid()), "--rate", "2.5", "-u", "20", "-t", "1800s",
            "--host", Settings().gateway_url, "--seed", "7",
        ]  # fmt: skip
        log = child.how.pop("stdout")
        assert (log.name, log.mode) == (str(world.folder / "load/viewers.log"), "wb")
        assert child.how == {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": ROOT,
                             "start_new_session": True}  # fmt: skip
        assert world.priorities == [4242]
        assert world.told == [STARTED]
    assert world.ended == [(4242, {"within_s": 12.0})]
    assert world.told[1:] == [finished(planned=24, sent=3, ok=2, failed=1)]
    traffic.stop()
    assert len(world.told) == 2


def test_a_load_may_have_another_name_address_time_and_more_words(world: World, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    host = "http://127.0.0.1:9"
    given = world.load("operators", 1, users=3, longest_s=10.1, name="mine", host=host, options=("--any", "x"))
    assert given.__enter__().name == "mine"
    words = world.children[0].words
    assert words[4] == str(ROOT / "loadtests/operators.py")
    assert words[-12:] == ["--rate", "1", "-u", "3", "-t", "11s", "--host", host, "--seed", "7", "--any", "x"]
    assert Load(Settings(), world.folder, world.load.timeline)("viewers", 1)._argv[-1] == "0"


def test_names_are_free_and_files_are_loads(world: World) -> None:
    (world.folder / "load").mkdir()
    for free in ("viewers", "viewers-2", "viewers-3"):
        assert world.load("viewers", 1).name == free
        (world.folder / f"load/{free}.log").touch()
    assert world.load("operators", 0.1).name == "operators"
    for name, rate, said in (
        ("open_loop", 1, "no load is called 'open_loop'; there are manager_load, operators, viewers"),
        ("viewers", 0, "load viewers: a rate of 0 requests/s sends nothing"),
        ("viewers", -1.5, "load viewers: a rate of -1.5 requests/s sends nothing"),
    ):
        with pytest.raises(UsageError) as error:
            world.load(name, rate)
        assert str(error.value) == said


def entered(world: World) -> tuple[Traffic, Child]:
    traffic = world.load("viewers", 2.5).__enter__()
    return traffic, world.children[-1]


def test_a_load_that_died_says_its_last_words(world: World) -> None:
    traffic, child = entered(world)
    (world.folder / "load/viewers.log").write_bytes(b"".join(b"line %d\n" % n for n in range(20)) + b"\xff\n")
    child.returncode = 3
    last = "\n".join([*(f"line {n}" for n in range(6, 20)), "\ufffd"])
    with pytest.raises(HarnessError) as error:
        traffic.stop()
    log = world.folder / "load/viewers.log"
    assert str(error.value) == f"load viewers ended by itself with status 3:\n{last}\n  next: less {log}"
    assert world.told[1:] == [finished(died=True)]
    assert traffic._death() == "load viewers is not running"


def test_a_load_that_sent_nothing_is_no_load(world: World) -> None:
    traffic, _ = entered(world)
    (world.folder / "load/viewers.log").write_text("one\ntwo\n")
    with pytest.raises(HarnessError) as error:
        traffic.stop()
    log = world.folder / "load/viewers.log"
    said = "load viewers sent nothing; 0 requests were planned:\none\ntwo"
    assert str(error.value) == f"{said}\n  next: less {log}"
    with pytest.raises(ZeroDivisionError), world.load("operators", 1):
        raise ZeroDivisionError


def test_steady_is_nine_in_ten_of_the_rate_over_two_seconds(world: World) -> None:
    traffic, child = entered(world)
    traffic.wait_until_steady()
    traffic.wait_until_steady(9.0, hold_for_s=3.0)
    plain, held = world.waits
    assert [(one["within_s"], one["hold_for_s"]) for one in (plain, held)] == [(60.0, 0.0), (12.0, 3.0)]
    assert (plain["what"], plain["next_command"]) == (
        "load viewers to flow at 2.5/s", f"less {world.folder / 'load/viewers.log'}"
    )  # fmt: skip
    assert plain["fail_if"]() is None
    for good, steady in ((4, False), (5, True)):
        world.rows(*[""] * good, "status 502")
        traffic._tail.__init__(world.folder / "load/requests-viewers.csv")  # type: ignore[misc]
        assert (plain["until"](), plain["describe"]()) == (steady, "flowing" if steady else "not yet")
    world.ns = 101 * S
    assert plain["until"]() is True
    world.ns += 1
    assert plain["until"]() is False
    traffic.wait_until_steady()
    steady = [told for told in world.told if told[1] == "load.steady"]
    assert steady == [("load", "load.steady", "viewers", {"sent": n, "ok": k}) for n, k in ((0, 0), (0, 0), (6, 5))]
    child.returncode = 1
    assert plain["fail_if"]() == "load viewers ended by itself with status 1:\n"


@pytest.mark.parametrize(("status", "died"), [(0, False), (1, True)])
def test_a_load_runs_to_its_end(world: World, status: int, died: bool) -> None:
    traffic, child = entered(world)
    (world.folder / "load/viewers.log").write_text("bye\n")
    world.rows("")
    child.returncode = None
    assert world.waits == []

    def ends(until: Any, **how: Any) -> None:
        assert until() is False
        child.returncode = status
        assert until() is True
        world.waits.append(how)

    runner.wait_for = ends  # the fixture puts it back
    if died:
        with pytest.raises(HarnessError, match=r"^load viewers ended by itself with status 1:\nbye\n"):
            traffic.run_to_end(within_s=9.0)
    else:
        traffic.run_to_end(within_s=9.0)
        traffic.run_to_end(within_s=9.0)
    assert world.waits == [{"what": "load viewers to end", "within_s": 9.0}]
    assert world.told[1:] == [finished(planned=24, sent=1, ok=1, died=died)]
