"""What suites are handed and how the stack is stood up: each made of what, and in which order."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos import run as chaos_run
from chaos.run import Journal
from fixtures.errors import UsageError
from fixtures.ledger import Entry
from fixtures.settings import Profile, Settings
from loadtests.runner import Load
from suites.plugin import fixtures, standing
from suites.plugin.fixtures import pytest_generate_tests, seed_of
from suites.plugin.options import settings_key
from suites.plugin.promise import Promise
from suites.plugin.session import promise_key, session_key
from suites.plugin.stack import Stack

TEST = "suites/x/test_y.py::test_z"


def request(stack: Any = None, *, round_number: int | None = None) -> Any:
    """A test's request for a fixture."""
    node: Any = SimpleNamespace(nodeid=TEST, name="z", stash=pytest.Stash(), function=SimpleNamespace(__doc__="Z.\nx"))
    if round_number is not None:
        node.callspec = SimpleNamespace(params={"round": round_number})
    config: Any = SimpleNamespace(stash=pytest.Stash())
    config.stash[session_key] = SimpleNamespace(dossier=Path("/dossier"), stack=lambda: stack)  # type: ignore[assignment]
    return SimpleNamespace(node=node, config=config)


def plain(fixture: Any) -> Callable[..., Any]:
    """The function of a fixture."""
    function: Callable[..., Any] = (
        fixture.__wrapped__ if hasattr(fixture, "__wrapped__") else fixture._get_wrapped_function()
    )
    return function


def test_a_promise_is_made_for_its_test_and_its_dossier_with_it() -> None:
    asked = request()
    made = plain(fixtures.promise)(asked)
    assert made == Promise(TEST, "Z.")
    assert asked.node.stash[promise_key] is made
    stack = SimpleNamespace(name="stack")
    assert plain(fixtures.stack)(request(stack)) is stack
    asked.config.stash[session_key].dossier = None
    with pytest.raises(AssertionError):
        plain(fixtures.promise)(asked)


def test_each_round_has_a_seed_of_its_own_for_load_and_victims() -> None:
    settings = Settings(cluster="other")
    stack: Any = SimpleNamespace(settings=settings, dossier=Path("/d"), timeline="timeline", seed=81)
    later = random.Random("81:3").getrandbits(31)
    assert (seed_of(81, 1), seed_of(81, 3)) == (81, later)
    for number, seed in ((None, 81), (1, 81), (3, later)):
        load = plain(fixtures.load)(request(stack, round_number=number), stack)
        assert isinstance(load, Load)
        assert (load.settings, load.run_dir, load.timeline) == (
            settings.model_copy(update={"seed": seed}), Path("/d"), "timeline",
        )  # fmt: skip


@pytest.mark.parametrize("problems", [("a", "b", "c"), None])
def test_an_experiment_is_run_in_the_dossier_and_named_in_the_promise(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, problems: tuple[str, ...] | None
) -> None:
    asked: list[Any] = []
    proof = ({"fault_id": "f1"},)
    journal = Journal("toy", "toy-1", 1 if problems else 0, "completed", False, proof, proof, problems or ("a", "b"))
    monkeypatch.setattr(chaos_run, "run_experiment", lambda *words, **how: asked.append((words, how)) or journal)
    stack: Any = SimpleNamespace(settings=Settings(), dossier=Path("/d"), seed=81)
    promise = Promise(TEST, "Z.")
    caplog.set_level(logging.INFO)
    run = plain(fixtures.experiment)(request(stack, round_number=2), stack, promise)
    assert (asked, promise.experiment) == ([], None)
    assert run("toy") is journal
    seed = random.Random("81:2").getrandbits(31)
    assert asked == [(("toy", Path("/d")), {"settings": Settings(), "seed": seed})]
    assert promise.experiment == "toy"
    assert [record.getMessage() for record in caplog.records] == (["toy-1 ended completed; b; c"] if problems else [])


@pytest.mark.parametrize(
    ("profile", "uses", "rounds"),
    [
        (Profile.CERTIFY, True, range(1, 11)), (Profile.NIGHTLY, True, range(1, 4)), (Profile.QUICK, True, None),
        (Profile.CERTIFY, False, None),
    ],
)  # fmt: skip
def test_what_breaks_something_runs_as_often_as_the_profile_says(
    profile: Profile, uses: bool, rounds: range | None
) -> None:
    config: Any = SimpleNamespace(stash=pytest.Stash())
    config.stash[settings_key] = Settings(profile=profile)
    made: list[Any] = []
    names = ["experiment"] if uses else ["stack"]
    metafunc: Any = SimpleNamespace(
        config=config, fixturenames=list(names), parametrize=lambda *words: made.append(words)
    )
    pytest_generate_tests(metafunc)
    assert made == ([] if rounds is None else [("round", rounds)])
    assert metafunc.fixturenames == names + ([] if rounds is None else ["round"])


@pytest.mark.parametrize("sabotage", ["", "no-probe"])
def test_a_stack_is_stood_up_under_the_lock_after_old_faults_are_healed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, sabotage: str
) -> None:
    did: list[Any] = []

    class Held:
        """Something that is held until the run ends."""

        def __init__(self, name: str, *words: Any) -> None:
            self.name, self.words = name, words

        def __enter__(self) -> Held:
            did.append((self.name, *self.words))
            return self

        def __exit__(self, *_: object) -> None:
            did.append(f"{self.name} ends")

    settings = Settings(seed=5, sabotage=sabotage)
    healed = [SimpleNamespace(entry=Entry("f1", {}, []))]
    monkeypatch.setattr(standing, "lock", lambda given: Held("lock", given))
    monkeypatch.setattr(standing, "missing", lambda given: did.append(("missing", given)) or "")
    monkeypatch.setattr(standing, "heal_all", lambda given: did.append(("heal", given)) or healed)
    monkeypatch.setattr(
        standing,
        "up",
        lambda given, say: did.append(("up", given)) or say("it is up") or SimpleNamespace(stack={"a": "b"}),
    )
    monkeypatch.setattr(standing, "Cluster", lambda given: ("cluster", given))
    monkeypatch.setattr(standing, "stack_map_of", lambda given: ("map", given))
    monkeypatch.setattr(standing, "Watcher", lambda *words: Held("watcher", *words))
    caplog.set_level(logging.INFO)
    keep, timeline = ExitStack(), SimpleNamespace()
    stack, images = standing.stand_up(keep, settings, Path("/d"), timeline)  # type: ignore[arg-type]
    cluster, stack_map = ("cluster", settings), ("map", settings)
    up = [] if sabotage else [("up", settings)]
    assert did == [
        ("lock", settings),
        ("missing", settings),
        ("heal", settings),
        *up,
        ("watcher", cluster, stack_map, timeline),
    ]
    watcher: Any = stack.watcher
    assert watcher.name == "watcher"
    assert stack == Stack(settings, 5, cluster, stack_map, watcher, timeline, Path("/d"))  # type: ignore[arg-type]
    assert images == ({} if sabotage else {"a": "b"})
    said = [record.getMessage() for record in caplog.records]
    assert said == ["a dead run's fault f1 is healed", *([] if sabotage else ["it is up"])]
    keep.close()
    assert did[-2:] == ["watcher ends", "lock ends"]


def test_nothing_is_healed_nor_judged_under_a_sabotage_that_does_not_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "lock", lambda _: nullcontext())
    monkeypatch.setattr(standing, "missing", lambda _: "sabotage s does not stand")
    monkeypatch.setattr(standing, "heal_all", lambda _: pytest.fail("healed"))
    with ExitStack() as keep, pytest.raises(UsageError, match="s does not stand\n  next: "):
        standing.stand_up(keep, Settings(seed=5, sabotage="s"), Path("/d"), SimpleNamespace())  # type: ignore[arg-type]
