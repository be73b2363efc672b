"""Tells lost from late, with the brokers' own word: a full dump of the topic, or of its log segments, as JSON lines.

Rows are `{"partition", "offset", "value"}` (with `"topic"` where there are several), and a last row
`{"end": {"0": high_watermark}}` says how far each partition was read. A row's value names a record when it equals the
history's value, or when it is a JSON object whose `id` does.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from reports.checkers.kafka.check.coverage import SHOWN
from reports.checkers.kafka.check.partition import Partition
from reports.checkers.kafka.operation import BadHistory

ON_BROKER, ON_THE_WAY, UNDECIDED = "lost on the broker", "on the broker but not polled", "undecided"


@dataclass
class Dump:
    """What the brokers hold.

    Args:
        values: (topic or "", partition) → names of the records there.
        ends: (topic or "", partition) → first offset that was not read.
        counts: where unread records are → how many.
        records: the same, with at most 32 records each.
    """

    values: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    ends: dict[tuple[str, str], int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def missing_on_broker(self, p: Partition) -> list[int]:
        """Places every committed record of a key that no ok poll returned; the sends that are lost on the broker."""
        topic, _, partition = p.name.rpartition("/")
        at = next(
            ((t, partition) for t in (topic, "") if (t, partition) in self.ends or (t, partition) in self.values), None
        )
        lost = []
        for send in np.flatnonzero(p.committed & ~p.read_ok).tolist():
            name, offset = p.show(p.sent[send]), int(p.sent_offset[send])
            if at is None or at not in self.ends:
                where = ON_THE_WAY if at and name in self.values[at] else UNDECIDED
            elif name in self.values[at]:
                where = ON_THE_WAY
            else:  # an acknowledged offset beyond the end of a whole read is gone too: the log was cut
                where = ON_BROKER
                lost.append(send)
            self.counts[where] += 1
            if len(self.records[where]) < SHOWN:
                known = offset if offset >= 0 else None
                self.records[where].append({"key": p.name, "offset": known, "value": p.sent_value(send)})
        return lost

    def to_json(self) -> dict[str, Any]:
        """As kept in a verdict."""
        return {"counts": dict(self.counts), "records": dict(self.records)}


def read_dump(path: Path, topic: str | None = None) -> Dump:
    """Read a dump; `topic` names the topic of rows that do not say it.

    Raises:
        BadHistory: no such file, or a line is no row of a dump.
    """
    dump = Dump()
    try:
        file = path.open()
    except OSError as error:
        raise BadHistory(f"the dump cannot be read: {error.strerror}", where=str(path)) from None
    with file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                if "end" in row:
                    dump.ends |= {(row.get("topic", topic or ""), str(k)): int(end) for k, end in row["end"].items()}
                else:
                    dump.values[row.get("topic", topic or ""), str(row["partition"])] |= _names(row["value"])
            except (ValueError, KeyError, TypeError, AttributeError):
                raise BadHistory(
                    f"a row of a dump has partition, offset and value, or end; found {line[:60]!r}",
                    where=f"{path}:{number}",
                ) from None
    return dump


def _names(value: Any) -> set[str]:
    names = {str(value)}
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return names
    if isinstance(value, dict) and "id" in value:
        names.add(str(value["id"]))
    return names
