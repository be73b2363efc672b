"""The two tables that make the checker linear agree with plain look-ups, close together or far apart."""

from __future__ import annotations

import numpy as np
import pytest

from reports.checkers.kafka.check.lookup import SLACK, Senders, places

SPREADS = [1, 2, 5, 100, 10_000, 1 << 40]


@pytest.mark.parametrize("spread", SPREADS)
def test_finds_who_sent_a_value(spread: int) -> None:
    values = np.random.default_rng(1).permutation(np.arange(-5, 1000)) * spread
    asked = np.concatenate([values[::-1], values + 1, values - 1, [values.min() - 1, values.max() + 1]])
    by_value = {value: at for at, value in enumerate(values.tolist())}
    found = Senders(values).of(asked)
    assert found.tolist() == [by_value.get(value, -1) for value in asked.tolist()]
    assert found.dtype == np.dtype("i4")
    assert Senders(values).repeated(values).tolist() == []


@pytest.mark.parametrize("spread", SPREADS)
def test_finds_what_was_sent_twice(spread: int) -> None:
    values = np.concatenate([np.arange(700), [3, 9]]) * spread
    assert Senders(values).repeated(values).tolist() == [3, 9]


def test_nobody_sent_anything() -> None:
    nothing = np.empty(0, "i8")
    assert Senders(nothing).of(np.array([1, 2])).tolist() == [-1, -1]
    assert Senders(nothing).repeated(nothing).tolist() == []
    known, where = places(nothing, nothing)
    assert (known.tolist(), [part.tolist() for part in where]) == ([], [[], []])
    assert (known.dtype, where[0].dtype) == (np.dtype("i8"), np.dtype("i4"))


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("start", [0, 7, 1 << 61])
def test_squeezes_gaps_out_of_offsets(spread: int, start: int) -> None:
    rng = np.random.default_rng(2)
    some, more = (start + rng.integers(0, 1000, 400) * spread for _ in range(2))
    known, (place, place_more, none) = places(some, more, np.empty(0, "i8"))
    order = sorted({*some.tolist(), *more.tolist()})
    assert known.tolist() == order
    assert place.tolist() == [order.index(offset) for offset in some.tolist()]
    assert place_more.tolist() == [order.index(offset) for offset in more.tolist()]
    assert len(none) == 0
    assert {place.dtype, place_more.dtype} == {np.dtype("i4")}


def test_tables_are_as_large_as_what_they_hold_and_not_as_the_numbers_in_them() -> None:
    close, far = Senders(np.arange(1000) * 4), Senders(np.arange(1000) * (5 + SLACK))
    assert close._table is not None
    assert far._table is None
