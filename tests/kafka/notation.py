"""Hand-made histories on a few lines: `0 ok send x=1@0 | 1 ok poll x=1@0`.

`process type f …`; without an `invoke` of its own an operation is invoked just before. `x=1@0` is value 1 of key x at
offset 0, `x=1` at an unknown offset, `x=1@0,2@1` two of them, `x=1@0!` one whose checksum differs. In a txn a send is
`+x=1@0` and a poll `?x=1@0&y=2@0` (`?` an empty one). `assign* x` seeks to the beginning, `~x` is a rebalance of x.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def history(text: str) -> list[Event]:
    """The events of a hand-made history; each takes place 10 ns after the one before."""
    events: list[Event] = []
    is_open: set[str] = set()
    for line in filter(None, (part.strip() for part in text.replace("\n", "|").split("|"))):
        process, kind, f, *words = line.split()
        more: dict[str, Any] = {"seek_to_beginning": True} if f.endswith("*") else {}
        f = f.removesuffix("*")
        moved = [_key(word[1:]) for word in words if word[0] == "~"]
        more |= {"rebalance": moved} if moved else {}
        value = _value(f, [word for word in words if word[0] != "~"])
        kinds = [kind] if kind == "invoke" or process in is_open else ["invoke", kind]
        for each in kinds:
            event = {"index": len(events), "time": 10 * len(events), "process": int(process), "type": each, "f": f}
            asked = [micro[:1] if micro[0] == "poll" else micro for micro in value] if f in "poll txn" else value
            events.append(event | {"value": asked if each == "invoke" else value} | more)
        (is_open.add if kind == "invoke" else is_open.discard)(process)
    return events


def write(path: Path, events: list[Any]) -> Path:
    """Events, or lines as they are, as a file of JSON lines."""
    path.write_text("".join((event if isinstance(event, str) else json.dumps(event)) + "\n" for event in events))
    return path


def _value(f: str, words: list[str]) -> list[Any]:
    if f in ("assign", "subscribe"):
        return [_key(word) if f == "assign" else word for word in words]
    if f == "send":
        return [_send(word) for word in words]
    if f == "poll":
        return [_poll("&".join(words))]
    return [_send(word[1:]) if word[0] == "+" else _poll(word[1:]) for word in words]


def _send(word: str) -> list[Any]:
    key, _, record = word.partition("=")
    value, _, offset = record.partition("@")
    return ["send", _key(key), [int(offset) if offset else None, int(value)]]


def _poll(word: str) -> list[Any]:
    polled = {}
    for part in filter(None, word.split("&")):
        key, _, records = part.partition("=")
        polled[_key(key)] = [_record(record) for record in records.split(",")]
    return ["poll", polled]


def _record(record: str) -> list[Any]:
    value, _, offset = record.removesuffix("!").partition("@")
    return [int(offset), int(value) if value.isdigit() else value, *([1, 2] if record.endswith("!") else [])]


def _key(name: str) -> str:
    return f"{name}/0"
