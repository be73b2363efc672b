"""The main job's hooks, called as pytest calls them: what each does with a test, its report, and the end of the run."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.errors import HarnessError, UsageError
from fixtures.settings import Settings
from reports.run import Run, TestRecord
from reports.text import failure_text, summary
from reports.verdict import Verdict
from suites.plugin import job as hooks
from suites.plugin.choosing import names_key
from suites.plugin.naming import Named
from suites.plugin.options import settings_key
from suites.plugin.promise import Promise
from suites.plugin.session import Session, promise_key, session_key

TEST = "t::a"
PROMISE = Promise(TEST, "It holds.")


class Job:
    """A session that tells what is asked of it."""

    def __init__(self, did: list[Any]) -> None:
        self.did = did
        self.planned = {TEST: "x.a"}
        self.run = Run(run_id="r")
        self.beside, self.has_only_passed, self.refused = list[str](), False, 0
        self.closed: Run | None = None
        self.dossier = Path("/dossier")

    def begin(self, test: str) -> None:
        self.did.append(("begin", test))

    def start_test(self, promise: Promise) -> None:
        self.did.append(("start", promise))

    def add(self, record: TestRecord) -> None:
        self.did.append(("add", record))

    def add_beside(self, what: str) -> None:
        self.did.append(("beside", what))

    def close(self, *, interrupted: str) -> Run | None:
        self.did.append(("close", interrupted))
        return self.closed


@pytest.fixture
def did(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    done: list[Any] = []
    monkeypatch.setattr(hooks, "explain", lambda job, test: done.append(("explain", test)))
    return done


def item(did: list[Any], *, promise: Promise | None = PROMISE, nodeid: str = TEST) -> Any:
    config: Any = SimpleNamespace(stash=pytest.Stash())
    config.stash[session_key] = Job(did)  # type: ignore[assignment]
    made: Any = SimpleNamespace(nodeid=nodeid, name="a", config=config, stash=pytest.Stash(), function=None)
    if promise is not None:
        made.stash[promise_key] = promise
    return made


def run(hook: Any, *words: Any, outcome: Any = "result") -> Any:
    wrapper = hook(*words)
    next(wrapper)
    try:
        if isinstance(outcome, BaseException):
            wrapper.throw(outcome)
        else:
            wrapper.send(outcome)
    except StopIteration as end:
        return end.value
    raise AssertionError("it goes on")


def test_a_session_starts_with_its_settings_and_knows_what_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    config: Any = SimpleNamespace(stash=pytest.Stash())
    config.stash[settings_key] = Settings(cluster="other", seed=4)
    items = [SimpleNamespace(nodeid=nodeid) for nodeid in ("t::a", "t::plain", "t::b")]
    session: Any = SimpleNamespace(config=config, items=items)
    handled: list[Any] = []
    monkeypatch.setattr(hooks.signal, "signal", lambda *words: handled.append(words))
    hooks.pytest_sessionstart(session)
    job = config.stash[session_key]
    assert isinstance(job, Session)
    assert job.settings == Settings(cluster="other", seed=4)
    hooks.pytest_collection_finish(session)
    assert (job.planned, handled) == ({}, [])
    config.stash[names_key] = {"t::a": Named("x.a"), "t::b": Named("x.b"), "t::gone": Named("x.c")}
    hooks.pytest_collection_finish(session)
    assert job.planned == {"t::a": "x.a", "t::b": "x.b"}
    ((number, handler),) = handled
    assert number == signal.SIGTERM
    with pytest.raises(KeyboardInterrupt) as stopped:
        handler(signal.SIGTERM, None)
    assert str(stopped.value) == "SIGTERM"


def test_a_test_begins_before_its_set_up_and_starts_after_it(did: list[Any]) -> None:
    assert run(hooks.pytest_runtest_setup, item(did), outcome=7) == 7
    assert run(hooks.pytest_runtest_setup, item(did, promise=None, nodeid="t::b"), outcome=8) == 8
    with pytest.raises(OSError, match="no stack"):
        run(hooks.pytest_runtest_setup, item(did), outcome=OSError("no stack"))
    assert did == [("begin", TEST), ("start", PROMISE), ("begin", "t::b"), ("begin", TEST)]


def ended(monkeypatch: pytest.MonkeyPatch, one: Any, outcome: Any, verdict: Verdict) -> tuple[Any, list[Any]]:
    calls: list[Any] = []
    made = TestRecord(id=TEST, promise="It holds.", error="why")
    record: Any = SimpleNamespace(verdict=verdict, whole=made)

    def end_test(job: Any, promise: Promise, error: str, **how: Any) -> Any:
        assert job is one.config.stash[session_key]
        calls.append((promise, error, how))
        return record

    def failure(given: Any, of: Run) -> str:
        assert given is record
        assert of is one.config.stash[session_key].run
        return failure_text(made, of)

    monkeypatch.setattr(hooks, "end_test", end_test)
    monkeypatch.setattr(hooks, "failure_text", failure)
    try:
        return run(hooks.pytest_runtest_call, one, outcome=outcome), calls
    except BaseException as raised:
        return raised, calls


@pytest.mark.parametrize(
    ("outcome", "error", "skipped", "stopped"),
    [
        ("result", "", "", False),
        (HarnessError("no load", next_command="look"), "no load\n  next: look", "", False),
        (ValueError("odd"), "ValueError: odd", "", False),
        (pytest.fail.Exception("too long"), "Failed: too long", "", False),
        (KeyboardInterrupt("SIGTERM"), "stopped: KeyboardInterrupt: SIGTERM", "", True),
        (SystemExit(3), "stopped: SystemExit: 3", "", True),
        (pytest.exit.Exception("enough"), "stopped: Exit: enough", "", True),
        (pytest.skip.Exception("needs netem"), "", "needs netem", False),
    ],
)
@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.SKIPPED])
def test_a_body_s_end_is_judged_and_its_word_comes_first(
    did: list[Any], monkeypatch: pytest.MonkeyPatch, outcome: Any, error: str, skipped: str, stopped: bool,
    verdict: Verdict,
) -> None:  # fmt: skip
    one = item(did)
    given, calls = ended(monkeypatch, one, outcome, verdict)
    assert calls == [(PROMISE, error, {"skipped": skipped, "stopped": stopped})]
    if stopped or (skipped and verdict is Verdict.SKIPPED):
        assert given is outcome
    elif verdict is Verdict.PASS:
        assert given == ("result" if outcome == "result" else None)
    else:
        assert isinstance(given, pytest.fail.Exception)
        assert given.pytrace is False
        assert given.msg == failure_text(TestRecord(id=TEST, promise="It holds.", error="why"), Run(run_id="r"))


def test_a_test_without_a_promise_is_let_alone(did: list[Any]) -> None:
    assert run(hooks.pytest_runtest_call, item(did, promise=None), outcome=7) == 7
    with pytest.raises(ZeroDivisionError):
        run(hooks.pytest_runtest_call, item(did, promise=None), outcome=ZeroDivisionError())


def report(did: list[Any], when: str, error: BaseException | None, *, nodeid: str = TEST, skipped: bool = False) -> Any:
    call: Any = SimpleNamespace(when=when, excinfo=error and SimpleNamespace(value=error))
    given = SimpleNamespace(failed=error is not None and not skipped, skipped=skipped, longrepr="a traceback")
    made = run(hooks.pytest_runtest_makereport, item(did, nodeid=nodeid), call, outcome=given)
    assert made is given
    return made.longrepr


def test_a_promise_whose_set_up_failed_is_on_record_and_explained(did: list[Any]) -> None:
    assert report(did, "setup", UsageError("in use", next_command="wait")) == (
        "INCONCLUSIVE: setup: in use\n  next: wait"
    )
    assert report(did, "teardown", OSError("gone")) == "a traceback"
    assert report(did, "setup", pytest.skip.Exception("needs netem"), skipped=True) == "a traceback"
    for when, error in (("call", OSError()), ("setup", None), ("call", None)):
        assert report(did, when, error) == "a traceback"

    def record(**word: str) -> list[Any]:
        return [("add", TestRecord(id=TEST, promise_id="x.a", promise="a", **word)), ("explain", TEST)]  # type: ignore[arg-type]

    assert did == [
        *record(error="setup: in use\n  next: wait"), *record(error="teardown: gone"),
        *record(skipped="setup: needs netem"),
    ]  # fmt: skip


def test_what_fails_beside_the_promises_is_noted_in_one_line(did: list[Any]) -> None:
    for when, error in (("call", ValueError("\nodd\nmore")), ("setup", ValueError("")), ("call", None)):
        report(did, when, error, nodeid="t::plain")
    report(did, "setup", pytest.skip.Exception("x"), nodeid="t::plain", skipped=True)
    assert did == [
        ("beside", "t::plain, which promises nothing, failed (call): odd"),
        ("beside", "t::plain, which promises nothing, failed (setup): without a word"),
    ]


@pytest.mark.parametrize(
    ("status", "passed", "beside", "refused", "told", "code"),
    [
        (0, True, [], 0, [("close", "")], 3),
        (1, False, [], 0, [("close", "")], 3),
        (1, True, ["x"], 0, [("close", "")], 3),
        (1, True, [], 0, [("beside", "pytest says that a test failed, and nobody noted which"), ("close", "")], 3),
        (2, True, [], 2, [("close", "interrupted")], 2),
        (3, True, [], 0, [("close", "internal error")], 3),
        (5, True, [], 0, [("close", "no tests collected")], 3),
    ],
)
def test_the_end_of_pytest_closes_the_dossier_and_gives_its_code(
    did: list[Any], status: int, passed: bool, beside: list[str], refused: int, told: list[Any], code: int
) -> None:
    config = item(did).config
    job: Any = config.stash[session_key]
    job.has_only_passed, job.beside, job.refused = passed, beside, refused
    session: Any = SimpleNamespace(config=config, exitstatus="untouched")
    hooks.pytest_sessionfinish(session, status)
    assert (did, session.exitstatus) == (told, "untouched")
    assert hooks.run_key not in config.stash
    job.closed = job.run
    hooks.pytest_sessionfinish(session, status)
    assert (session.exitstatus, config.stash[hooks.run_key]) == (code, job.run)


@pytest.mark.parametrize("interrupted", ["", "interrupted"])
def test_the_terminal_ends_with_the_verdict_and_what_to_type(did: list[Any], interrupted: str) -> None:
    config = item(did).config
    said: list[Any] = []
    terminal = SimpleNamespace(section=lambda name: said.append(("section", name)), write_line=said.append)
    hooks.pytest_terminal_summary(terminal, config)
    assert said == []
    ended_run = config.stash[hooks.run_key] = Run(run_id="r", interrupted=interrupted)
    hooks.pytest_terminal_summary(terminal, config)
    more = ["interrupted; what is still broken is undone by: crucible heal"] if interrupted else []
    assert said == [("section", "crucible"), summary(ended_run, Path("/dossier")), *more]
