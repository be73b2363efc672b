"""Breaking under load: a stack that does not serve is judged by the claims, not let off for want of load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.wait import WaitFailed, WaitTimeout
from suites.plugin.stack import Stack
from suites.recovery.under_load import SETTLED_S, Broken, break_under_load


class Traffic:
    """A load that never flows, for one reason or the other."""

    name = "viewers"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def wait_until_steady(self, within_s: float = 60.0, *, hold_for_s: float = 0.0) -> None:
        raise self.error


def broken_under(error: Exception) -> tuple[Broken, list[str]]:
    ran: list[str] = []

    @contextmanager
    def load(name: str, rate_per_s: float) -> Iterator[Traffic]:
        yield Traffic(error)

    def experiment(name: str) -> Any:
        ran.append(name)
        return SimpleNamespace(fault_id="f1", folder="toy-1", effective=())

    clock = SimpleNamespace(start_ns=time.monotonic_ns())
    stack: Any = SimpleNamespace(effort=SimpleNamespace(after_s=1), try_wait=Stack.try_wait, timeline=clock)
    made: Any = load
    found = break_under_load(stack, made, experiment, name="toy", under="viewers", rate_per_s=5, settles_in_s=9)
    return found, ran


def test_a_stack_that_never_serves_is_broken_and_judged_all_the_same() -> None:
    assert broken_under(WaitTimeout("not yet", last=0)) == (Broken("f1", "toy-1", "viewers"), ["toy"])


def test_a_load_that_died_proves_nothing() -> None:
    with pytest.raises(WaitFailed):
        broken_under(WaitFailed("Locust ended"))


@pytest.mark.parametrize(("healed_after_s", "held_s"), [(5.0, 9.0 - 5.0 + SETTLED_S), (60.0, 1.0)])
def test_a_window_is_loaded_after_all_had_to_be_settled_however_soon_the_fault_was_healed(
    healed_after_s: float, held_s: float
) -> None:
    held: list[float] = []

    class Steady(Traffic):
        def wait_until_steady(self, within_s: float = 60.0, *, hold_for_s: float = 0.0) -> None:
            held.append(hold_for_s)

    @contextmanager
    def load(name: str, rate_per_s: float) -> Iterator[Traffic]:
        yield Steady(ValueError())

    clock = SimpleNamespace(start_ns=time.monotonic_ns() - 100_000_000_000)
    fault = SimpleNamespace(fault_id="f1", folder="toy-1", effective=({"t": 1.0}, {"t": 100.0 - healed_after_s}))
    stack: Any = SimpleNamespace(effort=SimpleNamespace(after_s=1), try_wait=Stack.try_wait, timeline=clock)
    made, experiment = cast(Any, load), cast(Any, lambda name: fault)
    break_under_load(stack, made, experiment, name="toy", under="viewers", rate_per_s=5, settles_in_s=9)
    assert held[-1] == pytest.approx(held_s, abs=0.2)
