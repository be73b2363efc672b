"""PASS needs proof; what is bad follows from the configuration alone."""

from __future__ import annotations

import json

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.guarantees import PERMITTED_BY, Guarantees, bad
from reports.checkers.kafka.operation import CLASSES
from reports.verdict import Verdict
from tests.kafka.notation import history

WHOLE = "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok assign* x | 1 ok poll x=1@0 | 1 ok poll x=2@1"


def judge(text: str, guarantees: str = "") -> Result:
    checker = Checker(Guarantees.parse(guarantees))
    checker.feed(history(text))
    return checker.verdict()


def test_passes_when_one_process_read_all_of_every_key() -> None:
    result = judge(WHOLE)
    assert (result.verdict, result.exit_code, result.unproven) == (Verdict.PASS, 0, {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 ok assign* x | 1 ok poll", "no send was acknowledged"),
        ("0 info send x=1 | 1 ok poll x=1@0", "no send was acknowledged"),
        ("0 ok send x=1@0", "no ok poll returned a record"),
        ("0 ok send x=1@0 | 1 fail poll x=1@0", "no ok poll returned a record"),
        (
            WHOLE + "| 0 ok send x=3@2",
            "records of 1 keys were returned by no ok poll, the first at offset 2",
        ),
        (WHOLE + "| 0 ok send y=3", "the first at an offset nobody knows of y/0"),
        ("0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0 | 2 ok poll x=2@1", "no one process read x/0 from its lowest"),
        (WHOLE + "| 2 info poll x=1@0,2@1", ""),
    ],
)
def test_is_inconclusive_when_absence_is_not_proven(text: str, why: str) -> None:
    result = judge(text)
    if why:
        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.exit_code == 3
        assert why in result.reason
    else:  # an indeterminate poll takes nothing away from a proof
        assert result.verdict is Verdict.PASS


def test_names_the_offsets_that_nobody_read() -> None:
    gap = judge(WHOLE + "| 0 ok send x=3@2 x=4 | 3 info send x=5@3 | 2 info poll x=9@7").to_json()["unproven"]["x/0"]
    assert gap == {"count": 3, "offsets": [2, 7], "offset_unknown": 1, "read_whole_by_one_process": False}


@pytest.mark.parametrize(
    ("text", "offsets"),
    [
        ("0 ok send x=1 | 1 ok poll x=2@0 | 2 fail poll x=1@0", [0]),  # read whole, but another value
        ("0 ok send x=1 x=3@5 | 1 ok poll x=2@0 | 2 fail poll x=1@0", [0, 5]),
        ("0 ok send x=1@4 | 1 ok poll x=2@4", [4]),
    ],
)
def test_a_record_is_unread_where_polls_saw_another_value(text: str, offsets: list[int]) -> None:
    assert judge(text).unproven["x/0"].offsets.tolist() == offsets


def test_unseen_is_lost_once_all_is_known_to_have_been_read_to_the_end() -> None:
    text = WHOLE + "| 0 ok send x=3@2"
    assert judge(text).bad == []
    assert judge(text, "reads=to_end").bad == ["unseen"]


PERMITTED = {
    "acks=1": {"lost-write", "inconsistent-offsets", "realtime-order", "unseen", "nonmonotonic-send"},
    "acks=0": {"lost-write", "inconsistent-offsets", "realtime-order", "unseen", "nonmonotonic-send"},
    "unclean=true": {"lost-write", "inconsistent-offsets", "realtime-order", "unseen", "nonmonotonic-send",
                     "nonmonotonic-poll"},
    "min_isr=1": {"lost-write", "inconsistent-offsets", "realtime-order", "unseen", "nonmonotonic-send"},
    "idempotence=false": {"duplicate", "nonmonotonic-send", "int-nonmonotonic-send"},
    "isolation=read_uncommitted": {"G1a", "precommitted-read", "G1c", "G1c-process", "G1c-realtime"},
    "transactions=false": {"precommitted-read", "G1c", "G1c-process", "G1c-realtime"},
    "consumer=subscribe": {"poll-skip", "nonmonotonic-poll"},
    "acks=all,idempotence=true,isolation=read_committed,consumer=assign": set(),
    "unclean=false,min_isr=2,transactions=true": set(),
    "": set(),
}  # fmt: skip
ALWAYS = {"G0", "G0-process", "G0-realtime", "int-send-skip"}


@pytest.mark.parametrize("stated", PERMITTED)
def test_the_table_of_what_a_configuration_permits(stated: str) -> None:
    guarantees = Guarantees.parse(f"{stated},reads=to_end" if stated else "reads=to_end")
    found = bad(dict.fromkeys(CLASSES, 1), {}, guarantees)
    assert found == [name for name in CLASSES if name not in PERMITTED[stated] | ALWAYS]
    assert set(PERMITTED_BY) == set(CLASSES)


def test_a_subscribed_process_may_be_moved_and_an_assigned_one_may_not() -> None:
    text = "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok {f} x | 1 ok poll x=1@0 | 1 ok poll x=3@2"
    moved, stuck = text.format(f="subscribe"), text.format(f="assign")
    assert judge(moved).seen["poll-skip"] == 1
    assert "poll-skip" not in judge(moved).bad
    assert "poll-skip" in judge(moved, "consumer=assign").bad
    assert "poll-skip" in judge(stuck).bad
    assert "poll-skip" not in judge(stuck, "consumer=subscribe").bad


def test_g1c_is_bad_only_without_the_order_of_writes() -> None:
    by_writes = "0 invoke txn +z=1 ? | 1 invoke txn +z=2 | 0 ok txn +z=1@0 ?z=2@1 | 1 ok txn +z=2@1 | 2 ok poll z=1@0"
    by_reads = "0 invoke txn +x=1 ? | 1 invoke txn +y=2 ? | 0 ok txn +x=1@0 ?y=2@0 | 1 ok txn +y=2@0 ?x=1@0"
    assert judge(by_writes).seen["G1c"] == 1
    assert judge(by_writes).bad == []
    assert judge(by_reads).bad == ["G1c"]


def test_counts_are_exact_and_witnesses_at_most_32() -> None:
    sends = " ".join(f"x={i}@{i}" for i in range(200))
    evens = "x=" + ",".join(f"{i}@{i}" for i in range(0, 200, 2))
    result = judge(f"0 ok send {sends} | 1 ok poll {evens}")
    assert (result.seen["lost-write"], result.seen["int-poll-skip"]) == (99, 99)
    assert len(result.witnesses["lost-write"]) == 32
    assert json.loads(json.dumps(result.to_json()))["bad"] == ["lost-write", "int-poll-skip"]


def test_a_witness_is_a_sentence_with_the_operations_that_show_it() -> None:
    (witness,) = judge("0 ok send x=1@0 x=2@4 | 1 ok poll x=2@4").witnesses["lost-write"]
    assert witness.ops == (1, 3)
    assert witness.text == (
        "process 0 sent 1 to x/0 at offset 0 (ok), and no poll returned it, though process 1 polled offset 4 beyond it"
    )


def test_draws_the_order_around_a_finding() -> None:
    picture = judge("0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0,3@1").pictures["x/0"]
    assert picture.startswith("<svg")
    assert "process 1 poll ok" in picture
    assert 'class="r odd"' in picture
    assert judge(WHOLE).pictures == {}


def test_without_transactions_a_send_with_an_offset_happened_and_its_neighbour_may_not_have() -> None:
    text = "0 info send x=1@0 x=2 | 1 ok send x=3@5 | 2 ok poll x=3@5"
    alone = judge(text, "transactions=false")
    assert alone.seen == {"lost-write": 1}
    assert alone.witnesses["lost-write"][0].text.startswith("process 0 sent 1 to x/0 at offset 0")
    gap = alone.unproven["x/0"]
    assert (gap.offsets.tolist(), gap.unlocated) == ([0], 0)
    assert judge(text).seen == {}
    assert judge(text).verdict is Verdict.PASS
    by_offset = "0 info send x=1@0 | 1 ok send x=3@5 | 2 ok poll x=3@5"
    assert judge(by_offset, "transactions=false").seen == {"lost-write": 1}
