"""Budgets: only what was judged counts, of a run that came to its end, and by the figures of today."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import GATEWAY, SCALES
from todays_run import SCALING, SERVED, STACK, told

from reports import dossier as dossiers
from reports.run import Judged, Run
from reports.verdict import Finding, Verdict
from suites import measuring
from suites.budgets import gather
from suites.measurements import Measured, Measurements
from suites.promised import Figures, figures

SERVES, RECOVERS = ("recovery.gateway-pod-kill", "served"), ("recovery.gateway-pod-kill", "gateway")
KEPT = "20261118-110640-a"
"""What the run of the maker is kept under, whose folder has a name that any other may have."""
UP, DOWN = ("autoscaling.manager-scales", "up"), ("autoscaling.manager-scales", "down")


def seen(found: Figures) -> set[tuple[str, str]]:
    return {key for key, figure in found.items() if figure.measured}


def judged(run: Run, folder: Path, verdict: Verdict, test: str = GATEWAY) -> None:
    """Give a test another verdict by one claim more."""
    for record in run.tests:
        if record.id == test:
            record.claims.append(Judged(checker="certificate.proven", verdict=verdict, reason="so"))
    dossiers.save(folder, run)


def test_a_promise_that_failed_is_measured_too(tmp_path: Path) -> None:
    folder, run = told(tmp_path / "a")
    assert next(test.verdict for test in run.tests if test.id == GATEWAY) is Verdict.FAIL
    found, left_out = gather([folder], STACK)
    assert {SERVES, RECOVERS, UP, DOWN} <= seen(found)
    assert found[SERVES].measured == [pytest.approx(0.22, abs=0.02)]
    assert left_out == []


@pytest.mark.parametrize("verdict", [Verdict.INVALID, Verdict.INCONCLUSIVE, Verdict.SKIPPED])
def test_a_promise_that_was_not_judged_measures_nothing(tmp_path: Path, verdict: Verdict) -> None:
    folder, run = told(tmp_path / "a", in_windows={"at_least": 0.1})  # so that nothing of it fails
    judged(run, folder, verdict)
    found, left_out = gather([folder], STACK)
    assert seen(found) == {UP, DOWN}, "what pods took in that test is no estimate either"
    assert left_out == [f"{folder}: recovery.gateway-pod-kill was {verdict}, which measures nothing"]


@pytest.mark.parametrize(
    ("earliest_s", "latest_s", "verdict", "seen"),
    [
        (-1.0, 0.5, Verdict.INCONCLUSIVE, True),
        (0.0, 0.5, Verdict.INCONCLUSIVE, True),
        (-1.0, 0.0, Verdict.INCONCLUSIVE, False),
        (0.1, 0.5, Verdict.INCONCLUSIVE, False),
        (-1.0, 0.5, Verdict.INVALID, False),
    ],
)
def test_a_recovery_that_may_have_been_too_slow_is_measured_though_it_has_no_verdict(
    tmp_path: Path, earliest_s: float, latest_s: float, verdict: Verdict, seen: bool
) -> None:
    """Ten quick ones let a figure stand, and the slow ones that straddled it were measured by nobody."""
    folder, run = told(tmp_path / "a", in_windows={"at_least": 0.1})
    record = next(test for test in run.tests if test.id == GATEWAY)
    budget_s = record.recovery[0]["budget_s"]
    record.recovery[0] |= {"earliest_s": budget_s + earliest_s, "latest_s": budget_s + latest_s}
    judged(run, folder, verdict)
    found, left_out = gather([folder], STACK)
    assert found[RECOVERS].measured == [budget_s + latest_s] * seen
    assert bool(left_out) is not seen
    assert found[RECOVERS].trouble() == ("exceeded" if seen else "")


@pytest.mark.parametrize(("back_s", "seen"), [((-5.0, 4.0), True), ((-5.0, 0.0), False)])
def test_an_autoscaler_that_may_have_been_too_slow_is_measured_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back_s: tuple[float, float], seen: bool
) -> None:
    folder, run = told(tmp_path / "a")
    judged(run, folder, Verdict.INCONCLUSIVE, SCALES)
    waits_s, allowed = SCALING.stabilisation_s, SCALING.down_s
    data = {"back_s": [waits_s + allowed + edge for edge in back_s]}
    monkeypatch.setattr(measuring, "judge", lambda *_: Finding(Verdict.INCONCLUSIVE, "a gap", data=data))
    found, left_out = gather([folder], STACK)
    assert found[DOWN].measured == [pytest.approx(allowed + back_s[1])] * seen
    assert found[UP].measured == []
    assert any("autoscaling.manager-scales was INCONCLUSIVE" in one for one in left_out) is not seen


def test_a_run_whose_evidence_was_thinned_takes_nothing_back(tmp_path: Path) -> None:
    """An exceeded figure vanished when the rows of its load were deleted and the dossier was looked at again."""
    folder, _ = told(tmp_path / "a")
    kept = Measurements()
    before = gather([folder], STACK, kept)[0][SERVES].measured
    for rows in (folder / "load").glob("requests*"):
        rows.unlink()
    found, left_out = gather([folder], STACK, kept)
    assert found[SERVES].measured == before != []
    assert left_out == [f"{folder}: {SERVES[0]} was judged, and what it measured is gone: served"]
    assert gather([folder], STACK)[0][RECOVERS].measured, "what it still shows is measured"


def test_runs_whose_folders_are_called_alike_are_two_and_one_that_was_copied_is_one(tmp_path: Path) -> None:
    first, run = told(tmp_path / "r1" / "dossier")
    second, other = told(tmp_path / "r2" / "dossier")
    dossiers.save(second, other.model_copy(update={"started": run.started + timedelta(hours=1)}))
    kept = Measurements()
    gather([first, second], STACK, kept)
    assert len(kept.runs) == 2
    shutil.copytree(first, tmp_path / "copy")
    assert len(gather([first, second, tmp_path / "copy"], STACK, kept)[0][SERVES].measured) == 2


@pytest.mark.parametrize(
    ("how", "why"),
    [({"interrupted": "SIGTERM"}, "SIGTERM"), ({"finished": None}, "it never finished")],
)
def test_a_run_that_was_interrupted_measures_nothing(tmp_path: Path, how: dict[str, Any], why: str) -> None:
    folder, run = told(tmp_path / "a")
    dossiers.save(folder, run.model_copy(update=how))
    found, left_out = gather([folder], STACK)
    assert not seen(found)
    assert left_out == [f"{folder}: the run was interrupted: {why}"]


def test_what_was_kept_of_a_run_is_taken_out_when_its_dossier_is_refused(tmp_path: Path) -> None:
    folder, run = told(tmp_path / "a")
    kept = Measurements()
    gather([folder], STACK, kept)
    assert list(kept.runs) == [KEPT]
    dossiers.save(folder, run.model_copy(update={"interrupted": "SIGTERM"}))
    gather([folder], STACK, kept)
    assert kept.runs == {}


@pytest.mark.parametrize(
    ("other", "lost"),
    [
        ({"in_windows": {"at_least": 0.65}}, SERVES),
        ({"in_windows": {"window_s": 10}}, SERVES),
        ({"in_windows": {"deadline_s": 5.0}}, SERVES),
        ({"within": {"budget_s": 30}}, RECOVERS),
        ({"scaled_up": {"within_s": 75}}, UP),
        ({"scaled_down": {"reaction_s": 75}}, DOWN),
        ({"scaled_down": {"stabilisation_s": 31}}, DOWN),
    ],
)
def test_what_was_judged_by_another_figure_is_left_out_and_told(
    tmp_path: Path, other: dict[str, Any], lost: tuple[str, str]
) -> None:
    folder, _ = told(tmp_path / "a", **other)
    found, left_out = gather([folder], STACK)
    assert {SERVES, RECOVERS, UP, DOWN} - seen(found) == {lost}
    assert left_out == [f"{folder}: {lost[0]} was judged by another figure than today's: {lost[1]}"]


def test_a_claim_that_says_no_deadline_had_that_of_its_checker(tmp_path: Path) -> None:
    folder, run = told(tmp_path / "a")
    for claim in (claim for test in run.tests for claim in test.claims):
        claim.args.pop("deadline_s", None)
    dossiers.save(folder, run)
    assert SERVES not in seen(gather([folder], STACK)[0])


@pytest.mark.parametrize("part", ["before", "after"])
def test_that_the_stack_was_well_is_no_measurement_of_the_fault(tmp_path: Path, part: str) -> None:
    folder, run = told(tmp_path / "a")
    record = next(test for test in run.tests if test.id == GATEWAY)
    windows = next(claim for claim in record.claims if claim.checker == "availability.in_windows")
    record.claims.append(windows.model_copy(update={"args": windows.args | {"part": part, "at_least": 0.98}}))
    dossiers.save(folder, run)
    found, left_out = gather([folder], STACK)
    assert (len(found[SERVES].measured), left_out) == (1, [])


def test_what_was_kept_for_another_figure_of_the_same_formula_counts_no_more() -> None:
    figure = figures(STACK)[SERVES]
    common = {"promise_id": SERVES[0], "name": SERVES[1], "formula": figure.formula}
    of_today: dict[str, Any] = {"allowed": 1 - SERVED, "window_s": 5.0, "deadline_s": 1.0}
    kept = Measurements(runs={
        "a": [Measured(**common, harm=(0.1,))], "b": [Measured(**common, **of_today, harm=(0.2,))],
        "c": [Measured(**common, **of_today | {"allowed": 0.45}, harm=(0.3,))],
        "d": [Measured(**common, **of_today | {"window_s": 10.0}, harm=(0.4,))],
        "e": [Measured(**common, **of_today | {"deadline_s": 5.0}, harm=(0.5,))],
    })  # fmt: skip
    assert gather([], STACK, kept)[0][SERVES].measured == [0.2], "nor where nobody knows by which figure"


def test_with_what_figure_a_run_was_judged_is_kept(tmp_path: Path) -> None:
    folder, _ = told(tmp_path / "a")
    kept = Measurements()
    gather([folder], STACK, kept)
    by = {(one.promise_id, one.name): (one.allowed, one.window_s, one.deadline_s) for one in kept.runs[KEPT]}
    assert by[SERVES] == (pytest.approx(1 - SERVED), 5.0, 1.0)
    assert by["", "gateway placed"] == (None, 0.0, 0.0)
    kept.write(tmp_path / "kept.json")
    assert Measurements.read(tmp_path / "kept.json") == kept
