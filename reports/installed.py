"""What a stack has installed against loss, taken out of its objects as the API server holds them.

Each net is one value under one name, so that what was promised can be laid beside what is there, net by net.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

Object = dict[str, Any]
Nets = dict[str, Any]
PROBES = {"readiness": "readinessProbe", "liveness": "livenessProbe", "startup": "startupProbe"}
LOST = ("not-ready", "unreachable")
POD_SECURITY = "pod-security.kubernetes.io/enforce"
ELSEWHERE = {"replicas": "horizontalpodautoscalers", "autoscaler": "horizontalpodautoscalers",
             "disruption": "poddisruptionbudgets", "namespace_enforces": "namespaces"}  # fmt: skip
"""Nets that other objects than the workload show, by their kind."""

OF_WORKLOADS = {*ELSEWHERE, "update", "grace_s", "leaves_lost_node_s", "spread", "name_lookup", "account",
                "holds_token", "keeps"}  # fmt: skip
OF_CONTAINERS = {*PROBES, "drain", "requests", "limits", "confined"}
DEFAULT_TOLERATION_S = 300
"""What the API server gives each pod that says nothing else."""


class NotInstalled(Exception):
    """A role's workload is not among the objects."""


def read(dossier: Path, file: str) -> dict[str, list[Object]]:
    """The objects by plural kind, as one file of the dossier holds them.

    Raises:
        NotInstalled: the file is missing, damaged or empty, so nobody looked.
    """
    try:
        found = json.loads((dossier / file).read_bytes())
        if not isinstance(found, dict) or not any(found.values()):
            raise NotInstalled(f"{file} holds no objects")
    except (OSError, ValueError) as error:
        raise NotInstalled(f"{file} cannot be read, so nobody looked: {error}") from error
    return found


def nets_of(objects: dict[str, list[Object]], *, namespace: str, workload: str) -> Nets:
    """The nets of one workload.

    Raises:
        NotInstalled: there is no workload of that name.
    """
    found = next(
        (item for kind in ("deployments", "statefulsets", "daemonsets") for item in objects.get(kind, [])
         if _name(item) == (namespace, workload)), None,
    )  # fmt: skip
    if found is None:
        raise NotInstalled(f"no workload {workload} in namespace {namespace}")
    spec, template = found["spec"], found["spec"]["template"]
    labels, pod = template["metadata"].get("labels", {}), template["spec"]
    mine = {"namespace": namespace, "labels": labels}
    containers = {one["name"]: _container(pod, one) for one in pod["containers"]}
    scaler = _scaler(objects, namespace, workload)
    return {
        "replicas": None if scaler else spec.get("replicas", 1),
        "autoscaler": scaler,
        "update": _update(spec),
        "grace_s": pod.get("terminationGracePeriodSeconds", 30),
        "leaves_lost_node_s": _tolerated(pod),
        "spread": _spread(pod, labels),
        "disruption": _budget(objects, mine),
        "name_lookup": _lookup(pod),
        "namespace_enforces": _enforced(objects, namespace),
        "account": pod.get("serviceAccountName", "default"),
        "holds_token": pod.get("automountServiceAccountToken", True),
        "keeps": sorted(claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])),
        **{f"{net} of {name}": value for name, nets in containers.items() for net, value in nets.items()},
    }


def digest_of(command: list[str]) -> str:
    """The command of a probe or a hook, whole, in ten letters."""
    return hashlib.sha256(json.dumps(command).encode()).hexdigest()[:10]


def is_seen(net: str, objects: dict[str, list[Object]]) -> bool:
    """Whether there is a net of that name, and the objects that show it were looked at, if there are any or not."""
    name, of, container = net.partition(" of ")
    if name not in (OF_CONTAINERS if of and container else OF_WORKLOADS):
        return False
    return name not in ELSEWHERE or ELSEWHERE[name] in objects


def strangers(
    objects: dict[str, list[Object]], *, namespace: str, workload: str, selector: dict[str, str]
) -> list[str]:
    """What a role's selector matches beside its own workload: other workloads, and pods that nothing owns."""
    found = []
    for kind in ("deployments", "statefulsets", "daemonsets"):
        for item in objects.get(kind, []):
            labels = item["spec"]["template"]["metadata"].get("labels", {})
            if item["metadata"]["namespace"] == namespace and _matches(selector, labels) and (
                item["metadata"]["name"] != workload
            ):  # fmt: skip
                found.append(f"{kind.removesuffix('s')} {item['metadata']['name']}")
    for item in objects.get("pods", []):
        meta = item["metadata"]
        if meta["namespace"] == namespace and _matches(selector, meta.get("labels", {})):
            found += [] if meta.get("ownerReferences") else [f"pod {meta['name']}, which nothing owns"]
    return found


def _name(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _matches(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _container(pod: Object, one: Object) -> Nets:
    context = pod.get("securityContext", {}) | one.get("securityContext", {})
    resources = one.get("resources", {})
    stop = one.get("lifecycle", {}).get("preStop")
    return {
        **{net: _probe(one.get(field)) for net, field in PROBES.items()},
        "drain": _asks(stop) if stop else None,
        "requests": resources.get("requests", {}),
        "limits": resources.get("limits", {}),
        "confined": {
            "non_root": context.get("runAsNonRoot", False),
            "escalates": context.get("allowPrivilegeEscalation", True),
            "drops": context.get("capabilities", {}).get("drop", []),
            "seccomp": context.get("seccompProfile", {}).get("type"),
        },
    }


def _probe(probe: Object | None) -> Nets | None:
    if probe is None:
        return None
    return {
        "asks": _asks(probe), "delay_s": probe.get("initialDelaySeconds", 0),
        "period_s": probe.get("periodSeconds", 10),
        "timeout_s": probe.get("timeoutSeconds", 1), "failures": probe.get("failureThreshold", 3),
    }  # fmt: skip


def _asks(handler: Object) -> str:
    if get := handler.get("httpGet"):
        return f"GET {get.get('path', '/')} on {get['port']}"
    if connect := handler.get("tcpSocket"):
        return f"connect to {connect['port']}"
    if run := handler.get("exec"):
        # of a command with a secret in it, only its digest was left
        return f"exec {run.get('digest') or digest_of(run['command'])}"
    return json.dumps(sorted(set(handler) & {"grpc", "sleep"}))


def _update(spec: Object) -> str:
    """How a change is rolled out; of a Deployment also how many pods there may be beside and below its number."""
    strategy = spec.get("strategy") or spec.get("updateStrategy") or {}
    kind, rolling = str(strategy.get("type", "RollingUpdate")), strategy.get("rollingUpdate") or {}
    if kind != "RollingUpdate" or "updateStrategy" in spec or "serviceName" in spec:
        return kind
    return f"{kind}, {rolling.get('maxSurge', '25%')} more, {rolling.get('maxUnavailable', '25%')} fewer"


def _tolerated(pod: Object) -> dict[str, int]:
    """Seconds until a pod leaves a node that is not Ready, and one that is out of reach."""
    found = dict.fromkeys(LOST, DEFAULT_TOLERATION_S)
    for one in pod.get("tolerations", []):
        key = str(one.get("key", "")).removeprefix("node.kubernetes.io/")
        if key in found and one.get("effect", "NoExecute") == "NoExecute":
            found[key] = one.get("tolerationSeconds", -1)  # none given: it stays for ever
    return found


def _spread(pod: Object, labels: dict[str, str]) -> list[str]:
    anti = pod.get("affinity", {}).get("podAntiAffinity", {})
    hard = anti.get("requiredDuringSchedulingIgnoredDuringExecution", [])
    soft = [one["podAffinityTerm"] for one in anti.get("preferredDuringSchedulingIgnoredDuringExecution", [])]
    return [
        f"{word} over {term['topologyKey']}"
        for word, terms in (("required", hard), ("preferred", soft))
        for term in terms
        if _matches(term.get("labelSelector", {}).get("matchLabels", {}), labels)
    ]


def _lookup(pod: Object) -> dict[str, str] | None:
    """How long the pod's resolver waits for a name, where that is said; else it is 5 s, two times."""
    options = {one["name"]: one.get("value", "") for one in pod.get("dnsConfig", {}).get("options", [])}
    return {name: options[name] for name in ("timeout", "attempts") if name in options} or None


def _budget(objects: dict[str, list[Object]], mine: Nets) -> dict[str, Any] | None:
    for item in objects.get("poddisruptionbudgets", []):
        spec = item["spec"]
        if item["metadata"]["namespace"] == mine["namespace"] and _matches(
            spec.get("selector", {}).get("matchLabels", {}), mine["labels"]
        ):
            return {key: spec[key] for key in ("minAvailable", "maxUnavailable") if key in spec}
    return None


def _enforced(objects: dict[str, list[Object]], namespace: str) -> str | None:
    for item in objects.get("namespaces", []):
        if item["metadata"]["name"] == namespace:
            labels = item["metadata"].get("labels", {})
            level = labels.get(POD_SECURITY)
            return f"{level}, {labels.get(f'{POD_SECURITY}-version', 'latest')}" if level else None
    return None


def _scaler(objects: dict[str, list[Object]], namespace: str, workload: str) -> Nets | None:
    for item in objects.get("horizontalpodautoscalers", []):
        spec = item["spec"]
        if item["metadata"]["namespace"] == namespace and spec["scaleTargetRef"]["name"] == workload:
            behavior = spec.get("behavior", {})
            return {
                "name": item["metadata"]["name"], "min": spec.get("minReplicas", 1), "max": spec["maxReplicas"],
                "metrics": [f"{m['resource']['name']} {m['resource']['target'].get('averageUtilization')} %"
                            if "resource" in m else m["type"] for m in spec.get("metrics", [])],
                "up_window_s": behavior.get("scaleUp", {}).get("stabilizationWindowSeconds", 0),
                "down_window_s": behavior.get("scaleDown", {}).get("stabilizationWindowSeconds", 300),
                "up": _pace(behavior.get("scaleUp", {})),
                "down": _pace(behavior.get("scaleDown", {})),
            }  # fmt: skip
    return None


def _pace(rules: Object) -> str:
    """How fast a number of pods may change."""
    steps = [f"{p['value']} {p['type']} in {p['periodSeconds']} s" for p in rules.get("policies") or []]
    return f"{rules.get('selectPolicy', 'Max')} of {', '.join(steps) or 'no policy'}"
