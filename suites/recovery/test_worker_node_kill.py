"""Recovery: losing one worker node, and getting it back."""

from __future__ import annotations

import pytest

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import break_under_load

MOVED = ("gateway", "manager", "director", "selection-input")
"""Roles whose pods come up elsewhere while the node is away; a worker carries some of them."""


@pytest.mark.promise("recovery.worker-node-kill")
def test_losing_a_worker_node_does_not_stop_viewers(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of three workers keeps 26 % of viewers served in every 10 s; what it carried moves in time."""
    rate = stack.effort.viewers_per_s
    moved_s = stack.budget("recovery.worker-node-kill", "moved_s")
    budgets = {role: stack.role(role).recovery_s + moved_s for role in MOVED}
    broken = break_under_load(
        stack, load, experiment, name="worker-node-kill", under="viewers", rate_per_s=rate,
        settles_in_s=max(budgets.values()),
    )  # fmt: skip
    broken.is_proven(promise)
    broken.was_well_before(promise)
    promised = stack.budget("recovery.worker-node-kill", "served")
    broken.keeps_serving(promise, at_least=promised, window_s=10, min_requests=100)
    broken.all_hit_recover(promise, budgets)
