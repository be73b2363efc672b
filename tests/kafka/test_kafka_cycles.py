"""What a cycle is made of: several at once, large ones, and moments that are the same."""

from __future__ import annotations

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.cycle_witness import LARGEST
from reports.checkers.kafka.check.cycles import Cycles
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.oracle.cycles import CYCLES
from tests.kafka.notation import history

TURNED = "0 ok send x=1@1 | 1 ok send x=2@0"  # answered at 10 ns, invoked at 20


def judge(text: str, times: dict[int, int] | None = None) -> Result:
    """`times` moves events: index → nanoseconds."""
    events = history(text)
    for at, time in (times or {}).items():
        events[at]["time"] = time
    checker = Checker()
    checker.feed(events)
    return checker.verdict()


@pytest.mark.parametrize(("invoked", "in_turn"), [(10, False), (11, True)])
def test_an_operation_invoked_at_the_moment_of_an_answer_is_not_after_it(invoked: int, in_turn: bool) -> None:
    seen = judge(TURNED, {2: invoked}).seen
    assert ("G0-realtime" in seen, "realtime-order" in seen) == (in_turn, in_turn)


def test_a_witness_takes_no_edge_between_operations_that_meet() -> None:
    text = "0 ok send x=2@1 | 3 invoke txn +x=1@0 +y=4@1 | 1 ok send y=3@0 | 3 ok txn +x=1@0 +y=4@1"
    (witness,) = judge(text, {2: 10}).witnesses["G0-realtime"]
    assert witness.ops == (1, 4, 5)


def test_the_gap_of_a_witness_is_exact_to_the_nanosecond() -> None:
    (witness,) = judge(TURNED, {2: 5_000_000_011, 3: 6_000_000_000}).witnesses["realtime-order"]
    assert ", 5000.000001 ms before 2 was sent" in witness.text


def test_a_transaction_that_polls_its_own_record_makes_no_cycle_of_reads() -> None:
    writes = (
        "0 invoke txn +x=1 +y=1 ? | 1 invoke txn +x=2 +y=2 | 0 ok txn +x=1@0 +y=1@1 ?x=1@0 | 1 ok txn +x=2@1 +y=2@0"
    )
    assert {"G0", "precommitted-read"} <= judge(writes).seen.keys()
    assert "G1c" not in judge(writes).seen


@pytest.mark.parametrize(
    "text",
    [
        "1 invoke send x=2 | 0 invoke send x=1 | 1 ok send x=2@1 | 0 ok send x=1@0",
        "0 invoke send x=1 | 1 invoke send x=2 | 2 invoke send x=3 | 1 ok send x=2@2 | 2 ok send x=3@1 "
        "| 0 ok send x=1@0",
        "1 invoke poll | 0 invoke send x=1 | 1 ok poll x=1@0 | 0 ok send x=1@0",
        "0 ok poll y=1@0,2@1 | 1 fail poll x=1@0 | 2 ok send x=1@0 | 3 ok poll x=1@0",
    ],
)
def test_nothing_is_looked_at_where_all_edges_lead_forward(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overlapping operations get moments in the order of the log, so that an ordinary history costs next to nothing."""
    monkeypatch.setattr(Cycles, "_edges_within", None)
    assert not judge(text).seen.keys() & CYCLES.keys()


def ring(size: int) -> str:
    """So many transactions at once, each of which sent to x before the next, and the last to y before the first."""
    more = {0: " +y=101@1", size - 1: " +y=100@0"}
    words = [f"txn +x={i}@{i}{more.get(i, '')}" for i in range(size)]
    return " | ".join(f"{i} {kind} {word}" for kind in ("invoke", "ok") for i, word in enumerate(words))


def test_a_large_cycle_is_shown_whole_and_a_larger_one_by_its_size() -> None:
    (witness,) = judge(ring(LARGEST)).witnesses["G0"]
    assert witness.ops == tuple(range(LARGEST, 2 * LARGEST))
    assert witness.text.count(" sent to x/0 just before ") == LARGEST - 1
    (witness,) = judge(ring(LARGEST + 1)).witnesses["G0"]
    assert witness.text == "65 operations must each come before another of them"
    assert witness.ops == tuple(range(LARGEST + 1, LARGEST + 33))


def test_cycles_in_several_stretches_of_time_are_counted_each() -> None:
    texts = [TURNED.replace("x=", f"{key}=") for key in "abcd"]
    result = judge(" | ".join(texts))
    assert (result.seen["G0-realtime"], result.seen["realtime-order"]) == (4, 4)
    assert [witness.ops for witness in result.witnesses["G0-realtime"]] == [(1, 3), (5, 7), (9, 11), (13, 15)]


def test_a_cycle_may_span_stretches_that_overlap() -> None:
    """Two edges of four lead backward, each over a stretch that does not hold the whole cycle."""
    invoked = "0 invoke txn +x=1 +u=1 | 1 invoke txn +y=2 +v=1"
    then = "0 ok txn +x=1@1 +u=1@0 | 1 ok txn +y=2@1 +v=1@0 | 2 invoke txn +v=2 +x=2 | 3 invoke txn +u=2 +y=1"
    end = "2 ok txn +v=2@1 +x=2@0 | 3 ok txn +u=2@1 +y=1@0"
    for first in ("8 ok send k=1@0", TURNED.replace("x=", "k=")):
        assert judge(f"{first} | {invoked} | {then} | {end}").seen["G0"] == 1


def test_each_cycle_is_judged_by_its_own_edges() -> None:
    writes = "0 invoke txn +x=1 +y=1 | 1 invoke txn +x=2 +y=2 | 0 ok txn +x=1@0 +y=1@1 | 1 ok txn +x=2@1 +y=2@0"
    reads = "2 invoke txn +v=1 ? | 3 invoke txn +w=2 ? | 2 ok txn +v=1@0 ?w=2@0 | 3 ok txn +w=2@0 ?v=1@0"
    for text in (f"{writes} | {reads}", f"{reads} | {writes}"):
        result = judge(text)
        assert {name: result.seen[name] for name in ("G0", "G1c")} == {"G0": 1, "G1c": 1}
        assert result.excused.get("G1c", 0) == 0
        assert "G0-process" not in result.seen


def test_the_smallest_cycles_are_shown_first_and_at_most_32_of_them() -> None:
    texts = [TURNED.replace("x=", f"k{number}=") for number in range(40)]
    three = "3 invoke txn +x=1@0 +y=4@1 | 0 ok send x=2@1 | 1 ok send y=3@0 | 3 ok txn +x=1@0 +y=4@1"
    result = judge(" | ".join([three, *texts]))
    assert result.seen["G0-realtime"] == 41
    assert [len(witness.ops) for witness in result.witnesses["G0-realtime"]] == [2] * 32
