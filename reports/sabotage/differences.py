"""What differs between a good file and its spoilt copy, in its own entries: events, rows, or values of a JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
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
    if file.endswith(".json"):
        return _between(Counter(_values(before)), Counter(_values(after)), json.loads)
    old, new = (Counter(line for line in raw.split(b"\n") if line.strip()) for raw in (before, after))
    if file.endswith(".jsonl"):
        return _between(old, new, _line)
    if file.endswith(".csv"):
        names = before.partition(b"\n")[0].decode(errors="replace").split(",")
        return _between(old, new, lambda line: _row(names, line))
    return _between(old, new, lambda line: {"line": line.decode(errors="replace")})


def _between(old: Counter[Any], new: Counter[Any], entry: Callable[[Any], Entry]) -> Difference:
    lost, came = old - new, new - old
    return Difference(
        tuple(entry(one) for one in lost.elements()),
        tuple(entry(one) for one in came.elements()),
        old.keys() == new.keys() and not lost,
    )


def _line(line: bytes) -> Entry:
    try:
        found = json.loads(line)
    except ValueError:
        return TORN
    return found if isinstance(found, dict) else TORN


def _row(names: list[str], line: bytes) -> Entry:
    fields = line.decode(errors="replace").split(",")
    return dict(zip(names, fields, strict=True)) if len(fields) == len(names) else TORN


def _values(raw: bytes) -> Iterator[str]:
    try:
        found = json.loads(raw)
    except ValueError:
        yield json.dumps(TORN)
    else:
        yield from (json.dumps({"path": path, "value": value}) for path, value in _leaves(found, ()))


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[list[str], Any]]:
    parts = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
    if not parts:
        yield list(path), value
    for key, part in parts.items():
        yield from _leaves(part, (*path, str(key)))
