"""Recovery: losing one Kafka broker."""

from __future__ import annotations

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack


def test_losing_a_broker_keeps_writes_accepted(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of three brokers keeps at least 50 % of operators served in every 10 s, and three are back in time."""
    with load("operators", stack.effort.operators_per_s) as operators:
        operators.wait_until_steady()
        fault = experiment("kafka-broker-pod-kill")
        operators.wait_until_steady(hold_for_s=stack.effort.after_s)
    promise.claim("certificate.proven", experiment=fault.folder)
    promise.claim("progress.during_fault", load="operators", fault_id=fault.fault_id, at_least=10)
    promise.claim("availability.in_windows", load="operators", at_least=0.50, window_s=10, fault_id=fault.fault_id)
    promise.claim(
        "recovery.within",
        fault_id=fault.fault_id,
        role="kafka",
        budget_s=stack.role("kafka").recovery_s,
        load="operators",
    )
