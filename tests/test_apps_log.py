"""The worker's and the Director's loops over a real log and a real Redis."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from apps_servers import KafkaBroker, kafka_broker, needs_redis, redis_server  # noqa: F401 - fixtures
from confluent_kafka import Consumer, TopicPartition
from redis import Redis

from fixtures.stack.services.answers import Unavailable
from fixtures.stack.services.applied_state import AppliedState, Fenced, Hold
from fixtures.stack.services.applying import Worker
from fixtures.stack.services.environment import Environment, read_environment
from fixtures.stack.services.exposition import Metrics
from fixtures.stack.services.following import Follower
from fixtures.stack.services.kafka_clients import consumer_settings
from fixtures.stack.services.log_producer import LogProducer
from fixtures.stack.services.manager import Manager
from fixtures.stack.services.record import Record, encode
from fixtures.stack.services.state import Entry, State
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
        }
        self.broker = broker
        broker.make_topic(self.variables["TOPIC"])
        self.count = 0

    def environment(self, **more: str) -> Environment:
        return read_environment({**self.variables, **more})

    def append(self, count: int, *, path: str = "p", ballast: str = "") -> None:
        """Put that many more records there."""
        for i in range(self.count, self.count + count):
            record = Record(-1, "merge", f"{path}/{i % 3}", {f"k{i % 2}": i}, None, f"id-{i}{ballast}", 1)
            self.broker.put(self.variables["TOPIC"], encode(record))
        self.broker.flush()
        self.count += count

    @property
    def ends(self) -> tuple[int, int]:
        """The first offset that is still there, and the next one to come."""
        consumer = Consumer(consumer_settings(self.environment(), "test", "ends"))
        found = consumer.get_watermark_offsets(TopicPartition(self.variables["TOPIC"], 0), timeout=10)
        consumer.close()
        return found

    def trim(self) -> int:
        """Put records there until the broker, which keeps 5 MB, has dropped the first ones; the first offset kept."""
        while self.ends[0] == 0:
            self.append(1000, ballast="x" * 1000)
        return self.ends[0]


@pytest.fixture
def log(kafka_broker: KafkaBroker, tmp_path: Path) -> Log:  # noqa: F811
    return Log(kafka_broker, tmp_path)


class Hands:
    """A worker whose partition is given by hand: the group's own pace (three seconds to join) does not matter here."""

    def __init__(self, environment: Environment, store: AppliedState) -> None:
        self.metrics = Metrics()
        self.worker = Worker(environment, store, self.metrics)
        self.assign()
        self.consumer = Consumer(consumer_settings(environment, "test", "test"))

    def assign(self) -> None:
        """What the group does when the worker has joined."""
        self.worker._assigned = TopicPartition(self.worker._environment.topic, 0)
        self.worker._fetching = False
        self.worker._holding.assigned()

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, *_: object) -> None:
        self.consumer.close()

    def work(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120  # of a busy machine
        while not until():
            assert time.monotonic() < deadline, self.worker.trouble
            self.worker._turn(self.consumer)


@pytest.fixture
def store(redis_server) -> Iterator[AppliedState]:  # noqa: F811
    store = AppliedState(redis_server.address)
    store.redis.flushall()
    yield store
    store.redis.close()


def snapshot(store: AppliedState) -> dict[bytes, bytes]:
    """What a Redis has now."""
    raw = Redis(port=store.redis.connection_pool.connection_kwargs["port"])
    return {key: raw.dump(key) for key in raw.scan_iter()}


def restore(store: AppliedState, kept: dict[bytes, bytes]) -> None:
    """A Redis that was restarted and has lost what came after a snapshot."""
    raw = Redis(port=store.redis.connection_pool.connection_kwargs["port"])
    with raw.pipeline(transaction=True) as step:
        step.flushall()
        for key, value in kept.items():
            step.restore(key, 0, value)
        step.execute()


def journaled(store: AppliedState) -> list[int]:
    return [json.loads(line)["offset"] for line in store.journal(0, 1000)]


@needs_redis
def test_a_successor_goes_on_where_a_worker_died_and_a_director_comes_to_the_same_state(log, store):
    log.append(12)
    with Hands(log.environment(BATCH="5"), store) as first:
        first.work(lambda: (first.worker.applied or 0) >= 4)  # and dies, without having told Kafka anything
    log.append(8)
    with Hands(log.environment(), store) as second:
        second.work(lambda: second.worker.applied == 19)
    assert journaled(store) == list(range(20))

    follower = Follower(log.environment(), Metrics())
    follower.start()
    wait_for(lambda: follower.ready, what="the Director has read the log", within_s=120, every_s=0.02)
    assert follower.dump()[1] == store.load(Hold())[1].dump(0)
    follower.stop()
    assert Follower(log.environment(), Metrics()).applied == 19  # from its disk


@needs_redis
def test_a_worker_that_comes_back_after_its_successor_took_over_writes_nothing(log, store):
    log.append(3)
    with Hands(log.environment(), store) as old, Hands(log.environment(), store) as new:
        old.work(lambda: old.worker.applied == 2)
        log.append(3)
        new.work(lambda: new.worker.applied == 5)
        with pytest.raises(Fenced, match="token 2 has taken over from 1"):
            old.work(lambda: False)
        assert journaled(store) == list(range(6))


@needs_redis
def test_a_redis_that_lost_everything_is_filled_again_without_a_hole(log, store):
    log.append(6)
    with Hands(log.environment(), store) as hands:
        hands.work(lambda: hands.worker.applied == 5)
        store.redis.flushall()
        log.append(1)
        with pytest.raises(Fenced, match="lost data"):
            hands.work(lambda: False)
        assert journaled(store) == []
        hands.assign()
        hands.work(lambda: hands.worker.applied == 6 and len(journaled(store)) == 7)
        assert journaled(store) == list(range(7))
        assert "si_replayed_total 6" in hands.metrics.text()
        assert "si_token 2" in hands.metrics.text()  # higher than before all the same


@needs_redis
def test_a_redis_that_lost_its_end_is_filled_again_without_a_hole(log, store):
    log.append(3)
    with Hands(log.environment(), store) as hands:
        hands.work(lambda: hands.worker.applied == 2)
        before = snapshot(store)
        log.append(3)
        hands.work(lambda: hands.worker.applied == 5)
        restore(store, before)
        hands.work(lambda: hands.worker.applied == 5 and len(journaled(store)) == 6)
        assert journaled(store) == list(range(6))
        assert "si_replayed_total 3" in hands.metrics.text()


@needs_redis
@pytest.mark.parametrize(
    ("do", "per_batch"), [("twice", "200"), ("swap", "200"), ("swap", "1")], ids=["twice", "swap", "swap-across"]
)
def test_a_switch_breaks_its_promise_and_loses_nothing(log, store, do, per_batch):
    log.append(40)
    rules = json.dumps([{"at": "record", "do": do, "share": 0.2}])
    with Hands(log.environment(SWITCHES=rules, BATCH=per_batch), store) as hands:
        hands.work(lambda: len(set(journaled(store))) >= (40 if do == "twice" else 39))
    found = journaled(store)
    if do == "twice":
        assert sorted(set(found)) == list(range(40))
        assert found == sorted(found)
        assert 40 < len(found) < 60
    else:
        assert len(set(found)) == len(found)
        assert found != sorted(found)
        assert all(abs(offset - place) <= 1 for place, offset in enumerate(found))


@needs_redis
def test_a_worker_may_pretend_to_have_applied(log, store):
    log.append(12)
    with Hands(log.environment(SWITCHES='[{"at": "record", "do": "pretend"}]'), store) as hands:
        hands.work(lambda: hands.worker.applied == 11)
    assert journaled(store) == list(range(12))
    assert store.load(Hold())[1].dump(0) == {}


@needs_redis
def test_a_worker_that_has_stopped_applies_no_more_and_sees_no_trouble(log, store):
    log.append(12)
    environment = log.environment(SWITCHES='[{"at": "record", "do": "stop", "after": 5}]', BATCH="5")
    with Hands(environment, store) as hands:
        hands.work(lambda: environment.switches.has_stopped)
        hands.worker._turn(hands.consumer)
        assert len(journaled(store)) in range(5, 10)
        assert hands.worker.trouble is None


@needs_redis
@pytest.mark.parametrize("value", [b'{"\\ud800":1}', b'{"a":1e400}', b"[]", b"\xff", b'{"op":["merge"]}'])
def test_no_record_stops_the_worker(log, store, value):
    """One request with half a surrogate pair once stopped Selection Input for ever."""
    start = b'{"v":1,"op":"merge","path":["p"],"id":"x","ttl_ms":0,"ts":1,"value":'
    log.broker.put(log.variables["TOPIC"], start + value + b"}")
    log.broker.put(log.variables["TOPIC"], value)
    log.broker.flush()
    log.append(3)
    with Hands(log.environment(), store) as hands:
        hands.work(lambda: hands.worker.applied == 4)
        assert "si_poison_total 2" in hands.metrics.text()
    assert journaled(store) == list(range(5))


def test_a_follower_that_failed_follows_again(log, monkeypatch):
    """Its thread once ended with the first exception, and the Director stayed Ready with a state that froze."""
    real, failures = Follower._turn, iter([True, True])

    def turn(follower: Follower, consumer: Consumer) -> None:
        if next(failures, False):
            raise RuntimeError("trimmed while Kafka was away")
        real(follower, consumer)

    monkeypatch.setattr(Follower, "_turn", turn)
    log.append(3)
    follower = Follower(log.environment(), metrics := Metrics())
    follower.start()
    wait_for(lambda: follower.applied == 2, what="the Director follows again", within_s=120, every_s=0.02)
    assert "director_begins_anew_total 2" in metrics.text()
    assert follower.alive
    follower.stop()


@needs_redis
def test_a_worker_that_begins_with_nothing_goes_on_where_a_trimmed_log_begins(log, store):
    """Nobody brings back what the log has dropped: a worker that waited for it, Redis lost, would wait for ever."""
    log.append(3)
    first = log.trim()
    with Hands(log.environment(), store) as hands:
        hands.work(lambda: hands.worker.applied == log.count - 1)
        assert hands.worker.trouble is None
        assert "si_hole_total 1" in hands.metrics.text()
        assert f"si_missed_total {first}" in hands.metrics.text()
    found = [json.loads(line)["offset"] for line in store.journal(0, log.count)]
    assert found == list(range(first, log.count))  # that they are missing is to be seen


@needs_redis
def test_a_worker_that_slept_too_long_goes_on_after_the_hole_with_the_state_it_had(log, store):
    log.append(3)
    with Hands(log.environment(), store) as before:
        before.work(lambda: before.worker.applied == 2)
    first = log.trim()
    with Hands(log.environment(), store) as hands:
        hands.work(lambda: hands.worker.applied == log.count - 1)
        assert f"si_missed_total {first - 3}" in hands.metrics.text()
    assert [json.loads(line)["offset"] for line in store.journal(0, 5)] == [0, 1, 2, first, first + 1]


@needs_redis
def test_a_log_that_ends_before_what_was_applied_is_another_log_and_nothing_is_touched(log, store):
    log.append(3)
    store.redis.set("si:applied", 7)
    with Hands(log.environment(), store) as hands:
        hands.work(lambda: "another log" in (hands.worker.trouble or ""))
        assert store.applied() == 7


@needs_redis
def test_a_director_without_a_state_gets_what_a_trimmed_log_has_dropped_from_the_manager(log, store):
    log.append(12, path="long-ago")
    with Hands(log.environment(), store) as hands:
        hands.work(lambda: hands.worker.applied == 11)
        first = log.trim()
        hands.work(lambda: hands.worker.applied == log.count - 1)
    address = str(store.redis.connection_pool.connection_kwargs["port"])
    environment = log.environment(REDIS_MASTER=f"127.0.0.1:{address}", REDIS_REPLICAS=f"127.0.0.1:{address}")

    async def story() -> None:
        manager = Manager(environment)
        async with TestServer(manager.application()) as server:
            url = str(server.make_url("/api/v1/selection_input_state"))
            follower = Follower(log.environment(STATE_URL=url), metrics := Metrics())
            follower.start()
            await asyncio.to_thread(
                wait_for, lambda: "director_hole_open 0" in metrics.text() and follower.applied == log.count - 1,
                what="the hole is filled", within_s=120, every_s=0.05,
            )  # fmt: skip
            assert "director_hole_total 1" in metrics.text()
            assert follower.dump()[1] == store.load(Hold())[1].dump(0)
            assert follower.keys("long-ago/0")[1] == {"k0": 6, "k1": 9}
            follower.stop()
        await manager.redis.close()

    assert first > 12
    asyncio.run(story())


def test_a_new_director_gets_the_state_that_the_log_no_longer_has(log, monkeypatch):
    whole = (1, State({"cdn/hosts": {"a": Entry("http://a")}}))
    offers = iter([None, (-1, State()), whole])
    monkeypatch.setattr("fixtures.stack.services.snapshot.fetch", lambda _url: next(offers))
    monkeypatch.setattr("fixtures.stack.services.following.FETCH_EVERY_S", 0.05)
    log.append(3)
    follower = Follower(log.environment(STATE_URL="http://127.0.0.1:9/"), Metrics())
    follower._hole_until = 1  # what a trimmed log leaves: offsets 0 and 1 are gone
    follower.applied = 1
    follower.start()
    wait_for(lambda: follower._loaded, what="the hole is filled", within_s=120, every_s=0.02)
    assert follower.keys("cdn/hosts")[1] == {"a": "http://a"}
    assert follower.dump()[1]["p/2"] == {"k0": 2}
    follower.stop()


def test_a_topic_of_more_than_one_partition_is_no_log(log):
    async def story() -> str:
        producer = LogProducer(log.environment())
        deadline = time.monotonic() + 120
        while "no broker answers" in (said := str(await producer.check())):
            assert time.monotonic() < deadline  # a busy broker
        return said

    assert "needs exactly 1" in asyncio.run(story())


def test_the_offset_of_a_confirmed_write_is_where_it_stands(log):
    log.append(3)

    async def story() -> list[int]:
        producer = LogProducer(log.environment())
        producer.start()
        offsets = [await producer.append("a", b"{}", 1) for _ in range(3)]
        producer.close()
        return [*offsets, producer.last_offset]

    assert asyncio.run(story()) == [3, 4, 5, 5]


@pytest.mark.parametrize(("acks", "answered"), [(1, [3]), (0, ["Kafka confirmed the record without an offset"])])
def test_a_producer_switched_to_fewer_acks_writes_all_the_same(log, acks, answered):
    log.append(3)

    async def story() -> list[object]:
        rules = json.dumps([{"at": "producer", "do": "acks", "acks": acks}])
        producer = LogProducer(log.environment(SWITCHES=rules))
        producer.start()
        try:
            return [await producer.append("a", b"{}", 1)]
        except Unavailable as error:
            return [str(error)]
        finally:
            producer.close()

    assert asyncio.run(story()) == answered
    wait_for(lambda: log.ends[1] == 4, what="the record is in the log", within_s=120, every_s=0.05)


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


def test_a_record_confirmed_without_an_offset_is_unknown_and_no_failure_of_the_service(log):
    """librdkafka says None when a leader died and the record was sent again; the Manager once answered 500."""

    class Producer:
        def produce(self, *_: object, on_delivery: Callable[..., None], **__: object) -> None:
            on_delivery(None, Message())

    class Message:
        def offset(self) -> None:
            return None

    async def story() -> str:
        producer = LogProducer(log.environment())
        producer._producer = Producer()  # type: ignore[assignment]
        with pytest.raises(Unavailable) as refused:
            await producer.append("p", b"{}", 1)
        return refused.value.more["outcome"]

    assert asyncio.run(story()) == "unknown"
