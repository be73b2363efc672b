"""Killing nodes: what must not be hit is not, and only Docker and Kubernetes together are believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_world import Still, container, docker, node, pod

from chaos.fault import NothingToBreak, Target
from chaos.faults.nodes import KillNode
from chaos.world import instant
from fixtures.docker import Engine, find_engine
from fixtures.docker.containers import Containers
from fixtures.errors import UsageError

__all__ = ["docker"]


def test_nodes_that_must_not_be_hit_are_never_candidates(docker: Path) -> None:
    world = Still()
    for name in ("w1", "w2"):
        container(docker, name)
    world.all["nodes"] = [
        node("cp", **{"node-role.kubernetes.io/control-plane": ""}),
        node("spared", **{"crucible.dev/fault-target": "never"}),
        node("down", is_ready=False),
        node("w1"),
        node("w2"),
    ]
    world.all["pods"] = [pod("web-1", "w1"), pod("db-1", "w1"), pod("db-2", "w2")]
    with pytest.raises(NothingToBreak) as nothing:
        KillNode(world, role_on_it="web", avoid_roles=("db",)).targets()
    for why in (
        "cp: control plane",
        "spared: labelled",
        "down: not Ready",
        "w1: carries db",
        "w2: carries no Ready pod",
    ):
        assert why in nothing.value.message
    assert [t.name for t in KillNode(world, role_on_it="web").targets()] == ["w1"]
    container(docker, "w1", cluster="another")  # adopted, or made by someone else
    with pytest.raises(NothingToBreak, match="w1: no worker container of kind cluster 'crucible'"):
        KillNode(world, role_on_it="web").targets()
    with pytest.raises(UsageError, match="no role is called 'dbb'"):
        KillNode(world, avoid_roles=("dbb",)).targets()


@pytest.mark.parametrize(("cluster", "role"), [("other", "worker"), ("crucible", "control-plane")])
def test_a_container_that_is_not_our_worker_is_left_alone(docker: Path, cluster: str, role: str) -> None:
    container(docker, "w1", cluster=cluster, role=role)
    containers = Containers(find_engine(), "crucible")
    for act in (containers.kill, containers.start):
        with pytest.raises(UsageError, match="left alone"):
            act("w1")
    with pytest.raises(UsageError, match="left alone"):
        containers.kill("no-such-container")
    assert (docker / "asked").read_text() == ""


def test_a_node_kill_is_proven_only_when_docker_and_kubernetes_agree(docker: Path) -> None:
    world = Still()
    for name in ("w1", "w2", "w3"):
        container(docker, name)
    fault = KillNode(world)
    (victim,) = fault.targets()
    container(docker, victim.name, running=False)
    assert fault.effect([victim]) is None, "Kubernetes still calls it Ready"
    world.all["nodes"] = [node(victim.name, is_ready=False)]
    container(docker, victim.name, running=True)
    assert fault.effect([victim]) is None, "Docker says it runs"
    container(docker, victim.name, running=False)
    evidence = fault.effect([victim])
    assert evidence is not None
    assert evidence["docker"][victim.name]["ExitCode"] == 137


def started_again(docker: Path) -> tuple[Still, KillNode, Target]:
    """A node that was killed and whose container runs again."""
    world = Still()
    for name in ("w1", "w2", "w3"):
        container(docker, name)
    fault = KillNode(world, role_on_it="web")
    (victim,) = fault.targets()
    container(docker, victim.name)
    return world, fault, victim


def test_a_node_is_back_only_with_a_fresh_heartbeat_and_fresh_pods(docker: Path) -> None:
    world, fault, victim = started_again(docker)
    assert fault.healed([victim]) is None, "its containers are those from before"
    world.all["pods"] = [
        pod(f"{app}-{i}", f"w{i}", born="2026-11-21T05:00:01Z") for app in ("web", "db") for i in (1, 2)
    ]
    world.api.renewed = "2026-11-21T05:00:00.1Z"
    assert fault.healed([victim]) is None, "its heartbeat is older than its start"
    world.api.renewed = "2026-11-21T05:00:03.5Z"
    assert fault.healed([victim]) is not None
    container(docker, victim.name, running=False)
    assert fault.healed([victim]) is None, "the container has ended"


def test_a_node_that_runs_again_is_undone_whatever_became_of_its_pods(docker: Path) -> None:
    world, fault, victim = started_again(docker)
    world.api.renewed = "2026-11-21T05:00:03.5Z"
    world.all["pods"] = []
    assert fault.healed([victim]) is None
    assert fault.undone([victim])
    world.api.renewed = "2026-11-21T05:00:00.1Z"
    assert not fault.undone([victim]), "nobody has heard its kubelet"
    world.api.renewed = "2026-11-21T05:00:03.5Z"
    container(docker, victim.name, running=False)
    assert not fault.undone([victim]), "the container has ended"


def test_timestamps_of_kubernetes_and_docker_are_compared_as_instants() -> None:
    assert instant("2026-11-21T05:00:00.123456789Z") - instant("2026-11-21T05:00:00Z") == pytest.approx(0.123456)


def test_a_fault_reaches_its_nodes_through_the_engine_that_was_found(
    docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine found by its socket needs DOCKER_HOST for each command, not only for those of `up`."""
    script = (docker / "docker").read_text()
    (docker / "docker").write_text(script.replace("#!/bin/sh\n", '#!/bin/sh\ntest "$DOCKER_HOST" || exit 1\n'))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    container(docker, "w1")
    containers = Containers(Engine("/some.sock", "27", {"DOCKER_HOST": "unix:///some.sock"}), "crucible")
    assert containers.is_worker("w1")
    containers.kill("w1")
    assert (docker / "asked").read_text() == "kill w1\n"


def test_without_a_docker_engine_no_node_is_a_container_of_ours() -> None:
    assert not Containers(None, "crucible").is_ours("w1")
