"""Recovery: losing one Kafka broker."""

from __future__ import annotations

import pytest

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import ENOUGH, OPERATIONS, break_under_load


@pytest.mark.promise("recovery.kafka-broker-pod-kill")
def test_losing_a_broker_keeps_operators_served(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of three brokers keeps 55 % of writes, 94 % of the rest served in every 10 s; it is back in time."""
    rate = stack.effort.operators_per_s
    budget_s = stack.role("kafka").recovery_s
    broken = break_under_load(
        stack, load, experiment, name="kafka-broker-pod-kill", under="operators", rate_per_s=rate,
        settles_in_s=budget_s,
    )  # fmt: skip
    broken.is_proven(promise)
    broken.was_well_before(promise)
    for kind, names in OPERATIONS.items():
        promised = stack.budget("recovery.kafka-broker-pod-kill", kind)
        # a dead leader is missed after 4 s, and the broker may be back before: writes wait, but not past their deadline
        broken.keeps_serving(
            promise, at_least=promised, window_s=10, min_requests=ENOUGH[kind], names=names,
            may_stall=kind == "writes",
        )  # fmt: skip
    broken.recovers(promise, "kafka", budget_s=budget_s)
