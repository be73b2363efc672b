"""Reads history files: JSON lines or columns, one file or one per process, whole or torn at the end.

A file may begin with a header, `{"run": "…", "config": {"acks": "all", …}}`: files of different runs are refused, and
the recorded configuration decides what is bad where the caller states nothing. Whoever writes all of a history at once
says `"events": n` there too, and a file that then holds more or fewer is refused.
"""

from __future__ import annotations

import gc
import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from reports.checkers.kafka.columns import Batch, Names, first_true, in_order, join
from reports.checkers.kafka.formats.events import Columns
from reports.checkers.kafka.formats.memory import Room
from reports.checkers.kafka.guarantees import Guarantees
from reports.checkers.kafka.operation import BadHistory

LINES, BYTES = 20_000, 1 << 22  # made into columns, and read, at a time
COLUMN_SUFFIXES = (".parquet", ".arrow", ".feather")


@dataclass
class Reading:
    """Where a history comes from, and what was learnt on the way.

    Args:
        paths: files of one run.
        names: codes for its batches.
        numbered: each file counts its events from 0, or all of them do so together, as recorders write it; a number
            that is left out is then an event that was lost.

    Example::

        reading = Reading([Path("history-0.jsonl"), Path("history-1.jsonl")])
        for batch in reading.batches():
            checker.feed(batch)
    """

    paths: Sequence[Path]
    names: Names = field(default_factory=Names)
    numbered: bool = False
    run: str | None = None
    recorded: Guarantees = field(default_factory=Guarantees)
    notes: list[str] = field(default_factory=list)
    _merged: Batch | None = None
    _told: dict[Path, Any] = field(default_factory=dict)

    def batches(self) -> Iterator[Batch]:
        """The events of all files in history order; one file is read piece by piece, several are merged in memory.

        Raises:
            BadHistory: a file is missing, empty, of another run, or holds what is no event; with file and line.
        """
        self.names.files = [str(path) for path in self.paths]
        if len({path.resolve() for path in self.paths}) < len(self.paths):
            raise BadHistory("a file was given twice: " + ", ".join(sorted(map(str, self.paths))))
        for path in self.paths:
            if not path.is_file():
                raise BadHistory("no such file", where=str(path))
        room = Room(len(self.paths))
        if len(self.paths) == 1:
            empty = True
            due = 0
            for batch in self._of_file(0, room):
                empty = empty and not len(batch)
                self._refuse_holes(batch, due)
                due += len(batch)
                yield batch
            self._refuse_cut(self.paths[0], due)
            if empty:
                raise BadHistory("no operations in it", where=str(self.paths[0]))
            return
        parts = [join(list(self._of_file(i, room))) for i in range(len(self.paths))]
        for number, part in enumerate(parts):
            self._refuse_cut(self.paths[number], len(part))
        self._merged = self._merge(parts)
        yield self._merged

    def locate(self, index: int) -> str:
        """`file:line` of the event with this index; empty when it cannot be found."""
        if self._merged is not None:
            row = int(np.searchsorted(self._merged.index, index))
            return f"{self.names.files[self._merged.file[row]]}:{self._merged.line[row]}"
        path = self.paths[0]
        if path.suffix not in COLUMN_SUFFIXES:
            with path.open("rb") as file:
                for line, event in _events(file, path, []):
                    if isinstance(event, dict) and event.get("index") == index:
                        return f"{path}:{line}"
        return ""

    def _of_file(self, number: int, room: Room) -> Iterator[Batch]:
        path = self.paths[number]
        if path.suffix in COLUMN_SUFFIXES:
            from reports.checkers.kafka.formats.tables import read_table

            for batch in read_table(path, self.names, number, self._header):
                yield room.take(batch, share=1, where=str(path))
            return
        sizes = [each.stat().st_size for each in self.paths]
        with path.open("rb") as file:
            for batch in self._of_lines(file, number):
                share = (sum(sizes[:number]) + file.tell()) / max(1, sum(sizes))
                yield room.take(batch, share, where=str(path))

    def _of_lines(self, file: IO[bytes], number: int) -> Iterator[Batch]:
        path = self.paths[number]
        collected = Columns(self.names, number)
        for line, event in _events(file, path, self.notes):
            if isinstance(event, dict) and "run" in event and "f" not in event:
                if line != 1:
                    raise BadHistory("a header belongs on the first line; are these two files?", where=f"{path}:{line}")
                self._header(event, path)
                continue
            try:
                collected.add(event, line)
            except BadHistory as error:
                raise BadHistory(error.message, where=f"{path}:{line}") from None
            if len(collected) >= LINES:
                yield collected.take()
        yield collected.take()

    def _header(self, header: dict[str, Any], path: Path) -> None:
        run = str(header["run"])
        if self.run is not None and run != self.run:
            raise BadHistory(f"it belongs to run {run}, the files before it to run {self.run}", where=f"{path}:1")
        self.run = run
        if "events" in header:
            self._told[path] = header["events"]
        try:
            self.recorded = self.recorded.over(Guarantees.parse(header.get("config") or {}))
        except (BadHistory, AttributeError) as error:
            raise BadHistory(f"the header's config cannot be read: {error}", where=f"{path}:1") from None

    def _merge(self, parts: list[Batch]) -> Batch:
        for part in parts:
            self._refuse_disorder(part)
        whole = join(parts)
        if not len(whole):
            raise BadHistory("no operations in any of " + ", ".join(self.names.files))
        self.notes += [f"{self.names.files[i]}: no operations in it" for i, part in enumerate(parts) if not len(part)]
        by_index = in_order(whole.index)
        distinct = (np.diff(whole.index[by_index]) > 0).all()
        if distinct and (np.diff(whole.time[by_index]) >= 0).all():
            together = whole.select(by_index)
            self._refuse_holes(together, 0)
            return together
        for part in parts:
            self._refuse_holes(part, 0)
        merged = whole.select(in_order(whole.time))
        merged.index = np.arange(len(merged))
        self.notes.append("files merged by time; indexes count the lines of the merged history from 0")
        return merged

    def _refuse_holes(self, events: Batch, due: int) -> None:
        """Each event has the number that is due; one that stands twice or turned back is told of in its own words."""
        if not self.numbered:
            return
        if (row := first_true(np.diff(events.index, prepend=due - 1) > 1)) is not None:
            missing = events.index[row - 1] + 1 if row else due
            raise BadHistory(
                f"index {missing} is not there, the next is {events.index[row]}: events were lost",
                where=f"{self.names.files[events.file[row]]}:{events.line[row]}",
            )

    def _refuse_cut(self, path: Path, events: int) -> None:
        """A header that says how many events follow was written by somebody who knew."""
        told = self._told.get(path)
        if told is not None and told != events:
            raise BadHistory(f"{events} events, and its header says {told}: it is not whole", where=str(path))

    def _refuse_disorder(self, part: Batch) -> None:
        for values, what in ((part.index, "index"), (part.time, "time")):
            step = np.diff(values)
            if (row := first_true(step <= 0 if what == "index" else step < 0)) is not None:
                before, now = values[row : row + 2]
                wrong = f"index {now} is a duplicate" if now == before else f"{what} goes back from {before} to {now}"
                raise BadHistory(wrong, where=f"{self.names.files[part.file[row]]}:{part.line[row + 1]}")


def _events(file: IO[bytes], path: Path, notes: list[str]) -> Iterator[tuple[int, Any]]:
    """Line numbers and decoded lines; a torn last line is dropped with a note."""
    plain = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
    number, lines = 1, _lines(path, plain)
    while lines:
        after = _lines(path, plain)
        yield from _decoded(path, number, lines, not after, notes)
        number, lines = number + len(lines), after


def _lines(path: Path, file: gzip.GzipFile | IO[bytes]) -> list[bytes]:
    try:
        return file.readlines(BYTES)
    except (OSError, EOFError) as error:
        raise BadHistory(f"cannot be read: {error}", where=str(path)) from None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keeps the garbage collector from walking over each new list again and again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _decoded(path: Path, number: int, lines: list[bytes], last: bool, notes: list[str]) -> Iterator[tuple[int, Any]]:
    try:
        with _no_collection():  # and one call for many lines: together four times as fast as line by line
            events = json.loads(b"[" + b",".join(lines) + b"]")
        if len(events) == len(lines):
            yield from enumerate(events, number)
            return
    except (ValueError, RecursionError):
        pass  # some line is not JSON: find it
    for at, line in enumerate(lines, number):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as error:
            at_end = last and at == number + len(lines) - 1
            if at_end and (not line.endswith(b"\n") or not line.strip(b"\0\r\n ")):
                notes.append(
                    f"{path}:{at}: torn last line ({len(line)} bytes) dropped; its operation counts as unknown"
                )
                return
            raise BadHistory(
                f"not JSON ({str(error).split(':')[0]}): {line[:60].decode(errors='replace').strip()!r}",
                where=f"{path}:{at}",
            ) from None
        yield at, event
