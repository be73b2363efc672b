"""Recovery: losing one Kafka broker."""

from __future__ import annotations

import pytest

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import break_under_load


@pytest.mark.promise("recovery.kafka-broker-pod-kill")
def test_losing_a_broker_keeps_operators_served(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of three brokers keeps at least 20 % of operators served in every 10 s; three are back in time."""
    # the leader of the only partition may be hit: 4 s until the others miss it, then an election
    rate = stack.effort.operators_per_s
    broken = break_under_load(stack, load, experiment, name="kafka-broker-pod-kill", under="operators", rate_per_s=rate)
    broken.is_proven(promise)
    broken.keeps_serving(promise, at_least=0.20, window_s=10, min_requests=10)
    broken.recovers(promise, "kafka", budget_s=stack.role("kafka").recovery_s)
