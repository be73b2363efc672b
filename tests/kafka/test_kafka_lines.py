"""The edges of what a line may hold: offsets, values, and the marks of a record."""

from __future__ import annotations

from typing import Any

import pytest

from reports.checkers.kafka.columns import CORRUPT, REBALANCED, Names
from reports.checkers.kafka.formats.events import Columns
from reports.checkers.kafka.operation import TOP, BadHistory


def line(index: int, kind: str, f: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"index": index, "time": 10 * index, "process": 0, "type": kind, "f": f} | (
        {} if value is None else {"value": value}
    ) | more  # fmt: skip


def collected(*events: dict[str, Any]) -> Any:
    columns = Columns(Names())
    for event in events:
        columns.add(event)
    return columns.take()


@pytest.mark.parametrize("offset", [0, TOP])
def test_the_first_and_the_last_offset_are_offsets(offset: int) -> None:
    assert collected(line(0, "ok", "poll", [["poll", {"t/0": [[offset, 1]]}]])).offset.tolist() == [offset]
    assert collected(line(0, "ok", "send", [["send", "t/0", [offset, 1]]])).offset.tolist() == [offset]


@pytest.mark.parametrize("offset", [-1, TOP + 1, 0.0, True, None, "0"])
def test_all_else_is_none(offset: Any) -> None:
    with pytest.raises(BadHistory, match="an offset is a whole number"):
        collected(line(0, "ok", "poll", [["poll", {"t/0": [[offset, 1]]}]]))


def test_marks_of_a_poll_go_to_the_keys_that_moved() -> None:
    polled = {"t/0": [[0, 1, 5, 6], [1, 2, 5, 5]], "t/1": [[0, 1, 5, 6]]}
    batch = collected(line(0, "ok", "poll", [["poll", polled]], rebalance=["t/0"]))
    assert batch.flags.tolist() == [REBALANCED | CORRUPT, REBALANCED, CORRUPT]
    packed = {"topic": "t", "partition": 0, "value": [7, 8], "offset": [0, 1]}
    for moved, flag in (("t/0", REBALANCED), ("t/1", 0)):
        assert collected(line(0, "ok", "poll", packed, rebalance=[moved])).flags.tolist() == [flag, flag]


def test_a_transaction_is_a_list_whatever_it_holds() -> None:
    with pytest.raises(BadHistory, match="value is a list of micro-operations"):
        collected(line(0, "ok", "txn", {"topic": "t", "partition": 0, "value": [7], "offset": [0]}))


@pytest.mark.parametrize("value", [0, 1, (TOP >> 1) - 1, TOP >> 1, TOP, -1, "word"])
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    names = Names()
    columns = Columns(names)
    columns.add(line(0, "ok", "poll", [["poll", {"t/0": [[0, value]]}]]))
    assert [names.value_of(code) for code in columns.take().value.tolist()] == [value]
