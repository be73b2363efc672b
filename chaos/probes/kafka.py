"""Kafka as a client outside the cluster sees it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from chaos import session
from chaos.probes import own_topic
from fixtures.kafka.partitions import unwritable
from fixtures.kafka.writer import Writer
from fixtures.wait import WaitTimeout, wait_for

__all__ = ["is_writable"]


def is_writable(within_s: float = 10.0, configuration: Any = None, secrets: Any = None) -> bool:
    """Whether, within the retry budget, Kafka takes a write with acks=all in each partition of a topic of our own.

    That topic has a partition led by each broker and demands as many replicas in sync as the stack's own. Besides,
    each partition of every topic must have a leader and the replicas in sync that its topic demands. A cluster
    without any topic is an error, not True. What was acknowledged is told on the timeline.

    Args:
        within_s: the retry budget in seconds.
    """
    with session.activity(configuration) as here:
        writer = here.once("kafka writer", lambda: _writer(here))
        bootstrap, tries, offsets = here.world.settings.kafka_bootstrap, list[str](), dict[int, int]()

        def writable() -> bool:
            written = writer.write_each(str(time.time_ns()).encode())
            offsets.update(written.acknowledged)
            if written.refused:
                tries.append("refused " + ", ".join(f"{p}: {why}" for p, why in sorted(written.refused.items())))
            else:
                tries.append(said(unwritable(bootstrap)))
            return tries[-1] == "all"

        with suppress(WaitTimeout):
            wait_for(writable, what="each partition to take a write", within_s=within_s, describe=lambda: tries[-1])
        ok = tries[-1] == "all"
        measured = {"tries": len(tries), "answers": tries[-3:], "topic": writer.topic, "acknowledged": offsets}
        here.timeline.event("probe", "probe.result", "kafka", ok=ok, measured=measured)
        return ok


def _writer(here: session.Session) -> Writer:
    topic = own_topic.make(here)
    return Writer(here.world.settings.kafka_bootstrap, topic.name, own_topic.PARTITIONS)


def said(partitions: list[str] | None) -> str:
    """An answer of `lacking` or `unwritable` for people."""
    if partitions is None:
        return "no broker answers"
    return f"not {', '.join(partitions[:3])} ({len(partitions)} in all)" if partitions else "all"
