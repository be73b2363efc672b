"""Each way to spoil a file, with chance told by hand: the whole file that comes of it, and among what it was drawn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from reports.sabotage import mutations

LINES = b'{"head":1}\n{"a":1}\n{"b":2}\n{"c":3}\n{"d":4}'
UID = "0aaaaaaa-bbbb-cccc-dddd-eeeeeeeeeee1"


class Dice:
    """Chance that gives what it was told to give, and keeps among what it was asked to draw."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Any, ...]] = []

    def randrange(self, first: int, end: int) -> Any:
        self.asked.append((first, end))
        return self.answers.pop(0)

    def choice(self, among: Sequence[Any]) -> Any:
        self.asked.append(tuple(among))
        found = self.answers.pop(0)
        return among[found] if isinstance(found, int) and not isinstance(among[0], int) else found


@pytest.mark.parametrize(
    ("way", "at", "many", "left"),
    [
        ("dropped", 1, 1, b'{"head":1}\n{"b":2}\n{"c":3}\n{"d":4}'),
        ("dropped", 2, 5, b'{"head":1}\n{"a":1}\n'),
        ("doubled", 2, 1, b'{"head":1}\n{"a":1}\n{"b":2}\n{"b":2}\n{"c":3}\n{"d":4}'),
        ("doubled", 3, 50, b'{"head":1}\n{"a":1}\n{"b":2}\n{"c":3}\n{"d":4}{"c":3}\n{"d":4}'),
    ],
)
def test_lines_in_a_row_are_lost_or_stand_twice(way: str, at: int, many: int, left: bytes) -> None:
    dice = Dice(at, many)
    assert mutations.WAYS[way](LINES, dice) == left  # type: ignore[arg-type]
    assert dice.asked == [(1, 5), (1, 1, 5, 50)]


@pytest.mark.parametrize("way", ["dropped", "doubled", "shifted"])
def test_a_file_of_a_header_and_one_line_has_no_lines_in_a_row(way: str) -> None:
    assert mutations.WAYS[way](b"head\none\n", Dice(-60.0, 1, 1)) is None  # type: ignore[arg-type]
    assert mutations.WAYS[way](b"head\n1\ntwo\n", Dice(*([5.0] if way == "shifted" else []), 1, 1)) is not None  # type: ignore[arg-type]


def test_json_lines_happen_at_another_time_in_each_unit() -> None:
    raw = b'{"t": 1.0}\n{"t": 1.25,"at_ns": 7000000000}\n{"t":2.5,"start_ns":-1}\n{"tt": 3}\n'
    dice = Dice(-5.0, 1, 5)
    expected = b'{"t": 1.0}\n{"t": -3.75,"at_ns": 2000000000}\n{"t":-2.5,"start_ns":-5000000001}\n{"tt": 3}\n'
    assert mutations.shifted(raw, dice) == expected  # type: ignore[arg-type]
    assert dice.asked == [(-60.0, -5.0, 5.0, 60.0), (1, 4), (1, 1, 5, 50)]
    precise = mutations.shifted(b'a\n{"t": 0.1234567891}\nb\n', Dice(60.0, 1, 1))  # type: ignore[arg-type]
    assert precise == b'a\n{"t": 60.123457}\nb\n'


def test_the_three_times_of_a_row_are_shifted_and_nothing_else_of_it() -> None:
    rows = b"planned_ns,start_ns\n1,2,3,4,GET,200\n5,x,7,8,GET,200\n9,9,9,9\n"
    expected = b"planned_ns,start_ns\n5000000001,5000000002,5000000003,4,GET,200\n5000000005,x,5000000007,8,GET,200\n"
    assert mutations.shifted(rows, Dice(5.0, 1, 5)) == expected + b"5000000009,5000000009,5000000009,9\n"  # type: ignore[arg-type]


def test_the_end_is_lost_at_the_end_of_a_line_or_within_one() -> None:
    for way, at, left, drawn in (
        (mutations.cut_on_line_end, 2, b'{"head":1}\n{"a":1}\n', (1, 5)),
        (mutations.cut_off_line_end, 5, b'{"hea', (1, len(LINES))),
    ):
        dice = Dice(at)
        assert way(LINES, dice) == left  # type: ignore[arg-type]
        assert dice.asked == [drawn]
    assert mutations.cut_on_line_end(b"one\n", Dice(1)) is None  # type: ignore[arg-type]
    assert mutations.cut_off_line_end(b"1", Dice(1)) is None  # type: ignore[arg-type]
    assert mutations.cut_on_line_end(b"1\n2", Dice(1)) == b"1\n"  # type: ignore[arg-type]
    assert mutations.cut_off_line_end(b"12", Dice(1)) == b"1"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("way", "raw", "changed"),
    [
        ("uid", f'{{"uid": "{UID}", "x": 1}}', f'{{"uid": "{UID[::-1]}", "x": 1}}'),
        ("status", "1,2,GET,204,9,\n", "1,2,GET,500,9,\n"),
        ("offset", '{"offset": 9, "x": 9}', '{"offset": 10, "x": 9}'),
    ],
)
def test_one_value_is_another_and_all_around_it_stands(way: str, raw: str, changed: str) -> None:
    one, two = raw.encode(), changed.encode()
    assert mutations.WAYS[way](one + b"|" + one, Dice(1)) == one + b"|" + two  # type: ignore[arg-type]
    assert mutations.WAYS[way](one + b"|" + one, Dice(0)) == two + b"|" + one  # type: ignore[arg-type]
    assert mutations.WAYS[way](b"nothing of it", Dice(0)) is None  # type: ignore[arg-type]


def test_a_way_that_is_made_anew_changes_its_group_alone() -> None:
    way = mutations._changed(rb"n=(\d);", lambda old: b"<" + old + b">")
    dice = Dice(1)
    assert way(b"n=1;n=2;n=3", dice) == b"n=1;n=<2>;n=3"  # type: ignore[arg-type]
    assert [found.group() for found in dice.asked[0]] == [b"n=1;", b"n=2;"]
    assert way(b"n=x", Dice(0)) is None  # type: ignore[arg-type]


def line(t: float, source: str = "watch") -> bytes:
    return json.dumps({"t": t, "source": source, "n": 1}).encode() + b"\n"


def gap(t: float, kind: str, subject: str) -> bytes:
    told = {"t": t, "err": 0.0, "source": "watch", "kind": kind, "subject": subject, "data": {}}
    return json.dumps(told).encode() + b"\n"


def test_a_gap_in_the_watch_stands_where_its_time_is() -> None:
    compact = b'{"t":2.5,"source":"watch"}\n'
    raw = line(1.0, "fault") + line(2.0) + compact + b"torn\n" + line(2.5, "load") + line(6.0) + line(7.0) + line(7.5)
    dice = Dice(0, 5.0, 3)
    found = mutations.watch_gap(raw, dice)  # type: ignore[arg-type]
    before = line(1.0, "fault") + line(2.0) + gap(2.0, "watch.lost", "hpas") + compact + b"torn\n"
    after = line(2.5, "load") + line(6.0) + line(7.0) + gap(7.0, "watch.resumed", "hpas") + line(7.5)
    assert found == before + after
    watched = (line(2.0), compact, line(6.0), line(7.0), line(7.5))
    assert dice.asked == [watched, (0.5, 5.0, 30.0), ("pods", "pods", "deployments", "hpas", "nodes")]


def test_a_gap_may_have_both_its_ends_before_one_line_and_none_after_the_last() -> None:
    raw = line(2.0) + b'{"no":"time"}\n' + b"[1]\n" + line(9.0)
    found = mutations.watch_gap(raw, Dice(0, 0.5, 0))  # type: ignore[arg-type]
    gaps = gap(2.0, "watch.lost", "pods") + gap(2.5, "watch.resumed", "pods")
    assert found == line(2.0) + b'{"no":"time"}\n' + b"[1]\n" + gaps + line(9.0)
    assert mutations.watch_gap(line(1.0, "fault"), Dice(0, 0.5, 0)) is None  # type: ignore[arg-type]
