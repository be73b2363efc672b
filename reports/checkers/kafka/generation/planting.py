"""Plants one anomaly of a named class in a correct history: by changing what a reader saw, or by adding a short story.

What is planted may bring company (a record lost from all polls is also skipped by them), but the named class is always
among what it shows.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reports.checkers.kafka.generation.scenarios import STORIES, tell
from reports.checkers.kafka.operation import NewEvent as Event

Records = list[list[Any]]


class CannotPlant(Exception):
    """The history has no place for this anomaly; a longer one will."""


@dataclass
class Poll:
    """What one ok poll operation returned of one key; `records` is the history's own list."""

    process: object
    key: str
    records: Records


def plant_anomaly(events: list[Event], name: str, rng: random.Random) -> list[Event]:
    """A copy of a correct history with one anomaly of class `name`.

    Raises:
        CannotPlant: it is too short for that.

    Example::

        events = plant_anomaly(generate_events(Plan(), rng), "lost-write", rng)
    """
    changed = copy.deepcopy(events)
    if name in STORIES:
        return tell(changed, STORIES[name], rng)
    CHANGES[name](changed, rng)
    return changed


def _polls(events: list[Event]) -> list[Poll]:
    return [
        Poll(event["process"], key, records)
        for event in events
        if event["type"] == "ok" and event["f"] in ("poll", "txn")
        for micro in event["value"]
        if micro[0] == "poll"
        for key, records in micro[1].items()
    ]


def _final(events: list[Event]) -> list[Poll]:
    """The polls of the end phase, whose processes assigned from the beginning."""
    readers = {event["process"] for event in events if event.get("seek_to_beginning")}
    return [poll for poll in _polls(events) if poll.process in readers and poll.records]


def _acknowledged(events: list[Event]) -> list[list[Any]]:
    return [
        micro
        for event in events
        if event["type"] == "ok" and event["f"] in ("send", "txn")
        for micro in event["value"]
        if micro[0] == "send"
    ]


def _choose(rng: random.Random, choices: list[Any]) -> Any:
    if not choices:
        raise CannotPlant("the history is too short for this anomaly")
    return rng.choice(choices)


def _hide(events: list[Event], key: str, value: Any) -> None:
    for event in events:
        for micro in event["value"] or []:
            if micro[0] == "poll" and len(micro) > 1 and key in micro[1]:
                micro[1][key][:] = [record for record in micro[1][key] if record[1] != value]


def _lose(events: list[Event], rng: random.Random) -> None:
    """An acknowledged record that no poll returns, with a later one that some poll does return."""
    last = {poll.key: poll.records[-1][0] for poll in _final(events)}
    choices = [m for m in _acknowledged(events) if m[2][0] is not None and m[2][0] < last.get(m[1], -1)]
    _, key, (_, value) = _choose(rng, choices)
    _hide(events, key, value)


def _unsee(events: list[Event], rng: random.Random) -> None:
    """The end of a key, from an acknowledged record on, that nobody has polled yet."""
    last = {m[1]: m for m in _acknowledged(events)}
    key = _choose(rng, sorted(last))
    tail = False
    for _, value in [record for poll in _final(events) if poll.key == key for record in list(poll.records)]:
        tail = tail or value == last[key][2][1]
        if tail:
            _hide(events, key, value)


def _dispute(events: list[Event], rng: random.Random) -> None:
    """An acknowledgement names an offset at which polls see another value."""
    by_key: dict[str, list[Any]] = {}
    for micro in _acknowledged(events):
        if micro[2][0] is not None:
            by_key.setdefault(micro[1], []).append(micro)
    first, second = rng.sample(_choose(rng, [sends for sends in by_key.values() if len(sends) > 1]), 2)
    first[2][0] = second[2][0]


def _corrupt(events: list[Event], rng: random.Random) -> None:
    record = _choose(rng, [record for poll in _polls(events) for record in poll.records])
    record += [3632233996, 3632233997]


def _skip(events: list[Event], rng: random.Random) -> None:
    """A reader's second poll of a key leaves out its first record; the other reader has it."""
    _choose(rng, [poll for poll in _later(_final(events)) if len(poll.records) > 1]).records.pop(0)


def _step_back(events: list[Event], rng: random.Random) -> None:
    """A reader's second poll of a key begins with the record that ended the first."""
    polls = _final(events)
    second = _choose(rng, _later(polls))
    before = [p for p in polls[: polls.index(second)] if (p.process, p.key) == (second.process, second.key)]
    second.records.insert(0, list(before[-1].records[-1]))


def _later(polls: list[Poll]) -> list[Poll]:
    seen: set[tuple[object, str]] = set()
    later = []
    for poll in polls:
        if (poll.process, poll.key) in seen:
            later.append(poll)
        seen.add((poll.process, poll.key))
    return later


def _skip_inside(events: list[Event], rng: random.Random) -> None:
    records = _choose(rng, [poll.records for poll in _final(events) if len(poll.records) > 2])
    records.pop(rng.randrange(1, len(records) - 1))


def _step_back_inside(events: list[Event], rng: random.Random) -> None:
    records = _choose(rng, [poll.records for poll in _final(events) if len(poll.records) > 1])
    at = rng.randrange(len(records) - 1)
    records[at], records[at + 1] = records[at + 1], records[at]


CHANGES: dict[str, Callable[[list[Event], random.Random], None]] = {
    "lost-write": _lose,
    "unseen": _unsee,
    "inconsistent-offsets": _dispute,
    "corrupt": _corrupt,
    "poll-skip": _skip,
    "nonmonotonic-poll": _step_back,
    "int-poll-skip": _skip_inside,
    "int-nonmonotonic-poll": _step_back_inside,
}
