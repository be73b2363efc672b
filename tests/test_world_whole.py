"""The world that faults act on: what is watched once, which pods count, who is served, and who is chosen."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
from fake_world import STACK, Still, pod

from chaos import world as chaos_world
from chaos.world import World, choose, instant, uid
from fixtures.settings import Settings

WEB, DB = STACK.roles["web"], STACK.roles["db"]


class Informer:
    """Objects of a kind, with when it was opened and closed."""

    def __init__(self, did: list[Any], key: tuple[str, str | None]) -> None:
        self.did, self.key = did, key

    def __enter__(self) -> Informer:
        self.did.append(("opens", *self.key))
        return self

    def __exit__(self, *_: object) -> None:
        self.did.append(("closes", *self.key))

    def objects(self) -> list[Any]:
        return [self.key]


def test_each_kind_is_watched_once_and_no_longer_than_the_world_is_there() -> None:
    did: list[Any] = []
    with World(Settings(cluster="other"), STACK, seed=3, experiment="toy") as world:
        assert (world.seed, world.experiment, world.stack, world.cluster.settings) == (3, "toy", STACK, world.settings)
        world.cluster = SimpleNamespace(informer=lambda *key: Informer(did, key))  # type: ignore[assignment]
        looks = [("pods", None), ("pods", "acd"), ("nodes", None), ("pods", None), ("pods", "acd")]
        assert [world.objects(kind, space) for kind, space in looks] == [[look] for look in looks]
        assert world.objects("nodes") == [("nodes", None)]
        assert did == [("opens", "pods", None), ("opens", "pods", "acd"), ("opens", "nodes", None)]
    assert did[3:] == [("closes", "nodes", None), ("closes", "pods", "acd"), ("closes", "pods", None)]


def test_the_engine_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    monkeypatch.setattr(chaos_world, "find_engine", lambda: found.append("looked") or "engine")
    world = World(Settings(cluster="other"), STACK, seed=3, experiment="toy")
    assert world.containers is world.containers
    assert (world.containers.cluster, world.containers._engine, found) == ("other", "engine", ["looked"])


def names(pods: list[Any]) -> list[str]:
    return [item["metadata"]["name"] for item in pods]


def test_a_role_s_pods_are_those_that_its_workload_made() -> None:
    world = Still()
    strange = pod("web-x", "w1")
    strange["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "web", "controller": True}]
    world.all["pods"] += [strange, pod("web-3", "w3", going=True)]
    assert names(world.pods(WEB)) == ["web-1", "web-2", "web-3"]
    assert world.tally(WEB) == "web 2 of 2 Ready"


def test_how_many_are_asked_for_is_the_workload_s_word() -> None:
    world = Still()
    agent = WEB.model_copy(update={"kind": "DaemonSet", "workload": "agent", "name": "agents"})
    asked: list[Any] = []
    objects = {
        ("deployments", "acd"): [{"metadata": {"name": "other"}, "spec": {"replicas": 9}},
                                 {"metadata": {"name": "web"}, "spec": {"replicas": "4"}}],
        ("daemonsets", "acd"): [{"metadata": {"name": "agent"}, "spec": {"replicas": 9},
                                 "status": {"desiredNumberScheduled": "3"}}],
        ("statefulsets", "acd"): [],
    }  # fmt: skip

    def look(kind: str, namespace: str | None = None) -> list[Any]:
        asked.append((kind, namespace))
        return objects[kind, str(namespace)]

    world.objects = look  # type: ignore[method-assign]
    assert (world.desired(WEB), world.desired(agent)) == (4, 3)
    with pytest.raises(LookupError) as nothing:
        world.desired(DB)
    assert str(nothing.value) == "acd has no StatefulSet db (role db)"
    assert asked == [("deployments", "acd"), ("daemonsets", "acd"), ("statefulsets", "acd")]


def test_who_gets_traffic_is_the_service_s_word() -> None:
    world = Still()
    target = {"targetRef": {"uid": "u-web-1"}}
    slices: list[Any] = [
        {"metadata": {}, "endpoints": [{"conditions": {"ready": True}, "targetRef": {"uid": "no label"}}]},
        {"metadata": {"labels": {"kubernetes.io/service-name": "db"}},
         "endpoints": [{"conditions": {"ready": True}, "targetRef": {"uid": "another service"}}]},
        {"metadata": {"labels": {"kubernetes.io/service-name": "web"}}, "endpoints": None},
        {"metadata": {"labels": {"kubernetes.io/service-name": "web"}}, "endpoints": [
            {"conditions": {"ready": True}, **target}, {"conditions": {"ready": True}},
            {"conditions": {"ready": False}, "targetRef": {"uid": "u-web-2"}}, {"targetRef": {"uid": "silent"}},
        ]},
    ]  # fmt: skip
    pods = world.all["pods"]
    asked: list[Any] = []

    def look(kind: str, namespace: str | None = None) -> list[Any]:
        asked.append((kind, namespace))
        return {"endpointslices": slices, "pods": pods, "deployments": world.all["deployments"]}[kind]

    world.objects = look  # type: ignore[method-assign]
    assert world.serving(WEB) == {"u-web-1"}
    assert asked == [("endpointslices", "acd")]
    pods[1] = pod("web-2", "w2", is_ready=False)
    assert world.serving(WEB.model_copy(update={"service": None})) == {"u-web-1"}
    assert world.tally(WEB) == "web 1 of 2 Ready"


def test_a_role_is_complete_with_as_many_ready_and_served_as_asked_for() -> None:
    world = Still()
    assert names(world.complete(WEB)) == ["web-1", "web-2"]
    assert world.complete(WEB, without=lambda item: item["spec"]["nodeName"] == "w1") == []
    world.all["pods"].append(pod("web-3", "w3"))
    assert names(world.complete(WEB)) == ["web-1", "web-2", "web-3"]
    assert names(world.complete(WEB, without=lambda item: item["spec"]["nodeName"] == "w1")) == ["web-2", "web-3"]
    world.lagging = {"u-web-1", "u-web-3"}
    assert world.complete(WEB) == []
    world.all["pods"] = [pod("web-1", "w1", is_ready=False)]
    world.all["deployments"] = [{"metadata": {"name": "web"}, "spec": {"replicas": 0}}]
    assert world.complete(WEB) == []


def test_who_is_chosen_follows_from_seed_experiment_and_turn() -> None:
    given = ["d", "b", "a", "c"]
    world = Still(seed=81)
    turns = [world.choose(given, 2, name=str) for _ in range(2)]
    assert turns == [random.Random(f"81:e:{turn}").sample(["a", "b", "c", "d"], 2) for turn in (1, 2)]
    assert sorted(choose(given, 9, name=str, key="k")) == ["a", "b", "c", "d"]
    assert choose([3, 1, 2], 3, name=lambda number: str(-number), key="k") == random.Random("k").sample([1, 2, 3], 3)


def test_uids_and_instants() -> None:
    assert uid({"metadata": {"uid": 7}}) == "7"
    base = 1_795_237_200.0
    for text, after in (
        ("2026-11-21T05:00:00Z", 0.0), ("2026-11-21T05:00:00.5Z", 0.5), ("2026-11-21T05:00:00.000001999Z", 1e-6),
        ("2026-11-21T05:00:01+00:00", 1.0), ("2026-11-21T05:00:00.25+00:00", 0.25),
    ):  # fmt: skip
        assert instant(text) == pytest.approx(base + after, abs=1e-7), text
