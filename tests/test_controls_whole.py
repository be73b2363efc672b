"""The controls of an experiment, called as Chaos Toolkit calls them: what each refuses, adds, judges and keeps."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chaoslib.exceptions import InterruptExecution
from urllib3.exceptions import HTTPError

from chaos import session
from chaos.controls import crucible, evidence, interruption, strict
from fixtures.errors import UsageError

RUNTIME = {"hypothesis": {"strategy": "continuously"}, "rollbacks": {"strategy": "always"}}


def action(module: str, func: str) -> dict[str, Any]:
    return {"name": func, "type": "action", "provider": {"type": "python", "module": module, "func": func}}


def probe(name: str, output: Any, status: str = "succeeded") -> dict[str, Any]:
    return {"activity": {"name": name}, "output": output, "status": status}


def look(met: Any, *probes: dict[str, Any]) -> dict[str, Any]:
    return {"steady_state_met": met, "probes": list(probes)}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(strict, "_rolling_back", False)
    monkeypatch.setattr(session, "_current", None)
    before = {name: signal.getsignal(getattr(signal, name)) for name in interruption.SIGNALS}
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)
    interruption._interrupted.clear()


def test_an_experiment_without_its_runtime_is_refused_whole() -> None:
    for given in (None, {"hypothesis": {"strategy": "default"}, "rollbacks": {"strategy": "always"}}):
        with pytest.raises(InterruptExecution) as refused:
            crucible.before_experiment_control({"runtime": given, "method": []})
        assert str(refused.value) == f"expected `runtime: {RUNTIME}` in the experiment, found {given}"


def test_before_an_experiment_it_is_completed_watched_and_its_session_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []
    monkeypatch.setattr(session, "begin", begun.append)
    monkeypatch.setattr(interruption, "watch", lambda: begun.append("watched"))
    given = action("chaos.faults.nodes", "heal")
    context = {
        "runtime": RUNTIME,
        "method": [
            action("chaos.faults.pods", "kill"), {"ref": "a"}, action("chaos.waits.pods", "wait"),
            action("chaos.faults.nodes", "kill"), action("chaos.faults.pods", "kill"), action("chaos.faults.odd", "x"),
        ],
        "rollbacks": [given, action("chaos.faults.odd", "not-heal")],
    }  # fmt: skip
    crucible.before_experiment_control(context, {"experiment": "toy"}, more="x")
    assert begun == ["watched", {"experiment": "toy"}]
    assert context["rollbacks"] == [
        given,
        action("chaos.faults.odd", "not-heal"),
        action("chaos.faults.odd", "heal") | {"name": "heal-odd"},
        action("chaos.faults.pods", "heal") | {"name": "heal-pods"},
    ]
    crucible.before_experiment_control({"runtime": RUNTIME, "method": []})
    assert begun[2:] == ["watched", None]


def test_a_dry_run_begins_no_session_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    for name in ("begin", "close", "current"):
        monkeypatch.setattr(session, name, lambda *_: called.append("called"))
    state: dict[str, Any] = {"status": "completed"}
    evidence.before_experiment_control({"dry": "activities"}, {"experiment": "toy"})
    strict.after_experiment_control({"dry": "activities"}, state)
    evidence.after_experiment_control({"dry": "activities"}, state)
    assert (called, state) == ([], {"status": "completed", "strict": "dry"})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UsageError("the cluster is in use", next_command="wait"), "the cluster is in use\n  next: wait"),
        (HTTPError("refused"), "the API of the cluster does not answer: refused\n  next: crucible status"),
        (KeyError("roles"), "the session could not be opened: KeyError: 'roles'\n  next: crucible status"),
    ],
)
def test_no_experiment_goes_on_without_a_session_whatever_was_wrong(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(_: Any) -> None:
        raise error

    monkeypatch.setattr(session, "begin", fail)
    with pytest.raises(InterruptExecution) as interrupted:
        evidence.before_experiment_control({}, {})
    assert str(interrupted.value) == said


@pytest.mark.parametrize(
    ("alone", "changes", "keeps_words"),
    [(True, {}, False), (True, {"deviated": True}, True), (True, {"status": "failed"}, True), (False, {}, True)],
)
def test_what_is_kept_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    alone: bool, changes: dict[str, Any], keeps_words: bool,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    folder = tmp_path / "run/experiments/toy-1"
    (folder / "before/f1").mkdir(parents=True)
    closed: list[str] = []
    monkeypatch.setattr(session, "_current", SimpleNamespace(alone=alone, folder=folder))
    monkeypatch.setattr(session, "close", lambda: closed.append("closed"))
    state = {"status": "completed", "deviated": False, "is": "größer", "a": signal.SIGINT.name, **changes}
    evidence.after_experiment_control({}, state)
    assert closed == ["closed"]
    assert (folder / "before/f1").exists() is keeps_words
    kept = folder / "journal.json"
    assert kept.exists() is alone
    if alone:
        assert kept.read_text() == json.dumps(state, indent=2, ensure_ascii=False)
        assert [record.getMessage() for record in caplog.records] == [f"timeline and journal: {tmp_path}/run"]


def test_a_journal_that_holds_what_json_has_no_word_for_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime
    from uuid import UUID

    monkeypatch.setattr(
        session, "_current", SimpleNamespace(alone=True, folder=tmp_path, keep=SimpleNamespace(close=id))
    )
    monkeypatch.setattr(session, "close", lambda: None)
    at = datetime(2026, 11, 21, 4, 0, 0, 5, tzinfo=UTC)
    evidence.after_experiment_control({}, {"at": at, "id": UUID(int=7)})
    assert json.loads((tmp_path / "journal.json").read_text()) == {"at": at.isoformat(), "id": str(UUID(int=7))}


def test_the_session_is_closed_though_the_journal_cannot_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(session, "close", lambda: closed.append("closed"))
    with pytest.raises(KeyError, match="steady_states"):
        crucible.after_experiment_control({}, {"status": "completed"})
    assert closed == ["closed", "closed"]


GOOD = look(True, probe("p", 1))
ACTION = {"status": "succeeded", "activity": {"type": "action", "name": "kill"}}
STATES = {"before": GOOD, "after": GOOD, "during": [GOOD]}


def test_the_journal_is_judged_marked_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good: dict[str, Any] = {"status": "completed", "deviated": False, "steady_states": STATES, "run": [ACTION],
                            "rollbacks": [ACTION]}  # fmt: skip
    judged = dict(good)
    crucible.after_experiment_control({"rollbacks": [{}]}, judged, None)
    assert judged == good | {"strict": True}
    judged = good | {"run": [ACTION, ACTION | {"status": "failed"}, {"activity": {"type": "probe", "name": "look"}}]}
    strict.after_experiment_control({}, judged)
    assert (judged["status"], judged["deviated"], judged["strict"]) == ("failed", False, True)
    assert [record.getMessage() for record in caplog.records] == [
        "strict: action 'kill' did not succeed", "strict: probe 'look' did not succeed",
    ]  # fmt: skip
    late = good | {"rollbacks": [{"activity": {"type": "action", "name": "heal"}}]}
    assert strict.unproven({}, late) == ["action 'heal' did not succeed"]
    judged = good | {"status": "aborted", "run": [], "steady_states": STATES | {"after": look(None, probe("q", "no"))}}
    strict.after_experiment_control({"rollbacks": [{}, {}]}, judged)
    assert (judged["status"], judged["deviated"], judged["strict"]) == ("aborted", True, True)
    assert [record.getMessage() for record in caplog.records][2:] == [
        "strict: the hypothesis did not hold after the fault: 'q' answered 'no'".replace("after the fault", "after"),
        "strict: no action was run",
        "strict: not every rollback was run",
    ]


def test_each_broken_look_is_told_with_its_last_probe_and_what_gave_no_answer_is_not() -> None:
    bad, mute, nothing = look(False, probe("a", 1), probe("b", 2)), look(False, probe("c", 3, "failed")), look(False)
    states = {"before": bad, "after": look("yes", {"activity": {"name": "d"}, "status": "succeeded"}),
              "during": [GOOD, bad, mute, nothing, None]}  # fmt: skip
    assert strict.broken_promises({"steady_states": states}) == [
        "the hypothesis did not hold before: 'b' answered 2",
        "the hypothesis did not hold after: 'd' answered None",
        "the hypothesis did not hold during the fault: 'b' answered 2",
    ]
    assert strict.broken_promises({"steady_states": {}}) == []
    assert strict.unproven({}, {"steady_states": states, "run": [ACTION]}) == [
        "a probe of the hypothesis gave no answer during the fault"
    ]
    unlooked = {"steady_states": {"before": nothing, "during": None}, "run": None, "rollbacks": [ACTION]}
    assert strict.unproven({"rollbacks": [{}]}, unlooked) == [
        "no action was run",
        "a probe of the hypothesis gave no answer before the fault",
        "the hypothesis was never looked at after the fault",
        "the hypothesis was never looked at during the fault",
    ]


def test_an_action_that_failed_stops_the_method_but_never_the_rollbacks() -> None:
    def after(kind: str, state: Any) -> str:
        try:
            crucible.after_activity_control({"type": kind, "name": "kill"}, state)
        except InterruptExecution as stopped:
            return str(stopped)
        return ""

    stopped = "action 'kill' failed, so the fault is not proven"
    cases = (("action", None), ("action", {"status": "failed"}), ("action", {}), ("action", {"status": "succeeded"}),
             ("probe", None), ("probe", {"status": "failed"}))  # fmt: skip
    assert [after(*case) for case in cases] == [stopped, stopped, stopped, "", "", ""]
    crucible.before_rollback_control({})
    assert [after(*case) for case in cases] == [""] * 6


def test_the_first_signal_is_noted_and_every_one_is_handled_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    handled: list[tuple[int, Any]] = []
    for name in interruption.SIGNALS:
        signal.signal(getattr(signal, name), lambda number, frame: handled.append((number, frame)))
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # nothing to be called
    interruption._interrupted["old"] = "of an earlier experiment"
    interruption.watch()
    journal: dict[str, Any] = {}
    interruption.note(journal)
    assert journal == {}
    assert signal.getsignal(signal.SIGUSR2) is signal.SIG_IGN
    monkeypatch.setattr(interruption.time, "monotonic_ns", lambda: 77)
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        noting: Any = signal.getsignal(number)
        noting(number, None)
    interruption.note(journal)
    assert journal == {"interrupted_by": {"signal": "SIGUSR1", "monotonic_ns": 77}}
    assert handled == [(signal.SIGUSR1, None), (signal.SIGTERM, None), (signal.SIGINT, None)]
    state = {"status": "completed", "steady_states": STATES, "run": [ACTION]}
    kept: list[Any] = []
    monkeypatch.setattr(evidence, "after_experiment_control", lambda *words: kept.append(words))
    crucible.after_experiment_control({}, state, {"experiment": "toy"})
    assert state["interrupted_by"] == {"signal": "SIGUSR1", "monotonic_ns": 77}
    assert kept == [({}, state, {"experiment": "toy"})]
