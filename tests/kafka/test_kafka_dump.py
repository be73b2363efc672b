"""A dump of the topic tells records lost on the broker from those that were only not polled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.dump import ON_BROKER, ON_THE_WAY, UNDECIDED, read_dump
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.operation import BadHistory
from reports.verdict import Verdict
from tests.kafka.notation import history


def judge(text: str, dump: Path, topic: str | None = None) -> Result:
    checker = Checker()
    checker.feed(history(text))
    return checker.verdict(read_dump(dump, topic))


@pytest.mark.parametrize(
    ("rows", "where", "verdict"),
    [
        ('{"partition": 0, "offset": 0, "value": "1"}\n{"end": {"0": 1}}', ON_BROKER, Verdict.FAIL),
        ('{"partition": 0, "offset": 0, "value": 1}\n{"partition": 0, "offset": 1, "value": "{\\"id\\": 2}"}\n'
         '{"end": {"0": 2}}', ON_THE_WAY, Verdict.INCONCLUSIVE),
        ('{"partition": 0, "offset": 0, "value": "1"}', UNDECIDED, Verdict.INCONCLUSIVE),
        ('{"topic": "y", "partition": 0, "offset": 0, "value": "1"}\n{"topic": "y", "end": {"0": 1}}', UNDECIDED,
         Verdict.INCONCLUSIVE),
    ],
)  # fmt: skip
def test_a_dump_of_the_topic_tells_lost_from_late(rows: str, where: str, verdict: Verdict, tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    dump.write_text(rows)
    result = judge("0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok poll x=1@0", dump)
    assert result.lost is not None
    assert result.lost["counts"] == {where: 1}
    assert result.lost["records"][where] == [{"key": "x/0", "offset": 1, "value": 2}]
    assert result.verdict is verdict
    assert ("lost-write" in result.bad) == (where == ON_BROKER)


def test_a_broken_dump_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "topic.jsonl").write_text('{"end": {"0": 1}}\n{"offset": 1}\n')
    with pytest.raises(BadHistory, match=r"topic\.jsonl:2: a row of a dump has partition"):
        read_dump(tmp_path / "topic.jsonl")
    with pytest.raises(BadHistory, match="the dump cannot be read"):
        read_dump(tmp_path / "none.jsonl")


THREE_UNREAD = "0 ok send x=1@0 x=2@1 x=3@2 y=7@0 | 1 ok poll x=1@0"
THREE_ROWS = """{"topic": "x", "partition": 0, "offset": 0, "value": "1"}
{"topic": "x", "partition": 0, "offset": 1, "value": "2"}
{"topic": "x", "end": {"0": 3}}
{"topic": "y", "partition": 0, "offset": 0, "value": "8"}
{"topic": "y", "end": {"0": 1}}
"""


def test_every_key_is_compared_with_its_own_partition_of_the_dump(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    dump.write_text(THREE_ROWS)
    result = judge(THREE_UNREAD, dump)
    assert result.to_json()["lost"] == {
        "counts": {ON_THE_WAY: 1, ON_BROKER: 2},
        "records": {
            ON_THE_WAY: [{"key": "x/0", "offset": 1, "value": 2}],
            ON_BROKER: [{"key": "x/0", "offset": 2, "value": 3}, {"key": "y/0", "offset": 0, "value": 7}],
        },
    }
    assert result.seen["lost-write"] == 2


def test_the_topic_may_be_named_once_for_the_whole_dump(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    dump.write_text('{"partition": 0, "offset": 0, "value": "1"}\n{"end": {"0": 1}}\n')
    lost = judge(THREE_UNREAD, dump, topic="x").lost
    assert lost is not None
    assert lost["counts"] == {ON_BROKER: 2, UNDECIDED: 1}  # of y nothing is known


def test_a_topic_may_have_a_slash_in_its_name(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    dump.write_text('{"topic": "a/x", "partition": 0, "offset": 0, "value": "1"}\n{"topic": "a/x", "end": {"0": 1}}\n')
    lost = judge("0 ok send a/x=1@0 a/x=2@1 | 1 ok poll a/x=1@0", dump).lost
    assert lost is not None
    assert lost["counts"] == {ON_BROKER: 1}


def test_without_its_end_a_dump_proves_presence_and_no_absence(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    dump.write_text('{"topic": "x", "partition": 0, "offset": 1, "value": "2"}\n')
    lost = judge("0 ok send x=1@0 x=2@1 x=3 | 1 ok poll x=1@0", dump).lost
    assert lost is not None
    assert lost["counts"] == {ON_THE_WAY: 1, UNDECIDED: 1}
    assert lost["records"][UNDECIDED] == [{"key": "x/0", "offset": None, "value": 3}]


def test_what_is_lost_on_the_broker_is_said_in_a_sentence(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    dump.write_text('{"topic": "x", "partition": 0, "offset": 0, "value": "1"}\n{"topic": "x", "end": {"0": 1}}\n')
    result = judge("0 ok send x=1@0 x=2@1 x=3 | 1 ok poll x=1@0", dump)
    assert [witness.text for witness in result.witnesses["lost-write"]] == [
        "process 0 sent 2 to x/0 at offset 1 (ok), and no poll returned it",
        "process 0 sent 3 to x/0 at an unknown offset (ok), and no poll returned it",
    ]


def test_a_dump_in_which_nothing_is_missing_changes_nothing(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    rows = [{"topic": "x", "partition": 0, "offset": at, "value": str(at + 1)} for at in range(2)]
    dump.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"topic": "x", "end": {"0": 2}}]))
    result = judge("0 ok send x=1@0 x=2@1 | 1 ok poll x=2@1", dump)
    assert result.seen["lost-write"] == 1
    assert result.lost == {
        "counts": {ON_THE_WAY: 1},
        "records": {ON_THE_WAY: [{"key": "x/0", "offset": 0, "value": 1}]},
    }


def test_a_partition_that_was_read_and_found_empty_lost_everything(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    dump.write_text('{"topic": "x", "end": {"0": 0}}\n')
    lost = judge("0 ok send x=1@0 | 1 ok poll", dump).lost
    assert lost is not None
    assert lost["counts"] == {ON_BROKER: 1}


def test_the_count_is_exact_and_at_most_32_records_are_named(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    dump.write_text('{"topic": "x", "end": {"0": 40}}\n')
    sends = " ".join(f"x={i}@{i}" for i in range(40))
    lost = judge(f"0 ok send {sends} | 1 ok poll", dump).lost
    assert lost is not None
    assert lost["counts"] == {ON_BROKER: 40}
    assert [record["offset"] for record in lost["records"][ON_BROKER]] == list(range(32))


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ('"a"', {"a"}),
        ("5", {"5"}),
        ('"{\\"id\\": 7}"', {'{"id": 7}', "7"}),
        ('"{nonsense"', {"{nonsense"}),
        ('{"id": "b"}', {"{'id': 'b'}", "b"}),
        ('"{\\"di\\": 7}"', {'{"di": 7}'}),
    ],
)
def test_what_a_row_of_a_dump_may_stand_for(value: str, names: set[str], tmp_path: Path) -> None:
    (tmp_path / "topic.jsonl").write_text(f'{{"partition": 0, "offset": 0, "value": {value}}}\n')
    assert read_dump(tmp_path / "topic.jsonl").values == {("", "0"): names}


def test_a_refusal_says_where_and_what(tmp_path: Path) -> None:
    dump = tmp_path / "topic.jsonl"
    with pytest.raises(BadHistory) as missing:
        read_dump(dump)
    assert str(missing.value) == f"{dump}: the dump cannot be read: No such file or directory"
    dump.write_text('{"end": 7}' + " " * 60 + "\n")
    with pytest.raises(BadHistory) as wrong:
        read_dump(dump)
    line = '{"end": 7}' + " " * 50
    assert str(wrong.value) == f"{dump}:1: a row of a dump has partition, offset and value, or end; found {line!r}"
