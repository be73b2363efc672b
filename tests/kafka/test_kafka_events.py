"""What is no event of a Kafka history is refused in words that say what was expected and what was found."""

from __future__ import annotations

from typing import Any

import pytest

from reports.checkers.kafka.columns import CORRUPT, REBALANCED, SEND, UNKNOWN, Names
from reports.checkers.kafka.formats.events import SPAN, TOP, Columns
from reports.checkers.kafka.operation import BadHistory

EVENT = {"index": 0, "time": 0, "process": 0, "type": "ok", "f": "txn", "value": []}
MICRO = 'a micro-operation is ["send", key, value] or ["poll", …]; found '
OFFSET = "an offset is a whole number from 0 to 2^63-1; found "


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([1], "a line is a JSON object; found [1]"),
        ("x" * 98, f"a line is a JSON object; found '{'x' * 98}'"),
        ("x" * 99, f"a line is a JSON object; found '{'x' * 96}..."),
        ({}, "missing index, time, process, type, f in {}"),
        ({"index": 1, "time": 2, "type": "ok"}, "missing process, f in {'index': 1, 'time': 2, 'type': 'ok'}"),
        ({"process": 1, "f": "txn"}, "missing index, time, type in {'process': 1, 'f': 'txn'}"),
        (EVENT | {"index": -1}, "index is a whole number from 0; found -1"),
        (EVENT | {"index": TOP + 1}, f"index is a whole number from 0; found {TOP + 1}"),
        (EVENT | {"index": "0"}, "index is a whole number from 0; found '0'"),
        (EVENT | {"time": 0.5}, "time is a whole number of nanoseconds; found 0.5"),
        (EVENT | {"time": SPAN}, f"time is a whole number of nanoseconds; found {SPAN}"),
        (EVENT | {"time": -SPAN}, f"time is a whole number of nanoseconds; found {-SPAN}"),
        (EVENT | {"process": None}, "process is a number or a string; found None"),
        (EVENT | {"type": "maybe"}, "type is one of ok, info, fail, invoke; found 'maybe'"),
        (EVENT | {"f": "write"}, "f is one of txn, send, poll, assign, subscribe, crash; found 'write'"),
        *((EVENT | {"f": f, "value": None}, f"an ok {f} has a value; found none")
          for f in ("txn", "send", "poll", "assign", "subscribe")),
        (EVENT | {"f": "assign", "value": "x/0"}, "assign carries a list of keys; found 'x/0'"),
        (EVENT | {"f": "subscribe", "value": [1]}, "subscribe carries a list of keys; found [1]"),
        (EVENT | {"rebalance": ["x/0", 2]}, "rebalance carries a list of keys; found ['x/0', 2]"),
        (EVENT | {"value": {"a": 1}}, "value is a list of micro-operations; found {'a': 1}"),
        (EVENT | {"value": [["sent", "x/0", 1]]}, MICRO + "['sent', 'x/0', 1]"),
        (EVENT | {"value": [["send", "x/0"]]}, MICRO + "['send', 'x/0']"),
        (EVENT | {"value": [["send", "x/0", 1, 2]]}, MICRO + "['send', 'x/0', 1, 2]"),
        (EVENT | {"value": [["poll", {}, 1]]}, MICRO + "['poll', {}, 1]"),
        (EVENT | {"value": [7]}, MICRO + "[7]"),
        (EVENT | {"value": [[]]}, MICRO + "[[]]"),
        (EVENT | {"value": [["poll", [1]]]}, MICRO + "[['poll', [1]]]"),
        (EVENT | {"value": [["poll", {"x/0": [[0]]}]]}, MICRO + "[['poll', {'x/0': [[0]]}]]"),
        (EVENT | {"value": [["send", 5, 1]]}, "a key is a string such as topic/0; found 5"),
        (EVENT | {"value": [["poll", {"": []}]]}, "a key is a string such as topic/0; found ''"),
        (EVENT | {"value": [["send", "x/0", [0]]]}, "what a send becomes is [offset, value]; found [0]"),
        (EVENT | {"value": [["send", "x/0", [-1, 1]]]}, OFFSET + "-1"),
        (EVENT | {"value": [["send", "x/0", ["0", 1]]]}, OFFSET + "'0'"),
        (EVENT | {"value": [["poll", {"x/0": [[TOP + 1, 1]]}]]}, OFFSET + str(TOP + 1)),
        (EVENT | {"value": [["poll", {"x/0": [[None, 1]]}]]}, OFFSET + "None"),
        (EVENT | {"value": [["poll", {"x/0": [[-1, 1]]}]]}, OFFSET + "-1"),
        (EVENT | {"value": [["send", "x/0", [0, 1.5]]]}, "a value is a whole number or a string; found 1.5"),
        (EVENT | {"value": [["poll", {"x/0": [[0, None]]}]]}, "a value is a whole number or a string; found None"),
    ],
)  # fmt: skip
def test_says_what_was_expected_and_what_was_found(event: Any, message: str) -> None:
    with pytest.raises(BadHistory) as refusal:
        Columns(Names()).add(event)
    assert str(refusal.value) == message


def test_limits_are_still_accepted_and_kept_as_they_are() -> None:
    collected = Columns(Names(), file=3)
    value = [["send", "x/0", [TOP, TOP]], ["send", "x/0", [None, -TOP]], ["send", "y/0", "a"], ["poll"], ["poll", None]]
    collected.add(EVENT | {"index": TOP, "time": SPAN - 1, "value": value}, line=9)
    collected.add(EVENT | {"time": 1 - SPAN, "type": "fail", "value": None})
    polled = [["poll", {"y/0": [[0, 5], [1, "a", 7, 8], [2, TOP >> 1, 7, 7], [3, TOP, 9]], "x/0": [[TOP, -TOP]]}]]
    collected.add(EVENT | {"value": polled, "rebalance": ["y/0"]})
    batch, names = collected.take(), collected.names
    assert (len(batch), len(collected)) == (3, 0)
    assert (batch.index.tolist(), batch.time.tolist()) == ([TOP, 0, 0], [SPAN - 1, 1 - SPAN, 0])
    assert (batch.file.tolist(), batch.line.tolist()) == ([3, 3, 3], [9, 0, 0])
    assert batch.bare.tolist() == [False, True, False]
    assert batch.first.tolist() == [0, 3, 3, 8]
    assert batch.offset.tolist() == [TOP, UNKNOWN, UNKNOWN, 0, 1, 2, 3, TOP]
    assert [names.value_of(code) for code in batch.value.tolist()] == [
        TOP, -TOP, "a", 5, "a", TOP >> 1, TOP, -TOP,
    ]  # fmt: skip
    moved = REBALANCED
    assert batch.flags.tolist() == [SEND, SEND, SEND, moved, moved | CORRUPT, moved, moved, 0]
    assert [list(names.keys)[code] for code in batch.key.tolist()] == [
        "x/0", "x/0", "y/0", "y/0", "y/0", "y/0", "y/0", "x/0",
    ]  # fmt: skip
    assert len(collected.take()) == 0


def test_causes_of_unknown_outcomes_are_counted() -> None:
    collected = Columns(Names())
    for kind, error in (
        ("info", "timed out"),
        ("info", "timed out"),
        ("info", "x" * 300),
        ("info", None),
        ("fail", "no"),
    ):
        collected.add(EVENT | {"type": kind, "value": None, "error": error})
    assert collected.take().causes == {"timed out": 2, "x" * 200: 1}


def test_assigns_are_kept_beside_the_columns() -> None:
    collected = Columns(Names())
    collected.add(EVENT)
    collected.add(EVENT | {"f": "assign", "value": ["x/0"], "seek_to_beginning": True})
    collected.add(EVENT | {"f": "subscribe", "value": ["x"]})
    collected.add(EVENT | {"f": "crash", "value": 7})  # whatever a crash carries
    batch = collected.take()
    resets = {at: (reset.f, reset.keys, reset.seek_to_beginning) for at, reset in batch.resets.items()}
    assert batch.file.tolist() == [0, 0, 0, 0]
    assert resets == {1: ("assign", ("x/0",), True), 2: ("subscribe", ("x",), False)}
