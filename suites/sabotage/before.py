"""How the stack stood before a sabotage, and whether it is so again: its objects, and what Selection Input holds."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.world import World
from fixtures.cluster.state import above_floor, diff, snapshot
from fixtures.errors import CrucibleError, HarnessError
from fixtures.selection_input.put_back import Paths, differing, held, put_back
from fixtures.settings import Settings
from fixtures.stack.map import stack_map_of
from fixtures.wait import WaitTimeout, wait_for

WHOLE_WITHIN_S = 120.0


@dataclass(frozen=True)
class Before:
    """A whole stack, whose Manager and copies hold the same.

    Args:
        objects: what `snapshot` says of it.
        paths: what Selection Input holds.

    Example::

        before = Before.of(settings, world)
        ...                             # planted, run, undone
        before.left(settings)           # [] when all is as it was
    """

    objects: dict[str, object]
    paths: Paths

    @classmethod
    def of(cls, settings: Settings, world: World) -> Before:
        """Look at a whole stack.

        Raises:
            HarnessError: a copy holds something else than the Manager, so a defect would be blamed for what was there.
        """
        paths, _ = held(settings)
        for path, who in differing(settings, world.cluster, world.stack.keepers, paths).items():
            raise HarnessError(
                f"before anything is planted, {who} holds {path or 'no state'} otherwise than the Manager",
                next_command="crucible down && crucible up",
            )
        return cls(snapshot(world.cluster, world.stack), paths)

    def left(self, settings: Settings) -> list[str]:
        """What differs from before the sabotage, once it had time to settle; nothing when all is as it was.

        An autoscaler has to be back at its floor: what goes on shrinking would be blamed on the next sabotage. So
        would be what this one did to the data, which is put back.
        """
        left: list[str] = []
        try:
            with World(settings, stack_map_of(settings), seed=0, experiment="sabotage") as world:

                def is_back() -> bool:
                    now = snapshot(world.cluster, world.stack)
                    left[:] = diff(self.objects, now) + above_floor(now)
                    return not left

                wait_for(is_back, what="the stack to be as before", within_s=WHOLE_WITHIN_S, every_s=1.0)
                return put_back(settings, world.cluster, world.stack.keepers, self.paths)
        except WaitTimeout:
            return left
        except Exception as error:
            return [f"the stack cannot be compared: {words(error)}"]


def words(error: Exception) -> str:
    """An error for the result: ours are sentences, of others the kind is told too."""
    return error.message if isinstance(error, CrucibleError) else f"{type(error).__name__}: {error}"
