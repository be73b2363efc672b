"""One load and what the watch saw of a role and its autoscaler around it: steps, their causes, what was not seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.pods import Gap, gaps
from reports.timeline import Event, Timeline
from reports.verdict import CannotTell

BLIND_S = 2.0
"""A watch that was away this long may have missed a step and its way back."""

NEAR_S = 15.0
"""The autoscaler tells its figures with its decision; its status may be one sync period and a blip away."""


@dataclass(frozen=True)
class Step:
    """The workload was asked for another number of replicas."""

    event: Event
    old: int
    new: int

    def __str__(self) -> str:
        return f"{self.old} to {self.new} at {self.event.t:.1f} s"


def steps_of(replicas: Sequence[Event]) -> list[Step]:
    """All changes of what a workload was asked for; the first event tells only what it was asked for until then."""
    return [
        Step(event, int(last.data["spec"]), int(event.data["spec"]))
        for last, event in itertools.pairwise(replicas)
        if int(event.data["spec"]) != int(last.data["spec"])
    ]


@dataclass(frozen=True)
class Scene:
    """One load and one role; `until` is when the watching for it ended."""

    role: str
    begun: Event
    steady: Event
    ended: Event
    replicas: list[Event]
    hpa: list[Event]
    until: float
    lost: list[Gap]

    @property
    def floor(self) -> int:
        """The autoscaler's own minimum as first seen."""
        return int(self.hpa[0].data["min"])

    def spec_at(self, t: float) -> int:
        """The replicas asked for at `t`."""
        before = [event for event in self.replicas if event.t <= t]
        if not before:
            raise CannotTell(f"the watch saw no workload of {self.role} before {t:.1f} s")
        return int(before[-1].data["spec"])

    def steps(self, since: float, until: float) -> list[Step]:
        """All changes of what was asked for, after `since` and up to `until`."""
        self.spec_at(since)  # raises where nobody saw the workload until then
        before = [event for event in self.replicas if event.t <= since][-1:]
        return steps_of([*before, *(event for event in self.replicas if since < event.t <= until)])

    def unseen(self, since: float, until: float) -> str:
        """Why not all steps of a stretch can have been seen; empty when they have."""
        for gap in self.lost:
            hidden = min(gap.end, until) - max(gap.start, since)
            if hidden > BLIND_S and (gap.hides("workload.") or gap.hides("hpa.")):
                return f"the watch of {gap.watch} was lost for {hidden:.1f} s of it"
        return ""

    def without_cause(self, step: Step, target_percent: int = 0, ceiling: int = 0) -> str:
        """Why the autoscaler, by its own figures, did not ask for a step; empty when it did.

        Up: it desires at least so many, and its formula, replicas times figure over target, asks for no fewer. Down: it
        desires no more than so many, and has a figure, whatever the target and the ceiling are.
        """
        if not self.asked(step):
            return f"the autoscaler did not ask for {step.new}"
        figures = [event.data.get("cpu_percent") for event in self._near(step)]
        known = [int(figure) for figure in figures if figure is not None]
        if not known:
            return "the autoscaler had no figure"
        if step.new > step.old:
            highest = max(known)
            if highest <= target_percent:
                return f"its figure was {highest} %, not over its target of {target_percent} %"
            wanted = min(ceiling, math.ceil(step.old * (highest + 1) / target_percent))  # figures are rounded down
            if step.new > wanted:
                return f"at {highest} % of a target of {target_percent} % it takes {wanted}"
        return ""

    def _near(self, step: Step) -> list[Event]:
        """What the autoscaler told about the time of a step."""
        return [event for event in self.hpa if abs(event.t - step.event.t) <= NEAR_S]

    def asked(self, step: Step) -> list[Event]:
        """What the autoscaler told about the time of a step that asked for just this number."""
        return [event for event in self._near(step) if int(event.data["desired"] or 0) == step.new]

    def too_short(self, step: Step, target_percent: int, ceiling: int) -> str:
        """Why the first step up went less far than its figure asks for; empty when it did not.

        Later steps meet pods that have no figure yet, which the autoscaler counts as idle.
        """
        asked = self.asked(step)
        figure = asked[0].data.get("cpu_percent") if asked else None
        if figure is None:
            return ""
        wanted = min(ceiling, math.ceil(step.old * int(figure) / target_percent))
        return f"at {figure} % of a target of {target_percent} % it takes {wanted}" if step.new < wanted else ""


def scene_of(seen: Timeline, role: str, load: str, *, min_share: float) -> Scene:
    """The scene of a load that really ran.

    Args:
        seen: the run.
        role: the role of the stack map.
        load: the load.
        min_share: of what was planned, and of this how much was answered well, for it to count as a load.

    Raises:
        CannotTell: the load did not run, or the watch saw nothing of the role or its autoscaler.
    """
    begun = seen.query("load.started", subject=load)
    if not begun:
        raise CannotTell(f"load {load} never started")
    since = begun[-1].t
    ended = seen.query("load.finished", subject=load, since=since)
    if not ended:
        raise CannotTell(f"load {load} never finished, so what it sent is unknown")
    planned, sent, ok = (int(ended[0].data.get(name) or 0) for name in ("planned", "sent", "ok"))
    if sent == 0 or sent < min_share * planned or ok < min_share * sent:
        raise CannotTell(f"load {load} was no load: of {planned} planned requests it sent {sent}, {ok} answered well")
    tests = seen.query("test.finished", since=ended[0].t)
    loads = [event for event in seen.query("load.started", since=ended[0].t) if event.t > ended[0].t]
    hpa = seen.query("hpa.replicas", role=role)
    if not hpa:
        raise CannotTell(f"the watch saw no autoscaler of {role}")
    if not tests:
        raise CannotTell("the end of the test is not on the timeline, so what came before it may be lost")
    until = min(event.t for event in [*tests, *loads])
    steady = seen.query("load.steady", subject=load, since=since, until=ended[0].t)
    replicas = seen.query("workload.replicas", role=role, until=until)
    return Scene(role, begun[-1], (steady or begun[-1:])[0], ended[0], replicas, hpa, until, gaps(seen))
