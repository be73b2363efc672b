"""The sabotage `no-heal`: a fault that is broken as usual and then not healed, though the experiment asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chaos.fault import Evidence, Fault, Target

ID = "no-heal"
EXPERIMENT = "worker-node-kill"
WAIT_S = 15.0
"""Nothing is done, so nothing will come: the wait for healing need not be as long as an honest one."""


@dataclass(frozen=True)
class Unhealed:
    """A fault whose healing does nothing; the ledger holds the fault itself, so `crucible heal` undoes it."""

    world: Any
    fault: Fault

    @property
    def stands_for(self) -> Fault:
        return self.fault

    @property
    def effect_within_s(self) -> float:
        return self.fault.effect_within_s

    @property
    def healed_within_s(self) -> float:
        return min(self.fault.healed_within_s, WAIT_S)

    def targets(self) -> list[Target]:
        return self.fault.targets()

    def inject(self, targets: list[Target]) -> None:
        self.fault.inject(targets)

    def effect(self, targets: list[Target]) -> Evidence | None:
        return self.fault.effect(targets)

    def heal(self, targets: list[Target]) -> None:
        """Nothing: that is the sabotage."""

    def healed(self, targets: list[Target]) -> Evidence | None:
        return self.fault.healed(targets)

    def undone(self, targets: list[Target]) -> bool:
        return self.fault.undone(targets)

    def state(self, targets: list[Target]) -> str:
        return self.fault.state(targets)


def as_sabotaged(fault: Fault, world: Any, *, sabotage: str, experiment: str) -> Fault:
    """The fault as a run under this sabotage heals it: the same, unless the sabotage is ours."""
    return Unhealed(world, fault) if sabotage == ID and experiment == EXPERIMENT else fault
