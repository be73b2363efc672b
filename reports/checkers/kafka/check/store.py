"""Where operations are kept while a history grows: one row per operation, and per key its sends and its polls.

A key can be judged alone, because no class but the cycles looks at two keys; so the working memory of the checker is
that of the largest key, and what is kept is 30 bytes per operation, 20 per send and 21 per polled record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reports.checkers.kafka.check.pairing import Operations
from reports.checkers.kafka.columns import CORRUPT, FAIL, REBALANCED, SEND, Array, Reset, in_order
from reports.checkers.kafka.operation import topic_of

OPERATION = {"index": "i8", "invoke_time": "i8", "time": "i8", "process": "i4", "type": "u1", "f": "u1"}
SENDS = {"op": "i4", "offset": "i8", "value": "i8"}
POLLS = SENDS | {"flags": "u1"}


class Table:
    """Columns that grow by chunks and are read whole."""

    def __init__(self, dtypes: dict[str, str]) -> None:
        self._chunks: dict[str, list[Array]] = {name: [np.empty(0, dtype)] for name, dtype in dtypes.items()}

    def append(self, **columns: Array) -> None:
        """Add rows."""
        for name, chunks in self._chunks.items():
            chunks.append(columns[name].astype(chunks[0].dtype, copy=False))

    def __getitem__(self, name: str) -> Array:
        chunks = self._chunks[name]
        if len(chunks) > 1:
            chunks[:] = [np.concatenate(chunks)]
        return chunks[0]

    def copy(self) -> Table:
        """A table that can grow without changing this one; the columns are shared."""
        twin = Table({})
        twin._chunks = {name: [self[name]] for name in self._chunks}
        return twin


@dataclass
class ResetAt:
    """An assign or subscribe that took effect, at its row in the order of completion."""

    row: int
    process: int
    reset: Reset

    def keeps(self, key: str) -> bool:
        """Whether the process stays where it was in `key`; the rule of `Operation.keeps_position`."""
        if self.reset.f == "subscribe":
            return key in self.reset.keys or topic_of(key) in self.reset.keys
        return key in self.reset.keys and not self.reset.seek_to_beginning


class Store:
    """All operations of a history so far."""

    def __init__(self) -> None:
        self.operations = Table(OPERATION)
        self.sends: dict[int, Table] = {}
        self.polls: dict[int, Table] = {}
        self.resets: list[ResetAt] = []
        self.count = 0

    def append(self, done: Operations) -> None:
        """Add joined operations, in the order of completion."""
        self.operations.append(**{name: getattr(done, name) for name in OPERATION})
        op = np.repeat(np.arange(self.count, self.count + len(done)), np.diff(done.first))
        sent = (done.flags & SEND).astype(bool)
        for tables, dtypes, chosen in ((self.sends, SENDS, sent), (self.polls, POLLS, ~sent)):
            records = np.flatnonzero(chosen)
            key = done.key[records]
            order = in_order(key)
            keys, starts = np.unique(key[order], return_index=True)
            parts = np.split(records[order], starts[1:])
            for number, code in enumerate(keys.tolist()):
                part = parts[number]
                table = tables.setdefault(code, Table(dtypes))
                flags = done.flags[part] & (CORRUPT | REBALANCED)
                table.append(op=op[part], offset=done.offset[part], value=done.value[part], flags=flags)
        for at, reset in done.resets.items():
            if done.type[at] != FAIL:
                self.resets.append(ResetAt(self.count + at, int(done.process[at]), reset))
        self.count += len(done)

    def with_unanswered(self, still_open: Operations) -> Store:
        """This store and the operations still open; this one stays as it was."""
        if not len(still_open):
            return self
        whole = Store()
        whole.operations = self.operations.copy()
        whole.sends = {key: table.copy() for key, table in self.sends.items()}
        whole.polls = {key: table.copy() for key, table in self.polls.items()}
        whole.resets, whole.count = list(self.resets), self.count
        whole.append(still_open)
        return whole

    def table(self, kind: str, key: int) -> Table:
        """The `sends` or `polls` of a key; empty where there are none."""
        tables, dtypes = {"sends": (self.sends, SENDS), "polls": (self.polls, POLLS)}[kind]
        return tables.get(key) or Table(dtypes)
