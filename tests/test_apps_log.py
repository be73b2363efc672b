"""The worker's and the Director's loops over a real log and a real Redis."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apps_servers import KafkaBroker, kafka_broker, needs_redis, redis_server  # noqa: F401 - fixtures
from confluent_kafka import Consumer, TopicPartition

from fixtures.stack.services.answers import Unavailable
from fixtures.stack.services.applied_state import AppliedState
from fixtures.stack.services.applying import Worker
from fixtures.stack.services.environment import Environment, read_environment
from fixtures.stack.services.exposition import Metrics
from fixtures.stack.services.following import Follower
from fixtures.stack.services.kafka_clients import consumer_settings
from fixtures.stack.services.log_producer import LogProducer
from fixtures.stack.services.record import Record, encode
from fixtures.wait import wait_for

NUMBERS = itertools.count()


class Log:
    """A fresh topic, with a producer for it."""

    def __init__(self, broker: KafkaBroker, folder: Path) -> None:
        self.variables = {
            "KAFKA_BOOTSTRAP": broker.bootstrap,
            "TOPIC": f"log-{next(NUMBERS)}",
            "TOPIC_REPLICATION": "1",
            "STATE_DIR": str(folder),
            "PLANT_EVERY": "5",
        }
        self.broker = broker
        broker.make_topic(self.variables["TOPIC"])
        self.count = 0

    def environment(self, **more: str) -> Environment:
        return read_environment({**self.variables, **more})

    def append(self, count: int) -> None:
        """Put that many more records there."""
        for i in range(self.count, self.count + count):
            record = Record(-1, "merge", f"p/{i % 3}", {f"k{i % 2}": i}, None, f"id-{i}", 1)
            self.broker.put(self.variables["TOPIC"], encode(record))
        self.broker.flush()
        self.count += count


@pytest.fixture
def log(kafka_broker: KafkaBroker, tmp_path: Path) -> Log:  # noqa: F811
    return Log(kafka_broker, tmp_path)


class Hands:
    """A worker whose partition is given by hand: the group's own pace (three seconds to join) does not matter here."""

    def __init__(self, environment: Environment, store: AppliedState, generation: int) -> None:
        self.metrics = Metrics()
        self.worker = Worker(environment, store, self.metrics)
        self.worker._generation = generation
        self.worker._assigned = TopicPartition(environment.topic, 0)
        self.consumer = Consumer(consumer_settings(environment, "test", "test"))

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, *_: object) -> None:
        self.consumer.close()

    def work(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not until():
            assert time.monotonic() < deadline, self.worker.trouble
            self.worker._turn(self.consumer)


@pytest.fixture
def store(redis_server) -> Iterator[AppliedState]:  # noqa: F811
    store = AppliedState(redis_server.address)
    store.redis.flushall()
    yield store
    store.redis.close()


def journaled(store: AppliedState) -> list[int]:
    return [json.loads(line)["offset"] for line in store.journal(0, 1000)]


@needs_redis
def test_a_successor_goes_on_where_a_worker_died_and_a_director_comes_to_the_same_state(log, store):
    log.append(12)
    with Hands(log.environment(BATCH="5"), store, 1) as first:
        first.work(lambda: (first.worker.applied or 0) >= 4)  # and dies, without having told Kafka anything
    log.append(8)
    with Hands(log.environment(), store, 2) as second:
        second.work(lambda: second.worker.applied == 19)
    assert journaled(store) == list(range(20))

    follower = Follower(log.environment(), Metrics())
    follower.start()
    wait_for(lambda: follower.ready, what="the Director has read the log", within_s=10, every_s=0.02)
    assert follower.dump()[1] == store.load(generation=2)[1].dump(0)
    follower.stop()
    assert Follower(log.environment(), Metrics()).applied == 19  # from its disk


@needs_redis
def test_a_worker_that_comes_back_after_its_successor_took_over_writes_nothing(log, store):
    log.append(3)
    with Hands(log.environment(), store, 1) as old, Hands(log.environment(), store, 2) as new:
        old.work(lambda: old.worker.applied == 2)
        log.append(3)
        new.work(lambda: new.worker.applied == 5)
        old.work(lambda: "si_fenced_total 1" in old.metrics.text())
        assert journaled(store) == list(range(6))
        assert "has taken over" in (old.worker.trouble or "")


@needs_redis
def test_a_redis_that_lost_its_end_is_filled_again_without_a_hole(log, store):
    log.append(6)
    with Hands(log.environment(), store, 1) as hands:
        hands.work(lambda: hands.worker.applied == 5)
        store.redis.flushall()
        log.append(1)
        hands.work(lambda: hands.worker.applied == 6 and len(journaled(store)) == 7)
        assert journaled(store) == list(range(7))
        assert "si_replayed_total 6" in hands.metrics.text()


@needs_redis
@pytest.mark.parametrize(
    ("plant", "expected"),
    [
        ("dup-apply", [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 9, 10, 11]),
        ("reorder", [0, 1, 2, 4, 3, 5, 6, 7, 9, 8, 10, 11]),
    ],
)
def test_a_plant_breaks_its_promise_and_loses_nothing(log, store, plant, expected):
    log.append(12)
    with Hands(log.environment(PLANT=plant), store, 1) as hands:
        hands.work(lambda: hands.worker.applied == 11)
    assert journaled(store) == expected


def test_a_topic_of_more_than_one_partition_is_no_log(log):
    async def story() -> str | None:
        return await LogProducer(log.environment()).check()

    assert "needs exactly 1" in str(asyncio.run(story()))


def test_the_offset_of_a_confirmed_write_is_where_it_stands(log):
    log.append(3)

    async def story() -> list[int]:
        producer = LogProducer(log.environment())
        producer.start()
        offsets = [await producer.append("a", b"{}", 1) for _ in range(3)]
        producer.close()
        return [*offsets, producer.last_offset]

    assert asyncio.run(story()) == [3, 4, 5, 5]


def test_a_write_that_nobody_confirmed_is_no_success(log, monkeypatch):
    monkeypatch.setattr("fixtures.stack.services.log_producer.DELIVERY_MS", 300)

    async def story() -> None:
        producer = LogProducer(log.environment(TOPIC="not-there"))
        producer.start()
        with pytest.raises(Unavailable) as refused:
            await producer.append("a", b"{}", 1)
        assert refused.value.more == {"outcome": "unknown"}
        producer.close()

    asyncio.run(story())
