"""The recorder, on librdkafka's own mock brokers: what real clients do ends as a history that the checker judges."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.errors import UsageError
from fixtures.kafka.payload import decode, encode
from fixtures.kafka.recorded_consumer import RecordedConsumer
from fixtures.kafka.recorder import HistoryFile, RecordedProducer
from fixtures.kafka.transactor import Transactor
from reports.checkers.kafka.check.files import check_files
from reports.verdict import Verdict

CONFIG = {"acks": "all", "idempotence": True, "transactions": False}


def quiet(brokers: str, **more: str) -> dict[str, str | int]:
    return {"bootstrap.servers": brokers, "log_level": 0} | more


def read_all(brokers: str, folder: Path, name: str, keys: list[tuple[str, int]], count: int) -> None:
    conf = quiet(brokers, **{"group.id": name, "isolation.level": "read_committed"})
    with RecordedConsumer(conf, HistoryFile(folder, name, run="r")) as consumer:
        consumer.assign(keys, from_beginning=True)
        got = empty = 0
        while got < count and empty < 20:
            came = consumer.poll(within_s=0.5)
            got, empty = got + came, 0 if came else empty + 1


def test_what_clients_do_can_be_judged(brokers: str, tmp_path: Path) -> None:
    answers: list[str] = []
    with RecordedProducer(
        quiet(brokers, **{"enable.idempotence": "true"}), HistoryFile(tmp_path, "writer", run="r", config=CONFIG)
    ) as producer:
        for first in range(0, 60, 10):
            producer.send("judged", first // 10 % 2, range(first, first + 10), answers.append)
    read_all(brokers, tmp_path, "reader", [("judged", 0), ("judged", 1)], 60)
    result = check_files(sorted(tmp_path.glob("history-*.jsonl")))
    assert answers == ["ok"] * 6
    assert (result.verdict, result.counts["acknowledged"], result.counts["polled"]) == (Verdict.PASS, 60, 60)
    assert result.guarantees.stated() == CONFIG


def test_a_record_dropped_behind_the_clients_back_is_found(brokers: str, tmp_path: Path) -> None:
    with RecordedProducer(quiet(brokers), HistoryFile(tmp_path, "writer", run="r")) as producer:
        producer.send("dropped", 0, range(3))
    conf = quiet(brokers, **{"group.id": "g"})

    def wrong_eye(payload: bytes | None) -> list[Any]:
        seen = decode(payload)
        return [99] if seen[0] == 1 else seen

    with RecordedConsumer(conf, HistoryFile(tmp_path, "reader", run="r"), value_of=wrong_eye) as reader:
        reader.assign([("dropped", 0)], from_beginning=True)
        while not reader.poll(within_s=0.5):
            pass
    result = check_files(sorted(tmp_path.glob("history-*.jsonl")))
    assert {"lost-write", "phantom", "inconsistent-offsets"} <= set(result.bad)


def test_transactions_are_one_operation_each(brokers: str, tmp_path: Path) -> None:
    history = HistoryFile(tmp_path, "txn", run="r", config={"transactions": True})
    with RecordedConsumer(quiet(brokers, **{"group.id": "t"}), history) as consumer:
        consumer.assign([("paid", 0)], from_beginning=True)
        transactor = Transactor(quiet(brokers, **{"transactional.id": "t-1"}), consumer, within_s=10)
        assert transactor.run([("send", "paid", 0, 1), ("send", "paid", 0, 2)]) == "ok"
        assert transactor.run([("poll",), ("send", "paid", 0, 3)]) == "ok"
    read_all(brokers, tmp_path, "reader", [("paid", 0)], 3)
    result = check_files(sorted(tmp_path.glob("history-*.jsonl")))
    assert result.counts["txns"] == 2
    assert result.verdict is Verdict.PASS, result.reason


def test_a_send_that_gets_no_answer_is_unknown(tmp_path: Path) -> None:
    answers: list[str] = []
    conf = quiet("127.0.0.1:1", **{"message.timeout.ms": "300"})
    with RecordedProducer(conf, HistoryFile(tmp_path, "writer", run="r")) as producer:
        producer.send("t", 0, [1], answers.append)
        producer.flush()
        producer.send("t", 0, [2], answers.append)
    result = check_files([tmp_path / "history-writer.jsonl"])
    assert answers == ["info", "info"]
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.counts["processes"] == 2


def test_a_killed_client_leaves_a_history_that_can_be_read(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom fixtures.kafka.recorder import HistoryFile\n"
        "h = HistoryFile(Path(sys.argv[1]), 'w', run='r')\nh.event('w', 'invoke', 'send', [['send', 't/0', 1]])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    result = check_files([tmp_path / "history-w.jsonl"])
    assert (result.counts["operations"], result.verdict) == (1, Verdict.INCONCLUSIVE)
    with pytest.raises(UsageError, match="exists already"):  # a second client never writes into the first one's file
        HistoryFile(tmp_path, "w", run="r")
    os.truncate(tmp_path / "history-w.jsonl", 60)
    with pytest.raises(Exception, match="no operations"):
        check_files([tmp_path / "history-w.jsonl"])


def test_a_payload_carries_its_checksum() -> None:
    payload = encode(17, size=40)
    assert len(payload) == 40
    assert decode(payload) == [17]
    assert decode(encode("order 7", size=40)) == ["order 7"]
    value, sent, arrived = decode(payload.replace(b"17", b"18"))
    assert value == 18
    assert sent != arrived
    for strange in (None, b"", b"not ours", b"0badf00d 5"):
        _, sent, arrived = decode(strange)
        assert sent != arrived
