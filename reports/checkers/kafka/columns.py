"""Columns, not objects: a batch of events as NumPy arrays, and the names behind its codes.

An event costs 34 bytes and a record 21; keys, processes and values that are not plain integers are kept once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from reports.checkers.kafka.operation import FUNCTIONS, TYPES, Value

Array = npt.NDArray[Any]

TYPE = {name: code for code, name in enumerate(TYPES)}
FUNCTION = {name: code for code, name in enumerate(FUNCTIONS)}
OK, INFO, FAIL, INVOKE = (TYPE[name] for name in ("ok", "info", "fail", "invoke"))

# flags of a record
SEND, CORRUPT, REBALANCED = 1, 2, 4
UNKNOWN = -1  # an offset that the client never learnt
PLAIN_BELOW = 1 << 62  # integers nearer to zero stand for themselves; all else is interned from here on


class Names:
    """The codes of keys, processes and values, shared by all batches of one history."""

    def __init__(self) -> None:
        self.keys: dict[str, int] = {}
        self.processes: dict[object, int] = {}
        self.files: list[str] = []
        self._interned: dict[Value, int] = {}
        self._values: list[Value] = []

    def key(self, key: str) -> int:
        """The code of a key."""
        return self.keys.setdefault(key, len(self.keys))

    def process(self, process: object) -> int:
        """The code of a process."""
        return self.processes.setdefault(process, len(self.processes))

    def value(self, value: Value) -> int:
        """The code of a value."""
        if type(value) is int and -PLAIN_BELOW < value < PLAIN_BELOW:
            return value
        code = self._interned.setdefault(value, PLAIN_BELOW + len(self._values))
        if code == PLAIN_BELOW + len(self._values):
            self._values.append(value)
        return code

    def value_of(self, code: int) -> Value:
        """The value behind a code."""
        return self._values[code - PLAIN_BELOW] if code >= PLAIN_BELOW else int(code)


@dataclass
class Reset:
    """An assign or subscribe: which keys (topics) the process asked for."""

    f: str
    keys: tuple[str, ...]
    seek_to_beginning: bool = False


EVENT_COLUMNS = {
    "index": "i8", "time": "i8", "process": "i4", "type": "u1", "f": "u1", "bare": "?", "file": "i2", "line": "i4",
}  # fmt: skip
RECORD_COLUMNS = {"flags": "u1", "key": "i4", "offset": "i8", "value": "i8"}


@dataclass
class Batch:
    """Events in history order, and their records in order behind them.

    The records of event `i` are `[first[i]:first[i + 1]]` of `flags`, `key`, `offset` and `value`.
    """

    index: Array
    time: Array
    process: Array
    type: Array
    f: Array
    bare: Array  # the event carried no value: a completion then stands for what was invoked
    file: Array
    line: Array
    first: Array
    flags: Array
    key: Array
    offset: Array
    value: Array
    resets: dict[int, Reset] = field(default_factory=dict)
    causes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Batch:
        """No events."""
        names = EVENT_COLUMNS | RECORD_COLUMNS
        columns: dict[str, Any] = {name: np.empty(0, dtype) for name, dtype in names.items()}
        return cls(**columns, first=np.zeros(1, "i8"))

    def __len__(self) -> int:
        return len(self.index)

    def select(self, rows: Array) -> Batch:
        """The events of these rows, in this order, with their records."""
        first, records = gather(self.first, rows)
        picked = {name: getattr(self, name)[rows] for name in EVENT_COLUMNS}
        picked |= {name: getattr(self, name)[records] for name in RECORD_COLUMNS}
        resets = {}
        if self.resets:
            resets = {at: self.resets[row] for at, row in enumerate(rows.tolist()) if row in self.resets}
        return Batch(**picked, first=first, resets=resets, causes=self.causes)


def in_order(values: Array) -> Array:
    """Positions of the values, ascending; equal ones stay in their turn.

    Numbers from 0 to 65535 take a radix sort, at a tenth of the cost; keys and processes are nearly always such.
    """
    small = len(values) and values.min() >= 0 and values.max() < 1 << 16
    return np.argsort(values.astype("u2") if small else values, kind="stable")


def first_true(holds: Array) -> int | None:
    """The first position at which it holds; None where it never does."""
    return int(holds.argmax()) if holds.any() else None


def nowhere(count: int) -> Array:
    """So many positions or places that are not known yet: -1."""
    return np.full(count, -1, "i4")


def marked(count: int, at: Array) -> Array:
    """A mask of so many places, true at these."""
    mask = np.zeros(count, "?")
    mask[at] = True
    return mask


def gather(first: Array, rows: Array) -> tuple[Array, Array]:
    """The new `first` of some rows, and the positions of their records."""
    lengths = first[rows + 1] - first[rows]
    after = np.concatenate(([0], np.cumsum(lengths)))
    return after, np.repeat(first[rows] - after[:-1], lengths) + np.arange(after[-1])


def join(batches: Sequence[Batch]) -> Batch:
    """Batches one after the other, as one."""
    if len(batches) == 1:
        return batches[0]
    whole = Batch.empty()
    for name in (*EVENT_COLUMNS, *RECORD_COLUMNS):
        setattr(whole, name, np.concatenate([getattr(whole, name), *(getattr(b, name) for b in batches)]))
    rows = records = 0
    firsts = [np.zeros(1, "i8")]
    for batch in batches:
        firsts.append(batch.first[1:] + records)
        whole.resets |= {row + rows: reset for row, reset in batch.resets.items()}
        for cause, count in batch.causes.items():
            whole.causes[cause] = whole.causes.get(cause, 0) + count
        rows, records = rows + len(batch), records + len(batch.key)
    whole.first = np.concatenate(firsts)
    return whole
