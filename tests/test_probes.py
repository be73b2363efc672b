"""The probes of the hypotheses: what a client with a retry budget sees, and True only for the promised answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from chaos import session
from chaos.probes import gateway, kafka, own_topic
from fixtures.errors import HarnessError
from fixtures.kafka.topic import TOPIC


class Told:
    """A timeline that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []

    def event(self, source: str, kind: str, subject: str, **data: Any) -> float:
        self.events.append((kind, subject, data))
        return 0.0


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A session of an experiment without a cluster."""
    settings = SimpleNamespace(gateway_url="http://127.0.0.1:1", kafka_bootstrap="127.0.0.1:1")
    made = SimpleNamespace(
        world=SimpleNamespace(settings=settings), timeline=Told(), once=lambda what, make: make()
    )  # fmt: skip
    monkeypatch.setattr(session, "_current", made)
    return made


@pytest.fixture
def serve(here: Any) -> Iterator[Callable[..., list[str]]]:
    """A gateway that gives these answers, the last one for ever; the list is what it was asked."""
    servers: list[ThreadingHTTPServer] = []

    def start(*answers: int) -> list[str]:
        left, asked = list(answers), list[str]()

        class Gateway(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        here.world.settings.gateway_url = f"http://127.0.0.1:{server.server_port}"
        return asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_gateway_that_gives_the_promised_status_answers_and_it_is_told(
    serve: Callable[..., list[str]], here: Any
) -> None:
    asked = serve(302)
    assert gateway.answers("/live/x", within_s=5, status=302)
    assert asked == ["/live/x"]
    told = ("probe.result", "gateway /live/x", {"ok": True, "measured": {"tries": 1, "answers": ["302"]}})
    assert here.timeline.events == [told]


@pytest.mark.parametrize("status", [503, 404, 301])
def test_a_gateway_that_gives_another_status_until_the_budget_is_spent_does_not_answer(
    serve: Callable[..., list[str]], here: Any, status: int
) -> None:
    serve(status)
    assert gateway.answers("/", within_s=0.3, status=200) is False
    ((_, _, data),) = here.timeline.events
    assert data["ok"] is False
    assert data["measured"]["answers"][-1] == str(status)


def test_a_client_tries_again_within_its_budget(serve: Callable[..., list[str]], here: Any) -> None:
    serve(503, 503, 200)
    assert gateway.answers("/", within_s=20)
    assert here.timeline.events[0][2]["measured"] == {"tries": 3, "answers": ["503", "503", "200"]}


def test_nobody_at_the_gateways_port_is_no_answer(here: Any) -> None:
    assert gateway.answers("/", within_s=0.2) is False
    assert here.timeline.events[0][2]["measured"]["answers"][-1] == "ConnectionRefusedError"


class Written:
    """A writer whose partitions refuse until so many tries were made."""

    topic = "crucible-probe"

    def __init__(self, refusals: int) -> None:
        self.left = refusals

    def write_each(self, value: bytes) -> Any:
        self.left -= 1
        refused = {1: "NOT_ENOUGH_REPLICAS"} if self.left >= 0 else {}
        return SimpleNamespace(acknowledged={0: 7} | ({} if refused else {1: 3}), refused=refused)


@pytest.mark.parametrize(
    ("refusals", "lacking", "ok", "last"),
    [
        (0, [], True, "all"),
        (1, [], True, "all"),
        (10**9, [], False, "refused 1: NOT_ENOUGH_REPLICAS"),
        (0, ["selection_input/0"], False, "not selection_input/0 (1 in all)"),
        (0, None, False, "no broker answers"),
    ],
)
def test_kafka_is_writable_when_each_partition_takes_a_write_and_none_lacks_replicas(
    here: Any, monkeypatch: pytest.MonkeyPatch, refusals: int, lacking: list[str] | None, ok: bool, last: str
) -> None:
    monkeypatch.setattr(kafka, "_writer", lambda session: Written(refusals))
    monkeypatch.setattr(kafka, "unwritable", lambda bootstrap: lacking)
    assert kafka.is_writable(within_s=2.0 if ok else 0.3) is ok
    ((kind, subject, data),) = here.timeline.events
    assert (kind, subject, data["ok"]) == ("probe.result", "kafka", ok)
    assert data["measured"]["answers"][-1] == last
    assert data["measured"]["acknowledged"][0] == 7
    assert data["measured"]["topic"] == "crucible-probe"
    assert data["measured"]["tries"] > refusals or not ok


class Admin:
    """Kafka as far as topics go."""

    def __init__(self) -> None:
        self.made: list[Any] = []

    def create_topics(self, topics: list[Any]) -> dict[str, Any]:
        self.made += topics
        return {topic.topic: SimpleNamespace(result=lambda within_s: None) for topic in topics}


def test_our_own_topic_demands_of_a_write_what_the_stacks_topic_does(
    here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Admin()
    monkeypatch.setattr(own_topic, "admin", lambda bootstrap: client)
    monkeypatch.setattr(own_topic, "min_isr", lambda bootstrap, topics: dict.fromkeys(topics, 2))
    topic = own_topic.OwnTopic(here.world, "crucible-probe-x")
    topic.inject(topic.targets())
    (made,) = client.made
    assert made.topic == "crucible-probe-x"
    assert made.config == {"min.insync.replicas": "2"}
    assert (made.num_partitions, made.replication_factor) == (3, 3)


def test_no_topic_is_made_when_kafka_does_not_say_what_a_write_needs(
    here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Admin()
    monkeypatch.setattr(own_topic, "admin", lambda bootstrap: client)
    monkeypatch.setattr(own_topic, "min_isr", lambda bootstrap, topics: None)
    topic = own_topic.OwnTopic(here.world, "crucible-probe-x")
    with pytest.raises(HarnessError, match=f"does not say what {TOPIC} demands"):
        topic.inject(topic.targets())
    assert client.made == []


def test_our_own_topic_is_there_when_each_partition_has_a_leader(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    leaders = [1, 2, -1]

    def listed(timeout: float) -> Any:
        partitions = {number: SimpleNamespace(leader=leader) for number, leader in enumerate(leaders)}
        return SimpleNamespace(topics={"crucible-probe-x": SimpleNamespace(partitions=partitions)} if leaders else {})

    monkeypatch.setattr(own_topic, "admin", lambda bootstrap: SimpleNamespace(list_topics=listed))
    topic = own_topic.OwnTopic(here.world, "crucible-probe-x")
    assert topic.effect(topic.targets()) is None
    assert topic.healed(topic.targets()) is None
    leaders[2] = 0
    assert topic.effect(topic.targets()) == {"partitions": 3}
    assert topic.state(topic.targets()) == "3 partitions"
    leaders.clear()
    assert topic.effect(topic.targets()) is None
    assert topic.healed(topic.targets()) == {"gone": "crucible-probe-x"}
