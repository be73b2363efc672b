"""Records written as columns in a line of JSON, as recorded clients write them: what a client can afford per record.

The value of a `send` or `poll` is then `{"topic", "partition", "value", "offset"}` instead of a list of
micro-operations. `value` and `offset` are lists, or signed little-endian numbers of eight bytes each, as base64; an
offset of -1 is one that the client never learnt; an invoked send has no offsets. `partition` is one number for all
records, or a byte for each, as base64.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Any

import numpy as np

from reports.checkers.kafka.columns import UNKNOWN, Array
from reports.checkers.kafka.operation import BadHistory

Records = list[tuple[str, list[int], list[Any]]]  # by key: offsets and values


def unpack(columns: dict[str, Any], f: str) -> Records:
    """The records of a line, by key and within a key in their order.

    Raises:
        BadHistory: a column is missing, cannot be decoded, or is of another length than the others.

    Example::

        unpack({"topic": "orders", "partition": 0, "value": [7], "offset": "AAAAAAAAAAA="}, "send")
        # [("orders/0", [0], [7])]
    """
    topic, partition = columns.get("topic"), columns.get("partition")
    if type(topic) is not str or not topic:
        raise BadHistory(f"records in columns have a topic; found {topic!r}")
    values = _numbers(columns.get("value"), "value")
    sends = f == "send"
    offsets = (
        [UNKNOWN] * len(values) if sends and "offset" not in columns else _numbers(columns.get("offset"), "offset")
    )
    if len(offsets) != len(values):
        raise BadHistory(f"{len(offsets)} offsets for {len(values)} values")
    lowest = UNKNOWN if sends else 0
    if not all(type(offset) is int and offset >= lowest for offset in offsets):
        raise BadHistory("an offset is a whole number from 0 to 2^63-1; only one that a send never learnt is -1")
    if type(partition) is int and partition >= 0:
        return [(f"{topic}/{partition}", offsets, values)]
    partitions = np.frombuffer(_bytes(partition, "partition"), "u1")
    if len(partitions) != len(values):
        raise BadHistory(f"{len(partitions)} partitions for {len(values)} values")
    return [
        (f"{topic}/{p}", [offsets[row] for row in rows], [values[row] for row in rows])
        for p, rows in ((p, np.flatnonzero(partitions == p).tolist()) for p in np.unique(partitions).tolist())
    ]


def _numbers(column: Any, name: str) -> list[Any]:
    if type(column) is list:
        return column
    packed = _bytes(column, name)
    if len(packed) % 8:
        raise BadHistory(f"column {name} is {len(packed)} bytes, which are not eight to a number")
    numbers: Array = np.frombuffer(packed, "<i8")
    return list(numbers.tolist())


def _bytes(column: Any, name: str) -> bytes:
    if type(column) is not str:
        raise BadHistory(f"column {name} is a list, or numbers as base64; found {column!r:.60}")
    try:
        return b64decode(column, validate=True)
    except (binascii.Error, ValueError):
        raise BadHistory(f"column {name} is not base64: {column!r:.60}") from None
