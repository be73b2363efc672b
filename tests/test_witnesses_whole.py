"""The three witnesses of Selection Input, read whole from hand-made files, and each reason for which one is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.selection_input import (
    Applied,
    Evidence,
    Files,
    Log,
    Missing,
    Truncated,
    Write,
    read_evidence,
    read_log,
    write_id,
)

NAMES = {name: f"kafka/{name}-ops.jsonl" for name in ("writes", "topic", "journal")}
WRITES = [{"id": f"w{n}", "outcome": "ok", "start_ns": 10 * n, "end_ns": 10 * n + 5, "offset": 4 + n, "path": f"/{n}"}
          for n in range(3)]  # fmt: skip
RECORDS = [{"partition": 0, "offset": 4 + n, "value": {"id": f"w{n}"}, "timestamp": 100 + n} for n in range(3)]
TOPIC = [*RECORDS, {"begin": {"0": 4}, "end": {"0": 7}}]
LINES = [{"seq": 9 + n, "offset": 4 + n, "id": f"w{n}"} for n in range(3)]
JOURNAL = [*LINES, {"begin": 9, "end": 12}]


def left(folder: Path, **rows: list[Any]) -> Path:
    (folder / "kafka").mkdir(exist_ok=True)
    for name, lines in ({"writes": WRITES, "topic": TOPIC, "journal": JOURNAL} | rows).items():
        text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
        (folder / NAMES[name]).write_text(text)
    return folder


def test_the_witnesses_are_read_as_they_are(tmp_path: Path) -> None:
    bare = {"id": 7, "outcome": "info", "start_ns": 40, "end_ns": 40}
    value = [*RECORDS[:2], RECORDS[2] | {"value": '{"id": "text"}', "timestamp": None}, "\n", TOPIC[3]]
    nameless = [*LINES[:2], LINES[2] | {"id": None}, JOURNAL[3]]
    found = read_evidence(left(tmp_path, writes=[*WRITES, bare], topic=value, journal=nameless), "ops")
    values, stamped = {4: {"id": "w0"}, 5: {"id": "w1"}, 6: '{"id": "text"}'}, {4: 100, 5: 101, 6: 0}
    writes = (*(Write(f"w{n}", "ok", 10 * n, 10 * n + 5, 4 + n, f"/{n}") for n in range(3)),
              Write("7", "info", 40, 40, None, ""))  # fmt: skip
    journal = (Applied(4, "w0", 1), Applied(5, "w1", 2), Applied(6, "", 3))
    topic = {4: "w0", 5: "w1", 6: "text"}
    assert found == Evidence(NAMES["topic"], 4, 7, values, stamped, Files("ops"), writes, topic, journal)
    assert read_log(tmp_path, "ops") == Log(NAMES["topic"], 4, 7, values, stamped)
    assert found.acked == list(writes[:3])
    assert found.offsets == {"w0": [4], "w1": [5], "text": [6]}
    assert found.written == {"w0": [4], "w1": [5]}
    names = [Files("ops").writes, Files("ops").topic, Files("ops").journal, Files("ops").history]
    assert names == [*NAMES.values(), "kafka/history-ops.jsonl"]


def test_a_record_may_stand_twice_and_a_topic_may_be_empty(tmp_path: Path) -> None:
    twice = [*RECORDS[:2], RECORDS[2] | {"value": {"id": "w0"}}, TOPIC[3]]
    found = read_evidence(left(tmp_path, topic=twice), "ops")
    assert (found.offsets, found.written) == ({"w0": [4, 6], "w1": [5]}, {"w0": [4, 6], "w1": [5]})
    empty = read_evidence(left(tmp_path, writes=[], topic=[{"end": {"0": 0}}], journal=[{"begin": 3, "end": 3}]), "ops")
    assert (empty.begin, empty.end, empty.values, empty.journal, empty.writes) == (0, 0, {}, (), ())
    late = [{**WRITES[0], "start_ns": 10**9, "end_ns": 2 * 10**9}, {**WRITES[1], "start_ns": 0, "end_ns": 10**9}]
    assert len(read_evidence(left(tmp_path, writes=late), "ops").writes) == 2


def test_the_id_of_a_record_stands_in_its_value() -> None:
    values = [{"id": "a"}, '{"id": "b"}', {"id": None}, {}, "no json", "[1]", [1], None, {"id": 7}, 5]
    assert [write_id(value) for value in values] == ["a", "b", "", "", "", "", "", "", "7", ""]


W, T, J = NAMES.values()
WAS_TO_BE = "and was to be read from"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"writes": [WRITES[0], WRITES[1] | {"outcome": "maybe"}]},
         f"{W}:2 is not a write: ValueError(\"outcome 'maybe'\")"),
        ({"writes": [{"id": "x"}]}, f"{W}:1 is not a write: KeyError('outcome')"),
        ({"writes": [WRITES[0] | {"end_ns": -1}]},
         f"{W}:1 ended before it began, or long before the write that stands before it"),
        ({"writes": [WRITES[0] | {"end_ns": 2 * 10**9}, WRITES[1] | {"end_ns": 10**9 - 1}]},
         f"{W}:2 ended before it began, or long before the write that stands before it"),
        ({"writes": [WRITES[0], WRITES[1] | {"id": "w0"}]}, f"{W}:2 is write w0 a second time"),
        ({"writes": [WRITES[0], "[1]\n"]}, f"{W}:2 cannot be read: not an object"),
        ({"writes": [WRITES[0], "{"]},
         f"{W}:2 cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ({"topic": [*TOPIC, RECORDS[0]]}, f"{T} goes on after its end, at line 5"),
        ({"topic": [*RECORDS, RECORDS[0], TOPIC[3]]}, f"{T} holds offset 4 twice: the read cannot be trusted"),
        ({"topic": [{"offset": 4}]}, f"{T}:1 is not a record: KeyError('value')"),
        ({"topic": RECORDS}, f"{T} lacks its last line with the high watermark, so it may not be the whole topic"),
        ({"topic": [*RECORDS, {"end": {"1": 3, "0": 7}}]},
         f"{T} has partitions 0, 1; a total order is promised for one only"),
        ({"topic": [{"begin": {"0": 4}, "end": {"0": 3}}]},
         f"{T} ends at offset 3, and stood at 4 before: records that were there are gone"),
        ({"topic": [RECORDS[0], RECORDS[2], TOPIC[3]]}, f"{T} is not whole: it lacks offset 5, {WAS_TO_BE} 4 to 7"),
        ({"topic": [*RECORDS[1:], TOPIC[3]]},
         f"{T} is not whole: it begins at offset 5 and ends at 6, {WAS_TO_BE} 4 to 7"),
        ({"topic": [*RECORDS, RECORDS[0] | {"offset": 7}, TOPIC[3]]},
         f"{T} is not whole: it begins at offset 4 and ends at 7, {WAS_TO_BE} 4 to 7"),
        ({"topic": [*RECORDS[:2], TOPIC[3]]}, f"{T} is not whole: it lacks offset 6, {WAS_TO_BE} 4 to 7"),
        ({"topic": [TOPIC[3]]}, f"{T} is not whole: it begins at offset 7 and ends at -1, {WAS_TO_BE} 4 to 7"),
        ({"journal": [*JOURNAL, LINES[0]]}, f"{J}:5 goes on after its end"),
        ({"journal": [*LINES, {"begin": 9, "end": 13}]},
         f"{J} holds seq 9 to 11, {WAS_TO_BE} 9 to below 13"),
        ({"journal": [*LINES, {"begin": 8, "end": 12}]}, f"{J} holds seq 9 to 11, {WAS_TO_BE} 8 to below 12"),
        ({"journal": [{"begin": 8, "end": 9}]}, f"{J} holds seq None to None, {WAS_TO_BE} 8 to below 9"),
        ({"journal": [{"seq": 1}]}, f"{J}:1 is not a journal line: KeyError('offset')"),
        ({"journal": [LINES[0], LINES[2]]}, f"{J}:2 has seq 11 after 9: lines were left out"),
        ({"journal": [LINES[0], LINES[0]]}, f"{J}:2 has seq 9 after 9: lines were left out"),
        ({"journal": LINES}, f"{J} lacks its last line with where it ended, so lines may have been cut off"),
    ],
)  # fmt: skip
def test_what_is_no_witness(tmp_path: Path, rows: dict[str, list[Any]], said: str) -> None:
    with pytest.raises(Missing) as error:
        read_evidence(left(tmp_path, **rows), "ops")
    assert str(error.value) == said
    assert error.value.file == said.partition(" ")[0]
    assert isinstance(error.value, Truncated) is ("are gone" in said)


@pytest.mark.parametrize("name", ["writes", "topic", "journal"])
def test_a_witness_that_is_not_there(tmp_path: Path, name: str) -> None:
    (left(tmp_path) / NAMES[name]).unlink()
    with pytest.raises(Missing) as error:
        read_evidence(tmp_path, "ops")
    assert str(error.value) == f"{NAMES[name]} cannot be read: No such file or directory"
