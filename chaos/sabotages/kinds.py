"""Where objects of a kind live in the API, and what of an object is its owner's rather than a controller's."""

from __future__ import annotations

from typing import Any

from fixtures.kubernetes.informer import KubeObject

NAMESPACED = {
    "Pod": "/api/v1/namespaces/{ns}/pods",
    "Service": "/api/v1/namespaces/{ns}/services",
    "ConfigMap": "/api/v1/namespaces/{ns}/configmaps",
    "Deployment": "/apis/apps/v1/namespaces/{ns}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{ns}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{ns}/daemonsets",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies",
}
CLUSTER_WIDE = {
    "Namespace": "/api/v1/namespaces",
    "APIService": "/apis/apiregistration.k8s.io/v1/apiservices",
}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
OF_CONTROLLERS = ("deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation")


def path_of(kind: str, name: str = "", namespace: str = "") -> str:
    """The API path of an object, or of its kind when no name is given.

    Raises:
        KeyError: a kind that no sabotage may touch.
    """
    folder = CLUSTER_WIDE[kind] if kind in CLUSTER_WIDE else NAMESPACED[kind].format(ns=namespace)
    return f"{folder}/{name}" if name else folder


def own(item: KubeObject, *, scaled: bool = False) -> dict[str, Any]:
    """What of an object is its owner's: labels, annotations, and all but metadata and status.

    Args:
        item: as the API gives it.
        scaled: an autoscaler owns its number of replicas, so that is left out.
    """
    metadata = item["metadata"]
    rest = {key: value for key, value in item.items() if key not in ("metadata", "status", "apiVersion", "kind")}
    if scaled and "spec" in rest:
        rest["spec"] = {key: value for key, value in rest["spec"].items() if key != "replicas"}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k not in OF_CONTROLLERS}
    return {"labels": metadata.get("labels") or {}, "annotations": annotations, **rest}
