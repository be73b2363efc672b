"""Recovery: losing one gateway pod."""

from __future__ import annotations

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack


def test_losing_a_gateway_pod_keeps_viewers_served(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of two gateway pods keeps at least 80 % of viewers served in every 5 s, and the pod is back in time."""
    with load("viewers", stack.effort.viewers_per_s) as viewers:
        viewers.wait_until_steady()
        fault = experiment("gateway-pod-kill")
        viewers.wait_until_steady(hold_for_s=stack.effort.after_s)
    promise.claim("certificate.proven", experiment=fault.folder)
    promise.claim("progress.during_fault", load="viewers", fault_id=fault.fault_id, at_least=20)
    promise.claim("availability.in_windows", load="viewers", at_least=0.80, window_s=5, fault_id=fault.fault_id)
    promise.claim(
        "recovery.within",
        fault_id=fault.fault_id,
        role="gateway",
        budget_s=stack.role("gateway").recovery_s,
        load="viewers",
    )
