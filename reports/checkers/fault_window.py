"""Which stretch of the timeline a claim about a fault is judged on."""

from __future__ import annotations

from dataclasses import dataclass

from reports.timeline import Timeline

BEGAN = ("fault.injecting", "fault.injected")
ENDED = ("fault.healed",)
UNHEALED = "that the fault was healed is not on the timeline"
"""What it was like under such a fault may show a failure; it cannot show that all was well."""


class NoSuchFault(Exception):
    """The timeline does not know the fault, not how it began, or not that it took effect."""


@dataclass(frozen=True)
class FaultWindow:
    """From the injection to the proven healing; `healed` False when the timeline never says that it healed."""

    start_s: float
    end_s: float
    healed: bool

    def __str__(self) -> str:
        return f"{self.start_s:.1f}\N{EN DASH}{self.end_s:.1f} s"


def fault_window(timeline: Timeline, fault_id: str) -> FaultWindow:
    """The window of one fault, or of all together with `all`.

    Raises:
        NoSuchFault: no such fault was injected (the message lists those that were), or one took no effect.
    """
    chosen = None if fault_id == "all" else fault_id
    began = [event for event in timeline.query(*BEGAN, fault_id=chosen) if event.fault_id]
    if not began:
        known = sorted({event.fault_id for event in timeline.query(*BEGAN) if event.fault_id})
        raise NoSuchFault(f"no fault {fault_id} was injected; there are {', '.join(known) or 'none'}")
    ended = timeline.query(*ENDED, fault_id=chosen, since=began[0].t)
    faults = {event.fault_id for event in began}
    effective = {event.fault_id for event in timeline.query("fault.effective", fault_id=chosen)}
    if idle := sorted(str(name) for name in faults - effective):
        raise NoSuchFault(f"fault {', '.join(idle)} took no effect that was proven")
    healed = faults == {event.fault_id for event in ended}
    return FaultWindow(began[0].t, ended[-1].t if healed else timeline.end, healed)
