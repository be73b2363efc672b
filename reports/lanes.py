"""Pods and nodes as lanes: what each was in, from when to when."""

from __future__ import annotations

from dataclasses import dataclass, field

from reports.pods import Pod, Pods
from reports.timeline import Timeline

Span = tuple[float, float, str]
MOST = 48
"""More lanes than this cannot be read; the rest is left to the timeline file."""


@dataclass
class Lane:
    """A row of the picture: spans `(from, to, state)` in seconds; one pod after another may use the same row."""

    label: str
    spans: list[Span] = field(default_factory=list)
    free_from: float = 0.0


def pod_lanes(timeline: Timeline) -> list[Lane]:
    """Lanes of all roles by name, as many per role as there were pods at once."""
    roles = sorted({event.role for event in timeline.query("pod.*") if event.role})
    lanes = [lane for role in roles for lane in _of_role(timeline, role)]
    return lanes[:MOST]


def _of_role(timeline: Timeline, role: str) -> list[Lane]:
    pods, spans, since = Pods(), dict[str, list[Span]](), dict[str, float]()
    for event in timeline.query("pod.*", "container.*", role=role):
        key = event.uid or event.subject
        before = _state(pods[key]) if key in pods else ""
        after = _state(pods.see(event))
        if before == after and not pods[key].gone:
            continue
        if before and event.t > since[key]:
            spans[key].append((since[key], event.t, before))
        spans.setdefault(key, [])
        since[key] = event.t
    lanes: list[Lane] = []
    for key, pod in pods.items():
        if not pod.gone:
            spans[key].append((since[key], timeline.end, _state(pod)))
        if not spans[key]:
            continue
        lane = next((lane for lane in lanes if lane.free_from <= spans[key][0][0]), None)
        if lane is None:
            lane = Lane(role if not lanes else "")
            lanes.append(lane)
        lane.spans += spans[key]
        lane.free_from = spans[key][-1][1]
    return lanes


def _state(pod: Pod) -> str:
    if pod.terminating:
        return "terminating"
    return "ready" if pod.ready else "not ready"


def node_lanes(timeline: Timeline) -> list[Lane]:
    """One lane per node that the watch saw."""
    lanes: dict[str, Lane] = {}
    now: dict[str, tuple[float, str]] = {}
    for event in timeline.query("node.ready", "node.not_ready"):
        lane = lanes.setdefault(event.subject, Lane(event.subject.rpartition("/")[2]))
        if event.subject in now:
            since, state = now[event.subject]
            lane.spans.append((since, event.t, state))
        now[event.subject] = event.t, "ready" if event.kind == "node.ready" else "not ready"
    for subject, (since, state) in now.items():
        lanes[subject].spans.append((since, timeline.end, state))
    return sorted(lanes.values(), key=lambda lane: lane.label)[:MOST]
