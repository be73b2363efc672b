"""`crucible sabotage`: plant defects on purpose, and see the promise that each breaks turn red."""

from __future__ import annotations

import importlib
import importlib.util
import secrets
import sys

import click

from fixtures.settings import ROOT
from suites.sabotage.places import FOLDER, RECORD

ELSEWHERE = {"evidence": "reports.sabotage.cli:evidence"}


class _Verbs(click.Group):
    """The verbs here, and those of other parts, which are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        there = [verb for verb, where in ELSEWHERE.items() if _exists(where.partition(":")[0])]
        return sorted([*super().list_commands(ctx), *there])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, attribute = ELSEWHERE.get(cmd_name, "").partition(":")
        if module and _exists(module):
            command: click.Command = getattr(importlib.import_module(module), attribute)
            return command
        return super().get_command(ctx, cmd_name)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@click.group(cls=_Verbs)
def sabotage() -> None:
    """Plant defects on purpose, and see the promise that each breaks turn red."""


@sabotage.command("list")
@click.option("--family", help="Only this family.")
def list_(family: str | None) -> None:
    """List the catalogue, with the newest outcome of each.

    \b
    Examples:
      crucible sabotage list
      crucible sabotage list --family autoscaler
    """
    from chaos.sabotages.catalogue import catalogue
    from chaos.sabotages.sabotage import Family
    from suites.sabotage.results import Results

    if family is not None and family not in list(Family):
        raise click.UsageError(f"no family is called {family!r}; there are {', '.join(Family)}")
    results = Results(FOLDER, RECORD)
    for entry in catalogue().values():
        if family in (None, entry.family.value):
            last = results.last(entry)
            said = f"{last.outcome} ({last.at:%Y-%m-%d %H:%M})" if last else "never ran"
            click.echo(f"{entry.id:<36} {entry.family:<12} {', '.join(entry.must_turn_red):<34} {said}")


@sabotage.command()
@click.argument("name", metavar="ID")
def show(name: str) -> None:
    """Show one sabotage: why, how it is planted, what must turn red, and how it went.

    \b
    Examples:
      crucible sabotage show hpa-frozen
    """
    import yaml

    from chaos.sabotages.catalogue import find
    from suites.sabotage.results import Results

    entry = find(name)
    plant = [step.model_dump(mode="json", exclude_unset=True, by_alias=True) for step in entry.plant]
    whole = {
        "id": entry.id, "family": entry.family.value, "why": entry.why, "plant": plant,
        "must_turn_red": list(entry.must_turn_red), "must_stay_green": list(entry.must_stay_green),
    }  # fmt: skip
    click.echo(yaml.safe_dump(whole, sort_keys=False, width=110, allow_unicode=True).rstrip())
    for result in Results(FOLDER, RECORD).of.get(name, []):
        stale = "" if result.is_of(entry) else " (an earlier version of this entry)"
        click.echo(f"{result.at:%Y-%m-%d %H:%M} seed {result.seed}: {result.outcome}: {result.reason}{stale}")
        click.echo(
            f"  planted in {result.seconds.plant:g} s, promises {result.seconds.promises:g} s, undone in "
            f"{result.seconds.undo:g} s; control: {result.control or 'not known'}; "
            f"{FOLDER.relative_to(ROOT) / result.dossier if result.dossier else 'elsewhere'}"
        )


@sabotage.command()
def record() -> None:
    """Write how each went the last time to docs/reference/sabotages.md, and as JSON beside it for other machines.

    A new machine knows these results: `list` shows them and `run --all --missing` goes on where they end.

    \b
    Examples:
      crucible sabotage record
    """
    from chaos.sabotages.catalogue import catalogue
    from suites.sabotage.record import write_record
    from suites.sabotage.results import Results, summary

    entries = list(catalogue().values())
    told = summary(write_record(entries, Results(FOLDER, RECORD), RECORD).values())
    click.echo(f"{told['caught']} of {len(entries)} caught, {len(entries) - told['planted']} without a result")
    click.echo(f"{RECORD.with_suffix('.md').relative_to(ROOT)} and {RECORD.name} beside it")


@sabotage.command()
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="The whole catalogue, oldest result first.")
@click.option("--missing", is_flag=True, help="Only those not proven to be caught as they are now.")
@click.option("--sample", type=click.FloatRange(0, 1, min_open=True), help="Only this share, drawn by the seed.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Begin none that would not end in this time.")
@click.option("--seed", type=click.IntRange(min=0), help="Of the runs under them, and of the sample.")
@click.option(
    "--control/--no-control",
    default=True,
    help="See each promise kept without any sabotage, first and at the end; what is caught without is unproven.",
)
def run(
    names: tuple[str, ...],
    every: bool,
    missing: bool,
    sample: float | None,
    minutes: float | None,
    seed: int | None,
    control: bool,
) -> None:
    """Plant each, run the promises that it names and two sentinels, undo it, and say which was caught.

    \b
    Examples:
      crucible sabotage run drop-write hpa-frozen
      crucible sabotage run --all                          two hours and more; again: the oldest result first
      crucible sabotage run --all --missing                go on where an earlier one stopped
      crucible sabotage run --all --minutes 30             as much of it as fits
      crucible sabotage run --all --sample 0.33 --seed 81  a third, drawn by the seed

    Exit codes: 0 each was caught by the promise that it names; 1 one was not; 3 the harness failed.
    """
    from fixtures.settings import load_settings
    from suites.sabotage.campaign import chosen, run_all
    from suites.sabotage.control import Control, control_run
    from suites.sabotage.results import Results

    if bool(names) == every:
        raise click.UsageError("expected either the ids of sabotages or --all; see `crucible sabotage list`")
    results, seed = Results(FOLDER, RECORD), secrets.randbelow(2**31) if seed is None else seed
    entries = chosen(names, results, missing=missing, share=sample, seed=seed)
    if not entries:
        click.echo("nothing is missing: each was proven to be caught by the right promise, in its present version")
        return
    settings = load_settings()
    kept = control_run(settings, FOLDER, seed=seed, tell=click.echo) if control else None
    code = run_all(
        entries, results, minutes=minutes, seed=seed, tell=click.echo, settings=settings, control=Control(kept)
    )
    sys.exit(code)
