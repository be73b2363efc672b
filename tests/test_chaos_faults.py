"""Faults choose by seed, refuse what must not be hit, and believe only independent evidence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.containers import Containers
from chaos.fault import NothingToBreak
from chaos.faults.nodes import KillNode
from chaos.faults.pods import KillPod
from chaos.world import World, choose, instant
from fixtures.errors import UsageError
from fixtures.kube import KubeObject
from fixtures.settings import Settings
from fixtures.stack_map import StackMap

BORN = "2026-11-21T04:00:00Z"
STACK = StackMap.model_validate({
    "roles": {
        name: {"name": name, "kind": kind, "workload": name, "namespace": "acd", "selector": {"app": name},
               "service": name, "replicas": 2, "recovery_s": 30}
        for name, kind in {"web": "Deployment", "db": "StatefulSet"}.items()
    }
})  # fmt: skip


def ready(value: bool) -> list[dict[str, str]]:
    return [{"type": "Ready", "status": str(value), "lastTransitionTime": BORN}]


def pod(
    name: str, node: str, *, uid: str = "", is_ready: bool = True, going: bool = False, born: str = BORN
) -> KubeObject:
    meta: KubeObject = {"name": name, "namespace": "acd", "uid": uid or f"u-{name}", "creationTimestamp": born,
                        "labels": {"app": name.split("-", maxsplit=1)[0]}}  # fmt: skip
    if going:
        meta["deletionTimestamp"] = BORN
    container = {"containerID": f"containerd://c-{name}", "state": {"running": {"startedAt": born}}}
    return {
        "metadata": meta,
        "spec": {"nodeName": node},
        "status": {"phase": "Running", "conditions": ready(is_ready), "containerStatuses": [container]},
    }


def node(name: str, *, is_ready: bool = True, **labels: str) -> KubeObject:
    addresses = [{"type": "InternalIP", "address": "10.0.0.9"}]
    return {
        "metadata": {"name": name, "uid": f"u-{name}", "labels": labels},
        "status": {"conditions": ready(is_ready), "addresses": addresses},
    }


class Api:
    """Records deletions; answers leases."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, Any]] = []
        self.renewed = "2026-11-21T05:00:00.5Z"

    def delete(self, path: str, body: Any = None) -> None:
        self.deleted.append((path, body))

    def get(self, path: str) -> KubeObject:
        return {"spec": {"renewTime": self.renewed}}


class Still(World):
    """A world that stands still: hand-made objects instead of informers."""

    def __init__(self, *, seed: int = 7) -> None:
        super().__init__(Settings(), STACK, seed=seed, experiment="e")
        self.cluster = self.api = Api()  # type: ignore[assignment]
        self.all: dict[str, list[KubeObject]] = {
            "pods": [pod(f"{app}-{i}", f"w{i}") for app in ("web", "db") for i in (1, 2)],
            "nodes": [node("w1"), node("w2"), node("w3")],
            "deployments": [{"metadata": {"name": "web"}, "spec": {"replicas": 2}}],
            "statefulsets": [{"metadata": {"name": "db"}, "spec": {"replicas": 2}}],
        }
        self.lagging: set[str] = set()

    def objects(self, kind: str, namespace: str | None = None) -> list[KubeObject]:
        if kind != "endpointslices":
            return self.all[kind]
        uids = [p["metadata"] for p in self.all["pods"] if p["metadata"]["uid"] not in self.lagging]
        return [
            {
                "metadata": {"labels": {"kubernetes.io/service-name": app}},
                "endpoints": [
                    {"conditions": {"ready": True}, "targetRef": {"uid": m["uid"]}}
                    for m in uids
                    if m["labels"]["app"] == app
                ],
            }
            for app in ("web", "db")
        ]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that answers from `<container>.json` and `tasks.txt`, and writes down what else it is asked."""
    script = tmp_path / "docker"
    script.write_text(
        f'#!/bin/sh\ncd {tmp_path}\ncase "$1 $2" in\n'
        '"container inspect") test -f "$3.json" && exec cat "$3.json"; echo "No such container" >&2; exit 1;;\n'
        'esac\ncase "$*" in *"tasks list") exec cat tasks.txt;; esac\necho "$*" >> asked\n'
    )
    script.chmod(0o755)
    (tmp_path / "tasks.txt").write_text("TASK PID STATUS\nc-web-1 12 RUNNING\nc-web-2 13 STOPPED\n")
    (tmp_path / "asked").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def container(
    docker: Path, name: str, *, cluster: str = "crucible", role: str = "worker", running: bool = True
) -> None:
    labels = {"io.x-k8s.kind.cluster": cluster, "io.x-k8s.kind.role": role}
    state = {"Running": running, "ExitCode": 137, "StartedAt": "2026-11-21T05:00:00.123456789Z", "FinishedAt": BORN}
    networks = {"kind": {"IPAddress": "10.0.0.9", "GlobalIPv6Address": ""}}
    inspected = {"Config": {"Labels": labels}, "State": state, "NetworkSettings": {"Networks": networks}}
    (docker / f"{name}.json").write_text(json.dumps([inspected]))


@given(seed=st.integers(0, 2**31), order=st.permutations([f"pod-{i}" for i in range(9)]))
def test_the_same_seed_chooses_the_same_victims_whatever_their_order(seed: int, order: list[str]) -> None:
    chosen = choose(order, 2, name=str, key=f"{seed}:e:1")
    assert chosen == choose(sorted(order), 2, name=str, key=f"{seed}:e:1")


def test_another_seed_or_another_turn_can_choose_another_victim() -> None:
    names = [f"pod-{i}" for i in range(9)]
    assert len({choose(names, 1, name=str, key=f"{seed}:e:1")[0] for seed in range(50)}) > 1
    assert len({choose(names, 1, name=str, key=f"7:e:{turn}")[0] for turn in range(50)}) > 1


def test_victims_are_ready_pods_of_the_role_pinned_by_uid() -> None:
    world = Still()
    world.all["pods"][0] = pod("web-1", "w1", is_ready=False)
    world.all["pods"].append(pod("web-3", "w1", going=True))
    (victim,) = KillPod(world, "web").targets()
    assert victim.victim() == {"kind": "Pod", "namespace": "acd", "name": "web-2", "uid": "u-web-2"}


@pytest.mark.parametrize("count", [3, 99])
def test_too_few_pods_are_nothing_to_break(count: int) -> None:
    with pytest.raises(NothingToBreak, match=f"expected at least {count} Ready pod.*found 2"):
        KillPod(Still(), "web", count).targets()


def test_a_pod_is_killed_by_sigkill_and_deleted_under_its_uid(docker: Path) -> None:
    container(docker, "w1")
    world = Still()
    world.all["pods"] = world.all["pods"][:1]
    fault = KillPod(world, "web")
    fault.inject(fault.targets())
    assert (docker / "asked").read_text() == "exec w1 ctr -n k8s.io tasks kill --signal SIGKILL c-web-1\n"
    ((path, body),) = world.api.deleted
    assert path == "/api/v1/namespaces/acd/pods/web-1"
    assert body == {"gracePeriodSeconds": 1, "preconditions": {"uid": "u-web-1"}}


def test_a_pod_kill_is_proven_only_when_api_and_runtime_agree(docker: Path) -> None:
    container(docker, "w1")
    world = Still()
    fault = KillPod(world, "web")
    victim = next(t for s in range(99) for t in KillPod(Still(seed=s), "web").targets() if t.name == "web-1")
    assert fault.effect([victim]) is None, "its UID is still in the API"
    world.all["pods"] = [p for p in world.all["pods"] if p["metadata"]["name"] != "web-1"]
    assert fault.effect([victim]) is None, "the runtime still runs its container"
    (docker / "tasks.txt").write_text("TASK PID STATUS\nc-web-1 12 STOPPED\n")
    evidence = fault.effect([victim])
    assert evidence is not None
    assert evidence["uids"] == ["u-web-1"]


def test_a_role_is_healed_only_with_enough_new_pods_that_get_traffic() -> None:
    world = Still()
    fault = KillPod(world, "db")
    (victim,) = fault.targets()
    pods = [p for p in world.all["pods"] if p["metadata"]["uid"] != victim.uid]
    world.all["pods"] = pods
    assert fault.healed([victim]) is None, "one is missing"
    world.all["pods"] = [*pods, pod(victim.name, "w1", uid="new", is_ready=False)]
    assert fault.healed([victim]) is None, "it is not Ready"
    world.all["pods"] = [*pods, pod(victim.name, "w1", uid="new")]
    world.lagging = {"new"}
    assert fault.healed([victim]) is None, "the Service does not send it traffic"
    world.lagging = set()
    evidence = fault.healed([victim])
    assert evidence is not None
    assert [new["uid"] for new in evidence["new"]] == ["new"]


def test_a_pod_that_was_never_hit_counts_as_healed() -> None:
    world = Still()
    fault = KillPod(world, "web")
    assert fault.healed(fault.targets()) is not None


def test_nodes_that_must_not_be_hit_are_never_candidates() -> None:
    world = Still()
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
    with pytest.raises(UsageError, match="no role is called 'dbb'"):
        KillNode(world, avoid_roles=("dbb",)).targets()


@pytest.mark.parametrize(("cluster", "role"), [("other", "worker"), ("crucible", "control-plane")])
def test_a_container_that_is_not_our_worker_is_left_alone(docker: Path, cluster: str, role: str) -> None:
    container(docker, "w1", cluster=cluster, role=role)
    for act in (Containers(Settings()).kill, Containers(Settings()).start):
        with pytest.raises(UsageError, match="left alone"):
            act("w1")
    with pytest.raises(UsageError, match="left alone"):
        Containers(Settings()).kill("no-such-container")
    assert (docker / "asked").read_text() == ""


def test_a_node_kill_is_proven_only_when_docker_and_kubernetes_agree(docker: Path) -> None:
    world = Still()
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


def test_a_node_is_back_only_with_a_fresh_heartbeat_and_fresh_pods(docker: Path) -> None:
    world = Still()
    fault = KillNode(world, role_on_it="web")
    (victim,) = fault.targets()
    container(docker, victim.name)
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


def test_timestamps_of_kubernetes_and_docker_are_compared_as_instants() -> None:
    assert instant("2026-11-21T05:00:00.123456789Z") - instant("2026-11-21T05:00:00Z") == pytest.approx(0.123456)
