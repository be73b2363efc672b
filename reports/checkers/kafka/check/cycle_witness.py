"""Shows a component as its shortest cycle, each edge in words."""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import pairwise

import numpy as np

from reports.checkers.kafka.check.cycle_kinds import CYCLES
from reports.checkers.kafka.check.cycles import WRITE, Component
from reports.checkers.kafka.check.partition import Rows
from reports.checkers.kafka.columns import OK

LARGEST = 64  # operations in a component that is searched for its shortest cycle

Edge = tuple[int, int]


def explain(name: str, component: Component, rows: Rows, keys: list[str]) -> tuple[list[int], str]:
    """The operations of the shortest cycle that shows class `name`, and a sentence about it."""
    kinds, must_hold = CYCLES[name]
    if len(component.rows) > LARGEST:
        return component.rows[:32], f"{len(component.rows):,} operations must each come before another of them"
    why: dict[Edge, dict[str, str]] = defaultdict(dict)  # pair → kind of edge → in words
    if "realtime" in kinds:
        for a in component.rows:
            for b in component.rows:
                if rows.type[a] == OK and rows.time[a] < rows.invoke_time[b]:
                    why[a, b]["realtime"] = f"{_name(a, rows)} was answered before {_name(b, rows)} was invoked"
    if "process" in kinds:
        for a, b in pairwise(sorted(component.rows, key=lambda row: (rows.process[row], row))):
            if rows.process[a] == rows.process[b]:
                who = rows.process_name(a)
                why[a, b]["process"] = f"process {who} did {_name(a, rows)} before {_name(b, rows)}"
    edges = component.edges
    for a, b, key, kind in np.stack([edges.a, edges.b, edges.key, edges.kind], axis=1).tolist():
        word, text = ("ww", "sent to {k} just before") if kind == WRITE else ("wr", "sent to {k} what was polled by")
        why[a, b][word] = f"{_name(a, rows)} {text.format(k=keys[key])} {_name(b, rows)}"
    cycle = _shortest(why, must_hold)
    return [a for a, _, _ in cycle], ", yet ".join(why[a, b][kind] for a, b, kind in cycle)


def _name(row: int, rows: Rows) -> str:
    return f"operation {rows.index[row]}"


def _shortest(why: dict[Edge, dict[str, str]], must_hold: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """The shortest cycle through an edge of a kind asked for, preferring one that holds all of those kinds."""
    after: dict[int, list[int]] = defaultdict(list)
    for a, b in why:
        after[a].append(b)
    cycles = []
    for (a, b), words in why.items():
        for kind in must_hold:
            if kind in words and (path := _path(b, a, after)):
                edges = [(a, b, kind)]
                for edge in pairwise(path):
                    held = {word for _, _, word in edges}
                    new = [word for word in must_hold if word in why[edge] and word not in held]
                    edges.append((*edge, new[0] if new else next(iter(why[edge]))))
                missing = {*must_hold} - {word for _, _, word in edges}
                cycles.append((len(missing), len(edges), edges))
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
