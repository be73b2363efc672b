"""Where the claims about requests begin to hold and cease to: each limit from both sides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_availability import between, dossier, judge, slots

from reports.checkers import availability, progress
from reports.verdict import Verdict

__all__ = ["dossier"]
Dossier = Callable[..., Path]
BAD = {"status": 503, "error": "status 503"}


@pytest.mark.parametrize(("begins", "verdict"), [(2.0, Verdict.PASS), (1.9, Verdict.INCONCLUSIVE)])
def test_a_load_that_began_after_the_fault_cannot_tell(dossier: Dossier, begins: float, verdict: Verdict) -> None:
    assert judge(dossier(slots(30), fault=(begins, 6))).verdict is verdict


@pytest.mark.parametrize(("ends", "verdict"), [(31.9, Verdict.PASS), (32.1, Verdict.INCONCLUSIVE)])
def test_a_load_that_ended_before_the_healing_cannot_tell(dossier: Dossier, ends: float, verdict: Verdict) -> None:
    assert judge(dossier(slots(30), fault=(12, ends))).verdict is verdict


def test_only_so_long_after_the_healing_is_judged_when_it_says_so(dossier: Dossier) -> None:
    rows = slots(30)
    for row in between(rows, 22, 26):
        row.update(BAD)
    path = dossier(rows)
    assert judge(path).verdict is Verdict.FAIL
    assert judge(path, after_s=12).verdict is Verdict.FAIL
    assert judge(path, after_s=5).verdict is Verdict.PASS
    assert judge(path, after_s=500).verdict is Verdict.FAIL, "never past the end of the load"


def test_latency_too_is_judged_only_so_long_after_the_healing(dossier: Dossier) -> None:
    rows = slots(30)
    for row in between(rows, 22, 26):
        row["took"] = 1.0

    def p99(**more: Any) -> Verdict:
        return availability.latency(dossier(rows), load="viewers", at_most_s=0.5, fault_id="f1", **more).verdict

    assert p99() is Verdict.FAIL
    assert p99(after_s=5) is Verdict.PASS


@pytest.mark.parametrize(("silent_s", "verdict"), [(1.0, Verdict.PASS), (1.2, Verdict.INCONCLUSIVE)])
def test_a_load_is_silent_when_it_sent_nothing_for_a_second(
    dossier: Dossier, silent_s: float, verdict: Verdict
) -> None:
    """Three slots of 20 ms more than that are allowed."""
    rows = [row for row in slots(30) if row["at"] < 30 - silent_s]
    assert judge(dossier(rows), at_least=0.0).verdict is verdict


def test_answers_after_the_healing_are_no_progress_during_the_fault(dossier: Dossier) -> None:
    rows = slots(30)
    for row in between(rows, 12, 15):
        row |= {"took": 4.0}

    def moved(**more: Any) -> Any:
        return progress.during_fault(dossier(rows), load="viewers", fault_id="f1", at_least=1, **more)

    found = moved()
    assert (found.verdict, found.data["ok"], found.data["sent"]) == (Verdict.FAIL, 0, 150)
    assert found.data["fault_s"] == 3.0
    assert moved(even_later=True).data["ok"] == 150
    assert moved(even_later=True, deadline_s=3.9).data["ok"] == 0


@pytest.mark.parametrize(("at_least", "verdict"), [(150, Verdict.PASS), (151, Verdict.INCONCLUSIVE)])
def test_progress_is_what_was_sent_from_the_act_to_the_healing(
    dossier: Dossier, at_least: int, verdict: Verdict
) -> None:
    rows = slots(30)
    for row in rows:
        row["took"] = 0.001
    path = dossier(rows)
    assert progress.during_fault(path, load="viewers", fault_id="f1", at_least=at_least).verdict is verdict


@pytest.mark.parametrize(("status", "good"), [(99, False), (100, True), (499, True), (500, False)])
def test_a_status_is_an_answer_from_100_to_below_500(dossier: Dossier, status: int, good: bool) -> None:
    rows = slots(30)
    for row in between(rows, 12, 15):
        row["status"] = status
    assert (judge(dossier(rows), at_least=1.0).verdict is Verdict.PASS) is good


@pytest.mark.parametrize(("lag", "verdict"), [(0.5, Verdict.FAIL), (0.51, Verdict.INCONCLUSIVE)])
def test_a_generator_is_late_when_it_starts_more_than_half_a_second_after_its_plan(
    dossier: Dossier, lag: float, verdict: Verdict
) -> None:
    rows = slots(30)
    for row in between(rows, 12, 15):
        row.update(BAD, lag=lag)
    assert judge(dossier(rows)).verdict is verdict


def test_the_share_is_of_the_worst_window_and_its_figures_are_told(dossier: Dossier) -> None:
    rows = slots(30)
    for row in between(rows, 20, 21):
        row.update(BAD)
    found = judge(dossier(rows), at_least=0.8)
    assert found.verdict is Verdict.PASS, "exactly what was promised is enough"
    assert judge(dossier(rows), at_least=0.801).verdict is Verdict.FAIL
    assert found.data["windows"]["worst_availability"] == 0.8
    assert found.data["windows"]["length_s"] == 5
    assert "50 x status 503" in found.reason
    assert {name: found.data[name] for name in ("planned", "sent", "ok", "failed", "missing", "torn")} == {
        "planned": 1500, "sent": 1500, "ok": 1450, "failed": 50, "missing": 0, "torn": 0,
    }  # fmt: skip


@pytest.mark.parametrize(("min_requests", "verdict"), [(1000, Verdict.PASS), (1001, Verdict.INCONCLUSIVE)])
def test_enough_requests_are_counted_from_the_act_to_the_end(
    dossier: Dossier, min_requests: int, verdict: Verdict
) -> None:
    assert judge(dossier(slots(30)), min_requests=min_requests).verdict is verdict
