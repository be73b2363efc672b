"""The words of a Kafka history: operations, what they sent and polled, and the names of all that can be wrong.

An operation is an invocation joined with its completion. `ok` surely happened, `fail` surely did not, `info` is
unknown; an operation that was never answered is an `info` that ends after everything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Value = int | str
Event = Mapping[str, Any]
NewEvent = dict[str, Any]
"""An event that is still being put together."""

# Every class, in the order of a report: first what breaks promises, last what Kafka always permits.
CLASSES = (
    "lost-write", "inconsistent-offsets", "duplicate", "realtime-order", "phantom", "corrupt", "G1a",
    "precommitted-read", "nonmonotonic-send", "int-nonmonotonic-send", "poll-skip", "nonmonotonic-poll",
    "int-poll-skip", "int-nonmonotonic-poll", "unseen", "G1c", "G1c-process", "G1c-realtime",
    "G0", "G0-process", "G0-realtime", "int-send-skip",
)  # fmt: skip
TYPES = ("ok", "info", "fail", "invoke")
FUNCTIONS = ("txn", "send", "poll", "assign", "subscribe", "crash")
TOP = (1 << 63) - 1  # the highest offset or index


class BadHistory(Exception):
    """The history cannot be read as one: what is wrong, and where.

    Args:
        message: what was expected and what was found.
        where: `file:line`, when known.
        indexes: operations of the history that the message is about, so that a reader can find their lines.
    """

    def __init__(self, message: str, *, where: str = "", indexes: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.message, self.where, self.indexes = message, where, indexes

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


def checked_offset(offset: Any) -> int:
    """An offset as a history may hold it.

    Raises:
        BadHistory: it is no whole number from 0 to 2^63-1.
    """
    if type(offset) is not int or not 0 <= offset <= TOP:
        raise BadHistory(f"an offset is a whole number from 0 to 2^63-1; found {offset!r}")
    return offset


class Sent(NamedTuple):
    """One record that an operation sent; the offset is None where the client never learnt it."""

    key: str
    offset: int | None
    value: Value


class Polled(NamedTuple):
    """One record that a poll returned; `corrupt` when its payload did not match its checksum."""

    key: str
    offset: int
    value: Value
    corrupt: bool = False


@dataclass(eq=False)
class Operation:
    """An invocation and its completion; times are monotonic nanoseconds, `time` is infinite without a completion."""

    process: object
    type: str
    f: str
    index: int
    invoke_time: float
    time: float
    sends: list[Sent] = field(default_factory=list)
    polls: list[Polled] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    seek_to_beginning: bool = False
    rebalance: frozenset[str] = frozenset()

    def sends_by_key(self) -> dict[str, list[Sent]]:
        """What it sent to each key, in the order of sending."""
        return _by_key(self.sends)

    def polls_by_key(self) -> dict[str, list[Polled]]:
        """What it polled from each key, all its polls together, in the order of arrival."""
        return _by_key(self.polls)

    def keeps_position(self, key: str) -> bool:
        """Whether this assign or subscribe leaves the process where it was in `key`."""
        if self.f == "subscribe":
            return key in self.keys or topic_of(key) in self.keys
        return key in self.keys and not self.seek_to_beginning


def topic_of(key: str) -> str:
    """The topic of `topic/partition`."""
    return key.rpartition("/")[0]


def operations(events: Iterable[Event]) -> list[Operation]:
    """Join well-formed events into operations, in the order of completion; those never answered come last."""
    done: list[Operation] = []
    pending: dict[object, Event] = {}
    for event in events:
        if event["type"] == "invoke":
            pending[event["process"]] = event
        else:
            done.append(_operation(pending.pop(event["process"]), event))
    return done + [_operation(invoke, None) for invoke in pending.values()]


def _operation(invoke: Event, completion: Event | None) -> Operation:
    last = completion or invoke
    f = last["f"]
    value = last.get("value") if last.get("value") is not None else invoke.get("value")
    operation = Operation(
        process=last["process"], type=completion["type"] if completion else "info", f=f, index=last["index"],
        invoke_time=invoke["time"], time=completion["time"] if completion else float("inf"),
        seek_to_beginning=bool(last.get("seek_to_beginning") or invoke.get("seek_to_beginning")),
        rebalance=frozenset(last.get("rebalance") or ()),
    )  # fmt: skip
    if f in ("assign", "subscribe"):
        operation.keys = list(value or ())
    elif f in ("txn", "send", "poll"):
        for micro in value or ():
            if micro[0] == "send":
                offset, sent = micro[2][:2] if isinstance(micro[2], list | tuple) else (None, micro[2])
                operation.sends.append(Sent(micro[1], offset, sent))
            elif len(micro) > 1:
                for key, records in micro[1].items():
                    operation.polls += [Polled(key, r[0], r[1], len(r) > 3 and r[2] != r[3]) for r in records]
    return operation


def _by_key(records: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for record in records:
        found[record.key].append(record)
    return dict(found)
