"""Which stretch of the timeline a claim about a fault is judged on."""

from __future__ import annotations

from dataclasses import dataclass

from reports.timeline import Timeline
from reports.verdict import Verdict

BEGAN = ("fault.injecting", "fault.injected")
ENDED = ("fault.healed",)
UNHEALED = "that the fault was healed is not on the timeline"
"""What it was like under such a fault may show a failure; it cannot show that all was well."""


def if_healed(verdict: Verdict, reason: str, *, healed: bool) -> tuple[Verdict, str]:
    """The same, but for a PASS under a fault that nobody saw healed, which is INCONCLUSIVE and says so."""
    if verdict is Verdict.PASS and not healed:
        return Verdict.INCONCLUSIVE, f"{reason}; {UNHEALED}"
    return verdict, reason


class NoSuchFault(Exception):
    """The timeline does not know the fault, not how it began, or not that it took effect."""


@dataclass(frozen=True)
class FaultWindow:
    """From the injection over the effect to the proven healing; `healed` False when the timeline never says so."""

    start_s: float
    effect_s: float
    end_s: float
    healed: bool

    def __str__(self) -> str:
        return f"{self.start_s:.1f}\N{EN DASH}{self.end_s:.1f} s"


def fault_window(timeline: Timeline, fault_id: str) -> FaultWindow:
    """The window of one fault.

    Raises:
        NoSuchFault: no such fault was injected (the message lists those that were), or one took no effect.
    """
    began = timeline.query(*BEGAN, fault_id=fault_id) if fault_id else []
    if not began:
        known = sorted({event.fault_id for event in timeline.query(*BEGAN) if event.fault_id})
        raise NoSuchFault(f"no fault {fault_id} was injected; there are {', '.join(known) or 'none'}")
    effect = timeline.query("fault.effective", fault_id=fault_id)
    if not effect:
        raise NoSuchFault(f"fault {fault_id} took no effect that was proven")
    ended = timeline.query(*ENDED, fault_id=fault_id, since=began[0].t)
    return FaultWindow(began[0].t, effect[-1].t, ended[-1].t if ended else timeline.end, bool(ended))
