"""What exists in a cluster, compared whole: each kind, each path, each object, and what came of which."""

from __future__ import annotations

from typing import Any

import pytest
from urllib3.exceptions import HTTPError

from fixtures.cluster.inventory import Inventory, claim_names, dependents, named
from fixtures.kubernetes.api import ApiError

Item = dict[str, Any]
BOTH = ["list", "get", "delete"]


def resource(plural: str, kind: str, *, namespaced: bool = True, verbs: list[str] | None = None) -> Item:
    return {"name": plural, "kind": kind, "namespaced": namespaced, "verbs": BOTH if verbs is None else verbs}


def entry(name: str, uid: str) -> Item:
    return {"metadata": {"name": name, "uid": uid}}


EXTERNAL = "/apis/metrics.k8s.io/v1beta1"
ANSWERS: dict[str, Any] = {
    "/apis": {"groups": [
        {"versions": [{"groupVersion": "metrics.k8s.io/v1beta1"}]},
        {"versions": [{"groupVersion": "apps/v1"}, {"groupVersion": "apps/v1beta1"}]},
    ]},
    "/api/v1": {"resources": [
        resource("configmaps", "ConfigMap"), resource("events", "Event"), resource("pods", "Pod"),
        resource("pods/log", "Pod", namespaced=False), resource("serviceaccounts", "ServiceAccount"),
        resource("nodes", "Node", namespaced=False), resource("bindings", "Binding", verbs=["create"]),
        resource("quotas", "Quota", verbs=["list"]), resource("tokens", "Token", verbs=["delete"]),
    ]},
    "/apis/apps/v1": {"resources": [resource("deployments", "Deployment")]},
    "/apis/apps/v1beta1": {"resources": [resource("deployments", "Deployment")]},
    EXTERNAL: {"resources": [resource("pods", "PodMetrics"), resource("nodes", "NodeMetrics")]},
    "/api/v1/namespaces/acd/configmaps": {"items": [
        entry("kube-root-ca.crt", "c1"), entry("openshift-service-ca.crt", "c2"), entry("default", "c3"),
    ]},
    "/api/v1/namespaces/acd/serviceaccounts": {"items": [
        entry("default", "a1"), entry("kube-root-ca.crt", "a2"),
    ]},
    "/api/v1/namespaces/acd/pods": {"items": []},
    "/apis/apps/v1/namespaces/acd/deployments": {"items": [entry("web", "d1") | {"spec": 1}, entry("db", "d2")]},
    "/apis/apps/v1beta1/namespaces/acd/deployments": {"items": [entry("web", "d1"), entry("new", "d3")]},
    "/api/v1/nodes/w1": {"metadata": {"name": "w1"}},
    "/apis/apps/v1/namespaces/acd/deployments/web": {"spec": 1},
}  # fmt: skip
DISCOVERY = ["/apis", "/api/v1", EXTERNAL, "/apis/apps/v1", "/apis/apps/v1beta1"]


class Cluster:
    """Answers by path, refuses where `errors` says so, and keeps what it was asked."""

    def __init__(self, **errors: Exception) -> None:
        self.asked, self.errors = list[str](), errors

    def get(self, path: str) -> Any:
        self.asked.append(path)
        for part, error in self.errors.items():
            if part in path:
                raise error
        if path not in ANSWERS:
            raise ApiError("GET", path, 404, "not found")
        return ANSWERS[path]


def thing(kind: str, name: str, *, version: str = "v1", namespace: str = "acd") -> Item:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}


def test_a_namespace_holds_what_somebody_made_once_each() -> None:
    cluster = Cluster()
    inventory = Inventory(cluster)  # type: ignore[arg-type]
    whole = [
        {"metadata": {"name": "default", "uid": "c3"}, "apiVersion": "v1", "kind": "ConfigMap"},
        {"metadata": {"name": "kube-root-ca.crt", "uid": "a2"}, "apiVersion": "v1", "kind": "ServiceAccount"},
        {"metadata": {"name": "web", "uid": "d1"}, "spec": 1, "apiVersion": "apps/v1", "kind": "Deployment"},
        {"metadata": {"name": "db", "uid": "d2"}, "apiVersion": "apps/v1", "kind": "Deployment"},
        {"metadata": {"name": "new", "uid": "d3"}, "apiVersion": "apps/v1beta1", "kind": "Deployment"},
    ]
    lists = [
        "/api/v1/namespaces/acd/configmaps", "/api/v1/namespaces/acd/pods", "/api/v1/namespaces/acd/serviceaccounts",
        "/apis/apps/v1/namespaces/acd/deployments", "/apis/apps/v1beta1/namespaces/acd/deployments",
    ]  # fmt: skip
    assert inventory.in_namespace("acd") == whole
    assert cluster.asked == DISCOVERY + lists
    assert inventory.in_namespace("acd") == whole
    assert cluster.asked == DISCOVERY + lists + lists, "the kinds are asked once, the objects each time"


def test_each_object_has_its_path() -> None:
    cluster = Cluster()
    inventory = Inventory(cluster)  # type: ignore[arg-type]
    web, node = thing("Deployment", "web", version="apps/v1"), thing("Node", "w1")
    assert inventory.folder(web) == "/apis/apps/v1/namespaces/acd/deployments"
    assert inventory.path(web) == "/apis/apps/v1/namespaces/acd/deployments/web"
    assert (inventory.folder(node), inventory.path(node)) == ("/api/v1/nodes", "/api/v1/nodes/w1")
    assert inventory.path(thing("Pod", "p")) == "/api/v1/namespaces/acd/pods/p", "not of its log"
    assert inventory.has_kind(web)
    assert not inventory.has_kind(thing("Deployment", "web"))
    with pytest.raises(LookupError):
        inventory.path(thing("Deployment", "web"))
    assert inventory.get(web) == {"spec": 1}
    assert inventory.get(node) == {"metadata": {"name": "w1"}}
    assert inventory.get(thing("Pod", "gone")) is None
    asked = list(cluster.asked)
    assert inventory.get(thing("Deployment", "web")) is None
    assert cluster.asked == asked, "of a kind that is not there nothing is asked"


@pytest.mark.parametrize("error", [ApiError("GET", EXTERNAL, 503, "away"), HTTPError("timed out")])
def test_only_figures_may_be_away(error: Exception) -> None:
    away = Inventory(Cluster(metrics=error))  # type: ignore[arg-type]
    assert not away.has_kind(thing("PodMetrics", "x", version="metrics.k8s.io/v1beta1"))
    assert [item["metadata"]["uid"] for item in away.in_namespace("acd")] == ["c3", "a2", "d1", "d2", "d3"]
    with pytest.raises(type(error)):
        Inventory(Cluster(apps=error)).has_kind(thing("Pod", "x"))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [403, 500])
def test_what_may_not_be_read_is_not_taken_for_nothing(status: int) -> None:
    refusal = ApiError("GET", "/x", status, "forbidden")
    inventory = Inventory(Cluster(configmaps=refusal))  # type: ignore[arg-type]
    for ask in (lambda: inventory.in_namespace("acd"), lambda: inventory.get(thing("ConfigMap", "x"))):
        with pytest.raises(ApiError) as refused:
            ask()
        assert refused.value is refusal


def owned(kind: str, name: str, uid: str, *owners: str) -> Item:
    references = {"ownerReferences": [{"uid": owner} for owner in owners]} if owners else {}
    return {"kind": kind, "metadata": {"name": name, "uid": uid} | references}


def test_what_came_of_the_owners_is_found_through_all_generations() -> None:
    items = [
        owned("Pod", "web-1-a", "pod", "set"), owned("ReplicaSet", "web-1", "set", "else", "web"),
        owned("Deployment", "web", "web"), owned("Event", "e", "event", "pod"),
        owned("Service", "web", "service"), owned("Endpoints", "web", "endpoints"), owned("Endpoints", "db", "t-1"),
        owned("Service", "db", "theirs-2"), owned("EndpointSlice", "web-x", "slice", "endpoints"),
        owned("PersistentVolumeClaim", "data-db-0", "claim"), owned("PersistentVolumeClaim", "web", "theirs-3"),
        owned("Secret", "data-db-0", "theirs-4"), owned("ConfigMap", "web", "theirs-5"),
        owned("Pod", "x", "theirs-6", "theirs-7"), owned("Backup", "x", "backup", "claim"),
    ]  # fmt: skip
    found = dependents(iter(items), {"web", "service"}, {"data-db-0"})
    assert found == {"pod", "set", "event", "endpoints", "slice", "claim", "backup"}
    assert dependents(items, {"web"}, set()) == {"pod", "set", "event"}
    assert dependents(items, set(), {"web"}) == {"theirs-3"}
    assert dependents([owned("A", "a", "1", "2"), owned("B", "b", "2", "1")], {"1"}, set()) == {"2"}


def test_claims_are_named_by_template_set_and_number() -> None:
    def stateful(name: str, *templates: str, **spec: Any) -> Item:
        return {"metadata": {"name": name}, "spec": spec | {
            "volumeClaimTemplates": [{"metadata": {"name": template}} for template in templates]}}  # fmt: skip

    ten = {f"{name}-db-{number}" for name in ("data", "log") for number in range(10)}
    assert claim_names([stateful("db", "data", "log", replicas=2)]) == ten
    assert claim_names([stateful("db", "data", "log"), {"metadata": {"name": "x"}, "spec": {"replicas": 3}}]) == ten
    assert claim_names([stateful("db", "data", replicas=12)]) == {f"data-db-{number}" for number in range(12)}


def test_an_object_is_named_for_people() -> None:
    assert named(thing("ConfigMap", "precious")) == "configmap/precious in acd"
    assert named({"kind": "ClusterRole", "metadata": {"name": "reader"}}) == "clusterrole/reader"
