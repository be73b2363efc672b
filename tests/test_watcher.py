"""What the watcher makes of changes: hand-made objects before and after, and the timeline it writes."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.kubernetes.informer import Informer
from fixtures.kubernetes.lag import UNKNOWN_NS, Lag
from fixtures.kubernetes.watcher import Watcher, dated, events_of, role_of
from fixtures.stack.map import load_stack_map
from fixtures.timeline import Timeline
from fixtures.wait import wait_for

MAP = load_stack_map()


def pod(uid: str = "u1", *, ready: bool = False, node: str | None = "w1", name: str = "gateway-x", **more: Any) -> Any:
    metadata: dict[str, Any] = {
        "name": name, "namespace": "acd", "uid": uid, "labels": {"app.kubernetes.io/name": "gateway"},
    }  # fmt: skip
    if more.get("terminating"):
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    restarts = more.get("restarts", 0)
    status = {"name": "gateway", "restartCount": restarts}
    if restarts:
        status["lastState"] = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    return {
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"nodeName": node} if node else {},
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [status],
        },
    }


def kinds(old: Any, new: Any, role: str | None = "gateway") -> list[str]:
    return [change.kind for change in events_of(old, new, role)]


def test_a_pod_from_pending_to_ready() -> None:
    assert kinds(None, pod(node=None)) == ["pod.added"]
    assert kinds(pod(node=None), pod()) == ["pod.scheduled"]
    assert kinds(pod(), pod(ready=True)) == ["pod.ready"]
    assert kinds(pod(ready=True), pod(ready=True)) == []


def test_a_pod_seen_late_tells_all_it_went_through() -> None:
    assert kinds(None, pod(ready=True)) == ["pod.added", "pod.scheduled", "pod.ready"]


def test_readiness_that_flaps_is_two_events() -> None:
    assert kinds(pod(ready=True), pod()) == ["pod.not_ready"]
    assert kinds(pod(), pod(ready=True)) == ["pod.ready"]


def test_a_graceful_end() -> None:
    assert kinds(pod(ready=True), pod(ready=True, terminating=True)) == ["pod.terminating"]
    assert kinds(pod(ready=True, terminating=True), pod(terminating=True)) == ["pod.not_ready"]
    assert kinds(pod(terminating=True), None) == ["pod.deleted"]


def test_a_pod_gone_while_ready_is_not_ready_too() -> None:
    changes = events_of(pod(ready=True), None, "gateway")
    assert [change.kind for change in changes] == ["pod.not_ready", "pod.deleted"]
    assert changes[0].data == {"role": "gateway", "node": "w1"}
    assert (changes[0].subject, changes[0].uid) == ("acd/pod/gateway-x", "u1")


def test_a_restart_says_how_the_container_ended() -> None:
    (change,) = events_of(pod(), pod(restarts=1), "gateway")
    assert change.kind == "container.restarted"
    assert change.data == {
        "role": "gateway", "node": "w1", "container": "gateway", "restarts": 1, "times": 1, "exit_code": 137,
        "reason": "OOMKilled",
    }  # fmt: skip


def test_restarts_before_the_first_look_are_not_events() -> None:
    assert "container.restarted" not in kinds(None, pod(restarts=3))


def node(*, ready: bool = True, shut: bool = False) -> Any:
    return {
        "kind": "Node",
        "metadata": {"name": "w1", "uid": "n1"},
        "spec": {"unschedulable": True} if shut else {},
        "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}]},
    }


def test_nodes() -> None:
    assert kinds(None, node(), None) == ["node.ready"]
    assert kinds(None, node(ready=False, shut=True), None) == ["node.not_ready", "node.cordoned"]
    assert kinds(node(), node(ready=False), None) == ["node.not_ready"]
    assert kinds(node(), node(shut=True), None) == ["node.cordoned"]
    assert kinds(node(shut=True), node(), None) == ["node.uncordoned"]
    assert kinds(node(), None, None) == ["node.not_ready"]
    assert events_of(node(), node(ready=False), None)[0].subject == "node/w1"


def endpoint_slice(**pods: bool) -> Any:
    return {
        "kind": "EndpointSlice",
        "metadata": {
            "name": "gateway-abc", "namespace": "acd", "uid": "s1",
            "labels": {"kubernetes.io/service-name": "gateway"},
        },
        "endpoints": [
            {"conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": name, "uid": f"uid-{name}"}}
            for name, ready in pods.items()
        ],
    }  # fmt: skip


def test_endpoints_come_and_go_with_readiness() -> None:
    assert kinds(None, endpoint_slice(a=True, b=False)) == ["endpoint.added"]
    (change,) = events_of(endpoint_slice(a=True, b=True), endpoint_slice(a=True, b=False), "gateway")
    assert (change.kind, change.subject, change.data["pod"]) == ("endpoint.removed", "acd/service/gateway", "b")
    assert kinds(endpoint_slice(a=True), None) == ["endpoint.removed"]
    assert kinds(endpoint_slice(a=True), {**endpoint_slice(), "endpoints": None}) == ["endpoint.removed"]


def test_a_replaced_endpoint_of_the_same_name_is_another() -> None:
    new = endpoint_slice(a=True)
    new["endpoints"][0]["targetRef"]["uid"] = "another"
    assert kinds(endpoint_slice(a=True), new) == ["endpoint.removed", "endpoint.added"]


def workload(spec: int, ready: int, generation: int = 1) -> Any:
    return {
        "kind": "Deployment",
        "metadata": {"name": "acd-manager", "namespace": "acd", "uid": "d1", "generation": generation},
        "spec": {"replicas": spec},
        "status": {"readyReplicas": ready, "observedGeneration": 1},
    }


def test_replicas_of_a_workload() -> None:
    (change,) = events_of(workload(2, 2), workload(3, 2, generation=2), "manager")
    assert change.kind == "workload.replicas"
    assert change.subject == "acd/deployment/acd-manager"
    assert change.data == {"role": "manager", "spec": 3, "ready": 2, "generation": 2, "observed": 1}
    assert kinds(workload(2, 2), workload(2, 2), "manager") == []


def hpa(current: int, percent: int | None) -> Any:
    metric = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": percent}}}
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "acd-manager", "namespace": "acd", "uid": "h1"},
        "spec": {"minReplicas": 2, "maxReplicas": 5},
        "status": {"currentReplicas": current, "desiredReplicas": 2, "currentMetrics": [metric] if percent else None},
    }


def test_the_autoscaler_before_and_after_it_has_figures() -> None:
    (blind,) = events_of(None, hpa(2, None), "manager")
    (seeing,) = events_of(hpa(2, None), hpa(2, 35), "manager")
    assert (blind.subject, blind.data["cpu_percent"], seeing.data["cpu_percent"]) == ("acd/hpa/acd-manager", None, 35)
    assert kinds(hpa(2, 35), hpa(2, 35), "manager") == []


@pytest.mark.parametrize(
    ("item", "role"),
    [
        (pod(), "gateway"),
        ({**pod(), "metadata": {**pod()["metadata"], "namespace": "elsewhere"}}, None),
        ({**pod(), "metadata": {**pod()["metadata"], "labels": {}}}, None),
        (endpoint_slice(), "gateway"),
        (workload(1, 1), "manager"),
        (hpa(2, 1), "manager"),
        (node(), None),
    ],
)
def test_roles_come_from_the_stack_map(item: Any, role: str | None) -> None:
    assert role_of(item, MAP) == role


def test_a_change_after_an_outage_is_dated_in_its_middle_with_an_honest_error() -> None:
    assert dated(1_000_000_000, 5_000_000_000) == (3_000_000_000, 2.0)
    assert dated(7, 7) == (7, 0.0)


class StillApi:
    """Lists what it is given; its watches say nothing until they are told to break."""

    def __init__(self) -> None:
        self.items: dict[str, list[Any]] = {}
        self.version = 0
        self.broken: set[str] = set()
        self.over = False

    def get(self, path: str, **query: Any) -> Any:
        plural = path.rsplit("/", 1)[1]
        self.version += 1
        items = [{**i, "metadata": {**i["metadata"], "resourceVersion": str(self.version)}}
                 for i in self.items.get(plural, [])]  # fmt: skip
        kind = items[0]["kind"] if items else "X"
        return {"kind": f"{kind}List", "metadata": {"resourceVersion": "1"}, "items": items}

    def watch(self, path: str, **query: Any) -> Any:
        while path not in self.broken and not self.over:
            time.sleep(0.005)
        self.broken.discard(path)
        raise ConnectionError("cut")

    def informer(self, kind: str, namespace: str | None = None, selector: str | None = None) -> Informer:
        return Informer(self, f"/{kind}", selector)


def events(timeline: Timeline) -> list[dict[str, Any]]:
    return [json.loads(line) for line in timeline.path.read_text().splitlines()][1:]


def test_the_timeline_begins_with_how_things_stood_and_tells_what_an_outage_hid(tmp_path: Path) -> None:
    api, timeline = StillApi(), Timeline(tmp_path)
    api.items = {"pods": [pod("u1", ready=True)], "nodes": [node()]}
    watcher = Watcher(api, MAP, timeline)  # type: ignore[arg-type]
    with watcher:
        assert [p["metadata"]["uid"] for p in watcher.pods_of("gateway")] == ["u1"]
        first = events(timeline)
        assert {e["kind"] for e in first} == {"node.ready", "pod.added", "pod.scheduled", "pod.ready"}
        assert all(e["data"]["initial"] and e["err"] == 0 for e in first)
        api.items["pods"] = [pod("u2", ready=True)]  # the same name, another pod
        api.broken.add("/pods")
        with watcher.changed:
            assert watcher.changed.wait_for(
                lambda: [p["metadata"]["uid"] for p in watcher.pods_of("gateway")] == ["u2"], 5
            )
        api.over = True
    late = events(timeline)[len(first) :]
    told = [(e["kind"], e.get("uid")) for e in late if e["kind"].startswith("pod")]
    assert told[:2] == [("pod.not_ready", "u1"), ("pod.deleted", "u1")]
    assert told[2:] == [("pod.added", "u2"), ("pod.scheduled", "u2"), ("pod.ready", "u2")]
    assert all(e["err"] > 0 and "initial" not in e["data"] for e in late if e["kind"].startswith("pod"))
    assert "watch.lost" in {e["kind"] for e in late}


def lease(renewed: str) -> Any:
    return {"kind": "Lease", "metadata": {"name": "w1", "uid": "l1"}, "spec": {"renewTime": renewed}}


def test_news_are_as_late_as_the_latest_of_the_last_minute() -> None:
    """Leases say the microsecond of their renewal; what comes later than that is the lag of all news."""
    second = 1_000_000_000
    lag = Lag(wall_ns=lambda: 1_800_000_000 * second, monotonic_ns=lambda: 500 * second)
    assert lag.bound_ns(500 * second) == UNKNOWN_NS
    start = datetime.fromtimestamp(1_800_000_000, UTC)
    for after_s, late_s in ((0, 0.02), (5, 0.3), (10, 0.01)):
        renewed = (start + timedelta(seconds=after_s)).isoformat().replace("+00:00", "Z")
        lag.heard(lease(renewed), round((500 + after_s + late_s) * second))
    assert lag.bound_ns(511 * second) == pytest.approx(0.3 * second)
    assert lag.bound_ns(566 * second) == pytest.approx(0.01 * second), "the worst is over a minute old"
    assert lag.bound_ns(600 * second) == UNKNOWN_NS
    lag.heard({"spec": {}}, 600 * second)
    assert lag.bound_ns(600 * second) == UNKNOWN_NS, "a lease that says nothing measures nothing"


class Telling(StillApi):
    """Its watch of pods tells one change, and then is still."""

    def watch(self, path: str, **query: Any) -> Any:
        if path == "/pods" and not self.over and not getattr(self, "told", False):
            self.told = True
            changed = pod("u1", ready=True)
            changed["metadata"]["resourceVersion"] = "9"
            return Stream(json.dumps({"type": "MODIFIED", "object": changed}).encode() + b"\n")
        return super().watch(path, **query)


class Stream:
    status = 200

    def __init__(self, line: bytes) -> None:
        self.line = line

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.line

    def close(self) -> None: ...

    def shutdown(self) -> None: ...


def test_an_event_of_a_live_watch_carries_what_news_are_late_by(tmp_path: Path) -> None:
    api, timeline = Telling(), Timeline(tmp_path)
    api.items = {"pods": [pod("u1")], "nodes": [node()]}
    watcher = Watcher(api, MAP, timeline)  # type: ignore[arg-type]
    watcher.lag.bound_ns = lambda now: 80_000_000  # type: ignore[method-assign]
    before = time.monotonic_ns()
    with watcher:
        wait_for(lambda: [e for e in events(timeline) if e["kind"] == "pod.ready"], what="the event", within_s=5)
        after = time.monotonic_ns()
        api.over = True
    (ready,) = [e for e in events(timeline) if e["kind"] == "pod.ready"]
    assert ready["err"] == pytest.approx(0.04)
    at_s = ready["t"] + ready["err"]
    assert (before - timeline.start_ns) / 1e9 <= at_s <= (after - timeline.start_ns) / 1e9
