"""Recovery: losing one Manager pod."""

from __future__ import annotations

import pytest

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import ENOUGH, OPERATIONS, break_under_load


@pytest.mark.promise("recovery.manager-pod-kill")
def test_losing_a_manager_pod_keeps_operators_served(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one Manager pod keeps 93 % of writes and 89 % of reads served in every 10 s; the pod is back in time."""
    rate = stack.effort.operators_per_s
    budget_s = stack.role("manager").recovery_s
    broken = break_under_load(
        stack, load, experiment, name="manager-pod-kill", under="operators", rate_per_s=rate,
        settles_in_s=budget_s,
    )  # fmt: skip
    broken.is_proven(promise)
    broken.was_well_before(promise)
    for kind, names in OPERATIONS.items():
        promised = stack.budget("recovery.manager-pod-kill", kind)
        broken.keeps_serving(promise, at_least=promised, window_s=10, min_requests=ENOUGH[kind], names=names)
    broken.recovers(promise, "manager", budget_s=budget_s)
