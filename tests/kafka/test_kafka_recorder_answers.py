"""What a recorded client writes of the answers it got: each record's own, and before the client acts on them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, Message

from fixtures.kafka.payload import encode
from fixtures.kafka.recorded_consumer import Polled, RecordedConsumer
from fixtures.kafka.recorder import HistoryFile, RecordedProducer, answers_in_order
from reports.checkers.kafka.check.files import check_files
from reports.checkers.kafka.formats.events import unpack
from tests.kafka.test_kafka_recorder import quiet

IDEMPOTENT = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0, "enable.idempotence": True}


class Broker:
    """Keeps what is produced until the test answers it."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Any]] = []

    def produce(self, _: str, payload: bytes, key: None, partition: int, landed: Any) -> None:
        self.sent.append((payload, landed))

    def poll(self, _: float) -> None: ...

    def flush(self, _: float) -> int:
        return 0

    def answer(self, at: int, offset: int | None = None, error: KafkaError | None = None) -> None:
        payload, landed = self.sent[at]
        landed(error, Message(value=payload, offset=-1001 if offset is None else offset))


def recorded(folder: Path, **conf: Any) -> tuple[RecordedProducer, Broker]:
    producer = RecordedProducer(IDEMPOTENT | conf, HistoryFile(folder, "w", run="r"), size=30)
    broker = Broker()
    producer._producer = broker  # type: ignore[assignment]
    return producer, broker


def lines(folder: Path, name: str = "w") -> list[dict[str, Any]]:
    text = (folder / f"history-{name}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()[1:]]


def test_answers_in_another_order_find_their_records(tmp_path: Path) -> None:
    producer, broker = recorded(tmp_path, **{"enable.idempotence": False})
    producer.send("t", 0, [10, 11, 12])
    for at, offset in ((2, 5), (0, 6), (1, 7)):  # the first two were sent again, behind the third
        broker.answer(at, offset)
    assert unpack(lines(tmp_path)[1]["value"], "send") == [("t/0", [6, 7, 5], [10, 11, 12])]


@pytest.mark.parametrize(
    ("conf", "in_order"),
    [
        ({}, False), ({"enable.idempotence": False}, False), ({"enable.idempotence": "true"}, True),
        ({"enable.idempotence": True}, True), ({"transactional.id": "t"}, True), ({"max.in.flight": 1}, True),
        ({"max.in.flight.requests.per.connection": "1"}, True), ({"max.in.flight": 5}, False),
    ],
)  # fmt: skip
def test_answers_come_in_order_only_where_librdkafka_says_so(conf: dict[str, Any], in_order: bool) -> None:
    assert answers_in_order(conf) is in_order


def test_one_error_leaves_the_others_their_offsets(tmp_path: Path) -> None:
    producer, broker = recorded(tmp_path)
    producer.send("t", 0, [10, 11, 12])
    broker.answer(0, 4)
    broker.answer(2, 5)
    assert len(lines(tmp_path)) == 1, "no answer before all are known"
    broker.answer(1, error=KafkaError(KafkaError._MSG_TIMED_OUT))
    answer = lines(tmp_path)[1]
    assert (answer["type"], answer["value"]["offset"]) == ("info", [4, None, 5])
    assert "timed out" in answer["error"].lower()
    producer.send("t", 0, [13])
    assert [line["process"] for line in lines(tmp_path)] == ["w.1", "w.1", "w.2"], "a new name after an info"


def test_an_answer_without_an_offset_is_acknowledged_all_the_same(tmp_path: Path) -> None:
    producer, broker = recorded(tmp_path)
    producer.send("t", 0, ["ten", "eleven"])
    broker.answer(0)  # acks=0, or a duplicate of what the broker had already
    broker.answer(1, 9)
    answer = lines(tmp_path)[1]
    assert answer["type"] == "ok"
    assert answer["value"] == {"topic": "t", "partition": 0, "value": ["ten", "eleven"], "offset": [None, 9]}


def test_what_the_client_itself_refused_never_left(brokers: str, tmp_path: Path) -> None:
    answers: list[str] = []
    conf = quiet(brokers, **{"message.max.bytes": "1000"})
    with RecordedProducer(conf, HistoryFile(tmp_path, "w", run="r"), size=2000) as producer:
        producer.send("t", 0, [1, 2], answers.append)
        producer.send("t", 0, [3], answers.append)
        with pytest.raises(ValueError, match="at least one"):
            producer.send("t", 0, [])
    assert answers == ["fail", "fail"]
    assert {line["process"] for line in lines(tmp_path)} == {"w.1"}


def test_what_a_killed_client_acted_upon_is_in_its_history(brokers: str, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from fixtures.kafka.recorder import HistoryFile, RecordedProducer\n"
        "def act(outcome):\n    os.write(1, outcome.encode())\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "history = HistoryFile(Path(sys.argv[1]), 'w', run='r')\n"
        "producer = RecordedProducer({'bootstrap.servers': sys.argv[2], 'enable.idempotence': True}, history)\n"
        "producer.send('killed', 0, range(50), act)\nproducer.flush()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), brokers], check=False, capture_output=True)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"ok")
    file = tmp_path / "history-w.jsonl"
    assert check_files([file]).counts["acknowledged"] == 50
    file.write_bytes(file.read_bytes()[:-30])  # had it died within the last write
    torn = check_files([file])
    assert torn.counts["acknowledged"] == 0
    assert any("torn last line" in note for note in torn.notes)


PLAIN = Polled("t", 0, [4, 5], [7, 8])


@pytest.mark.parametrize(
    ("polled", "in_columns", "spelt"),
    [
        (PLAIN, True, {"t/0": [[4, 7], [5, 8]]}),
        (Polled("t", [2, 1], [4, 5], [7, 8]), True, {"t/2": [[4, 7]], "t/1": [[5, 8]]}),
        (Polled("t", [2, 300], [4, 5], [7, 8]), False, {"t/2": [[4, 7]], "t/300": [[5, 8]]}),
        (Polled("t", 300, [4], [7]), True, {"t/300": [[4, 7]]}),
        (Polled(["t", "u"], 0, [4, 5], [7, 8]), False, {"t/0": [[4, 7]], "u/0": [[5, 8]]}),
        (Polled("t", 0, [4, 5], [[7, 1, 2], 8]), False, {"t/0": [[4, 7, 1, 2], [5, 8]]}),
        (Polled("t", 0, [4], ["word"]), False, {"t/0": [[4, "word"]]}),
        (Polled("t", [], [], []), False, {}),
    ],
)
def test_polls_are_columns_where_they_are_plain(
    polled: Polled, in_columns: bool, spelt: dict[str, list[list[Any]]]
) -> None:
    written = json.loads(polled.as_json())
    assert (type(written) is dict) == in_columns
    assert polled.spelt() == spelt
    if in_columns:
        told = unpack(written, "poll")
        assert {k: [[at, v] for at, v in zip(*c, strict=True)] for k, *c in told} == spelt
    else:
        assert written == [["poll", spelt]]
    ends = {(key.split("/")[0], int(key.split("/")[1])): records[-1][0] + 1 for key, records in spelt.items()}
    assert polled.ends() == ends


class Messages:
    """A consumer that has these."""

    def __init__(self, *messages: Message) -> None:
        self.messages = list(messages)

    def consume(self, *_: object) -> list[Message]:
        return self.messages

    def close(self) -> None: ...


def test_a_poll_keeps_errors_and_records_apart(tmp_path: Path) -> None:
    conf = {"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "log_level": 0}
    with RecordedConsumer(conf, HistoryFile(tmp_path, "w", run="r")) as consumer:
        consumer.consumer.close()
        consumer._topics = {"t"}
        bad = Message(topic="t", partition=0, error=KafkaError(KafkaError._TRANSPORT))
        good = [Message(topic="t", partition=0, offset=at, value=encode(at)) for at in (3, 4)]
        for some, came in (([good[0], bad, good[1]], 2), ([bad], 0), (good, 2), ([], 0)):
            consumer.consumer = Messages(*some)  # type: ignore[assignment]
            assert consumer.poll() == came
        changed = Message(topic="t", partition=0, offset=5, value=encode(5)[:-1] + b"6")
        consumer.consumer = Messages(changed, good[0])  # type: ignore[assignment]
        assert consumer.poll() == 2
        assert consumer.next == {("t", 0): 4}
    answers = lines(tmp_path)[1::2]
    assert [a["type"] for a in answers] == ["ok", "fail", "ok", "ok", "ok"]
    assert ["error" in a for a in answers] == [True, True, False, False, False]
    assert unpack(answers[0]["value"], "poll") == unpack(answers[2]["value"], "poll") == [("t/0", [3, 4], [3, 4])]
    (seen, plain) = answers[4]["value"][0][1]["t/0"]
    assert seen[:2] == [5, 6]
    assert seen[2] != seen[3]
    assert plain == [3, 3]
