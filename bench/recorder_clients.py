"""The clients of `bench recorder`, bare and recorded, each run as a process of its own; prints what it measured.

A bare client does what a client does that wants to know what happened, in the ordinary way: the producer's delivery
callback looks at error, partition and offset, the consumer at each message's error, partition, offset and decoded
value. Payloads are the workload's business: both make them, and both decode them, with `fixtures.kafka.payload`. Both
produce in turns of `PER_SEND` values to one partition after the other, and poll up to `PER_POLL` records at a time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition

from fixtures.kafka.payload import decode, encode
from fixtures.kafka.recorded_consumer import RecordedConsumer
from fixtures.kafka.recorder import HistoryFile, RecordedProducer

PARTITIONS, SIZE = 3, 100
PER_SEND, PER_POLL = 500, 500
PRODUCER = {"acks": "all", "enable.idempotence": "true", "linger.ms": 5}
CONFIG = {"acks": "all", "idempotence": True, "transactions": False}

Sends = Callable[[int, list[int]], None]


def produce_bare(bootstrap: str, topic: str, values: list[int], _: Path, pace: Pace) -> dict[str, float]:
    """Produce with confluent-kafka alone."""
    producer = Producer({"bootstrap.servers": bootstrap} | PRODUCER)
    errors: list[Any] = []
    at: dict[int, int] = {}

    def landed(error: Any, message: Any) -> None:
        if error is not None:
            errors.append(error)
        else:
            at[message.partition()] = message.offset()

    def send(partition: int, some: list[int]) -> None:
        produce = producer.produce
        for value in some:
            payload = encode(value, SIZE)
            while True:
                try:
                    produce(topic, payload, None, partition, landed)
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.poll(0)

    found = _produced(send, producer.flush, values, pace)
    if errors:
        raise KafkaException(errors[0])
    return found


def produce_recorded(bootstrap: str, topic: str, values: list[int], folder: Path, pace: Pace) -> dict[str, float]:
    """The same, as operations of a history."""
    outcomes: list[str] = []
    history = HistoryFile(folder, "writer", run="bench", config=CONFIG)
    with RecordedProducer({"bootstrap.servers": bootstrap} | PRODUCER, history, size=SIZE) as producer:
        found = _produced(
            lambda partition, some: producer.send(topic, partition, some, outcomes.append), producer.flush, values, pace
        )
    if set(outcomes) != {"ok"}:
        raise RuntimeError(f"sends ended as {sorted(set(outcomes))}")
    return found


def _produced(send: Sends, flush: Callable[[], int], values: list[int], pace: Pace) -> dict[str, float]:
    for partition in range(PARTITIONS):  # connects, and gets the producer's id
        send(partition, values[partition : partition + 1])
    flush()
    rest = values[PARTITIONS:]
    clock = Clock()
    for turn, first in enumerate(range(0, len(rest), PER_SEND)):
        pace.wait(first)
        send(turn % PARTITIONS, rest[first : first + PER_SEND])
    left = flush()
    if left:
        raise RuntimeError(f"{left} records have no answer")
    return clock.found(len(rest))


def consume_bare(bootstrap: str, topic: str, values: list[int], _: Path, pace: Pace) -> dict[str, float]:
    """Read from the beginning with confluent-kafka alone."""
    consumer = Consumer(_reader(bootstrap) | {"enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(PARTITIONS)])
    at: dict[int, int] = {}

    def poll() -> int:
        messages: list[Any] = consumer.consume(PER_POLL, 1.0)
        for message in messages:
            if message.error() is not None:
                raise KafkaException(message.error())
            seen = decode(message.value())
            if len(seen) > 1:
                raise RuntimeError(f"offset {message.offset()} is corrupt: {seen}")
            at[message.partition()] = message.offset()
        return len(messages)

    found = _consumed(poll, len(values), pace)
    consumer.close()
    return found


def consume_recorded(bootstrap: str, topic: str, values: list[int], folder: Path, pace: Pace) -> dict[str, float]:
    """The same, as operations of a history."""
    history = HistoryFile(folder, "reader", run="bench", config=CONFIG)
    with RecordedConsumer(_reader(bootstrap), history) as consumer:
        consumer.assign([(topic, partition) for partition in range(PARTITIONS)], from_beginning=True)
        return _consumed(lambda: consumer.poll(PER_POLL, 1.0), len(values), pace)


def _reader(bootstrap: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": bootstrap, "group.id": "crucible-bench-recorder", "isolation.level": "read_committed",
        "fetch.queue.backoff.ms": 10,  # a second by default: a client that meets it once seems a third slower
    }  # fmt: skip


def _consumed(poll: Callable[[], int], wanted: int, pace: Pace) -> dict[str, float]:
    deadline = time.monotonic() + pace.idle_s
    while not poll():  # connects
        if time.monotonic() > deadline:
            raise RuntimeError("nothing to read")
    got = 0
    clock = Clock()
    while got < wanted:
        pace.wait(got)
        came = poll()
        got += came
        if came:
            deadline = time.monotonic() + pace.idle_s
        elif time.monotonic() > deadline:
            raise RuntimeError(f"only {got} of {wanted} records came")
    return clock.found(got)


class Pace:
    """Waits until a record is due at a planned rate, never without one; and says how long nothing may come."""

    def __init__(self, per_s: float, idle_s: float) -> None:
        self._per_s, self.idle_s = per_s, idle_s
        self._begun: float | None = None

    def wait(self, record: int) -> None:
        """Return when the record with this number is due."""
        if not self._per_s:
            return
        self._begun = self._begun or time.monotonic()
        late = time.monotonic() - self._begun - record / self._per_s
        if late < 0:
            time.sleep(-late)


class Clock:
    """Wall time, and processor time of this process with librdkafka's threads."""

    def __init__(self) -> None:
        self._wall, self._cpu, self._own = time.perf_counter(), time.process_time(), time.thread_time()

    def found(self, records: int) -> dict[str, float]:
        """What passed since, for so many records."""
        wall, cpu, own = time.perf_counter(), time.process_time(), time.thread_time()
        return {
            "per_s": records / (wall - self._wall),
            "cpu_us": (cpu - self._cpu) / records * 1e6,
            "own_us": (own - self._own) / records * 1e6,
        }


CLIENTS = {
    ("produce", "bare"): produce_bare, ("produce", "recorded"): produce_recorded,
    ("consume", "bare"): consume_bare, ("consume", "recorded"): consume_recorded,
}  # fmt: skip


def main(what: str, kind: str, bootstrap: str, topic: str, first: str, count: str, folder: str, *pace: str) -> None:
    """Run one client and print what it measured as JSON."""
    values = list(range(int(first), int(first) + int(count)))
    found = CLIENTS[what, kind](bootstrap, topic, values, Path(folder), Pace(*map(float, pace)))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
