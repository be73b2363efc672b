"""Kafka as a client outside the cluster sees it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from chaos import session
from fixtures.wait import WaitTimeout, wait_for

__all__ = ["is_writable", "wait_until_in_sync"]
MIN_ISR = 2
STALE_S = 3.0


def is_writable(within_s: float = 10.0, configuration: Any = None, secrets: Any = None) -> bool:
    """Whether, within the retry budget, each partition has a leader and at least two in-sync replicas.

    Then a write with acks=all is taken: what producers are promised while one broker of three is away. A cluster
    without any topic is an error, not True.
    """
    with session.activity(configuration) as here:
        bootstrap, tries = here.world.settings.kafka_bootstrap, list[str]()

        def writable() -> bool:
            tries.append(_said(lacking(bootstrap, MIN_ISR)))
            return tries[-1] == "all"

        with suppress(WaitTimeout):
            wait_for(writable, what="each partition to be writable", within_s=within_s, describe=lambda: tries[-1])
        ok = tries[-1] == "all"
        measured = {"tries": len(tries), "answers": tries[-3:]}
        here.timeline.event("probe", "probe.result", "kafka", ok=ok, measured=measured)
        return ok


def wait_until_in_sync(within_s: float = 60.0, configuration: Any = None, secrets: Any = None) -> str:
    """Wait until each partition has all its replicas in sync, so that the next fault takes away only one of them.

    A broker whose pod is Ready has caught up with the metadata, not yet with the records; and until the controller has
    noticed a death, it still calls the dead in sync. So the answer must stand for a while.
    """
    with session.activity(configuration) as here:
        bootstrap = here.world.settings.kafka_bootstrap
        wait_for(
            lambda: lacking(bootstrap) == [], what="each partition to have all replicas in sync", within_s=within_s,
            every_s=0.25, hold_for_s=STALE_S, describe=lambda: _said(lacking(bootstrap)),
        )  # fmt: skip
        return "all replicas in sync"


def lacking(bootstrap: str, at_least: int | None = None) -> list[str] | None:
    """The partitions without a leader or with fewer than `at_least` (all, when None) replicas in sync.

    None when no broker answers; LookupError when there is no partition to speak of.
    """
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    try:
        topics = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 3000, "log_level": 0}).list_topics(
            timeout=3
        ).topics  # fmt: skip
    except KafkaException:
        return None
    found = [(f"{name}/{number}", p) for name, topic in topics.items() for number, p in topic.partitions.items()]
    if not found:
        raise LookupError(f"the brokers at {bootstrap} know no partition, so nothing can be said about writing")
    return sorted(
        name for name, p in found if p.leader < 0 or len(p.isrs) < min(at_least or len(p.replicas), len(p.replicas))
    )


def _said(partitions: list[str] | None) -> str:
    if partitions is None:
        return "no broker answers"
    return f"not {', '.join(partitions[:3])} ({len(partitions)} in all)" if partitions else "all"
