"""Killed pods and nodes at the edges: what has no labels or containers, and one condition that alone is not met."""

from __future__ import annotations

from typing import Any

import pytest
from fake_world import node, pod
from test_pod_faults_whole import Containers, inspected, victim, world_with

from chaos.fault import Target
from chaos.faults.nodes import KillNode
from chaos.faults.pods import KillPod

W1 = Target("Node", "w1", "u-w1", facts={"address": "10.0.0.9"})


def test_a_killed_pod_must_be_ready_though_its_role_is_complete_without_it() -> None:
    world = world_with(Containers())
    world.all["pods"] += [pod("web-3", "w3", is_ready=False), pod("web-4", "w3")]
    fault = KillPod(world, "web")
    assert fault.healed([victim("web-3")]) is None
    assert fault.healed([victim("web-4")]) is not None


def test_each_node_s_runtime_is_asked_about_its_own_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    containers = Containers("w1", "w2")
    running = {"w1": {"c2"}, "w2": {"c1"}}
    monkeypatch.setattr(containers, "running_inside", running.__getitem__)
    fault = KillPod(world_with(containers), "web")
    assert fault.effect([victim("web-8", "c1", node="w1"), victim("web-9", "c2", node="w2")]) is not None
    assert fault.effect([victim("web-8", "c1", node="w1"), victim("web-9", "c1", node="w2")]) is None


def test_a_node_without_labels_is_a_worker_like_any_other() -> None:
    world = world_with(Containers("w1"))
    world.all["nodes"] = [node("w1")]
    del world.all["nodes"][0]["metadata"]["labels"]
    assert [target.name for target in KillNode(world).targets()] == ["w1"]


def test_all_addresses_of_a_container_are_told_when_the_old_one_is_not_among_them() -> None:
    containers = Containers("w1")
    containers.found["w1"] = inspected(address="10.0.0.4", six="fd00::4")
    world = world_with(containers)
    assert KillNode(world).state([W1]) == (
        "w1 came back at 10.0.0.4, fd00::4, not at 10.0.0.9: another container took that meanwhile"
    )


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_says_nothing_and_hides_no_other(phase: str) -> None:
    containers = Containers("w1")
    world = world_with(containers)
    ended, none = pod("job-1", "w1", is_ready=False), pod("new-1", "w1", is_ready=False)
    ended["status"].update(phase=phase, containerStatuses=[])
    del none["status"]["containerStatuses"]
    world.all["pods"] = [ended, none, pod("web-2", "w2"), pod("db-2", "w2"), pod("web-1", "w3"), pod("db-1", "w3")]
    fault: Any = KillNode(world)
    world.api.renewed = "2026-11-21T05:00:03Z"
    assert fault.state([W1]) == "new-1 on w1: not Ready"
    assert fault.healed([W1]) is not None
    world.all["pods"].append(pod("late-1", "w1"))
    assert fault.healed([W1]) is None
