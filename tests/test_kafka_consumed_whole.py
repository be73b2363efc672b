"""What a recorded consumer writes and asks, compared whole: each operation, outcome and offset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, Message, TopicPartition

from fixtures.kafka import recorded_consumer, transactor
from fixtures.kafka.payload import encode
from fixtures.kafka.recorded_consumer import Polled, RecordedConsumer
from fixtures.kafka.recorder import HistoryFile

BROKEN = KafkaError(KafkaError._TRANSPORT)


def message(topic: str, partition: int, offset: int, value: Any = None, *, error: KafkaError | None = None) -> Message:
    payload = encode(offset * 10 if value is None else value)
    return Message(topic=topic, partition=partition, offset=offset, value=payload, error=error)


def places(found: list[TopicPartition]) -> list[tuple[str, int, int]]:
    return [(each.topic, each.partition, each.offset) for each in found]


class Client:
    """librdkafka's side of a consumer, and of a transactional producer."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings, self.asked = settings, list[tuple[Any, ...]]()
        self.answers: list[list[Message]] = []
        self.raises: dict[str, Exception] = {}
        self.waiting: list[Any] = []

    def _note(self, what: str, *more: Any) -> None:
        self.asked.append((what, *more))
        if what in self.raises:
            raise self.raises[what]

    def assign(self, keys: list[TopicPartition]) -> None:
        self._note("assign", *places(keys))

    def subscribe(self, topics: list[str], **called: Any) -> None:
        self._note("subscribe", *topics)
        for name in ("on_assign", "on_revoke", "on_lost"):
            called[name](self, [TopicPartition(name, 1)])

    def consume(self, most: int, within_s: float) -> list[Message]:
        self._note("consume", most, within_s)
        return self.answers.pop(0) if self.answers else []

    def commit(self, *, asynchronous: bool) -> None:
        self._note("commit", asynchronous)

    def seek(self, at: TopicPartition) -> None:
        self._note("seek", *places([at]))

    def consumer_group_metadata(self) -> str:
        return "group"

    def close(self) -> None:
        self._note("close")

    def init_transactions(self, within_s: float) -> None:
        self._note("init", within_s)

    def begin_transaction(self) -> None:
        self._note("begin")

    def produce(self, topic: str, *, partition: int, value: bytes, on_delivery: Any) -> None:
        self._note("produce", topic, partition, value)
        self.waiting.append(on_delivery)

    def flush(self, within_s: float) -> None:
        for at, told in enumerate(self.waiting):
            told(BROKEN if at == 1 else None, Message(offset=50 + at))
        self.waiting.clear()
        self._note("flush", within_s)

    def send_offsets_to_transaction(self, offsets: list[TopicPartition], group: str, within_s: float) -> None:
        self._note("offsets", places(offsets), group, within_s)

    def commit_transaction(self, within_s: float) -> None:
        self._note("commit", within_s)

    def abort_transaction(self, within_s: float) -> None:
        self._note("abort", within_s)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """Each client that was made."""
    made: list[Client] = []
    for module, name in ((recorded_consumer, "Consumer"), (transactor, "Producer")):
        monkeypatch.setattr(module, name, lambda settings: made.append(Client(settings)) or made[-1])
    return made


def consumer(folder: Path, **conf: Any) -> tuple[RecordedConsumer, Any]:
    found = RecordedConsumer(conf, HistoryFile(folder, "w", run="r"))
    return found, found.consumer


def told(folder: Path) -> list[list[Any]]:
    """Process, type, f, value and what else each line says."""
    lines = [json.loads(line) for line in (folder / "history-w.jsonl").read_text().splitlines()[1:]]
    known = ("process", "type", "f", "value")
    rest = [{k: v for k, v in each.items() if k not in (*known, "index", "time")} for each in lines]
    return [[*(each[name] for name in known), more] for each, more in zip(lines, rest, strict=True)]


def test_assigns_go_on_where_they_were_or_begin_anew(tmp_path: Path) -> None:
    found, client = consumer(tmp_path, **{"group.id": "g", "auto.offset.reset": "error", "enable.auto.commit": True})
    assert client.settings == {"auto.offset.reset": "error", "group.id": "g", "enable.auto.commit": False}
    assert consumer(tmp_path / "x")[1].settings == {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    found.next = {("t", 0): 5, ("t", 1): 6}
    found.assign(iter([("t", 0), ("u", 2)]))
    assert (found.next, found._topics) == ({("t", 0): 5}, {"t", "u"})
    found.assign([("t", 0)], from_beginning=True)
    assert found.next == {}
    assert client.asked == [("assign", ("t", 0, 5), ("u", 2, OFFSET_BEGINNING)), ("assign", ("t", 0, OFFSET_BEGINNING))]
    both, more = ["t/0", "u/2"], {"seek_to_beginning": True}
    assert told(tmp_path) == [
        ["w", "invoke", "assign", both, {}], ["w", "ok", "assign", both, {}],
        ["w", "invoke", "assign", ["t/0"], more], ["w", "ok", "assign", ["t/0"], more],
    ]  # fmt: skip
    with found as entered:
        assert entered is found
    assert client.asked[-1] == ("close",)
    with pytest.raises(ValueError, match="closed file"):  # not its number, which may be another file's by now
        found.history.event("w", "invoke", "poll", None)


SPELT = [["poll", {"t/0": [[3, "a"]]}]]
POLL = ["w", "invoke", "poll", [["poll"]], {}]


def test_polls_of_a_group_commit_what_they_returned_and_tell_who_moved(tmp_path: Path) -> None:
    found, client = consumer(tmp_path)
    found.subscribe(["t"])
    client.answers = [[message("t", 0, 3, "a")], [message("t", 0, 4, error=BROKEN)], [], [message("t", 0, 3, "a")]]
    assert [found.poll(), found.poll(7, 0.5), found.poll()] == [1, 0, 0]
    client.raises = {"commit": KafkaException(BROKEN)}
    assert found.poll() == 1
    assert found.next == {("t", 0): 4}
    assert found.process == "w.1"
    assert client.asked == [
        ("subscribe", "t"), ("consume", 500, 1.0), ("commit", False), ("consume", 7, 0.5), ("consume", 500, 1.0),
        ("consume", 500, 1.0), ("commit", False),
    ]  # fmt: skip
    moved = {"rebalance": ["on_assign/1", "on_lost/1", "on_revoke/1"]}
    assert told(tmp_path) == [
        ["w", "invoke", "subscribe", ["t"], {}], ["w", "ok", "subscribe", ["t"], {}],
        POLL, ["w", "ok", "poll", SPELT, moved], POLL, ["w", "fail", "poll", [["poll", {}]], {"error": str(BROKEN)}],
        POLL, ["w", "ok", "poll", [["poll", {}]], {}],
        POLL, ["w", "info", "poll", SPELT, {"error": str(KafkaException(BROKEN))}],
        ["w.1", "invoke", "subscribe", ["t"], {}], ["w.1", "ok", "subscribe", ["t"], {}],
    ]  # fmt: skip


def test_what_one_consume_returns_is_kept_in_columns(tmp_path: Path) -> None:
    found, client = consumer(tmp_path)
    found.assign([("t", 0), ("t", 1)])
    client.answers = [[message("t", 0, 3), message("t", 0, 4)], [message("t", 0, 5), message("t", 1, 1)]]
    assert found.read(9, 0.1) == Polled("t", 0, [3, 4], [30, 40])
    assert found.read(9, 0.1) == Polled("t", [0, 1], [5, 1], [50, 10])
    assert found.next == {("t", 0): 6, ("t", 1): 2}
    found.assign([("t", 0), ("u", 0)])
    client.answers = [[message("t", 0, 6), message("t", 0, 7, error=BROKEN), message("u", 0, 1, "x")]]
    client.answers += [[message("u", 0, 2)], []]
    assert found.read(9, 0.1) == Polled(["t", "u"], 0, [6, 1], [60, "x"], str(BROKEN))
    assert found.read(9, 0.1) == Polled(["u"], 0, [2], [20])
    assert found.read(9, 0.1) == Polled([], [], [], [])
    found.value_of = lambda payload: [1] if payload == encode(30) else [7, 8, 9]
    client.answers = [[message("t", 0, 3), message("t", 0, 4)]]
    assert found.read(9, 0.1) == Polled(["t", "t"], 0, [3, 4], [1, [7, 8, 9]])
    found.renew()
    found.renew()
    assert found.process == "w.2"
    assert [each[2] for each in told(tmp_path)] == ["assign"] * 4, "one that joined no group says nothing anew"


@pytest.mark.parametrize(
    ("polled", "written"),
    [
        (Polled("t", 300, [4], [7]), b'{"topic":"t","partition":300,"offset":"iBAAAAA==","value":"iBwAAAA=="}'),
        (
            Polled("t", [2, 255], [4, 5], [7, 8]),
            b'{"topic":"t","partition":"BAv8=","offset":"iBAAAAAUAAAA=","value":"iBwAAAAgAAAA="}',
        ),
        (Polled("t", [2, 256], [4, 5], [7, 8]), b'[["poll",{"t/2":[[4,7]],"t/256":[[5,8]]}]]'),
        (Polled(["t", "u"], 0, [4, 5], [7, 8]), b'[["poll",{"t/0":[[4,7]],"u/0":[[5,8]]}]]'),
        (Polled("t", 0, [4, 5], [[7, 1, 2], 8]), b'[["poll",{"t/0":[[4,7,1,2],[5,8]]}]]'),
        (Polled("t", 0, [], []), b'[["poll",{}]]'),
    ],
)
def test_a_poll_is_written_in_columns_where_it_is_plain(polled: Polled, written: bytes) -> None:
    assert polled.as_json() == written


def test_a_poll_ends_behind_the_last_record_of_each_partition() -> None:
    assert Polled("t", 0, [4, 9], [7, 8]).ends() == {("t", 0): 10}
    assert Polled(["t", "u", "t"], [0, 0, 0], [4, 5, 6], [7, 8, 9]).ends() == {("t", 0): 7, ("u", 0): 6}
    assert len(Polled("t", 0, [4, 9], [7, 8])) == 2
