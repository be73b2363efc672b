"""A topic of our own: on the ledger before it is made, made as the stack's own is, and gone at the end of a session."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import confluent_kafka
import pytest

from chaos.fault import Target
from chaos.probes import own_topic
from chaos.probes.own_topic import OwnTopic
from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger

NAME = "crucible-probe-run-toy-1"


def refusal(name: str) -> confluent_kafka.KafkaException:
    return confluent_kafka.KafkaException(SimpleNamespace(name=lambda: name, str=lambda: f"words of {name}"))


class Admin:
    """Kafka as far as topics go: what it is asked, and with what it refuses."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.topics: dict[str, Any] = {}
        self.refuses: Exception | None = None

    def create_topics(self, topics: list[Any]) -> Any:
        self.asked += [("create", t.topic, t.num_partitions, t.replication_factor, t.config) for t in topics]
        return {topic.topic: self for topic in topics}

    def delete_topics(self, names: list[str], operation_timeout: float) -> Any:
        self.asked.append(("delete", names, operation_timeout))
        return dict.fromkeys(names, self)

    def result(self, within_s: float) -> None:
        self.asked.append(within_s)
        if self.refuses is not None:
            raise self.refuses

    def list_topics(self, timeout: float) -> Any:
        assert timeout == 3
        return SimpleNamespace(topics=self.topics)

    def led(self, *leaders: int) -> None:
        partitions = {number: SimpleNamespace(leader=leader) for number, leader in enumerate(leaders)}
        self.topics = {NAME: SimpleNamespace(partitions=partitions)}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Admin:
    made = Admin()
    monkeypatch.setattr(own_topic, "admin", lambda bootstrap: {"k:1": made}[bootstrap])
    monkeypatch.setattr(own_topic, "min_isr", lambda bootstrap, topics: {bootstrap: dict.fromkeys(topics, 2)}["k:1"])
    return made


WORLD = SimpleNamespace(settings=SimpleNamespace(kafka_bootstrap="k:1"))
TOPIC = OwnTopic(WORLD, NAME)


def test_it_is_made_and_removed_by_one_request_each(client: Admin) -> None:
    (target,) = TOPIC.targets()
    assert target.to_json() == {"kind": "Topic", "name": NAME, "uid": NAME, "namespace": "", "facts": {}}
    TOPIC.inject([target])
    TOPIC.heal([target])
    assert client.asked == [("create", NAME, 3, 3, {"min.insync.replicas": "2"}), 20.0, ("delete", [NAME], 20.0), 20.0]
    assert (TOPIC.effect_within_s, TOPIC.healed_within_s) == (20.0, 20.0)


@pytest.mark.parametrize(("act", "fine"), [("inject", "TOPIC_ALREADY_EXISTS"), ("heal", "UNKNOWN_TOPIC_OR_PART")])
def test_what_is_done_already_is_no_error_and_any_other_refusal_is(client: Admin, act: str, fine: str) -> None:
    client.refuses = refusal(fine)
    getattr(TOPIC, act)([])
    client.refuses = refusal("POLICY_VIOLATION")
    with pytest.raises(HarnessError) as refused:
        getattr(TOPIC, act)([])
    assert str(refused.value) == "Kafka: words of POLICY_VIOLATION\n  next: crucible status"


def test_without_the_stack_s_own_demand_nothing_is_made(client: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(own_topic, "min_isr", lambda *words: asked.append(words))
    with pytest.raises(HarnessError) as refused:
        TOPIC.inject([])
    assert str(refused.value) == (
        f"Kafka does not say what {own_topic.TOPIC} demands of a write\n  next: crucible status"
    )
    assert (asked, client.asked) == ([("k:1", [own_topic.TOPIC])], [])


def test_it_is_there_with_a_leader_of_each_partition_and_gone_without_any(client: Admin) -> None:
    looks = []
    for leaders in ((0, 1, 2), (0, -1, 2), (0, 1), (0, 1, 2, 0)):
        client.led(*leaders)
        looks.append((TOPIC.effect([]), TOPIC.healed([]), TOPIC.undone([]), TOPIC.state([])))
    client.topics = {"other": None}
    looks.append((TOPIC.effect([]), TOPIC.healed([]), TOPIC.undone([]), TOPIC.state([])))
    assert looks == [
        ({"partitions": 3}, None, False, "3 partitions"), (None, None, False, "3 partitions"),
        (None, None, False, "2 partitions"), (None, None, False, "4 partitions"),
        (None, {"gone": NAME}, True, "0 partitions"),
    ]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path) -> Any:
    engine = SimpleNamespace(ledger=Ledger(tmp_path), run="run", experiment="toy-1")
    return SimpleNamespace(world=WORLD, engine=engine, keep=contextlib.ExitStack())


def test_it_is_on_the_ledger_from_before_it_is_made_until_it_is_gone(
    client: Admin, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[Any] = []
    ledger: Ledger = here.engine.ledger

    def wait_for(condition: Any, **how: Any) -> None:
        client.led(0, 1, 2)
        did.append((condition(), how, [entry.id for entry in ledger.open_entries()], list(client.asked)))

    monkeypatch.setattr(own_topic, "wait_for", wait_for)
    topic = own_topic.make(here)
    assert topic == OwnTopic(WORLD, NAME)
    made = [("create", NAME, 3, 3, {"min.insync.replicas": "2"}), 20.0]
    how = {"what": f"topic {NAME} to have leaders", "within_s": 20.0}
    assert did == [({"partitions": 3}, how, [NAME], made)]
    (entry,) = ledger.open_entries()
    args = {"name": NAME, "effect_within_s": 20.0, "healed_within_s": 20.0}
    assert entry.fault == {"module": "chaos.probes.own_topic", "type": "OwnTopic", "args": args}
    assert entry.targets == [Target("Topic", NAME, NAME).to_json()]
    assert (entry.run, entry.experiment) == ("run", "toy-1")
    replayed: list[Any] = []
    monkeypatch.setattr(own_topic, "replay", lambda *words: replayed.append(words))
    here.keep.close()
    assert replayed == [(ledger, entry, WORLD)]


def test_a_topic_that_stays_is_told_and_ends_no_session(
    here: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any) -> None:
        raise HarnessError("no broker answers")

    monkeypatch.setattr(own_topic, "replay", refuse)
    own_topic.remove(here, Entry(NAME, {}, []))
    assert [record.getMessage() for record in caplog.records] == [
        f"topic {NAME} stays on the ledger: no broker answers"
    ]
