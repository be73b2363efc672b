"""Does the autoscaler follow the load: up above its floor, never past its ceiling, and down in its time, not before?

The two-sided check of the way down is that of Kubernetes' own end-to-end test (horizontal_pod_autoscaling_behavior.go):
after the stabilisation window, and before window plus reaction time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports import timeline
from reports.interval import Interval
from reports.pods import Gap, gaps, moment
from reports.timeline import Event, Timeline
from reports.verdict import Finding, Verdict, worst_of

FILES = (timeline.FILE,)


class CannotTell(Exception):
    """The evidence does not decide; the message says why."""


@dataclass(frozen=True)
class _Scene:
    """One load and what the watch saw of one role around it."""

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
        return int(self.hpa[0].data["min"])

    def spec_at(self, t: float) -> int:
        """The replicas asked for at `t`."""
        before = [event for event in self.replicas if event.t <= t]
        if not before:
            raise CannotTell(f"the watch saw no workload of {self.role} before {t:.1f} s")
        return int(before[-1].data["spec"])


def scaled_up(
    dossier: Path, *, role: str, load: str, within_s: float, ceiling: int, floor: int | None = None
) -> Finding:
    """A load took the role above its floor, with Ready pods, in time, and never past `ceiling`.

    Args:
        role: the role of the stack map.
        load: the load that was to do it.
        within_s: seconds from the load's steady state (its start where it never was steady).
        ceiling: the most replicas that may ever be asked for or seen, from the load's start to the end of the test.
        floor: replicas at rest; the autoscaler's own minimum when absent.

    Example::

        Claim("autoscaling.scaled_up", {"role": "manager", "load": "manager_load", "within_s": 75, "ceiling": 5})
    """
    budget = f"above the floor within {within_s:g} s, never above {ceiling}"
    try:
        scene = _scene(timeline.read(dossier), role, load)
        findings = [_rose(scene, scene.floor if floor is None else floor, within_s), _stayed_below(scene, ceiling)]
    except CannotTell as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget, evidence=FILES)
    worst = worst_of(findings)
    reason = "; ".join(f.reason for f in findings if f.verdict is worst.verdict)
    return Finding(worst.verdict, reason, findings[0].measured, budget, FILES, findings[0].data)


def _rose(scene: _Scene, floor: int, within_s: float) -> Finding:
    begun, clock = scene.begun, moment(scene.steady, [])
    if (at_rest := scene.spec_at(begun.t)) > floor:
        raise CannotTell(f"{scene.role} already had {at_rest} replicas when the load began; its floor is {floor}")
    end = scene.ended.t
    inside = [event for event in scene.replicas if begun.t < event.t <= end]
    asked = [event for event in inside if int(event.data["spec"]) > floor]
    ready = [event for event in asked if int(event.data["ready"]) > floor]
    data = {"replicas": [[round(event.t, 3), event.data["spec"], event.data["ready"]] for event in scene.replicas]}
    if ready:
        took = Interval.between(clock, moment(ready[0], scene.lost))
        count = ready[0].data["ready"]
        said = f"{scene.role} went from {floor} to {count} Ready replicas {took} after the load was steady"
        return Finding(took.within(within_s), said, f"{count} Ready after {took}", data=data)
    watched = end - clock.latest
    blind = any(gap.hides("workload.") and gap.start <= end <= gap.end for gap in scene.lost)
    cpu = [event.data.get("cpu_percent") for event in scene.hpa if begun.t < event.t <= end]
    highest = max((value for value in cpu if value is not None), default=None)
    said = f"{scene.role} stayed at {floor} Ready replicas for {watched:.1f} s of load"
    said += f" (its workload was asked for {asked[0].data['spec']})" if asked else ""
    said += f"; CPU at most {highest} %" if highest is not None else "; the autoscaler never had a CPU figure"
    verdict = Verdict.FAIL if watched > within_s and not blind else Verdict.INCONCLUSIVE
    return Finding(verdict, said, f"{floor} after {watched:.1f} s", data=data)


def _stayed_below(scene: _Scene, ceiling: int) -> Finding:
    most, when = 0, 0.0
    for event in [*scene.replicas, *scene.hpa]:
        figures = [event.data.get(name) for name in ("spec", "ready", "current", "desired")]
        here = max((int(figure) for figure in figures if figure is not None), default=0)
        if scene.begun.t <= event.t <= scene.until and here > most:
            most, when = here, event.t
    if most > ceiling:
        return Finding(Verdict.FAIL, f"{scene.role} went to {most} replicas at {when:.1f} s; its ceiling is {ceiling}")
    return Finding(Verdict.PASS, f"never more than {most} replicas")


def scaled_down(
    dossier: Path, *, role: str, load: str, stabilisation_s: float, reaction_s: float, floor: int | None = None
) -> Finding:
    """After a load the role is back at its floor: not before the stabilisation window, and before window plus reaction.

    Args:
        role: the role of the stack map.
        load: the load whose end starts the clock.
        stabilisation_s: seconds the autoscaler must wait.
        reaction_s: seconds it may take beyond that.
        floor: replicas at rest; the autoscaler's own minimum when absent.
    """
    budget = f"{stabilisation_s:g} to {stabilisation_s + reaction_s:g} s after the load"
    try:
        scene = _scene(timeline.read(dossier), role, load)
        return _fell(scene, scene.floor if floor is None else floor, stabilisation_s, reaction_s, budget)
    except CannotTell as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget, evidence=FILES)


def _fell(scene: _Scene, floor: int, stabilisation_s: float, reaction_s: float, budget: str) -> Finding:
    clock = moment(scene.ended, [])
    if (loaded := scene.spec_at(scene.ended.t)) <= floor:
        raise CannotTell(f"{scene.role} had {loaded} replicas when the load ended: nothing was there to come down")
    after = [event for event in scene.replicas if scene.ended.t < event.t <= scene.until]
    below = [event for event in after if int(event.data["spec"]) < floor]
    at_floor = [event for event in after if int(event.data["spec"]) <= floor]
    if below:
        said = f"{scene.role} was scaled to {below[0].data['spec']} replicas; its floor is {floor}"
        return Finding(Verdict.FAIL, said, f"{below[0].data['spec']} replicas", budget, FILES)
    watched = scene.until - clock.latest
    last_above = max([event.t for event in after if int(event.data["spec"]) > floor], default=scene.ended.t)
    stayed = [event for event in at_floor if event.t > last_above]
    if not stayed:
        said = f"{scene.role} is not back at {floor} replicas {watched:.1f} s after the load"
        blind = any(gap.hides("workload.") and gap.start <= scene.until <= gap.end for gap in scene.lost)
        enough = watched > stabilisation_s + reaction_s and not blind
        verdict = Verdict.FAIL if enough else Verdict.INCONCLUSIVE
        return Finding(verdict, said, f"not after {watched:.1f} s", budget, FILES)
    first = Interval.between(clock, moment(at_floor[0], scene.lost))
    back = Interval.between(clock, moment(stayed[0], scene.lost))
    data = {"first_s": first.to_json(), "back_s": back.to_json()}
    said = f"{scene.role} was back at {floor} replicas {back} after the load"
    if first.earliest < stabilisation_s:
        verdict = Verdict.FAIL if first.latest < stabilisation_s else Verdict.INCONCLUSIVE
        said = f"{scene.role} came down to {floor} replicas {first} after the load, inside its stabilisation window"
        return Finding(verdict, said, str(first), budget, FILES, data)
    return Finding(back.within(stabilisation_s + reaction_s), said, str(back), budget, FILES, data)


def _scene(seen: Timeline, role: str, load: str) -> _Scene:
    begun = seen.query("load.started", subject=load)
    if not begun:
        raise CannotTell(f"load {load} never started")
    since = begun[-1].t
    ended = seen.query("load.finished", subject=load, since=since)
    if not ended or not int(ended[0].data.get("sent") or 0):
        raise CannotTell(f"load {load} " + ("sent nothing" if ended else "never finished, so what it sent is unknown"))
    tests = seen.query("test.finished", since=ended[0].t)
    loads = [event for event in seen.query("load.started", since=ended[0].t) if event.t > ended[0].t]
    hpa = seen.query("hpa.replicas", role=role)
    if not hpa:
        raise CannotTell(f"the watch saw no autoscaler of {role}")
    until = min([event.t for event in [*tests, *loads]], default=seen.end)
    steady = seen.query("load.steady", subject=load, since=since, until=ended[0].t)
    replicas = seen.query("workload.replicas", role=role, until=until)
    return _Scene(role, begun[-1], (steady or begun[-1:])[0], ended[0], replicas, hpa, until, gaps(seen))
