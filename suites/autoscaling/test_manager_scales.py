"""Autoscaling: the Manager follows its load, within its bounds, both ways."""

from __future__ import annotations

import pytest

from loadtests.cost import requests_per_s
from reports.checkers import autoscaling, availability, installed
from suites.conformance.looking import look_at_objects, promised_nets
from suites.plugin.types import LoadFactory, Promise, Stack

SERVED = 0.99
"""Of what was planned, within 5 s, in every 5 s of the load; a Manager that adds replicas in time loses nothing."""


@pytest.mark.promise("autoscaling.manager-scales")
def test_the_manager_scales_with_load_and_back(promise: Promise, stack: Stack, load: LoadFactory) -> None:
    """Load takes the Manager above its floor, not past its ceiling, with 99 % served; idle brings it back in time."""
    scaling = stack.scaling("manager")
    folder = look_at_objects(stack, promise.test)
    stack.wait_for_replicas("manager", scaling.min, within_s=scaling.stabilisation_s + scaling.down_s)
    stack.observe_figures("manager")
    with load("manager_load", requests_per_s(stack.effort.scaling_cores)) as traffic:
        traffic.wait_until_steady()
        # a little longer than promised: a Manager that did not scale in time must be seen not to
        stack.observe_replicas_above("manager", scaling.min, within_s=scaling.up_s + 5)
    stack.observe_replicas("manager", scaling.min, within_s=scaling.stabilisation_s + scaling.down_s + 5)
    manager = stack.role("manager")
    if promised := promised_nets(stack.settings.stack_map).get("manager", {}).get("autoscaler"):
        promise.claim(
            installed.nets, test=folder, role="manager", namespace=manager.namespace, workload=manager.workload,
            promised={"autoscaler": promised},
        )  # fmt: skip
    promise.claim(availability.in_windows, load=traffic.name, at_least=SERVED, window_s=5, min_requests=100)
    promise.claim(
        autoscaling.scaled_up, role="manager", load=traffic.name, within_s=scaling.up_s,
        floor=scaling.min, ceiling=scaling.max, target_percent=scaling.target_percent,
    )  # fmt: skip
    promise.claim(
        autoscaling.scaled_down, role="manager", load=traffic.name, floor=scaling.min,
        stabilisation_s=scaling.stabilisation_s, reaction_s=scaling.down_s,
    )  # fmt: skip
