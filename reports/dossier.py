"""The folder that a run leaves: made once, `latest` points at it, its files replaced whole or not at all."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from reports.junit import junit
from reports.layout import JUNIT, LATEST, REPORT, RUN
from reports.run import Run

__all__ = ["JUNIT", "LATEST", "REPORT", "RUN", "DossierError", "create", "files", "load", "replace", "save"]


class DossierError(Exception):
    """A folder is no dossier, or its run.json cannot be read."""


def create(out: Path) -> Path:
    """Make the folder of a new run and point `latest` at it; its name is the run id.

    Args:
        out: where dossiers are kept, such as `reports/out`.

    Example::

        dossier = create(Path("reports/out"))
        run = Run(run_id=dossier.name, seed=81, profile="quick", planned=ids)
        save(dossier, run)
    """
    out.mkdir(parents=True, exist_ok=True)
    while True:
        folder = out / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        try:
            folder.mkdir()
            break
        except FileExistsError:
            continue
    link = out / f".{LATEST}-{folder.name}"
    link.symlink_to(folder.name)
    link.replace(out / LATEST)
    return folder


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
