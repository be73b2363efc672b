"""What keeps a pod from being Ready is said in its own words: a wait that fails tells why, where nobody can look."""

from __future__ import annotations

from typing import Any

import pytest
from fake_world import Still, container, docker, node, pod
from urllib3.exceptions import HTTPError

from chaos.faults.nodes import KillNode
from chaos.faults.pods import KillPod
from fixtures.kubernetes.pods import trouble

__all__ = ["container", "docker", "node"]


def unready(**status: Any) -> dict[str, Any]:
    found = pod("kafka-2", "w1", is_ready=False)
    found["status"] |= status
    return found


def test_a_ready_pod_has_no_trouble() -> None:
    assert trouble(pod("kafka-2", "w1")) == ""


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            {"containerStatuses": [{"name": "kafka", "restartCount": 3, "state": {
                "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}}]},
            "kafka-2 on w1: kafka CrashLoopBackOff after 3 restarts (back-off 40s)",
        ),
        (
            {"containerStatuses": [{"name": "kafka", "restartCount": 0, "started": False, "state": {
                "running": {"startedAt": "2026-11-21T04:00:00Z"}}}]},
            "kafka-2 on w1: kafka runs since 2026-11-21T04:00:00Z, not yet started, not Ready",
        ),
        (
            {"containerStatuses": [{"name": "kafka", "restartCount": 0, "state": {"terminated": {"exitCode": 137}}}]},
            "kafka-2 on w1: kafka ended with 137",
        ),
        (
            {"containerStatuses": [], "initContainerStatuses": [{"name": "make", "state": {
                "waiting": {"reason": "CreateContainerError"}}}]},
            "kafka-2 on w1: make CreateContainerError (no word)",
        ),
        ({"containerStatuses": []}, "kafka-2 on w1: not Ready"),
    ],
)  # fmt: skip
def test_an_unready_pod_says_which_container_is_in_which_state(status: dict[str, Any], said: str) -> None:
    assert trouble(unready(**status)) == said


def test_a_pod_that_finds_no_node_says_why() -> None:
    found = unready(containerStatuses=[], conditions=[
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/4 nodes are available"}
    ])  # fmt: skip
    del found["spec"]["nodeName"]
    assert trouble(found) == "kafka-2: Unschedulable (0/4 nodes are available)"


def test_a_pod_on_its_way_out_says_so() -> None:
    assert trouble(pod("kafka-2", "w1", going=True)).startswith("kafka-2 on w1: on its way out")


def test_a_node_that_is_not_healed_names_what_on_it_is_not_ready_of_any_namespace(docker: Any) -> None:
    world = Still()
    for name in ("w1", "w2", "w3"):
        container(docker, name)
    fault = KillNode(world, role_on_it="web")
    (victim,) = fault.targets()
    network = pod("router-1", victim.name, is_ready=False)
    network["metadata"]["namespace"] = "kube-system"
    elsewhere = pod("router-2", "w3", is_ready=False)
    world.all["pods"] += [network, elsewhere]
    assert f"router-1 on {victim.name}: " in fault.state([victim])
    assert "router-2" not in fault.state([victim])


def test_a_pod_that_is_not_replaced_says_what_its_successor_waits_for() -> None:
    world = Still()
    fault = KillPod(world, "web")
    targets = fault.targets()
    world.all["pods"].append(pod("web-9", "w3", is_ready=False))
    assert "web-9 on w3: " in fault.state(targets)


def test_a_description_of_a_node_asks_docker_only_when_nothing_else_is_missing_and_ends_no_wait(
    docker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked at each look of a wait, twenty times a second."""
    world = Still()
    for name in ("w1", "w2", "w3"):
        container(docker, name)
    fault = KillNode(world, role_on_it="web")
    (victim,) = fault.targets()

    def away(_: Any) -> str:
        raise HTTPError("timed out")

    monkeypatch.setattr(KillNode, "_returned", lambda *_: away(victim))
    assert "whether it is back cannot be told: timed out" in fault.state([victim])
    world.all["nodes"] = [each for each in world.all["nodes"] if each["metadata"]["name"] != victim.name]
    assert "cannot be told" not in fault.state([victim])
