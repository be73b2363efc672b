"""Recovery: losing one Manager pod."""

from __future__ import annotations

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack


def test_losing_a_manager_pod_keeps_operators_served(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one Manager pod keeps at least 70 % of operators served in every 5 s, and the pod is back in time."""
    with load("operators", stack.effort.operators_per_s) as operators:
        operators.wait_until_steady()
        fault = experiment("manager-pod-kill")
        operators.wait_until_steady(hold_for_s=stack.effort.after_s)
    promise.claim("certificate.proven", experiment=fault.folder)
    promise.claim("progress.during_fault", load="operators", fault_id=fault.fault_id, at_least=10)
    promise.claim("availability.in_windows", load="operators", at_least=0.70, window_s=5, fault_id=fault.fault_id)
    promise.claim(
        "recovery.within",
        fault_id=fault.fault_id,
        role="manager",
        budget_s=stack.role("manager").recovery_s,
        load="operators",
    )
