"""`crucible recheck` and `crucible report`: what a dossier says, without a cluster."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from reports import dossier as dossiers
from reports.html import write_report
from reports.judging import judge_again
from reports.run import Run
from reports.verdict import EXIT_CODES

DOSSIER = click.argument("dossier", type=click.Path(path_type=Path), default=Path("reports/out/latest"))


class NoDossier(click.ClickException):
    """There is nothing to judge: the call was wrong, and no promise failed, so the exit code is not 1."""

    exit_code = 2


@click.command(
    epilog="""\b
Examples:
  crucible recheck                              the newest run
  crucible recheck reports/out/20261121-034500-ab12 --json
"""
)
@DOSSIER
@click.option("--json", "as_json", is_flag=True, help="Print the run as it is judged now, as JSON.")
@click.option("--write", is_flag=True, help="Replace run.json, junit.xml and report.html by the new verdicts.")
def recheck(dossier: Path, as_json: bool, write: bool) -> None:
    """Judge every claim of a run again, from its evidence files alone.

    Exit code: 0 pass, 1 a promise failed, 2 no dossier is there, 3 invalid or inconclusive.
    """
    old = _load(dossier)
    new = judge_again(dossier, old)
    if write:
        dossiers.save(dossier, new)
        write_report(dossier, new)
    click.echo(json.dumps(new.model_dump(mode="json"), indent=2) if as_json else _compare(old, new))
    sys.exit(EXIT_CODES[new.verdict])


@click.command()
@DOSSIER
def report(dossier: Path) -> None:
    """Write report.html of a run anew and print its path; verdicts are those of the run (see `recheck`)."""
    click.echo(write_report(dossier, _load(dossier)))


def _load(dossier: Path) -> Run:
    try:
        return dossiers.load(dossier)
    except dossiers.DossierError as error:
        raise NoDossier(f"{error}\n  next: {_next(dossier)}") from error


def _next(dossier: Path) -> str:
    """What to type when a folder is no dossier: list its neighbours, or make a run."""
    near = next((folder for folder in dossier.absolute().parents if folder.is_dir()), Path("/"))
    return f"ls {near}" if any(near.glob(f"*/{dossiers.RUN}")) else "crucible run"


def _compare(old: Run, new: Run) -> str:
    """Each claim with its verdict then and now, changes marked, and why when it is not PASS."""
    lines = []
    for before, after in zip(old.tests, new.tests, strict=True):
        lines.append(f"{_change(before.verdict, after.verdict)}  {after.promise or after.id}")
        for was, now in zip(before.claims, after.claims, strict=True):
            lines.append(f"    {_change(was.verdict, now.verdict)}  {now.checker}")
            if now.verdict != "PASS":
                lines.append(f"{'':34}{now.reason}")
        if after.error or after.skipped:
            lines.append(f"{'':34}{after.error or after.skipped}")
    lines += [f"{'':2}{gap}" for gap in new.gaps]
    return "\n".join([*lines, "", f"{_change(old.verdict, new.verdict)}  run {new.run_id}: {new.reason}"])


def _change(old: str, new: str) -> str:
    return f"{new:<28}" if old == new else f"{old + ' -> ' + new:<28}"
