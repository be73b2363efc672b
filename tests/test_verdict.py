"""Verdicts: their order, and that more evidence of a violation never makes one better."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.interval import Interval
from reports.verdict import EXIT_CODES, Finding, Verdict, worst, worst_of

ORDER = list(Verdict)
some = st.lists(st.sampled_from(ORDER))


def test_the_order_is_that_of_the_design() -> None:
    assert [str(verdict) for verdict in Verdict] == ["FAIL", "INVALID", "INCONCLUSIVE", "SKIPPED", "PASS"]


def test_nothing_judged_is_nothing_proven() -> None:
    assert worst([]) is Verdict.INCONCLUSIVE
    assert worst_of([]).verdict is Verdict.INCONCLUSIVE
    assert worst_of([]).reason == "nothing was claimed, so nothing was proven"


@given(some, st.sampled_from(ORDER))
def test_one_more_verdict_never_makes_it_better(verdicts: list[Verdict], more: Verdict) -> None:
    if verdicts:
        assert ORDER.index(worst([*verdicts, more])) <= ORDER.index(worst(verdicts))
    assert ORDER.index(worst([*verdicts, more])) <= ORDER.index(more)


@given(some)
def test_pass_only_when_all_pass(verdicts: list[Verdict]) -> None:
    assert (worst(verdicts) is Verdict.PASS) == (bool(verdicts) and set(verdicts) == {Verdict.PASS})


@given(some)
def test_the_worst_finding_is_the_first_with_the_worst_verdict(verdicts: list[Verdict]) -> None:
    findings = [Finding(verdict, str(n)) for n, verdict in enumerate(verdicts)]
    found = worst_of(findings)
    assert found.verdict is worst(verdicts)
    if findings:
        assert found is next(finding for finding in findings if finding.verdict is found.verdict)


def test_exit_codes() -> None:
    assert {str(verdict): code for verdict, code in EXIT_CODES.items()} == {
        "PASS": 0, "SKIPPED": 0, "FAIL": 1, "INVALID": 3, "INCONCLUSIVE": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [((1, 2), "PASS"), ((10, 10), "PASS"), ((9, 10.1), "INCONCLUSIVE"), ((10, 11), "INCONCLUSIVE"),
     ((10.1, 11), "FAIL")],
)  # fmt: skip
def test_an_interval_against_ten_seconds(bounds: tuple[float, float], verdict: str) -> None:
    assert Interval(*bounds).within(10) == verdict


bound = st.floats(min_value=0, max_value=100)


@given(bound, bound, bound, bound, bound)
def test_a_duration_holds_the_truth(start: float, end: float, a: float, b: float, c: float) -> None:
    """Whatever the errors of two moments, the true time between them lies in the interval."""
    end += start
    found = Interval.between(Interval(start - a, start + b), Interval(end - b, end + c))
    assert found.earliest - 1e-6 <= end - start <= found.latest + 1e-6


@given(bound, bound, bound, bound)
def test_less_knowledge_never_turns_a_verdict_round(earliest: float, width: float, more: float, budget: float) -> None:
    sharp = Interval(earliest, earliest + width).within(budget)
    blurred = Interval(max(0.0, earliest - more), earliest + width + more).within(budget)
    assert blurred in {sharp, Verdict.INCONCLUSIVE}
