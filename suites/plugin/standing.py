"""Standing the stack up for a run: lock, engine, images, cluster, watcher; each undone in reverse when the run ends."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

from chaos.heal import heal_all
from chaos.sabotages.standing import missing
from fixtures.cluster.up import up
from fixtures.errors import UsageError
from fixtures.kubernetes.api import Cluster
from fixtures.kubernetes.watcher import Watcher
from fixtures.lock import lock
from fixtures.settings import Settings
from fixtures.stack.map import stack_map_of
from fixtures.timeline import Timeline
from suites.plugin.stack import Stack

logger = logging.getLogger("crucible")


def stand_up(keep: ExitStack, settings: Settings, dossier: Path, timeline: Timeline) -> tuple[Stack, dict[str, str]]:
    """Return the running stack, and the image of each component.

    Args:
        keep: what must be given back at the end of the run goes in here.
        settings: with the seed and the dossier of this run.
        dossier: its folder.
        timeline: gets the watcher's events.

    Raises:
        UsageError: the sabotage of the settings does not stand, so nothing that is judged would tell of it.
        CrucibleError: the stack cannot be had; it says why and what to type next.
    """
    keep.enter_context(lock(settings))
    if gone := missing(settings):  # under the lock: from here on only `crucible heal --force` can undo it
        raise UsageError(gone, next_command=f"crucible sabotage run {settings.sabotage}")
    for one in heal_all(settings):  # a run that died may have left a fault in, and no promise is judged under it
        logger.info("a dead run's fault %s is healed", one.entry.id)
    # under a sabotage `up` would put right what is meant to be wrong
    images = up(settings, logger.info).stack if not settings.sabotage else {}
    cluster = Cluster(settings)
    stack_map = stack_map_of(settings)
    watcher = keep.enter_context(Watcher(cluster, stack_map, timeline))
    assert settings.seed is not None
    stack = Stack(settings, settings.seed, cluster, stack_map, watcher, timeline, dossier)
    return stack, images
