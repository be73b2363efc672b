"""What the stack said it holds, before a load wrote and once its log had ended, read from `kafka/states-<load>.jsonl`.

The lines: `before` and `whole` (each all paths with their keys at one offset), one `read` per path that the load wrote
(what a user gets who asks for it now), and a last one that says how many reads there are and where the log ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports import layout
from reports.fold import Held
from reports.selection_input import Missing, rows

FOUND, ABSENT = 200, 404
Paths = dict[str, dict[str, Held]]


@dataclass(frozen=True)
class Whole:
    """All paths with their keys, as they stood after the record at `offset`."""

    offset: int
    paths: Paths


@dataclass(frozen=True)
class Read:
    """What a user got who asked for a path; `value` means something for status 200 only."""

    path: str
    status: int
    offset: int
    at_ms: int
    value: Any


@dataclass(frozen=True)
class States:
    """All of it; when it was read, the log had ended at `log_end` and the worker had had its time to apply that."""

    file: str
    before: Whole
    whole: Whole
    reads: tuple[Read, ...]
    log_end: int
    at_ms: int


def read_states(dossier: Path, load: str) -> States:
    """Read the states of a load.

    Raises:
        Missing: the file is not there, not whole, or a line is wrong.
    """
    file = layout.states(load)
    wholes: dict[str, tuple[Whole, int]] = {}
    reads: list[Read] = []
    end: dict[str, Any] | None = None
    for number, row in rows(dossier, file):
        try:
            if end is not None or (row["what"] in wholes):
                raise ValueError("a line more than there should be")
            if row["what"] in ("before", "whole"):
                wholes[row["what"]] = Whole(int(row["offset"]), paths_of(row["paths"])), int(row["at_ms"])
            elif row["what"] == "read":
                reads.append(
                    Read(str(row["path"]), int(row["status"]), int(row["offset"]), int(row["at_ms"]), row["value"])
                )
            else:
                end = {key: int(row[key]) for key in ("reads", "log_end")}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Missing(f"{file}:{number}", f"is no line of states: {error!r}") from error
    if end is None or end["reads"] != len(reads) or len(wholes) != 2:
        raise Missing(file, "lacks lines, so what the stack holds is not known whole")
    whole, at_ms = wholes["whole"]
    return States(file, wholes["before"][0], whole, tuple(reads), end["log_end"], at_ms)


def paths_of(raw: dict[str, dict[str, dict[str, Any]]]) -> Paths:
    """A whole state from its JSON: by path and key, value and end of life."""
    return {path: {key: Held(kept["v"], kept.get("x")) for key, kept in keys.items()} for path, keys in raw.items()}
