"""Short stories that show one anomaly each, added to a history just before its end phase.

A line of a story is `process kind f micro-operation…`. `+x=a@2` is a send of value `a` to key `x` that lands two places
after the end of the log; `?x=a@2` polls it. A line `p invoke …` opens an operation and `p ok …` closes it, so two
operations overlap where their lines do.
"""

from __future__ import annotations

import random
from typing import Any

from reports.checkers.kafka.operation import NewEvent as Event

STORIES: dict[str, str] = {
    "G1a": "p invoke send +x=a@0; p fail send +x=a@0; seen x=a@0",
    "phantom": "seen x=a@0",
    "duplicate": "p invoke send +x=a@0; p ok send +x=a@0; seen x=a@0 x=a@1",
    "precommitted-read": "p invoke txn +x=a@0 ?; p ok txn +x=a@0 ?x=a@0; seen x=a@0",
    "realtime-order": "p invoke send +x=a@1; p ok send +x=a@1; q invoke send +x=b@0; q ok send +x=b@0; "
    "seen x=b@0 x=a@1",
    "nonmonotonic-send": "p invoke send +x=a@1; p ok send +x=a@1; p invoke send +x=b@0; p ok send +x=b@0; "
    "seen x=b@0 x=a@1",
    "int-nonmonotonic-send": "p invoke send +x=a@1 +x=b@0; p ok send +x=a@1 +x=b@0; seen x=b@0 x=a@1",
    "int-send-skip": "p invoke send +x=a@0 +x=c@2; q invoke send +x=b@1; q ok send +x=b@1; p ok send +x=a@0 +x=c@2; "
    "seen x=a@0 x=b@1 x=c@2",
    "G0": "p invoke txn +x=a@0 +y=b@1; q invoke txn +x=c@1 +y=d@0; p ok txn +x=a@0 +y=b@1; q ok txn +x=c@1 +y=d@0; "
    "seen x=a@0 x=c@1 y=d@0 y=b@1",
    "G0-process": "q invoke txn +x=a@0 +y=d@1; p invoke send +x=b@1; p ok send +x=b@1; p invoke send +y=c@0; "
    "p ok send +y=c@0; q ok txn +x=a@0 +y=d@1; seen x=a@0 x=b@1 y=c@0 y=d@1",
    "G0-realtime": "q invoke txn +x=a@0 +y=d@1; p invoke send +x=b@1; p ok send +x=b@1; r invoke send +y=c@0; "
    "r ok send +y=c@0; q ok txn +x=a@0 +y=d@1; seen x=a@0 x=b@1 y=c@0 y=d@1",
    "G1c": "p invoke txn +x=a@0 ?; q invoke txn +y=b@0 ?; p ok txn +x=a@0 ?y=b@0; q ok txn +y=b@0 ?x=a@0; "
    "seen x=a@0 y=b@0",
    "G1c-process": "p invoke poll ?; p ok poll ?x=a@0; p invoke send +x=a@0; p ok send +x=a@0; seen x=a@0",
    "G1c-realtime": "p invoke poll ?; p ok poll ?x=a@0; q invoke send +x=a@0; q ok send +x=a@0; seen x=a@0",
}


def tell(events: list[Event], story: str, rng: random.Random) -> list[Event]:
    """The history with a story before its end phase, whose records the end phase reads too."""
    start = next((i for i, event in enumerate(events) if event.get("seek_to_beginning")), len(events))
    before, after = events[:start], events[start:]
    keys = sorted({key for event in events for key in _touched(event)}) or ["t/0"]
    x = rng.choice(keys)
    y = rng.choice([key for key in keys if key != x] or [x + "0"])
    ends = {
        key: 1 + max((o for event in events for k, o, _ in _located(event) if k == key), default=-1) for key in (x, y)
    }
    names = {"x": x, "y": y}
    value_after = 1 + max((v for event in events for _, _, v in _located(event)), default=0)

    def record(text: str) -> tuple[str, int, int]:
        key, _, rest = text.partition("=")
        letter, _, place = rest.partition("@")
        return names[key], ends[names[key]] + int(place), value_after + 1000 + ord(letter)

    seen: list[tuple[str, int, int]] = []
    for line in story.split("; "):
        who, *words = line.split()
        if who == "seen":
            seen = [record(word) for word in words]
            continue
        kind, f, *micros = words
        value = [_micro(word, kind, record) for word in micros]
        event = {"index": 0, "time": _time(before) + rng.randrange(1, 1000), "process": f"planted-{who}"}
        before.append(event | {"type": kind, "f": f, "value": value})
    return _renumbered(before + _read_too(after, seen, keys))


def _micro(word: str, kind: str, record: Any) -> list[Any]:
    if word == "?":
        return ["poll"]
    key, offset, value = record(word[1:])
    if word[0] == "?":
        return ["poll", {key: [[offset, value]]}]
    return ["send", key, value if kind == "invoke" else [offset, value]]


def _read_too(after: list[Event], seen: list[tuple[str, int, int]], keys: list[str]) -> list[Event]:
    """Each reader of the end phase polls once more and gets what the story left in the logs."""
    readers = dict.fromkeys(event["process"] for event in after if event.get("seek_to_beginning"))
    time = _time(after)
    polled: dict[str, list[list[Any]]] = {}
    for key, offset, value in seen:
        polled.setdefault(key, []).append([offset, value])
    for reader in readers:
        answer = {key: [list(record) for record in records] for key, records in polled.items()}
        for kind, micro in (("invoke", ["poll"]), ("ok", ["poll", answer])):
            time += 1000
            after.append({"index": 0, "time": time, "process": reader, "type": kind, "f": "poll", "value": [micro]})
    return after


def _renumbered(events: list[Event]) -> list[Event]:
    """Indexes in turn, and times that never go back."""
    time = 0
    for index, event in enumerate(events):
        time = max(time, event["time"])
        event |= {"index": index, "time": time}
    return events


def _time(events: list[Event]) -> int:
    return int(events[-1]["time"]) if events else 0


def _touched(event: Event) -> set[str]:
    return {key for key, _, _ in _located(event)}


def _located(event: Event) -> list[tuple[str, int, int]]:
    """Every (key, offset, value) that an event names, with offset -1 where it names none."""
    found = []
    for micro in event["value"] or [] if event["f"] in ("send", "poll", "txn") else []:
        if micro[0] == "send":
            offset, value = micro[2] if isinstance(micro[2], list) else (None, micro[2])
            found.append((micro[1], -1 if offset is None else offset, value))
        elif len(micro) > 1:
            found += [(key, r[0], r[1]) for key, records in micro[1].items() for r in records]
    return found
