"""`crucible budgets`: each promised figure beside what runs measured, from their dossiers and from what was kept."""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

import click

from fixtures.stack.map import StackMap, load_stack_map
from reports import dossier as dossiers
from reports.checkers import availability
from reports.run import TestRecord
from reports.timeline import TimelineError
from reports.verdict import Verdict
from suites import estimates
from suites.measurements import Measured, Measurements
from suites.recovery.test_worker_node_kill import MOVED
from suites.recovery.under_load import OPERATIONS, QUICK_S

PAGE = Path("docs/reference/budgets.md")
"""What each run measured is kept beside it, as `budgets.json`."""
ENOUGH_RUNS = 10
SLACK = 2.0
RATES = {"served": "viewers_per_s", "writes": "writes_per_s", "reads": "reads_per_s", "keys": "keys_per_s"}
OF_OLD = {"gateway_pod": "gateway-pod-kill", "manager_pod": "manager-pod-kill",
          "kafka_broker": "kafka-broker-pod-kill", "worker_node": "worker-node-kill"}  # fmt: skip
"""Names in test ids of dossiers from before promises had ids."""


@dataclass
class Figure:
    """One figure as harm (seconds to recover, or the share lost), and the harm that each run measured.

    Args:
        promise_id: whose figure it is; empty for an estimate that figures are made of.
        what: `manager recovers`, or the requests whose share is meant.
        formula: where it comes from.
        allowed: the harm that the promise allows.
        least: the smallest harm that can be told from none: one request of a window; 0 for times.
        measured: one per run.
    """

    promise_id: str
    what: str
    formula: str
    allowed: float
    least: float = 0.0
    measured: list[float] = field(default_factory=list)

    def trouble(self) -> str:
        """Why the figure does not stand; empty when it does, or when there are too few runs to say that it is lax."""
        if not self.measured:
            return ""
        worst = max(self.measured)
        if worst > self.allowed:
            return "exceeded"
        lax = self.allowed > SLACK * max(worst, self.least)
        return f"more than {SLACK:g} times the worst" if lax and len(self.measured) >= ENOUGH_RUNS else ""

    @property
    def is_share(self) -> bool:
        """Whether the harm is a share and not a time."""
        return self.least > 0

    def row(self) -> str:
        """A row of the page."""
        said = self.trouble() or (f"n < {ENOUGH_RUNS}" if len(self.measured) < ENOUGH_RUNS else "stands")

        def text(harm: float) -> str:
            return f"{harm:.1%} lost".replace("%", " %") if self.is_share else f"{harm:.1f} s"

        worst = text(max(self.measured)) if self.measured else "—"
        median = text(statistics.median(self.measured)) if self.measured else "—"
        room = f"{self.allowed / max(self.measured):.1f} x" if self.measured and max(self.measured) > 0 else "—"
        names = [self.promise_id] if self.promise_id else []
        cells = [*names, self.what, f"`{self.formula}`", text(self.allowed), str(len(self.measured)), worst,
                 median, room, said]  # fmt: skip
        return f"| {' | '.join(cells)} |"


Figures = dict[tuple[str, str], Figure]
"""By promise id and name or role."""


def figures(stack: StackMap) -> Figures:
    """All figures of the stack map, with nothing measured yet; keyed by promise and name or role."""
    found = {}
    for promise_id, names in stack.budgets.items():
        for name, formula in names.items():
            if not name.endswith("_s"):
                one = 1 / (stack.facts[RATES[name]] * _window_s(stack, promise_id))
                allowed = 1 - stack.budget(promise_id, name)
                found[promise_id, name] = Figure(promise_id, name, formula, allowed, one)
        moved_s = stack.budget(promise_id, "moved_s") if "moved_s" in names else 0.0
        for role in stack.roles.values():
            if role.recovery_formula and (
                (moved_s and role.name in MOVED) or (not moved_s and role.name in promise_id)
            ):
                formula = f"{names['moved_s']} + {role.recovery_formula}" if moved_s else role.recovery_formula
                allowed = moved_s + role.recovery_s
                found[promise_id, role.name] = Figure(promise_id, f"{role.name} recovers", formula, allowed)
    return found


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
    flows = [claim.args for claim in record.claims if claim.checker == "availability.in_windows"]
    for name in stack.budgets.get(promise_id, {}) if flows else ():
        if (promise_id, name) not in found:
            continue
        seen = availability.in_windows(
            folder, load=flows[0]["load"], fault_id=flows[0]["fault_id"], at_least=0.0, min_requests=1,
            window_s=_window_s(stack, promise_id), names=OPERATIONS.get(name),
            deadline_s=QUICK_S if promise_id == "recovery.gateway-pod-kill" else 5.0,
        )  # fmt: skip
        if seen.data:
            found[promise_id, name].measured.append(1 - seen.data["windows"]["worst_availability"])


def _window_s(stack: StackMap, promise_id: str) -> float:
    return stack.facts["brief_window_s" if promise_id == "recovery.gateway-pod-kill" else "window_s"]


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
    for promise_id in stack.budgets:
        said, code = said_of(promise_id, [figure for figure in found.values() if figure.promise_id == promise_id])
        click.echo(said)
        codes.add(code)
    sys.exit(1 if 1 in codes else max(codes, default=3))
