"""What a log of Selection Input comes to: its records folded, written apart from the services that fold it too.

The rules, as the API promises them: a merge goes into what is there, object by object; a put also removes the keys that
it does not name; a delete removes a path and the key of that name in the path above. Life counts from the record's own
stamp; what has run out is as good as absent, and goes when its path is written again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, NamedTuple

OPS = ("merge", "put", "delete")


class Held(NamedTuple):
    """The value of one key, and when it runs out (Unix milliseconds; None is never)."""

    value: Any
    expires_ms: int | None = None

    def is_gone(self, at_ms: int) -> bool:
        """Whether it has run out."""
        return self.expires_ms is not None and at_ms >= self.expires_ms


class Fold:
    """The state after the records taken so far, and all that each key has ever held.

    Args:
        before: what was held before the first record, by path and key.

    Example::

        fold = Fold({})
        fold.take({"v": 1, "op": "merge", "path": ["a", "b"], "value": {"k": 1}, "ttl_ms": None, "id": "x"}, 0)
        fold.held["a/b"]["k"].value  # 1
    """

    def __init__(self, before: dict[str, dict[str, Held]]) -> None:
        self.held = {path: dict(keys) for path, keys in before.items() if keys}
        self.ever: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for path, keys in self.held.items():
            for key, held in keys.items():
                self.ever[path, key].add(text_of(held.value))

    def take(self, record: Any, stamped_ms: int) -> None:
        """Take in the next record; one that makes no sense changes nothing."""
        if not _makes_sense(record):
            return
        path = "/".join(record["path"])
        if record["op"] == "delete":
            self.held.pop(path, None)
            above, _, key = path.rpartition("/")
            self._put(above, {k: v for k, v in self.held.get(above, {}).items() if k != key})
            return
        alive = {key: held for key, held in self.held.get(path, {}).items() if not held.is_gone(stamped_ms)}
        kept, ttl = dict(alive) if record["op"] == "merge" else {}, record.get("ttl_ms")
        for key, value in (record.get("value") or {}).items():
            old = kept.get(key)
            kept[key] = Held(into(old.value, value) if old else value, None if ttl is None else stamped_ms + ttl)
            self.ever[path, key].add(text_of(kept[key].value))
        self._put(path, kept)

    def _put(self, path: str, keys: dict[str, Held]) -> None:
        if keys:
            self.held[path] = keys
        else:
            self.held.pop(path, None)


def into(old: Any, new: Any) -> Any:
    """A value merged into another: objects key by key, all the way down; anything else takes its place."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: into(old[key], value) if key in old else value for key, value in new.items()}
    return new


def text_of(value: Any) -> str:
    """Equal values are equal texts."""
    return json.dumps(value, sort_keys=True)


def _makes_sense(record: Any) -> bool:
    if not isinstance(record, dict) or record.get("v") != 1 or record.get("op") not in OPS:
        return False
    path, value, ttl = record.get("path"), record.get("value"), record.get("ttl_ms")
    return (
        isinstance(path, list)
        and bool(path)
        and all(isinstance(part, str) and part and part.isprintable() for part in path)
        and isinstance(record.get("id"), str)
        and isinstance(value or {}, dict)
        and (ttl is None or (isinstance(ttl, int) and not isinstance(ttl, bool) and ttl > 0))
    )
