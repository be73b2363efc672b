"""The whole stack in memory: its rendered manifests, and controllers that roll pods out at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from fake_api import FakeApi
from fake_world import ready

from chaos.sabotages.kinds import CLUSTER_WIDE, NAMESPACED, path_of
from chaos.world import World
from fixtures.cluster import manifests
from fixtures.kubernetes.informer import KubeObject
from fixtures.settings import Settings
from fixtures.stack.map import load_stack_map

IMAGES = {
    name: f"crucible/{name}:0"
    for name in ("apps", "kafka", "kube-router", "metrics-server", "nginx", "postgresql", "redis")
}


def rendered(home: Path) -> list[KubeObject]:
    """The manifests as `crucible up` applies them."""
    text = manifests.render(Settings(home=home), IMAGES, own_cni=True)
    return [item for item in yaml.safe_load_all(text) if item]


class FakeStack(World):
    """A world of rendered manifests; a sabotage that is planted in it takes effect at once."""

    def __init__(self, items: list[KubeObject]) -> None:
        super().__init__(Settings(), load_stack_map(), seed=7, experiment="sabotage")
        known = [item for item in items if item["kind"] in {**NAMESPACED, **CLUSTER_WIDE}]
        self.api = FakeApi({self.path(item): self.lived(item) for item in known})
        self.cluster = self.api  # type: ignore[assignment]

    @staticmethod
    def path(item: KubeObject) -> str:
        meta = item["metadata"]
        return path_of(item["kind"], meta["name"], meta.get("namespace", ""))

    @staticmethod
    def lived(item: KubeObject) -> KubeObject:
        """A manifest as the API gives it back."""
        uid = f"u-{item['kind']}-{item['metadata']['name']}"
        meta = {"generation": 1, "resourceVersion": "7", **item["metadata"], "uid": uid}
        status = {"conditions": [{"type": "ScalingActive", "status": "True"}]} if "Autoscaler" in item["kind"] else {}
        lives = {**item, "metadata": meta, "status": status}
        if item["kind"] in {"Deployment", "StatefulSet"} and "replicas" not in item["spec"]:
            lives["spec"] = {**item["spec"], "replicas": 2}  # the API server said 1, the autoscaler its floor
        return lives

    def objects(self, kind: str, namespace: str | None = None) -> list[KubeObject]:
        made = {"pods": self._pods, "endpointslices": self._slices}.get(kind)
        if made is not None:
            return [item for item in made() if namespace in (None, item["metadata"]["namespace"])]
        return [
            {**item, "status": {**item.get("status", {}), **_rolled_out(item)}}
            for path, item in sorted(self.api.items.items())
            if path.split("/")[-2] == kind and namespace in (None, item["metadata"].get("namespace"))
        ]

    def _pods(self) -> list[KubeObject]:
        found = [
            {**item, "status": {"conditions": ready(True)}} for item in self.api.items.values() if item["kind"] == "Pod"
        ]
        for kind in ("deployments", "statefulsets"):
            for workload in self.objects(kind):
                meta, spec = workload["metadata"], workload["spec"]
                owner = (
                    {"kind": "ReplicaSet", "name": f"{meta['name']}-5f"} if kind == "deployments"
                    else {"kind": "StatefulSet", "name": meta["name"]}
                )  # fmt: skip
                for number in range(spec["replicas"]):
                    name = f"{meta['name']}-{number}"
                    about = {
                        **spec["template"]["metadata"],
                        "name": name,
                        "namespace": meta["namespace"],
                        "uid": f"u-{name}",
                        "ownerReferences": [{**owner, "controller": True}],
                    }
                    found.append({"metadata": about, "spec": spec["template"]["spec"],
                                  "status": {"conditions": ready(True)}})  # fmt: skip
        return found

    def _slices(self) -> list[KubeObject]:
        pods = self._pods()
        return [
            {
                "metadata": {"namespace": role.namespace, "labels": {"kubernetes.io/service-name": role.service}},
                "endpoints": [
                    {"conditions": {"ready": True}, "targetRef": {"uid": pod["metadata"]["uid"]}}
                    for pod in pods
                    if role.selector.items() <= pod["metadata"]["labels"].items()
                ],
            }
            for role in self.stack.roles.values()
        ]


def _rolled_out(item: KubeObject) -> dict[str, Any]:
    count = item.get("spec", {}).get("replicas")
    if count is None:
        return {}
    return {"observedGeneration": 10**6, "replicas": count, "readyReplicas": count, "updatedReplicas": count}
