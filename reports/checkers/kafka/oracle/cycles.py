"""What the cycle classes mean, in plain Python: the second half of the oracle.

Nodes are the committed operations that sent or polled. Edges say what must have come first:

* write-write: the senders of two neighbouring records of a key, in the order of their places;
* write-read: the sender of a record, then whoever polled it;
* process: two successive operations of one process;
* realtime: one operation was answered ok before the other was invoked.

A cycle means that no order of whole operations explains the history. A class counts the components (strongly connected
sets) of its graph that hold an edge of each kind it is named for.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from reports.checkers.kafka.operation import Operation
from reports.checkers.kafka.oracle.view import View

Edges = dict[str, set[tuple[int, int]]]

# class → the kinds of edges in its graph, and those of which a component must hold one
CYCLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "G0": (("ww",), ("ww",)),
    "G0-process": (("ww", "process"), ("ww", "process")),
    "G0-realtime": (("ww", "process", "realtime"), ("ww", "realtime")),
    "G1c": (("ww", "wr"), ("wr",)),
    "G1c-process": (("ww", "wr", "process"), ("wr", "process")),
    "G1c-realtime": (("ww", "wr", "process", "realtime"), ("wr", "realtime")),
}


def edges(view: View) -> Edges:
    """kind of edge → pairs of positions in the history."""
    nodes = [op for op in view.history if op.f in ("txn", "send", "poll") and view.committed(op)]
    at = {id(op): i for i, op in enumerate(view.history)}
    found: Edges = {"ww": set(), "wr": set(), "process": set(), "realtime": set()}

    def link(kind: str, a: Operation | None, b: Operation | None) -> None:
        if a is not None and b is not None and a is not b:
            found[kind].add((at[id(a)], at[id(b)]))

    for key, offsets in view.log.items():
        senders = [view.sender(key, *values) if len(values) == 1 else None for values in offsets.values()]
        for a, b in pairwise(senders):
            link("ww", a, b)
    last: dict[object, Operation] = {}
    for op in nodes:
        for p in op.polls:
            link("wr", view.sender(p.key, p.value), op)
        link("process", last.get(op.process), op)
        last[op.process] = op
        for earlier in nodes:
            if earlier.type == "ok" and earlier.time < op.invoke_time:
                link("realtime", earlier, op)
    return found


def components(kinds: tuple[str, ...], must_hold: tuple[str, ...], found: Edges) -> list[set[int]]:
    """The strongly connected sets of the graph of `kinds` that hold an edge of each of `must_hold`."""
    after: dict[int, set[int]] = defaultdict(set)
    for kind in kinds:
        for a, b in found[kind]:
            after[a].add(b)
    reach = {node: _reachable(node, after) for node in list(after)}
    sets = {frozenset(b for b in ahead if node in reach.get(b, ())) for node, ahead in reach.items() if node in ahead}
    return [
        set(component)
        for component in sorted(sets, key=min)
        if all(any(a in component and b in component for a, b in found[kind]) for kind in must_hold)
    ]


def _reachable(start: int, after: dict[int, set[int]]) -> set[int]:
    seen: set[int] = set()
    todo = [start]
    while todo:
        for node in after.get(todo.pop(), ()):
            if node not in seen:
                seen.add(node)
                todo.append(node)
    return seen


def seen_cycles(view: View) -> dict[str, int]:
    """cycle class → number of components, for each that occurs."""
    found = edges(view)
    counted = {name: len(components(kinds, must, found)) for name, (kinds, must) in CYCLES.items()}
    return {name: count for name, count in counted.items() if count}


def needing_writes(view: View) -> dict[str, int]:
    """Of the G1c classes seen, those that have no component without write-write edges: what Kafka does not isolate."""
    found = edges(view)
    return {
        name: count
        for name, count in seen_cycles(view).items()
        if name.startswith("G1c")
        and not components(tuple(kind for kind in CYCLES[name][0] if kind != "ww"), CYCLES[name][1], found)
    }
