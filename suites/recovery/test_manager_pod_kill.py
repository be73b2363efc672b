"""Recovery: losing one Manager pod."""

from __future__ import annotations

import pytest

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import break_under_load


@pytest.mark.promise("recovery.manager-pod-kill")
def test_losing_a_manager_pod_keeps_operators_served(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one Manager pod keeps at least 70 % of operators served in every 5 s, and the pod is back in time."""
    rate = stack.effort.operators_per_s
    broken = break_under_load(stack, load, experiment, name="manager-pod-kill", under="operators", rate_per_s=rate)
    broken.is_proven(promise)
    broken.keeps_serving(promise, at_least=0.70, window_s=5, min_requests=10)
    broken.recovers(promise, "manager", budget_s=stack.role("manager").recovery_s)
