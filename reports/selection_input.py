"""The three witnesses of Selection Input's order while one load wrote, read from a dossier: answers, topic, journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reports import layout
from reports.rows import BACK_NS


@dataclass(frozen=True)
class Files:
    """Where the witnesses of one load are, relative to the dossier."""

    load: str

    @property
    def writes(self) -> str:
        """What its operators were answered."""
        return layout.writes(self.load)

    @property
    def topic(self) -> str:
        """What an independent consumer read of the topic, from where it stood before the load to its end."""
        return layout.topic(self.load)

    @property
    def journal(self) -> str:
        """What the worker says it applied, from where it stood before the load."""
        return layout.applied(self.load)

    @property
    def history(self) -> str:
        """All three as one Kafka history."""
        return layout.history(self.load)


class Missing(Exception):
    """A witness is missing, incomplete or cannot be read, so nothing can be said; `file` is which."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file} {why}")
        self.file = file


class Truncated(Missing):
    """The topic ends before where it once stood: what was there is gone, and whole evidence says so."""


@dataclass(frozen=True)
class Write:
    """One write as its operator saw it; `ok` was acknowledged, `info` may or may not have happened."""

    id: str
    outcome: str
    start_ns: int
    end_ns: int
    offset: int | None
    path: str


@dataclass(frozen=True)
class Applied:
    """One line of the worker's journal."""

    offset: int
    id: str
    line: int


@dataclass(frozen=True)
class Log:
    """The topic alone, from `begin` to below `end`: the value at each offset, and when it was stamped."""

    file: str
    begin: int
    end: int
    values: dict[int, Any]
    stamped_ms: dict[int, int]


@dataclass(frozen=True)
class Evidence(Log):
    """All three witnesses; `topic` maps each offset to the id of the write there."""

    files: Files
    writes: tuple[Write, ...]
    topic: dict[int, str]
    journal: tuple[Applied, ...]

    @cached_property
    def acked(self) -> list[Write]:
        """The acknowledged writes."""
        return [write for write in self.writes if write.outcome == "ok"]

    @cached_property
    def offsets(self) -> dict[str, list[int]]:
        """Where each write stands in the topic."""
        found: dict[str, list[int]] = {}
        for offset, name in self.topic.items():
            if name:
                found.setdefault(name, []).append(offset)
        return found

    @cached_property
    def written(self) -> dict[str, list[int]]:
        """The same for the writes of this load only; a late record of an earlier one may stand beside them."""
        ours = {write.id for write in self.writes}
        return {name: offsets for name, offsets in self.offsets.items() if name in ours}


def read_log(dossier: Path, load: str) -> Log:
    """Read the topic of a load, for a judge to whom it does not matter who wrote what.

    Raises:
        Missing: it is not there, not whole, or a line is wrong.
    """
    return Log(**_topic(dossier, Files(load).topic))


def read_evidence(dossier: Path, load: str) -> Evidence:
    """Read the three files of a load.

    Raises:
        Missing: one is not there, a line is wrong, the topic was not read whole or has several partitions, or lines
            of the journal were left out.
    """
    files = Files(load)
    log = _topic(dossier, files.topic)
    writes, journal = tuple(_writes(dossier, files.writes)), tuple(_journal(dossier, files.journal))
    topic = {offset: write_id(value) for offset, value in log["values"].items()}
    return Evidence(**log, files=files, writes=writes, topic=topic, journal=journal)


def _writes(dossier: Path, file: str) -> Iterator[Write]:
    ended_ns, ids = 0, set[str]()
    for number, row in rows(dossier, file):
        try:
            offset = row.get("offset")
            if row["outcome"] not in {"ok", "fail", "info"}:
                raise ValueError(f"outcome {row['outcome']!r}")
            write = Write(
                str(row["id"]), row["outcome"], int(row["start_ns"]), int(row["end_ns"]),
                int(offset) if offset is not None else None, str(row.get("path") or ""),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise Missing(f"{file}:{number}", f"is not a write: {error!r}") from error
        if write.end_ns < write.start_ns or write.end_ns < ended_ns - BACK_NS:
            raise Missing(f"{file}:{number}", "ended before it began, or long before the write that stands before it")
        if write.id in ids:
            raise Missing(f"{file}:{number}", f"is write {write.id} a second time")
        ids.add(write.id)
        ended_ns = max(ended_ns, write.end_ns)
        yield write


def _topic(dossier: Path, file: str) -> dict[str, Any]:
    """The fields of a `Log`."""
    found: dict[int, Any] = {}
    stamped_ms: dict[int, int] = {}
    ends: dict[str, int] | None = None
    begin = 0
    for number, row in rows(dossier, file):
        if ends is not None:
            raise Missing(file, f"goes on after its end, at line {number}")
        if "end" in row:
            ends, begin = row["end"], int(row.get("begin", {}).get("0", 0))
            continue
        try:
            offset, value = int(row["offset"]), row["value"]
            if offset in found and row["partition"] == 0:
                raise Missing(file, f"holds offset {offset} twice: the read cannot be trusted")
            found[offset] = value
            stamped_ms[offset] = int(row.get("timestamp") or 0)
        except (KeyError, TypeError, ValueError) as error:
            raise Missing(f"{file}:{number}", f"is not a record: {error!r}") from error
    if ends is None:
        raise Missing(file, "lacks its last line with the high watermark, so it may not be the whole topic")
    if set(ends) != {"0"}:
        raise Missing(file, f"has partitions {', '.join(sorted(ends))}; a total order is promised for one only")
    end = int(ends["0"])
    if end < begin:
        raise Truncated(file, f"ends at offset {end}, and stood at {begin} before: records that were there are gone")
    first = min(found, default=end)
    holes = [offset for offset in range(first, end) if offset not in found]
    if holes or first != begin or max(found, default=-1) >= end:
        where = (
            f"lacks offset {holes[0]}" if holes else f"begins at offset {first} and ends at {max(found, default=-1)}"
        )
        raise Missing(file, f"is not whole: it {where}, and was to be read from {begin} to {end}")
    return {"file": file, "begin": begin, "end": end, "values": found, "stamped_ms": stamped_ms}


def write_id(value: Any) -> str:
    """The id inside a record's value; empty when it has none."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return ""
    return str(value.get("id") or "") if isinstance(value, dict) else ""


def _journal(dossier: Path, file: str) -> Iterator[Applied]:
    first: int | None = None
    last: int | None = None
    ended = False
    for number, row in rows(dossier, file):
        if ended:
            raise Missing(f"{file}:{number}", "goes on after its end")
        if "end" in row:
            ended, (begin, end) = True, (int(row["begin"]), int(row["end"]))
            whole = (begin, end - 1) if end > begin else (None, None)
            if (first, last) != whole:
                raise Missing(file, f"holds seq {first} to {last}, and was to be read from {begin} to below {end}")
            continue
        try:
            seq, applied = int(row["seq"]), Applied(int(row["offset"]), str(row["id"] or ""), number)
        except (KeyError, TypeError, ValueError) as error:
            raise Missing(f"{file}:{number}", f"is not a journal line: {error!r}") from error
        if last is not None and seq != last + 1:
            raise Missing(f"{file}:{number}", f"has seq {seq} after {last}: lines were left out")
        first, last = seq if first is None else first, seq
        yield applied
    if not ended:
        raise Missing(file, "lacks its last line with where it ended, so lines may have been cut off")


def rows(dossier: Path, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and object of each line; one that was cut off makes the file no evidence."""
    try:
        raw = (dossier / name).read_bytes()
    except OSError as error:
        raise Missing(name, f"cannot be read: {error.strerror}") from error
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("not an object")
        except ValueError as error:
            raise Missing(f"{name}:{number}", f"cannot be read: {error}") from error
        yield number, row
