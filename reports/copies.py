"""What each pod that keeps a copy of Selection Input held before a load and at the log's end.

It stands in `kafka/copies-<role>-<load>.jsonl`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports import layout
from reports.selection_input import Missing, rows
from reports.states import Paths, paths_of


@dataclass(frozen=True)
class Copy:
    """One pod's copy, as it stood after the record at `offset`; `error` is why there is none."""

    pod: str
    uid: str
    offset: int
    at_ms: int
    paths: Paths
    error: str


@dataclass(frozen=True)
class Copies:
    """All of a role's, asked for once the log had ended at `log_end`; and those from `before` the load."""

    file: str
    before: tuple[Copy, ...]
    copies: tuple[Copy, ...]
    log_end: int


def read_copies(dossier: Path, load: str, role: str) -> Copies:
    """Read the copies that were taken after a load.

    Raises:
        Missing: the file is not there, not whole, a line is wrong, or a pod stands in it twice.
    """
    file = layout.copies(role, load)
    found: dict[str, dict[str, Copy]] = {"before": {}, "copy": {}}
    end: dict[str, int] | None = None
    for number, row in rows(dossier, file):
        try:
            if end is not None:
                raise ValueError("a line more than there should be")
            if row["what"] == "end":
                end = {key: int(row[key]) for key in ("before", "copies", "log_end")}
                continue
            copy = Copy(str(row["pod"]), str(row["uid"]), int(row["offset"]), int(row["at_ms"]), paths_of(row["paths"]),
                        str(row["error"]))  # fmt: skip
            if row["role"] != role or copy.uid in found[row["what"]]:
                raise ValueError(f"a copy of {row['role']}, or of a pod that was asked before")
            found[row["what"]][copy.uid] = copy
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Missing(f"{file}:{number}", f"is no line of copies: {error!r}") from error
    before, copies = (tuple(found[what].values()) for what in ("before", "copy"))
    if end is None or (end["before"], end["copies"]) != (len(before), len(copies)):
        raise Missing(file, "lacks lines, so not every copy is known")
    return Copies(file, before, copies, end["log_end"])
