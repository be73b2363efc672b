"""All nets of one workload, whole: one that says nothing, one that says everything, and each that is like another."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from reports.installed import NotInstalled, nets_of

LABELS = {"app": "web", "tier": "front"}
BARE_CONTAINER = {
    "readiness": None, "liveness": None, "startup": None, "drain": None, "requests": {}, "limits": {},
    "confined": {"non_root": False, "escalates": True, "drops": [], "seccomp": None},
}  # fmt: skip
BARE = {
    "replicas": 1, "autoscaler": None, "update": "RollingUpdate, 25% more, 25% fewer", "grace_s": 30,
    "leaves_lost_node_s": {"not-ready": 300, "unreachable": 300}, "spread": [], "disruption": None,
    "name_lookup": None, "namespace_enforces": None, "account": "default", "holds_token": True, "keeps": [],
    **{f"{net} of main": value for net, value in BARE_CONTAINER.items()},
}  # fmt: skip


def named(name: str, namespace: str | None = "acd", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name} | ({"namespace": namespace} if namespace else {}), "spec": spec}


def workload(name: str = "web", namespace: str = "acd", labels: dict[str, str] | None = None, **of: Any) -> Any:
    spec = {"containers": [{"name": "main"}], **of.pop("pod", {})}
    meta = {} if labels is None else {"labels": labels}
    return named(name, namespace, template={"metadata": meta, "spec": spec}, **of)


def nets(*items: Any, **others: Any) -> dict[str, Any]:
    return nets_of({"deployments": list(items), **others}, namespace="acd", workload="web")


def changed(*items: Any, **others: Any) -> dict[str, Any]:
    """What is otherwise than of a workload that says nothing."""
    found = nets(*items, **others)
    assert found.keys() >= BARE.keys() or "containers" in str(items)
    return {net: value for net, value in found.items() if net not in BARE or BARE[net] != value}


def test_a_workload_that_says_nothing_has_what_the_api_server_gives() -> None:
    assert nets(workload()) == BARE
    for kind in ("statefulsets", "daemonsets"):
        assert nets_of({kind: [workload()]}, namespace="acd", workload="web") == BARE
    nowhere = {"metadata": {"name": "web"}, "spec": workload()["spec"]}
    assert nets_of({"deployments": [nowhere]}, namespace="", workload="web") == BARE
    for items in ([], [workload("db")], [workload(namespace="other")]):
        with pytest.raises(NotInstalled, match=r"^no workload web in namespace acd$"):
            nets_of({"deployments": items, "pods": [workload()]}, namespace="acd", workload="web")


def test_what_a_workload_and_its_pods_say_is_taken_as_it_is() -> None:
    pod = {"terminationGracePeriodSeconds": 7, "serviceAccountName": "runner", "automountServiceAccountToken": False}
    keeps = [named("data"), named("cache")]
    assert changed(workload(replicas=3, pod=pod, volumeClaimTemplates=keeps)) == {
        "replicas": 3, "grace_s": 7, "account": "runner", "holds_token": False, "keeps": ["cache", "data"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "update"),
    [
        ({"strategy": {"type": "Recreate"}}, "Recreate"),
        ({"strategy": {}}, "RollingUpdate, 25% more, 25% fewer"),
        ({"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}, "RollingUpdate, 1 more, 0 fewer"),
        ({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2}}}, "RollingUpdate, 2 more, 25% fewer"),
        ({"updateStrategy": {"type": "OnDelete"}}, "OnDelete"),
        ({"updateStrategy": {"rollingUpdate": {"maxUnavailable": 1}}}, "RollingUpdate"),
        ({"serviceName": "web"}, "RollingUpdate"),
    ],
)
def test_how_a_change_is_rolled_out(spec: dict[str, Any], update: str) -> None:
    assert nets(workload(**spec))["update"] == update


@pytest.mark.parametrize(
    ("told", "leaves"),
    [
        ([], (300, 300)),
        ([{"key": "node.kubernetes.io/not-ready", "tolerationSeconds": 5}], (5, 300)),
        ([{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "tolerationSeconds": 0}], (300, 0)),
        ([{"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule", "tolerationSeconds": 5}], (300, 300)),
        ([{"key": "node.kubernetes.io/not-ready"}, {"key": "node.kubernetes.io/unreachable"}], (-1, -1)),
        ([{"key": "other", "tolerationSeconds": 5}, {"operator": "Exists", "tolerationSeconds": 5}], (300, 300)),
    ],
)
def test_how_long_a_pod_stays_on_a_lost_node(told: list[Any], leaves: tuple[int, int]) -> None:
    found = nets(workload(pod={"tolerations": told}))["leaves_lost_node_s"]
    assert found == {"not-ready": leaves[0], "unreachable": leaves[1]}


def term(key: str, **labels: str) -> dict[str, Any]:
    return {"topologyKey": key, "labelSelector": {"matchLabels": labels}}


def test_pods_are_spread_by_terms_that_match_their_own_labels() -> None:
    anti = {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            term("host", app="web"), term("zone", app="db"), term("rack"), {"topologyKey": "floor"},
            {"topologyKey": "row", "labelSelector": {}},
        ],
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "podAffinityTerm": term("zone", app="web", tier="front")},
            {"weight": 1, "podAffinityTerm": term("host", app="web", tier="back")},
        ],
    }  # fmt: skip
    spread = ["required over host", "preferred over zone"]
    assert changed(workload(labels=LABELS, pod={"affinity": {"podAntiAffinity": anti}})) == {"spread": spread}
    assert changed(workload(pod={"affinity": {"podAntiAffinity": anti}})) == {}
    assert changed(workload(pod={"affinity": {}})) == {}


@pytest.mark.parametrize(
    ("config", "lookup"),
    [
        ({"options": [{"name": "attempts", "value": "3"}, {"name": "ndots", "value": "5"}]}, {"attempts": "3"}),
        ({"options": [{"name": "timeout"}, {"name": "attempts", "value": "1"}]}, {"timeout": "", "attempts": "1"}),
        ({"options": [{"name": "ndots", "value": "5"}]}, None),
        ({}, None),
    ],
)
def test_how_long_a_name_is_looked_up(config: dict[str, Any], lookup: dict[str, str] | None) -> None:
    assert nets(workload(pod={"dnsConfig": config}))["name_lookup"] == lookup


def budget(namespace: str = "acd", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    selector = {} if labels is None else {"matchLabels": labels}
    return named("b", namespace, selector=selector, **spec)


def test_the_first_budget_of_disruption_that_selects_the_pods_counts() -> None:
    web = {"app": "web"}
    others = [budget("other", web, minAvailable=9), budget(labels={"app": "db"}, minAvailable=9),
              budget(minAvailable=9), named("b", minAvailable=9)]  # fmt: skip
    both = [*others, budget(labels=web, maxUnavailable=1, extra=2), budget(labels=web, minAvailable=8)]
    assert changed(workload(labels=LABELS), poddisruptionbudgets=both) == {"disruption": {"maxUnavailable": 1}}
    one = budget(labels=LABELS, minAvailable="50%")
    assert changed(workload(labels=LABELS), poddisruptionbudgets=[one]) == {"disruption": {"minAvailable": "50%"}}
    assert changed(workload(labels=LABELS), poddisruptionbudgets=others) == {}


def test_what_the_namespace_enforces() -> None:
    key = "pod-security.kubernetes.io/enforce"

    def space(name: str, **labels: str) -> dict[str, Any]:
        return {"metadata": {"name": name, "labels": {name.replace("_", "-"): v for name, v in labels.items()}}}

    strict = {"metadata": {"name": "acd", "labels": {key: "restricted"}}}
    pinned = {"metadata": {"name": "acd", "labels": {key: "baseline", f"{key}-version": "v1.31"}}}
    assert changed(workload(), namespaces=[space("x"), strict]) == {"namespace_enforces": "restricted, latest"}
    assert changed(workload(), namespaces=[pinned, strict]) == {"namespace_enforces": "baseline, v1.31"}
    for loose in ([space("acd", some="label"), strict], [{"metadata": {"name": "acd"}}], [{"metadata": {"name": "x"}}]):
        assert changed(workload(), namespaces=loose) == {}


def scaler(name: str, namespace: str = "acd", target: str = "web", **spec: Any) -> dict[str, Any]:
    return named(name, namespace, scaleTargetRef={"name": target}, maxReplicas=5, **spec)


def test_an_autoscaler_takes_the_place_of_the_replicas() -> None:
    bare = {"name": "h", "min": 1, "max": 5, "metrics": [], "up_window_s": 0, "down_window_s": 300,
            "up": "Max of no policy", "down": "Max of no policy"}  # fmt: skip
    items = [scaler("a", "other"), scaler("b", target="db"), scaler("h"), scaler("z", minReplicas=4)]
    expected = {"replicas": None, "autoscaler": bare}
    assert changed(workload(replicas=3), horizontalpodautoscalers=items) == expected
    kinds = ((2, "Pods", 15), (50, "Percent", 60))
    policies = [{"value": value, "type": kind, "periodSeconds": period_s} for value, kind, period_s in kinds]
    whole = scaler(
        "h", minReplicas=2, behavior={
            "scaleUp": {"stabilizationWindowSeconds": 7, "policies": policies, "selectPolicy": "Min"},
            "scaleDown": {"stabilizationWindowSeconds": 0, "policies": None},
        },
        metrics=[{"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 70}}},
                 {"type": "Resource", "resource": {"name": "memory", "target": {}}}, {"type": "Pods"}],
    )  # fmt: skip
    assert nets(workload(), horizontalpodautoscalers=[whole])["autoscaler"] == {
        "name": "h", "min": 2, "max": 5, "metrics": ["cpu 70 %", "memory None %", "Pods"],
        "up_window_s": 7, "down_window_s": 0, "up": "Min of 2 Pods in 15 s, 50 Percent in 60 s",
        "down": "Max of no policy",
    }  # fmt: skip
    assert changed(workload(), horizontalpodautoscalers=items[:2]) == {}


def probe(**told: Any) -> dict[str, Any]:
    return {"asks": "[]", "delay_s": 0, "period_s": 10, "timeout_s": 1, "failures": 3} | told


def test_the_probes_the_drain_and_the_bounds_of_each_container() -> None:
    command = ["sh", "-c", "stop"]
    runs = f"exec {hashlib.sha256(json.dumps(command).encode()).hexdigest()[:10]}"
    one = {
        "name": "one", "readinessProbe": {"httpGet": {"path": "/live", "port": 80}, "initialDelaySeconds": 1,
                                          "periodSeconds": 2, "timeoutSeconds": 3, "failureThreshold": 4},
        "livenessProbe": {"tcpSocket": {"port": "sql"}}, "startupProbe": {},
        "lifecycle": {"preStop": {"exec": {"command": command}}},
        "resources": {"requests": {"cpu": "1m"}, "limits": {"cpu": "2m"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }  # fmt: skip
    two = {"name": "two", "readinessProbe": {"httpGet": {"port": 8080}}, "livenessProbe": {"grpc": {}, "x": 1},
           "lifecycle": {"postStart": {}, "preStop": {"sleep": {"seconds": 1}}},
           "securityContext": {"runAsNonRoot": False}}  # fmt: skip
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, "capabilities": {"drop": ["X"]}}
    found = changed(workload(pod={"containers": [one, two], "securityContext": context}))
    first = {
        "readiness": probe(asks="GET /live on 80", delay_s=1, period_s=2, timeout_s=3, failures=4),
        "liveness": probe(asks="connect to sql"), "startup": probe(), "drain": runs,
        "requests": {"cpu": "1m"}, "limits": {"cpu": "2m"},
        "confined": {"non_root": True, "escalates": False, "drops": ["ALL"], "seccomp": "RuntimeDefault"},
    }  # fmt: skip
    second = BARE_CONTAINER | {
        "readiness": probe(asks="GET / on 8080"), "liveness": probe(asks='["grpc"]'), "drain": '["sleep"]',
        "confined": {"non_root": False, "escalates": True, "drops": ["X"], "seccomp": "RuntimeDefault"},
    }  # fmt: skip
    assert found == {
        **{f"{net} of one": value for net, value in first.items()},
        **{f"{net} of two": value for net, value in second.items()},
    }
