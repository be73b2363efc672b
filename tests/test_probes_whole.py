"""Probes and waits: what each asks of the stack, for how long, what it answers, and what the timeline is told."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed
from fake_world import Still, node, pod

from chaos import session
from chaos.probes import gateway, kafka, stack
from chaos.waits import kafka as kafka_wait
from chaos.waits import pods as pods_wait
from fixtures.ledger import Entry
from fixtures.wait import Waited, WaitTimeout

BOOTSTRAP = "127.0.0.1:19092,127.0.0.1:19093,127.0.0.1:19094"


class Here:
    """The session of a probe: a world that stands still, and what is told and asked."""

    def __init__(self) -> None:
        self.world, self.told, self.kept = Still(), list[Any](), dict[str, Any]()
        self.timeline = SimpleNamespace(event=lambda *words, **data: self.told.append((*words, data)))
        self.entries: list[Entry] = []
        self.engine = SimpleNamespace(mine=lambda: self.entries)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        return self.kept.setdefault(name, make())


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    made: Any = Here()
    monkeypatch.setattr(session, "_current", made)
    return made  # type: ignore[no-any-return]


class Wait:
    """`wait_for` that looks so often and keeps what it was asked for."""

    def __init__(self, looks: int = 1) -> None:
        self.looks, self.asked, self.answers, self.said = looks, dict[str, Any](), list[Any](), list[Any]()

    def __call__(self, condition: Callable[[], Any], *, describe: Callable[[], Any], **how: Any) -> Any:
        self.asked = how
        for _ in range(self.looks):
            self.answers.append(condition())
            self.said.append(describe())
            if self.answers[-1]:
                return Waited(self.answers[-1], 0.5, 1.5)
        raise WaitTimeout("waited", last=None)


@pytest.mark.parametrize("given", [{}, {"within_s": 7.0, "status": 302, "attempt_s": 2.5}])
@pytest.mark.parametrize("ok", [True, False])
def test_the_gateway_is_asked_until_it_answers_as_promised(
    here: Here, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], ok: bool
) -> None:
    promised, asked = str(given.get("status", 200)), list[Any]()
    answers = [f"E{n}" for n in range(6)] + [promised if ok else "503"]
    monkeypatch.setattr(gateway, "ask", lambda *words: asked.append(words) or answers[len(asked) - 1])
    wait = Wait(7)
    monkeypatch.setattr(gateway, "wait_for", wait)
    assert gateway.answers("/live", **given) is ok
    assert asked == [("127.0.0.1:18080", "/live", given.get("attempt_s", 1.0))] * 7
    assert wait.asked == {"what": f"/live to answer {promised}", "within_s": given.get("within_s", 5.0)}
    assert (wait.answers, wait.said) == ([False] * 6 + [ok], answers)
    assert here.told == [
        ("probe", "probe.result", "gateway /live", {"ok": ok, "measured": {"tries": 7, "answers": answers[-5:]}})
    ]


def test_one_question_is_one_connection_that_is_closed_whatever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Connection:
        """A connection that answers, or fails as it is told."""

        fails: Exception | None = None

        def __init__(self, address: str, timeout: float) -> None:
            asked.append((address, timeout))

        def request(self, *words: Any, **how: Any) -> None:
            asked.append((*words, how))

        def getresponse(self) -> Any:
            if self.fails is not None:
                raise self.fails
            return SimpleNamespace(status=204)

        def close(self) -> None:
            asked.append("closed")

    monkeypatch.setattr(http.client, "HTTPConnection", Connection)
    assert gateway.ask("h:1", "/x", 1.5) == "204"
    assert asked == [("h:1", 1.5), ("GET", "/x", {"headers": {"Connection": "close"}}), "closed"]
    for error, said in ((TimeoutError(), "TimeoutError"), (http.client.BadStatusLine("x"), "BadStatusLine")):
        monkeypatch.setattr(Connection, "fails", error)
        assert gateway.ask("h:1", "/x", 1.5) == said
        assert asked[-1] == "closed"
    monkeypatch.setattr(Connection, "fails", ValueError())
    with pytest.raises(ValueError, match=r"^$"):
        gateway.ask("h:1", "/x", 1.5)
    assert asked[-1] == "closed"


@pytest.mark.parametrize("given", [{}, {"within_s": 3.0}])
@pytest.mark.parametrize("ok", [True, False])
def test_kafka_is_written_to_until_all_is_well_and_what_was_acknowledged_is_told(
    here: Here, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], ok: bool
) -> None:
    written = [({0: 1, 1: 1}, {2: "LATE", 1: "GONE"}), ({0: 2}, {}), ({1: 2}, {}), ({2: 3}, {})]
    states: list[Any] = [None, ["a/0", "b/0", "c/0", "d/0"], [] if ok else ["a/0"]]
    values: list[bytes] = []
    tries = iter(written)

    def write_each(value: bytes) -> Any:
        values.append(value)
        acknowledged, refused = next(tries)
        return SimpleNamespace(acknowledged=acknowledged, refused=refused)

    made: list[Any] = []
    writer = SimpleNamespace(topic="crucible-x", write_each=write_each)
    monkeypatch.setattr(kafka, "Writer", lambda *words: made.append(words) or writer)
    monkeypatch.setattr(kafka.own_topic, "make", lambda mine: SimpleNamespace(name=f"crucible-{mine is here}"))
    monkeypatch.setattr(kafka, "unwritable", lambda bootstrap: {BOOTSTRAP: states}[bootstrap].pop(0))
    monkeypatch.setattr(kafka.time, "time_ns", lambda: 77)
    wait = Wait(4)
    monkeypatch.setattr(kafka, "wait_for", wait)
    assert kafka.is_writable(**given) is ok
    said = ["refused 1: GONE, 2: LATE", "no broker answers", "not a/0, b/0, c/0 (4 in all)",
            "all" if ok else "not a/0 (1 in all)"]  # fmt: skip
    assert (wait.answers, wait.said) == ([False] * 3 + [ok], said)
    assert wait.asked == {"what": "each partition to take a write", "within_s": given.get("within_s", 10.0)}
    assert (made, values) == ([(BOOTSTRAP, "crucible-True", 3)], [b"77"] * 4)
    assert here.kept == {"kafka writer": writer}
    measured = {"tries": 4, "answers": said[1:], "topic": "crucible-x", "acknowledged": {0: 2, 1: 2, 2: 3}}
    assert here.told == [("probe", "probe.result", "kafka", {"ok": ok, "measured": measured})]


def test_a_role_is_ready_by_its_pods_that_get_traffic(here: Here) -> None:
    here.world.all["pods"] += [pod("web-3", "w3"), pod("web-4", "w3", is_ready=False)]
    here.world.lagging = {"u-web-3"}
    assert stack.ready_count("web") == 2
    assert [stack.role_is_ready("web", at_least) for at_least in (1, 2, 3)] == [True, True, False]
    here.world.lagging = {"u-web-1", "u-web-2", "u-web-3"}
    assert (stack.ready_count("web"), stack.role_is_ready("web")) == (0, False)
    here.world.all["pods"] = [pod("db-1", "w1")]
    assert stack.role_is_ready("db") is True
    with pytest.raises(ActivityFailed) as failed:
        stack.role_is_ready("web")
    assert str(failed.value) == "LookupError: role web (app=web in acd) has no pod at all"


def test_enough_nodes_are_ready_ones(here: Here) -> None:
    here.world.all["nodes"][1] = node("w2", is_ready=False)
    assert [stack.enough_nodes(at_least) for at_least in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize("given", [{}, {"within_s": 3.0}])
def test_a_method_waits_until_all_replicas_have_been_in_sync_for_a_while(
    here: Here, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    states: list[Any] = [None, None, ["a/0"], ["a/0"], [], []]
    monkeypatch.setattr(kafka_wait, "lacking", lambda bootstrap: {BOOTSTRAP: states}[bootstrap].pop(0))
    wait = Wait(3)
    monkeypatch.setattr(kafka_wait, "wait_for", wait)
    assert kafka_wait.until_in_sync(**given) == "all replicas in sync"
    assert (wait.answers, wait.said) == ([False, False, True], ["no broker answers", "not a/0 (1 in all)", "all"])
    assert wait.asked == {
        "what": "each partition to have all replicas in sync", "within_s": given.get("within_s", 60.0),
        "every_s": 0.25, "hold_for_s": 3.0,
    }  # fmt: skip


def killed(kind: str, *names: str) -> Entry:
    return Entry(kind, {}, [{"kind": kind, "name": name, "uid": name} for name in names])


@pytest.mark.parametrize("given", [{}, {"within_s": 3.0}])
def test_a_method_waits_until_each_deployment_is_complete_without_the_killed_nodes(
    here: Here, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    wait = Wait(1)
    monkeypatch.setattr(pods_wait, "wait_for", wait)
    here.entries = [killed("Pod", "w3")]
    with pytest.raises(ActivityFailed, match=r"^expected a killed node that is kept down, found none$"):
        pods_wait.until_ready_elsewhere()
    here.entries = [killed("Pod", "w3"), killed("Node", "w2", "w1")]
    with pytest.raises(ActivityFailed, match="waited"):
        pods_wait.until_ready_elsewhere(**given)
    here.world.all["pods"] += [pod("web-3", "w3"), pod("web-4", "w3")]
    assert pods_wait.until_ready_elsewhere(**given) == {
        "without": ["w1", "w2"], "roles": ["web 4 of 2 Ready"], "latest_s": 1.5,
    }  # fmt: skip
    assert (wait.answers, wait.said) == ([False, True], ["web 2 of 2 Ready", "web 4 of 2 Ready"])
    assert wait.asked == {
        "what": "the pods of w1, w2 to be Ready elsewhere", "within_s": given.get("within_s", 180.0),
        "next_command": "crucible status",
    }  # fmt: skip
