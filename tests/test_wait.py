"""Waiting: the interval it gives back, holding, failing early, and what a timeout says."""

from __future__ import annotations

import threading
import time

import pytest
from test_wait_whole import Clock, clock  # noqa: F401 - a fixture

from fixtures.wait import WaitFailed, WaitTimeout, wait_for


def test_the_interval_contains_the_moment_it_became_true() -> None:
    start = time.monotonic()
    true_at = start + 0.15
    asked = [start]

    def is_true() -> bool:
        asked.append(time.monotonic())
        return asked[-1] >= true_at

    waited = wait_for(is_true, what="the clock", within_s=5, every_s=0.02)
    assert waited.earliest_s <= true_at - start + 0.005
    assert waited.latest_s >= true_at - start
    assert waited.latest_s - waited.earliest_s < asked[-1] - asked[-2] + 0.1, "as wide as the machine let it ask"


def test_the_value_comes_back() -> None:
    assert wait_for(lambda: ["x"], what="a list", within_s=1).value == ["x"]


def test_a_change_wakes_it_at_once() -> None:
    box, woken = list[str](), list[bool]()

    class Changed(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            threading.Timer(0.02, change).start()  # it needs this lock, which only waiting gives back
            woken.append(super().wait(timeout))
            return woken[-1]

    def change() -> None:
        with changed:
            box.append("changed")
            changed.notify_all()

    changed = Changed()
    wait_for(lambda: box, what="a change", within_s=30, wake=changed)
    assert woken == [True]


def test_holding_starts_again_when_it_was_lost(clock: Clock) -> None:  # noqa: F811
    waited = wait_for(
        lambda: not 100.05 < clock.now < 100.1, what="calm", within_s=5, every_s=0.01, hold_for_s=0.1
    )  # fmt: skip
    assert waited.latest_s == pytest.approx(0.1)
    assert clock.now == pytest.approx(100.2)


def test_holding_is_not_satisfied_by_looking_once() -> None:
    start = time.monotonic()
    wait_for(lambda: True, what="calm", within_s=5, every_s=0.01, hold_for_s=0.1)
    assert time.monotonic() - start >= 0.1


def test_a_timeout_says_for_what_how_long_and_the_last_value() -> None:
    with pytest.raises(WaitTimeout, match=r"waited 0.1 s for three pods; last seen: 'two of three'") as late:
        wait_for(
            lambda: False, what="three pods", within_s=0.1, every_s=0.02, describe=lambda: "two of three",
            next_command="crucible status",
        )  # fmt: skip
    assert late.value.last == "two of three"
    assert str(late.value).endswith("next: crucible status")


def test_what_cannot_come_true_is_not_waited_for() -> None:
    start = time.monotonic()
    with pytest.raises(WaitFailed, match="a pod: its image is not there"):
        wait_for(lambda: False, what="a pod", within_s=30, fail_if=lambda: "its image is not there")
    assert time.monotonic() - start < 15


def test_an_error_of_the_condition_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        wait_for(lambda: 1 / 0, what="sense", within_s=1)


def test_the_interval_contains_what_became_true_while_it_was_looked_at() -> None:
    """A look takes time; what turns true in the middle of it was not true when it began."""
    start, true_at = time.monotonic(), list[float]()

    def slow_look() -> bool:
        time.sleep(0.05)
        true_at.append(time.monotonic() - start)
        time.sleep(0.05)
        return True

    waited = wait_for(slow_look, what="a slow look", within_s=5)
    assert waited.earliest_s <= true_at[0] <= waited.latest_s
