"""Recovery: losing one Director pod."""

from __future__ import annotations

import pytest

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import break_under_load


@pytest.mark.promise("recovery.director-pod-kill")
def test_losing_a_director_pod_keeps_viewers_served(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of two Director pods keeps 96 % of viewers sent to their host in every 10 s; it is back in time."""
    rate = stack.effort.viewers_per_s
    budget_s = stack.role("director").recovery_s
    broken = break_under_load(
        stack, load, experiment, name="director-pod-kill", under="viewers", rate_per_s=rate,
        settles_in_s=budget_s,
    )  # fmt: skip
    broken.is_proven(promise)
    broken.was_well_before(promise)
    promised = stack.budget("recovery.director-pod-kill", "served")
    broken.keeps_serving(promise, at_least=promised, window_s=10, min_requests=20)
    broken.recovers(promise, "director", budget_s=budget_s)
