"""Reading the timeline of a run: every event on one clock, in the order in which things happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from reports import layout
from reports.consistency import Contradiction, check
from reports.event import Event

FILE = layout.TIMELINE
__all__ = ["FILE", "Event", "Timeline", "TimelineError", "read"]


class TimelineError(Exception):
    """The timeline cannot be read; the message names file and line."""


@dataclass(frozen=True)
class Timeline:
    """All events in order of `t`; `torn` when the last line was cut off by a crash of its writer."""

    events: tuple[Event, ...]
    torn: bool
    start_ns: int
    unix_ns: int
    _found: dict[tuple[str, ...], list[Event]] = field(default_factory=dict, compare=False, repr=False)

    def query(
        self,
        *kinds: str,
        subject: str | None = None,
        role: str | None = None,
        fault_id: str | None = None,
        uid: str | None = None,
        since: float = float("-inf"),
        until: float = float("inf"),
    ) -> list[Event]:
        """The events that match everything given, in order of `t`.

        Args:
            kinds: exact kinds, or `pod.*` for a family; none means all.
            since: first `t` in seconds, inclusive.
            until: last `t` in seconds, inclusive.

        Example::

            timeline.query("pod.ready", "pod.not_ready", role="gateway", since=12.5)
        """
        return [
            event
            for event in (self._of_kinds(kinds) if kinds else self.events)
            if since <= event.t <= until
            and (subject is None or event.subject == subject)
            and (role is None or event.role == role)
            and (fault_id is None or event.fault_id == fault_id)
            and (uid is None or event.uid == uid)
        ]

    def _of_kinds(self, kinds: tuple[str, ...]) -> list[Event]:
        """The events of some kinds, looked for once: checkers ask for the same few again and again."""
        if kinds not in self._found:
            self._found[kinds] = [event for event in self.events if any(_is(event.kind, kind) for kind in kinds)]
        return self._found[kinds]

    def seconds(self, monotonic_ns: int) -> float:
        """A CLOCK_MONOTONIC time, such as one of a request row, as `t`."""
        return (monotonic_ns - self.start_ns) / 1e9

    def unix(self, t: float) -> float:
        """`t` as seconds since the epoch, for people."""
        return self.unix_ns / 1e9 + t

    @property
    def end(self) -> float:
        """`t` of the last event."""
        return self.events[-1].t

    def span_of_test(self, test: str | None) -> tuple[float, float]:
        """First and last `t` of a test; None means the whole run.

        Raises:
            TimelineError: that test never started, or its end, and with it what came before, was lost.
        """
        if test is None:
            return float("-inf"), float("inf")
        started = self.query("test.started", subject=test)
        if not started:
            raise TimelineError(f"{FILE}: no test.started for {test}")
        finished = self.query("test.finished", subject=test, since=started[-1].t)
        if not finished:
            raise TimelineError(f"{FILE}: no test.finished for {test}, so it may have been cut off")
        return started[-1].t, finished[0].t


def _is(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith(".*") else kind == wanted


def read(dossier: Path) -> Timeline:
    """Read `timeline.jsonl` of a dossier.

    A last line without its newline that is no JSON was torn by a crash: it is left out and `torn` says so.

    Raises:
        TimelineError: the file is missing or empty, a line is wrong or cannot be true beside another, or the first
            event is not `run.started`.
    """
    path = dossier / FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise TimelineError(f"{FILE} is missing: nothing was observed") from error
    found = _read_once(raw)
    if isinstance(found, str):
        raise TimelineError(found)
    return found


@lru_cache(maxsize=3)
def _read_once(raw: bytes) -> Timeline | str:
    """The timeline, or why it is none: each claim of a test reads the same file."""
    try:
        return _parsed(raw)
    except TimelineError as error:
        return str(error)


def _parsed(raw: bytes) -> Timeline:
    torn = False
    events: list[Event] = []
    seen: set[bytes] = set()
    for number, line, whole in _lines(raw):
        if line in seen:
            raise TimelineError(f"{FILE}:{number} stands there already: no two events are one")
        seen.add(line)
        try:
            events.append(_event(json.loads(line), number))
        except (ValueError, KeyError, TypeError) as error:
            if whole:
                raise TimelineError(f"{FILE}:{number} is not an event: {error}") from error
            torn = True
    if not events or events[0].kind != "run.started":
        raise TimelineError(f"{FILE}:1 is not run.started: the clock of this run is unknown")
    clocks = events[0].data
    try:
        start_ns, unix_ns = int(clocks["monotonic_ns"]), int(clocks["unix_ns"])
    except (KeyError, TypeError, ValueError) as error:
        raise TimelineError(f"{FILE}:1 run.started lacks its clocks: {error}") from error
    try:
        check(events)
    except Contradiction as error:
        raise TimelineError(f"{FILE}:{error}; it contradicts itself, so it is no evidence") from error
    return Timeline(tuple(sorted(events, key=lambda event: event.t)), torn, start_ns, unix_ns)


def _lines(raw: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Number, text and whether the line is whole (ends with a newline)."""
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line, number < len(lines)


def _event(raw: dict[str, Any], line: int) -> Event:
    data = raw["data"] or {}
    if not isinstance(data, dict):
        raise TypeError(f"data is a {type(data).__name__}, not an object")
    return Event(
        t=float(raw["t"]), err=abs(float(raw.get("err", 0.0))), source=str(raw["source"]), kind=str(raw["kind"]),
        subject=str(raw["subject"]), uid=raw.get("uid"), data=data, line=line,
    )  # fmt: skip
