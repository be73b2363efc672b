"""Conformance: who keeps data runs with the settings that keep it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from fixtures.kafka.settings import settings_of
from fixtures.kubernetes.conditions import is_ready
from fixtures.stack.data_settings import postgresql_settings, producer_settings, redis_settings
from fixtures.wait import WaitTimeout, wait_for
from reports.checkers import kept_settings
from suites.plugin.types import Promise, Stack

TOPIC = "selection_input"
HOURS_48_MS = 48 * 3600 * 1000
LOG = {
    "min.insync.replicas": "2",
    "unclean.leader.election.enable": "false",
    "retention.ms": f">={HOURS_48_MS}",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
}
"""An acknowledged record is on two of three brokers, is never voted away, and stays for two days."""

BROKER = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "unclean.leader.election.enable": "false",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
}
PRODUCER = {"log_producer_acks": "-1", "log_producer_idempotent": "1"}
"""A write is answered when all brokers in sync have it, which are two at least; one broker's word is lost with it."""

MASTER = {"appendonly": "yes", "maxmemory-policy": "noeviction", "replication.role": "master"}
REPLICA = {"replication.role": "slave", "replication.master_link_status": "up", "maxmemory-policy": "noeviction"}
POSTGRESQL = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""A crash loses nothing that was confirmed."""

TRIED_S = 20.0


@pytest.mark.promise("conformance.kafka-durability")
def test_kafka_keeps_what_it_acknowledged(promise: Promise, stack: Stack) -> None:
    """Kafka and those who write to it run with what keeps a record: three copies, two in sync, all asked, 48 hours."""
    bootstrap, promised = stack.settings.kafka_bootstrap, {f"topic {TOPIC}": LOG}
    ask(stack, f"topic {TOPIC}", partial(settings_of, bootstrap, topic=TOPIC), LOG)
    for broker in range(stack.role("kafka").replicas):
        promised[f"broker {broker}"] = BROKER
        ask(stack, f"broker {broker}", partial(settings_of, bootstrap, broker=broker), BROKER)
    manager = stack.role("manager")
    for pod in ready_pods(stack, "manager"):
        promised[pod] = PRODUCER
        question = partial(producer_settings, stack.cluster, manager.namespace, pod, manager.ports["http"])
        ask(stack, pod, question, PRODUCER)
    promise.claim(kept_settings.as_promised, promised=promised, test=promise.test)


@pytest.mark.promise("conformance.data-safety")
def test_redis_and_postgresql_keep_what_they_were_given(promise: Promise, stack: Stack) -> None:
    """Redis writes its log and evicts nothing, its replicas follow it, and PostgreSQL confirms only what is on disk."""
    promised = {}
    asked = (
        ("redis-master", redis_settings, MASTER),
        ("redis-replica", redis_settings, REPLICA),
        ("postgresql", postgresql_settings, POSTGRESQL),
    )
    for role, settings, wanted in asked:
        for pod in ready_pods(stack, role):
            promised[pod] = wanted
            ask(stack, pod, partial(settings, stack.cluster, stack.role(role).namespace, pod), wanted)
    promise.claim(kept_settings.as_promised, promised=promised, test=promise.test)


def ready_pods(stack: Stack, role: str) -> list[str]:
    """The names of a role's pods; the role's own when none is Ready, so that it is asked and its silence judged."""
    return [pod["metadata"]["name"] for pod in stack.watcher.pods_of(role) if is_ready(pod)] or [role]


def ask(stack: Stack, subject: str, question: Callable[[], dict[str, str]], keep: dict[str, str]) -> None:
    """Ask a process for its settings, for a while; what it said goes on the timeline, secrets left out.

    Args:
        stack: where.
        subject: of the event.
        question: asks once.
        keep: the settings to tell; others may be secrets.
    """
    answers: list[dict[str, str]] = []
    errors: list[str] = [""]

    def once() -> bool:
        try:
            answers.append(question())
        except Exception as error:  # whatever keeps it from answering is told, and judged as no answer
            errors.append(f"{type(error).__name__}: {error}")
        return bool(answers)

    with suppress(WaitTimeout):
        wait_for(
            once, what=f"{subject} to say its settings", within_s=TRIED_S, every_s=0.5, describe=lambda: errors[-1]
        )
    said = {name: value for name, value in answers[-1].items() if name in keep} if answers else None
    stack.timeline.event("probe", kept_settings.KIND, subject, settings=said, error="" if answers else errors[-1])
