"""The three witnesses of Selection Input's order, read from a dossier: answers, topic, journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

WRITES, TOPIC, JOURNAL = "kafka/writes.jsonl", "kafka/topic.jsonl", "kafka/journal.jsonl"


class Missing(Exception):
    """A witness is missing, incomplete or cannot be read, so nothing can be said; `file` is which."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file} {why}")
        self.file = file


@dataclass(frozen=True)
class Write:
    """One write as its operator saw it; `ok` was acknowledged, `info` may or may not have happened."""

    id: str
    outcome: str
    start_ns: int
    end_ns: int
    offset: int | None


@dataclass(frozen=True)
class Applied:
    """One line of the worker's journal."""

    offset: int
    id: str
    line: int


@dataclass(frozen=True)
class Evidence:
    """All three; `topic` maps each offset from the read's begin to below `end` to the id of the write there."""

    writes: tuple[Write, ...]
    topic: dict[int, str]
    end: int
    journal: tuple[Applied, ...]

    @cached_property
    def acked(self) -> list[Write]:
        """The acknowledged writes."""
        return [write for write in self.writes if write.outcome == "ok"]

    @cached_property
    def begin(self) -> int:
        """The first offset of this run; `end` when none of its writes is there."""
        ours = {write.id for write in self.writes}
        return next((offset for offset in sorted(self.topic) if self.topic[offset] in ours), self.end)

    @cached_property
    def journal_begin(self) -> int:
        """The index of the first journal line of this run."""
        return next((n for n, row in enumerate(self.journal) if row.offset >= self.begin), len(self.journal))

    @cached_property
    def offsets(self) -> dict[str, list[int]]:
        """Where each write stands in the topic."""
        found: dict[str, list[int]] = {}
        for offset, name in self.topic.items():
            if name:
                found.setdefault(name, []).append(offset)
        return found


def read_evidence(dossier: Path) -> Evidence:
    """Read the three files.

    Raises:
        Missing: one is not there, a line is wrong, the topic was not read whole or has several partitions, or lines
            of the journal were left out.
    """
    topic, end = _topic(dossier)
    return Evidence(tuple(_writes(dossier)), topic, end, tuple(_journal(dossier)))


def _writes(dossier: Path) -> Iterator[Write]:
    for number, row in _rows(dossier, WRITES):
        try:
            offset = row.get("offset")
            if row["outcome"] not in {"ok", "fail", "info"}:
                raise ValueError(f"outcome {row['outcome']!r}")
            write = Write(
                str(row["id"]), row["outcome"], int(row["start_ns"]), int(row["end_ns"]),
                int(offset) if offset is not None else None,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise Missing(f"{WRITES}:{number}", f"is not a write: {error!r}") from error
        yield write


def _topic(dossier: Path) -> tuple[dict[int, str], int]:
    found: dict[int, str] = {}
    ends: dict[str, int] | None = None
    begin = 0
    for number, row in _rows(dossier, TOPIC):
        if ends is not None:
            raise Missing(TOPIC, f"goes on after its end, at line {number}")
        if "end" in row:
            ends, begin = row["end"], int(row.get("begin", {}).get("0", 0))
            continue
        try:
            offset, value = int(row["offset"]), row["value"]
            if offset in found and row["partition"] == 0:
                raise Missing(TOPIC, f"holds offset {offset} twice: the read cannot be trusted")
            found[offset] = _id(value)
        except (KeyError, TypeError, ValueError) as error:
            raise Missing(f"{TOPIC}:{number}", f"is not a record: {error!r}") from error
    if ends is None:
        raise Missing(TOPIC, "lacks its last line with the high watermark, so it may not be the whole topic")
    if set(ends) != {"0"}:
        raise Missing(TOPIC, f"has partitions {', '.join(sorted(ends))}; a total order is promised for one only")
    end = int(ends["0"])
    first = min(found, default=end)
    holes = [offset for offset in range(first, end) if offset not in found]
    if holes or first != begin or max(found, default=-1) >= end:
        where = (
            f"lacks offset {holes[0]}" if holes else f"begins at offset {first} and ends at {max(found, default=-1)}"
        )
        raise Missing(TOPIC, f"is not whole: it {where}, and was to be read from {begin} to {end}")
    return found, end


def _id(value: Any) -> str:
    """The id inside a record's value; empty when it has none."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return ""
    return str(value.get("id") or "") if isinstance(value, dict) else ""


def _journal(dossier: Path) -> Iterator[Applied]:
    last: int | None = None
    for number, row in _rows(dossier, JOURNAL):
        try:
            seq, applied = int(row["seq"]), Applied(int(row["offset"]), str(row["id"] or ""), number)
        except (KeyError, TypeError, ValueError) as error:
            raise Missing(f"{JOURNAL}:{number}", f"is not a journal line: {error!r}") from error
        if last is not None and seq != last + 1:
            raise Missing(f"{JOURNAL}:{number}", f"has seq {seq} after {last}: lines were left out")
        last = seq
        yield applied


def _rows(dossier: Path, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
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
