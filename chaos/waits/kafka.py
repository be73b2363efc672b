"""Waiting for Kafka."""

from __future__ import annotations

from typing import Any

from chaos import session
from chaos.probes.kafka import said
from fixtures.kafka.partitions import lacking
from fixtures.wait import wait_for

__all__ = ["until_in_sync"]
STALE_S = 3.0


def until_in_sync(within_s: float = 60.0, configuration: Any = None, secrets: Any = None) -> str:
    """Wait until each partition has all its replicas in sync, so that the next fault takes away only one of them.

    A broker whose pod is Ready has caught up with the metadata, not yet with the records; and until the controller has
    noticed a death, it still calls the dead in sync. So the answer must stand for a while.

    Args:
        within_s: seconds after which the action fails.
    """
    with session.activity(configuration) as here:
        bootstrap = here.world.settings.kafka_bootstrap
        wait_for(
            lambda: lacking(bootstrap) == [], what="each partition to have all replicas in sync", within_s=within_s,
            every_s=0.25, hold_for_s=STALE_S, describe=lambda: said(lacking(bootstrap)),
        )  # fmt: skip
        return "all replicas in sync"
