"""Ordering: Selection Input keeps its order while a broker pod and a worker node die."""

from __future__ import annotations

import pytest

from fixtures.selection_input.evidence import gather, log_begin
from reports.checkers import certificate, copies, folded_state, ordering, progress, reads
from reports.checkers.kafka import history as kafka_history
from reports.selection_input import Files
from suites.plugin.types import Experiment, LoadFactory, Promise, Stack
from suites.recovery.under_load import AGAIN_WITHIN_S, OPERATIONS


@pytest.mark.promise("ordering.selection-input")
def test_selection_input_keeps_every_write_in_order(
    promise: Promise, stack: Stack, load: LoadFactory, experiment: Experiment
) -> None:
    """No acknowledged write is lost, applied twice or out of order while a broker pod and a worker node die."""
    keepers = stack.map.keepers
    since = log_begin(stack.settings, cluster=stack.cluster, keepers=keepers)
    with load("operators", stack.effort.operators_per_s) as operators:
        operators.wait_until_steady()
        fault = experiment("ordering-under-loss")
        stack.try_wait(lambda: operators.wait_until_steady(AGAIN_WITHIN_S, hold_for_s=stack.effort.after_s))
    gather(stack.settings, stack.dossier, operators.name, since, cluster=stack.cluster, keepers=keepers)
    enough = stack.effort.min_acked
    promise.claim(certificate.experiment_completed, experiment=fault.folder, min_faults=2)
    for fault_id in fault.fault_ids:
        promise.claim(certificate.proven, fault_id=fault_id)
        promise.claim(
            progress.during_fault, load=operators.name, fault_id=fault_id, at_least=10, even_later=True
        )  # fmt: skip
        promise.claim(ordering.acknowledged_during_fault, load=operators.name, fault_id=fault_id, at_least=10)
    promise.claim(ordering.selection_input, load=operators.name, min_acked=enough)
    promise.claim(folded_state.is_fold_of_log, load=operators.name, min_paths=50)
    for role in keepers:
        promise.claim(copies.follow_the_log, load=operators.name, role=role.name, at_least=role.floor)
    promise.claim(reads.none_contradicts_its_writes, load=operators.name, names=OPERATIONS["reads"], at_least=50)
    promise.claim(
        kafka_history.check, pattern=Files(operators.name).history, guarantees={"reads": "to_end"}, min_acked=enough
    )
