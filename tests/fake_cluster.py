"""A cluster in memory that answers what an API server answers: discovery, UIDs, apply, preconditions."""

from __future__ import annotations

import copy
import itertools
import threading
from typing import Any

from fixtures.kubernetes.api import ApiError
from fixtures.kubernetes.informer import KubeObject

KINDS = {
    "v1": [("namespaces", "Namespace", False), ("configmaps", "ConfigMap", True), ("secrets", "Secret", True),
           ("services", "Service", True), ("endpoints", "Endpoints", True), ("pods", "Pod", True),
           ("persistentvolumeclaims", "PersistentVolumeClaim", True), ("serviceaccounts", "ServiceAccount", True),
           ("persistentvolumes", "PersistentVolume", False),
           ("events", "Event", True)],
    "apps/v1": [("deployments", "Deployment", True), ("statefulsets", "StatefulSet", True)],
    "rbac.authorization.k8s.io/v1": [("clusterroles", "ClusterRole", False)],
    "apiregistration.k8s.io/v1": [("apiservices", "APIService", False)],
}  # fmt: skip


class FakeCluster:
    """Only what `Cluster` offers for single requests; `objects` maps path to object, `calls` is every write."""

    def __init__(self) -> None:
        self.objects: dict[str, KubeObject] = {}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.metrics: list[Any] | None = None
        self._uids = itertools.count(1)

    def put(self, version: str, kind: str, name: str, namespace: str = "", **more: Any) -> KubeObject:
        """Something that is there already, made by another."""
        metadata = {"name": name, "uid": f"u{next(self._uids)}", **({"namespace": namespace} if namespace else {})}
        metadata |= more.pop("metadata", {})
        item = {"apiVersion": version, "kind": kind, "metadata": metadata, **more}
        plural = next(plural for plural, k, _ in KINDS[version] if k == kind)
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        self.objects[f"{root}/{f'namespaces/{namespace}/' if namespace else ''}{plural}/{name}"] = item
        return item

    def get(self, path: str, **_: Any) -> Any:
        if path == "/apis":
            versions = [v for v in KINDS if "/" in v]
            return {"groups": [{"versions": [{"groupVersion": v}]} for v in versions]}
        version = path.removeprefix("/apis/").removeprefix("/api/")
        if version in KINDS:
            verbs = ["list", "delete"]
            return {
                "resources": [{"name": p, "kind": k, "namespaced": n, "verbs": verbs} for p, k, n in KINDS[version]]
            }
        if path == "/apis/metrics.k8s.io/v1beta1/nodes" and self.metrics is not None:
            return {"items": self.metrics}
        if path in self.objects:
            return copy.deepcopy(self.objects[path])
        if path.rsplit("/", 1)[1] in {plural for kinds in KINDS.values() for plural, _, _ in kinds}:
            under = [o for p, o in self.objects.items() if p.rsplit("/", 1)[0] == path]
            return {"items": [{k: v for k, v in o.items() if k not in ("kind", "apiVersion")} for o in under]}
        raise ApiError("GET", path, 404, "not found")

    def request(self, method: str, path: str, *, query: Any = None, body: Any = None, **_: Any) -> Any:
        query = query or {}
        self.calls.append((method, path, query))
        if method == "POST":
            name = body["metadata"]["name"]
            if f"{path}/{name}" in self.objects:
                raise ApiError(method, path, 409, "already exists")
            made = copy.deepcopy(body)
            made["metadata"]["uid"] = f"u{next(self._uids)}"
            self.objects[f"{path}/{name}"] = made
            return copy.deepcopy(made)
        there = self.objects.get(path)
        uid = body["metadata"].get("uid")
        if uid is not None and (there is None or there["metadata"]["uid"] != uid):
            raise ApiError(method, path, 409, "uid mismatch")
        if query.get("dryRun") or "managedFields" in body["metadata"]:
            return body
        fresh = copy.deepcopy(body)
        fresh["metadata"]["uid"] = there["metadata"]["uid"] if there else f"u{next(self._uids)}"
        self.objects[path] = fresh
        return fresh

    def delete(self, path: str, body: Any = None) -> Any:
        self.calls.append(("DELETE", path, body or {}))
        there = self.objects.get(path)
        if there is None:
            raise ApiError("DELETE", path, 404, "not found")
        if there["metadata"]["uid"] != body["preconditions"]["uid"]:
            raise ApiError("DELETE", path, 409, "uid mismatch")
        gone = {there["metadata"]["uid"]}
        del self.objects[path]
        if there["kind"] == "PersistentVolumeClaim":  # as a provisioner does, a little later
            volume = f"/api/v1/persistentvolumes/{there.get('spec', {}).get('volumeName')}"
            threading.Timer(0.3, self.objects.pop, (volume, None)).start()
        for other, item in list(self.objects.items()):
            owners = {owner["uid"] for owner in item["metadata"].get("ownerReferences", ())}
            if (
                owners & gone
                or (path.startswith("/api/v1/namespaces/") and other.startswith(f"{path}/"))
                or (there["kind"] == "Namespace" and f"/namespaces/{there['metadata']['name']}/" in other)
            ):
                del self.objects[other]
        return {}

    def writes(self) -> list[tuple[str, str]]:
        """Every call that changed something."""
        return [(method, path) for method, path, query in self.calls if not query.get("dryRun")]
