"""Records in columns mean the same as micro-operations that are spelt out, and are refused where they mean nothing."""

from __future__ import annotations

import random
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fixtures.kafka.recorder import as_json, column
from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.cli import history as command
from reports.checkers.kafka.formats.packed import unpack
from reports.checkers.kafka.generation.generator import Plan, generate_events
from reports.checkers.kafka.generation.planting import plant_anomaly
from reports.checkers.kafka.operation import BadHistory
from tests.kafka.test_kafka_reading import write


def packed(numbers: list[Any], kind: str = "") -> str:
    told = column(numbers).decode()[1:-1]
    assert not kind or told[0] == kind
    return told


def in_columns(event: dict[str, Any]) -> dict[str, Any]:
    """The same event with its records in columns, where it is a send or poll of one topic."""
    if event["f"] == "send":
        records = [(key, *(v if type(v) is list else (None, v))) for _, key, v in event["value"]]
    elif event["f"] == "poll" and len(event["value"]) == 1 and len(event["value"][0]) == 2:
        records = [(key, *record) for key, some in event["value"][0][1].items() for record in some]
    else:
        return event
    topics = {key.split("/")[0] for key, *_ in records}
    if len(topics) != 1 or any(len(record) > 3 for record in records):
        return event
    partitions = [int(key.split("/")[1]) for key, *_ in records]
    value: dict[str, Any] = {"topic": topics.pop(), "value": packed([record[2] for record in records])}
    value["partition"] = partitions[0]
    if len(set(partitions)) > 1:
        value["partition"] = "B" + b64encode(bytes(partitions)).decode()
    if event["f"] == "poll" or event["type"] != "invoke":
        offsets = [record[1] for record in records]
        value["offset"] = offsets if None in offsets else packed(offsets)
    return event | {"value": value}


@pytest.mark.parametrize("plant", [None, "lost-write", "int-nonmonotonic-poll", "int-send-skip", "duplicate"])
def test_columns_are_judged_like_what_is_spelt_out(plant: str | None) -> None:
    events = generate_events(Plan(records=600, transactions=False), random.Random(5))
    if plant:
        events = plant_anomaly(events, plant, random.Random(6))
    other = [in_columns(event) for event in events]
    assert sum(type(event["value"]) is dict for event in other) > len(events) / 4
    spelt, columns = Checker(), Checker()
    spelt.feed(events)
    columns.feed(other)
    judged = spelt.verdict().to_json()
    assert columns.verdict().to_json() == judged
    assert (plant in judged["seen"]) == bool(plant)


def test_four_or_eight_bytes_and_words() -> None:
    for numbers, kind in (([7, -1, (1 << 31) - 1], "i"), ([1 << 31], "q"), ([(1 << 63) - 1], "q")):
        told = unpack({"topic": "t", "partition": 3, "value": packed(numbers, kind)}, "send")
        assert told == [("t/3", [-1] * len(numbers), numbers)]
    assert column(["a", 2]) == b'["a",2]'
    assert column([1 << 63]) == as_json([1 << 63])
    several = unpack({"topic": "t", "partition": "BAQAB", "value": [7, 8, 9], "offset": [4, 0, None]}, "send")
    assert several == [("t/0", [0], [8]), ("t/1", [4, -1], [7, 9])]


GOOD: dict[str, Any] = {"topic": "t", "partition": 0, "value": "iBwAAAA==", "offset": "iAAAAAA=="}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"topic": 3}, "records in columns have a topic"),
        ({"topic": ""}, "records in columns have a topic"),
        ({"value": None}, "column value is a list, or packed numbers"),
        ({"value": "xBwAAAA=="}, "column value begins with i or q"),
        ({"value": ""}, "column value begins with i or q"),
        ({"value": "iBwAAAA"}, "column value is not whole numbers as base64"),
        ({"value": "iBwAA"}, "column value is not whole numbers as base64"),
        ({"value": "qBwAAAA=="}, "column value is not whole numbers as base64"),
        ({"value": "iBw*AAAA=="}, "column value is not whole numbers as base64"),
        ({"offset": 5}, "column offset is a list, or packed numbers"),
        ({"value": [7, 8]}, "1 offsets for 2 values"),
        ({"value": [1.5]}, "a value is a whole number or a string"),
        ({"offset": "i/////w=="}, "an offset is a whole number from 0 to 2^63-1; found -1"),
        ({"offset": [True]}, "an offset is a whole number from 0 to 2^63-1; found True"),
        ({"offset": [1 << 63]}, "an offset is a whole number from 0 to 2^63-1"),
        ({"partition": -1}, "partition is a whole number"),
        ({"partition": True}, "partition is a whole number"),
        ({"partition": None}, "partition is a whole number"),
        ({"partition": "BAAA="}, "2 partitions for 1 values"),
        ({"partition": "iAAAAAA=="}, "column partition begins with B"),
    ],
)
def test_columns_that_mean_nothing_are_refused(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    def file(value: dict[str, Any]) -> Path:
        invoke = {"index": 0, "time": 1, "process": "w", "type": "invoke", "f": "send", "value": GOOD}
        return write(tmp_path / "h.jsonl", [invoke, invoke | {"index": 1, "type": "ok", "value": value}])

    assert CliRunner().invoke(command, ["check", str(file(GOOD))]).exit_code == 3  # read, and INCONCLUSIVE
    outcome = CliRunner().invoke(command, ["check", str(file(GOOD | change))])
    assert outcome.exit_code == 2, outcome.output
    assert message in outcome.output
    assert "h.jsonl:2" in outcome.output


def test_a_poll_knows_its_offsets() -> None:
    for columns in ({"topic": "t", "partition": 0, "value": [1]}, GOOD | {"offset": [None]}):
        with pytest.raises(BadHistory, match="offset"):
            unpack(columns, "poll")
    with pytest.raises(BadHistory, match="column offset begins with i or q"):
        unpack(GOOD | {"offset": "x"}, "poll")
