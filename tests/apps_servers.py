"""Real servers for the tests of the reference services: redis-server, and the Kafka broker inside librdkafka."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Producer
from redis.exceptions import RedisError

from fixtures.stack.services.applied_state import AppliedState
from fixtures.stack.services.environment import Address
from fixtures.wait import wait_for

REDIS = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(
    REDIS is None, reason="no redis-server here; `apt-get install redis-server` runs these"
)


@dataclass(frozen=True)
class RedisServer:
    """A running redis-server; `pause` and `go_on` make it hang and answer again."""

    address: Address
    process: subprocess.Popen[bytes]

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A redis-server on a free loopback port, empty."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", probe.getsockname()[1])
    folder: Path = tmp_path_factory.mktemp("redis")
    assert REDIS
    command = [REDIS, "--port", str(address.port), "--bind", address.host, "--save", "", "--dir", str(folder)]
    server = RedisServer(address, subprocess.Popen(command, stdout=subprocess.DEVNULL))
    store = AppliedState(address)

    def answers() -> bool | None:
        try:
            return bool(store.redis.ping())
        except RedisError:
            return None

    try:
        wait_for(answers, what="redis-server answers", within_s=10, every_s=0.02)
        yield server
    finally:
        server.go_on()
        server.process.kill()
        server.process.wait()


class KafkaBroker:
    """The broker that librdkafka carries for its own tests: the real protocol, no Java. It lives in this process."""

    def __init__(self) -> None:
        self._owner = Producer(
            {"test.mock.num.brokers": 1, "bootstrap.servers": "unused", "linger.ms": 0, "log_level": 0}
        )
        broker = next(iter(self._owner.list_topics(timeout=10).brokers.values()))
        self.bootstrap = f"{broker.host}:{broker.port}"

    def make_topic(self, name: str) -> None:
        """It makes a topic (of four partitions) when it is asked for."""
        wait_for(
            lambda: bool(self._owner.list_topics(name, timeout=10).topics[name].partitions),
            what=f"topic {name} is there",
            within_s=10,
            every_s=0.02,
        )

    def put(self, topic: str, value: bytes) -> None:
        """Produce one record to its partition 0."""
        self._owner.produce(topic, value=value, partition=0, timestamp=1)

    def flush(self) -> None:
        """Wait until all of them are there."""
        assert self._owner.flush(10) == 0


@pytest.fixture(scope="module")
def kafka_broker() -> KafkaBroker:
    """A broker without topics."""
    return KafkaBroker()
