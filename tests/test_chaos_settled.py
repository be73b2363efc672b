"""`crucible heal` ends when the stack is as it was: it waits for what comes back by itself, and tells what does not."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest
from test_cluster_state import GATEWAY, STATE

from chaos import settled
from chaos.settled import wait_until_like
from fixtures.kubernetes.api import ApiError

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled, "STAYS_AFTER_S", 0.2)


def after(change: Change) -> dict[str, Any]:
    state = copy.deepcopy(STATE)
    change(state)
    return state


def settle(*looks: dict[str, Any] | Exception, within_s: float = 5.0) -> tuple[list[str], float]:
    """What is left after looks that come one after the other, the last one again and again; and how long it took."""
    left = list(looks)

    def look() -> dict[str, Any]:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Exception):
            raise now
        return now

    start = time.monotonic()
    return wait_until_like(STATE, look, within_s=within_s), time.monotonic() - start


SCALING = after(lambda s: s["workloads"][GATEWAY].update(ready=1))
LEFT = after(lambda s: s["objects"]["service"].clear())


def test_a_stack_that_is_as_it_was_costs_one_look() -> None:
    left, seconds = settle(STATE)
    assert left == []
    assert seconds < 0.15


def test_what_comes_back_by_itself_is_waited_for() -> None:
    left, seconds = settle(SCALING, SCALING, STATE)
    assert left == []
    assert seconds >= 0.4, "two looks later"


def test_what_stays_is_told_and_not_waited_for_to_the_end() -> None:
    left, seconds = settle(LEFT, within_s=30)
    assert left == ["service acd/gateway: gone"]
    assert seconds < 5


def test_what_is_still_at_work_when_time_is_up_is_told() -> None:
    left, seconds = settle(SCALING, within_s=1.0)
    assert left == [f"workload {GATEWAY}: 1 of 2 replicas Ready"]
    assert 0.9 < seconds < 4


def test_an_api_server_that_is_away_is_waited_for() -> None:
    away = ApiError("GET", "/api", 503, "away")
    assert settle(away, away, STATE)[0] == []
    left, _ = settle(away, within_s=0.6)
    assert "the API server does not answer" in left[0]
