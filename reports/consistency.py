"""A timeline that contradicts itself is no evidence: it lost something, or tells what did not happen.

Its writers tell only changes, under one lock, on one clock. So whatever is lost, doubled, renamed or moved leaves a
trace: a pod that becomes Ready twice, an endpoint that goes and never came, a test that ends and never began, a clock
that runs back. What a watch missed while it was away is no contradiction, for it lists all again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from reports.event import Event

BACK_S = 1.0
"""Writers date an event before they wait for their turn; a starved one may wait as long."""

BEFORE = {
    "fault.injecting": ("fault.planned",),
    "fault.injected": ("fault.injecting",),
    "fault.effective": ("fault.injected",),
    "fault.not_effective": ("fault.planned",),
    "fault.healing": ("fault.injecting",),
    "fault.healed": ("fault.healing",),
    "fault.not_healed": ("fault.healing",),
    "load.steady": ("load.started",),
    "load.finished": ("load.started",),
    "test.finished": ("test.started",),
}
"""What must have been told before, of the same fault, load or test."""

ONCE = {"fault.planned", "fault.injecting", "fault.injected", "fault.effective", "fault.healed", "load.started",
        "load.finished"}  # fmt: skip
TURNS = {
    "endpoint.added": ("endpoint", True), "endpoint.removed": ("endpoint", False),
    "node.ready": ("ready", True), "node.not_ready": ("ready", False),
    "node.cordoned": ("cordoned", True), "node.uncordoned": ("cordoned", False),
    "watch.lost": ("lost", True), "watch.resumed": ("lost", False),
}  # fmt: skip
"""Kinds that take turns for one object, and what each says of it."""

AT_FIRST = {"endpoint": False, "cordoned": False, "lost": False}


class Contradiction(Exception):
    """Two lines of a timeline cannot both be true; the message names the second."""


@dataclass
class _Pod:
    subject: str
    scheduled: bool = False
    ready: bool = False
    terminating: bool = False
    gone: bool = False
    restarts: dict[str, int] = field(default_factory=dict)


class _Reader:
    """Takes the events in the order in which they were written."""

    def __init__(self) -> None:
        self._written = float("-inf")
        self._pods: dict[str, _Pod] = {}
        self._named: dict[str, _Pod] = {}
        self._uids: dict[str, str] = {}
        self._turns: dict[tuple[str, ...], bool] = {}
        self._last: dict[tuple[str, str], dict[str, Any]] = {}
        self._told: set[tuple[str, str]] = set()
        self._faults: dict[str, tuple[Any, ...]] = {}
        self._test: str | None = None
        self._away: dict[str, list[Event]] = {}

    def take(self, event: Event) -> None:
        """Take one event.

        Raises:
            Contradiction: it cannot follow what came before.
        """
        self._clock(event)
        self._name(event)
        self._watch(event)
        family = event.kind.partition(".")[0]
        if family in {"pod", "container"}:
            self._pod(event)
        elif event.kind in TURNS:
            self._turn(event)
        elif event.kind in {"workload.replicas", "hpa.replicas"}:
            self._change(event)
        elif family in {"fault", "load", "test"}:
            self._step(event)

    def _clock(self, event: Event) -> None:
        """Each event is written when its time, with its error, is over; only the end of a load is told later."""
        if event.kind != "load.finished" and event.t + event.err < self._written - BACK_S:
            raise Contradiction(f"says {event.t:.3f} s, and a line before it {self._written:.3f} s: its clock ran back")
        self._written = max(self._written, event.t + event.err)

    def _watch(self, event: Event) -> None:
        """Whoever watches again lists all first, and tells then what it had missed; nothing while it was away."""
        if event.kind == "watch.lost":
            self._away[event.subject] = []
        elif event.kind == "watch.resumed":
            for told in self._away.pop(event.subject, []):
                if told.t + told.err < event.t - BACK_S:
                    raise Contradiction(
                        f"resumes the watch of {event.subject}, which told {told.kind} while it was away"
                    )
        elif (watch := _watch_of(event)) in self._away:
            self._away[watch].append(event)

    def _name(self, event: Event) -> None:
        """A node, workload or autoscaler keeps its UID until it was told to be gone."""
        if not event.uid or event.kind.partition(".")[0] not in {"node", "workload", "hpa"}:
            return
        if self._uids.setdefault(event.subject, event.uid) != event.uid:
            raise Contradiction(f"{event.kind} of {event.subject} has another UID than before")
        if event.data.get("reason") == "deleted" or event.data.get("generation") == 0:
            del self._uids[event.subject]

    def _pod(self, event: Event) -> None:
        key = event.uid or event.subject
        pod = self._pods.get(key)
        if event.kind == "pod.added":
            other = self._named.get(event.subject)
            if pod is not None or (other is not None and not other.gone):
                raise Contradiction(f"adds pod {event.subject}, which is there already")
            self._pods[key] = self._named[event.subject] = _Pod(event.subject)
            return
        if pod is None or pod.subject != event.subject:
            raise Contradiction(f"{event.kind} of pod {event.subject} with UID {event.uid}, which was never added")
        if pod.gone:
            raise Contradiction(f"{event.kind} of pod {event.subject}, which is deleted")
        if why := _POD[event.kind](pod, event) if event.kind in _POD else "":
            raise Contradiction(f"{event.kind} of pod {event.subject}, which {why}")

    def _turn(self, event: Event) -> None:
        what, now = TURNS[event.kind]
        about = (what, event.subject, event.uid or "") if what == "endpoint" else (what, event.subject)
        was = self._turns.get(about, AT_FIRST.get(what))
        if was is now and event.data.get("reason") != "deleted":
            raise Contradiction(f"{event.kind} of {event.subject} twice in a row")
        self._turns[about] = now

    def _change(self, event: Event) -> None:
        data = {name: value for name, value in event.data.items() if name != "initial"}
        about = (event.kind, event.uid or event.subject)
        if self._last.get(about) == data:
            raise Contradiction(f"{event.kind} of {event.subject} tells no change")
        self._last[about] = data

    def _step(self, event: Event) -> None:
        about = event.fault_id if event.kind.startswith("fault.") else event.subject
        if about is None:
            return
        for needed in BEFORE.get(event.kind, ()):
            if (needed, about) not in self._told:
                raise Contradiction(f"{event.kind} of {about} without {needed}")
        if event.kind in ONCE and (event.kind, about) in self._told:
            raise Contradiction(f"{event.kind} of {about} a second time")
        if event.kind.startswith("fault."):
            same = (event.subject, event.data.get("fault"), event.data.get("victims"))
            if self._faults.setdefault(about, same) != same:
                raise Contradiction(f"{event.kind} of {about} names another fault, experiment or victim")
        elif event.kind.startswith("test."):
            self._of_test(event)
        self._told.add((event.kind, about))

    def _of_test(self, event: Event) -> None:
        if event.kind == "test.started":
            if self._test is not None:
                raise Contradiction(f"{event.subject} begins, and {self._test} has not ended")
            self._test = event.subject
        else:
            if self._test != event.subject:
                raise Contradiction(f"{event.subject} ends, and has not begun")
            self._test = None


def _watch_of(event: Event) -> str:
    """The name of the watch that an event comes from; empty when it comes from none."""
    family = event.kind.partition(".")[0]
    if family == "workload":
        return f"{event.subject.split('/')[-2]}s" if "/" in event.subject else ""
    return {"pod": "pods", "container": "pods", "node": "nodes", "endpoint": "endpointslices", "hpa": "hpas"}.get(
        family, ""
    )


def _scheduled(pod: _Pod, event: Event) -> str:
    was, pod.scheduled = pod.scheduled, True
    return "was scheduled already" if was else ""


def _ready(pod: _Pod, event: Event) -> str:
    if pod.ready or not pod.scheduled:
        return "was Ready already" if pod.ready else "was never scheduled"
    pod.ready = True
    return ""


def _not_ready(pod: _Pod, event: Event) -> str:
    was, pod.ready = pod.ready, False
    return "" if was else "was not Ready"


def _terminating(pod: _Pod, event: Event) -> str:
    was, pod.terminating = pod.terminating, True
    return "was terminating already" if was else ""


def _deleted(pod: _Pod, event: Event) -> str:
    pod.gone = True
    return "is Ready" if pod.ready else ""


def _restarted(pod: _Pod, event: Event) -> str:
    name, count = str(event.data.get("container")), int(event.data.get("restarts") or 0)
    was = pod.restarts.get(name, 0)
    pod.restarts[name] = count
    return "" if count > was else f"had {was} restarts already"


_POD: dict[str, Callable[[_Pod, Event], str]] = {
    "pod.scheduled": _scheduled, "pod.ready": _ready, "pod.not_ready": _not_ready, "pod.terminating": _terminating,
    "pod.deleted": _deleted, "container.restarted": _restarted,
}  # fmt: skip


def check(written: Iterable[Event]) -> None:
    """See that events, in the order in which they were written, can all be true.

    Raises:
        Contradiction: they cannot; the message begins with the line.
    """
    reader = _Reader()
    for event in written:
        try:
            reader.take(event)
        except Contradiction as error:
            raise Contradiction(f"{event.line} {error}") from error
