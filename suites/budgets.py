"""`crucible budgets`: each promised figure beside what runs measured, from their dossiers and from what was kept."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from fixtures.errors import UsageError
from fixtures.stack.map import StackMap, load_stack_map
from reports import dossier as dossiers
from reports.run import Run, TestRecord
from reports.timeline import TimelineError
from suites import estimates
from suites.measurements import Measured, Measurements
from suites.measuring import add, add_straddling, promise_of, was_judged
from suites.promised import ENOUGH_RUNS, SLACK, Figure, Figures, figures

STAMPED = re.compile(r"\d{8}-\d{6}-")
"""How the id of a run begins that was not told a folder of its own."""
PAGE = Path("docs/reference/budgets.md")
"""What each run measured is kept beside it, as `budgets.json`."""


def gather(folders: list[Path], stack: StackMap, kept: Measurements | None = None) -> tuple[Figures, list[str]]:
    """Figures and estimates (keyed by `""` and name) with what runs measured, and why a dossier was left out.

    Args:
        folders: dossiers of runs.
        stack: whose figures.
        kept: what earlier runs measured; what these dossiers measure is added to it.
    """
    kept, left_out = kept if kept is not None else Measurements(), list[str]()
    for folder in folders:
        try:
            run = dossiers.load(folder)
        except dossiers.DossierError as error:
            left_out.append(f"{folder}: {error}")
            continue
        seen, why, is_thinned = _measured(folder, run, stack)
        left_out += [f"{folder}: {one}" for one in why]
        name = _name_of(run)
        if is_thinned and name in kept.runs:
            continue  # an earlier look saw more
        kept.runs.pop(name, None)  # what an earlier look kept of it, this one may refuse
        if seen:
            kept.runs[name] = seen
    found = _nothing_measured(stack)
    for measured in (one for run_id in sorted(kept.runs) for one in kept.runs[run_id]):
        known = found.get((measured.promise_id, measured.name))
        if known and _is_of(known, measured):
            known.measured.extend(measured.harm)
    return found, left_out


def _name_of(run: Run) -> str:
    """What a run is kept under, wherever its dossier lies now; folders that others named are called alike."""
    return run.run_id if STAMPED.match(run.run_id) else f"{run.started:%Y%m%d-%H%M%S}-{run.run_id}"


def _is_of(figure: Figure, measured: Measured) -> bool:
    """Whether what was kept is of this figure as it is today, by its formula and by what that gave then."""
    if measured.formula != figure.formula:
        return False
    if not figure.promise_id:  # an estimate, by which no run was judged
        return True
    return measured.allowed is not None and figure.is_that(
        measured.allowed, window_s=measured.window_s, deadline_s=measured.deadline_s
    )


def _nothing_measured(stack: StackMap) -> Figures:
    found = figures(stack)
    for name, (formula, seconds) in estimates.allowed(stack).items():
        found["", name] = Figure("", name, formula, seconds)
    return found


def _measured(folder: Path, run: Run, stack: StackMap) -> tuple[list[Measured], list[str], bool]:
    """What a run measured of the figures of today, why the rest is left out, and whether evidence of it is gone."""
    if run.sabotage:
        return [], [f"it ran under sabotage {run.sabotage}"], False
    if run.interrupted or run.finished is None:  # an end that came from outside, at any moment: no measurement
        return [], [f"the run was interrupted: {run.interrupted or 'it never finished'}"], False
    found, left_out, is_thinned = _nothing_measured(stack), list[str](), False
    promises = {promise_id for promise_id, _ in found if promise_id}
    for record in run.tests:
        promise_id = promise_of(record)
        if promise_id in promises and not was_judged(record):
            if not add_straddling(found, folder, record):
                left_out.append(f"{promise_id} was {record.verdict}, which measures nothing")
        elif promise_id in promises:
            try:
                _estimate(found, folder, record, stack)
            except TimelineError as error:
                left_out.append(str(error))
            others, lost = add(found, folder, record)
            if others:
                left_out.append(f"{promise_id} was judged by another figure than today's: {', '.join(others)}")
            if lost:
                is_thinned = True
                left_out.append(f"{promise_id} was judged, and what it measured is gone: {', '.join(lost)}")
    return [
        Measured(promise_id=key[0], name=key[1], formula=figure.formula, allowed=figure.allowed if key[0] else None,
                 window_s=figure.window_s, deadline_s=figure.deadline_s, harm=tuple(figure.measured))
        for key, figure in found.items()
        if figure.measured
    ], left_out, is_thinned  # fmt: skip


def _estimate(found: Figures, folder: Path, record: TestRecord, stack: StackMap) -> None:
    if (promise_id := promise_of(record)) in stack.budgets:
        for name, seconds in estimates.seen(folder, record, promise_id):
            if ("", name) in found:
                found["", name].measured.append(seconds)


def page(found: Figures, stack: StackMap) -> str:
    """The page of budgets."""
    head = (
        "`crucible budgets reports/out/*` writes this page, and keeps what each run measured in `budgets.json`.\n"
        "Each figure is computed from its formula (`fixtures/stack/stack.yaml`) and shown as harm: seconds until "
        "recovered,\nor the share lost in the worst window.\n"
        f"At most {SLACK:g} times the worst of {ENOUGH_RUNS} runs, and never exceeded."
    )
    of_promises = [figure for figure in found.values() if figure.promise_id]
    of_formulas = [figure for figure in found.values() if not figure.promise_id]
    rows = ["# Budgets", "", head, "", *_table("promise | what | formula", of_promises), "", "## Estimates", ""]
    rows += ["What formulas take for given and no file configures, beside what the same runs measured; `n` counts pods",
             "or faults. An estimate is no promise: it may be exceeded in a run whose figures stand.", ""]  # fmt: skip
    rows += [*_table("what | formula", of_formulas), "", "## Facts", ""]
    rows += [f"* `{fact}` = {value:g}" for fact, value in sorted(stack.known_facts().items())]
    return "\n".join(rows) + "\n"


def _table(columns: str, figures: list[Figure]) -> list[str]:
    head = f"| {columns} | allowed | n | worst | median | headroom | says |"
    return [head, "|" + "---|" * (head.count("|") - 1), *(figure.row() for figure in figures)]


def said_of(promise_id: str, figures: list[Figure]) -> tuple[str, int]:
    """What the measurements say of one promise's figures, and the exit code of that."""
    if bad := [f"{figure.what} {trouble}" for figure in figures if (trouble := figure.trouble())]:
        return f"{promise_id}: {'; '.join(bad)}", 1
    fewest = min(len(figure.measured) for figure in figures)
    if fewest < ENOUGH_RUNS:
        return f"{promise_id}: cannot be told: {fewest} of {ENOUGH_RUNS} runs", 3
    return f"{promise_id}: stands", 0


@click.command(
    epilog="\b\nExamples:\n  crucible budgets reports/out/*\n  crucible budgets                of what is kept"
)
@click.argument("dossier", nargs=-1, type=click.Path(path_type=Path))
@click.option("--page", "file", type=click.Path(path_type=Path), default=PAGE, help="The page to write.")
def budgets(dossier: tuple[Path, ...], file: Path) -> None:
    """Compare each promised figure with what the runs in DOSSIER… and those kept measured; write the page of budgets.

    What each run measured is kept in `budgets.json` beside the page, so that ten runs may be spread over many machines;
    a figure that changed, or its formula, begins anew. What was not judged, and a run that was interrupted, measure
    nothing.

    Exit code: 0 all stand, 1 a figure was exceeded or is more than twice the worst of ten runs, 2 the page cannot be
    written, 3 there are too few runs to tell.
    """
    elsewhere = "cd to the checkout, or crucible budgets --page budgets.md"
    if not file.parent.is_dir():
        said = f"expected a folder {file.parent} for the page of budgets, but it is not there"
        raise UsageError(said, next_command=elsewhere)
    stack = load_stack_map()
    kept = Measurements.read(file.with_suffix(".json"))
    found, left_out = gather([folder for folder in dossier if not folder.is_symlink()], stack, kept)
    try:
        kept.write(file.with_suffix(".json"))
        file.write_text(page(found, stack))
    except OSError as error:
        raise UsageError(f"the page of budgets cannot be written: {error}", next_command=elsewhere) from error
    for why in left_out:
        click.echo(f"left out: {why}", err=True)
    for figure in found.values():
        click.echo(figure.row())
    codes = set()
    for promise_id in dict.fromkeys(figure.promise_id for figure in found.values() if figure.promise_id):
        said, code = said_of(promise_id, [figure for figure in found.values() if figure.promise_id == promise_id])
        click.echo(said)
        codes.add(code)
    sys.exit(1 if 1 in codes else max(codes, default=3))
