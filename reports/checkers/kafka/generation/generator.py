"""Correct histories, from a small Kafka that keeps its promises: to try the checker on, and to plant anomalies in.

Clients run as coroutines on one simulated clock. Partitions keep open, committed and aborted records apart, consumers
read up to the first open transaction, markers take offsets, answers get lost, clients crash and come back under new
names, groups rebalance. The history ends with what proves absence: fresh processes that read everything.
"""

from __future__ import annotations

import contextlib
import heapq
import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from reports.checkers.kafka.operation import NewEvent as Event

Client = Generator[int, None, None]


@dataclass(frozen=True)
class Plan:
    """What a history is made of.

    Args:
        records: about how many records are sent.
        partitions: keys, spread over two topics.
        clients: processes at a time; each sends and polls.
        transactions: operations run as transactions; else sends are visible at once.
        subscribe: clients subscribe and are rebalanced; else each assigns keys to itself.
        trouble: chance that an operation fails, has an unknown outcome, or that its client crashes.
        readers: fresh processes that read everything in the end.
    """

    records: int = 100
    partitions: int = 3
    clients: int = 4
    transactions: bool = True
    subscribe: bool = False
    trouble: float = 0.06
    readers: int = 2


OPEN, COMMITTED, ABORTED = range(3)


@dataclass(eq=False)
class Record:
    """One place in a log; a marker has no value."""

    value: int | None
    state: int = COMMITTED


@dataclass
class _Client:
    slot: int
    process: int
    positions: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)


class Simulation:
    """A small Kafka and its clients."""

    def __init__(self, plan: Plan, rng: random.Random) -> None:
        self.plan, self.rng = plan, rng
        self.keys = [f"t{i % 2}/{i // 2}" for i in range(plan.partitions)]
        self.logs: dict[str, list[Record]] = {key: [] for key in self.keys}
        self.committed = dict.fromkeys(self.keys, 0)
        self.events: list[Event] = []
        self.time = self._sent = 0
        self._next_value = dict.fromkeys(self.keys, 0)
        self._clients = [_Client(slot, slot) for slot in range(plan.clients)]

    def run(self) -> list[Event]:
        """The whole history, its end phase included."""
        self._go([self._client(client) for client in self._clients])
        first = 1000 * self.plan.clients
        self._go([self._reader(_Client(i, first + i)) for i in range(self.plan.readers)])
        return self.events

    def _go(self, running: list[Client]) -> None:
        queue = [(self.time + i, i, client) for i, client in enumerate(running)]
        while queue:
            self.time, order, client = heapq.heappop(queue)
            with contextlib.suppress(StopIteration):
                heapq.heappush(queue, (self.time + next(client), order, client))

    def _emit(self, client: _Client, kind: str, f: str, value: Any, **more: Any) -> None:
        event = {"index": len(self.events), "time": self.time, "process": client.process, "type": kind, "f": f}
        self.events.append(event | {"value": value} | more)

    def _pause(self) -> int:
        return self.rng.randrange(1, 400_000)

    def _client(self, client: _Client) -> Client:
        yield from self._join(client)
        while self._sent < self.plan.records:
            if self.plan.subscribe and self.rng.random() < 0.1:
                self._rebalance()
            elif self.rng.random() < 0.05:
                yield from self._join(client)
            elif self.rng.random() < self.plan.trouble / 3:
                self._emit(client, "invoke", "crash", None)
                yield self._pause()
                self._emit(client, "info", "crash", None)
                yield from self._return(client)
            yield from self._operation(client)
            yield self._pause()

    def _return(self, client: _Client) -> Client:
        client.process += self.plan.clients
        client.positions.clear()
        yield from self._join(client)

    def _join(self, client: _Client) -> Client:
        f = "subscribe" if self.plan.subscribe else "assign"
        if self.plan.subscribe:
            value = sorted({key.split("/")[0] for key in self.keys})
        else:
            value = self.rng.sample(self.keys, self.rng.randint(1, len(self.keys)))
        self._emit(client, "invoke", f, value)
        yield self._pause()
        if not self.plan.subscribe:
            client.positions = {key: client.positions.get(key, 0) for key in value}
        self._emit(client, "ok", f, value)
        if self.plan.subscribe:
            self._rebalance()
        yield self._pause()

    def _rebalance(self) -> None:
        """Give each key to some client, from the group's committed offset on."""
        for key in self.keys:
            owner = self.rng.choice(self._clients)
            if key not in owner.positions:
                for client in self._clients:
                    if client.positions.pop(key, None) is not None:
                        client.moved.add(key)
                owner.positions[key] = self.committed[key]
                owner.moved.add(key)

    def _operation(self, client: _Client) -> Client:
        size = self.rng.choice([1, 1, 2, 3, 4])
        f = self.rng.choice(["send", "poll", "txn"] if self.plan.transactions else ["send", "poll"])
        kinds = [f if f != "txn" else self.rng.choice(["send", "poll"]) for _ in range(size)]
        asked = [self._ask(kind) for kind in kinds]
        outcome = self.rng.choices(["ok", "fail", "info"], [1 - self.plan.trouble, *[self.plan.trouble / 2] * 2])[0]
        self._emit(client, "invoke", f, asked)
        before, mine, answer = dict(client.positions), list[Record](), list[list[Any]]()
        for micro in asked:
            yield self._pause()
            if micro[0] == "poll":
                answer.append(["poll", self._read(client)])
            elif outcome == "fail" and not self.plan.transactions:
                answer.append(micro)
            else:
                answer.append(self._append(micro, mine, known=outcome == "ok" or self.rng.random() < 0.5))
        yield self._pause()
        happened = outcome == "ok" or (outcome == "info" and self.rng.random() < 0.5)
        unheard = outcome == "info" and self.rng.random() < 0.5  # the answer is lost before the outcome is known
        if not unheard:
            self._settle(mine, happened)
            yield self._pause()
        moved = {"rebalance": sorted(client.moved)} if client.moved else {}
        self._emit(client, outcome, f, answer, **moved, **({"error": "timed out"} if outcome == "info" else {}))
        if unheard:
            yield self._pause()
            self._settle(mine, happened)
        client.moved.clear()
        if outcome == "ok":
            for key, position in client.positions.items():
                if self.rng.random() < 0.8:
                    self.committed[key] = position
        elif outcome == "fail":  # an aborted transaction goes back to where it began
            client.positions = {key: before.get(key, self.committed[key]) for key in client.positions}
        else:
            yield from self._return(client)

    def _ask(self, kind: str) -> list[Any]:
        if kind == "poll":
            return ["poll"]
        key = self.rng.choice(self.keys)
        self._next_value[key] += 1
        self._sent += 1
        return ["send", key, self._next_value[key]]

    def _append(self, micro: list[Any], mine: list[Record], known: bool) -> list[Any]:
        record = Record(micro[2], OPEN if self.plan.transactions else COMMITTED)
        log = self.logs[micro[1]]
        log.append(record)
        mine.append(record)
        return ["send", micro[1], [len(log) - 1 if known else None, micro[2]]]

    def _settle(self, mine: list[Record], happened: bool) -> None:
        if not self.plan.transactions:
            return
        for record in mine:
            record.state = COMMITTED if happened else ABORTED
        for log in self.logs.values():
            if any(record in log[-64:] for record in mine):
                log.append(Record(None))

    def _read(self, client: _Client) -> dict[str, list[list[Any]]]:
        polled = {}
        for key in client.positions:
            position = client.positions[key]
            records: list[list[Any]] = []
            log = self.logs[key]
            most = self.rng.randint(0, 8)
            while position < len(log) and log[position].state != OPEN and len(records) < most:
                if log[position].state == COMMITTED and log[position].value is not None:
                    records.append([position, log[position].value])
                position += 1
            client.positions[key] = position
            if records:
                polled[key] = records
        return polled

    def _reader(self, client: _Client) -> Client:
        yield self._pause()
        self._emit(client, "invoke", "assign", self.keys, seek_to_beginning=True)
        yield self._pause()
        client.positions = dict.fromkeys(self.keys, 0)
        self._emit(client, "ok", "assign", self.keys, seek_to_beginning=True)
        while any(client.positions[key] < len(self.logs[key]) for key in self.keys):
            yield self._pause()
            self._emit(client, "invoke", "poll", [["poll"]])
            yield self._pause()
            polled = self._read(client)
            yield self._pause()
            self._emit(client, "ok", "poll", [["poll", polled]])


def generate_events(plan: Plan, rng: random.Random) -> list[Event]:
    """A correct history; the same plan and random state give the same one.

    Example::

        events = generate_events(Plan(records=200), random.Random(7))
    """
    return Simulation(plan, rng).run()
