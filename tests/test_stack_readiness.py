"""Readiness of who keeps data says the truth, and makes no outage of an outage elsewhere: with real servers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from apps_servers import KafkaBroker, RedisServer, free_address, kafka_broker, needs_redis, start_redis  # noqa: F401

from fixtures.settings import ROOT
from fixtures.wait import wait_for

ACD = ROOT / "fixtures/stack/manifests/acd"
needs_perl = pytest.mark.skipif(shutil.which("perl") is None, reason="no perl here; the image of Kafka has one")


def probe_of(file: str, workload: str) -> dict[str, Any]:
    objects = yaml.safe_load_all((ACD / file).read_text())
    (found,) = [o for o in objects if o["kind"] == "StatefulSet" and o["metadata"]["name"] == workload]
    probe: dict[str, Any] = found["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    return probe


def broker_is_ready(port: int, *, pod: str) -> subprocess.CompletedProcess[str]:
    command = probe_of("kafka.yaml", "kafka-controller")["exec"]["command"]
    assert command == ["perl", "/etc/acd/ready.pl"]
    return subprocess.run(
        ["perl", str(ACD / "files/kafka-ready.pl"), str(port)],
        env={"POD_NAME": pod, "PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


@needs_perl
def test_a_broker_that_serves_is_ready_and_one_that_the_controllers_do_not_let_serve_is_not(
    kafka_broker: KafkaBroker,  # noqa: F811
) -> None:
    port = int(kafka_broker.bootstrap.rpartition(":")[2])  # its only broker has the number 1
    ready = broker_is_ready(port, pod="kafka-controller-1")
    assert (ready.returncode, ready.stderr) == (0, "")
    fenced = broker_is_ready(port, pod="kafka-controller-2")
    assert fenced.returncode != 0
    assert "broker 2 is not among the 1" in fenced.stderr


@needs_perl
def test_a_broker_that_takes_connections_and_hangs_is_not_ready() -> None:
    with socket.socket() as hangs:
        hangs.bind(("127.0.0.1", 0))
        hangs.listen()
        began = time.monotonic()
        asked = broker_is_ready(hangs.getsockname()[1], pod="kafka-controller-0")
        assert asked.returncode != 0
        assert "no answer within 1 s" in asked.stderr
        assert time.monotonic() - began < 10
    assert broker_is_ready(free_address().port, pod="kafka-controller-0").returncode != 0


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[RedisServer, RedisServer]]:
    """A master, and a replica that follows it."""
    with start_redis(tmp_path, "--repl-diskless-sync-delay", "0") as master:
        words = ("--replicaof", master.address.host, str(master.address.port), "--repl-timeout", "1")
        with start_redis(tmp_path, *words) as replica:
            wait_for(lambda: replica_is_ready(replica, master) or None, what="it is in step", within_s=60, every_s=0.1)
            yield master, replica


def replica_is_ready(replica: RedisServer, master: RedisServer) -> bool:
    """The probe as it is, but for the addresses."""
    shell, option, script = probe_of("redis-replicas.yaml", "redis-replicas")["exec"]["command"]
    here = script.replace("redis-cli info", f"redis-cli -p {replica.address.port} info")
    here = here.replace("redis-cli -h redis-master", f"redis-cli -p {master.address.port}")
    assert here.count(" -p ") == 2
    return subprocess.run([shell, option, here], check=False, timeout=30, stdout=subprocess.DEVNULL).returncode == 0


@needs_redis
def test_a_replica_that_lost_the_master_which_others_reach_is_not_ready(pair: tuple[RedisServer, RedisServer]) -> None:
    master, replica = pair
    replica.ask("REPLICAOF", master.address.host, str(free_address().port))
    assert not replica_is_ready(replica, master)
    replica.ask("REPLICAOF", "NO", "ONE")
    assert not replica_is_ready(replica, master)
    replica.ask("REPLICAOF", master.address.host, str(master.address.port))
    wait_for(lambda: replica_is_ready(replica, master) or None, what="it is in step", within_s=60, every_s=0.1)


@needs_redis
def test_replicas_go_on_serving_what_they_have_while_the_master_is_away(pair: tuple[RedisServer, RedisServer]) -> None:
    """Both lose their link at once then: were they not Ready, reads would be gone as well as writes."""
    master, replica = pair
    master.pause()
    wait_for(
        lambda: replica.ask("INFO", "replication")["master_link_status"] == "down" or None,
        what="the link is down", within_s=60, every_s=0.1,
    )  # fmt: skip
    assert replica_is_ready(replica, master)
    master.go_on()
    master.process.kill()
    master.process.wait()
    assert replica_is_ready(replica, master)
