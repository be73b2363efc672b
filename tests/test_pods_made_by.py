"""Whose pod it is: labels may be anybody's, a controller is not."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.kubernetes.pods import is_made_by
from fixtures.stack.map import load_stack_map

STACK = load_stack_map()


def pod(*owners: tuple[str, str, bool]) -> dict[str, Any]:
    told = [{"kind": kind, "name": name, "controller": controls} for kind, name, controls in owners]
    return {"metadata": {"name": "p", "ownerReferences": told}}


@pytest.mark.parametrize(
    ("role", "owner", "is_ours"),
    [
        ("gateway", ("ReplicaSet", "gateway-9586b97c7", True), True),
        ("gateway", ("ReplicaSet", "gateway-of-others-9586b97c7", True), False),
        ("gateway", ("ReplicaSet", "gateway", True), False),
        ("gateway", ("StatefulSet", "gateway", True), False),
        ("gateway", ("Node", "worker", False), False),
        ("kafka", ("StatefulSet", "kafka-controller", True), True),
        ("kafka", ("StatefulSet", "kafka-of-others", True), False),
        ("kafka", ("ReplicaSet", "kafka-controller-9586b97c7", True), False),
    ],
)
def test_a_pod_is_its_controllers(role: str, owner: tuple[str, str, bool], is_ours: bool) -> None:
    """On an adopted cluster a fault could kill a pod of somebody else with the same labels."""
    assert is_made_by(pod(owner), STACK.role(role)) is is_ours


def test_a_pod_without_a_controller_is_nobody_s_of_the_stack() -> None:
    """Somebody's own pod that wears the labels: killed, it would never come back."""
    assert not is_made_by({"metadata": {"name": "p"}}, STACK.role("gateway"))
    assert is_made_by(pod(("Job", "x", False), ("ReplicaSet", "gateway-1", True)), STACK.role("gateway"))
