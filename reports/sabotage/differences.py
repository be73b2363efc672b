"""What differs between a good file and its spoilt copy, in its own entries: events, rows, or values of a JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Entry = dict[str, Any]
TORN = {"torn": True}
"""What a line that is no entry any more says."""


@dataclass(frozen=True)
class Difference:
    """Entries that only one of both files holds; a changed entry is lost as it was and new as it is.

    Args:
        lost: entries of the good file that are not, or not so often, in the spoilt one.
        new: entries of the spoilt file that are not, or not so often, in the good one.
        doubles: all that is new stands there already, word by word, and nothing is lost.
    """

    lost: tuple[Entry, ...]
    new: tuple[Entry, ...]
    doubles: bool

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that differ."""
        return self.lost + self.new


def difference(file: str, before: bytes, after: bytes) -> Difference:
    """What differs, by the kind of file that its name tells."""
    of = {"jsonl": _lines, "csv": _rows, "json": _values}.get(file.rpartition(".")[2], _text)
    old, new = Counter(of(before)), Counter(of(after))
    return Difference(
        tuple(json.loads(one) for one in (old - new).elements()),
        tuple(json.loads(one) for one in (new - old).elements()),
        old.keys() == new.keys() and old <= new,
    )


def _say(entry: Any) -> str:
    return json.dumps(entry, sort_keys=True)


def _lines(raw: bytes) -> Iterator[str]:
    for line in raw.split(b"\n"):
        if line.strip():
            try:
                found = json.loads(line)
                yield _say(found if isinstance(found, dict) else TORN)
            except ValueError:
                yield _say(TORN)


def _rows(raw: bytes) -> Iterator[str]:
    header, *lines = raw.decode(errors="replace").split("\n")
    names = header.split(",")
    for line in lines:
        fields = line.split(",")
        if line:
            yield _say(dict(zip(names, fields, strict=True)) if len(fields) == len(names) else TORN)


def _values(raw: bytes) -> Iterator[str]:
    try:
        yield from (_say({"path": path, "value": value}) for path, value in _leaves(json.loads(raw), ()))
    except ValueError:
        yield _say(TORN)


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[list[str], Any]]:
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not parts:
        yield list(path), value
    for key, part in parts:
        yield from _leaves(part, (*path, str(key)))


def _text(raw: bytes) -> Iterator[str]:
    return (_say({"line": line}) for line in raw.decode(errors="replace").splitlines())
