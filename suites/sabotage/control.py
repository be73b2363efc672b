"""The control: a promise that is red without any sabotage sees nothing when it is red under one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from chaos.sabotages.sabotage import Sabotage
from fixtures.settings import Settings
from reports.verdict import Verdict
from suites.sabotage.child import Ended, run_promises
from suites.sabotage.outcome import BEFORE, NONE, OF_RUN

Run = Callable[[Sequence[str]], Ended]


class Control:
    """What the promises say of the stack as it is; each is run once, when the first sabotage needs it.

    Args:
        run: runs promises without a sabotage; with None, and nothing known, each is taken for good.
        known: what a run before has said already; what it did not run is run, or with None not taken for kept.
        failed: why what is known is not all that it should be.

    Example::

        if trouble := control.trouble(entry): ...   # entry cannot be judged
    """

    def __init__(self, run: Run | None, known: Ended | None = None, *, failed: str = "") -> None:
        self._run, self._failed = run, failed
        self.kind = OF_RUN if known else BEFORE if run else NONE
        self.verdicts = dict(known.verdicts) if known else {}
        self.own = dict(known.own) if known else {}

    def trouble(self, entry: Sabotage) -> str:
        """Why a sabotage cannot be judged at present; empty when all its promises are kept without it."""
        if self._failed:
            return f"without any sabotage {self._failed}"
        missing = [promise for promise in entry.promises if promise not in self.verdicts]
        if missing and self._run:
            ended = self._run(missing)
            if trouble := _trouble(ended, missing):  # nothing of it is known, so the next one asks again
                return f"without any sabotage {trouble}"
            self.verdicts |= ended.verdicts
            self.own |= ended.own
        elif missing and self.kind != NONE:
            return f"without any sabotage {_not_run(missing)}"
        kept = {promise: self.verdicts.get(promise, Verdict.PASS) for promise in entry.must_stay_green}
        kept |= {promise: self.own.get(promise, Verdict.PASS) for promise in entry.must_turn_red}
        bad = [f"{promise} is {verdict}" for promise, verdict in kept.items() if verdict is not Verdict.PASS]
        return f"without any sabotage {', '.join(bad)}" if bad else ""

    def closing(self, entries: Sequence[Sabotage]) -> Control | None:
        """What the promises of these say after the last sabotage, all run again at once; None where none is run.

        Without it a stack that one of the sabotages left worse would turn every later promise red, and look like sight.
        """
        promises = list(dict.fromkeys(promise for entry in entries for promise in entry.promises))
        if self._run is None or not promises:
            return None
        ended = self._run(promises)
        return Control(None, ended, failed=_trouble(ended, promises))


def _trouble(ended: Ended, promises: Sequence[str]) -> str:
    """Why a control says nothing, or not all that it was asked for."""
    missing = [promise for promise in promises if promise not in ended.verdicts]
    return ended.trouble or (_not_run(missing) if missing else "")


def _not_run(promises: Sequence[str]) -> str:
    return f"{', '.join(promises)} did not run"


def control_run(settings: Settings, folder: Path, *, seed: int, tell: Callable[[str], None]) -> Run:
    """Runs promises on the stack as it is, each time with a dossier of its own under `control/`."""

    def run(promises: Sequence[str]) -> Ended:
        tell(f"control, without any sabotage: {', '.join(promises)}")
        place = folder / "control" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        place.mkdir(parents=True)
        return run_promises(promises, place / "dossier", settings=settings, seed=seed)

    return run
