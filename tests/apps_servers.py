"""Real servers for the tests of the reference services: Redis, PostgreSQL, the Kafka broker inside librdkafka."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Producer
from redis import Redis
from redis.exceptions import RedisError

from fixtures.stack.services.environment import Address
from fixtures.wait import wait_for

REDIS = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(
    REDIS is None, reason="no redis-server here; `apt-get install redis-server` runs these"
)
PG_CTL = max(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), default=None)
needs_postgresql = pytest.mark.skipif(
    PG_CTL is None, reason="no PostgreSQL server here; `apt-get install postgresql` runs these"
)


@dataclass(frozen=True)
class RedisServer:
    """A running redis-server; `pause` and `go_on` make it hang and answer again, `ask` runs one command."""

    address: Address
    process: subprocess.Popen[bytes]

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def ask(self, *command: str) -> Any:
        with Redis(host=self.address.host, port=self.address.port, decode_responses=True) as client:
            return client.execute_command(*command)


@contextmanager
def start_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    """A redis-server on a free loopback port, empty."""
    address = free_address()
    assert REDIS
    command = [REDIS, "--port", str(address.port), "--bind", address.host, "--save", "", "--dir", str(folder)]
    server = RedisServer(address, subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL))

    def answers() -> bool | None:
        try:
            return bool(server.ask("PING"))
        except RedisError:
            return None

    try:
        wait_for(answers, what="redis-server answers", within_s=30, every_s=0.02)
        yield server
    finally:
        server.go_on()
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A redis-server of this module's own."""
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def free_address() -> Address:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Address("127.0.0.1", probe.getsockname()[1])


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL cluster of databases in a folder of its own; `crash` and `start` as a lost pod does."""

    address: Address
    folder: Path
    as_user: dict[str, object] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """How a service finds it."""
        return {
            "POSTGRES_HOST": self.address.host, "POSTGRES_PORT": str(self.address.port),
            "POSTGRES_DB": "postgres", "POSTGRES_USER": "acd",
        }  # fmt: skip

    def run(self, program: str, *words: str) -> None:
        assert PG_CTL
        command = [str(PG_CTL.with_name(program)), "-D", str(self.folder / "data"), *words]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, **self.as_user)  # type: ignore[call-overload]

    def start(self) -> None:
        options = f"-p {self.address.port} -h {self.address.host} -k {self.folder}"
        self.run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def crash(self) -> None:
        self.run("pg_ctl", "-m", "immediate", "stop")

    def sql(self, statement: str) -> None:
        where = {"host": self.address.host, "port": self.address.port, "dbname": "postgres", "user": "acd",
                 "options": "-c default_transaction_read_only=off"}  # fmt: skip
        with psycopg.connect(**where, autocommit=True) as connection:  # type: ignore[arg-type]
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """PostgreSQL on a free loopback port; it refuses root, so root starts it as another user."""
    folder = tmp_path_factory.mktemp("postgresql")
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/postgresql-XXXXXX"], text=True).strip())
        shutil.chown(folder, "nobody")
        as_user = {"user": "nobody"}
    server = PostgresServer(free_address(), folder, as_user)
    try:
        server.run("initdb", "--username=acd", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        server.start()
        yield server
        server.crash()
    finally:
        if as_user:
            shutil.rmtree(folder)


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
            within_s=60,
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
