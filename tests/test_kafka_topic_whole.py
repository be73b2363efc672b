"""The independent reader of a topic: its client, each thing it asks of it, and the whole file it writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import confluent_kafka
import pytest

from fixtures.errors import HarnessError
from fixtures.kafka import topic as module
from fixtures.kafka.topic import end_of_topic, read_topic

EOF, BROKEN = "_PARTITION_EOF", "_TRANSPORT"


class Message:
    """A record, or an error in its place."""

    def __init__(self, partition: int, offset: int | None, *, key: bytes | None = None, value: bytes | None = None,
                 error: str = "") -> None:  # fmt: skip
        self.at, self.parts, self.wrong = offset, (key, value), error
        self.of = partition

    def partition(self) -> int:
        return self.of

    def offset(self) -> int | None:
        return self.at

    def key(self) -> bytes | None:
        return self.parts[0]

    def value(self) -> bytes | None:
        return self.parts[1]

    def timestamp(self) -> tuple[int, int]:
        return (1, 1000 + (self.at or 0))

    def error(self) -> Any:
        return SimpleNamespace(name=lambda: self.wrong, __str__=lambda: "x") if self.wrong else None


class Brokers:
    """A consumer's other side: keeps its settings and what it is asked, answers as it is told."""

    def __init__(self) -> None:
        self.settings: list[dict[str, Any]] = []
        self.asked: list[tuple[Any, ...]] = []
        self.marks = {0: (0, 3), 2: (5, 9), 1: (4, 4)}
        self.answers: list[list[Message]] = []
        self.topic = SimpleNamespace(error=None, partitions=dict.fromkeys(self.marks))

    def consumer(self, settings: dict[str, Any]) -> Brokers:
        self.settings.append(settings)
        return self

    def list_topics(self, topic: str, timeout: float) -> Any:
        self.asked.append(("topics", topic, timeout))
        return SimpleNamespace(topics={topic: self.topic})

    def get_watermark_offsets(self, at: Any, timeout: float) -> tuple[int, int]:
        self.asked.append(("marks", at.topic, at.partition, timeout))
        return self.marks[at.partition]

    def assign(self, at: list[Any]) -> None:
        self.asked.append(("assign", *((one.topic, one.partition, one.offset) for one in at)))

    def consume(self, most: int, timeout: float) -> list[Message]:
        self.asked.append(("consume", most, timeout))
        return self.answers.pop(0) if self.answers else []

    def close(self) -> None:
        self.asked.append(("close",))


class Clock:
    """Stands still until `step` is set."""

    def __init__(self) -> None:
        self.now, self.step = 50.0, 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now

    def monotonic_ns(self) -> int:
        return 77


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Brokers:
    found = Brokers()
    monkeypatch.setattr(confluent_kafka, "Consumer", found.consumer)
    return found


CLIENT = {
    "bootstrap.servers": "b:1", "group.id": "crucible-reader-77", "enable.auto.commit": False,
    "auto.offset.reset": "error", "isolation.level": "read_committed", "enable.partition.eof": True,
}  # fmt: skip


def marks(topic: str) -> list[tuple[Any, ...]]:
    return [("marks", topic, partition, 10) for partition in (0, 1, 2)]


def test_the_end_of_a_topic_is_the_high_watermark_of_each_partition(brokers: Brokers) -> None:
    assert end_of_topic("b:1") == {0: 3, 1: 4, 2: 9}
    assert brokers.settings == [CLIENT]
    assert brokers.asked == [("topics", "selection_input", 30.0), *marks("selection_input"), ("close",)]
    brokers.asked.clear()
    end_of_topic("b:1", topic="t", within_s=0.5)
    assert brokers.asked == [("topics", "t", 1.0), *marks("t"), ("close",)]


def rows(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def row(partition: int, offset: int, key: str | None, value: Any) -> dict[str, Any]:
    return {"partition": partition, "offset": offset, "key": key, "value": value, "timestamp": 1000 + offset}


def test_all_up_to_the_watermarks_is_written_and_nothing_beyond(brokers: Brokers, tmp_path: Path) -> None:
    brokers.answers = [
        [Message(0, 0, key=b"k", value=b'{"a": 1}'), Message(2, 5)],
        [],
        [Message(0, 2, value=b"[2]"), Message(0, 3, value=b"3"), Message(0, 4, error=EOF)],
        [Message(2, 7, key=b""), Message(2, 9, error=EOF)],
        [Message(2, 8, value=b"never read")],
    ]
    assert read_topic("b:1", tmp_path / "out") == 4
    assert rows(tmp_path / "out") == [
        row(0, 0, "k", {"a": 1}), row(2, 5, None, None), row(0, 2, None, [2]), row(2, 7, "", None),
        {"begin": {"0": 0, "1": 4, "2": 5}, "end": {"0": 3, "1": 4, "2": 9}},
    ]  # fmt: skip
    assert brokers.settings == [CLIENT]
    assert brokers.asked == [
        ("topics", "selection_input", 60.0), *marks("selection_input"),
        ("assign", ("selection_input", 0, 0), ("selection_input", 1, 4), ("selection_input", 2, 5)),
        *[("consume", 500, 1.0)] * 4, ("close",),
    ]  # fmt: skip


def test_from_where_it_stood_only_what_came_since_is_read(brokers: Brokers, tmp_path: Path) -> None:
    brokers.answers = [[Message(0, 2, value=b"2")]]
    assert read_topic("b:1", tmp_path / "out", begin={0: 2, 1: 4, 2: 9}, topic="t", within_s=7.0) == 1
    assert rows(tmp_path / "out") == [
        row(0, 2, None, 2),
        {"begin": {"0": 2, "1": 4, "2": 9}, "end": {"0": 3, "1": 4, "2": 9}},
    ]
    assert brokers.asked == [
        ("topics", "t", 7.0), *marks("t"), ("assign", ("t", 0, 2), ("t", 1, 4), ("t", 2, 9)), ("consume", 500, 1.0),
        ("close",),
    ]  # fmt: skip
    brokers.asked.clear()
    assert read_topic("b:1", tmp_path / "out", begin={0: 3, 1: 4, 2: 9}) == 0
    assert not [asked for asked in brokers.asked if asked[0] == "consume"], "nothing came, so nothing is waited for"


def test_a_record_right_below_the_end_ends_its_partition(brokers: Brokers, tmp_path: Path) -> None:
    brokers.marks = {0: (0, 3)}
    brokers.topic.partitions = {0: None}
    brokers.answers = [[Message(0, 1, value=b"1")], [Message(0, None, error=EOF)], [Message(0, 2, value=b"2")]]
    assert read_topic("b:1", tmp_path / "out") == 2
    assert brokers.answers == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda b: b.topic.partitions.clear(), "topic t cannot be read: it has no partition"),
        (lambda b: setattr(b.topic, "error", "unknown"), "topic t cannot be read: unknown"),
    ],
)
def test_a_topic_that_is_not_there_is_said(
    brokers: Brokers, tmp_path: Path, spoil: Callable[[Brokers], Any], said: str
) -> None:
    spoil(brokers)
    for read in (lambda: end_of_topic("b:1", topic="t"), lambda: read_topic("b:1", tmp_path / "out", topic="t")):
        with pytest.raises(HarnessError) as error:
            read()
        assert error.value.message == said
    assert [asked for asked in brokers.asked if asked[0] == "close"] == [("close",)] * 2


def test_an_error_of_a_partition_ends_the_read_in_its_words(brokers: Brokers, tmp_path: Path) -> None:
    brokers.answers = [[Message(0, 0, value=b"1"), Message(2, 6, error=BROKEN)]]
    with pytest.raises(HarnessError, match=r"^reading partition 2: namespace\("):
        read_topic("b:1", tmp_path / "out")
    assert rows(tmp_path / "out") == [row(0, 0, None, 1)], "without its last line it is no evidence"


@pytest.mark.parametrize("within_s", [3.0, 2.75])
def test_a_read_that_does_not_get_there_in_time_says_how_far_it_got(
    brokers: Brokers, clock: Clock, tmp_path: Path, within_s: float
) -> None:
    brokers.answers = [[Message(0, 2, value=b"2"), Message(2, 5)]]
    clock.step = 1.0  # at 51 the time begins; at 52 topics are asked for, at 53 and on records
    with pytest.raises(HarnessError) as error:
        read_topic("b:1", tmp_path / "out", within_s=within_s)
    assert error.value.message == "partitions [2] were not read to their end; 2 records were"
    assert len([asked for asked in brokers.asked if asked[0] == "consume"]) == (2 if within_s == 3.0 else 1)
    assert brokers.asked[0] == ("topics", "selection_input", within_s - 1)
