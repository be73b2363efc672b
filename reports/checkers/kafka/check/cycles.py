"""The cycle classes, G0 and G1c with their process and realtime variants; what they mean is in `oracle_cycles`.

A graph of all operations would be as large as the history, with a realtime edge from each operation to all later ones.
It is never built. Each operation gets a moment between its invocation and its answer, chosen so that edges lead forward
in time: the latest invocation among its predecessors in each log. Process and realtime edges always lead forward, and a
cycle must lead back somewhere, so it lies within a stretch of time that some backward write-write or write-read edge
spans. Only the operations of those stretches are looked at; an ordinary history has none or few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reports.checkers.kafka.check.components import components
from reports.checkers.kafka.check.cycle_kinds import CYCLES
from reports.checkers.kafka.check.partition import Partition, Rows, code
from reports.checkers.kafka.columns import FUNCTION, OK, Array, in_order, nowhere

WRITE, READ = 0, 1


@dataclass
class Edges:
    """Data edges: from one operation's row to another's, by which key."""

    a: Array
    b: Array
    key: Array
    kind: Array

    def where(self, chosen: Array) -> Edges:
        """Some of them."""
        return Edges(self.a[chosen], self.b[chosen], self.key[chosen], self.kind[chosen])


@dataclass
class Component:
    """A strongly connected set of operations, and the data edges inside it."""

    rows: list[int]
    edges: Edges


class Cycles:
    """Collects the data edges of key after key, then finds the components."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._moment = rows.invoke_time.copy()
        self._log: list[tuple[int, Array]] = []  # key, and its senders by place (-1 where unknown)
        self._reads: list[tuple[int, Array, Array]] = []  # key, senders and readers

    def add(self, p: Partition, key: int) -> None:
        """Take the edges of one key."""
        rows = self._rows
        sender = nowhere(len(p.offsets))
        known = p.sender >= 0
        known[known] = p.committed[p.sender[known]]
        sent_by = p.send_op[p.sender[known]]
        sender[p.poll_place[known]] = sent_by
        sender[p.located_place] = p.send_op[p.located]
        sender[p.disputed] = -1
        self._log.append((key, sender))
        reader = p.poll_op[known]
        good = rows.committed[reader] & (reader != sent_by)
        self._reads.append((key, sent_by[good], reader[good]))
        ops = sender[sender >= 0]
        turn = np.arange(len(ops))
        latest = np.maximum.accumulate(rows.invoke_time[ops] - turn) + turn
        behind = latest > self._moment[ops]
        np.maximum.at(self._moment, ops[behind], latest[behind])

    def find(self) -> dict[str, list[Component]]:
        """class → its components; the G1c classes that need no write-write edge also under their name + ` by reads`."""
        for _, sender, reader in self._reads:
            behind = self._moment[sender] >= self._moment[reader]
            np.maximum.at(self._moment, reader[behind], self._moment[sender[behind]] + 1)
        self._moment = np.minimum(self._moment, self._rows.time)
        stretch = self._stretches()
        if stretch is None:
            return {}
        inside = self._edges_within(stretch)
        found = {}
        for name, (kinds, must_hold) in CYCLES.items():
            cases = self._components(inside, stretch, kinds, must_hold)
            if cases:
                found[name] = cases
                by_reads = tuple(kind for kind in kinds if kind != "ww")
                if "wr" in kinds and (alone := self._components(inside, stretch, by_reads, must_hold)):
                    found[f"{name} by reads"] = alone
        return found

    def _all_edges(self) -> Iterator[Edges]:
        """The edges of key after key, so that all of them are never in memory at once."""
        for key, sender in self._log:
            at = np.flatnonzero((sender[:-1] >= 0) & (sender[1:] >= 0) & (sender[:-1] != sender[1:]))
            yield Edges(sender[at], sender[at + 1], np.full(len(at), key), np.full(len(at), WRITE))
        for key, sender, reader in self._reads:
            yield Edges(sender, reader, np.full(len(sender), key), np.full(len(sender), READ))

    def _stretches(self) -> Array | None:
        """For each operation the stretch that it lies in, or -1; None where no edge leads backward."""
        moment = self._moment
        spans = []
        for edges in self._all_edges():
            a, b = moment[edges.a], moment[edges.b]
            back = (b < a) | ((b == a) & (edges.b < edges.a))
            spans.append(np.stack([b[back], a[back]]))
        start, end = np.concatenate(spans, axis=1) if spans else np.empty((2, 0))
        if not len(start):
            return None
        order = in_order(start)
        start, reach = start[order], np.maximum.accumulate(end[order])
        opens = np.concatenate(([True], start[1:] > reach[:-1]))
        starts, ends = start[opens], reach[np.concatenate((np.flatnonzero(opens)[1:] - 1, [len(reach) - 1]))]
        at = np.searchsorted(starts, moment, side="right") - 1
        f = self._rows.f
        node = self._rows.committed & ((f == FUNCTION["txn"]) | (f == FUNCTION["send"]) | (f == FUNCTION["poll"]))
        return np.where(node & (at >= 0) & (moment <= ends[at]), at, -1)

    def _edges_within(self, stretch: Array) -> Edges:
        parts = [e.where((stretch[e.a] >= 0) & (stretch[e.a] == stretch[e.b])) for e in self._all_edges()]
        names = ("a", "b", "key", "kind")
        return Edges(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def _components(
        self, edges: Edges, stretch: Array, kinds: tuple[str, ...], must_hold: tuple[str, ...]
    ) -> list[Component]:
        rows = self._rows
        drawn = edges.where(((edges.kind == WRITE) & ("ww" in kinds)) | ((edges.kind == READ) & ("wr" in kinds)))
        a, b = [drawn.a], [drawn.b]
        nodes = np.flatnonzero(stretch >= 0)
        next_a, next_b = self._successors(nodes, stretch)
        if "process" in kinds:
            a.append(next_a)
            b.append(next_b)
        if "realtime" in kinds:
            before, later = self._realtime(nodes, stretch)
            a.append(before)
            b.append(later)
        found = []
        groups = [
            [node for node in component if node < len(stretch)]
            for component in components(np.concatenate(a), np.concatenate(b))
        ]
        member = nowhere(len(stretch))
        for number, group in enumerate(groups):
            member[group] = number
        data = drawn.where((member[drawn.a] >= 0) & (member[drawn.a] == member[drawn.b]))
        order = in_order(member[data.a])
        starts = np.unique(member[data.a[order]], return_index=True)[1]
        parts = np.split(order, starts[1:])  # each component holds a data edge, because all others lead forward
        in_turn = set(member[next_a[(member[next_a] >= 0) & (member[next_a] == member[next_b])]].tolist())
        for number, group in enumerate(groups):
            mine = data.where(parts[number])
            answered = [rows.time[row] for row in group if rows.type[row] == OK]
            holds = {
                "ww": bool((mine.kind == WRITE).any()),
                "wr": bool((mine.kind == READ).any()),
                "process": number in in_turn,
                "realtime": bool(answered) and min(answered) < rows.invoke_time[group].max(),
            }
            if all(holds[kind] for kind in must_hold):
                found.append(Component(group, mine))
        return found

    def _successors(self, nodes: Array, stretch: Array) -> tuple[Array, Array]:
        """From each operation to the next one of its process."""
        order = nodes[in_order(self._rows.process[nodes])]
        a, b = order[:-1], order[1:]
        same = (self._rows.process[a] == self._rows.process[b]) & (stretch[a] == stretch[b])
        return a[same], b[same]

    def _realtime(self, nodes: Array, stretch: Array) -> tuple[Array, Array]:
        """From each ok operation to all invoked after its answer, by way of one extra node per invocation.

        The extra nodes are a chain in the order of invocation: an answer enters the chain at the first invocation after
        it, and each link leads to its operation.
        """
        rows = self._rows
        times, rank = np.unique(rows.invoke_time[nodes], return_inverse=True)
        turn = code(stretch[nodes], rank)  # by stretch, then by invocation
        order = in_order(turn)
        link = len(stretch) + np.arange(len(order))
        chained = np.diff(stretch[nodes[order]]) == 0
        ok = nodes[rows.type[nodes] == OK]
        later = np.searchsorted(times, rows.time[ok], side="right")
        enters = np.searchsorted(turn[order], code(stretch[ok], later))
        inside = enters < len(order)
        ok, enters = ok[inside], enters[inside]
        same = stretch[ok] == stretch[nodes[order[enters]]]
        a = np.concatenate([link, link[:-1][chained], ok[same]])
        return a, np.concatenate([nodes[order], link[1:][chained], link[enters[same]]])
