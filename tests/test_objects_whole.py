"""The objects of a cluster, compared whole: the requests made, what is kept of each answer, and its hash."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.kubernetes.api import ApiError
from fixtures.kubernetes.kinds import Kind, kinds_of
from fixtures.kubernetes.objects import described, hash_of, hashes, is_of_a_run, listed, name_of, of_runs, wanted

Item = dict[str, Any]
ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def resource(plural: str, kind: str, *, namespaced: bool = True, verbs: tuple[str, ...] = ("get", "list")) -> Item:
    scope = "Namespaced" if namespaced else "Cluster"
    return {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": list(verbs)}


LEFT_OUT = [
    "nodes", "deployments", "statefulsets", "daemonsets", "events", "leases", "endpoints", "endpointslices",
    "controllerrevisions", "componentstatuses", "csinodes", "csistoragecapacities", "volumeattachments",
    "certificatesigningrequests", "ipaddresses", "storageversions", "podmetrics", "nodemetrics", "leasecandidates",
    "podcertificaterequests",
]  # fmt: skip
CORE = [
    resource("pods", "Pod"), resource("configmaps", "ConfigMap"), resource("secrets", "Secret"),
    resource("bindings", "Binding", verbs=("create",)), resource("namespaces", "Namespace", namespaced=False),
    *(resource(plural, plural.title()) for plural in LEFT_OUT),
]  # fmt: skip
DISCOVERED: dict[str, list[Item]] = {
    "/api": [{"versions": [{"version": "v1", "resources": CORE}]}],
    "/apis": [
        {"metadata": {"name": "batch"}, "versions": [{"version": "v1", "resources": [resource("jobs", "Job")]}]},
        {"metadata": {"name": "apps"}, "versions": [
            {"version": "v2", "resources": [resource("replicasets", "ReplicaSet")]},
            {"version": "v1", "resources": [resource("replicasets", "ReplicaSet"), resource("pods", "OtherPod")]}]},
        {"metadata": {"name": "metrics.k8s.io"}, "versions": [
            {"version": "v1beta1", "resources": [resource("pods", "PodMetrics")]}]},
        {"metadata": {"name": "empty"}, "versions": [{"version": "v1"}]},
    ],
}  # fmt: skip
KINDS = {
    "pods": Kind("Pod", "pods", "/api/v1", True),
    "configmaps": Kind("ConfigMap", "configmaps", "/api/v1", True),
    "secrets": Kind("Secret", "secrets", "/api/v1", True),
    "namespaces": Kind("Namespace", "namespaces", "/api/v1", False),
    "jobs": Kind("Job", "jobs", "/apis/batch/v1", True),
    "replicasets": Kind("ReplicaSet", "replicasets", "/apis/apps/v2", True),
    "other pods": Kind("OtherPod", "pods", "/apis/apps/v1", True),
}


def thing(name: str, namespace: str = "acd", *, owner: str = "", **more: Any) -> Item:
    owners = {"ownerReferences": [{"kind": owner, "name": "o"}]} if owner else {}
    return {"metadata": {"name": name} | ({"namespace": namespace} if namespace else {}) | owners, **more}


ITEMS: dict[str, list[Item]] = {
    "/api/v1/pods": [thing("bare"), thing("of-a-set", owner="ReplicaSet")],
    "/api/v1/configmaps": [
        thing("crucible-owner", "kube-system"), thing("crucible-owner"), thing("cluster-info", "kube-public"),
        thing("kept", owner="Rack"), thing("other", "kube-system"),
    ],
    "/api/v1/secrets": [
        thing("crucible-owner", "kube-system"), thing("token", type="bootstrap.kubernetes.io/token"),
        thing("key", type="Opaque"),
    ],
    "/api/v1/namespaces": [thing("acd", "")],
    "/apis/batch/v1/jobs": [thing("of-a-plan", owner="CronJob"), thing("by-hand")],
    "/apis/apps/v2/replicasets": [thing("of-web", owner="Deployment"), thing("lone")],
}  # fmt: skip


class Cluster:
    """Answers discovery and lists by path; `refuse` says which path with which status."""

    def __init__(self, refuse: dict[str, int] | None = None) -> None:
        self.refuse, self.asked = refuse or {}, list[tuple[str, Any]]()

    def request(self, method: str, path: str, *, accept: str) -> Item:
        assert (method, accept) == ("GET", ACCEPT)
        return {"items": DISCOVERED[path]}

    def get(self, path: str, **query: Any) -> Item:
        self.asked.append((path, query))
        if path in self.refuse:
            raise ApiError("GET", path, self.refuse[path], "no")
        return {"items": ITEMS.get(path, [])}


def names(found: list[tuple[Kind, list[Item]]]) -> list[tuple[str, list[str]]]:
    return [(kind.name, [item["metadata"]["name"] for item in items]) for kind, items in found]


def test_kinds_are_all_that_can_be_listed_each_in_its_preferred_version() -> None:
    found = kinds_of(Cluster())  # type: ignore[arg-type]
    left_out = [Kind(plural.title(), plural, "/api/v1", True) for plural in LEFT_OUT]
    figures = Kind("PodMetrics", "pods", "/apis/metrics.k8s.io/v1beta1", True)
    core = [KINDS[plural] for plural in ("pods", "configmaps", "secrets", "namespaces")]
    assert found == [*core, *left_out, KINDS["jobs"], KINDS["replicasets"], KINDS["other pods"], figures]


def test_a_kind_has_its_path() -> None:
    assert KINDS["jobs"].path() == KINDS["jobs"].path("") == "/apis/batch/v1/jobs"
    assert KINDS["jobs"].path("acd") == "/apis/batch/v1/namespaces/acd/jobs"
    assert KINDS["namespaces"].path("acd") == "/api/v1/namespaces"


def test_of_the_whole_cluster_everything_is_listed_that_nobody_made_by_itself() -> None:
    cluster = Cluster()
    assert names(listed(cluster, None)) == [  # type: ignore[arg-type]
        ("Pod", ["bare"]), ("ConfigMap", ["crucible-owner", "kept", "other"]), ("Secret", ["crucible-owner", "key"]),
        ("Namespace", ["acd"]), ("Job", ["by-hand"]), ("ReplicaSet", ["lone"]), ("OtherPod", []),
    ]  # fmt: skip
    paths = [*ITEMS, "/apis/apps/v1/pods"]
    assert sorted(cluster.asked) == sorted((path, {"resourceVersion": "0"}) for path in paths)


def test_of_some_namespaces_only_what_lives_in_them_is_listed() -> None:
    cluster = Cluster()
    found = listed(cluster, ["a", "b"])  # type: ignore[arg-type]
    kinds = ["Pod", "ConfigMap", "Secret", "Job", "ReplicaSet", "OtherPod"]
    assert names(found) == [(kind, []) for kind in kinds for _ in "ab"]
    assert sorted(path for path, _ in cluster.asked) == sorted(
        kind.path(namespace) for kind in KINDS.values() if kind.namespaced for namespace in ("a", "b")
    )
    assert listed(Cluster(), []) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [404, 405])
def test_a_kind_that_went_meanwhile_has_nothing(status: int) -> None:
    found = listed(Cluster({"/api/v1/pods": status}), None)  # type: ignore[arg-type]
    assert names(found)[:2] == [("Pod", []), ("ConfigMap", ["crucible-owner", "kept", "other"])]


@pytest.mark.parametrize("status", [403, 406, 500])
def test_a_kind_that_may_not_be_listed_is_not_taken_for_nothing(status: int) -> None:
    with pytest.raises(ApiError, match=f"GET /api/v1/pods: HTTP {status}: no"):
        listed(Cluster({"/api/v1/pods": status}), None)  # type: ignore[arg-type]


FULL: Item = {
    "apiVersion": "v1", "kind": "Widget", "status": {"ready": 1}, "data": {"a": "1"},
    "spec": {"nodeName": "w1", "size": 2},
    "metadata": {
        "name": "x", "namespace": "acd", "uid": "u", "resourceVersion": "5", "generation": 3, "labels": {"l": "1"},
        "annotations": {
            "mine": "1", "deployment.kubernetes.io/revision": "7", "deployment.kubernetes": "kept",
            "control-plane.alpha.kubernetes.io/leader": "x", "deprecated.daemonset.template.generation": "2",
            "kubectl.kubernetes.io/last-applied-configuration": "{}", "node.alpha.kubernetes.io/ttl": "0",
        },
        "finalizers": ["b/z", "a/z"], "deletionTimestamp": "2026-01-01T00:00:00Z",
        "ownerReferences": [{"kind": "Set", "name": "b", "uid": "1"}, {"kind": "Rack", "name": "a", "uid": "2"}],
    },
}  # fmt: skip
DESCRIBED = {
    "labels": {"l": "1"}, "annotations": {"mine": "1", "deployment.kubernetes": "kept"}, "finalizers": ["a/z", "b/z"],
    "owners": ["Rack/a", "Set/b"], "leaving": True,
}  # fmt: skip
BARE = {"labels": {}, "annotations": {}, "finalizers": [], "owners": [], "leaving": False}


def test_what_somebody_wants_of_an_object_is_told_whole() -> None:
    assert described(FULL) == DESCRIBED
    assert wanted(FULL) == {"data": {"a": "1"}, "spec": {"size": 2}, **DESCRIBED}
    nulls = {"labels": None, "annotations": None, "finalizers": None, "ownerReferences": None}
    assert described({"metadata": {"name": "x"}}) == described({"metadata": {"name": "x"} | nulls}) == BARE
    assert wanted({"metadata": {"name": "x"}, "spec": {"a": 1}}) == {"spec": {"a": 1}, **BARE}
    assert FULL["spec"] == {"nodeName": "w1", "size": 2}, "the object itself stays as it was"


def test_a_hash_stands_for_a_value_whatever_the_order_of_its_keys() -> None:
    assert hash_of({"a": 1, "b": [2, None]}) == hash_of({"b": [2, None], "a": 1}) == "c8caf5ad035a"
    assert hash_of({"a": 1, "b": [None, 2]}) != "c8caf5ad035a"


def test_objects_are_kept_by_kind_and_name() -> None:
    found = [(KINDS["pods"], [thing("a"), thing("b", "cdn", data=1)]), (KINDS["namespaces"], [thing("acd", "")]),
             (KINDS["pods"], [thing("c")]), (KINDS["jobs"], [])]  # fmt: skip
    bare = hash_of(BARE)
    assert hashes(found) == {
        "pod": {"acd/a": bare, "cdn/b": hash_of({"data": 1, **BARE}), "acd/c": bare}, "namespace": {"acd": bare},
    }  # fmt: skip
    assert (name_of(thing("a")), name_of(thing("a", ""))) == ("acd/a", "a")


def test_what_runs_left_is_named_in_order() -> None:
    def of(name: str, run: str | None, namespace: str = "acd") -> Item:
        made = thing(name, namespace)
        made["metadata"]["labels"] = None if run is None else {"crucible.dev/run": run}
        return made

    found = [(KINDS["pods"], [of("z", "r"), of("a", "sabotage-slow"), of("n", None)]),
             (KINDS["namespaces"], [of("b", "sabotage-other", "")])]  # fmt: skip
    assert of_runs(found, sabotage="slow") == ["namespace b", "pod acd/z"]
    assert of_runs(found, sabotage="") == ["namespace b", "pod acd/a", "pod acd/z"]
    assert not is_of_a_run(thing("x"), sabotage="slow")
