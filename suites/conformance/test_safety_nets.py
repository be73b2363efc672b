"""Conformance: what is to catch a loss is installed, as promised, before anything is lost."""

from __future__ import annotations

import pytest

from reports.checkers import installed
from suites.conformance.looking import look_at_objects, promised_nets
from suites.plugin.types import Promise, Stack


@pytest.mark.promise("conformance.safety-nets")
def test_every_safety_net_is_installed(promise: Promise, stack: Stack) -> None:
    """Each role has its probes, drain, spread, disruption budget, tolerations, limits and update strategy."""
    nets = promised_nets(stack.settings.stack_map)
    if not nets:
        pytest.skip("no nets.yaml beside the stack map says what is to be installed: write one")
    folder = look_at_objects(stack, promise.test)
    for role in stack.map.roles.values():
        promise.claim(
            installed.nets, test=folder, role=role.name, namespace=role.namespace, workload=role.workload,
            promised=nets.get(role.name, {}),
        )  # fmt: skip
