"""Recovery: losing one worker node, and getting it back."""

from __future__ import annotations

import pytest

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import break_under_load

NODE_LOSS_S = 30
"""20 s until a silent node counts as lost, and 10 s until its pods are given up: see fixtures/cluster."""

MOVED = ("gateway", "manager", "director", "selection-input")
"""Roles whose pods come up elsewhere while the node is away; a worker carries some of them."""


@pytest.mark.promise("recovery.worker-node-kill")
def test_losing_a_worker_node_does_not_stop_viewers(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of three workers keeps 15 % of viewers served in every 10 s; what it carried moves in time."""
    # until the node counts as lost, half of all viewers meet its gateway pod, and half of the rest its director pod,
    # which the gateway tries twice: about 38 % are served; 15 % is eight standard deviations of a window below that
    rate = stack.effort.viewers_per_s
    broken = break_under_load(stack, load, experiment, name="worker-node-kill", under="viewers", rate_per_s=rate)
    broken.is_proven(promise)
    broken.keeps_serving(promise, at_least=0.15, window_s=10, min_requests=100)
    broken.all_hit_recover(promise, {role: stack.role(role).recovery_s + NODE_LOSS_S for role in MOVED})
