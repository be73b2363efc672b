"""Killing pods: the whole of what is chosen, asked for, told as proof, and said while it is waited for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fake_world import BORN, Still, pod

from chaos import session
from chaos.fault import NothingToBreak, Target
from chaos.faults import nodes, pods
from chaos.faults.nodes import KillNode
from chaos.faults.pods import KillPod

STARTED = "2026-11-21T05:00:00.123456789Z"


class Containers:
    """Docker's containers by node, and what was asked of them, in order."""

    cluster = "crucible"

    def __init__(self, *ours: str) -> None:
        self.ours, self.did, self.running = set(ours), list[Any](), set[str]()
        self.found: dict[str, Any] = {name: inspected() for name in ours}

    def is_ours(self, name: str) -> bool:
        return name in self.ours

    is_worker = is_ours

    def worker(self, name: str) -> Any:
        if isinstance(self.found[name], Exception):
            raise self.found[name]
        return self.found[name]

    def running_inside(self, name: str) -> set[str]:
        return self.running

    def kill_inside(self, name: str, ids: list[str]) -> None:
        self.did.append(("kill inside", name, ids))

    def kill(self, name: str) -> None:
        self.did.append(("kill", name))

    def start(self, name: str) -> None:
        self.did.append(("start", name))


def inspected(*, running: bool = True, address: str = "10.0.0.9", six: str = "") -> dict[str, Any]:
    return {
        "State": {"Running": running, "ExitCode": 137, "FinishedAt": BORN, "StartedAt": STARTED, "Pid": 7},
        "NetworkSettings": {"Networks": {"kind": {"IPAddress": address, "GlobalIPv6Address": six}}},
    }


def world_with(containers: Containers, *, seed: int = 7) -> Still:
    world = Still(seed=seed)
    world.__dict__["containers"] = containers
    return world


def victim(name: str, *containers: str, node: str = "w1", peers: tuple[str, ...] = ()) -> Target:
    facts = {"node": node, "containers": list(containers), "peers": list(peers)}
    return Target("Pod", name, f"u-{name}", "acd", facts)


def test_a_pod_is_chosen_with_all_that_healing_and_proof_must_know() -> None:
    world = world_with(Containers())
    sets: dict[str, Any] = {
        "ownerReferences": [{"kind": "Other"}, {"kind": "StatefulSet", "name": "db", "controller": True}]
    }
    db = world.all["pods"][2:]
    for item in db:
        item["metadata"].update(sets)
    db[0]["status"]["containerStatuses"] += [{"containerID": "containerd://done", "state": {"terminated": {}}}]
    db[0]["status"]["initContainerStatuses"] = [{"containerID": "containerd://c-side", "state": {"running": {}}}]
    del db[1]["status"]["containerStatuses"]
    chosen = KillPod(world, "db", 2).targets()
    assert sorted((target.to_json() for target in chosen), key=lambda one: str(one["name"])) == [
        {"kind": "Pod", "name": "db-1", "uid": "u-db-1", "namespace": "acd",
         "facts": {"node": "w1", "containers": ["c-db-1", "c-side"], "peers": ["u-db-1", "u-db-2"]}},
        {"kind": "Pod", "name": "db-2", "uid": "u-db-2", "namespace": "acd",
         "facts": {"node": "w2", "containers": [], "peers": ["u-db-1", "u-db-2"]}},
    ]  # fmt: skip
    assert len(KillPod(world, "db").targets()) == 1
    with pytest.raises(NothingToBreak) as nothing:
        KillPod(world, "web", 3).targets()
    assert str(nothing.value) == (
        "expected at least 3 Ready pod(s) of role web (app=web in acd), found 2\n  next: crucible status"
    )


def test_victims_are_ordered_by_number_where_they_are_numbered_and_else_by_place_and_age(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, seen = world_with(Containers()), list[str]()

    def choose(candidates: list[Any], count: int, *, name: Any) -> list[Any]:
        seen.extend(name(candidate) for candidate in candidates)
        return candidates[:count]

    monkeypatch.setattr(world, "choose", choose)
    KillPod(world, "db").targets()
    KillPod(world, "web").targets()
    world.__dict__["containers"] = Containers("w1", "w2", "w3")
    KillNode(world).targets()
    assert seen == ["db-1", "db-2", f"w1 {BORN}", f"w2 {BORN}", "w1", "w2", "w3"]


def test_a_pod_is_killed_inside_its_node_unless_it_is_to_go_in_order_or_its_node_is_not_ours() -> None:
    containers = Containers("w1")
    world = world_with(containers)
    KillPod(world, "web").inject([victim("web-1", "c1", "c2"), victim("web-2", "c3", node="theirs")])
    KillPod(world, "web", grace_s=9).inject([victim("web-1", "c1")])
    assert containers.did == [("kill inside", "w1", ["c1", "c2"])]
    path = "/api/v1/namespaces/acd/pods"
    assert world.api.deleted == [
        (f"{path}/web-1", {"gracePeriodSeconds": 1, "preconditions": {"uid": "u-web-1"}}),
        (f"{path}/web-2", {"gracePeriodSeconds": 1, "preconditions": {"uid": "u-web-2"}}),
        (f"{path}/web-1", {"gracePeriodSeconds": 9, "preconditions": {"uid": "u-web-1"}}),
    ]


def test_the_proof_of_a_killed_pod_is_whole() -> None:
    containers = Containers("w1", "w2")
    fault = KillPod(world_with(containers), "web")
    gone = [victim("web-8", "c1", "c2"), victim("web-9", "c3", node="theirs"), victim("web-7", node="w2")]
    containers.running = {"c9"}
    assert fault.effect(gone) == {
        "api": "UID gone",
        "uids": ["u-web-8", "u-web-9", "u-web-7"],
        "runtime": {
            "web-8": "none of its 2 containers runs on w1",
            "web-9": "not asked: its node is no container of ours",
            "web-7": "none of its 0 containers runs on w2",
        },
    }
    containers.running = {"c9", "c2"}
    assert fault.effect(gone) is None
    assert fault.effect([gone[1], victim("web-1", node="theirs")]) is None
    assert (fault.effect_within_s, fault.healed_within_s, fault.undone(gone)) == (45.0, 180.0, True)


def test_the_proof_of_a_replaced_pod_is_whole_and_how_it_stands_is_said() -> None:
    world = world_with(Containers())
    fault = KillPod(world, "web")
    gone = [victim("web-9", peers=("u-web-1", "u-web-9")), victim("web-2")]
    assert fault.healed(gone) == {
        "ready": 2,
        "desired": 2,
        "new": [{"name": "web-2", "uid": "u-web-2", "created": BORN}],
        "service": "sends traffic to 2 pod(s)",
    }
    lonely = world.stack.roles["web"].model_copy(update={"service": None})
    world.stack = world.stack.model_copy(update={"roles": {"web": lonely}})
    healed = fault.healed(gone)
    assert healed is not None
    assert healed["service"] == "none"
    world.all["pods"][1] = pod("web-2", "w2", is_ready=False)
    world.all["pods"][1]["status"]["containerStatuses"] = []
    assert fault.healed(gone) is None
    assert fault.state(gone) == "1 of 2 victim(s) gone, web 1 of 2 Ready; web-2 on w2: not Ready"


def test_the_activities_break_and_heal_what_their_arguments_say(monkeypatch: pytest.MonkeyPatch) -> None:
    injected: list[Any] = []
    world = Still()
    engine = SimpleNamespace(inject=lambda fault: injected.append(fault) or SimpleNamespace(to_json=lambda: {"t": 1}))
    monkeypatch.setattr(session, "_current", SimpleNamespace(world=world, engine=engine))
    assert pods.kill("web") == pods.kill("db", 2, 5, {"c": 1}, {}) == nodes.kill() == {"t": 1}
    nodes.kill("web", ["db"], 2)
    assert injected == [
        KillPod(world, "web", 1, 0), KillPod(world, "db", 2, 5), KillNode(world, "", (), 1),
        KillNode(world, "web", ("db",), 2),
    ]  # fmt: skip
    healed: list[Any] = []
    monkeypatch.setattr(session, "heal", lambda kind, configuration: healed.append((kind, configuration)) or healed)
    assert pods.heal({"c": 1}) is nodes.heal({"d": 2}) is healed
    assert healed == [(KillPod, {"c": 1}), (KillNode, {"d": 2})]
