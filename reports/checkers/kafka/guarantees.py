"""What is bad: a pure function of what the clients and brokers were configured to promise, as one table.

A class that was *seen* is *bad* unless a setting permits it. A setting that nobody stated permits nothing, so that
without stated guarantees the strictest reading holds that the recorded configuration allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from reports.checkers.kafka.operation import CLASSES, BadHistory


@dataclass(frozen=True)
class Guarantees:
    """The configuration that decides what Kafka promises; None where it is not known.

    Args:
        acks: the producers' `acks`: `all`, `1` or `0`.
        idempotence: the producers' `enable.idempotence`.
        isolation: the consumers' `isolation.level`.
        consumer: how consumers got their partitions: `assign` or `subscribe`; when None, what each process did last.
        unclean: the topic's `unclean.leader.election.enable`.
        min_isr: the topic's `min.insync.replicas`.
        transactions: whether operations ran as Kafka transactions; if not, each send of an operation with an unknown
            outcome stands for itself, and one whose offset is known did happen.
        reads: `to_end` when the end phase is known to have read each key to the end of its log, so that an
            acknowledged record which nobody polled is lost and not late.
    """

    acks: str | None = None
    idempotence: bool | None = None
    isolation: str | None = None
    consumer: str | None = None
    unclean: bool | None = None
    min_isr: int | None = None
    transactions: bool | None = None
    reads: str | None = None

    @classmethod
    def parse(cls, stated: str | Mapping[str, Any]) -> Guarantees:
        """Read `acks=all,idempotence=true,isolation=read_committed` or a mapping with the same words.

        Raises:
            BadHistory: an unknown word or value; the message lists the known ones.
        """
        if isinstance(stated, str):
            pairs = [part.strip().partition("=") for part in stated.split(",") if part.strip()]
            stated = {name.strip(): value.strip() for name, _, value in pairs}
        return cls(**{name: _value(name, value) for name, value in stated.items() if value is not None})

    def stated(self) -> dict[str, Any]:
        """Only what is known, as JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def over(self, recorded: Guarantees) -> Guarantees:
        """These where stated, the recorded ones elsewhere."""
        return Guarantees(**(recorded.stated() | self.stated()))


# What a setting permits, and why. The same table is in docs/explanation/kafka-anomalies.md.
WEAK_ACKS = "acks other than all: the leader answers before the record is safe"
UNCLEAN = "unclean leader election: a replica that misses records may lead"
LONE = "min.insync.replicas of 1: the only copy of a record may go with its broker"
RETRIES = "no idempotence: a retry may land twice or after its successor"
DIRTY = "isolation read_uncommitted: polls see open and aborted transactions"
PLAIN = "no transactions: sends are visible at once"
REBALANCED = "subscribe: a rebalance may move the position between two polls"
INTERLEAVED = "Kafka does not isolate the writes of transactions"
LATE = "nobody read to the end: the record may only be late"

_TRUNCATED = (WEAK_ACKS, UNCLEAN, LONE)
PERMITTED_BY: dict[str, tuple[str, ...]] = {
    "lost-write": _TRUNCATED,
    "inconsistent-offsets": _TRUNCATED,
    "realtime-order": _TRUNCATED,
    "unseen": (*_TRUNCATED, LATE),
    "duplicate": (RETRIES,),
    "nonmonotonic-send": (RETRIES, *_TRUNCATED),
    "int-nonmonotonic-send": (RETRIES,),
    "phantom": (),
    "corrupt": (),
    "G1a": (DIRTY,),
    "precommitted-read": (DIRTY, PLAIN),
    "poll-skip": (REBALANCED,),
    "nonmonotonic-poll": (REBALANCED, UNCLEAN),
    "int-poll-skip": (),
    "int-nonmonotonic-poll": (),
    "G1c": (DIRTY, PLAIN),
    "G1c-process": (DIRTY, PLAIN),
    "G1c-realtime": (DIRTY, PLAIN),
    "G0": (INTERLEAVED,),
    "G0-process": (INTERLEAVED,),
    "G0-realtime": (INTERLEAVED,),
    "int-send-skip": (INTERLEAVED,),
}


def permits(guarantees: Guarantees) -> set[str]:
    """The reasons that this configuration gives for permitting a class."""
    g = guarantees
    holds = {
        WEAK_ACKS: g.acks in ("0", "1"),
        UNCLEAN: g.unclean is True,
        LONE: g.min_isr is not None and g.min_isr < 2,
        RETRIES: g.idempotence is False,
        DIRTY: g.isolation == "read_uncommitted",
        PLAIN: g.transactions is False,
        REBALANCED: g.consumer == "subscribe",
        INTERLEAVED: True,
        LATE: g.reads != "to_end",
    }
    return {reason for reason, true in holds.items() if true}


EXCUSED_WHILE_SUBSCRIBED = ("poll-skip", "nonmonotonic-poll")


def unexcused(name: str, seen: Mapping[str, int], excused: Mapping[str, int], guarantees: Guarantees) -> int:
    """How many cases of a class the history itself does not permit.

    Args:
        name: the class.
        seen: class → how often.
        excused: class → how many of those the history itself permits (a subscribed process, writes only).
        guarantees: the configuration; `consumer="assign"` takes the excuse of a subscribed process away.
    """
    void = guarantees.consumer == "assign" and name in EXCUSED_WHILE_SUBSCRIBED
    return seen.get(name, 0) - (0 if void else excused.get(name, 0))


def bad(seen: Mapping[str, int], excused: Mapping[str, int], guarantees: Guarantees) -> list[str]:
    """The classes with unexcused cases that no setting permits, in the order of `CLASSES`."""
    reasons = permits(guarantees)
    return [
        name
        for name in CLASSES
        if unexcused(name, seen, excused, guarantees) > 0 and not reasons.intersection(PERMITTED_BY[name])
    ]


_VALUES: dict[str, tuple[str, ...]] = {
    "acks": ("all", "-1", "1", "0"),
    "isolation": ("read_committed", "read_uncommitted"),
    "consumer": ("assign", "subscribe"),
    "reads": ("to_end",),
}
_BOOLS = {"true": True, "false": False, "yes": True, "no": False}


def _value(name: str, value: Any) -> Any:
    known = [f.name for f in fields(Guarantees)]
    if name not in known:
        raise BadHistory(f"unknown guarantee {name!r}; known: {', '.join(known)}")
    text = str(value).lower()
    if name in _VALUES:
        if text not in _VALUES[name]:
            raise BadHistory(f"guarantee {name} is one of {', '.join(_VALUES[name])}; found {value!r}")
        return "all" if text == "-1" else text
    if name == "min_isr":
        if not text.isdigit() or int(text) < 1:
            raise BadHistory(f"guarantee min_isr is a whole number from 1; found {value!r}")
        return int(text)
    if text not in _BOOLS:
        raise BadHistory(f"guarantee {name} is true or false; found {value!r}")
    return _BOOLS[text]
