"""Kinds of requests are spread so evenly that chance starves no window of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.evenly import place

KINDS = {"writes": (0.0, 0.6), "reads": (0.6, 0.8), "keys": (0.8, 1.0)}
SECONDS = (5, 10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [10, 15])
@given(seed=st.integers(0, 2**31), first=st.integers(0, 10_000))
def test_a_window_that_begins_with_a_request_of_a_kind_has_at_most_one_less_than_on_average(
    kind: str, rate: int, seed: int, first: int
) -> None:
    low, high = KINDS[kind]
    are = [low <= place(slot, seed) < high for slot in range(first, first + 300)]
    for window_s in SECONDS:
        slots = rate * window_s
        counts = [sum(are[at : at + slots]) for at in range(300 - slots) if are[at]]
        assert min(counts) >= round((high - low) * slots) - 1


@given(seed=st.integers(0, 2**31), user=st.integers(0, 9))
def test_no_user_is_left_with_one_kind(seed: int, user: int) -> None:
    places = [place(slot, seed) for slot in range(user, 600, 10)]
    assert all(8 <= sum(low <= at < high for at in places) <= 40 for low, high in KINDS.values())


def test_the_seed_decides_which_slot_has_which_kind() -> None:
    assert [place(slot, 1) for slot in range(9)] == [place(slot + 1, 0) for slot in range(9)]
    assert place(0, 0) == 0.0
    assert place(1, 0) == pytest.approx(0.618, abs=1e-3)
    assert all(0 <= place(slot, 2**40) < 1 for slot in range(99))
