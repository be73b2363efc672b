"""Mock brokers; and sweeps of the checker, long only when asked: `KAFKA_SWEEP=10000 pytest tests/kafka -m sweep`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sweep: thousands of generated histories; KAFKA_SWEEP says how many")


@pytest.fixture
def sweep() -> int:
    """How many histories to try: a few by default, as many as KAFKA_SWEEP says."""
    return int(os.environ.get("KAFKA_SWEEP", "22"))


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    """librdkafka's own mock brokers."""
    keeper = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "mock", "log_level": 0})
    known = keeper.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in known)
    del keeper  # the brokers live as long as it does
