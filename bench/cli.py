"""`crucible bench`: the budgets of design.md with the figures measured on this machine."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Callable, Iterable

import click

from bench.figure import Figure, table
from fixtures.errors import CrucibleError
from fixtures.settings import Settings, load_settings

logger = logging.getLogger("crucible")
Bench = Callable[[Settings], Iterable[Figure]]
# in the order in which they run: what needs a quiet stack before what leaves it busy
BENCHES = {
    "recovery-error": "bench.recovery_error:measure",
    "stated-recovery": "bench.stated_recovery:measure",
    "history": "bench.history:measure",
    "cold-build": "bench.cold_build:measure",
    "up-warm": "bench.cluster_up:warm",
    "up-again": "bench.cluster_up:again",
    "idle": "bench.idle:measure",
    "generator": "bench.generator:measure",
    "recorder": "bench.recorder:measure",
    "heal": "bench.heal:measure",
}
TAKES_DOWN = {"up-warm"}


@click.command()
@click.option(
    "--only", "only", multiple=True, type=click.Choice(list(BENCHES)), help="Run this bench; may be repeated."
)
@click.option("--with-down", is_flag=True, help="Allow up-warm, which takes the running stack down first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def bench(only: tuple[str, ...], with_down: bool, as_json: bool) -> None:
    """Measure the budgets on this machine. Exits 1 when one is missed, 3 when one could not be measured."""
    if (down := TAKES_DOWN & set(only)) and not with_down:
        raise click.UsageError(f"{', '.join(sorted(down))} takes the running stack down: say so with --with-down")
    settings = load_settings()
    names = [name for name in BENCHES if (name in only if only else with_down or name not in TAKES_DOWN)]
    figures, failures = run_benches(names, settings)
    if as_json:
        click.echo(
            json.dumps({"figures": [figure.to_json() for figure in figures], "not_measured": failures}, indent=2)
        )
    else:
        click.echo(table(figures))
        for name, why in failures.items():
            click.echo(f"not measured: {name}: {why}")
    missed = any(figure.met is False for figure in figures)
    raise click.exceptions.Exit(1 if missed else 3 if failures or not figures else 0)


def run_benches(names: list[str], settings: Settings) -> tuple[list[Figure], dict[str, str]]:
    """Run benches one after the other; one that cannot measure is listed with its reason, never with a figure."""
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    for name in names:
        module, _, function = BENCHES[name].partition(":")
        logger.info("bench %s", name)
        try:
            measure: Bench = getattr(importlib.import_module(module), function)
            for figure in measure(settings):  # those before an error count
                figures.append(figure)
        except (CrucibleError, ModuleNotFoundError) as error:
            failures[name] = str(error)
    return figures, failures
