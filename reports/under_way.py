"""What an autoscaler has under way: pods that it asked for so lately that they need not be Ready yet.

It excuses little, so that it hides no defect: only pods that were not there before the step, which the autoscaler is
seen to have asked for, and which were never Ready; each only for as long as a pod may take, counted from the step and
not from the pod, for a pod that never gets Ready may be replaced again and again. An autoscaler that went up and came
down inside its own stabilisation window is excused nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.interval import Interval
from reports.pods import Gap, blind, gaps, moment, pods_of
from reports.scaling import NEAR_S, Step, steps_of
from reports.timeline import Timeline
from reports.verdict import Verdict

SAID_S = 1.0
"""An autoscaler asks first and writes into its status what it asked for next."""


@dataclass(frozen=True)
class Excuse:
    """Whether missing pods are under way: PASS when all are, FAIL when not, INCONCLUSIVE when nobody can tell."""

    verdict: Verdict
    why: str


def excuse(
    seen: Timeline, role: str, missing: int, *, until: float, ready_s: float, stabilisation_s: float
) -> Excuse:  # fmt: skip
    """Whether so many pods of a role may still be on their way at a moment.

    Args:
        seen: the run.
        role: one whose number an autoscaler owns.
        missing: pods that its workload asks for and that do not serve.
        until: the moment, on the timeline's clock; what was seen later does not count.
        ready_s: seconds from a pod being asked for to its being Ready, at most.
        stabilisation_s: seconds for which its autoscaler must not take back what it asked for.
    """
    lost = gaps(seen)
    events = [event for event in seen.query("workload.replicas", role=role) if event.t < until]
    steps = steps_of(events)
    if turned := _turned(steps, lost, until, ready_s, stabilisation_s):
        return Excuse(Verdict.FAIL, turned)
    young = [(step, age.within(ready_s)) for step in steps
             if (age := _age(step, lost, until)).within(ready_s) is not Verdict.FAIL]  # fmt: skip
    young = [(step, verdict) for step, verdict in young if step.new > step.old]
    asked = [(step, verdict, _asked_by_autoscaler(seen, role, step, lost, until)) for step, verdict in young]
    asked = [one for one in asked if one[2] is not Verdict.FAIL]
    possible = sum(step.new - step.old for step, _, _ in asked)
    if missing > possible:
        return Excuse(Verdict.FAIL, f"its autoscaler asked for {possible or 'none'} in the last {ready_s:g} s")
    if stale := _not_new(seen, role, min(step.event.t - step.event.err for step, _, _ in asked), until):
        return Excuse(Verdict.FAIL, stale)
    certain = sum(step.new - step.old for step, *told in asked if told == [Verdict.PASS, Verdict.PASS])
    if missing > certain:
        return Excuse(Verdict.INCONCLUSIVE, "whether its autoscaler asked for them so lately was not seen")
    last = asked[-1][0]
    return Excuse(Verdict.PASS, f"its autoscaler went from {last} and they have {ready_s:g} s")


def _age(step: Step, lost: list[Gap], until: float) -> Interval:
    return Interval.between(moment(step.event, lost), Interval(until, until))


def _turned(steps: list[Step], lost: list[Gap], until: float, ready_s: float, stabilisation_s: float) -> str:
    """How the autoscaler took back what it had just asked for, lately; empty when it did not."""
    for n, down in enumerate(steps):
        if down.new > down.old or down.event.t < until - ready_s - stabilisation_s:
            continue
        for up in steps[:n]:
            took = Interval.between(moment(up.event, lost), moment(down.event, lost))
            if up.new > up.old and took.latest < stabilisation_s:
                return f"its autoscaler went from {up} and from {down}, in a window of {stabilisation_s:g} s"
    return ""


def _asked_by_autoscaler(seen: Timeline, role: str, step: Step, lost: list[Gap], until: float) -> Verdict:
    """PASS when the autoscaler is seen to have wanted what the step asks for; it says so a moment after the step."""
    near = seen.query("hpa.replicas", role=role, since=step.event.t - NEAR_S, until=step.event.t + NEAR_S)
    if any(int(event.data["desired"] or 0) == step.new for event in near if event.t < until):
        return Verdict.PASS
    unseen = any(gap.start < until and gap.end > step.event.t for gap in blind(lost, "hpa.", step.event.t, until))
    too_early = until - step.event.t < SAID_S
    return Verdict.INCONCLUSIVE if unseen or too_early else Verdict.FAIL


def _not_new(seen: Timeline, role: str, since: float, until: float) -> str:
    """Which pod that does not serve is none of those on their way; empty when all are."""
    served = {key for key, pod in pods_of(seen, role, until=since).items() if pod.serves}
    events = [event for event in seen.query("pod.*", role=role) if event.t < until]
    old = {event.uid or event.subject for event in events if event.t + event.err < since}
    ready = {event.uid or event.subject for event in events if event.kind == "pod.ready"}
    for key, pod in pods_of(seen, role, until=until).items():
        if key in served and not pod.serves:
            return f"{pod.name} served before and does not now"
        if not (pod.serves or pod.terminating or pod.gone) and key in old | ready:
            return f"{pod.name} is none of those that it asked for, or was Ready before"
    return ""
