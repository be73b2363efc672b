"""Running experiments: the `chaos` command as a child process, its journal read back with suspicion."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.heal import heal_open
from chaos.session import new_folder
from fixtures.errors import HarnessError, UsageError
from fixtures.process_group import end_group
from fixtures.settings import ROOT, Settings

logger = logging.getLogger("crucible")
FOLDER = Path(__file__).parent / "experiments"
ROLLBACKS_WITHIN_S = 300.0  # what an interrupted experiment may take to undo; beyond it the ledger is replayed here
LIMIT_S = 1800.0


@dataclass(frozen=True)
class Journal:
    """How an experiment ended.

    Args:
        experiment: its name.
        folder: its folder below `experiments/` in the dossier, and the subject of its events.
        exit_code: of the `chaos` command.
        status: Chaos Toolkit's word: completed, failed, aborted, interrupted.
        deviated: whether the hypothesis did not hold at some time.
        effective: the certificates of effect, in order.
        healed: the certificates of healing, in order.
        problems: what the log calls errors, for a person.
    """

    experiment: str
    folder: str
    exit_code: int
    status: str
    deviated: bool
    effective: tuple[dict[str, Any], ...]
    healed: tuple[dict[str, Any], ...]
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the run may count for anything: completed, never deviated, each fault proven and healed."""
        ids = set(self.fault_ids)
        proven = bool(ids) and ids == {certificate["fault_id"] for certificate in self.healed}
        return self.exit_code == 0 and self.status == "completed" and not self.deviated and proven

    @property
    def fault_ids(self) -> tuple[str, ...]:
        """The faults that took effect, in order."""
        return tuple(certificate["fault_id"] for certificate in self.effective)

    @property
    def fault_id(self) -> str:
        """The first fault's id; empty when none took effect, which no checker takes for a fault."""
        return self.fault_ids[0] if self.effective else ""


def names() -> list[str]:
    """The experiments there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(experiment: str | Path) -> Path:
    """The file of an experiment, by name or path.

    Raises:
        UsageError: there is none; the message lists those there are.
    """
    path = experiment if isinstance(experiment, Path) else FOLDER / f"{experiment}.yaml"
    if not path.is_file():
        raise UsageError(f"no experiment is called {experiment!s}; there are {', '.join(names())}")
    return path.resolve()


def run_experiment(experiment: str | Path, run_dir: Path, *, settings: Settings, seed: int) -> Journal:
    """Run an experiment to its end inside a dossier, and return what its journal says.

    Whether it proved anything is for the checkers to say; `Journal.ok` is the short answer. A fault that its rollbacks
    could not heal stays on the ledger, for `chaos.heal.heal_open`. What interrupts this process (Ctrl-C, an exception
    from a signal handler) interrupts the experiment: its rollbacks run, and what they leave is healed here before the
    interruption goes on.

    Raises:
        UsageError: no such experiment.
        HarnessError: it left no journal, or one without the strict control.

    Example::

        journal = run_experiment("gateway-pod-kill", dossier, settings=settings, seed=81)
    """
    path = find(experiment)
    folder = new_folder(run_dir.resolve(), path.stem)
    env = settings.model_copy(update={"run_dir": run_dir.resolve(), "seed": seed}).environment()
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [env.get("PYTHONPATH")])])  # this checkout's faults
    log, journal = str(folder / "chaostoolkit.log"), str(folder / "journal.json")
    words = [sys.executable, "-m", "chaos.child", str(os.getpid()), "--log-file", log, "run", "--journal-path", journal,
             str(path)]  # fmt: skip
    logger.info("experiment %s", folder.name)
    try:
        code, output = _run(words, folder, env)
    except BaseException:
        try:
            heal_open(settings, run=run_dir.resolve().name)
        except Exception as error:  # the interruption goes on; the ledger knows what is left
            logger.error("%s could not be healed: %s", folder.name, error)
        raise
    return read(folder, exit_code=code, output=output)


def _run(words: list[str], folder: Path, env: dict[str, str]) -> tuple[int, str]:
    output = folder / "output.txt"
    with output.open("w") as log:
        # a session of its own: Ctrl-C must reach it once, through us, and not cut its rollbacks short
        child = subprocess.Popen(
            words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            code = child.wait(LIMIT_S)
        except subprocess.TimeoutExpired as late:
            end_group(child, within_s=ROLLBACKS_WITHIN_S)
            raise HarnessError(f"experiment {folder.name} did not end within {LIMIT_S:g} s") from late
        except BaseException:
            logger.warning("interrupted: experiment %s undoes what it did", folder.name)
            # a second Ctrl-C cuts it short: the ledger knows what is left
            end_group(child, within_s=ROLLBACKS_WITHIN_S)
            raise
    return code, output.read_text(errors="replace")


def read(folder: Path, *, exit_code: int, output: str = "") -> Journal:
    """Read the journal that an experiment left in its folder.

    Raises:
        HarnessError: there is none, or the strict control was not on, so that its status means nothing.
    """
    path = folder / "journal.json"
    last = "\n".join(output.splitlines()[-8:])
    try:
        raw = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise HarnessError(f"experiment {folder.name} left no journal (exit {exit_code}):\n{last}") from error
    if raw.get("strict") is not True:
        raise HarnessError(
            f"experiment {folder.name} ran without its strict control, so its journal ({raw.get('status')}) proves "
            f"nothing:\n{last}",
            next_command="chaos validate chaos/experiments/*.yaml",
        )
    runs = [*raw["run"], *raw["rollbacks"]]
    done = [run for run in runs if run.get("status") == "succeeded" and run["activity"]["type"] == "action"]
    effective = [run["output"] for run in done if isinstance(run["output"], dict) and "fault_id" in run["output"]]
    healed = [proof for run in done if isinstance(run["output"], list) for proof in run["output"]]
    return Journal(
        experiment=folder.name.rpartition("-")[0], folder=folder.name, exit_code=exit_code, status=raw["status"],
        deviated=raw["deviated"] is not False, effective=tuple(effective), healed=tuple(healed),
        problems=tuple(line for line in output.splitlines() if " ERROR] " in line or " CRITICAL] " in line),
    )  # fmt: skip
