"""Figures that are no verdict: how late records were seen, how far polls lagged, how often records came again.

Times are kept as histograms whose buckets are 1.6 % wide, so that quantiles of any number of operations fit in a few
kilobytes and those of several keys add up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reports.checkers.kafka.check.partition import Partition, code
from reports.checkers.kafka.columns import OK, UNKNOWN, Array, nowhere

QUANTILES = (0.5, 0.95, 0.99)
MANTISSA = 46  # bits of a float64 dropped: 6 bits of mantissa stay, so a bucket spans a 64th of its value


class Durations:
    """A histogram of nanoseconds."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count, self.worst = 0, 0

    def add(self, nanoseconds: Array) -> None:
        """Count some durations; negative ones are zero."""
        if not len(nanoseconds):
            return
        durations = np.maximum(nanoseconds, 0)
        self.count += len(durations)
        self.worst = max(self.worst, int(durations.max()))
        bucket = durations.astype("f8").view("i8") >> MANTISSA
        low = int(bucket.min())
        for at, amount in enumerate(np.bincount(bucket - low).tolist()):
            if amount:
                self._buckets[at + low] += amount

    def to_json(self) -> dict[str, Any] | None:
        """Quantiles in seconds, each within 1.6 %; the worst is exact."""
        if not self.count:
            return None
        buckets = sorted(self._buckets)
        upto = np.cumsum([self._buckets[b] for b in buckets])
        shown: dict[str, Any] = {"count": self.count}
        for q in QUANTILES:
            bucket = buckets[int(np.searchsorted(upto, q * self.count))]
            low, high = np.array([bucket << MANTISSA, (bucket + 1) << MANTISSA]).view("f8")
            shown[f"p{round(q * 100)}_s"] = round(min(float(low + high) / 2, self.worst) / 1e9, 6)
        return shown | {"worst_s": self.worst / 1e9}


@dataclass
class Measures:
    """What is measured over all keys.

    Args:
        time_to_seen: from the answer to a send to the end of the first ok poll that returned it.
        realtime_lag: for each ok poll, how long the highest record it returned had already been superseded when the
            poll began: a lower bound, as in Jepsen.
        consumed: how often → how many records a subscribed process polled that often; above 1 is reprocessing.
    """

    time_to_seen: Durations = field(default_factory=Durations)
    realtime_lag: Durations = field(default_factory=Durations)
    consumed: Counter[int] = field(default_factory=Counter)

    def add(self, p: Partition, subscribers: Array) -> None:
        """Measure one key; `subscribers` are the codes of processes that ever subscribed."""
        self._seen(p)
        self._lag(p)
        if len(subscribers):
            self._consumed(p, subscribers)

    def to_json(self) -> dict[str, Any]:
        """As kept in a verdict."""
        times = {str(n): self.consumed[n] for n in sorted(self.consumed)}
        return {
            "time_to_seen": self.time_to_seen.to_json(),
            "realtime_lag": self.realtime_lag.to_json(),
            "consumed_times": times,
        }

    def _seen(self, p: Partition) -> None:
        read = np.flatnonzero(p.poll_ok & (p.sender >= 0))[::-1]
        first = nowhere(len(p.sent))
        first[p.sender[read]] = p.poll_op[read]  # last assignment wins: the earliest poll
        sent = np.flatnonzero((first >= 0) & (p.send_type == OK))
        self.time_to_seen.add(p.rows.time[first[sent]] - p.rows.time[p.send_op[sent]])

    def _lag(self, p: Partition) -> None:
        polls = np.flatnonzero(p.poll_ok)
        if not len(polls):
            return
        sends = np.flatnonzero((p.send_type == OK) & (p.sent_offset != UNKNOWN))
        op, place = p.poll_op[polls], p.poll_place[polls]
        superseded = np.minimum(
            _known_since(p.send_place[sends], p.rows.time[p.send_op[sends]], len(p.offsets)),
            _known_since(place, p.rows.time[op], len(p.offsets)),
        )
        start = np.flatnonzero(np.concatenate(([True], op[1:] != op[:-1])))
        highest = np.maximum.reduceat(place, start)
        begun = p.rows.invoke_time[op[start]]
        self.realtime_lag.add(begun - np.minimum(superseded[highest + 1], begun))

    def _consumed(self, p: Partition, subscribers: Array) -> None:
        process = p.rows.process[p.poll_op]
        mine = p.poll_ok & np.isin(process, subscribers)
        value = np.where(p.sender >= 0, p.sender, len(p.sent) + p.poll_place)  # what nobody sent goes by its place
        _, times = np.unique(code(process[mine], value[mine]), return_counts=True)
        for n, amount in enumerate(np.bincount(times).tolist()):
            if amount:
                self.consumed[n] += amount


def _known_since(place: Array, time: Array, places: int) -> Array:
    """For each place, and the one after the last, when it was first known that the log reaches it; never is 2^63-1."""
    since = np.full(places + 1, np.iinfo("i8").max)
    if len(place):
        highest = np.maximum.accumulate(place)
        since[: highest[-1] + 1] = np.repeat(time, np.diff(highest, prepend=-1))
    return since
