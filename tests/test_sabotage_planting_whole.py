"""Planting a sabotage: its targets, what is done for each in order, and its whole evidence of effect and healing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fake_world import Still

from chaos.fault import NothingToBreak, Target
from chaos.sabotages import objects, planted
from chaos.sabotages.planted import Planted
from chaos.sabotages.sabotage import Sabotage
from chaos.sabotages.steps import Change
from fixtures.kubernetes.api import ApiError

BOOTSTRAP = "127.0.0.1:19092,127.0.0.1:19093,127.0.0.1:19094"
BEFORE = {"metadata": {"uid": "u-web"}}
ROLLED = Change("Deployment", "web", "acd", BEFORE, {"after": 1}, {"p": 1}, "t", "web")
MADE = Change("ConfigMap", "sabotage-toy", "acd", after={"made": 1})
TOPIC = Target("Topic", "log", "log", facts={"before": {"a": None}, "after": {"a": "1"}})
TARGETS = [
    Target("Deployment", "web", "u-web", "acd", ROLLED.to_json()),
    Target("ConfigMap", "sabotage-toy", "not there before", "acd", MADE.to_json()),
    TOPIC,
]


def entry(**changes: Any) -> Sabotage:
    return Sabotage.model_validate({
        "id": "toy", "family": "gateway", "why": "because a user would miss it",
        "plant": [{"delete": {"kind": "Service", "name": "s"}}, {"topic": {"topic": "log", "settings": {"a": "1"}}}],
        "must_turn_red": ["conformance.roles-ready"], **changes,
    })  # fmt: skip


class Planting:
    """A world in which each thing that planting asks for is told, and answered as is said here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.did = Still(), list[Any]()
        self.topic: dict[str, Any] = {"a": "1"}
        self.lacking: Any = []
        self.left: list[str] = []
        self.is_rolled = self.stands = self.is_undone = True
        self.entry = entry()

        def told(name: str, answer: Any) -> Any:
            def tell(*words: Any, **how: Any) -> Any:
                assert self.world in words
                self.did.append((name, *(word for word in words if word is not self.world), *how.values()))
                return answer()

            return tell

        monkeypatch.setattr(planted, "find", lambda name: {"toy": self.entry}[name])
        monkeypatch.setattr(planted, "changes_of", told("changes", lambda: [ROLLED, MADE]))
        monkeypatch.setattr(planted, "topic_change", lambda *words: {"words": words})
        monkeypatch.setattr(planted, "Topics", lambda bootstrap: {BOOTSTRAP: self}[bootstrap])
        monkeypatch.setattr(planted, "lacking", lambda bootstrap: {BOOTSTRAP: self.lacking}[bootstrap])
        for name in ("make", "undo", "is_rolled", "stands", "is_undone"):
            monkeypatch.setattr(objects, name, told(name, lambda name=name: getattr(self, name, None)))
        monkeypatch.setattr(objects, "unsettled", lambda world: {id(self.world): list(self.left)}[id(world)])

    def settings(self, topic: str, names: list[str]) -> Any:
        self.did.append(("settings", topic, names))
        return self.topic

    def set(self, topic: str, settings: Any) -> None:
        self.did.append(("set", topic, settings))


@pytest.fixture
def planting(monkeypatch: pytest.MonkeyPatch) -> Planting:
    return Planting(monkeypatch)


def test_its_targets_hold_all_that_undoing_needs(planting: Planting) -> None:
    fault = Planted(planting.world, "toy")
    step = planting.entry.plant[1].topic
    assert [target.to_json() for target in fault.targets()] == [
        TARGETS[0].to_json(), TARGETS[1].to_json(), TOPIC.to_json() | {"facts": {"words": (step, BOOTSTRAP)}},
    ]  # fmt: skip
    assert planting.did == [("changes", planting.entry)]
    assert (fault.effect_within_s, fault.healed_within_s) == (150.0, 240.0)
    planting.world.settings = planting.world.settings.model_copy(update={"adopt_context": "kind-x"})
    with pytest.raises(NothingToBreak) as refused:
        fault.targets()
    assert str(refused.value) == ("sabotages are planted only on a cluster that Crucible made, never on an adopted one")


def test_what_is_planted_in_order_is_undone_in_reverse(planting: Planting) -> None:
    fault = Planted(planting.world, "toy")
    fault.inject(TARGETS)
    fault.heal(TARGETS)
    assert planting.did == [
        ("make", ROLLED), ("make", MADE), ("set", "log", {"a": "1"}),
        ("set", "log", {"a": None}), ("undo", MADE), ("undo", ROLLED),
    ]  # fmt: skip


@pytest.mark.parametrize(("live", "all_of_it"), [("rolled", True), ("started", False)])
def test_the_proof_of_its_effect_is_whole(planting: Planting, live: str, all_of_it: bool) -> None:
    planting.entry = entry(live=live)
    planting.lacking = None
    fault = Planted(planting.world, "toy")
    assert fault.effect(TARGETS) == {
        "changed": ["Deployment web", "ConfigMap sabotage-toy", "Topic log"],
        "rolled": {"web": "web 2 of 2 Ready"},
    }
    web = planting.world.stack.roles["web"]
    assert planting.did == [
        ("is_rolled", web, "toy", all_of_it), ("stands", ROLLED), ("stands", MADE), ("settings", "log", ["a"]),
    ]  # fmt: skip
    for name in ("is_rolled", "stands"):
        setattr(planting, name, False)
        assert fault.effect(TARGETS) is None
        setattr(planting, name, True)
    planting.topic = {"a": None}
    assert fault.effect(TARGETS) is None
    assert fault.effect([TOPIC, *TARGETS[:2]]) is None


def brokers(planting: Planting) -> Target:
    """A change of the brokers, in a stack that has some."""
    roles = planting.world.stack.roles
    planting.world.stack = planting.world.stack.model_copy(
        update={"roles": roles | {"kafka": roles["db"].model_copy(update={"name": "kafka"})}}
    )
    facts = {**ROLLED.to_json(), "role": "kafka"}
    return Target("StatefulSet", "db", "u-db", "acd", facts)


@pytest.mark.parametrize(("lacking", "ok"), [([], True), (["log/0"], False), (None, False)])
def test_brokers_that_were_rolled_have_all_their_replicas_again(planting: Planting, lacking: Any, ok: bool) -> None:
    kafka, fault = brokers(planting), Planted(planting.world, "toy")
    planting.lacking = lacking
    assert (fault.effect([kafka]) is not None) is ok
    assert fault.undone([kafka]) is ok
    assert fault.undone(TARGETS[1:2]) is True


def test_the_proof_of_its_healing_is_whole(planting: Planting) -> None:
    planting.topic = {"a": None}
    fault = Planted(planting.world, "toy")
    assert fault.healed(TARGETS) == {
        "as before": ["Deployment web", "ConfigMap sabotage-toy", "Topic log"],
        "roles": ["web 2 of 2 Ready", "db 2 of 2 Ready"],
    }
    assert planting.did == [("is_undone", ROLLED), ("is_undone", MADE), ("settings", "log", ["a"])]
    assert fault.undone(TARGETS) is True
    assert fault.state(TARGETS) == "every role is whole; as changed: Deployment web, ConfigMap sabotage-toy"
    planting.stands = False
    assert fault.state(TARGETS) == "every role is whole; as changed: no object"
    planting.left = ["web 1 of 2 Ready", "db has no StatefulSet"]
    planting.did.clear()
    assert (fault.healed(TARGETS), fault.undone(TARGETS), planting.did) == (None, False, [])
    assert fault.state(TARGETS) == "web 1 of 2 Ready; db has no StatefulSet"
    planting.left = []
    planting.is_undone = False
    assert fault._left(TARGETS) == ["Deployment web", "ConfigMap sabotage-toy"]
    planting.is_undone, planting.topic = True, {"a": "1"}
    assert fault._left(TARGETS) == ["topic log"]


def test_an_autoscaler_without_figures_keeps_it_from_being_healed(planting: Planting) -> None:
    world, path = planting.world, "/apis/autoscaling/v2/namespaces/acd/horizontalpodautoscalers/h"
    scaling: Any = SimpleNamespace(hpa="h")
    web = world.stack.roles["web"].model_copy(update={"scaling": scaling})
    world.stack = world.stack.model_copy(update={"roles": {"db": world.stack.roles["db"], "web": web}})
    answers: list[Any] = []

    def get(where: str) -> Any:
        assert where == path
        if answers[0] is None:
            raise ApiError("GET", where, 404, "not there")
        return answers[0]

    world.cluster = SimpleNamespace(get=get)  # type: ignore[assignment]
    fault = Planted(world, "toy")

    def left(*conditions: tuple[str, str]) -> list[str]:
        answers[:] = [{"status": {"conditions": [{"type": kind, "status": status} for kind, status in conditions]}}]
        return fault._left([])

    blind = ["autoscaler h"]
    assert left(("AbleToScale", "True"), ("ScalingActive", "True")) == []
    assert left(("AbleToScale", "True")) == left(("ScalingActive", "False")) == left() == blind
    for nothing in (None, {}, {"status": {"conditions": None}}):
        answers[:] = [nothing]
        assert fault._left([]) == blind
    planting.lacking = ["log/0"]
    assert fault._left([brokers(planting)]) == blind
    left(("ScalingActive", "True"))
    assert fault._left([brokers(planting)]) == ["kafka"]
