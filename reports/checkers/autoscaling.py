"""Does the autoscaler follow the load: up above its floor, never past its ceiling, and down in its time, not before?

The two-sided check of the way down is that of Kubernetes' own end-to-end test (horizontal_pod_autoscaling_behavior.go):
after the stabilisation window, and before window plus reaction time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports import timeline
from reports.interval import Interval
from reports.pods import RELIST_S, blind, moment
from reports.scaling import NEAR_S, Scene, scene_of
from reports.verdict import CannotTell, Finding, Verdict, worst_of

FILES = (timeline.FILE,)


def scaled_up(
    dossier: Path,
    *,
    role: str,
    load: str,
    within_s: float,
    floor: int,
    ceiling: int,
    target_percent: int,
    min_share: float = 0.9,
) -> Finding:
    """A load took the role above its floor, by its autoscaler, with Ready pods, in time, and kept it there to its end.

    Each step up has the autoscaler's own figure, over its target, as cause, and goes no further than that asks for,
    the first one no less far either; the role never goes past `ceiling`, not back to its floor under load, and not up
    and down and up again.

    Args:
        role: the role of the stack map.
        load: the load that was to do it.
        within_s: seconds from the load's steady state (its start where it never was steady).
        floor: replicas at rest, which is also the autoscaler's minimum.
        ceiling: the most replicas that may ever be asked for or seen, from the load's start to the end of the test;
            also the autoscaler's maximum.
        target_percent: the CPU figure above which the autoscaler adds replicas.
        min_share: of what was planned that must have been sent, and of this been answered, for it to be a load.

    Example::

        Claim.of(autoscaling.scaled_up, role="manager", load="manager_load", within_s=45, floor=2, ceiling=5,
                 target_percent=70)
    """
    budget = f"above the floor within {within_s:g} s, never above {ceiling}"
    try:
        scene = scene_of(timeline.read(dossier), role, load, min_share=min_share)
        findings = [
            _rose(scene, floor, within_s), _stayed_below(scene, ceiling), _bounds(scene, floor, ceiling),
            _by_its_figures(scene, target_percent, ceiling), _held(scene, floor),
        ]  # fmt: skip
    except (CannotTell, timeline.TimelineError) as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget, evidence=FILES)
    worst = worst_of(findings)
    reason = "; ".join(f.reason for f in findings if f.verdict is worst.verdict)
    return Finding(worst.verdict, reason, findings[0].measured, budget, FILES, findings[0].data)


def _rose(scene: Scene, floor: int, within_s: float) -> Finding:
    begun, clock = scene.begun, moment(scene.steady, [])
    if (at_rest := scene.spec_at(begun.t)) > floor:
        raise CannotTell(f"{scene.role} already had {at_rest} replicas when the load began; its floor is {floor}")
    end = scene.ended.t
    inside = [event for event in scene.replicas if begun.t < event.t <= end]
    asked = [event for event in inside if int(event.data["spec"]) > floor]
    ready = [event for event in asked if int(event.data["ready"]) > floor]
    data: dict[str, Any] = {
        "replicas": [[round(event.t, 3), event.data["spec"], event.data["ready"]] for event in scene.replicas]
    }
    if ready:
        took = Interval.between(clock, moment(ready[0], scene.lost))
        data["up_s"] = took.to_json()
        count = ready[0].data["ready"]
        said = f"{scene.role} went from {floor} to {count} Ready replicas {took} after the load was steady"
        return Finding(took.within(within_s), said, f"{count} Ready after {took}", data=data)
    watched = end - clock.latest
    unseen = blind(scene.lost, "workload.", end)
    cpu = [event.data.get("cpu_percent") for event in scene.hpa if begun.t < event.t <= end]
    highest = max((value for value in cpu if value is not None), default=None)
    said = f"{scene.role} stayed at {floor} Ready replicas for {watched:.1f} s of load"
    said += f" (its workload was asked for {asked[0].data['spec']})" if asked else ""
    said += f"; CPU at most {highest} %" if highest is not None else "; the autoscaler never had a CPU figure"
    verdict = Verdict.FAIL if watched > within_s and not unseen else Verdict.INCONCLUSIVE
    return Finding(verdict, said, f"{floor} after {watched:.1f} s", data=data)


def _stayed_below(scene: Scene, ceiling: int) -> Finding:
    most, when = 0, 0.0
    for event in [*scene.replicas, *scene.hpa]:
        figures = [event.data.get(name) for name in ("spec", "ready", "current", "desired")]
        here = max((int(figure) for figure in figures if figure is not None), default=0)
        if scene.begun.t <= event.t <= scene.until and here > most:
            most, when = here, event.t
    if most > ceiling:
        return Finding(Verdict.FAIL, f"{scene.role} went to {most} replicas at {when:.1f} s; its ceiling is {ceiling}")
    return Finding(Verdict.PASS, f"never more than {most} replicas")


def _bounds(scene: Scene, floor: int, ceiling: int) -> Finding:
    """The autoscaler's own bounds are the promised ones, whenever it was seen."""
    for event in scene.hpa:
        if event.t <= scene.until and (event.data["min"], event.data["max"]) != (floor, ceiling):
            said = f"the autoscaler of {scene.role} may go from {event.data['min']} to {event.data['max']} replicas"
            return Finding(Verdict.FAIL, f"{said}; promised are {floor} to {ceiling}")
    return Finding(Verdict.PASS, f"its bounds are {floor} and {ceiling}")


def _by_its_figures(scene: Scene, target_percent: int, ceiling: int) -> Finding:
    """Each step under load was asked for by the autoscaler, its figures asked for no less, and at first for no more."""
    steps = scene.steps(scene.begun.t, scene.ended.t)
    for number, step in enumerate(steps):
        why = scene.without_cause(step, target_percent, ceiling)
        if not why and number == 0 and step.new > step.old:
            why = scene.too_short(step, target_percent, ceiling)
        if why:
            hidden = scene.unseen(step.event.t - NEAR_S, step.event.t + NEAR_S)
            verdict = Verdict.INCONCLUSIVE if hidden else Verdict.FAIL
            return Finding(verdict, f"{scene.role} went from {step}, but {hidden or why}")
    return Finding(Verdict.PASS, f"{len(steps)} steps by its figures")


def _held(scene: Scene, floor: int) -> Finding:
    """Once up it stayed up to the load's end, without going down and up again, and all of it was watched."""
    steps = scene.steps(scene.begun.t, scene.ended.t)
    downs = [step for step in steps if step.new < step.old]
    for down in downs:
        again = [step for step in steps if step.new > step.old and step.event.t > down.event.t]
        if down.new <= floor or again:
            said = f"{scene.role} went from {down} under load" + (f", and again from {again[0]}" if again else "")
            return Finding(Verdict.FAIL, said)
    if why := scene.unseen(scene.begun.t, scene.until):
        return Finding(Verdict.INCONCLUSIVE, f"whether {scene.role} held and stayed below was not seen: {why}")
    return Finding(Verdict.PASS, "held to the end of the load")


def scaled_down(
    dossier: Path,
    *,
    role: str,
    load: str,
    stabilisation_s: float,
    reaction_s: float,
    floor: int,
    min_share: float = 0.9,
) -> Finding:
    """After a load the role is back at its floor, by its autoscaler: no step down inside the stabilisation window.

    It is there before window plus reaction, and then stays; nothing goes up once figures of the load are too old.

    Args:
        role: the role of the stack map.
        load: the load whose end starts the clock.
        stabilisation_s: seconds the autoscaler must wait.
        reaction_s: seconds it may take beyond that.
        floor: replicas at rest.
        min_share: as for `scaled_up`.
    """
    budget = f"{stabilisation_s:g} to {stabilisation_s + reaction_s:g} s after the load"
    try:
        scene = scene_of(timeline.read(dossier), role, load, min_share=min_share)
        return _fell(scene, floor, stabilisation_s, reaction_s, budget)
    except (CannotTell, timeline.TimelineError) as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget, evidence=FILES)


def _wrong_way(scene: Scene, floor: int, reaction_s: float) -> tuple[str, str] | None:
    """A step that nothing excuses, said and measured: below the floor, or up when the load's figures are too old."""
    for step in scene.steps(scene.ended.t, scene.until):
        if step.new < floor:
            said = f"{scene.role} was scaled to {step.new} replicas; its floor is {floor}"
            return said, f"{step.new} replicas"
        gone = Interval.between(moment(scene.ended, []), moment(step.event, scene.lost))
        asked = scene.asked(step)
        if step.new > step.old and (gone.earliest > reaction_s or not asked):
            hidden = scene.unseen(step.event.t - NEAR_S, step.event.t + NEAR_S)
            if hidden and gone.earliest <= reaction_s:
                raise CannotTell(
                    f"{scene.role} went from {step}, and whether that was asked for was not seen: {hidden}"
                )
            why = "" if asked else f", but the autoscaler did not ask for {step.new}"
            return f"{scene.role} went up again, from {step}, {gone} after the load{why}", f"up again after {gone}"
    return None


def _fell(scene: Scene, floor: int, stabilisation_s: float, reaction_s: float, budget: str) -> Finding:
    clock = moment(scene.ended, [])
    if (loaded := scene.spec_at(scene.ended.t)) <= floor:
        raise CannotTell(f"{scene.role} had {loaded} replicas when the load ended: nothing was there to come down")
    after = [event for event in scene.replicas if scene.ended.t < event.t <= scene.until]
    at_floor = [event for event in after if int(event.data["spec"]) <= floor]
    if wrong := _wrong_way(scene, floor, reaction_s):
        return Finding(Verdict.FAIL, *wrong, budget, FILES)
    watched = scene.until - clock.latest
    last_above = max([event.t for event in after if int(event.data["spec"]) > floor], default=scene.ended.t)
    stayed = [event for event in at_floor if event.t > last_above]
    if not stayed:
        said = f"{scene.role} is not back at {floor} replicas {watched:.1f} s after the load"
        enough = watched > stabilisation_s + reaction_s and not blind(scene.lost, "workload.", scene.until)
        verdict = Verdict.FAIL if enough else Verdict.INCONCLUSIVE
        return Finding(verdict, said, f"not after {watched:.1f} s", budget, FILES)
    downs = [step for step in scene.steps(scene.ended.t, scene.until) if step.new < step.old]
    first = Interval.between(clock, moment(downs[0].event, scene.lost))
    back = Interval.between(clock, moment(stayed[0], scene.lost))
    data = {"first_s": first.to_json(), "back_s": back.to_json()}
    said = f"{scene.role} was back at {floor} replicas {back} after the load"
    if first.earliest < stabilisation_s:
        verdict = Verdict.FAIL if first.latest < stabilisation_s else Verdict.INCONCLUSIVE
        said = f"{scene.role} came down to {downs[0].new} replicas {first} after the load, in its stabilisation window"
        return Finding(verdict, said, str(first), budget, FILES, data)
    for step in downs:
        if why := scene.without_cause(step):
            hidden = scene.unseen(step.event.t - NEAR_S, step.event.t + NEAR_S)
            verdict = Verdict.INCONCLUSIVE if hidden else Verdict.FAIL
            said = f"{scene.role} went from {step}, but {hidden or why}"
            return Finding(verdict, said, str(back), budget, FILES, data)
    waiting, after_s = scene.ended.t + stabilisation_s, stayed[0].t + RELIST_S  # between them a gap widens `back`
    if why := scene.unseen(scene.ended.t, waiting) or scene.unseen(after_s, scene.until):
        said = f"whether {scene.role} kept its stabilisation window, and then stayed, was not seen: {why}"
        return Finding(Verdict.INCONCLUSIVE, said, str(back), budget, FILES, data)
    return Finding(back.within(stabilisation_s + reaction_s), said, str(back), budget, FILES, data)
