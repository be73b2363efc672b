"""Which events of the timeline a claim looked at: those that its queries gave, or all when it took them itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reports.timeline import Event, Timeline


@dataclass
class Looks:
    """The events that were given out; `everything` when the events were taken without a query."""

    events: dict[int, Event] = field(default_factory=dict)
    everything: bool = False
    queried: bool = False

    def may_see(self, differing: set[str]) -> bool:
        """Whether one of these events may have been looked at; without a query nothing is known of the reading."""
        clocks = any(json.loads(one)[1] == "run.started" for one in differing)
        return not self.queried or self.everything or clocks or bool(differing & self.keys)

    @cached_property
    def keys(self) -> set[str]:
        """What the events say."""
        return {key(event.t, event.kind, event.subject, event.uid, event.data) for event in self.events.values()}


def key(t: float, kind: str, subject: str, uid: str | None, data: Any) -> str:
    """What an event says, without its place in the file."""
    return json.dumps([float(t), kind, subject, uid, data or {}], sort_keys=True)


def said(line: dict[str, Any]) -> str:
    """The same of one line of a timeline file; nothing of one that is no event."""
    try:
        return key(line["t"], line["kind"], line["subject"], line.get("uid"), line["data"])
    except (KeyError, TypeError, ValueError):
        return json.dumps([0, ""])


@contextmanager
def watched() -> Iterator[Looks]:
    """Record the looks of whatever is judged in the block; one at a time in a process."""
    looks, plain_query, inside = Looks(), Timeline.query, [False]

    def query(self: Timeline, *kinds: str, **given: Any) -> list[Event]:
        inside[0] = looks.queried = True
        try:
            found = plain_query(self, *kinds, **given)
        finally:
            inside[0] = False
        looks.events.update((event.line, event) for event in found)
        return found

    def attribute(self: Timeline, name: str) -> Any:
        if name in ("events", "torn") and not inside[0]:
            looks.everything = True
        return object.__getattribute__(self, name)

    Timeline.query = query  # type: ignore[method-assign]
    Timeline.__getattribute__ = attribute  # type: ignore[method-assign,assignment]
    try:
        yield looks
    finally:
        Timeline.query = plain_query  # type: ignore[method-assign]
        del Timeline.__getattribute__
