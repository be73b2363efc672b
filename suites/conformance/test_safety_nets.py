"""Conformance: what is to catch a loss is installed, as promised, before anything is lost."""

from __future__ import annotations

import pytest

from reports.checkers import conformance, installed
from suites.conformance.brokers import broker_settings, replicas_in_sync, topic_settings
from suites.conformance.looking import ask, inside, look_at_objects, pods_of, promised_nets
from suites.plugin.types import Promise, Stack

TOPIC = {
    "min.insync.replicas": "2", "unclean.leader.election.enable": "false", "cleanup.policy": "delete",
    "retention.ms": str(48 * 3600 * 1000),
}  # fmt: skip
BROKER = {
    "default.replication.factor": "3", "min.insync.replicas": "2", "unclean.leader.election.enable": "false",
    "offsets.topic.replication.factor": "3", "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2", "auto.create.topics.enable": "false",
}  # fmt: skip
MASTER = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
PSQL = (
    "PGPASSWORD=$(cat $POSTGRES_PASSWORD_FILE) /usr/lib/postgresql/*/bin/psql "
    "-h 127.0.0.1 -U $POSTGRES_USER -d $POSTGRES_DB"
)
POSTGRESQL = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@pytest.mark.promise("conformance.safety-nets")
def test_every_safety_net_is_installed(promise: Promise, stack: Stack) -> None:
    """Each role has its probes, drain, spread, disruption budget, tolerations, limits and update strategy."""
    nets = promised_nets(stack.settings.stack_map)
    if not nets:
        pytest.skip("no nets.yaml beside the stack map says what is to be installed: write one")
    folder = look_at_objects(stack, promise.test)
    for role in stack.map.roles.values():
        promise.claim(
            installed.nets, test=folder, role=role.name, namespace=role.namespace, workload=role.workload,
            promised=nets.get(role.name, {}),
        )  # fmt: skip


@pytest.mark.promise("conformance.kafka-durability")
def test_kafka_keeps_what_it_acknowledged(promise: Promise, stack: Stack) -> None:
    """Each record is on three brokers in sync and acknowledged by two; no stale broker may lead; 48 h are kept."""
    bootstrap = stack.settings.kafka_bootstrap
    asked = [
        ask(stack, f"selection_input {name}", value, lambda name=name: topic_settings(bootstrap)[name])  # type: ignore[misc]
        for name, value in TOPIC.items()
    ]
    asked.append(ask(stack, "selection_input replicas in sync", "3 of 3", lambda: replicas_in_sync(bootstrap)))
    asked += [
        ask(stack, f"every broker's {name}", value, lambda name=name: broker_settings(bootstrap, name))  # type: ignore[misc]
        for name, value in BROKER.items()
    ]
    promise.claim(conformance.settings_hold, settings=asked, test=promise.test)


@pytest.mark.promise("conformance.data-safety")
def test_databases_keep_what_they_confirmed(promise: Promise, stack: Stack) -> None:
    """Redis writes its log, evicts nothing, its replicas follow the master; PostgreSQL syncs what it confirms."""
    asked = []
    for role, commands in (
        ("redis-master", {name: (value, ("redis-cli", "config", "get", name)) for name, value in MASTER.items()}),
        ("redis-replica", {name: (value, ("redis-cli", "info", "replication")) for name, value in
                           {"role": "slave", "master_host": "redis-master", "master_link_status": "up"}.items()}),
        ("postgresql", {name: (value, ("sh", "-c", f"{PSQL} -tAc 'show {name}'"))
                        for name, value in POSTGRESQL.items()}),
    ):  # fmt: skip
        pods = list(pods_of(stack, role)) or [f"{role} has no pod"]
        for pod in pods:
            for name, (value, words) in commands.items():
                asked.append(ask(stack, f"{pod} {name}", value, lambda: value_of(name, inside(  # noqa: B023
                    stack.cluster, stack.role(role).namespace, pod, *words))))  # noqa: B023  # fmt: skip
    promise.claim(conformance.settings_hold, settings=asked, test=promise.test)


def value_of(name: str, printed: str) -> str:
    """The value of a setting in what a client printed: alone, on the line after its name, or after a colon."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    for line in lines:
        if line.startswith(f"{name}:"):
            return line.partition(":")[2]
    return lines[-1] if lines else ""
