"""Two tables that make the checker linear: from a value to its sender, and from an offset to its place.

Both are direct-address tables where numbers lie close together (a log's offsets and a producer's counters do, and then
a look-up costs one memory access) and sorted arrays elsewhere.
"""

from __future__ import annotations

import numpy as np

from reports.checkers.kafka.columns import Array, in_order, marked, nowhere

SLACK = 1024  # small tables are always worth it


class Senders:
    """value → position among the sends of a key.

    Args:
        values: codes of the values sent, each once.
    """

    def __init__(self, values: Array) -> None:
        self._count = len(values)
        self._table: Array | None = None
        if not self._count:
            return
        low, high = int(values.min()), int(values.max())
        if high - low < 4 * self._count + SLACK:
            self._low, self._high = low, high
            self._table = nowhere(high - low + 1)
            self._table[values - low] = np.arange(self._count)
        else:
            self._order = in_order(values).astype("i4")
            self._sorted = values[self._order]

    def repeated(self, values: Array) -> Array:
        """Positions of values that were sent again later."""
        return np.flatnonzero(self.of(values) != np.arange(len(values)))

    def of(self, values: Array) -> Array:
        """The position of each value's send; -1 where nobody sent it."""
        if not self._count:
            return nowhere(len(values))
        if self._table is not None:
            inside = (values >= self._low) & (values <= self._high)
            if inside.all():
                return self._table[values - self._low]
            found = nowhere(len(values))
            found[inside] = self._table[values[inside] - self._low]
            return found
        at = np.searchsorted(self._sorted, values, side="right") - 1
        return np.where((at >= 0) & (self._sorted[at] == values), self._order[at], np.int32(-1))


def places(*offsets: Array) -> tuple[Array, list[Array]]:
    """The known offsets in order, and for each array the place of its offsets in that order: gaps are squeezed out."""
    known = [part for part in offsets if len(part)]
    if not known:
        return np.empty(0, "i8"), [np.empty(0, "i4") for _ in offsets]
    low, high = min(int(part.min()) for part in known), max(int(part.max()) for part in known)
    span = high - low + 1
    if span <= 8 * sum(map(len, known)) + SLACK:
        present = marked(span, known[0] - low)
        for part in known[1:]:
            present[part - low] = True
        place = np.cumsum(present, dtype="i4") - np.int32(1)
        return np.flatnonzero(present) + low, [place[part - low] for part in offsets]
    order = np.unique(np.concatenate(known))
    return order, [np.searchsorted(order, part).astype("i4") for part in offsets]
