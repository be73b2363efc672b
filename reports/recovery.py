"""How long a role took to recover from a fault: an interval, and when each phase of it was reached.

All times count from the moment the fault took effect, none from another phase, so nothing is counted twice. That
moment lies after `fault.injecting` (written just before the act) and not after the first sign of the effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reports.certificates import Certificate
from reports.interval import Interval
from reports.pods import Gap, Pods, blind, gaps, moment, pods_of
from reports.timeline import Event, Timeline

QUIET_S = 10.0
"""Whole, or served, for this long is recovered: what falls later and comes back is not this recovery."""

SIGNS = {"pod.not_ready", "pod.terminating", "pod.deleted", "container.restarted"}


class CannotMeasure(Exception):
    """The evidence does not say how long it took; the message says why."""


class NotHit(CannotMeasure):
    """The fault hit no Ready pod of the role."""


@dataclass
class Recovery:
    """What the watch says about one fault and one role.

    Args:
        fault_id: the fault.
        role: the role whose pods it hit.
        start: when the fault took effect, in timeline seconds.
        until: end of the stretch that was looked at: the next fault, the end of the test or of the timeline.
        lost: names of the role's pods that were hit.
        need: Ready pods that make the role whole.
        phases: seconds from the effect to detected, endpoint_removed, rescheduled, ready; those that were seen.
        blind: a watch gap lies over the end of the stretch, so that not being back proves nothing.
        unsure: why being back does not prove that it stayed so; empty when the watch saw all of it.
        never_fell: the fault does not kill, and the watch saw the role whole all the time.
    """

    fault_id: str
    role: str
    start: Interval
    until: float
    lost: list[str]
    need: int
    phases: dict[str, Interval] = field(default_factory=dict)
    blind: bool = False
    unsure: str = ""
    never_fell: bool = False

    @property
    def ready(self) -> Interval | None:
        """Seconds until the role was whole again and stayed so; None when it was not at `until`."""
        return self.phases.get("ready")

    @property
    def observed_s(self) -> float:
        """Seconds, at least, for which it was looked at after the effect."""
        return max(0.0, self.until - self.start.latest)


def measure(timeline: Timeline, certificate: Certificate, role: str) -> Recovery:
    """Measure the recovery of a role from a fault.

    A pod that was killed counts as gone from the effect on, whatever the API still says of it. It counts again only
    when the watch saw it not Ready (or restarted) and Ready after that; a new pod counts when it is Ready. What a fault
    that kills nothing (a partition, a pause) does to a pod is what the watch shows. The role is recovered when it has
    its desired number for QUIET_S, and at the end.

    Raises:
        NotHit: the fault hit no Ready pod of the role.
        CannotMeasure: the fault never took effect, or there is no watch data.
    """
    signs = _signs_on_victims(timeline, certificate)
    start = _start(certificate, signs)
    if wrong := certificate.problems(but_healing=certificate.healed is None):
        raise CannotMeasure(f"fault {certificate.fault_id} is not proven: {'; '.join(wrong)}")
    cut = min([start.earliest, *(sign.t for sign in signs)])
    pods = pods_of(timeline, role, until=cut)
    if not pods:
        raise CannotMeasure(f"the watch saw no pod of {role} before the fault")
    hit = {key for key, pod in pods.items() if not pod.gone and certificate.hit(key, pod.node)}
    if not any(pods[key].serves for key in hit):
        raise NotHit(f"fault {certificate.fault_id} hit no Ready pod of {role}")
    lost, until = gaps(timeline), _until(timeline, certificate, start)
    names = sorted(pods[key].name for key in hit)
    specs = timeline.query("workload.replicas", role=role, until=until)
    before = [_spec(event) for event in specs if event.t <= start.latest]
    if not before:
        raise CannotMeasure(f"the watch saw no workload of {role} before the fault")
    need = before[-1]
    found = Recovery(certificate.fault_id, role, start, until, names, need)
    found.never_fell = not _kills(certificate) and pods.serving() >= need
    found.blind = bool(blind(lost, "pod.ready", until))
    known = set(pods)
    back = _back(timeline, found, pods, hit if _kills(certificate) else set(), specs, since=cut)
    found.unsure = _unsure(timeline, found, back, lost)
    nodes = {victim.get("name") for victim in certificate.victims if victim.get("kind") == "Node"}
    seen = timeline.query("pod.*", "container.*", "node.*", "endpoint.*", since=cut, until=until)
    _phase(found, "detected", [e for e in seen if _is_sign(e, hit, nodes)][:1], lost)
    _phase(
        found, "endpoint_removed", [e for e in seen if e.kind == "endpoint.removed" and _is_of(e, hit, names)][:1], lost
    )
    if back:
        new = [
            e for e in seen if e.kind == "pod.scheduled" and e.role == role and _key(e) not in known and e.t <= back.t
        ]
        _phase(found, "rescheduled", new[-1:], lost)
        _phase(found, "ready", [back], lost)
    return found


def _start(certificate: Certificate, on_victims: list[Event]) -> Interval:
    """When the fault took effect: after `injecting`, and not after the act was done, proven, or seen on a victim."""
    if certificate.effective is None:
        raise CannotMeasure(f"fault {certificate.fault_id} never took effect")
    effective = certificate.effective
    begun = certificate.injecting
    if begun is None:
        return Interval(effective.t - effective.err, effective.t + effective.err)
    signs = [effective, *(event for kind, event in certificate.events.items() if kind == "fault.injected")]
    signs += on_victims[:1]
    latest = min(sign.t + sign.err for sign in signs)
    return Interval(min(begun.t - begun.err, latest), latest)


def _signs_on_victims(timeline: Timeline, certificate: Certificate) -> list[Event]:
    """What the watch saw on victims and what may have come after the act began: its middle may lie before that."""
    if (begun := certificate.injecting) is None:
        return []
    victims = {victim.get("uid") for victim in certificate.victims}
    signs = [e for e in timeline.query("pod.*", "container.*") if e.uid in victims and e.kind in SIGNS]
    return [sign for sign in signs if sign.t + sign.err >= begun.t]


def _until(timeline: Timeline, certificate: Certificate, start: Interval) -> float:
    others = [e for e in timeline.query("fault.injecting") if e.fault_id != certificate.fault_id and e.t > start.latest]
    ends = [*others, *timeline.query("test.finished", since=start.latest)]
    return min(event.t for event in ends) if ends else timeline.end


def _kills(certificate: Certificate) -> bool:
    """Whether its victims are dead once it took effect; so it is taken when the fault has no name."""
    return not certificate.fault or certificate.fault.lower().startswith("kill")


def _unsure(timeline: Timeline, found: Recovery, back: Event | None, lost: list[Gap]) -> str:
    """Why the stretch after `back` was not seen whole: a second outage might lie there."""
    since = back.t if back else found.start.latest
    last = timeline.query("workload.replicas", role=found.role, until=found.until)[-1]
    if (counted := int(last.data["ready"])) < min(found.need, _spec(last)):
        return f"its workload counted only {counted} Ready at the end"
    if any(gap.hides("pod.ready") and since < gap.start <= found.until for gap in lost):
        return f"the watch was lost after {found.role} was whole, which may hide a second outage"
    if not timeline.query("fault.injecting", "test.finished", since=max(found.start.latest, since)):
        return "the end of the test is not on the timeline, so what was seen last need not have lasted"
    return ""


def _back(
    timeline: Timeline, found: Recovery, pods: Pods, hit: set[str], specs: list[Event], *, since: float
) -> Event | None:
    """The event that made the role whole for good, or None; `pods` is brought up to the end of the stretch."""
    stale = set(hit)  # pods that are dead, though the API has not said so yet
    need, back, whole = found.need, None, found.never_fell
    of_pods = timeline.query("pod.*", "container.*", role=found.role, since=since, until=found.until)
    later = [event for event in specs if event.t > found.start.latest]
    for event in sorted([*of_pods, *later], key=lambda event: event.t):
        if event.kind == "workload.replicas":
            need = min(found.need, _spec(event))
        else:
            pods.see(event)
            if event.kind in SIGNS:
                stale.discard(_key(event))
        was, whole = whole, sum(pod.serves for key, pod in pods.items() if key not in stale) >= need
        if was and not whole and (back is None or event.t - back.t < QUIET_S):
            back, found.never_fell = None, False
        if whole and not was and back is None:
            back = event
    return back if whole else None


def _spec(event: Event) -> int:
    """The replicas asked for; at least one, for a role scaled to nothing has not recovered."""
    return max(1, int(event.data["spec"]))


def _key(event: Event) -> str:
    return event.uid or event.subject


def _is_sign(event: Event, hit: set[str], nodes: set[str | None]) -> bool:
    if event.kind == "node.not_ready":
        return event.subject.rpartition("/")[2] in nodes
    return event.kind in SIGNS and _key(event) in hit


def _is_of(event: Event, hit: set[str], names: list[str]) -> bool:
    return event.uid in hit or str(event.data.get("pod", "")).rpartition("/")[2] in names


def _phase(found: Recovery, name: str, events: list[Event], lost: list[Gap]) -> None:
    for event in events:
        found.phases[name] = Interval.between(found.start, moment(event, lost))
