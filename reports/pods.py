"""What the watch saw of the pods of a role: each by its UID, for names come back and UIDs do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.interval import Interval
from reports.timeline import Event, Timeline

RELIST_S = 1.0
"""What a watch tells so soon after it resumed it has learnt from its new list, not as it happened."""

_WATCHES = {"pod": ("pod",), "container": ("pod",), "node": ("node",), "endpoint": ("endpoint",),
            "workload": ("deployment", "statefulset", "daemonset", "replicaset"),
            "hpa": ("hpa", "horizontalpodautoscaler")}  # fmt: skip


@dataclass
class Pod:
    """One pod as of the last event about it."""

    uid: str
    name: str
    node: str = ""
    ready: bool = False
    terminating: bool = False
    gone: bool = False

    @property
    def serves(self) -> bool:
        """Whether it counts: Ready and not on its way out."""
        return self.ready and not self.terminating and not self.gone

    def see(self, event: Event) -> None:
        """Take in one event about it."""
        self.node = event.data.get("node") or self.node
        if event.kind in {"pod.ready", "pod.not_ready"}:
            self.ready = event.kind == "pod.ready"
        elif event.kind == "pod.terminating":
            self.terminating = True
        elif event.kind == "pod.deleted":
            self.gone = True


class Pods(dict[str, Pod]):
    """The pods of a role by UID, kept current by feeding it their events in order."""

    def see(self, event: Event) -> Pod:
        """Take in one pod or container event; an event without a UID is told apart by its subject."""
        key = event.uid or event.subject
        pod = self.setdefault(key, Pod(key, event.subject.rpartition("/")[2]))
        pod.see(event)
        return pod

    def serving(self) -> int:
        """How many are Ready and not terminating."""
        return sum(pod.serves for pod in self.values())


def pods_of(timeline: Timeline, role: str, *, until: float = float("inf")) -> Pods:
    """The pods of a role as the watch knew them at `until` (exclusive)."""
    pods = Pods()
    for event in timeline.query("pod.*", "container.*", role=role):
        if event.t < until:
            pods.see(event)
    return pods


@dataclass(frozen=True)
class Gap:
    """A time in which one watch saw nothing."""

    watch: str
    start: float
    end: float

    def hides(self, kind: str) -> bool:
        """Whether events of this kind come from that watch; a watch of unknown name hides all."""
        words = {word for each in _WATCHES.values() for word in each if word in self.watch.lower()}
        # the longest: a watch of horizontalpodautoscalers is none of pods
        return not words or max(words, key=len) in _WATCHES.get(kind.partition(".")[0], ())


def blind(lost: Iterable[Gap], kind: str, since: float, until: float | None = None) -> list[Gap]:
    """The gaps that hide events of a kind in some part of a stretch, or at one moment."""
    return [
        gap for gap in lost if gap.hides(kind) and gap.start <= (since if until is None else until) and gap.end >= since
    ]


def gaps(timeline: Timeline) -> list[Gap]:
    """All times in which a watch was lost; one that never resumed lasts for ever."""
    found = []
    for lost in timeline.query("watch.lost"):
        again = timeline.query("watch.resumed", subject=lost.subject, since=lost.t)
        found.append(Gap(lost.subject, lost.t - lost.err, again[0].t if again else float("inf")))
    return found


def moment(event: Event, lost: list[Gap]) -> Interval:
    """When an event happened: its own error, and back to the start of a watch gap that it ended."""
    hidden = [gap.start for gap in lost if gap.hides(event.kind) and gap.start <= event.t <= gap.end + RELIST_S]
    return Interval(min([event.t - event.err, *hidden]), event.t + event.err)
