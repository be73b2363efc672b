"""A test that looks at a role waits for what its autoscaler has under way, and no longer than a pod may take."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fake_world import figure, pod
from urllib3.exceptions import HTTPError

from fixtures.kubernetes.api import ApiError
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
    waited(iter([(2, 2)] * 2))  # one look, and one to say what it saw: a third would find no answer


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


def figured(monkeypatch: pytest.MonkeyPatch, *answers: list[str] | Exception) -> tuple[Stack, list[str]]:
    """A stack of two Managers, a and b, whose metrics API knows these pods at each look, or does not answer."""
    asked: list[str] = []
    left = iter(answers)

    def get(path: str, **query: Any) -> dict[str, Any]:
        asked.append(f"{path}?{query['labelSelector']}")
        answer = next(left, answers[-1])
        if isinstance(answer, Exception):
            raise answer
        return {"items": [figure(name) for name in answer]}

    stack = watched(for_ever(2, 2))
    manager = stack.role("manager")
    assert manager.scaling is not None
    quick = manager.model_copy(update={"scaling": manager.scaling.model_copy(update={"metrics_s": READY_S})})
    one = stack.map.model_copy(update={"roles": {"manager": quick}})
    pods = [pod("a", "w1"), pod("b", "w2"), pod("c", "w2", is_ready=False)]
    watcher = SimpleNamespace(pods_of=lambda role: pods)
    stack = replace(stack, cluster=cast(Any, SimpleNamespace(get=get)), map=one, watcher=cast(Any, watcher))
    monkeypatch.setattr(plugin_stack, "FIGURES_EVERY_S", 0.01)
    return stack, asked


def test_a_load_on_an_autoscaler_waits_for_a_figure_of_each_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    away = ApiError("GET", "/apis", 503, "the server is currently unable to handle the request")
    last = ["a", "b"]
    stack, asked = figured(monkeypatch, away, HTTPError("timed out"), [], ["a"], ["a", "gone"], last)
    stack.observe_figures("manager")
    assert len(asked) >= 6, "one pod without a figure counts as idle, and halves what the autoscaler asks for"
    assert asked[0] == "/apis/metrics.k8s.io/v1beta1/namespaces/acd/pods?app.kubernetes.io/name=acd-manager"


def test_figures_that_never_come_are_left_to_the_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, _ = figured(monkeypatch, ["a"])
    begun = time.monotonic()
    stack.observe_figures("manager")
    assert 2 * READY_S <= time.monotonic() - begun < 2 * READY_S + 20
