"""The control: a promise that is red without any sabotage sees nothing when it is red under one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from chaos.sabotages.sabotage import Sabotage
from fixtures.settings import Settings
from reports.verdict import Verdict
from suites.sabotage.child import Ended, run_promises

Run = Callable[[Sequence[str]], Ended]


class Control:
    """What the promises say of the stack as it is; each is run once, when the first sabotage needs it.

    Args:
        run: runs promises without a sabotage; None takes each for good that is not known to be otherwise.
        known: what a run before has said already.

    Example::

        if trouble := control.trouble(entry): ...   # entry cannot be judged
    """

    def __init__(self, run: Run | None, known: Ended | None = None) -> None:
        self._run = run
        self.verdicts = dict(known.verdicts) if known else {}
        self.own = dict(known.own) if known else {}

    def trouble(self, entry: Sabotage) -> str:
        """Why a sabotage cannot be judged at present; empty when all its promises are kept without it."""
        missing = [promise for promise in entry.promises if promise not in self.verdicts]
        if missing and self._run:
            ended = self._run(missing)
            self.verdicts |= ended.verdicts
            self.own |= ended.own
            if ended.trouble:
                return f"without any sabotage {ended.trouble}"
        kept = {promise: self.verdicts.get(promise, Verdict.PASS) for promise in entry.must_stay_green}
        kept |= {promise: self.own.get(promise, Verdict.PASS) for promise in entry.must_turn_red}
        bad = [f"{promise} is {verdict}" for promise, verdict in kept.items() if verdict is not Verdict.PASS]
        return f"without any sabotage {', '.join(bad)}" if bad else ""


def control_run(settings: Settings, folder: Path, *, seed: int, tell: Callable[[str], None]) -> Run:
    """Runs promises on the stack as it is, each time with a dossier of its own under `control/`."""

    def run(promises: Sequence[str]) -> Ended:
        tell(f"control, without any sabotage: {', '.join(promises)}")
        place = folder / "control" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        place.mkdir(parents=True)
        return run_promises(promises, place / "dossier", settings=settings, seed=seed)

    return run
