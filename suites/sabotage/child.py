"""The run under a sabotage: `crucible run` for the promises named, as a child with a dossier of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from chaos.sabotages.sabotage import Sabotage
from fixtures.settings import Profile, Settings
from reports import dossier as dossiers
from reports.verdict import Verdict, worst

SUITE_LIMIT_S = {"conformance": 120.0, "recovery": 420.0, "autoscaling": 420.0, "ordering": 600.0}
START_LIMIT_S = 180.0
ENDS_WITHIN_S = 150.0
"""An experiment that is interrupted plays its rollbacks first."""


@dataclass(frozen=True)
class Ended:
    """How the run ended.

    Args:
        verdicts: the worst by promise id.
        seconds: that the tests themselves took.
        trouble: why it says nothing, or not all; empty when it ended by itself.
    """

    verdicts: dict[str, Verdict]
    seconds: float
    trouble: str = ""


def limit_s(sabotage: Sabotage) -> float:
    """After how many seconds the run is stuck."""
    return START_LIMIT_S + sum(SUITE_LIMIT_S.get(p.split(".")[0], 420.0) for p in sabotage.promises)


def run_promises(sabotage: Sabotage, dossier: Path, *, settings: Settings, seed: int) -> Ended:
    """Run the sabotage's promises to their end, or until they are stuck; its output is in `output.txt` beside.

    What interrupts this process ends the child first, in its orderly way.
    """
    under = settings.model_copy(update={"sabotage": sabotage.id, "run_dir": dossier, "profile": Profile.SMOKE})
    trouble = ""
    with (dossier.parent / "output.txt").open("w") as log:
        child = subprocess.Popen(
            words_of(sabotage, seed),
            env=environment(under),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            child.wait(limit_s(sabotage))
        except subprocess.TimeoutExpired:
            trouble = f"the run did not end within {limit_s(sabotage):g} s"
        finally:
            end(child)
    verdicts, seconds = read(dossier)
    if not verdicts and not trouble:
        last = (dossier.parent / "output.txt").read_text(errors="replace").strip().splitlines()[-3:]
        trouble = f"the run ended with {child.returncode} and judged nothing: {' | '.join(last)}"
    return Ended(verdicts, seconds, trouble)


def words_of(sabotage: Sabotage, seed: int) -> list[str]:
    """The command, as a person would type it."""
    promises = [word for promise in sabotage.promises for word in ("--promise", promise)]
    crucible = str(Path(sys.executable).with_name("crucible"))
    return [crucible, "run", "--profile", Profile.SMOKE.value, "--seed", str(seed), *promises]


def environment(settings: Settings) -> dict[str, str]:
    """The child's variables: ours, with the settings that differ."""
    own = {
        "CRUCIBLE_SABOTAGE": settings.sabotage,
        "CRUCIBLE_RUN_DIR": str(settings.run_dir),
        "CRUCIBLE_PROFILE": settings.profile.value,
    }
    return {**settings.environment(), **own}


def read(dossier: Path) -> tuple[dict[str, Verdict], float]:
    """The worst verdict of each promise in a dossier, and the seconds that its tests took; nothing without a run."""
    try:
        run = dossiers.load(dossier)
    except Exception:  # a child that died early leaves anything; nothing of it is a verdict
        return {}, 0.0
    found: dict[str, list[Verdict]] = {}
    for test in run.tests:
        found.setdefault(test.promise_id, []).append(test.verdict)
    return {promise: worst(verdicts) for promise, verdicts in found.items()}, sum(test.seconds for test in run.tests)


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child that still runs: SIGTERM lets it undo what it broke; the ledger knows the rest."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(ENDS_WITHIN_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
