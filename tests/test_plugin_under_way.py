"""A test that looks at a role waits for what its autoscaler has under way, and no longer than a pod may take."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.stack.map import load_stack_map
from suites.plugin import stack as plugin_stack
from suites.plugin.stack import Stack

READY_S = 0.2


def watched(states: Iterator[tuple[int, int]]) -> Stack:
    """A stack whose Manager is asked for, and has Ready, what the iterator says at each look."""
    whole = load_stack_map()
    manager = whole.role("manager").model_copy(update={"recovery_s": READY_S, "timing": {}})
    stack_map = whole.model_copy(update={"roles": {"manager": manager}})

    def objects() -> list[dict[str, Any]]:
        spec, ready = next(states)
        return [{"metadata": {"namespace": "acd", "name": "acd-manager"}, "spec": {"replicas": spec},
                 "status": {"readyReplicas": ready}}]  # fmt: skip

    watcher = SimpleNamespace(deployments=SimpleNamespace(objects=objects), changed=threading.Condition())
    none = cast(Any, None)
    return Stack(none, 1, none, stack_map, cast(Any, watcher), none, Path())


def waited(states: Iterator[tuple[int, int]]) -> float:
    stack, begun = watched(states), time.monotonic()
    stack.observe_under_way("manager")
    return time.monotonic() - begun


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_stack, "MARGIN_S", 0.05)


def for_ever(spec: int, ready: int) -> Iterator[tuple[int, int]]:
    while True:
        yield spec, ready


def test_a_role_at_rest_is_not_waited_for() -> None:
    assert waited(for_ever(2, 2)) < READY_S


def test_pods_that_get_ready_are_waited_for() -> None:
    def states() -> Iterator[tuple[int, int]]:
        begun = time.monotonic()
        while True:
            yield 3, 3 if time.monotonic() - begun > 0.1 else 2

    assert waited(states()) >= 0.1


def test_pods_that_never_get_ready_are_seen_to_be_late_and_no_longer() -> None:
    assert READY_S < waited(for_ever(3, 2)) < 4 * READY_S + 1


def test_a_step_in_the_meantime_gets_its_own_time_so_that_it_cannot_hide_the_late_ones() -> None:
    begun = time.monotonic()

    def states() -> Iterator[tuple[int, int]]:
        while True:
            yield 4 if time.monotonic() - begun > 0.15 else 3, 2

    assert waited(states()) > 0.15 + READY_S


def test_an_autoscaler_that_never_rests_ends_the_wait_all_the_same() -> None:
    def states() -> Iterator[tuple[int, int]]:
        n = 3
        while True:
            n = 7 - n
            yield n, 2

    assert waited(states()) < 4 * (READY_S + 0.05) + 1.5
