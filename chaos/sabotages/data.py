"""What Selection Input held before a sabotage, kept on the ledger as a fault that breaks nothing: healing puts it back.

What a defect did to the data stays when the defect is gone. Kept like a fault it is undone after any way to die.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaos.fault import Evidence, Target
from chaos.sabotages.planted import refuse_adopted
from chaos.world import World
from fixtures.errors import HarnessError
from fixtures.selection_input.put_back import Paths, differences, held, put_back


@dataclass(frozen=True)
class Data:
    """Selection Input as it stands before a sabotage is planted.

    Effect: it is remembered. Healed: the Manager and each copy hold it, at the end of the log.

    Args:
        sabotage: its id.
    """

    world: World
    sabotage: str
    effect_within_s: float = 1.0
    healed_within_s: float = 60.0

    def targets(self) -> list[Target]:
        refuse_adopted(self.world)
        manager, _ = held(self.world.settings)
        if wrong := self._wrong(None):
            raise HarnessError(
                f"before anything is planted, {wrong[0]}: what one defect left would be taken for the next one's; "
                "`crucible down`, then `crucible up`"
            )
        return [Target("SelectionInput", "state", "as it was", facts={"paths": manager["paths"]})]

    def inject(self, targets: list[Target]) -> None:
        """Nothing: it is kept."""

    def effect(self, targets: list[Target]) -> Evidence | None:
        return {"kept": f"{len(_paths(targets))} paths"}

    def heal(self, targets: list[Target]) -> None:
        settings, stack = self.world.settings, self.world.stack
        put_back(settings, self.world.cluster, stack.keepers, _paths(targets))

    def healed(self, targets: list[Target]) -> Evidence | None:
        return None if self._wrong(_paths(targets)) else {"as before": f"{len(_paths(targets))} paths"}

    def undone(self, targets: list[Target]) -> bool:
        return self.healed(targets) is not None

    def state(self, targets: list[Target]) -> str:
        return "; ".join(self._wrong(_paths(targets))[:3]) or "all hold what was held"

    def _wrong(self, before: Paths | None) -> list[str]:
        settings, stack = self.world.settings, self.world.stack
        return differences(settings, self.world.cluster, stack.keepers, before).words()


def _paths(targets: list[Target]) -> Paths:
    paths: Paths = targets[0].facts["paths"]
    return paths
