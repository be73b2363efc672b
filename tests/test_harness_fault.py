"""What the harness failed to do is never the stack's FAIL; what the stack failed before that still is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dossier_maker import START_NS, Log, Story

from reports.checkers import availability, certificate, progress, recovery
from reports.checkers.fault_window import UNHEALED
from reports.claim import Claim, judge
from reports.verdict import Finding, Verdict

EXPERIMENT = "gateway-pod-kill-1"
RECOVERS = Claim.of(recovery.within, fault_id="f1", role="gateway", budget_s=30)
SERVES = Claim.of(availability.in_windows, load="viewers", at_least=0.9, window_s=5, fault_id="f1")
SERVED_BEFORE = Claim.of(
    availability.in_windows, load="viewers", at_least=0.9, window_s=5, fault_id="f1", part="before", deadline_s=1.0
)
PROGRESSES = Claim.of(progress.during_fault, load="viewers", fault_id="f1", at_least=1500)
COMPLETES = Claim.of(certificate.experiment_completed, experiment=EXPERIMENT)


def story(folder: Path, *, healing: float | None, undone: bool | None = None, **journal: Any) -> Story:
    """A gateway that never comes back: the fault takes effect at 10.2 s, the test ends at 100 s."""
    told = Story(folder)
    told.event("harness", "test.started", "t", 1)
    for name in ("a", "b"):
        told.pod(f"gateway-{name}", f"u-{name}", "gateway", t=0.5)
    told.replicas("gateway", 0.6, 2, 2)
    told.fault("f1", t=10, victim=("gateway-a", "u-a"), experiment=EXPERIMENT, healed=None)
    told.gone("gateway-a", "u-a", "gateway", 10.1)
    steps = [line for line in told.lines if line["kind"] == "fault.effective"]
    about = {name: steps[-1]["data"][name] for name in ("fault_id", "fault", "victims")}
    if healing is not None:
        told.event("fault", "fault.healing", EXPERIMENT, healing, **about)
    if undone is not None:
        told.event("fault", "fault.not_healed", EXPERIMENT, 95, **about, evidence="docker start: no", undone=undone)
    told.journal(EXPERIMENT, **journal)
    told.load("viewers", start=2, seconds=98, bad=((60, 80),))
    told.event("harness", "test.finished", "t", 101)
    return told


def judged(told: Story, claim: Claim) -> Finding:
    return judge(told.write(), claim)


LATE = {"healing": 20.0, "undone": False}
"""The harness tried to undo it before the budget was over, and failed."""


@pytest.mark.parametrize("claim", [RECOVERS, SERVES, PROGRESSES], ids=lambda claim: claim.checker)
def test_a_fault_that_the_harness_did_not_undo_is_no_failure_of_the_stack(tmp_path: Path, claim: Claim) -> None:
    found = judged(story(tmp_path, **LATE), claim)
    assert found.verdict is Verdict.INVALID
    assert "the harness could not undo fault f1" in found.reason
    assert "docker start: no" in found.reason


@pytest.mark.parametrize("claim", [RECOVERS, SERVES, PROGRESSES], ids=lambda claim: claim.checker)
def test_the_near_miss_a_stack_that_does_not_get_over_it_has_failed(tmp_path: Path, claim: Claim) -> None:
    assert judged(story(tmp_path, healing=20, undone=True), claim).verdict is Verdict.FAIL


def test_a_steady_state_that_was_left_under_a_fault_that_stayed_in_says_nothing(tmp_path: Path) -> None:
    assert judged(story(tmp_path, **LATE, deviated=True, status="failed"), COMPLETES).verdict is Verdict.INVALID
    fine = story(tmp_path, healing=20, undone=True, deviated=True, status="failed")
    assert judged(fine, COMPLETES).verdict is Verdict.FAIL


def test_what_the_stack_had_failed_before_the_healing_stands(tmp_path: Path) -> None:
    late = story(tmp_path, healing=90, undone=False)
    assert judged(late, RECOVERS).verdict is Verdict.FAIL, "30 s were over at 40 s"
    assert judged(late, SERVES).verdict is Verdict.FAIL, "it refused from 60 to 80 s"


def test_what_limped_before_the_fault_is_excused_by_nothing(tmp_path: Path) -> None:
    told = story(tmp_path, **LATE)
    told.lines = [line for line in told.lines if line["source"] != "load"]
    told.load("viewers", start=2, seconds=98, bad=((2, 9),))
    assert judged(told, SERVED_BEFORE).verdict is Verdict.FAIL


def test_an_experiment_that_died_says_nothing_of_the_stack(tmp_path: Path) -> None:
    dead = story(tmp_path, healing=None)
    found = judged(dead, RECOVERS)
    assert (found.verdict, "nobody undid fault f1" in found.reason) == (Verdict.INVALID, True)


def at(seconds: float) -> dict[str, Any]:
    return {"interrupted_by": {"signal": "SIGTERM", "monotonic_ns": START_NS + int(seconds * 1e9)}}


def test_an_experiment_that_was_interrupted_says_nothing_of_the_stack(tmp_path: Path) -> None:
    found = judged(story(tmp_path, healing=20, undone=True, status="interrupted", **at(19)), RECOVERS)
    assert found.verdict is Verdict.INVALID
    assert "interrupted by SIGTERM" in found.reason


def test_an_interruption_after_the_budget_excuses_nothing(tmp_path: Path) -> None:
    late = story(tmp_path, healing=20, undone=True, status="interrupted", **at(90))
    assert judged(late, RECOVERS).verdict is Verdict.FAIL


def test_a_lost_journal_excuses_only_what_came_after_the_last_that_is_known(tmp_path: Path) -> None:
    told = story(tmp_path, healing=20, undone=True)
    (tmp_path / "experiments" / EXPERIMENT / "journal.json").unlink()
    assert judged(told, SERVES).verdict is Verdict.FAIL, "the fault's last event came after the worst window"
    assert judged(told, PROGRESSES).verdict is Verdict.INVALID


def test_no_pass_comes_of_it(tmp_path: Path) -> None:
    told = story(tmp_path, **LATE)
    kept = Claim.of(availability.in_windows, load="viewers", at_least=0.3, window_s=30, fault_id="f1")
    found = judged(told, kept)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert UNHEALED in found.reason


def test_a_role_that_came_back_under_a_fault_that_nobody_healed_is_undecided(tmp_path: Path) -> None:
    told = story(tmp_path, **LATE)
    told.pod("gateway-c", "u-c", "gateway", t=12, starts_s=3)
    told.replicas("gateway", 10.2, 2, 1)
    told.replicas("gateway", 15.1, 2, 2)
    found = judged(told, Claim.of(recovery.within, fault_id="f1", role="gateway", budget_s=30))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert UNHEALED in found.reason


ALL_RECOVER = Claim.of(recovery.of_all_hit, fault_id="f1", budgets={"gateway": 30, "manager": 80})


def test_one_role_whose_time_was_over_has_failed_however_long_another_had(tmp_path: Path) -> None:
    assert judged(story(tmp_path, healing=90, undone=False), ALL_RECOVER).verdict is Verdict.FAIL
    assert judged(story(tmp_path, **LATE), ALL_RECOVER).verdict is Verdict.INVALID


def test_a_window_that_was_broken_in_time_stands_beside_a_worse_one_that_came_later(tmp_path: Path) -> None:
    told = story(tmp_path, healing=70, undone=False)
    told.lines = [line for line in told.lines if not line["kind"].startswith("load.")]
    told.load("viewers", start=2, seconds=98, bad=((60, 62), (80, 90)))
    assert judged(told, SERVES).verdict is Verdict.FAIL, "from 57 to 62 s it served three fifths"


@pytest.mark.parametrize("checker", ["journal_agrees_with_topic", "selection_input"])
@pytest.mark.parametrize(
    ("healed", "since", "lost", "expected"),
    [
        (None, 9.0, (), Verdict.INVALID),
        (8.0, 9.0, (), Verdict.FAIL),
        (None, 11.0, (), Verdict.FAIL),
        (None, 9.0, (3,), Verdict.FAIL),
    ],
    ids=["not undone", "undone", "undone for the test before it", "another is lost"],
)
def test_a_log_that_is_not_applied_under_a_fault_that_nobody_undid_says_nothing(
    tmp_path: Path, checker: str, healed: float | None, since: float, lost: tuple[int, ...], expected: Verdict
) -> None:
    told, log = Story(tmp_path), Log(tmp_path, 50, start=12)
    told.fault("f1", t=10, victim=("gateway-a", "u-a"), experiment=EXPERIMENT, healed=healed)
    told.journal(EXPERIMENT)
    told.event("load", "load.started", "operators", since, planned=50)
    told.write()
    del log.journal[30:]
    for n in lost:
        del log.journal[n]
    log.write()
    assert judge(tmp_path, Claim(f"ordering.{checker}", {"load": "operators"})).verdict is expected
