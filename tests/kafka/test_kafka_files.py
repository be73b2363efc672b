"""Files read in pieces, merged and located: what is in them counts once, and each refusal says where it stands."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.files import check_files
from reports.checkers.kafka.columns import Names
from reports.checkers.kafka.formats import reading as module
from reports.checkers.kafka.formats.reading import Reading
from reports.checkers.kafka.formats.tables import write_table
from reports.checkers.kafka.operation import BadHistory
from reports.verdict import Verdict
from tests.kafka.notation import history, write

GOOD = history("0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok assign* x | 1 ok poll x=1@0,2@1")
AGAIN = history("0 ok send x=1@0 | 1 ok send x=2@1 | 2 ok send x=1@2")


def refusal(*paths: Path, **options: Any) -> str:
    with pytest.raises(BadHistory) as error:
        check_files(paths, **options)
    return str(error.value)


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files come in pieces of a line or two, and columns of two events."""
    monkeypatch.setattr(module, "BYTES", 120)
    monkeypatch.setattr(module, "LINES", 2)


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_a_file_read_in_pieces_says_the_same(suffix: str, tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", [{"run": "r"}, *GOOD])
    if suffix.endswith("gz"):
        file.write_bytes(gzip.compress(file.read_bytes()))
        file = file.rename(tmp_path / f"h.{suffix}")
    assert [len(batch) for batch in Reading([file]).batches()] == [2, 2, 2, 2, 0]
    assert check_files([file]).verdict is Verdict.PASS
    assert check_files([file]).counts["events"] == 8


@pytest.mark.usefixtures("pieces")
def test_a_refusal_far_into_a_file_names_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", [*GOOD[:7], GOOD[7] | {"index": 6}])
    assert refusal(file) == f"{file}:8: index 6 is a duplicate"
    file.write_text(file.read_text() + "[0\n")
    assert refusal(file).startswith(f"{file}:8: ")
    lines = "".join(json.dumps(event) + "\n" for event in GOOD)
    file.write_text(lines + "{nonsense}\n" + lines)
    assert refusal(file) == (f"{file}:9: not JSON (Expecting property name enclosed in double quotes): '{{nonsense}}'")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"\x80abc\n", "not JSON ('utf-8' codec can't decode byte 0x80 in position 0): '\ufffdabc'"),
        (b"x" * 70 + b"\n", "not JSON (Expecting value): '" + "x" * 60 + "'"),
        (b"\0\0\n", "not JSON (Expecting value): '\\x00\\x00'"),
        (b"1, 2\n", "not JSON (Extra data): '1, 2'"),
    ],
)
def test_a_line_that_is_not_json_is_shown(line: bytes, message: str, tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", GOOD)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], line, *lines[3:]]))
    assert refusal(file) == f"{file}:4: {message}"


@pytest.mark.parametrize("tail", [b'{"index": 8, "ti\n', b"X\n"])
def test_a_whole_last_line_that_is_not_json_is_not_torn(tail: bytes, tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", GOOD)
    file.write_bytes(file.read_bytes() + tail)
    assert refusal(file).startswith(f"{file}:9: not JSON")


@pytest.mark.parametrize("tail", [b"\0\0\0\0\n", b"\0\r\n", b'{"index": 8, "ti'])
def test_a_torn_last_line_is_dropped_with_a_note(tail: bytes, tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", GOOD)
    file.write_bytes(file.read_bytes() + tail)
    result = check_files([file])
    assert result.verdict is Verdict.PASS
    assert result.notes == [f"{file}:9: torn last line ({len(tail)} bytes) dropped; its operation counts as unknown"]


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", GOOD)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines[:3], "\n", " \n", *lines[3:]]))
    assert check_files([file]).counts["events"] == 8
    file.write_text("".join([*lines[:3], "\n", *lines[3:], "7\n"]))
    assert refusal(file) == f"{file}:10: a line is a JSON object; found 7"


@pytest.mark.parametrize("files", [[], ["some.jsonl"]])
def test_events_fed_without_a_file_are_refused_by_their_index_alone(files: list[str]) -> None:
    names = Names()
    names.files = files  # which these events do not come from
    with pytest.raises(BadHistory) as error:
        Checker(names=names).feed([GOOD[0], GOOD[1] | {"index": 0}])
    assert str(error.value) == "index 0 is a duplicate"


def test_the_first_line_of_a_file_can_be_at_fault(tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", GOOD[1:])
    assert refusal(file) == f"{file}:1: ok send of process 0 without its invoke (index 1)"


def test_many_lines_are_decoded_in_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "h.jsonl", GOOD)
    calls = []
    monkeypatch.setattr(module.json, "loads", lambda text, loads=json.loads: (calls.append(1), loads(text))[1])
    assert check_files([file]).verdict is Verdict.PASS
    assert len(calls) == 1
    monkeypatch.setattr(module, "BYTES", 120)  # and no more of them than that
    assert check_files([file]).verdict is Verdict.PASS
    assert len(calls) == 1 + 4


def test_a_header_is_told_from_an_event(tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", [*GOOD[:3], GOOD[3] | {"run": "an event may say it too"}, *GOOD[4:]])
    assert check_files([file]).counts["events"] == 8
    file = write(tmp_path / "two.jsonl", [{"run": "r"}, *GOOD, {"run": "r"}])
    assert refusal(file) == f"{file}:10: a header belongs on the first line; are these two files?"


def test_a_folder_or_nothing_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: no such file"
    empty = write(tmp_path / "a.jsonl", [])
    assert refusal(empty) == f"{empty}: no operations in it"
    other = write(tmp_path / "b.jsonl", [])
    assert refusal(empty, other) == f"no operations in any of {empty}, {other}"
    assert refusal(other, empty, other) == f"a file was given twice: {empty}, {other}, {other}"


def test_a_value_sent_twice_is_shown_where_both_stand(tmp_path: Path) -> None:
    twice = "value sent twice to x/0: at index 1 and at index 5; values are unique per key"
    whole = write(tmp_path / "h.jsonl", AGAIN)
    assert refusal(whole) == f"{whole}:2, {whole}:6: {twice}"
    with pytest.raises(BadHistory) as error:
        check_files([whole])
    assert error.value.indexes == (1, 5)
    a, b = write(tmp_path / "a.jsonl", AGAIN[:4]), write(tmp_path / "b.jsonl", [{"run": "r"}, *AGAIN[4:]])
    assert refusal(a, b) == f"{a}:2, {b}:3: {twice}"
    names = Names()
    write_table(tmp_path / "h.parquet", Reading([whole], names).batches(), names)
    assert refusal(tmp_path / "h.parquet") == f"{tmp_path / 'h.parquet'}: {twice}"


def moved(events: list[Any], **by: int) -> list[Any]:
    return [event | {name: event[name] + amount for name, amount in by.items()} for event in events]


def test_files_with_distinct_indexes_are_merged_by_index(tmp_path: Path) -> None:
    """Even where all times are the same."""
    events = [event | {"time": 7} for event in GOOD]
    a, b = write(tmp_path / "a.jsonl", events[:2] + events[4:6]), write(tmp_path / "b.jsonl", events[2:4] + events[6:])
    for files in ([a, b], [b, a]):
        (batch,) = Reading(files).batches()
        assert batch.index.tolist() == list(range(8))
    one = write(tmp_path / "one.jsonl", [event for event in events if event["process"] == 1])
    zero = write(tmp_path / "zero.jsonl", [event for event in events if event["process"] == 0])
    assert check_files([one, zero]).notes == []
    assert check_files([one, zero]).verdict is Verdict.PASS


@pytest.mark.parametrize("index", [-4, 100])
def test_files_are_merged_by_time_where_indexes_repeat_or_disagree(index: int, tmp_path: Path) -> None:
    """Files that each count from 0 repeat an index; counted on from 100, an earlier time has a higher index."""
    first, then = moved(GOOD[:4], index=max(0, index)), moved(GOOD[4:], index=min(0, index))
    a, b = write(tmp_path / "a.jsonl", first), write(tmp_path / "b.jsonl", then)
    reading = Reading([b, a])
    (batch,) = reading.batches()
    assert batch.index.tolist() == list(range(8))
    assert batch.time.tolist() == [event["time"] for event in GOOD]
    assert reading.notes == ["files merged by time; indexes count the lines of the merged history from 0"]


def test_events_of_one_moment_stay_in_the_order_of_their_files(tmp_path: Path) -> None:
    polls = history(" | ".join(f"{process} ok poll" for process in range(60)))
    for event in polls:
        event["time"] = 5
    random.Random(1).shuffle(halves := [polls[:60], moved(polls[60:], index=-60)])
    files = [write(tmp_path / f"{i}.jsonl", half) for i, half in enumerate(halves)]
    (batch,) = Reading(files).batches()
    assert batch.file.tolist() == [0] * 60 + [1] * 60
    assert batch.line.tolist() == [*range(1, 61), *range(1, 61)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"index": 4}, "index 4 is a duplicate"),
        ({"index": 2}, "index goes back from 4 to 2"),
        ({"time": 39}, "time goes back from 40 to 39"),
    ],
)
def test_disorder_within_one_of_many_files(change: dict[str, int], message: str, tmp_path: Path) -> None:
    a = write(tmp_path / "a.jsonl", GOOD[:4])
    b = write(tmp_path / "b.jsonl", [GOOD[4], GOOD[5] | change, GOOD[6] | {"time": 1}, GOOD[7]])
    assert refusal(a, b) == f"{b}:2: {message}"
    same = write(tmp_path / "same.jsonl", [GOOD[4], GOOD[5] | {"time": GOOD[4]["time"]}, *GOOD[6:]])
    assert check_files([a, same]).verdict is Verdict.PASS


def test_an_empty_file_among_others_is_noted_beside_other_notes(tmp_path: Path) -> None:
    a = write(tmp_path / "a.jsonl", GOOD)
    a.write_text(a.read_text() + "{")
    b = write(tmp_path / "b.jsonl", [])
    assert check_files([a, b]).notes == [
        f"{a}:9: torn last line (1 bytes) dropped; its operation counts as unknown",
        f"{b}: no operations in it",
    ]


@pytest.mark.usefixtures("pieces")
def test_an_archive_cut_short_far_into_it_is_refused(tmp_path: Path) -> None:
    noise = random.Random(2)
    polls = history(" | ".join(f"{process} ok poll" for process in range(99)))
    lines = b"".join(json.dumps(event | {"note": noise.random()}).encode() + b"\n" for event in polls)
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(lines)[:-9])
    file = tmp_path / "cut.jsonl.gz"
    message = f"{file}: cannot be read: Compressed file ended before the end-of-stream marker was reached"
    assert refusal(file) == message


def test_a_dump_of_one_topic_is_named_by_the_caller(tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", history("0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0"))
    dump = tmp_path / "topic.jsonl"
    dump.write_text('{"partition": 0, "offset": 0, "value": 1}\n{"end": {"0": 1}}\n')
    assert check_files([file], topic=dump, topic_name="x").bad == ["lost-write"]
    assert check_files([file], topic=dump, topic_name="y").bad == []
    dump.write_text("7\n")
    assert refusal(file, topic=dump).startswith(f"{dump}:1: a row of a dump has")
