"""Waiting for pods."""

from __future__ import annotations

from typing import Any

from chaos import session
from chaos.fault import NothingToBreak
from fixtures.wait import wait_for

__all__ = ["until_ready_elsewhere"]


def until_ready_elsewhere(within_s: float = 180.0, configuration: Any = None, secrets: Any = None) -> dict[str, Any]:
    """Wait, with the killed nodes kept down, until each Deployment is complete without them.

    Args:
        within_s: seconds after which the action fails.
    """
    with session.activity(configuration) as here:
        world = here.world
        gone = {target.name for entry in here.engine.mine() for target in entry.pinned() if target.kind == "Node"}
        if not gone:
            raise NothingToBreak("expected a killed node that is kept down, found none")
        roles = [role for role in world.stack.roles.values() if role.kind == "Deployment"]

        def moved() -> bool:
            return all(world.complete(role, without=lambda pod: pod["spec"].get("nodeName") in gone) for role in roles)

        waited = wait_for(
            moved, what=f"the pods of {', '.join(sorted(gone))} to be Ready elsewhere", within_s=within_s,
            describe=lambda: ", ".join(world.tally(role) for role in roles), next_command="crucible status",
        )  # fmt: skip
        return {"without": sorted(gone), "roles": [world.tally(role) for role in roles], "latest_s": waited.latest_s}
