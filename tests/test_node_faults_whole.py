"""Killing nodes: the whole of what is chosen, asked for, told as proof, and said while it is waited for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fake_world import BORN, Still, node, pod
from test_pod_faults_whole import STARTED, Containers, inspected, world_with

from chaos.fault import NothingToBreak, Target
from chaos.faults.nodes import KillNode
from fixtures.errors import HarnessError


def test_why_no_node_can_be_hit_is_said_of_each() -> None:
    world = world_with(Containers("w1"))
    world.all["nodes"] = [
        node("cp", **{"node-role.kubernetes.io/control-plane": ""}),
        node("spared", **{"crucible.dev/fault-target": "never"}),
        node("down", is_ready=False), node("w1"), node("w2"), node("w4"),
    ]  # fmt: skip
    world.all["pods"] = [pod("web-1", "w1"), pod("db-1", "w1"), pod("web-2", "w4"), pod("web-3", "w2", is_ready=False)]
    with pytest.raises(NothingToBreak) as nothing:
        KillNode(world, "web", ("web", "db")).targets()
    assert str(nothing.value) == (
        "expected at least 1 worker(s) to kill, found 0 (cp: control plane; down: not Ready; spared: labelled "
        "crucible.dev/fault-target=never; w1: carries db, web; w2: carries no Ready pod of web; w4: carries web)\n"
        "  next: crucible status"
    )
    with pytest.raises(NothingToBreak, match=r"at least 2 worker.* found 1 .*w4: no worker container of kind cluster"):
        KillNode(world, "web", count=2).targets()
    (one,) = KillNode(world, "web").targets()
    assert one.to_json() == {
        "kind": "Node", "name": "w1", "uid": "u-w1", "namespace": "", "facts": {"address": "10.0.0.9"},
    }  # fmt: skip
    world.all["nodes"] = []
    with pytest.raises(NothingToBreak, match=r"at least 1 worker\(s\) to kill, found 0 \(there are no nodes\)"):
        KillNode(world).targets()


W1 = Target("Node", "w1", "u-w1", facts={"address": "10.0.0.9"})
W2 = Target("Node", "w2", "u-w2", facts={"address": "fd00::9"})


def test_the_proof_of_killed_nodes_is_whole() -> None:
    containers = Containers("w1", "w2")
    world = world_with(containers)
    fault = KillNode(world)
    fault.inject([W1, W2])
    fault.heal([W2, W1])
    assert containers.did == [("kill", "w1"), ("kill", "w2"), ("start", "w2"), ("start", "w1")]
    world.all["nodes"] = [node("w2", is_ready=False), node("w3")]
    world.all["nodes"][0]["status"]["conditions"][0]["reason"] = "NodeStatusUnknown"
    containers.found["w1"] = inspected(running=False)
    assert fault.effect([W1, W2]) is None
    containers.found["w2"] = inspected(running=False)
    ended = {"Running": False, "ExitCode": 137, "FinishedAt": BORN}
    assert fault.effect([W1, W2]) == {
        "docker": {"w1": ended, "w2": ended},
        "kubernetes": {
            "w1": {"status": "node object gone"},
            "w2": {"status": "False", "reason": "NodeStatusUnknown", "lastTransitionTime": BORN},
        },
    }
    assert (fault.effect_within_s, fault.healed_within_s, fault.count) == (120.0, 240.0, 1)


@pytest.fixture
def back() -> tuple[Still, Containers, KillNode]:
    """Two nodes that are back in every way, one of them at an address of IPv6."""
    containers = Containers("w1", "w2")
    containers.found["w2"] = inspected(address="10.0.0.4", six="fd00::9")
    world = world_with(containers)
    born = "2026-11-21T05:00:00Z"
    world.all["pods"] = [pod(f"{app}-{i}", f"w{i}", born=born) for app in ("web", "db") for i in (1, 2)]
    world.api.renewed = "2026-11-21T05:00:00.5Z"
    return world, containers, KillNode(world)


def test_the_proof_of_returned_nodes_is_whole(back: tuple[Still, Containers, KillNode]) -> None:
    world, containers, fault = back
    world.all["pods"].append(pod("old-1", "w3"))
    leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    renewed = {f"{leases}/w1": "2026-11-21T05:00:00.5Z", f"{leases}/w2": "2026-11-21T05:00:00.5Z"}
    world.cluster = SimpleNamespace(get=lambda path: {"spec": {"renewTime": renewed[path]}})  # type: ignore[assignment]
    condition = {"status": "True", "lastTransitionTime": BORN}
    told = {"docker": {"Running": True, "StartedAt": STARTED}, "lease_renewed_after_start_s": 0.377,
            "kubernetes": condition}  # fmt: skip
    assert fault.healed([W1, W2]) == {
        "w1": told | {"address": "10.0.0.9"},
        "w2": told | {"address": "fd00::9"},
        "roles": ["web 2 of 2 Ready", "db 2 of 2 Ready"],
    }
    assert (fault.undone([W1, W2]), fault.state([W1, W2])) == (True, "nodes Ready, roles complete")
    containers.found["w1"] = inspected(running=False)
    assert (fault.undone([W2, W1]), fault.healed([W2, W1])) == (False, None)
    containers.found["w2"] = inspected(address="10.0.0.4")
    assert fault.state([W1, W2]) == (
        "w1: its container does not run; "
        "w2 came back at 10.0.0.4, not at fd00::9: another container took that meanwhile"
    )
    containers.found["w1"] = HarnessError("no Docker")
    containers.found["w2"] = inspected(address="", six="fd00::9")
    renewed[f"{leases}/w2"] = "2026-11-21T05:00:00.123456Z"
    assert fault.state([W1, W2]) == (
        "w1: whether it is back cannot be told: no Docker; w2: its kubelet was not heard since it started"
    )


def test_what_is_missing_is_said_of_nodes_roles_and_pods(back: tuple[Still, Containers, KillNode]) -> None:
    world, _, fault = back
    world.all["nodes"] = [node("w2", is_ready=False)]
    ended = pod("job-1", "w1", is_ready=False)
    ended["status"].update(phase="Succeeded")
    slow, elsewhere = pod("db-2", "w2", is_ready=False), pod("db-3", "w3", is_ready=False)
    slow["status"]["containerStatuses"] = elsewhere["status"]["containerStatuses"] = []
    world.all["pods"] = [*world.all["pods"][:3], slow, elsewhere, ended]
    assert fault.state([W1, W2]) == "w1 not Ready; w2 not Ready; db 1 of 2 Ready; db-2 on w2: not Ready"


@pytest.mark.parametrize(("since", "is_stale"), [("04:59:59", True), ("05:00:00", False), (None, True)])
def test_a_container_must_have_started_in_the_second_of_its_node_or_later(
    back: tuple[Still, Containers, KillNode], since: str | None, is_stale: bool
) -> None:
    world, _, fault = back
    extra = pod("job-1", "w1", born="2026-11-21T05:00:01Z")
    running = {"running": {"startedAt": f"2026-11-21T{since}Z"}} if since else {"terminated": {}}
    extra["status"]["containerStatuses"].append({"state": running})
    world.all["pods"].insert(0, extra)
    assert (fault.healed([W1]) is None) is is_stale
    for phase, ended in (("Succeeded", True), ("Failed", True), ("Pending", False)):
        extra["status"]["phase"] = phase
        assert (fault.healed([W1]) is None) is (is_stale and not ended)
    extra["spec"]["nodeName"] = "w3"
    assert fault.healed([W1]) is not None
    extra["spec"].clear()
    assert fault.healed([W1]) is not None
