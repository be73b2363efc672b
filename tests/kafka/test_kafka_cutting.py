"""A history fed in pieces is judged as if it were fed at once, for every way of cutting it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.generation.generator import Plan, generate_events
from reports.checkers.kafka.generation.planting import plant_anomaly
from reports.checkers.kafka.operation import CLASSES
from reports.checkers.kafka.operation import NewEvent as Event
from tests.kafka.cases import CASES
from tests.kafka.cases_of_cycles import CYCLE_CASES
from tests.kafka.notation import history

ALL = CASES | CYCLE_CASES
ENUMERATED = 9  # events; 256 ways of cutting
OPEN_AT_THE_END = "0 invoke send x=1 | 1 ok poll x=1@0,2@1 | 2 invoke txn +x=2 ? | 1 ok subscribe x | 1 info poll x=2@4"


def judged(pieces: list[list[Event]]) -> Any:
    """All that a checker answers of a history in these pieces."""
    checker = Checker()
    for piece in pieces:
        checker.feed(piece)
    result = checker.verdict()
    return result.to_json(), result.pictures


def ways(events: list[Event]) -> Iterator[list[list[Event]]]:
    """Every way of cutting, from not at all to everywhere: 2^(n-1) of them."""
    for count in range(len(events)):
        for cuts in combinations(range(1, len(events)), count):
            yield [events[a:b] for a, b in pairwise((0, *cuts, len(events)))]


def few(name: str, sweep: int) -> list[list[Event]]:
    """Two histories of a class and a near miss, or with KAFKA_SWEEP all that are small enough."""
    found, missed = ([history(text) for text in texts] for texts in ALL[name])
    found, missed = ([events for events in some if len(events) <= ENUMERATED] for some in (found, missed))
    return [*found, *missed] if sweep > len(CLASSES) else [*found[:2], *missed[:1]]


@pytest.mark.parametrize("name", ALL)
def test_every_way_of_cutting_a_small_history(name: str, sweep: int) -> None:
    histories = few(name, sweep)
    assert len(histories) >= 3
    for events in histories:
        whole, *cut = ways(events)
        assert len(cut) == 2 ** (len(events) - 1) - 1
        expected = judged(whole)
        for pieces in cut:
            assert judged(pieces) == expected, [len(piece) for piece in pieces]


def test_every_way_of_cutting_a_history_with_operations_open_at_the_end() -> None:
    whole, *cut = ways(history(OPEN_AT_THE_END))
    expected = judged(whole)
    assert all(judged(pieces) == expected for pieces in cut)


@pytest.mark.parametrize("name", ["duplicate", "poll-skip", "G1c"])
def test_every_single_cut_of_a_larger_history(name: str) -> None:
    rng = random.Random(4)
    plan = Plan(records=20, partitions=2, clients=3, subscribe=True, trouble=0.2)
    events = plant_anomaly(generate_events(plan, rng), name, rng)
    assert len(events) > 40
    expected = judged([events])
    assert name in expected[0]["seen"]
    for cut in range(1, len(events)):
        assert judged([events[:cut], events[cut:]]) == expected, cut
    assert judged([[event] for event in events]) == expected


def test_asking_for_a_verdict_on_the_way_changes_nothing_and_is_right_each_time() -> None:
    rng = random.Random(8)
    events = plant_anomaly(generate_events(Plan(records=15, partitions=2, trouble=0.2), rng), "lost-write", rng)
    growing = Checker()
    for upto, event in enumerate(events, 1):
        growing.feed([event])
        assert growing.verdict().to_json() == judged([events[:upto]])[0], upto
