"""What the timeline is told of two states of an object, compared whole: each event with all that it carries."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.kubernetes.changes import Change, events_of

Item = dict[str, Any]


def meta(name: str, **more: Any) -> Item:
    return {"name": name, "namespace": "acd", "uid": f"u-{name}"} | more


def pod(*, ready: bool = False, node: str | None = None, statuses: list[Item] | None = None, **more: Any) -> Item:
    status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
    status |= {} if statuses is None else {"containerStatuses": statuses}
    return {"kind": "Pod", "metadata": meta("p", **more), "spec": {"nodeName": node} if node else {}, "status": status}


def told(*kinds: str, node: str | None, **more: Any) -> list[Change]:
    return [Change(kind, "acd/pod/p", "u-p", {"role": "web", "node": node} | more) for kind in kinds]


GOING = {"deletionTimestamp": "now"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, None, []),
        (None, pod(), told("pod.added", node=None)),
        (pod(), pod(), []),
        (pod(), pod(node="w1"), told("pod.scheduled", node="w1")),
        (None, {"kind": "Pod", "metadata": meta("p"), "spec": {}}, told("pod.added", node=None)),
        (
            None, pod(node="w1", ready=True, **GOING),
            told("pod.added", "pod.scheduled", "pod.terminating", "pod.ready", node="w1"),
        ),
        (
            pod(node="w1", ready=True), pod(node="w2", **GOING),
            told("pod.terminating", "pod.not_ready", node="w2"),
        ),
        (pod(node="w1", ready=True, **GOING), pod(ready=True, **GOING), told(node="w1")),
        (pod(node="w1", ready=True), None, told("pod.not_ready", "pod.deleted", node="w1")),
        (pod(node="w1", **GOING), None, told("pod.deleted", node="w1")),
    ],
)  # fmt: skip
def test_pods(old: Item | None, new: Item | None, expected: list[Change]) -> None:
    assert events_of(old, new, "web") == expected


def test_restarts_of_each_container_with_how_it_ended() -> None:
    ended = {"lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "message": "x"}}}
    old = pod(node="w1", statuses=[
        {"name": "same", "restartCount": 2} | ended, {"name": "more", "restartCount": 1}, {"name": "fresh"},
        {"name": "less", "restartCount": 3},
    ])  # fmt: skip
    new = pod(node="w1", ready=True, statuses=[
        {"name": "same", "restartCount": 2} | ended, {"name": "more", "restartCount": 3} | ended,
        {"name": "fresh", "restartCount": 1, "lastState": {"terminated": {"exitCode": 0}}},
        {"name": "new", "restartCount": 1, "lastState": {}}, {"name": "less", "restartCount": 2}, {"name": "none"},
    ])  # fmt: skip
    assert events_of(old, new, "web") == [
        *told("pod.ready", node="w1"),
        *told(
            "container.restarted", node="w1", container="more", restarts=3, times=2, exit_code=137, reason="OOMKilled"
        ),
        *told("container.restarted", node="w1", container="fresh", restarts=1, times=1, exit_code=0, reason=None),
        *told("container.restarted", node="w1", container="new", restarts=1, times=1),
    ]
    first = events_of(None, new, "web")
    assert first == told("pod.added", "pod.scheduled", "pod.ready", node="w1"), "restarts of long ago are no events"
    assert events_of(new, None, "web") == told("pod.not_ready", "pod.deleted", node="w1")


def node(ready: str = "True", *, shut: bool | None = None) -> Item:
    spec = {} if shut is None else {"unschedulable": shut}
    status = {"conditions": [{"type": "Ready", "status": ready}]}
    return {"kind": "Node", "metadata": {"name": "w1", "uid": "u"}, "spec": spec, "status": status}


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        (None, node(), ["node.ready"]),
        (None, node("Unknown"), ["node.not_ready"]),
        (None, node(shut=True), ["node.ready", "node.cordoned"]),
        (None, node(shut=False), ["node.ready"]),
        (node(), node(), []),
        (node("False"), node("Unknown"), []),
        (node("False"), node(shut=True), ["node.ready", "node.cordoned"]),
        (node(shut=True), node("False"), ["node.not_ready", "node.uncordoned"]),
        (node(shut=True), node(shut=True), []),
        (node(), node(shut=False), []),
    ],
)
def test_nodes(old: Item | None, new: Item, kinds: list[str]) -> None:
    assert events_of(old, new, None) == [Change(kind, "node/w1", "u", {}) for kind in kinds]


def test_a_node_that_is_gone_is_not_ready() -> None:
    gone = [Change("node.not_ready", "node/w1", "u", {"reason": "deleted"})]
    assert events_of(node("False", shut=True), None, None) == gone


def endpoint_slice(*endpoints: Item, **more: Any) -> Item:
    return {"kind": "EndpointSlice", "metadata": meta("web-x", **more), "endpoints": [*endpoints]}


def uid_of(name: str) -> str:
    """Ones that are in another order than the names."""
    return f"u{900 - ord(name)}"


def endpoint(name: str, *, ready: bool | None = True, kind: str = "Pod") -> Item:
    target = {"kind": kind, "name": name, "uid": uid_of(name)}
    return {"targetRef": target} | ({} if ready is None else {"conditions": {"ready": ready}})


def moved(kind: str, *names: str, service: str = "web") -> list[Change]:
    return [Change(f"endpoint.{kind}", f"acd/service/{service}", uid_of(name), {"pod": name, "role": "web"})
            for name in names]  # fmt: skip


def test_endpoints_go_and_then_come_in_order_of_their_pods() -> None:
    labels = {"labels": {"kubernetes.io/service-name": "web"}}
    old = endpoint_slice(endpoint("d"), endpoint("c"), endpoint("b"), **labels)
    new = endpoint_slice(
        endpoint("f"), endpoint("e"), endpoint("b"), endpoint("c", ready=False), endpoint("g", ready=None),
        endpoint("h", kind="Host"), {"conditions": {"ready": True}, "addresses": ["10.0.0.1"]}, **labels,
    )  # fmt: skip
    assert events_of(old, new, "web") == moved("removed", "c", "d") + moved("added", "e", "f")
    assert events_of(None, old, "web") == moved("added", "b", "c", "d")
    assert events_of(old, None, "web") == moved("removed", "b", "c", "d")
    assert events_of(old, old, "web") == []
    assert events_of(None, endpoint_slice(endpoint("a")), "web") == moved("added", "a", service="web-x")
    assert events_of(None, endpoint_slice(endpoint("a"), labels={}), "web") == moved("added", "a", service="web-x")
    nothing = {"kind": "EndpointSlice", "metadata": meta("web-x", **labels)}
    assert events_of(old, nothing, "web") == moved("removed", "b", "c", "d")


def workload(kind: str = "Deployment", *, generation: int = 1, spec: Item | None = None, **status: int) -> Item:
    about = {
        "kind": kind,
        "metadata": meta("w", generation=generation),
        "spec": {"replicas": 2} if spec is None else spec,
    }
    return about | ({"status": status} if status else {})


def replicas(kind: str, **data: int) -> list[Change]:
    return [Change("workload.replicas", f"acd/{kind}/w", "u-w", {"role": "web", **data})]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_replicas_of_workloads(kind: str) -> None:
    noun = kind.lower()
    whole = workload(kind, readyReplicas=2, observedGeneration=1, replicas=7)
    assert events_of(whole, whole, "web") == []
    assert events_of(None, whole, "web") == replicas(noun, spec=2, ready=2, generation=1, observed=1)
    assert events_of(whole, None, "web") == replicas(noun, spec=0, ready=0, generation=0, observed=0)
    bare = workload(kind, generation=3, spec={})
    assert events_of(whole, bare, "web") == replicas(noun, spec=1, ready=0, generation=3, observed=0)
    assert events_of(bare, workload(kind, generation=3, spec={}, other=1), "web") == []
    scaled = workload(kind, readyReplicas=2, observedGeneration=1, spec={"replicas": 3})
    assert events_of(whole, scaled, "web") == replicas(noun, spec=3, ready=2, generation=1, observed=1)


def hpa(*metrics: Any, spec: Item | None = None, **status: Any) -> Item:
    more = {"status": status | ({"currentMetrics": [*metrics]} if metrics else {})} if status or metrics else {}
    return {"kind": "HorizontalPodAutoscaler", "metadata": meta("h"), "spec": spec or {"maxReplicas": 5}} | more


def cpu(percent: int | None, name: str = "cpu", kind: str = "Resource") -> Item:
    current = {} if percent is None else {"averageUtilization": percent}
    return {"type": kind, "resource": {"name": name, "current": current}}


def test_autoscalers() -> None:
    def said(current: int, desired: int, low: int, high: int, percent: int | None) -> list[Change]:
        data = {"current": current, "desired": desired, "min": low, "max": high, "cpu_percent": percent}
        return [Change("hpa.replicas", "acd/hpa/h", "u-h", {"role": "web", **data})]

    bare, bounds = hpa(), {"minReplicas": 2, "maxReplicas": 6}
    seeing = hpa(None, cpu(9, kind="Pods"), cpu(8, "memory"), cpu(35), cpu(7), spec=bounds, currentReplicas=3,
                 desiredReplicas=4)  # fmt: skip
    assert events_of(None, bare, "web") == said(0, 0, 1, 5, None)
    assert events_of(bare, seeing, "web") == said(3, 4, 2, 6, 35)
    assert events_of(seeing, seeing, "web") == []
    assert events_of(bare, hpa(cpu(None), currentReplicas=1), "web") == said(1, 0, 1, 5, None)
    assert events_of(bare, hpa(currentMetrics=None, desiredReplicas=1), "web") == said(0, 1, 1, 5, None)
    assert events_of(seeing, None, "web") == []
