"""A snapshot of a cluster, compared whole: everything a fault may touch is in it, and nothing else."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.cluster import state
from fixtures.docker.containers import NodeContainer
from fixtures.kafka.listing import Listing
from fixtures.kubernetes.objects import hash_of
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings
from fixtures.stack.map import StackMap
from reports.stack_state import UNSEEN

Item = dict[str, Any]
SCALING = {"hpa": "calc", "min": 2, "max": 5, "target_percent": 60, "stabilisation_s": 60, "metrics_s": 1,
           "sync_s": 1, "start_s": 1}  # fmt: skip


def role(name: str, kind: str, *, namespace: str = "acd", **more: Any) -> Item:
    about = {"name": name, "kind": kind, "workload": name, "namespace": namespace, "selector": {"app": name}}
    return about | {"replicas": 2, "recovery_s": 30} | more


STACK = StackMap.model_validate({
    "roles": {
        "far": role("far", "Deployment", namespace="cdn", service="web", selector={"app": "web"}),
        "db": role("db", "StatefulSet", namespace="quiet"),
        "calc": role("calc", "Deployment", scaling=SCALING),
        "web": role("web", "Deployment", service="web"),
    }
})  # fmt: skip


def item(
    name: str, namespace: str = "acd", *, spec: Item | None = None, status: Item | None = None, **meta: Any
) -> Item:
    inside = {"namespace": namespace} if namespace else {}
    made = {"metadata": {"name": name, "uid": f"u-{name}"} | inside | meta, "spec": spec or {}}
    return made if status is None else made | {"status": status}


def pod(
    name: str, ip: str = "", *, ready: bool = True, namespace: str = "acd", phase: str = "Running", **meta: Any
) -> Item:
    status: Item = {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]} | (
        {"podIP": ip} if ip else {}
    )
    return item(name, namespace, status=status, **({"labels": {"app": "web"}} | meta))


def slice_of(service: str, namespace: str, *endpoints: Item, **labels: str) -> Item:
    about = {"labels": {"kubernetes.io/service-name": service} | labels} if service else {}
    return {"metadata": {"name": "s", "namespace": namespace} | about, "endpoints": list(endpoints) or None}


def endpoint(*addresses: str, ready: bool | None = True) -> Item:
    return {"addresses": list(addresses)} | ({} if ready is None else {"conditions": {"ready": ready}})


def soon(seconds: float) -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)).isoformat()


OF_RUN = {"labels": {"crucible.dev/run": "r"}}
OF_SABOTAGE = {"labels": {"crucible.dev/run": "sabotage-slow"}}
OWNED = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1"}]}
ABOUT: Item = {"labels": {}, "annotations": {}, "finalizers": [], "owners": [], "leaving": False}


class Cluster:
    """Answers each list from `items`, by path; keeps what it was asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.asked = settings, list[str]()
        self.items: dict[str, list[Item]] = {
            "pods": [
                pod("web-1", "10.0.0.1"), pod("web-2", "10.0.0.2", ready=False),
                pod("web-3", "10.0.0.3", deletionTimestamp=soon(30)), pod("web-4", "10.0.0.9"),
                pod("web-6", "10.0.0.10"),
                pod("web-5", "10.0.0.7", namespace="cdn"), pod("other", "10.0.0.8", labels={"app": "other"}),
                pod("done", ready=False, phase="Succeeded"), pod("stuck", deletionTimestamp=soon(-60)),
                pod("a-stuck", ready=False, namespace="zzz", deletionTimestamp=soon(-60)),
                pod("left", **OF_RUN, **OWNED), pod("planted", **OF_SABOTAGE, **OWNED), pod("bare", **OF_RUN),
            ],
            "/api/v1/nodes": [
                item("w1", "", spec={"unschedulable": True, "taints": [
                    {"key": "b", "value": "1", "effect": "NoExecute"}, {"key": "a", "effect": "NoSchedule"}]},
                    status={"conditions": [{"type": "Ready", "status": "True"}]}, labels={"zone": "a"},
                    annotations={"mine": "1", "node.alpha.kubernetes.io/ttl": "0"}),
                item("w2", "", status={"conditions": [{"type": "Ready", "status": "Unknown"}]}, deletionTimestamp="now",
                     finalizers=["z", "y"], ownerReferences=[{"kind": "Rack", "name": "2"}]),
            ],
            "deployments": [
                item("web", spec={"replicas": 3, "x": 1}, status={"readyReplicas": 2}, labels={"a": "b"}),
                item("calc", spec={"replicas": 4, "x": 2}, status={"readyReplicas": 4}),
                item("db", "quiet", spec={"replicas": 5}, status={}), item("calc", "cdn", spec={"replicas": 1}),
                item("extra", spec={"x": 3}, **OF_RUN), item("slowed", **OF_SABOTAGE),
            ],
            "statefulsets": [
                item("db", "quiet", spec={"replicas": 1}, status={"readyReplicas": 1}, **OF_RUN), item("calc"),
            ],
            "daemonsets": [
                item("net", "kube-system", spec={"replicas": 9}, **OF_RUN,
                     status={"numberReady": 2, "desiredNumberScheduled": 3, "readyReplicas": 7}),
                item("none", status={"readyReplicas": 1}),
            ],
            "endpointslices": [
                slice_of("web", "acd", endpoint("10.0.0.1", "10.0.0.5"), endpoint("10.0.0.2", ready=False)),
                slice_of("web", "acd", endpoint("10.0.0.1"), endpoint("10.0.0.6", ready=None)),
                slice_of("web", "cdn", endpoint("10.0.0.7")), slice_of("", "acd", endpoint("10.0.0.4")),
                slice_of("other", "acd", endpoint("10.0.0.8")), slice_of("web", "acd"),
            ],
            "configmaps": [
                item("plan") | {"data": {"a": 1}}, item("made", "cdn", **OF_RUN), item("kept", **OF_SABOTAGE),
            ],
        }  # fmt: skip

    def get(self, path: str, **query: Any) -> Item:
        self.asked.append(path)
        if path in self.items:
            return {"items": self.items[path]}
        found = self.items.get(path.rsplit("/", 1)[1], [])
        inside = [each for each in found if f"/namespaces/{each['metadata'].get('namespace')}/" in path]
        return {"items": inside if "/namespaces/" in path else found}

    def request(self, method: str, path: str, *, accept: str) -> Item:
        told = {
            "resource": "configmaps",
            "responseKind": {"kind": "ConfigMap"},
            "scope": "Namespaced",
            "verbs": ["list"],
        }
        return {"items": [{"versions": [{"version": "v1", "resources": [told]}]}] if path == "/api" else []}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    settings = Settings(home=tmp_path, cluster="mine", sabotage="slow", kafka_port=29092)
    listing = Listing({"writes": "1 partitions, 3 replicas"}, {"crucible-x": ""}, ["writes/0: 2 of 3"], "a word")
    nodes = [NodeContainer("w1", "1", "running", "i"), NodeContainer("w2", "2", "paused", "i")]
    asked = {("engine", "mine"): nodes}
    monkeypatch.setattr(state, "list_kafka", {settings.kafka_bootstrap: listing}.__getitem__)
    monkeypatch.setattr(state, "find_engine", lambda: "engine")
    monkeypatch.setattr(state, "_engine", [])
    monkeypatch.setattr(state, "node_containers", lambda engine, name: asked[engine, name])
    monkeypatch.setattr(state, "look_inside", lambda engine, names: {name: {"engine": engine} for name in names})
    settings.cluster_home.mkdir(parents=True)
    ledger = Ledger(settings.cluster_home)
    ledger.open(Entry("s", {"module": "m", "type": "Planted", "args": {"sabotage": "slow"}}, []))
    ledger.open(Entry("f", {"module": "m", "type": "KillPod", "args": {}}, []))
    return Cluster(settings)


def workload(ready: int, desired: int, spec: Item, *, owned: list[int] | None = None, **about: Any) -> Item:
    return {"spec": hash_of(spec), "ready": ready, "desired": desired, "owned": owned} | ABOUT | about


EXTRA = workload(0, 1, {"x": 3}, **OF_RUN)
WHOLE = {
    "version": 3,
    "sabotage": "slow",
    "containers": {"w1": "running", "w2": "paused"},
    "inside": {"w1": {"engine": "engine"}},
    "topics": {"writes": "1 partitions, 3 replicas"},
    "groups": {"crucible-x": ""},
    "behind": ["writes/0: 2 of 3"],
    "kafka": "a word",
    "ledger": ["f"],
    "nodes": {
        "w1": ABOUT | {"ready": True, "unschedulable": True, "taints": ["a=:NoSchedule", "b=1:NoExecute"],
                       "labels": {"zone": "a"}, "annotations": {"mine": "1"}},
        "w2": ABOUT | {"ready": False, "unschedulable": False, "taints": [], "finalizers": ["y", "z"],
                       "owners": ["Rack/2"], "leaving": True},
    },
    "workloads": {
        "acd/deployment/web": workload(2, 3, {"replicas": 3, "x": 1}, labels={"a": "b"}),
        "acd/deployment/calc": workload(4, 4, {"x": 2}, owned=[2, 5]),
        "quiet/deployment/db": workload(0, 5, {"replicas": 5}),
        "cdn/deployment/calc": workload(0, 1, {"replicas": 1}),
        "acd/deployment/extra": EXTRA,
        "acd/deployment/slowed": workload(0, 1, {}, **OF_SABOTAGE),
        "quiet/statefulset/db": workload(1, 1, {"replicas": 1}, **OF_RUN),
        "acd/statefulset/calc": workload(0, 1, {}),
        "kube-system/daemonset/net": workload(2, 3, {"replicas": 9}, **OF_RUN),
        "acd/daemonset/none": workload(0, 0, {}),
    },
    "endpoints": {
        "cdn/web": {"endpoints": 1, "pods": 1, "stray": 0},
        "acd/web": {"endpoints": 2, "pods": 3, "stray": 1},
    },
    "not_ready": ["acd/stuck", "acd/web-2", "zzz/a-stuck"],
    "objects": {"configmap": {
        "acd/plan": hash_of({"data": {"a": 1}, "spec": {}, **ABOUT}),
        "cdn/made": hash_of({"spec": {}, **ABOUT, **OF_RUN}),
        "acd/kept": hash_of({"spec": {}, **ABOUT, **OF_SABOTAGE}),
    }},
    "of_runs": ["configmap cdn/made", "daemonset kube-system/net", "deployment acd/extra", "pod acd/left",
                "statefulset quiet/db"],
}  # fmt: skip


def test_of_a_cluster_of_ours_it_is_everything(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state.snapshot(cluster, STACK) == WHOLE  # type: ignore[arg-type]
    assert sorted(cluster.asked) == [
        "/api/v1/configmaps", "/api/v1/nodes", "/api/v1/pods", "/apis/apps/v1/daemonsets", "/apis/apps/v1/deployments",
        "/apis/apps/v1/statefulsets", "/apis/discovery.k8s.io/v1/namespaces/acd/endpointslices",
        "/apis/discovery.k8s.io/v1/namespaces/cdn/endpointslices",
    ]  # fmt: skip
    assert state._engine == ["engine"], "looking for it takes longer than asking it"
    monkeypatch.setattr(state, "find_engine", lambda: None)
    assert state.snapshot(cluster, STACK)["containers"] == WHOLE["containers"]  # type: ignore[arg-type]


def test_of_an_adopted_cluster_it_is_what_lies_in_the_stacks_namespaces(cluster: Cluster) -> None:
    theirs = cluster.settings.model_copy(update={"adopt_context": "theirs", "namespace": "extra"})
    cluster.settings = theirs
    workloads = {name: each for name, each in WHOLE["workloads"].items() if not name.startswith("kube-system/")}
    assert state.snapshot(cluster, STACK) == WHOLE | {  # type: ignore[arg-type]
        "containers": {}, "inside": {}, "topics": None, "groups": None, "behind": [], "kafka": "",
        "workloads": workloads, "not_ready": ["acd/stuck", "acd/web-2"],
        "of_runs": [line for line in WHOLE["of_runs"] if "kube-system" not in line],
    }  # fmt: skip
    apps = [
        f"/apis/apps/v1/namespaces/{namespace}/{plural}"
        for namespace in ("acd", "cdn", "extra", "quiet")
        for plural in ("daemonsets", "deployments", "statefulsets")
    ]
    assert sorted(cluster.asked) == [
        *(f"/api/v1/namespaces/{namespace}/{plural}" for namespace in ("acd", "cdn", "extra", "quiet")
          for plural in ("configmaps", "pods")),
        "/api/v1/nodes", *apps,
        "/apis/discovery.k8s.io/v1/namespaces/acd/endpointslices",
        "/apis/discovery.k8s.io/v1/namespaces/cdn/endpointslices",
    ]  # fmt: skip
    assert state._engine == []


def test_without_an_engine_nobody_looked_into_the_nodes(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "find_engine", lambda: None)
    found = state.snapshot(cluster, STACK)  # type: ignore[arg-type]
    unknown = {node: {"asked": "Docker does not know it"} for node in WHOLE["nodes"]}
    assert found == WHOLE | {"containers": {}, "inside": unknown}
    assert not state.is_seen(found)
    assert [line for line in state.diff(found, found) if UNSEEN in line] == [
        f"node {node}: {UNSEEN} before: Docker does not know it" for node in sorted(WHOLE["nodes"])
    ]
    assert state._engine == []
