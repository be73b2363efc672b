"""`crucible budgets`: each promised figure beside what runs measured, from their dossiers and from what was kept."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from fixtures.stack.map import StackMap, load_stack_map
from reports import dossier as dossiers
from reports.checkers import autoscaling, availability
from reports.run import Judged, TestRecord
from reports.timeline import TimelineError
from reports.verdict import Finding, Verdict
from suites import estimates
from suites.measurements import Measured, Measurements
from suites.promised import ENOUGH_RUNS, SLACK, Figure, Figures, figures, window_s_of
from suites.recovery.under_load import OPERATIONS, QUICK_S

PAGE = Path("docs/reference/budgets.md")
"""What each run measured is kept beside it, as `budgets.json`."""
SCALES: dict[str, tuple[Callable[..., Finding], str, str]] = {
    "autoscaling.scaled_up": (autoscaling.scaled_up, "up", "up_s"),
    "autoscaling.scaled_down": (autoscaling.scaled_down, "down", "back_s"),
}
"""By checker: how to ask it again, the figure, and where its finding has it."""
OF_OLD = {"gateway_pod": "gateway-pod-kill", "manager_pod": "manager-pod-kill",
          "kafka_broker": "kafka-broker-pod-kill", "worker_node": "worker-node-kill"}  # fmt: skip
"""Names in test ids of dossiers from before promises had ids."""


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
        if run.sabotage:
            left_out.append(f"{folder}: it ran under sabotage {run.sabotage}")
            continue
        found = _nothing_measured(stack)
        for record in run.tests:
            try:
                _add(found, folder, record, stack)
            except TimelineError as error:
                left_out.append(f"{folder}: {error}")
        seen = [
            Measured(promise_id=key[0], name=key[1], formula=figure.formula, harm=tuple(figure.measured))
            for key, figure in found.items()
            if figure.measured
        ]
        if seen:
            kept.runs[folder.resolve().name] = seen
    found = _nothing_measured(stack)
    for measured in (one for run_id in sorted(kept.runs) for one in kept.runs[run_id]):
        known = found.get((measured.promise_id, measured.name))
        if known and known.formula == measured.formula:
            known.measured.extend(measured.harm)
    return found, left_out


def _nothing_measured(stack: StackMap) -> Figures:
    found = figures(stack)
    for name, (formula, seconds) in estimates.allowed(stack).items():
        found["", name] = Figure("", name, formula, seconds)
    return found


def _add(found: Figures, folder: Path, record: TestRecord, stack: StackMap) -> None:
    promise_id = record.promise_id or next((f"recovery.{new}" for old, new in OF_OLD.items() if old in record.id), "")
    if promise_id in stack.budgets:
        for name, seconds in estimates.seen(folder, record, promise_id):
            if ("", name) in found:
                found["", name].measured.append(seconds)
    for entry in record.recovery:
        figure = found.get((promise_id, entry["role"]))
        if figure and entry["latest_s"] is not None:
            figure.measured.append(entry["latest_s"])
        elif figure and record.verdict is Verdict.FAIL:  # watched, and not back: worse than any figure
            figure.measured.append(float("inf"))
    for claim in record.claims:
        if claim.checker in SCALES and (promise_id, SCALES[claim.checker][1]) in found:
            found[promise_id, SCALES[claim.checker][1]].measured += _scaled(folder, claim)
    flows = [claim.args for claim in record.claims if claim.checker == "availability.in_windows"]
    for name in stack.budgets.get(promise_id, {}) if flows else ():
        if (promise_id, name) not in found:
            continue
        seen = availability.in_windows(
            folder, load=flows[0]["load"], fault_id=flows[0]["fault_id"], at_least=0.0, min_requests=1,
            window_s=window_s_of(stack, promise_id), names=OPERATIONS.get(name),
            deadline_s=QUICK_S if promise_id == "recovery.gateway-pod-kill" else 5.0,
        )  # fmt: skip
        if seen.data:
            found[promise_id, name].measured.append(1 - seen.data["windows"]["worst_availability"])


def _scaled(folder: Path, claim: Judged) -> list[float]:
    """Seconds until the autoscaler had done what a claim is about, beyond the time that it must wait."""
    check, _, key = SCALES[claim.checker]
    said = check(folder, **claim.args)
    if key in said.data:
        return [max(0.0, said.data[key][1] - claim.args.get("stabilisation_s", 0.0))]
    return [float("inf")] if said.verdict is Verdict.FAIL else []  # watched, and it did not: worse than any figure


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
    a figure whose formula changed begins anew.

    Exit code: 0 all stand, 1 a figure was exceeded or is more than twice the worst of ten runs, 3 there are too few
    runs to tell.
    """
    stack = load_stack_map()
    kept = Measurements.read(file.with_suffix(".json"))
    found, left_out = gather([folder for folder in dossier if not folder.is_symlink()], stack, kept)
    kept.write(file.with_suffix(".json"))
    file.write_text(page(found, stack))
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
