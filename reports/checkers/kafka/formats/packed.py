"""Records written as columns in a line of JSON, as recorded clients write them: what a client can afford per record.

The value of a `send` or `poll` is then `{"topic", "partition", "value", "offset"}` instead of a list of
micro-operations. `value` and `offset` are lists, or strings: `i` or `q`, and then signed little-endian numbers of four
or eight bytes as base64. Null is the offset of a send that the client never learnt, and an invoked send has no offsets.
`partition` is one number for all records, or a string: `B`, and then a byte for each as base64.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import numpy as np

from reports.checkers.kafka.columns import UNKNOWN, Array
from reports.checkers.kafka.operation import BadHistory, checked_offset

TYPES = {"B": "u1", "i": "<i4", "q": "<i8"}
Records = list[tuple[str, list[int], list[Any]]]  # by key: offsets and values


def unpack(columns: dict[str, Any], f: str) -> Records:
    """The records of a line, by key and within a key in their order.

    Raises:
        BadHistory: a column is missing, cannot be decoded, or is of another length than the others.

    Example::

        unpack({"topic": "orders", "partition": 0, "value": [7], "offset": "iAAAAAA=="}, "send")
        # [("orders/0", [0], [7])]
    """
    topic, partition = columns.get("topic"), columns.get("partition")
    if type(topic) is not str or not topic:
        raise BadHistory(f"records in columns have a topic; found {topic!r}")
    values = _numbers(columns.get("value"), "value")
    offsets: list[int]
    if f == "send":
        told = _numbers(columns["offset"], "offset") if "offset" in columns else [None] * len(values)
        offsets = [UNKNOWN if offset is None else checked_offset(offset) for offset in told]
    else:
        offsets = [checked_offset(offset) for offset in _numbers(columns.get("offset"), "offset")]
    if len(offsets) != len(values):
        raise BadHistory(f"{len(offsets)} offsets for {len(values)} values")
    if type(partition) is int and partition >= 0:
        return [(f"{topic}/{partition}", offsets, values)]
    if type(partition) is not str:
        raise BadHistory(f"partition is a whole number, or one for each record; found {partition!r:.60}")
    partitions = _unpacked(partition, "partition", "B")
    if len(partitions) != len(values):
        raise BadHistory(f"{len(partitions)} partitions for {len(values)} values")
    return [
        (f"{topic}/{p}", [offsets[row] for row in rows], [values[row] for row in rows])
        for p, rows in ((p, np.flatnonzero(partitions == p).tolist()) for p in np.unique(partitions).tolist())
    ]


def _numbers(column: Any, name: str) -> list[Any]:
    if type(column) is list:
        return column
    if type(column) is not str:
        raise BadHistory(f"column {name} is a list, or packed numbers; found {column!r:.60}")
    return list(_unpacked(column, name, "iq").tolist())


def _unpacked(column: str, name: str, kinds: str) -> Array:
    if column[:1] not in TYPES or column[0] not in kinds:
        raise BadHistory(f"column {name} begins with {' or '.join(kinds)}; found {column!r:.60}")
    try:
        packed = b64decode(column[1:], validate=True)
        return np.frombuffer(packed, TYPES[column[0]])
    except ValueError:
        raise BadHistory(f"column {name} is not whole numbers as base64: {column!r:.60}") from None
