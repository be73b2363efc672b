"""The histories that recorded clients write, compared line by line, and what they ask of librdkafka for them."""

from __future__ import annotations

import json
import os
import struct
import zlib
from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Message

from fixtures.errors import UsageError
from fixtures.kafka import recorder as module
from fixtures.kafka.payload import decode, encode
from fixtures.kafka.recorder import HistoryFile, RecordedProducer, answers_in_order, column, packed

TOO_LARGE, UNKNOWN_TOPIC, UNKNOWN_PARTITION, TIMED_OUT = (
    KafkaError(code)
    for code in (
        KafkaError.MSG_SIZE_TOO_LARGE, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION,
        KafkaError._MSG_TIMED_OUT,
    )
)  # fmt: skip


class Broker:
    """librdkafka's side of a producer: keeps what is produced until the test answers it."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings, self.asked = settings, list[tuple[Any, ...]]()
        self.landed: list[Any] = []
        self.raises: list[Exception] = []

    def produce(self, *asked: Any) -> None:
        *what, landed = asked
        self.asked.append(("produce", *what))
        if self.raises:
            raise self.raises.pop(0)
        self.landed.append((what[1], landed))

    def poll(self, within_s: float) -> None:
        self.asked.append(("poll", within_s))

    def flush(self, within_s: float) -> int:
        self.asked.append(("flush", within_s))
        return 3

    def answer(self, at: int, offset: int = -1001, error: KafkaError | None = None) -> None:
        payload, landed = self.landed[at]
        landed(error, Message(value=payload, offset=offset))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1000, 2000))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic_ns=lambda: next(ticks)))
    monkeypatch.setattr(module, "Producer", Broker)


def made(folder: Path, *, size: int = 0, **conf: Any) -> tuple[RecordedProducer, Any]:
    producer = RecordedProducer({"enable.idempotence": True} | conf, HistoryFile(folder, "w", run="r"), size=size)
    return producer, producer._producer


def lines(folder: Path, name: str = "w") -> list[str]:
    return (folder / f"history-{name}.jsonl").read_text().splitlines()


def test_a_history_is_written_event_by_event(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    history = HistoryFile(folder, "w", run="r1", config={"acks": "all"})
    history.event("w", "invoke", "poll", [["poll"]])
    assert len(lines(folder)) == 2, "before the client acts on it"
    history.event("w.1", "ok", "assign", ["t/0"], seek_to_beginning=True, error='a "word"')
    history.close()
    assert (history.path, history.name) == (folder / "history-w.jsonl", "w")
    assert history.path.stat().st_mode & 0o777 == 0o644 & ~umask()
    assert lines(folder) == [
        '{"run":"r1","config":{"acks":"all"}}',
        '{"index":0,"time":1000,"process":"w","type":"invoke","f":"poll","value":[["poll"]]}',
        '{"index":1,"time":1001,"process":"w.1","type":"ok","f":"assign","value":["t/0"],"seek_to_beginning":true,'
        '"error":"a \\"word\\""}',
    ]
    with pytest.raises(UsageError) as refused:
        HistoryFile(folder, "w", run="r2")
    assert refused.value.message == f"{history.path} exists already; each client writes a history of its own"
    assert refused.value.next_command == f"mv {history.path} …"
    HistoryFile(folder, "x", run="r1").close()
    assert lines(folder, "x") == ['{"run":"r1","config":{}}']
    with pytest.raises(ValueError, match="closed file"):  # not its number, which may be another file's by now
        history.event("w", "invoke", "poll", None)


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_numbers_are_packed_in_four_bytes_or_eight() -> None:
    def unpacked(text: bytes) -> tuple[str, tuple[int, ...]]:
        kind, data = json.loads(text)[0], b64decode(json.loads(text)[1:])
        return kind, struct.unpack(f"<{len(data) // (4 if kind == 'i' else 8)}{kind}", data)

    assert unpacked(packed([1, -2, 2**31 - 1])) == ("i", (1, -2, 2**31 - 1))
    assert unpacked(packed([1, 2**31])) == ("q", (1, 2**31))
    assert packed([]) == b'"i"'
    assert packed(range(40)).count(b"\n") == 0
    for odd in ([2**63], [None], ["a"]):
        with pytest.raises(struct.error):
            packed(odd)
    assert column([1, 2]) == b'"iAQAAAAIAAAA="'
    assert column((1, None)) == b"[1,null]"
    assert column(["a", 1]) == b'["a",1]'


@pytest.mark.parametrize(
    ("value", "size", "body"), [(17, 0, b"17"), (17, 13, b"17  "), ("a b", 0, b"a b"), (-5, 5, b"-5")]
)
def test_a_payload_is_a_checksum_a_space_and_the_value_padded(value: Any, size: int, body: bytes) -> None:
    found = encode(value, size)
    assert found == b"%08x %s" % (zlib.crc32(body), body)
    assert decode(found) == [value]


def test_a_payload_that_is_not_what_was_sent_tells_both_sums() -> None:
    assert decode(b"0000000f 17") == [17, 15, zlib.crc32(b"17")]
    assert decode(b"0000000f a  ") == ["a", 15, zlib.crc32(b"a  ")]
    assert decode(b"0000000f \xff") == ["\N{REPLACEMENT CHARACTER}", 15, zlib.crc32(b"\xff")]
    for odd in (None, b"", b"strange", b"zzzzzzzz 17"):
        assert decode(odd) == [repr(odd), 0, 1]


SENT = '"f":"send","value":{"topic":"t","partition":2,"value":'


def test_a_send_is_one_operation_from_its_first_record_to_its_last_answer(tmp_path: Path) -> None:
    answers: list[str] = []
    producer, broker = made(tmp_path, size=12, acks="all")
    assert broker.settings == {"enable.idempotence": True, "acks": "all"}
    producer.send("t", 2, [1, 2], answers.append)
    producer.send("t", 2, ["x"])
    assert broker.asked == [
        ("produce", "t", encode(1, 12), None, 2), ("produce", "t", encode(2, 12), None, 2), ("poll", 0),
        ("produce", "t", encode("x", 12), None, 2), ("poll", 0),
    ]  # fmt: skip
    broker.answer(0, 7)
    assert answers == []
    broker.answer(2, 9)
    broker.answer(1, 8)
    assert answers == ["ok"]
    producer.send("t", 2, ["y"])
    column_12, column_78 = '"iAQAAAAIAAAA="', '"iBwAAAAgAAAA="'
    assert lines(tmp_path)[1:] == [
        f'{{"index":0,"time":1000,"process":"w.1","type":"invoke",{SENT}{column_12}}}}}',
        f'{{"index":1,"time":1001,"process":"w.2","type":"invoke",{SENT}["x"]}}}}',
        f'{{"index":2,"time":1002,"process":"w.2","type":"ok",{SENT}["x"],"offset":"iCQAAAA=="}}}}',
        f'{{"index":3,"time":1003,"process":"w.1","type":"ok",{SENT}{column_12},"offset":{column_78}}}}}',
        f'{{"index":4,"time":1004,"process":"w.1","type":"invoke",{SENT}["y"]}}}}',
    ]


def ended(folder: Path) -> list[tuple[str, str, Any, str]]:
    found = [json.loads(line) for line in lines(folder)[1:]]
    return [
        (each["process"], each["type"], each["value"].get("offset"), each.get("error", ""))
        for each in found
        if each["type"] != "invoke"
    ]


def test_an_operation_fails_only_when_none_of_its_records_left(tmp_path: Path) -> None:
    producer, broker = made(tmp_path)
    answers: list[str] = []
    for first, second in ((TOO_LARGE, UNKNOWN_PARTITION), (UNKNOWN_TOPIC, TIMED_OUT), (TOO_LARGE, None)):
        producer.send("t", 0, ["a", "b"], answers.append)
        broker.answer(-2, error=first)
        broker.answer(-1, 5, error=second)
    assert answers == ["fail", "info", "info"]
    assert ended(tmp_path) == [
        ("w.1", "fail", [None, None], str(TOO_LARGE)), ("w.1", "info", [None, None], str(UNKNOWN_TOPIC)),
        ("w.2", "info", [None, 5], str(TOO_LARGE)),
    ]  # fmt: skip
    producer.send("t", 0, ["c"])
    assert json.loads(lines(tmp_path)[-1])["process"] == "w.3"


def test_answers_in_another_order_find_their_records_and_unknown_ones_have_none(tmp_path: Path) -> None:
    producer, broker = made(tmp_path, **{"enable.idempotence": False})
    assert not producer.in_order
    producer.send("t", 0, [10, 11, 12, 13])
    for at, offset in ((3, 5), (0, 6)):
        broker.answer(at, offset)
    broker.answer(1, error=TIMED_OUT)
    broker.answer(2, 7)
    producer.send("t", 0, [14, 15])
    broker.answer(5, 8)
    broker.answer(4, 9)
    packed_98 = "iCQAAAAgAAAA="
    assert ended(tmp_path) == [("w.1", "info", [6, None, 7, 5], str(TIMED_OUT)), ("w.2", "ok", packed_98, "")]


def test_a_full_queue_is_waited_for_and_a_refused_record_answered(tmp_path: Path) -> None:
    producer, broker = made(tmp_path)
    broker.raises = [BufferError(), BufferError(), KafkaException(TOO_LARGE)]
    answers: list[str] = []
    producer.send("t", 0, [1], answers.append)
    asked = ("produce", "t", encode(1), None, 0)
    assert broker.asked == [asked, ("poll", 0.1), asked, ("poll", 0.1), asked, ("poll", 0)]
    assert answers == ["fail"]
    assert ended(tmp_path) == [("w.1", "fail", [None], str(TOO_LARGE))]
    with pytest.raises(ValueError, match="an operation sends at least one value"):
        producer.send("t", 0, [])


def test_polling_flushing_and_leaving_reach_the_client(tmp_path: Path) -> None:
    producer, broker = made(tmp_path)
    producer.poll()
    producer.poll(2.0)
    assert (producer.flush(), producer.flush(1.0)) == (3, 3)
    with producer as entered:
        assert entered is producer
    assert broker.asked == [("poll", 0.0), ("poll", 2.0), ("flush", 30.0), ("flush", 1.0), ("flush", 30.0)]
    with pytest.raises(ValueError, match="closed file"):  # not its number, which may be another file's by now
        producer.history.event("w", "invoke", "poll", None)


@pytest.mark.parametrize(
    ("conf", "in_order"),
    [
        ({}, False), ({"max.in.flight": 2}, False), ({"max.in.flight": "1"}, True),
        ({"max.in.flight": 1, "max.in.flight.requests.per.connection": 5}, False),
        ({"max.in.flight.requests.per.connection": 1}, True), ({"enable.idempotence": "TRUE"}, True),
        ({"enable.idempotence": "false"}, False), ({"transactional.id": ""}, True),
    ],
)  # fmt: skip
def test_answers_come_in_order(conf: dict[str, Any], in_order: bool) -> None:
    assert answers_in_order(conf) is in_order
