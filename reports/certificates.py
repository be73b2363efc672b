"""Certificates: for each fault of a run, the evidence that it took effect and that it was healed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reports.timeline import Event, Timeline

STEPS = tuple(f"fault.{step}" for step in ("planned", "injecting", "injected", "effective", "healing", "healed"))
"""What a proven fault tells, in this order."""
PROOFS = {"fault.effective", "fault.healed"}


@dataclass(frozen=True)
class Certificate:
    """What the timeline says about one fault.

    Args:
        fault_id: its id; all its events carry it.
        experiment: the experiment that brought it in.
        fault: its name, such as `kill_pod`.
        victims: `{kind, namespace, name, uid}` each, as planned.
        events: its events by kind, the first of each.
    """

    fault_id: str
    experiment: str
    fault: str
    victims: tuple[dict[str, Any], ...]
    events: dict[str, Event]

    @property
    def effective(self) -> Event | None:
        """The event that proves the effect."""
        return self.events.get("fault.effective")

    @property
    def healed(self) -> Event | None:
        """The event that proves the healing."""
        return self.events.get("fault.healed")

    @property
    def injecting(self) -> Event | None:
        """Written just before the act: nothing this fault did happened earlier."""
        return self.events.get("fault.injecting")

    def problems(self, *, but_healing: bool = False) -> list[str]:
        """Why this is no proof; empty when effect and healing are both proven, each step told, in their order.

        Args:
            but_healing: look only at what led to the effect: a stack may be seen to fail under a fault that stays in.
        """
        told_of = STEPS[:-2] if but_healing else STEPS
        found = [f"{step} is not on the timeline" for step in told_of if step not in {*self.events, *PROOFS}]
        told = [self.events[step] for step in STEPS if step in self.events]
        found += [
            f"{after.kind} came before {before.kind}"
            for before, after in pairwise(told)
            if after.t + after.err < before.t - before.err
        ]
        if not self.victims:
            found.append("it names no victim")
        for victim in self.victims:
            if not victim.get("uid"):
                found.append(f"victim {victim.get('name')} has no UID")
        effective, healed = self.effective, self.healed
        if effective is None:
            why = self.events.get("fault.not_effective")
            found.append("its effect is not proven" + (f" ({why.data.get('evidence')})" if why else ""))
        elif not effective.data.get("evidence"):
            found.append("fault.effective carries no evidence")
        if healed is None and but_healing:
            return found
        if healed is None:
            why = self.events.get("fault.not_healed")
            found.append("its healing is not proven" + (f" ({why.data.get('evidence')})" if why else ""))
        elif not healed.data.get("evidence"):
            found.append("fault.healed carries no evidence")
        return found

    def span(self) -> tuple[float, float] | None:
        """`t` from the act to the healing; to infinity when it was never healed; None when it never took effect.

        The proof of an effect may take long (a node counts as lost after some 20 s), so the act begins it.
        """
        if self.effective is None:
            return None
        begun = self.injecting or self.effective
        return begun.t, self.healed.t if self.healed else float("inf")

    def hit(self, uid: str | None, node: str | None) -> bool:
        """Whether a pod is among its victims: by its UID, or as one on a node that it names.

        Args:
            uid: of the pod.
            node: which carries it; empty or None while none does.
        """
        return any(
            (victim.get("kind") == "Node" and bool(node) and victim.get("name") == node) or victim.get("uid") == uid
            for victim in self.victims
        )

    def had_hit(self, uid: str | None, node: str | None, *, by_s: float) -> bool:
        """Whether a pod is among its victims, and the fault was under way by then; `by_s` is a `t`."""
        return self.injecting is not None and self.injecting.t <= by_s and self.hit(uid, node)

    def to_json(self) -> dict[str, Any]:
        """As kept in run.json."""
        return {
            "fault_id": self.fault_id,
            "fault": self.fault,
            "experiment": self.experiment,
            "victims": list(self.victims),
            "effective": _proof(self.effective),
            "healed": _proof(self.healed),
        }


def _proof(event: Event | None) -> dict[str, Any] | None:
    return {"t": event.t, "evidence": event.data.get("evidence")} if event else None


def certificates(timeline: Timeline) -> list[Certificate]:
    """All faults of a run in the order in which they were planned, proven or not."""
    found: dict[str, list[Event]] = {}
    for event in timeline.query("fault.*"):
        if event.fault_id:
            found.setdefault(event.fault_id, []).append(event)
    return [_certificate(fault_id, events) for fault_id, events in found.items()]


def _certificate(fault_id: str, events: list[Event]) -> Certificate:
    first: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.kind, event)
    planned = first.get("fault.planned", events[0])
    return Certificate(
        fault_id=fault_id,
        experiment=planned.subject,
        fault=str(planned.data.get("fault", "")),
        victims=tuple(planned.data.get("victims") or ()),
        events=first,
    )


def of_experiment(timeline: Timeline, experiment: str) -> list[Certificate]:
    """The certificates of one experiment.

    Args:
        timeline: of the run.
        experiment: its name for all its runs (`gateway-pod-kill`), or that of one run (`gateway-pod-kill-1`).
    """
    name = re.compile(re.escape(experiment) + r"(-\d+)?")
    return [certificate for certificate in certificates(timeline) if name.fullmatch(certificate.experiment)]


def of_fault(timeline: Timeline, fault_id: str) -> Certificate | None:
    """The certificate of one fault; None when it is not on the timeline."""
    return next((one for one in certificates(timeline) if one.fault_id == fault_id), None)
