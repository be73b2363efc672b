"""Shows a knot as its shortest cycle, each edge in words."""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import pairwise

from reports.checkers.kafka.columns import OK
from reports.checkers.kafka.cycles import WRITE, Knot
from reports.checkers.kafka.oracle_cycles import CYCLES
from reports.checkers.kafka.partition import Rows

LARGEST = 64  # operations in a knot that is searched for its shortest cycle

Edge = tuple[int, int]


def explain(name: str, knot: Knot, rows: Rows, keys: list[str]) -> tuple[list[int], str]:
    """The operations of the shortest cycle that shows class `name`, and a sentence about it."""
    kinds, must_hold = CYCLES[name.removesuffix(" by reads")]
    if len(knot.rows) > LARGEST:
        return knot.rows[:32], f"{len(knot.rows):,} operations must each come before another of them"
    why: dict[Edge, tuple[str, str]] = {}
    if "realtime" in kinds:
        for a in knot.rows:
            for b in knot.rows:
                if rows.type[a] == OK and rows.time[a] < rows.invoke_time[b]:
                    why[a, b] = ("realtime", f"{_name(a, rows)} was answered before {_name(b, rows)} was invoked")
    if "process" in kinds:
        for a, b in pairwise(sorted(knot.rows, key=lambda row: (rows.process[row], row))):
            if rows.process[a] == rows.process[b]:
                why[a, b] = ("process", f"the next of process {rows.process_name(a)} is {_name(b, rows)}")
    edges = knot.edges
    for a, b, key, kind in zip(
        edges.a.tolist(), edges.b.tolist(), edges.key.tolist(), edges.kind.tolist(), strict=True
    ):
        word, text = ("ww", "sent to {k} just before") if kind == WRITE else ("wr", "sent to {k} what was polled by")
        why[a, b] = (word, f"{_name(a, rows)} {text.format(k=keys[key])} {_name(b, rows)}")
    cycle = _shortest(why, must_hold)
    ring = [*cycle, cycle[0]]
    return cycle, ", yet ".join(why[edge][1] for edge in pairwise(ring))


def _name(row: int, rows: Rows) -> str:
    return f"operation {rows.index[row]}"


def _shortest(why: dict[Edge, tuple[str, str]], must_hold: tuple[str, ...]) -> list[int]:
    """The shortest cycle through an edge of the kind that is asked for last, preferring one that holds all kinds."""
    after: dict[int, list[int]] = defaultdict(list)
    for a, b in why:
        after[a].append(b)
    cycles = []
    for (a, b), (kind, _) in why.items():
        if kind in must_hold and (path := _path(b, a, after)):
            held = {why[edge][0] for edge in pairwise([a, *path])}
            cycles.append((not held.issuperset(must_hold), len(path), path))
    return min(cycles)[2]


def _path(start: int, end: int, after: dict[int, list[int]]) -> list[int]:
    came: dict[int, int] = {start: start}
    todo = deque([start])
    while todo:
        node = todo.popleft()
        if node == end:
            path = [end]
            while path[-1] != start:
                path.append(came[path[-1]])
            return path[::-1]
        for other in after[node]:
            if other not in came:
                came[other] = node
                todo.append(other)
    return []
