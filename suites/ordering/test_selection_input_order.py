"""Ordering: Selection Input keeps its order while a broker pod and a worker node die."""

from __future__ import annotations

from suites.ordering.evidence import gather
from suites.plugin.types import Experiment, LoadFactory, Promise, Stack


def test_selection_input_keeps_every_write_in_order(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """No acknowledged write is lost, applied twice or out of order while a broker pod and a worker node die."""
    with load("operators", stack.effort.operators_per_s) as operators:
        operators.wait_until_steady()
        fault = experiment("ordering-under-loss")
        operators.wait_until_steady(hold_for_s=stack.effort.after_s)
    gather(stack)
    promise.claim("certificate.proven", experiment=fault.folder, min_faults=2)
    promise.claim("ordering.no_acknowledged_write_lost", min_acked=stack.effort.min_acked)
    promise.claim("ordering.applied_once_in_order")
    promise.claim("ordering.journal_agrees_with_topic")
