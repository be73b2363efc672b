"""Recovery: losing one worker node, and getting it back."""

from __future__ import annotations

from suites.plugin.types import Experiment, LoadFactory, Promise, Stack

MOVED = ("gateway", "manager", "director", "selection-input")
"""Roles whose pods must come up elsewhere while the node is away."""


def test_losing_a_worker_node_does_not_stop_viewers(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """Losing one of three workers keeps at least 25 % of viewers served in every 10 s; what it carried moves in time."""
    with load("viewers", stack.effort.viewers_per_s) as viewers:
        viewers.wait_until_steady()
        fault = experiment("worker-node-kill")
        viewers.wait_until_steady(hold_for_s=stack.effort.after_s)
    promise.claim("certificate.proven", experiment=fault.folder)
    promise.claim("progress.during_fault", load="viewers", fault_id=fault.fault_id, at_least=100)
    promise.claim("availability.in_windows", load="viewers", at_least=0.25, window_s=10, fault_id=fault.fault_id)
    for role in MOVED:
        promise.claim(
            "recovery.within", fault_id=fault.fault_id, role=role, budget_s=stack.role(role).recovery_s + 60, load="viewers"
        )
