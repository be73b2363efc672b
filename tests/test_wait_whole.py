"""What a wait does at each look, by a clock of its own: how long it sleeps, what it logs, when it ends and how."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from fixtures import wait
from fixtures.wait import Waited, WaitFailed, WaitTimeout, wait_for


class Clock:
    """Stands still unless somebody sleeps; the sleeps are kept, in seconds."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, list[float]()

    def sleep(self, seconds: float | None) -> None:
        assert seconds is not None
        assert 0 < seconds < 1000, "it would never wake"
        self.slept.append(round(seconds, 6))
        self.now = round(self.now + seconds, 6)

    def at(self, seconds: float) -> Callable[[], bool]:
        """What becomes true so long after the start."""
        return lambda: self.now >= 100 + seconds


class Wake(threading.Condition):
    """One that nobody notifies."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.sleep(timeout)
        return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(wait, "time", SimpleNamespace(monotonic=lambda: made.now, sleep=made.sleep))
    return made


def test_it_looks_each_tenth_of_a_second_until_it_holds(clock: Clock) -> None:
    waited = wait_for(clock.at(0.25), what="x", within_s=5)
    assert waited == Waited(True, waited.earliest_s, waited.latest_s)
    assert (waited.earliest_s, waited.latest_s) == (pytest.approx(0.2), pytest.approx(0.3))
    assert clock.slept == [0.1, 0.1, 0.1]


def test_what_holds_at_once_is_not_slept_for(clock: Clock) -> None:
    assert wait_for(lambda: "yes", what="x", within_s=5) == Waited("yes", 0.0, 0.0)
    assert wait_for(lambda: "yes", what="x", within_s=0) == Waited("yes", 0.0, 0.0)
    assert clock.slept == []


def test_the_last_look_is_at_the_very_end_and_none_comes_after(clock: Clock) -> None:
    with pytest.raises(WaitTimeout) as caught:
        wait_for(clock.at(9), what="x", within_s=2.5, every_s=1, next_command="crucible up")
    assert clock.slept == [1, 1, 0.5]
    assert str(caught.value) == "waited 2.5 s for x; last seen: False\n  next: crucible up"
    assert (caught.value.last, caught.value.next_command) == (False, "crucible up")
    assert wait_for(clock.at(5), what="x", within_s=2.5, every_s=1).latest_s == 2.5


def test_a_timeout_names_the_state_described_last(clock: Clock) -> None:
    with pytest.raises(WaitTimeout) as caught:
        wait_for(lambda: None, what="x", within_s=0.2, describe=lambda: f"at {clock.now:g}")
    assert caught.value.args == ("waited 0.2 s for x; last seen: 'at 100.2'",)
    assert (caught.value.last, caught.value.next_command) == ("at 100.2", None)


def test_with_a_wake_it_looks_again_after_a_second_at_the_latest(clock: Clock) -> None:
    with pytest.raises(WaitTimeout):
        wait_for(clock.at(9), what="x", within_s=2.5, every_s=0.1, wake=Wake(clock))
    assert clock.slept == [1, 1, 0.5]


def test_while_it_holds_the_next_look_is_when_it_has_held_long_enough(clock: Clock) -> None:
    waited = wait_for(clock.at(1), what="x", within_s=9, hold_for_s=0.4, wake=Wake(clock))
    assert waited == Waited(True, 0.0, 1.0)
    assert clock.slept == [1, 0.4]


def test_what_has_almost_held_long_enough_is_looked_at_again_after_a_hundredth(clock: Clock) -> None:
    def look() -> bool:
        clock.now += 0 if clock.slept else 0.2
        return True

    held = iter([0.0, 0.395, 0.0])

    def describe() -> str:
        clock.now = round(clock.now + next(held, 0.0), 6)
        return "same"

    assert wait_for(look, what="x", within_s=9, every_s=0.25, hold_for_s=0.65, describe=describe).value is True
    assert clock.slept == [0.25, 0.01]


def test_holding_longer_than_there_is_time_ends_in_time(clock: Clock) -> None:
    with pytest.raises(WaitTimeout) as caught:
        wait_for(lambda: "yes", what="x", within_s=0.3, every_s=5, hold_for_s=0.5)
    assert clock.slept == [0.3]
    assert caught.value.args == ("waited 0.3 s for x; last seen: 'yes'",)


def test_what_was_lost_meanwhile_must_hold_anew(clock: Clock) -> None:
    seen = iter([True, False, True, True])
    waited = wait_for(lambda: next(seen), what="x", within_s=9, every_s=1, hold_for_s=1)
    assert waited == Waited(True, 1.0, 2.0)
    assert clock.slept == [1, 1, 1]


def test_a_reason_to_give_up_ends_it_with_the_next_command(clock: Clock) -> None:
    reasons = iter([None, "", "its image is not there"])
    with pytest.raises(WaitFailed) as caught:
        wait_for(lambda: None, what="x", within_s=9, fail_if=lambda: next(reasons), next_command="crucible logs")
    assert str(caught.value) == "x: its image is not there\n  next: crucible logs"
    assert caught.value.next_command == "crucible logs"
    assert clock.slept == [0.1, 0.1]
    assert wait_for(lambda: 1, what="x", within_s=9, fail_if=lambda: "too late").value == 1


def test_each_new_state_is_logged_once(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    states = iter(["", "", "1 of 2", "1 of 2", "2 of 2"])
    with caplog.at_level(logging.INFO, logger="crucible.wait"):
        wait_for(clock.at(0.35), what="pods", within_s=9, describe=lambda: next(states))
        wait_for(lambda: 3, what="a figure", within_s=9)
    told = [
        "waiting for pods: ",
        "waiting for pods: 1 of 2",
        "waiting for pods: 2 of 2",
        "waiting for a figure: 3",
    ]
    assert caplog.messages == told
