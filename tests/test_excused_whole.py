"""What the harness may have caused is INVALID, in whole sentences, and what was decided before it stays a FAIL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports import timeline
from reports.event import Event
from reports.harness_fault import excused
from reports.timeline import Timeline
from reports.verdict import Finding, Verdict

ABOUT = {"fault": "KillPod", "victims": []}
STEPS = {"planned": 9.0, "injecting": 10.0, "injected": 10.1, "effective": 10.5}


def steps(fault_id: str = "f1", experiment: str = "e-1", after_s: float = 0.0, **more: Any) -> list[Event]:
    """A fault that took effect, and what else was told of it: its time, or its time and more."""
    told = [(name, t, {}) for name, t in STEPS.items()]
    told += [(name, *(value if isinstance(value, tuple) else (value, {}))) for name, value in more.items()]
    return [Event(after_s + t, 0.0, "fault", f"fault.{name}", experiment, None, ABOUT | {"fault_id": fault_id} | data)
            for name, t, data in told]  # fmt: skip


HEALED = {"healing": 40.0, "healed": 41.0}
FAILED = {"healing": 40.0, "not_healed": (45.0, {"undone": False, "evidence": "it lies"})}
LOAD = Event(5.0, 0.0, "load", "load.started", "ops", None, {})
FINDING = Finding(Verdict.FAIL, "too late", "9 s", "5 s", ("a",), {})
RECOVERS = ("recovery.within", {"fault_id": "f1"})
NOT_UNDONE = "the harness could not undo fault f1 (KillPod): it lies"


def judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, events: list[Event], claim: tuple[str, dict[str, Any]],
    finding: Finding, journals: dict[str, Any] | None = None,
) -> Finding:  # fmt: skip
    whole = tuple(sorted([LOAD, *events], key=lambda event: event.t))
    monkeypatch.setattr(timeline, "read", lambda dossier: Timeline(whole, torn=False, start_ns=0, unix_ns=0))
    for name, told in (journals if journals is not None else {"e-1": {}, "e-2": {}, "other-1": {}}).items():
        (folder / f"experiments/{name}").mkdir(parents=True)
        (folder / f"experiments/{name}/journal.json").write_text(json.dumps(told))
    return excused(folder, *claim, finding)


def because(why: str, finding: Finding = FINDING) -> Finding:
    reason = f"{why}, so this says nothing of the stack: {finding.reason}"
    return Finding(Verdict.INVALID, reason, finding.measured, finding.budget, finding.evidence, finding.data)


BY = {"interrupted_by": {"signal": "SIGTERM", "monotonic_ns": 30 * 10**9}}


@pytest.mark.parametrize(
    ("events", "claim", "journals", "why"),
    [
        (steps(**HEALED), RECOVERS, None, ""),
        (steps(**FAILED), RECOVERS, None, NOT_UNDONE),
        (steps(), RECOVERS, None, "nobody undid fault f1 (KillPod)"),
        (steps(not_healed=(45.0, {"undone": True})), RECOVERS, None, ""),
        (steps(not_healed=(45.0, {"undone": 1, "evidence": "x"})), RECOVERS, None,
         "the harness could not undo fault f1 (KillPod): x"),
        (steps(**FAILED), ("recovery.within", {"fault_id": "f9"}), None, ""),
        (steps(**FAILED), ("recovery.within", {}), None, ""),
        (steps(**FAILED), ("ordering.selection_input", {"fault_id": "f1"}), None, ""),
        (steps(**FAILED), ("recovery.within", {"fault_id": "f1", "part": "before"}), None, ""),
        *((steps(**FAILED), (checker, {"fault_id": "f1"}), None, NOT_UNDONE)
          for checker in ("availability.latency", "progress.during_fault", "certificate.experiment_completed")),
        (steps(**FAILED), ("certificate.proven", {"fault_id": "f1"}), None, ""),
        (steps(**FAILED), ("certificate.experiment_completed", {"experiment": "e"}), None, NOT_UNDONE),
        (steps(**FAILED), ("certificate.experiment_completed", {"experiment": "x", "fault_id": "f1"}), None, ""),
        ([*steps(**HEALED), *steps("f2", "e-2", **FAILED)], ("certificate.experiment_completed", {"experiment": "e"}),
         None, NOT_UNDONE.replace("f1", "f2")),
        (steps(**HEALED), RECOVERS, {"e-1": BY}, "experiment e-1 was interrupted by SIGTERM"),
        (steps(**HEALED), RECOVERS, {}, "experiment e-1 left no journal"),
        (steps(**HEALED), RECOVERS, {"e-1": [1]}, "experiment e-1 left no journal"),
        (steps(**HEALED), RECOVERS, {"e-1": {"interrupted_by": {"signal": "x"}}}, "experiment e-1 left no journal"),
        (steps(**HEALED), RECOVERS, {"e-1": {"interrupted_by": None}}, ""),
        (steps(**FAILED), RECOVERS, {}, NOT_UNDONE),
    ],
)  # fmt: skip
def test_whose_failure_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: list[Event], claim: tuple[str, dict[str, Any]],
    journals: dict[str, Any] | None, why: str,
) -> None:  # fmt: skip
    found = judged(tmp_path, monkeypatch, events, claim, FINDING, journals)
    assert found == (because(why) if why else FINDING)
    passed = Finding(Verdict.PASS, "well")
    assert excused(tmp_path, *claim, passed) is passed


def late(**bad: int) -> Finding:
    names = {"not_applied": "not applied", "behind": "behind the log", "lost": "lost"}
    return Finding(Verdict.FAIL, "late", data={"bad": {names[name]: count for name, count in bad.items()}})


@pytest.mark.parametrize(
    ("finding", "args", "events", "is_excused"),
    [
        (late(not_applied=1), {"load": "ops"}, steps(**FAILED), True),
        (late(not_applied=1, behind=2), {"load": "ops"}, steps(**FAILED), True),
        (late(not_applied=1, lost=1), {"load": "ops"}, steps(**FAILED), False),
        (late(), {"load": "ops"}, steps(**FAILED), False),
        (late(behind=1), {}, steps(**FAILED), False),
        (late(behind=1), {"load": "others"}, steps(**FAILED), False),
        (late(behind=1), {"load": "ops"}, steps(after_s=-5.0, **FAILED), True),
        (late(behind=1), {"load": "ops"}, steps(after_s=-5.1, **FAILED), False),
        (late(behind=1), {"load": "ops"}, steps(**HEALED), False),
    ],
)
def test_what_is_merely_late_may_be_the_harness_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finding: Finding, args: dict[str, Any], events: list[Event],
    is_excused: bool,
) -> None:  # fmt: skip
    found = judged(tmp_path, monkeypatch, events, ("ordering.selection_input", args), finding)
    assert found == (because(NOT_UNDONE, finding) if is_excused else finding)


def entry(budget_s: float, verdict: str = "FAIL", fault_id: str = "f1") -> dict[str, Any]:
    return {"fault_id": fault_id, "budget_s": budget_s, "verdict": verdict}


@pytest.mark.parametrize(
    ("data", "stands"),
    [
        ({"recovery": [entry(29.0)]}, True),
        ({"recovery": [entry(29.5)]}, False),
        ({"recovery": [entry(99.0), entry(20.0)]}, True),
        ({"recovery": [entry(20.0, "PASS")]}, False),
        ({"recovery": [entry(20.0, fault_id="f2")]}, False),
        ({"recovery": []}, False),
        ({"windows": {"first_broken_at_s": 34.9, "length_s": 5}}, True),
        ({"windows": {"first_broken_at_s": 35.0, "length_s": 5}}, False),
        ({"windows": {"first_broken_at_s": None, "length_s": 5}}, False),
        ({"windows": 5}, False),
        ({"recovery": [entry(29.5)], "windows": {"first_broken_at_s": 1.0, "length_s": 5}}, False),
    ],
)
def test_what_was_decided_before_the_harness_failed_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: dict[str, Any], stands: bool
) -> None:
    finding = Finding(Verdict.FAIL, "too late", data=data)
    found = judged(tmp_path, monkeypatch, steps(**FAILED), RECOVERS, finding)
    assert found == (finding if stands else because(NOT_UNDONE, finding))


@pytest.mark.parametrize(
    ("events", "journals", "since_s"),
    [
        (steps(not_healed=(45.0, {})), None, 45.0),
        (steps(**FAILED), None, 40.0),
        (steps(), None, 10.5),
        (steps(**HEALED), {"e-1": BY}, 30.0),
        (steps(**HEALED), {}, 41.0),
    ],
)
def test_from_when_on_the_harness_is_to_blame(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    events: list[Event],
    journals: dict[str, Any] | None,
    since_s: float,
) -> None:
    told = Finding(Verdict.FAIL, "x", data={"windows": {"first_broken_at_s": since_s - 5.125, "length_s": 5}})
    assert judged(tmp_path, monkeypatch, events, RECOVERS, told, journals) is told
    told.data["windows"]["first_broken_at_s"] = since_s - 5
    assert excused(tmp_path, *RECOVERS, told).verdict is Verdict.INVALID
