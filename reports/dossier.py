"""The folder that a run leaves: made once, `latest` points at it, its files replaced whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from reports.junit import junit
from reports.layout import JUNIT, LATEST, REPORT, RUN, create
from reports.run import Run

__all__ = ["JUNIT", "LATEST", "REPORT", "RUN", "DossierError", "create", "files", "load", "replace", "save"]


class DossierError(Exception):
    """A folder is no dossier, or its run.json cannot be read."""


def save(dossier: Path, run: Run) -> None:
    """Write run.json and junit.xml; a run that dies afterwards leaves this state, and says that it is unfinished."""
    replace(dossier / RUN, run.model_dump_json(indent=2) + "\n")
    replace(dossier / JUNIT, junit(run))


def load(dossier: Path) -> Run:
    """Read run.json of a dossier; verdicts follow from its findings, whatever the file says of them.

    Raises:
        DossierError: there is no such folder or file, or its content is wrong.
    """
    path = dossier / RUN
    try:
        return Run.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        what = "holds no run.json" if dossier.is_dir() else "is not there"
        raise DossierError(f"expected a dossier at {dossier}, but it {what}") from error
    except (OSError, ValidationError) as error:
        raise DossierError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def files(dossier: Path) -> list[tuple[str, int]]:
    """Every file of a dossier, relative, with its size in bytes, in order of names; report and run.json left out."""
    own = {RUN, JUNIT, REPORT}
    found = sorted(path for path in dossier.rglob("*") if path.is_file())
    relative = [(path.relative_to(dossier).as_posix(), path.stat().st_size) for path in found]
    return [(name, size) for name, size in relative if name not in own]


def replace(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash at any moment, sees the old or the new one, never half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
