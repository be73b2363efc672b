"""`crucible run`: the main job."""

from __future__ import annotations

import os
import sys

import click

from fixtures.settings import ROOT, Profile


@click.command(
    epilog="""\b
Examples:
  crucible run                                  all suites at PROFILE quick
  crucible run --profile nightly --seed 81
  crucible run suites/ordering                  one suite
  crucible run suites/recovery/test_gateway_pod_kill.py
"""
)
@click.argument("selection", nargs=-1)
@click.option("--profile", type=click.Choice([p.value for p in Profile]), help="How much effort to spend.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the choices of an earlier run.")
def run(selection: tuple[str, ...], profile: str | None, seed: int | None) -> None:
    """Stand the stack up, load it, break it, and judge every promise (or those of SELECTION, as pytest takes it)."""
    import pytest

    for missing in (path for path in selection if not (ROOT / path.split("::")[0]).exists()):
        raise click.UsageError(f"there is no test {missing}; try `crucible run --help` or `ls suites/*`")
    os.chdir(ROOT)
    # what happens is told as it happens, by the harness itself, so pytest has nothing to capture
    words = ["--capture=no", "-p", "no:logging", "-v", *(selection or ["suites"])]
    if profile:
        words += ["--profile", profile]
    if seed is not None:
        words += ["--seed", str(seed)]
    sys.exit(pytest.main(words))
