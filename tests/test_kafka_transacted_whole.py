"""What a transactor writes and asks, compared whole: transactions that commit, abort, or end nobody knows how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from test_kafka_consumed_whole import Client, consumer, made, message, told

from fixtures.kafka.payload import encode
from fixtures.kafka.recorded_consumer import RecordedConsumer
from fixtures.kafka.transactor import Transactor

__all__ = ["made"]
MICROS: list[tuple[Any, ...]] = [("send", "u", 0, 7), ("poll",), ("send", "u", 1, 8)]
ASKED = [["send", "u/0", 7], ["poll"], ["send", "u/1", 8]]
ANSWER = [["send", "u/0", [50, 7]], ["poll", {"t/0": [[3, "a"]]}], ["send", "u/1", [None, 8]]]


def ready(folder: Path, made: list[Client], *, joins: bool = True) -> tuple[Transactor, RecordedConsumer, Any]:
    found, client = consumer(folder)
    found.subscribed, found._topics = ["t"] if joins else [], {"t"}
    found.next = {("t", 0): 3, ("v", 1): 9}
    client.answers = [[message("t", 0, 3, "a")]]
    return Transactor({"transactional.id": "x"}, found, within_s=4.0), found, client


DONE = [
    ("init", 4.0), ("begin",), ("produce", "u", 0, encode(7)), ("produce", "u", 1, encode(8)), ("flush", 4.0),
    ("offsets", [("t", 0, 4), ("v", 1, 9)], "group", 4.0), ("commit", 4.0),
]  # fmt: skip


def test_a_transaction_is_one_operation_that_commits_what_it_polled(tmp_path: Path, made: list[Client]) -> None:
    txn, found, client = ready(tmp_path, made)
    found.moved = {"t/1", "t/0"}
    assert txn.run(MICROS) == "ok"
    producer = made[1]
    assert (producer.settings, producer.asked) == ({"transactional.id": "x"}, DONE)
    assert client.asked == [("consume", 500, 0.2)]
    assert txn.run([("poll",)]) == "ok"
    assert producer.asked[7:] == [("begin",), ("flush", 4.0), *DONE[5:]]
    assert told(tmp_path) == [
        ["w", "invoke", "txn", ASKED, {}], ["w", "ok", "txn", ANSWER, {"rebalance": ["t/0", "t/1"]}],
        ["w", "invoke", "txn", [["poll"]], {}], ["w", "ok", "txn", [["poll", {}]], {}],
    ]  # fmt: skip


def test_one_of_no_group_commits_no_offsets(tmp_path: Path, made: list[Client]) -> None:
    txn, _, _ = ready(tmp_path, made, joins=False)
    assert txn.run(MICROS) == "ok"
    assert made[1].asked == [*DONE[:5], DONE[6]]
    assert Transactor({}, consumer(tmp_path / "y")[0])._within_s == 30.0


def error(**flags: bool) -> KafkaException:
    return KafkaException(KafkaError(KafkaError._STATE, "no", **flags))


@pytest.mark.parametrize(
    ("at", "raised", "outcome"),
    [
        ("init", error(), "fail"), ("commit", error(txn_requires_abort=True), "fail"), ("commit", error(), "info"),
        ("commit", error(txn_requires_abort=True, fatal=True), "info"), ("produce", BufferError("full"), "fail"),
    ],
)  # fmt: skip
def test_one_that_does_not_commit_is_aborted_or_unknown(
    tmp_path: Path, made: list[Client], monkeypatch: pytest.MonkeyPatch, at: str, raised: Exception, outcome: str
) -> None:
    txn, found, client = ready(tmp_path, made)
    monkeypatch.setattr(Client, "_note", _failing(at, raised))
    assert txn.run(MICROS) == outcome
    last = [each for each in told(tmp_path) if each[2] == "txn"][-1]
    assert (last[0], last[1], last[4]) == ("w", outcome, {"error": str(raised)})
    polled = at == "commit"
    aborts = outcome == "fail" and at != "init"
    assert (("abort", 4.0) in made[1].asked) is aborts
    assert [each for each in client.asked if each[0] == "seek"] == (
        [("seek", ("t", 0, 3))] if polled and aborts else []
    )
    assert found.next == {("t", 0): 4 if polled and not aborts else 3, ("v", 1): 9}
    assert found.process == ("w.1" if outcome == "info" else "w")
    assert (txn._producer is None) is (outcome == "info" or at == "init")


def _failing(at: str, raised: Exception) -> Any:
    def note(self: Client, what: str, *more: Any) -> None:
        self.asked.append((what, *more))
        if what == at:
            raise raised

    return note


def test_an_abort_that_fails_leaves_it_unknown(tmp_path: Path, made: list[Client]) -> None:
    txn, found, _ = ready(tmp_path, made)
    txn._ready()
    made[1].raises = {"commit": error(txn_requires_abort=True), "abort": error()}
    assert txn.run(MICROS) == "info"
    assert found.process == "w.1"
    assert txn._producer is None
