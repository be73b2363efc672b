"""The long sweeps of the Kafka checker run only when asked for: `KAFKA_SWEEP=10000 pytest tests/kafka -m sweep`."""

from __future__ import annotations

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sweep: thousands of generated histories; KAFKA_SWEEP says how many")


@pytest.fixture
def sweep() -> int:
    """How many histories to try: a few by default, as many as KAFKA_SWEEP says."""
    return int(os.environ.get("KAFKA_SWEEP", "22"))
