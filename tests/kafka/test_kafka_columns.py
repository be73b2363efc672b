"""Columns, codes and the order of both."""

from __future__ import annotations

import numpy as np
import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.columns import PLAIN_BELOW, Batch, Names, in_order, join, nowhere
from reports.checkers.kafka.formats.events import Columns
from reports.verdict import Verdict
from tests.kafka.notation import history


@pytest.mark.parametrize("top", [1, 65_535, 65_536, 1 << 40])
@pytest.mark.parametrize("low", [0, -1, -70_000])
def test_order_is_ascending_and_stable(top: int, low: int) -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.integers(0, 7, 500) * 9_362 % (top + 1), [top, low, top, 0, 65_535 % (top + 1)]])
    expected = sorted(range(len(values)), key=lambda at: values[at])
    assert in_order(values).tolist() == expected
    assert in_order(values[:0]).tolist() == []


def test_nowhere_is_minus_one_in_four_bytes() -> None:
    assert nowhere(3).tolist() == [-1, -1, -1]
    assert nowhere(3).dtype == np.dtype("i4")


@pytest.mark.parametrize("value", [0, -1, PLAIN_BELOW - 1, 1 - PLAIN_BELOW, PLAIN_BELOW, -PLAIN_BELOW, "", "a", "7"])
def test_a_value_comes_back_as_it_was(value: int | str) -> None:
    names = Names()
    others = [names.value(other) for other in ("first", 1 << 80)]
    code = names.value(value)
    assert names.value(value) == code
    assert names.value_of(np.int64(code)) == value  # type: ignore[arg-type]
    assert type(names.value_of(code)) is type(value)
    assert code not in others
    assert (code < PLAIN_BELOW) == (isinstance(value, int) and abs(value) < PLAIN_BELOW)


def batch_of(text: str, names: Names) -> Batch:
    collected = Columns(names)
    for event in history(text):
        collected.add(event)
    return collected.take()


def test_joined_batches_are_as_one() -> None:
    text = "0 ok send x=1@0 y=2@0 | 1 ok assign* x | 1 info poll x=1@0,1@0 | 2 ok subscribe y | 2 ok poll y=2@0"
    names = Names()
    whole = batch_of(text, names)
    whole.causes = {"a": 3, "b": 1}
    parts = [whole.select(rows) for rows in np.split(np.arange(len(whole)), [1, 1, 3, 6])]
    for part, causes in zip(parts, ({"a": 1}, {}, {"a": 2}, {"b": 1}, {}), strict=True):
        part.causes = causes
    joined = join(parts)
    for name, column in vars(whole).items():
        same = column.tolist() == getattr(joined, name).tolist() if hasattr(column, "tolist") else None
        assert same if same is not None else column == getattr(joined, name), name
        assert same is None or column.dtype == getattr(joined, name).dtype, name
    assert join([whole]) is whole
    assert len(join([])) == 0


def test_nothing_is_a_batch_and_a_history_too() -> None:
    assert (Batch.empty().first.tolist(), Batch.empty().first.dtype) == ([0], np.dtype("i8"))
    assert Names().files == []
    result = Checker().verdict()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.lost is None


def test_selected_events_keep_their_records_and_resets() -> None:
    names = Names()
    whole = batch_of("0 ok send x=1@0 y=2@0 | 1 ok assign* x | 1 ok poll x=1@0,1@0", names)
    picked = whole.select(np.array([5, 3, 1]))
    assert picked.index.tolist() == [5, 3, 1]
    assert picked.first.tolist() == [0, 2, 2, 4]
    assert picked.value.tolist() == [1, 1, 1, 2]
    assert picked.resets == {1: whole.resets[3]}
