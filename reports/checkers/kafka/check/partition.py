"""One key as columns: its sends, its polls, its order, and who wrote what; the classes are judged on top of it.

Why NumPy: each class is a few passes over arrays already grouped by key and in history order. A window function of
DuckDB sorts the key again for each class, and its hash joins cost more than a direct-address table (see `bench`, which
measures both in one run).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from reports.checkers.kafka.check.lookup import Senders, places
from reports.checkers.kafka.check.store import Store, Table
from reports.checkers.kafka.columns import INFO, OK, UNKNOWN, Array, Names, marked, nowhere
from reports.checkers.kafka.operation import BadHistory, Value


class Rows:
    """The operations of the whole history as plain arrays, and which infos are proven.

    Args:
        store: where they are kept.
        names: behind their codes.
        atomic: an operation happens whole or not at all; without transactions each send stands for itself.
    """

    def __init__(self, store: Store, names: Names, atomic: bool) -> None:
        self.names, self.atomic = names, atomic
        table: Table = store.operations
        self.index, self.time, self.invoke_time = table["index"], table["time"], table["invoke_time"]
        self.process, self.type, self.f = table["process"], table["type"], table["f"]
        self.resets = store.resets
        self.committed = self.type == OK
        for key in store.sends:
            self._prove(store.table("sends", key), store.table("polls", key))

    @cached_property
    def _processes(self) -> list[object]:
        return list(self.names.processes)

    def process_name(self, op: int) -> object:
        """The process of an operation, as its client named it."""
        return self._processes[self.process[op]]

    @cached_property
    def _last_reset(self) -> Array:
        """Rows of (code, process, whether it subscribed), ascending, and before all of them one of nobody."""
        resets = [(int(code(at.process, at.row)), at.process, at.reset.f == "subscribe") for at in self.resets]
        return np.array(sorted([(-1, -1, False), *resets])).T

    def subscribed(self, op: Array) -> Array:
        """For each operation whether its process had subscribed, rather than assigned, when it ended."""
        first, process, by_subscribe = self._last_reset
        latest = np.searchsorted(first, code(self.process[op], op)) - 1
        return (process[latest] == self.process[op]) & by_subscribe[latest].astype("?")

    def _prove(self, sends: Table, polls: Table) -> None:
        """An info is committed when an ok poll returned one of its sends; or, if not atomic, a broker placed one."""
        doubtful = self.type[sends["op"]] == INFO
        if doubtful.any():
            ok = self.type[polls["op"]] == OK
            read = Senders(sends["value"][doubtful]).of(polls["value"][ok])
            self.committed[sends["op"][doubtful][read[read >= 0]]] = True
            if not self.atomic:
                self.committed[sends["op"][doubtful & (sends["offset"] != UNKNOWN)]] = True


class Partition:
    """One key.

    Args:
        name: the key.
        store: where its records are.
        rows: the operations of the history.

    Raises:
        BadHistory: a value was sent twice.
    """

    def __init__(self, name: str, code: int, store: Store, rows: Rows) -> None:
        self.name, self.rows = name, rows
        sends, polls = store.table("sends", code), store.table("polls", code)
        self.send_op, self.sent_offset, self.sent = sends["op"], sends["offset"], sends["value"]
        self.poll_op, self.poll_offset, self.polled = polls["op"], polls["offset"], polls["value"]
        self.flags = polls["flags"]
        self.senders = Senders(self.sent)
        if len(repeated := self.senders.repeated(self.sent)):
            again = int(repeated[0])
            other = int(self.senders.of(self.sent[[again]])[0])
            first, second = (int(rows.index[self.send_op[at]]) for at in (again, other))
            raise BadHistory(f"value sent twice to {name}: at index {first} and at index {second}; values are unique "
                             "per key", indexes=(first, second))  # fmt: skip
        self.send_type = rows.type[self.send_op]
        self.poll_ok = rows.type[self.poll_op] == OK
        self.committed = rows.committed[self.send_op]
        self.sender = self.senders.of(self.polled)  # of each polled record: position among the sends, or -1
        if not rows.atomic:
            self.committed &= (self.send_type == OK) | self.read_ok | (self.sent_offset != UNKNOWN)
        located = self.committed & (self.sent_offset != UNKNOWN)
        self.offsets, (self.poll_place, own) = places(self.poll_offset, self.sent_offset[located])
        self.located, self.located_place = np.flatnonzero(located), own

    def who(self, op: int) -> object:
        """The process of an operation."""
        return self.rows.process_name(op)

    def show(self, value: int) -> str:
        """A value as a person wrote it."""
        return str(self.rows.names.value_of(int(value)))

    def sent_value(self, send: int) -> Value:
        """The value of a send, as its client knew it."""
        return self.rows.names.value_of(int(self.sent[send]))

    def outcome(self, op: int) -> str:
        """ok, or why an info is known to be committed."""
        return "ok" if self.rows.type[op] == OK else "info, and another record of it was read"

    @cached_property
    def value_at(self) -> Array:
        """place → one of the values known there."""
        value = np.empty(len(self.offsets), "i8")
        value[self.poll_place] = self.polled
        value[self.located_place] = self.sent[self.located]
        return value

    @cached_property
    def disputed(self) -> Array:
        """Places known with two or more values, ascending."""
        polls = self.poll_place[self.value_at[self.poll_place] != self.polled]
        sends = self.located_place[self.value_at[self.located_place] != self.sent[self.located]]
        return np.unique(np.concatenate([polls, sends]))

    @cached_property
    def first_last(self) -> tuple[Array, Array]:
        """For each send the first and the last place of its value; -1 where it stands nowhere."""
        known = self.sender >= 0
        everywhere = known.all()
        sender = self.sender if everywhere else self.sender[known]
        place = self.poll_place if everywhere else self.poll_place[known]
        first = nowhere(len(self.sent))
        first[sender] = place
        first[self.located] = self.located_place
        last = first.copy()
        # both began as one occurrence of the value, and whatever occurrence differs from it is offered to both
        for who, where in ((sender, place), (self.located, self.located_place)):
            moved = first[who] != where
            if moved.any():
                np.minimum.at(first, who[moved], where[moved])
                np.maximum.at(last, who[moved], where[moved])
        return first, last

    @cached_property
    def strangers(self) -> tuple[Array, Array, Array]:
        """Values that nobody sent: distinct values, their first and last places."""
        at = np.flatnonzero(self.sender < 0)
        values, which = np.unique(self.polled[at], return_inverse=True)
        first, last = np.full(len(values), len(self.offsets), "i4"), nowhere(len(values))
        np.minimum.at(first, which, self.poll_place[at])
        np.maximum.at(last, which, self.poll_place[at])
        return values, first, last

    @cached_property
    def send_place(self) -> Array:
        """Where each committed send stands: by its own offset, else by the first place of its value; else -1."""
        place = np.where(self.committed, self.first_last[0], np.int32(-1))
        place[self.located] = self.located_place
        return place

    @cached_property
    def read_ok(self) -> Array:
        """For each send whether an ok poll returned it."""
        sender = self.sender[self.poll_ok]
        return marked(len(self.sent), sender[sender >= 0])

    @cached_property
    def resets(self) -> Array:
        """Codes (process, row), ascending, of the assigns and subscribes after which a process starts this key anew."""
        return np.sort(np.array([code(at.process, at.row) for at in self.rows.resets if not at.keeps(self.name)], "i8"))

    def generation(self, op: Array) -> Array:
        """A number that two operations of one process share if no reset of this key lies between them."""
        return np.searchsorted(self.resets, code(self.rows.process[op], op))


def code(process: Array | int, row: Array | int) -> Array:
    """Process and row as one number that sorts by process, then by row."""
    return (np.asarray(process, "i8") << 32) + row
