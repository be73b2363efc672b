"""`crucible run`: the main job."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from fixtures.settings import ROOT, Profile, Settings, load_settings

USAGE, UNDECIDED = 2, 3
JUDGED = (0, 1, UNDECIDED)
EXIT = {4: USAGE, 5: USAGE}
"""pytest's words for a wrong call and for a selection that matches nothing, in ours; 0, 1 and 3 are the plugin's."""


class Judged:
    """A plugin that sees whether any promise was judged, or its list was all that was asked for."""

    def __init__(self) -> None:
        self.any = False
        self.dossier: Path | None = None
        self.settings = load_settings()

    def pytest_unconfigure(self, config: Any) -> None:
        from suites.plugin.job import run_key
        from suites.plugin.session import session_key

        self.any = run_key in config.stash or config.getoption("list_promises", False)
        if run_key in config.stash:
            self.settings, self.dossier = config.stash[session_key].settings, config.stash[session_key].dossier


@click.command(
    epilog="""\b
Examples:
  crucible run                                  all suites at PROFILE quick
  crucible run --profile nightly --seed 81
  crucible run suites/ordering                  one suite
  crucible run --promise recovery.gateway-pod-kill
  crucible run --list                           the promises there are
"""
)
@click.argument("selection", nargs=-1)
@click.option("--promise", "promises", multiple=True, metavar="ID", help="Judge only this promise; may be repeated.")
@click.option("--profile", type=click.Choice([p.value for p in Profile]), help="How much effort to spend.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the choices of an earlier run.")
@click.option("--list", "only_list", is_flag=True, help="Print id, profiles and sentence of each promise; run none.")
def run(
    selection: tuple[str, ...], promises: tuple[str, ...], profile: str | None, seed: int | None, only_list: bool
) -> None:
    """Stand the stack up, load it, break it, and judge every promise (or those of SELECTION, as pytest takes it).

    Exit code: 0 every promise kept, 1 a promise failed, 2 a wrong call, 3 invalid, inconclusive or nothing judged.
    """
    import pytest

    for missing in (path for path in selection if not (ROOT / path.split("::")[0]).exists()):
        raise click.UsageError(f"there is no test {missing}; try `crucible run --list` or `ls suites/*`")
    os.chdir(ROOT)
    # what happens is told as it happens, by the harness itself, so pytest has nothing to capture
    words = ["--capture=no", "-p", "no:logging", "-v", *(selection or ["suites"])]
    for one in promises:
        words += ["--promise", one]
    if profile:
        words += ["--profile", profile]
    if seed is not None:
        words += ["--seed", str(seed)]
    if only_list:
        words += ["--list-promises", "-qq", "--no-header"]
    judged = Judged()
    code = exit_code(int(pytest.main(words, plugins=[judged])), judged=judged.any)
    if not (selection or promises or only_list) and judged.dossier:
        code = with_sabotages(code, judged.dossier, judged.settings)
    sys.exit(code)


def with_sabotages(code: int, dossier: Path, settings: Settings) -> int:
    """Give a whole run its share of sabotages, where its profile has one; they cannot make it any better."""
    from suites.sabotage.of_run import after_run, has_share

    return after_run(dossier, settings, click.echo) if has_share(settings) and code in JUDGED else code


def exit_code(code: int, *, judged: bool) -> int:
    """Our exit code for pytest's: a run that judged no promise is at best a run that says nothing."""
    if code in EXIT:
        return EXIT[code]
    return code if judged else UNDECIDED
