"""The run under a sabotage: `crucible run` for the promises named, as a child with a dossier of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fixtures.process_group import end_group
from fixtures.settings import ROOT, Profile, Settings
from reports import dossier as dossiers
from reports.run import Run
from reports.verdict import Verdict, worst

SUITE_LIMIT_S = {"conformance": 120.0, "recovery": 420.0, "autoscaling": 420.0, "ordering": 600.0}
START_LIMIT_S = 180.0
ENDS_WITHIN_S = 150.0
"""An experiment that is interrupted plays its rollbacks first."""

AS_IT_WAS = "conformance.as_it_was"
"""Claimed of every test by the harness; a promise that only this turned red has not seen the sabotage."""


@dataclass(frozen=True)
class Ended:
    """How the run ended.

    Args:
        verdicts: the worst by promise id.
        own: the same of what the promise itself claims, without the claim that the stack is as it was.
        seconds: that the tests themselves took.
        trouble: why it says nothing, or not all; empty when it ended by itself.
        by: the checkers of those own claims of a promise that have its worst verdict.
        unhealed: promises one of whose faults is certified effective and not healed.
    """

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    own: dict[str, Verdict] = field(default_factory=dict)
    seconds: float = 0.0
    trouble: str = ""
    by: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unhealed: frozenset[str] = frozenset()


def limit_s(promises: Sequence[str]) -> float:
    """After how many seconds the run is stuck."""
    return START_LIMIT_S + sum(SUITE_LIMIT_S.get(promise.split(".")[0], 420.0) for promise in promises)


def run_promises(promises: Sequence[str], dossier: Path, *, settings: Settings, seed: int, sabotage: str = "") -> Ended:
    """Run promises to their end, or until they are stuck; the output is in `output.txt` beside the dossier.

    What interrupts this process ends the child first, in its orderly way.

    Args:
        promises: their ids.
        dossier: where the run leaves its evidence.
        settings: which cluster.
        seed: of the run.
        sabotage: the one that stands planted; none when empty.
    """
    under = settings.model_copy(update={"sabotage": sabotage, "run_dir": dossier, "profile": Profile.SMOKE})
    trouble = ""
    output = dossier.parent / "output.txt"
    with output.open("w") as log:
        words, env = words_of(promises, seed), environment(under)
        child = subprocess.Popen(
            words, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )  # fmt: skip
        try:
            child.wait(limit_s(promises))
        except subprocess.TimeoutExpired:
            trouble = f"the run did not end within {limit_s(promises):g} s"
        finally:
            end_group(child, within_s=ENDS_WITHIN_S)  # it undoes what it broke; the ledger knows the rest
    ended = read(dossier)
    if not ended.verdicts and not trouble:
        last = output.read_text(errors="replace").strip().splitlines()[-3:]
        trouble = f"the run ended with {child.returncode} and judged nothing: {' | '.join(last)}"
    return replace(ended, trouble=trouble or ended.trouble)


def words_of(promises: Sequence[str], seed: int) -> list[str]:
    """The command as a person would type it, bound to this process."""
    chosen = [word for promise in promises for word in ("--promise", promise)]
    bound = [sys.executable, "-m", "suites.sabotage.bound", str(os.getpid())]
    return [*bound, "run", "--profile", Profile.SMOKE.value, "--seed", str(seed), *chosen]


def environment(settings: Settings) -> dict[str, str]:
    """The child's variables: ours, with the settings that differ."""
    given = {
        "CRUCIBLE_SABOTAGE": settings.sabotage,
        "CRUCIBLE_RUN_DIR": str(settings.run_dir),
        "CRUCIBLE_PROFILE": settings.profile.value,
    }
    inherited = settings.environment()
    path = os.pathsep.join([str(ROOT), *filter(None, [inherited.get("PYTHONPATH")])])  # this checkout's promises
    return {**inherited, **given, "PYTHONPATH": path}


def read(dossier: Path) -> Ended:
    """What a dossier says of its promises; nothing when there is no run in it.

    What a run judged that did not come to its end is kept, but with the trouble: the sabotage may not have stood.
    """
    try:
        run = dossiers.load(dossier)
    except Exception:  # a child that died early leaves anything; nothing of it is a verdict
        return Ended()
    early = run.interrupted or ("" if run.finished else "it never finished")
    return replace(judged(run), trouble=f"the run was interrupted: {early}" if early else "")


def judged(run: Run) -> Ended:
    """The worst verdict of each promise, and the same of its own claims."""
    found: dict[str, list[Verdict]] = {}
    own: dict[str, list[Verdict]] = {}
    checkers: dict[str, list[tuple[Verdict, str]]] = {}
    for test in run.tests:
        claims = [claim.verdict for claim in test.claims if claim.checker != AS_IT_WAS]
        stopped = [Verdict.INCONCLUSIVE] if test.error else [Verdict.SKIPPED] if test.skipped else []
        found.setdefault(test.promise_id, []).append(test.verdict)
        own.setdefault(test.promise_id, []).append(worst([*claims, *stopped]))
        mine = [(claim.verdict, claim.checker) for claim in test.claims if claim.checker != AS_IT_WAS]
        checkers.setdefault(test.promise_id, []).extend(mine)
    worst_own = _worst(own)
    by = {
        promise: tuple(dict.fromkeys(name for verdict, name in seen if verdict is worst_own[promise]))
        for promise, seen in checkers.items()
    }
    unhealed = frozenset(
        test.promise_id for test in run.tests for one in test.certificates if one["effective"] and not one["healed"]
    )
    return Ended(_worst(found), worst_own, sum(test.seconds for test in run.tests), by=by, unhealed=unhealed)


def _worst(found: dict[str, list[Verdict]]) -> dict[str, Verdict]:
    return {promise: worst(verdicts) for promise, verdicts in found.items()}
