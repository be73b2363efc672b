"""The fast checker says what the plain definitions say, on any history and for every way of cutting it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.guarantees import Guarantees
from reports.checkers.kafka.operation import operations
from reports.checkers.kafka.oracle import cycles as oracle_cycles
from reports.checkers.kafka.oracle import records as oracle
from reports.checkers.kafka.oracle.view import View
from tests.kafka.scrambled import Event, scrambled

RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def judged(events: list[Event], cuts: list[int] = [], atomic: bool = True) -> Result:  # noqa: B006 - never changed
    checker = Checker(Guarantees(transactions=None if atomic else False))
    edges = [0, *sorted(cuts), len(events)]
    for start, end in pairwise(edges):
        checker.feed(events[start:end])
    return checker.verdict()


def by_definition(events: list[Event], atomic: bool = True) -> dict[str, Any]:
    view = View(operations(events), atomic)
    return {
        "seen": oracle.seen(view) | oracle_cycles.seen_cycles(view),
        "excused": oracle.while_subscribed(view) | oracle_cycles.needing_writes(view),
        "unproven": oracle.unproven(view),
    }


def as_found(result: Result) -> dict[str, Any]:
    gaps = {}
    for key, gap in result.unproven.items():
        gaps[key] = {*gap.offsets.tolist(), *([None] if gap.unlocated else [])}
    return {"seen": result.seen, "excused": result.excused, "unproven": gaps}


@RELAXED
@given(scrambled())
def test_counts_every_class_as_defined(events: list[Event]) -> None:
    assert as_found(judged(events)) == by_definition(events)


@RELAXED
@given(scrambled())
def test_sends_stand_for_themselves_without_transactions(events: list[Event]) -> None:
    assert as_found(judged(events, atomic=False)) == by_definition(events, atomic=False)


@RELAXED
@given(scrambled(names_as_text=True))
def test_values_may_be_text(events: list[Event]) -> None:
    assert as_found(judged(events)) == by_definition(events)


@RELAXED
@given(scrambled(), st.data())
def test_every_way_of_cutting_gives_the_same_answer(events: list[Event], data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(events)), max_size=6))
    assert judged(events, cuts).to_json() == judged(events).to_json()
