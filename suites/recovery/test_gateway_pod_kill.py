"""Recovery: losing one gateway pod."""

from __future__ import annotations

import pytest

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import QUICK_S, break_under_load


@pytest.mark.promise("recovery.gateway-pod-kill")
def test_losing_a_gateway_pod_keeps_viewers_served(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of two gateway pods keeps 86 % of viewers served within 1 s in every 5 s; it is back in time."""
    rate = stack.effort.viewers_per_s
    budget_s = stack.role("gateway").recovery_s
    broken = break_under_load(
        stack, load, experiment, name="gateway-pod-kill", under="viewers", rate_per_s=rate,
        settles_in_s=budget_s,
    )  # fmt: skip
    broken.is_proven(promise)
    broken.was_well_before(promise)
    promised = stack.budget("recovery.gateway-pod-kill", "served")
    broken.keeps_serving(promise, at_least=promised, window_s=5, min_requests=20, deadline_s=QUICK_S)
    broken.recovers(promise, "gateway", budget_s=budget_s)
