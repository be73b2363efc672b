"""Histories at the edge of a class, which chance rarely makes: one place twice, an unknown place, equal moments."""

from __future__ import annotations

import numpy as np
import pytest

from reports.checkers.kafka.check.measures import Durations
from reports.verdict import Verdict
from tests.kafka.test_kafka_classes import seen
from tests.kafka.test_kafka_cycles import judge


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        # who stands at the same place as another stands not before it
        ("0 ok send x=1@0 | 1 ok send x=2@0", "realtime-order", 0),
        ("0 ok send x=1@0 | 0 ok send x=2@0", "nonmonotonic-send", 1),
        # a send whose place nobody knows is neither a neighbour nor in the way of others
        ("0 ok send x=9 | 1 ok send x=1@1 x=2@0", "int-nonmonotonic-send", 1),
        ("0 ok send x=1@5 x=2 x=3@6", "int-send-skip", 0),
        ("0 ok send x=1 | 0 ok send x=2@0", "nonmonotonic-send", 0),
        # where a value stands twice, its send stands at the first place
        ("0 ok send x=1 | 0 ok send x=2 | 1 ok poll x=1@0,2@1,1@2", "nonmonotonic-send", 0),
    ],
)
def test_places_that_are_the_same_or_unknown(text: str, name: str, count: int) -> None:
    assert seen(text).get(name, 0) == count


@pytest.mark.parametrize("value", [1 << 60, (1 << 62) + 5])
def test_values_that_differ_in_their_last_bit_differ(value: int) -> None:
    assert seen(f"0 ok send x={value}@0 | 1 ok poll x={value + 1}@0")["inconsistent-offsets"] == 1
    assert "inconsistent-offsets" not in seen(f"0 ok send x={value}@0 | 1 ok poll x={value}@0")


def test_a_process_that_subscribed_first_of_all_may_skip() -> None:
    result = judge("0 ok subscribe x | 0 ok poll x=1@0 | 0 ok poll x=3@2 | 1 ok send x=1@0 x=2@1 x=3@2")
    assert (result.seen["poll-skip"], result.excused["poll-skip"]) == (1, 1)


def test_one_record_polled_twice_is_not_two_records() -> None:
    """As many polls as records do not show that one process read all."""
    sent = "0 ok send x=1@0 x=2@1 | "
    assert judge(sent + "1 ok poll x=1@0,2@1").verdict is Verdict.PASS
    twice = judge(sent + "1 ok assign* x | 1 ok poll x=1@0 | 1 ok assign* x | 1 ok poll x=1@0 | 2 ok poll x=2@1")
    assert twice.verdict is Verdict.INCONCLUSIVE
    assert not twice.unproven["x/0"].whole


def test_cycles_are_found_behind_a_place_whose_sender_is_unknown() -> None:
    """A record that nobody sent stands first in the log."""
    cycle = "0 invoke txn +x=1 +x=4 | 1 ok txn +x=2@2 | 0 ok txn +x=1@1 +x=4@3"
    assert seen(cycle)["G0"] == 1
    assert seen(cycle + " | 3 ok poll x=9@0")["G0"] == 1


def test_an_answer_comes_before_all_later_invocations_not_only_the_next() -> None:
    """Another operation is invoked between the two and still open when the second is."""
    assert seen("0 ok send x=1@1 | 1 invoke send y=9 | 2 ok send x=2@0 | 1 ok send y=9@0")["G0-realtime"] == 1


def test_a_cycle_of_writes_that_meet_in_time_has_no_realtime_in_it() -> None:
    text = "0 ok txn +x=1@0 +y=2@1 | 1 ok txn +x=3@1 +y=4@0"
    assert "G0-realtime" in judge(text).seen
    met = judge(text, {2: 10}).seen
    assert ("G0" in met, "G0-realtime" in met) == (True, False)


def test_hours_are_told_to_the_microsecond() -> None:
    """A single duration is its own quantile."""
    durations = Durations()
    durations.add(np.array([1 << 43]))
    shown = durations.to_json()
    assert shown is not None
    assert (shown["p50_s"], shown["worst_s"]) == (8796.093022, 8796.093022208)
