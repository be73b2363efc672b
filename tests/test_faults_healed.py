"""When a killed node or pod counts as healed: each condition alone keeps the certificate back."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_world import Still, container, docker, node, pod

from chaos.fault import Target
from chaos.faults.nodes import KillNode
from chaos.faults.pods import KillPod

__all__ = ["docker"]
LATER = "2026-11-21T05:00:01Z"


@pytest.fixture
def back(docker: Path) -> tuple[Still, KillNode, Target]:
    """A world in which a killed node is back in every way."""
    world = Still()
    for name in ("w1", "w2", "w3"):
        container(docker, name)
    fault = KillNode(world, role_on_it="web")
    (victim,) = fault.targets()
    world.all["pods"] = [pod(f"{app}-{i}", f"w{i}", born=LATER) for app in ("web", "db") for i in (1, 2)]
    world.api.renewed = "2026-11-21T05:00:03.5Z"
    return world, fault, victim


def test_a_node_that_is_back_in_every_way_is_healed(back: tuple[Still, KillNode, Target]) -> None:
    _, fault, victim = back
    evidence = fault.healed([victim])
    assert evidence is not None
    assert evidence[victim.name]["address"] == "10.0.0.9"
    assert evidence[victim.name]["lease_renewed_after_start_s"] == pytest.approx(3.377, abs=0.001)
    assert evidence[victim.name]["kubernetes"]["status"] == "True"
    assert evidence["roles"] == ["web 2 of 2 Ready", "db 2 of 2 Ready"]
    assert fault.state([victim]) == "nodes Ready, roles complete"


def test_a_node_is_not_healed_while_a_role_lacks_a_pod(back: tuple[Still, KillNode, Target]) -> None:
    world, fault, victim = back
    world.all["pods"] = [p for p in world.all["pods"] if p["metadata"]["name"] != "db-2"]
    assert fault.healed([victim]) is None
    assert fault.state([victim]) == "db 1 of 2 Ready"


@pytest.mark.parametrize("there", [True, False])
def test_a_node_is_not_healed_while_it_is_not_ready_or_gone(back: tuple[Still, KillNode, Target], there: bool) -> None:
    world, fault, victim = back
    others = [node(name) for name in ("w1", "w2", "w3") if name != victim.name]
    world.all["nodes"] = others + ([node(victim.name, is_ready=False)] if there else [])
    assert fault.healed([victim]) is None
    assert fault.state([victim]) == f"{victim.name} not Ready"


def test_a_node_that_came_back_at_another_address_is_not_healed(back: tuple[Still, KillNode, Target]) -> None:
    _, fault, victim = back
    moved = Target(victim.kind, victim.name, victim.uid, facts={"address": "10.0.0.77"})
    assert fault.healed([moved]) is None
    assert f"{victim.name} came back at 10.0.0.9, not at 10.0.0.77: another container took that" in fault.state([moved])


def test_a_node_whose_kubelet_is_silent_is_not_healed_and_says_so(back: tuple[Still, KillNode, Target]) -> None:
    world, fault, victim = back
    world.api.renewed = "2026-11-21T05:00:00Z"
    assert fault.healed([victim]) is None
    assert "its kubelet was not heard since it started" in fault.state([victim])


def test_a_node_whose_container_does_not_run_is_not_healed_and_says_so(
    back: tuple[Still, KillNode, Target], docker: Path
) -> None:
    _, fault, victim = back
    container(docker, victim.name, running=False)
    assert fault.healed([victim]) is None
    assert f"{victim.name}: its container does not run" in fault.state([victim])


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_what_has_ended_on_a_node_does_not_keep_it_from_being_healed(
    back: tuple[Still, KillNode, Target], phase: str
) -> None:
    world, fault, victim = back
    done = pod("job-1", victim.name, is_ready=False)
    done["status"]["phase"] = phase
    world.all["pods"].append(done)
    assert fault.healed([victim]) is not None
    done["status"]["phase"] = "Running"
    assert fault.healed([victim]) is None, "one that still runs must have started since"


def test_a_pod_of_another_node_says_nothing_about_this_one(back: tuple[Still, KillNode, Target]) -> None:
    world, fault, victim = back
    other = next(name for name in ("w1", "w2", "w3") if name != victim.name)
    world.all["pods"].append(pod("job-1", other))
    assert fault.healed([victim]) is not None


def test_a_killed_pod_that_is_still_there_and_not_ready_is_not_healed_however_many_others_are() -> None:
    world = Still()
    fault = KillPod(world, "web")
    (victim,) = fault.targets()
    node_name = "w1" if victim.name == "web-1" else "w2"
    others = [p for p in world.all["pods"] if p["metadata"]["uid"] != victim.uid]
    world.all["pods"] = [*others, pod(victim.name, node_name, is_ready=False), pod("web-9", "w3")]
    assert fault.healed([victim]) is None
    world.all["pods"] = [*others, pod("web-9", "w3")]
    evidence = fault.healed([victim])
    assert evidence is not None
    assert evidence["new"] == [{"name": "web-9", "uid": "u-web-9", "created": "2026-11-21T04:00:00Z"}]
    assert (evidence["ready"], evidence["desired"]) == (2, 2)
    assert evidence["service"] == "sends traffic to 2 pod(s)"
    assert fault.state([victim]) == "1 of 1 victim(s) gone, web 2 of 2 Ready"
