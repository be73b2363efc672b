"""What is asked of Kafka's brokers about topics, groups, partitions and settings: each client and answer, whole."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import confluent_kafka
import pytest
from confluent_kafka import KafkaError, KafkaException, admin

from fixtures.kafka import partitions, writer
from fixtures.kafka.listing import Listing, list_kafka
from fixtures.kafka.settings import settings_of
from fixtures.kafka.writer import Writer, Written

GONE = KafkaException(KafkaError(KafkaError._TRANSPORT))
TOPIC, BROKER = admin.ResourceType.TOPIC, admin.ResourceType.BROKER


class Later(Future[Any]):
    """An answer that keeps for how long it is waited for."""

    def __init__(self, asked: list[Any], answer: Any) -> None:
        super().__init__()
        self.asked = asked
        if isinstance(answer, Exception):
            self.set_exception(answer)
        else:
            self.set_result(answer)

    def result(self, timeout: float | None = None) -> Any:
        self.asked.append(("wait", timeout))
        return super().result(timeout)


class Brokers:
    """An admin client's other side."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.topics: Any = {}
        self.groups: Any = SimpleNamespace(errors=[], valid=[])
        self.configs: Any = {}

    def client(self, settings: dict[str, Any]) -> Brokers:
        self.asked.append(settings)
        return self

    def list_topics(self, timeout: float) -> Any:
        self.asked.append(("topics", timeout))
        if isinstance(self.topics, Exception):
            raise self.topics
        return SimpleNamespace(topics=self.topics)

    def list_consumer_groups(self, request_timeout: float) -> Any:
        self.asked.append(("groups", request_timeout))
        return Later(self.asked, self.groups)

    def describe_configs(self, resources: list[Any], request_timeout: float) -> Any:
        self.asked.append(("configs", [(one.restype, one.name) for one in resources], request_timeout))
        if isinstance(self.configs, Exception):
            raise self.configs
        return {one: Later(self.asked, self.configs[one.name]) for one in resources}


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Brokers:
    found = Brokers()
    monkeypatch.setattr(admin, "AdminClient", found.client)
    return found


def client(within_ms: int) -> dict[str, Any]:
    return {"bootstrap.servers": "b:1", "socket.timeout.ms": within_ms, "log_level": 0}


def partition(leader: int, replicas: int, in_sync: int) -> Any:
    return SimpleNamespace(leader=leader, replicas=list(range(replicas)), isrs=list(range(in_sync)))


def topics(**found: list[Any]) -> dict[str, Any]:
    return {name: SimpleNamespace(partitions=dict(enumerate(each))) for name, each in found.items()}


def test_what_kafka_holds_is_listed_whole(brokers: Brokers) -> None:
    brokers.topics = topics(
        writes=[partition(0, 2, 2), partition(0, 3, 1), partition(0, 1, 1)], empty=[], a=[partition(0, 3, 2)],
        __own=[partition(0, 3, 0)], _mine=[partition(0, 1, 1)],
    )  # fmt: skip
    groups = ["crucible-b", "worker", "crucible", "crucible-a", "my-crucible-x"]
    brokers.groups.valid = [SimpleNamespace(group_id=name) for name in groups]
    assert list_kafka("b:1") == Listing(
        {"writes": "3 partitions, 3 replicas", "a": "1 partitions, 3 replicas", "_mine": "1 partitions, 1 replicas"},
        {"crucible-b": "", "crucible-a": ""},
        ["__own/0: 0 of 3 replicas in sync", "a/0: 2 of 3 replicas in sync", "writes/1: 1 of 3 replicas in sync"],
    )
    assert brokers.asked == [client(3000), ("groups", 3.0), ("topics", 3.0), ("wait", 3.0)]
    brokers.asked.clear()
    list_kafka("b:1", within_s=0.5)
    assert brokers.asked == [client(500), ("groups", 0.5), ("topics", 0.5), ("wait", 0.5)]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (GONE, "_TRANSPORT"), (TimeoutError(), "TimeoutError"), (TimeoutError("5 s"), "5 s"),
        (KafkaException("odd"), "odd"), (KafkaException(), "KafkaException"),
    ],
)  # fmt: skip
def test_whatever_keeps_it_from_being_known_is_said(brokers: Brokers, error: Exception, said: str) -> None:
    unknown = Listing(trouble=f"does not say what it holds ({said})")
    brokers.topics = error
    assert list_kafka("b:1") == unknown
    brokers.topics, brokers.groups = {}, error
    assert list_kafka("b:1") == unknown
    brokers.groups = SimpleNamespace(errors=[error, GONE], valid=[])
    assert list_kafka("b:1") == Listing(trouble=f"does not list its groups ({said})")


@pytest.mark.parametrize(
    ("at_least", "found"),
    [
        (None, ["a/0", "a/1", "b/0"]), (0, ["a/0", "a/1", "b/0"]), (1, ["a/0", "a/1"]), (2, ["a/0", "a/1"]),
        (3, ["a/0", "a/1", "b/0"]), (9, ["a/0", "a/1", "b/0"]),
    ],
)  # fmt: skip
def test_partitions_lack_a_leader_or_replicas(brokers: Brokers, at_least: int | None, found: list[str]) -> None:
    brokers.topics = topics(
        b=[partition(0, 3, 2), partition(0, 1, 1)], a=[partition(-1, 3, 3), partition(2, 3, 0), partition(1, 3, 3)]
    )
    assert partitions.lacking("b:1", at_least) == found
    assert brokers.asked == [client(3000), ("topics", 3.0)]


def test_partitions_refuse_a_write_below_what_their_own_topic_demands(brokers: Brokers) -> None:
    brokers.topics = topics(b=[partition(0, 3, 1), partition(0, 3, 2)], a=[partition(0, 3, 1), partition(-1, 3, 3)])
    brokers.configs = {
        name: {"min.insync.replicas": SimpleNamespace(value=value)} for name, value in (("a", "1"), ("b", "2"))
    }
    assert partitions.unwritable("b:1") == ["a/1", "b/0"]
    configs = ("configs", [(TOPIC, "a"), (TOPIC, "b")], 3.0)
    assert brokers.asked == [client(3000), ("topics", 3.0), client(3000), configs, ("wait", 3.0), ("wait", 3.0)]
    assert partitions.min_isr("b:1", ["b"]) == {"b": 2}
    for error in (GONE, TimeoutError()):
        brokers.configs = {"a": error, "b": error}
        assert partitions.unwritable("b:1") is None
        assert partitions.min_isr("b:1", ["a"]) is None
        brokers.configs = error
        assert partitions.unwritable("b:1") is None


def test_brokers_that_are_away_and_those_without_a_partition_are_told_apart(brokers: Brokers) -> None:
    for ask in (partitions.lacking, partitions.unwritable):
        brokers.topics = GONE
        assert ask("b:1") is None
        brokers.topics = topics(empty=[])
        with pytest.raises(LookupError) as error:
            ask("b:1")
        assert str(error.value) == "the brokers at b:1 know no partition, so nothing can be said about writing"


def test_settings_are_those_that_hold_for_a_topic_or_a_broker(brokers: Brokers) -> None:
    values = {"x": "1", "secret": None, "empty": ""}
    found = {name: SimpleNamespace(value=value) for name, value in values.items()}
    brokers.configs = {"t": found, "2": {"y": SimpleNamespace(value="2")}, "0": {}}
    assert settings_of("b:1", topic="t") == {"x": "1", "empty": ""}
    assert settings_of("b:1", broker=2) == {"y": "2"}
    assert settings_of("b:1", broker=0) == {}
    asked = [
        [client(5000), ("configs", [what], 10.0), ("wait", 10.0)]
        for what in ((TOPIC, "t"), (BROKER, "2"), (BROKER, "0"))
    ]
    assert brokers.asked == [one for each in asked for one in each]


class Producer:
    """Answers at the flush: a refusal for odd values of `refuses`, nothing for `mute` partitions."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings, self.waiting, self.asked = settings, list[Any](), list[Any]()
        self.refuses, self.mute = set[int](), set[int]()

    def produce(self, topic: str, value: bytes, *, partition: int, on_delivery: Any) -> None:
        self.asked.append((topic, value, partition))
        self.waiting.append((partition, on_delivery))

    def flush(self, within_s: float) -> None:
        self.asked.append(("flush", within_s))
        for number, told in self.waiting:
            if number in self.refuses:
                told(SimpleNamespace(name=lambda: "_TIMED_OUT"), None)
            elif number not in self.mute:
                told(None, SimpleNamespace(offset=lambda number=number: 40 + number))
        self.waiting.clear()


def test_a_writer_writes_to_each_partition_and_begins_anew_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Producer] = []
    monkeypatch.setattr(confluent_kafka, "Producer", lambda settings: made.append(Producer(settings)) or made[-1])
    client = Writer("b:1", "t", 3)
    assert (client.topic, client.partitions) == ("t", 3)
    assert client.write_each(b"1") == Written({0: 40, 1: 41, 2: 42}, {})
    assert client.write_each(b"2") == Written({0: 40, 1: 41, 2: 42}, {})
    first = made[0]
    assert first.asked == [
        each for value in (b"1", b"2") for each in (*(("t", value, number) for number in range(3)), ("flush", 4.0))
    ]
    first.refuses, first.mute = {1}, {0}
    assert len(made) == 1
    assert client.write_each(b"3") == Written({2: 42}, {0: "no answer", 1: "_TIMED_OUT"})
    assert client.write_each(b"4") == Written({0: 40, 1: 41, 2: 42}, {})
    assert len(made) == 2
    assert first.settings == made[1].settings == {
        "bootstrap.servers": "b:1", "acks": "all", "linger.ms": 0, "delivery.timeout.ms": 3000,
        "request.timeout.ms": 2500, "socket.timeout.ms": 3000, "log_level": 0,
    }  # fmt: skip
    assert writer.producer("c:2").settings["bootstrap.servers"] == "c:2"
