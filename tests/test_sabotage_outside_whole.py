"""Why an event is outside of a claim, in its whole words, for each kind of claim and to the moment."""

from __future__ import annotations

from typing import Any

import pytest

from reports.claim import Claim
from reports.event import Event
from reports.sabotage.scopes import outside
from reports.timeline import Timeline

VICTIMS = [{"kind": "Node", "name": "w1", "uid": "u-w1"}, {"kind": "Pod", "name": "web-a", "uid": "u-wa"}]


def pod(what: str, t: float, uid: str, role: str, node: str = "w2") -> Event:
    return Event(t, 0.0, "watch", f"pod.{what}", f"acd/pod/{uid}", uid, {"role": role, "node": node})


def replicas(t: float, uid: str, role: str) -> Event:
    return Event(t, 0.0, "watch", "workload.replicas", f"acd/deployment/{role}", uid, {"role": role, "spec": 2})


def step(t: float, kind: str, subject: str, **data: Any) -> Event:
    return Event(t, 0.0, "harness", kind, subject, None, data)


SEEN = Timeline(
    (
        pod("ready", 0.1, "u-wa", "web"), pod("ready", 0.1, "u-ca", "cache", "w1"), pod("ready", 0.1, "u-da", "db"),
        pod("ready", 0.1, "u-ga", "gone", "w1"), replicas(0.1, "w-web", "web"), replicas(0.2, "w-web", "web"),
        pod("terminating", 3.0, "u-old", "web"), pod("deleted", 5.0, "u-old", "web"),
        pod("deleted", 6.0, "u-ga", "gone", "w1"), step(8.0, "test.started", "t"),
        step(10.0, "load.started", "ops"), step(12.0, "load.steady", "ops"),
        step(20.0, "fault.planned", "zone-loss-1", fault_id="f1", fault="KillNode", victims=VICTIMS),
        step(20.0, "fault.injecting", "zone-loss-1", fault_id="f1", fault="KillNode", victims=VICTIMS),
        step(40.0, "load.finished", "ops"), step(45.0, "test.finished", "t"), pod("terminating", 46.0, "u-da", "db"),
        step(50.0, "test.started", "t2"), step(90.0, "load.finished", "viewers"), step(95.0, "test.finished", "t2"),
    ),
    torn=False, start_ns=0, unix_ns=0,
)  # fmt: skip


def entry(kind: str, t: float, subject: str = "s", uid: str | None = None, **data: Any) -> dict[str, Any]:
    told = {"kind": kind, "t": t, "subject": subject, "data": data}
    return told | ({"uid": uid} if uid else {})


PROVEN = Claim("certificate.proven", {"fault_id": "f1"})
DONE = Claim("certificate.experiment_completed", {"experiment": "zone-loss"})
LOADED = Claim("availability.in_windows", {"load": "ops", "fault_id": "f1"})
BACK = Claim("recovery.within", {"role": "web", "fault_id": "f1", "load": "ops"})
ALL_BACK = Claim("recovery.of_all_hit", {"budgets": {"web": 9, "cache": 9, "db": 9, "gone": 9}, "fault_id": "f1",
                                         "load": "ops"})  # fmt: skip
RESTARTS = Claim("restarts.only_of_those_hit", {"fault_id": "f1", "load": "ops"})
COPIES = Claim("copies.follow_the_log", {"load": "ops", "role": "web"})
ROLES = Claim("conformance.roles_ready", {"roles": [{"role": "web"}, {"role": "db"}], "test": "t"})
EDGES = Claim("conformance.edges_answer", {"edges": {"a": 1}, "test": "t"})
NODES = Claim("conformance.node_services", {"services": ["b"], "test": "t"})
KEPT = Claim("kept_settings.as_promised", {"promised": {"c": 1}, "test": "t"})
UP = Claim("autoscaling.scaled_up", {"load": "ops", "role": "web"})
DOWN = Claim("autoscaling.scaled_down", {"load": "ops", "role": "web", "stabilisation_s": 30})
NEITHER, OTHER_WATCH = "neither of its fault nor of its load", "of a watch of other things than pods"
WORKLOAD_WATCH = "of a watch of other things than pods and workloads"
STEADY = "told after it was said whom the fault hits, or how steady the load was"
SEEN_BESIDE = "that a pod was seen, beside others that were: restarts have events of their own"
ON_ITS_WAY = "that a pod that was on its way out before the fault is gone"
BLINKED = "of a watch that blinked, which hides no step and its way back"
SCALING_WATCH = "of a watch of other things than workloads and autoscalers"

CASES = [
    (Claim("nobody.knows", {}), entry("pod.ready", 1), ""),
    (PROVEN, {"torn": True}, ""),
    (PROVEN, entry("load.started", 1), "no event of a fault"),
    (PROVEN, entry("fault.healed", 1, fault_id="f2"), "of another fault"),
    (PROVEN, entry("fault.healed", 1, fault_id="f1"), ""),
    (DONE, entry("pod.ready", 1), "no event of a fault"),
    (DONE, entry("fault.healed", 1, "zone-loss-2"), ""),
    (DONE, entry("fault.healed", 1, "a-zone-loss"), "of another experiment"),
    (LOADED, entry("load.finished", 1, "ops"), ""),
    (LOADED, entry("load.finished", 1, "viewers"), "of another load"),
    (LOADED, entry("fault.healed", 1, fault_id="f1"), ""),
    (LOADED, entry("fault.healed", 1, fault_id="f2"), "of another fault"),
    (LOADED, entry("pod.ready", 1), NEITHER),
    (BACK, entry("load.started", 1, "viewers"), "of another load"),
    (BACK, entry("fault.effective", 1, fault_id="f2"), "of another fault"),
    (BACK, entry("fault.injecting", 30, fault_id="f2"), ""),
    *((BACK, entry(kind, 30, role="web"), "a phase, which no verdict rests on")
      for kind in ("endpoint.added", "node.ready", "pod.scheduled")),
    (BACK, entry("watch.lost", 30, "nodes"), OTHER_WATCH),
    (BACK, entry("watch.lost", 30, "pods"), ""),
    *((BACK, entry(kind, 30, role="db"), "of another role")
      for kind in ("pod.ready", "container.restarted", "workload.replicas")),
    *((BACK, entry(kind, 30, role="web"), "of no pod or workload") for kind in ("hpa.replicas", "probe.result")),
    (BACK, entry("test.finished", 45), ""),
    (BACK, entry("pod.ready", 45, role="web"), ""),
    (BACK, entry("pod.ready", 45.1, role="web"), "after the end of the test"),
    (BACK, entry("container.restarted", 4, uid="u-old", role="web"), "of a pod that was deleted before the fault"),
    (BACK, entry("pod.deleted", 5, uid="u-old", role="web"), ON_ITS_WAY),
    (BACK, entry("pod.deleted", 20, uid="u-old", role="web"), ""),
    (BACK, entry("pod.deleted", 5, uid="u-new", role="web"), ""),
    (BACK, entry("pod.deleted", 5, uid="u-da", role="web"), ""),
    (Claim("recovery.within", {"role": "web", "fault_id": "f9"}), entry("pod.ready", 99, role="web"), ""),
    (ALL_BACK, entry("pod.ready", 30, role="other"), "of another role"),
    (ALL_BACK, entry("pod.ready", 30, role="cache"), ""),
    (ALL_BACK, entry("workload.replicas", 1, uid="x", role="db"), "of a role that the fault did not hit"),
    (ALL_BACK, entry("workload.replicas", 1, uid="x", role="gone"), "of a role that the fault did not hit"),
    (ALL_BACK, entry("workload.replicas", 1, uid="x", role="cache"), ""),
    (ALL_BACK, entry("workload.replicas", 0.1, uid="w-web", role="web"),
     "overtaken by what was asked for later, before the fault"),
    (ALL_BACK, entry("workload.replicas", 0.2, uid="w-web", role="web"), ""),
    (ALL_BACK, entry("workload.replicas", 0.1, uid="w-other", role="web"), ""),
    *((RESTARTS, entry(f"fault.{step}", 1, fault_id="f1"), STEADY)
      for step in ("injected", "effective", "healing", "healed")),
    (RESTARTS, entry("load.steady", 1), STEADY),
    (RESTARTS, entry("fault.injecting", 1, fault_id="f1"), ""),
    (RESTARTS, entry("load.started", 1, "viewers"), "of another load"),
    (RESTARTS, entry("load.started", 1, "ops"), ""),
    (RESTARTS, entry("fault.planned", 1, fault_id="f2"), "of another fault"),
    (RESTARTS, entry("test.finished", 45), ""),
    (RESTARTS, entry("test.finished", 95), "not the end of its test"),
    (RESTARTS, entry("test.started", 45), "not the end of its test"),
    (RESTARTS, entry("pod.ready", 40.1, role="web"), "after the end of the load"),
    (RESTARTS, entry("container.restarted", 40, role="web"), ""),
    (RESTARTS, entry("container.restarted", 20, uid="u-wa", role="web"), "of a container that the fault hit"),
    (RESTARTS, entry("container.restarted", 19.9, uid="u-wa", role="web"), ""),
    (RESTARTS, entry("container.restarted", 20, uid="x", role="web", node="w1"), "of a container that the fault hit"),
    (RESTARTS, entry("container.restarted", 20, uid="x", role="web", node="w2"), ""),
    (RESTARTS, entry("container.restarted", 30), "of no container of a role"),
    (RESTARTS, entry("watch.lost", 30, "pods"), ""),
    (RESTARTS, entry("watch.lost", 30, "hpas"), OTHER_WATCH),
    (RESTARTS, entry("pod.ready", 30, uid="u-wa", role="web"), SEEN_BESIDE),
    (RESTARTS, entry("hpa.replicas", 30, role="web"), "of no container of a role"),
    (COPIES, entry("load.finished", 1, "ops"), ""),
    (COPIES, entry("load.finished", 1, "viewers"), "of another load"),
    (COPIES, entry("test.finished", 45), ""),
    (COPIES, entry("test.finished", 95), "not the end of its test"),
    (COPIES, entry("pod.ready", 45, role="web"), ""),
    (COPIES, entry("pod.ready", 45.1, role="web"), "after the end of the test"),
    (COPIES, entry("watch.lost", 40, "pods"), ""),
    (COPIES, entry("watch.lost", 40.1, "pods"), "of a watch of no pods, or afterwards"),
    (COPIES, entry("watch.lost", 30, "nodes"), "of a watch of no pods, or afterwards"),
    (COPIES, entry("pod.ready", 30, role="db"), "of no pod of the role"),
    (COPIES, entry("container.restarted", 30, role="web"), "of no pod of the role"),
    (COPIES, entry("pod.ready", 1, uid="u-old", role="web"), "of a pod that was deleted before the load ended"),
    (COPIES, entry("pod.deleted", 5, uid="u-old", role="web"), ""),
    *((ROLES, entry(kind, 9, role="web"), "of no pod or workload")
      for kind in ("endpoint.added", "node.ready", "pod.scheduled", "hpa.replicas", "load.started")),
    *((ROLES, entry("watch.lost", 9, kind), "") for kind in ("pods", "deployments", "statefulsets")),
    (ROLES, entry("watch.lost", 9, "hpas"), WORKLOAD_WATCH),
    *((ROLES, entry(kind, 9, role="cache"), "of another role")
      for kind in ("pod.ready", "container.restarted", "workload.replicas")),
    (ROLES, entry("workload.replicas", 9, role="db"), ""),
    (ROLES, entry("test.started", 8, "t"), ""),
    (ROLES, entry("pod.ready", 1, uid="u-old", role="web"), "of a pod that was deleted before the test"),
    (ROLES, entry("workload.replicas", 1, uid="u-old", role="web"), ""),
    (ROLES, entry("pod.ready", 45, role="web"), ""),
    (ROLES, entry("pod.ready", 45.1, role="web"), "after the end of the test"),
    (EDGES, entry("pod.ready", 9), "no answer"),
    (EDGES, entry("test.finished", 99), ""),
    (EDGES, entry("probe.result", 9, "z"), "of something else that was asked"),
    (EDGES, entry("probe.result", 8, "a"), ""),
    (EDGES, entry("probe.result", 7.9, "a"), "before the test"),
    (EDGES, entry("probe.result", 45, "a"), ""),
    (EDGES, entry("probe.result", 45.1, "a"), "after the end of the test"),
    (NODES, entry("probe.result", 9, "b"), ""),
    (KEPT, entry("settings.seen", 9, "c"), ""),
    (Claim("kept_settings.as_promised", {}), entry("settings.seen", 9, "c"), "of something else that was asked"),
    (UP, entry("load.started", 1, "ops"), ""),
    (UP, entry("load.started", 1, "viewers"), "of another load"),
    (UP, entry("pod.ready", 30, role="web"), "of no workload, autoscaler or load"),
    *((UP, entry(kind, 30, role="db"), "of another role") for kind in ("workload.replicas", "hpa.replicas")),
    *((UP, entry(kind, 45, role="web"), "") for kind in ("workload.replicas", "hpa.replicas", "test.finished")),
    (UP, entry("hpa.replicas", 45.1, role="web"), "after the end of the test"),
    *((UP, entry("watch.lost", 30, kind), SCALING_WATCH) for kind in ("pods", "nodes", "endpointslices")),
    (UP, entry("watch.lost", 43, "hpas"), ""),
    (UP, entry("watch.lost", 43.1, "hpas"), BLINKED),
    (UP, entry("hpa.replicas", 10, role="web"), ""),
    (DOWN, entry("hpa.replicas", 24.9, role="web"), "before the load ended"),
    (DOWN, entry("hpa.replicas", 25, role="web"), ""),
    (DOWN, entry("workload.replicas", 10, role="web"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "told", "why"), CASES)
def test_why_an_event_is_outside(claim: Claim, told: dict[str, Any], why: str) -> None:
    assert outside(claim, told, SEEN) == why


SAME = {
    "progress.during_fault": LOADED, "availability.latency": LOADED, "recovery.of_all_hit": BACK,
    "autoscaling.scaled_down": UP, "ordering.selection_input": PROVEN, "ordering.acknowledged_during_fault": PROVEN,
}  # fmt: skip


@pytest.mark.parametrize("checker", SAME)
def test_claims_about_the_same_have_the_same_scope(checker: str) -> None:
    for told in (entry("pod.ready", 30, role="x"), entry("load.started", 1, "x"), entry("hpa.replicas", 9, role="x")):
        assert outside(Claim(checker, SAME[checker].args), told, SEEN) == outside(SAME[checker], told, SEEN) != ""


def test_the_first_pod_that_was_seen_is_no_pod_beside_others() -> None:
    alone = (pod("ready", 0.1, "u-wa", "web"), step(40.0, "load.finished", "ops"), step(45.0, "test.finished", "t"))
    seen = Timeline((step(1, "fault.planned", "e", fault_id="f1"), *alone), torn=False, start_ns=0, unix_ns=0)
    assert outside(RESTARTS, entry("pod.ready", 0.1, uid="u-wa", role="web"), seen) == ""
    assert outside(RESTARTS, entry("pod.added", 0.1, uid="u-wa", role="web"), seen) == "of no container of a role"
    assert outside(RESTARTS, entry("pod.ready", 0.1, uid="u-wa"), seen) == "of no container of a role"
    assert outside(RESTARTS, entry("container.restarted", 9, uid="u-wa", role="web"), seen) == ""
