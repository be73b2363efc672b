"""From events (decoded JSON) to columns, refusing what is not an event of a Kafka history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reports.checkers.kafka.columns import (
    CORRUPT,
    EVENT_COLUMNS,
    FUNCTION,
    REBALANCED,
    RECORD_COLUMNS,
    SEND,
    TYPE,
    UNKNOWN,
    Batch,
    Names,
    Reset,
)
from reports.checkers.kafka.formats.packed import unpack
from reports.checkers.kafka.operation import FUNCTIONS, TOP, TYPES, BadHistory, checked_offset

SPAN = 1 << 62  # of times, so that a difference of two never overflows


class Columns:
    """Collects events; `take` gives those collected so far as a batch.

    Args:
        names: the codes of the history.
        file: number of the file they come from, in `names.files`.
    """

    def __init__(self, names: Names, file: int = 0) -> None:
        self.names, self._file = names, file
        self._clear()

    def _clear(self) -> None:
        self._events: tuple[list[Any], ...] = tuple([] for _ in EVENT_COLUMNS)
        self._first = [0]
        self._records: tuple[list[int], ...] = tuple([] for _ in RECORD_COLUMNS)
        self._resets: dict[int, Reset] = {}
        self._causes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._first) - 1

    def take(self) -> Batch:
        """What was collected since the last call."""
        columns = zip((EVENT_COLUMNS | RECORD_COLUMNS).items(), (*self._events, *self._records), strict=True)
        batch = Batch(
            **{name: np.array(rows, dtype) for (name, dtype), rows in columns}, first=np.array(self._first),
            resets=self._resets, causes=self._causes,
        )  # fmt: skip
        self._clear()
        return batch

    def add(self, event: Any, line: int = 0) -> None:
        """Add one event.

        Raises:
            BadHistory: a field is missing or is not what it should be; `where` is left to the caller, and nothing
                collected makes sense any more.
        """
        try:
            index, time, process, kind, f = (
                event["index"], event["time"], event["process"], event["type"], event["f"],
            )  # fmt: skip
        except (KeyError, TypeError):
            raise BadHistory(_missing(event)) from None
        if type(index) is not int or not 0 <= index <= TOP:
            raise BadHistory(f"index is a whole number from 0; found {index!r}")
        if type(time) is not int or not -SPAN < time < SPAN:
            raise BadHistory(f"time is a whole number of nanoseconds; found {time!r}")
        if type(process) is not int and type(process) is not str:
            raise BadHistory(f"process is a number or a string; found {process!r}")
        if kind not in TYPE:
            raise BadHistory(f"type is one of {', '.join(TYPES)}; found {kind!r}")
        if f not in FUNCTION:
            raise BadHistory(f"f is one of {', '.join(FUNCTIONS)}; found {f!r}")
        value = event.get("value")
        if value is None:
            if kind == "ok" and f in ("send", "txn", "poll", "assign", "subscribe"):
                raise BadHistory(f"an ok {f} has a value; found none")
        elif f in ("assign", "subscribe"):
            self._resets[len(self)] = Reset(f, _keys(value, f), bool(event.get("seek_to_beginning")))
        elif f != "crash":
            self._micro_operations(value, f, event.get("rebalance"))
        if kind == "info" and event.get("error") is not None:
            cause = str(event["error"])[:200]
            self._causes[cause] = self._causes.get(cause, 0) + 1
        for column, item in zip(
            self._events,
            (index, time, self.names.process(process), TYPE[kind], FUNCTION[f], value is None, self._file, line),
            strict=True,
        ):
            column.append(item)
        self._first.append(len(self._records[0]))

    def _micro_operations(self, value: Any, f: str, rebalance: Any) -> None:
        moved = _keys(rebalance, "rebalance") if rebalance is not None else ()
        if f != "txn" and type(value) is dict and "topic" in value:
            self._in_columns(value, f, moved)
            return
        if type(value) is not list:
            raise BadHistory(f"value is a list of micro-operations; found {_short(value)}")
        try:
            for micro in value:
                if micro[0] == "send" and len(micro) == 3:
                    self._send(micro[1], micro[2])
                elif micro[0] == "poll" and len(micro) <= 2:
                    if len(micro) == 2 and micro[1] is not None:
                        self._poll(micro[1], moved)
                else:
                    raise BadHistory(f'a micro-operation is ["send", key, value] or ["poll", …]; found {_short(micro)}')
        except (TypeError, IndexError, KeyError, AttributeError, ValueError):
            raise BadHistory(
                f'a micro-operation is ["send", key, value] or ["poll", …]; found {_short(value)}'
            ) from None

    def _in_columns(self, columns: dict[str, Any], f: str, moved: tuple[str, ...]) -> None:
        flags, keys, offsets, values = self._records
        for key, places, polled in unpack(columns, f):
            values.extend([_value(self.names, value) for value in polled])
            offsets.extend(places)
            keys.extend([self.names.key(key)] * len(places))
            flags.extend([SEND if f == "send" else REBALANCED if key in moved else 0] * len(places))

    def _send(self, key: Any, sent: Any) -> None:
        offset = None
        if type(sent) is list:
            if len(sent) < 2:
                raise BadHistory(f"what a send becomes is [offset, value]; found {_short(sent)}")
            offset, sent = sent[0], sent[1]
        flags, keys, offsets, values = self._records
        keys.append(self.names.key(_key(key)))
        offsets.append(UNKNOWN if offset is None else checked_offset(offset))
        values.append(_value(self.names, sent))
        flags.append(SEND)

    def _poll(self, polled: Mapping[str, Any], moved: tuple[str, ...]) -> None:
        flags, keys, offsets, values = self._records
        for key, records in polled.items():
            code = self.names.key(_key(key))
            flag = REBALANCED if key in moved else 0
            for record in records:
                offset, value = record[0], record[1]
                keys.append(code)
                if type(offset) is not int or not 0 <= offset <= TOP:
                    checked_offset(offset)
                offsets.append(offset)
                values.append(value if type(value) is int and 0 <= value < TOP >> 1 else _value(self.names, value))
                flags.append(flag | CORRUPT if len(record) > 3 and record[2] != record[3] else flag)


def _key(key: Any) -> str:
    if type(key) is not str or not key:
        raise BadHistory(f"a key is a string such as topic/0; found {key!r}")
    return key


def _value(names: Names, value: Any) -> int:
    if type(value) is not int and type(value) is not str:
        raise BadHistory(f"a value is a whole number or a string; found {_short(value)}")
    return names.value(value)


def _keys(value: Any, what: str) -> tuple[str, ...]:
    if type(value) is not list or not all(type(key) is str for key in value):
        raise BadHistory(f"{what} carries a list of keys; found {_short(value)}")
    return tuple(value)


def _missing(event: Any) -> str:
    if not isinstance(event, dict):
        return f"a line is a JSON object; found {_short(event)}"
    missing = [name for name in ("index", "time", "process", "type", "f") if name not in event]
    return f"missing {', '.join(missing)} in {_short(event)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
