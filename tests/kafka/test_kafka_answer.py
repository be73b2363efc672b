"""The answer as it is printed and kept: its words, its figures and its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.guarantees import Guarantees
from reports.checkers.kafka.operation import BadHistory
from tests.kafka.notation import history

WHOLE = "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok assign* x | 1 ok poll x=1@0 | 1 ok poll x=2@1"
SKIPPING = "0 ok send x=1@0 x=2@1 x=3@2 | 1 ok subscribe x | 1 ok poll x=1@0 | 1 ok poll x=3@2"


def judge(text: str, guarantees: str = "") -> Result:
    checker = Checker(Guarantees.parse(guarantees))
    checker.feed(history(text))
    return checker.verdict()


def test_the_whole_answer() -> None:
    skip = "process 1 polled 1 at offset 0 of x/0 and next 3 at offset 2: over 1 known record, the first at offset 1"
    unread = "process 0 sent 2 to x/0 at offset 1 (ok), and no poll returned it"
    durations: dict[str, Any] = {"count": 2, "p50_s": 0.0, "p95_s": 0.0, "p99_s": 0.0}
    assert judge(SKIPPING, "acks=all").to_json() == {
        "verdict": "FAIL",
        "reason": "1 lost-write in 5 records of 1 keys",
        "seen": {"lost-write": 1, "poll-skip": 1, "unseen": 1},
        "bad": ["lost-write"],
        "witnesses": {
            "lost-write": [{"text": f"{unread}, though process 1 polled offset 2 beyond it", "ops": [1, 7]}],
            "poll-skip": [{"text": skip, "ops": [5, 7]}],
            "unseen": [{"text": unread, "ops": [1]}],
        },
        "counts": {
            "events": 8, "operations": 4, "ok": 4, "keys": 1, "records": 5, "acknowledged": 3, "polled": 2,
            "processes": 2, "txns": 0, "sends": 1, "polls": 2, "assigns": 0, "subscribes": 1, "crashs": 0,
        },
        "excused": {"poll-skip": 1},
        "unproven": {
            "x/0": {"count": 1, "offsets": [1], "offset_unknown": 0, "read_whole_by_one_process": False}
        },
        "measures": {
            "time_to_seen": durations | {"worst_s": 6e-08},
            "realtime_lag": durations | {"worst_s": 3e-08},
            "consumed_times": {"1": 2},
            "causes_of_info": {},
        },
        "guarantees": {"acks": "all"},
        "notes": [],
    }  # fmt: skip


def test_counts_and_excuses_of_all_keys_add_up() -> None:
    more = "0 ok send y=1@0 y=2@1 y=3@2 | 1 ok poll y=1@0 | 1 ok poll y=3@2 | 2 ok poll z=9@0 | 3 invoke send w=1"
    result = judge(f"{SKIPPING} | {more} | 4 ok crash | 4 ok assign v")
    counted = {name: result.counts[name] for name in ("keys", "records", "acknowledged", "polled", "operations", "ok")}
    assert counted == {"keys": 4, "records": 12, "acknowledged": 6, "polled": 5, "operations": 11, "ok": 10}
    assert result.excused == {"poll-skip": 2}
    assert result.seen["poll-skip"] == 2


def test_causes_of_unknown_outcomes_are_counted_over_all_pieces() -> None:
    checker = Checker()
    for piece in ("0 info send x=1 | 1 info send x=2", "2 info send x=3"):
        events = history(piece)
        for event in events:
            event |= {"index": event["index"] + checker._events, "time": 100 * checker._events, "error": "timed out"}
        checker.feed(events)
    assert checker.verdict().measures["causes_of_info"] == {"timed out": 3}


FORBIDS = (
    "2 acknowledged records of 1 keys were all polled, each key whole by one process, and 2 polled records show "
    "nothing that {} forbids"
)


@pytest.mark.parametrize(
    ("text", "guarantees", "reason"),
    [
        (WHOLE, "", FORBIDS.format("the strictest reading (no guarantees stated)")),
        (WHOLE, "acks=all,idempotence=true", FORBIDS.format("acks=all, idempotence=true")),
        ("0 info send x=1 | 1 ok poll x=1@0", "",
         "no send was acknowledged, so nothing is known about what Kafka kept"),
        ("0 ok send x=1@0", "", "no ok poll returned a record, so nothing is known about what Kafka kept"),
        ("0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0 | 2 ok poll x=2@1", "",
         "no one process read x/0 from its lowest to its highest known offset, so a hole may have gone unnoticed"),
        ("0 ok send x=1@0 x=2@1 y=1@0 y=2@1 | 1 ok poll x=1@0&y=1@0 | 2 ok poll x=2@1&y=2@1", "",
         "no one process read x/0 from its lowest to its highest known offset, nor 1 other keys, so a hole may have "
         "gone unnoticed"),
        (WHOLE + "| 0 ok send x=3@2 x=4", "",
         "nothing bad was seen, but 2 committed records of 1 keys were returned by no ok poll, the first at offset 2 "
         "of x/0: they may be lost or only late"),
        (WHOLE + "| 0 ok send y=4", "",
         "nothing bad was seen, but 1 committed records of 1 keys were returned by no ok poll, the first at an offset "
         "nobody knows of y/0: they may be lost or only late"),
        ("0 ok send x=1@1 x=2@0 | 0 ok send x=3@2 | 1 ok poll x=2@0,3@2", "",
         "1 lost-write, 1 int-nonmonotonic-send, 1 int-poll-skip in 5 records of 1 keys"),
    ],
)  # fmt: skip
def test_the_reason_is_one_sentence_with_its_figures(text: str, guarantees: str, reason: str) -> None:
    assert judge(text, guarantees).reason == reason


def test_the_reason_counts_only_what_nothing_permits() -> None:
    """One skip while subscribed, one after an assign; and one cycle of reads beside one that needs a write."""
    skips = SKIPPING.replace("x=2@1", "x=2") + "| 1 ok assign x | 1 ok poll x=1@0 | 1 ok poll x=3@2 | 2 ok poll x=2@1"
    assert judge(skips).seen["poll-skip"] == 2
    assert "1 poll-skip," in judge(skips).reason
    assert "2 poll-skip," in judge(skips, "consumer=assign").reason


def test_an_assigned_consumer_takes_no_excuse_from_cycles() -> None:
    by_writes = "0 invoke txn +z=1 ? | 1 invoke txn +z=2 | 0 ok txn +z=1@0 ?z=2@1 | 1 ok txn +z=2@1 | 2 ok poll z=1@0"
    for stated in ("", "consumer=assign"):
        assert judge(by_writes, stated).excused == {"G1c": 1}
        assert judge(by_writes, stated).bad == []


def test_pictures_are_files_named_by_their_keys(tmp_path: Path) -> None:
    result = judge("0 ok send Or.d-e_r9=1@0 Or.d-e_r9=2@1 | 1 ok poll Or.d-e_r9=2@1")
    folder = tmp_path / "new" / "pictures"
    assert result.write_pictures(folder) == [folder / "Or.d-e_r9-0.svg"]
    assert result.write_pictures(folder)[0].read_text() == result.pictures["Or.d-e_r9/0"]
    assert judge(WHOLE).write_pictures(tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("colour=red", "unknown guarantee 'colour'; known: acks, idempotence, isolation, consumer, unclean, min_isr, "
                       "transactions, reads"),
        ("acks=2", "guarantee acks is one of all, -1, 1, 0; found '2'"),
        ("reads", "guarantee reads is one of to_end; found ''"),
        ("acks=1=0", "guarantee acks is one of all, -1, 1, 0; found '1=0'"),
        ("idempotence=perhaps", "guarantee idempotence is true or false; found 'perhaps'"),
        ("min_isr=0", "guarantee min_isr is a whole number from 1; found '0'"),
        ("min_isr=-1", "guarantee min_isr is a whole number from 1; found '-1'"),
    ],
)  # fmt: skip
def test_refuses_a_guarantee_it_does_not_know(stated: str, message: str) -> None:
    with pytest.raises(BadHistory) as refusal:
        Guarantees.parse(stated)
    assert str(refusal.value) == message


def test_what_the_caller_states_goes_before_what_was_recorded() -> None:
    recorded = Guarantees.parse({"acks": 1, "idempotence": False})
    assert Guarantees.parse(" acks = -1 ,").over(recorded).stated() == {"acks": "all", "idempotence": False}
    assert Guarantees.parse("min_isr=1,unclean=yes,transactions=no").stated() == {
        "unclean": True, "min_isr": 1, "transactions": False,
    }  # fmt: skip
