"""Many sabotages, one after another: in time, each kept on disk, a stuck one never in the way of the next."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from chaos.sabotages.catalogue import catalogue, find
from chaos.sabotages.planted import NEVER_ADOPTED
from chaos.sabotages.sabotage import Sabotage
from fixtures.errors import UsageError
from fixtures.lock import hold
from fixtures.settings import Settings, load_settings
from suites.sabotage.choice import expected_s, not_proven, oldest_first, sample
from suites.sabotage.control import Control
from suites.sabotage.outcome import AFTER, NONE, Outcome, exit_code
from suites.sabotage.page import write_page
from suites.sabotage.results import Result, Results, summary
from suites.sabotage.runner import Runner

Tell = Callable[[str], None]
RunOne = Callable[[Sabotage], Result]
LOCK = "campaign.lock"


def chosen(names: Sequence[str], results: Results, *, missing: bool, share: float | None, seed: int) -> list[Sabotage]:
    """The sabotages to run, in order and each once: those named, or else all of the catalogue, oldest result first."""
    entries = [find(name) for name in dict.fromkeys(names)] if names else oldest_first(catalogue().values(), results)
    if missing:
        entries = not_proven(entries, results)
    return sample(entries, share, seed) if share and entries else entries


def run_all(
    entries: Sequence[Sabotage],
    results: Results,
    *,
    minutes: float | None,
    seed: int,
    tell: Tell,
    settings: Settings | None = None,
    one: RunOne | None = None,
    found: list[Result] | None = None,
    control: Control | None = None,
) -> int:
    """Run them, keep each result and the page at once, and return the exit code.

    Args:
        entries: in this order.
        results: where they are kept.
        minutes: none is begun that is not expected to end in this time; no limit when None.
        seed: of the runs under them.
        tell: called with a line for people.
        settings: which cluster; read from the environment when None.
        one: runs one of them; on the cluster when None.
        found: gets the results of this campaign.
        control: which promises are kept without a sabotage; taken for granted when None.

    Raises:
        UsageError: the cluster is an adopted one, or another campaign writes to these results.
    """
    settings = settings or load_settings()
    if settings.adopt_context:  # before `up` and the control's runs, which do something there
        raise UsageError(NEVER_ADOPTED, next_command="unset CRUCIBLE_ADOPT_CONTEXT")
    one = one or Runner(settings, results.folder, seed=seed, tell=tell).run
    until = time.monotonic() + minutes * 60 if minutes else None
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    done = found if found is not None else []
    rows = list(catalogue().values())
    tell(f"{len(entries)} sabotages, seed {seed}")
    with alone(results.folder):
        try:
            for number, entry in enumerate(entries, 1):
                expected = expected_s(entry, results)
                if until is not None and time.monotonic() + expected > until:
                    tell(f"{entry.id}: not begun, about {expected:.0f} s would be too long")
                    continue
                tell(f"[{number}/{len(entries)}] {entry.id}: {entry.why}")
                trouble = control.trouble(entry) if control else ""
                result = one(entry) if not trouble else unjudged(entry, trouble, seed)
                result = result.model_copy(update={"control": control.kind if control else NONE})
                done.append(result)
                results.add(result)
                write_page(rows, results)
                tell(_line(result))
            if control:
                _close(control, entries, done, results)
        finally:
            for line in _end(done, len(entries), results, rows):
                tell(line)
    return exit_code(result.outcome for result in done)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One campaign at a time for the results of a folder: each writes all that it knows, and would lose the other's."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = f"another campaign of sabotages writes its results to {folder}:"
    with hold(folder / LOCK, taken=taken, next_command="wait for it to end"):
        yield


def _close(control: Control, entries: Sequence[Sabotage], done: list[Result], results: Results) -> None:
    """See the promises kept once more after the last; a catch by one that is red now by itself is not proven."""
    of = {entry.id: entry for entry in entries}
    caught = [number for number, result in enumerate(done) if result.outcome is Outcome.CAUGHT]
    closing = control.closing([of[done[number].sabotage] for number in caught])
    for number in caught if closing else []:
        assert closing is not None
        trouble, was = closing.trouble(of[done[number].sabotage]), done[number]
        changes: dict[str, object] = {"control": AFTER}
        if trouble:
            reason = f"unproven: after the last sabotage, {trouble}; before that {was.reason}"
            changes |= {"outcome": Outcome.HARNESS, "reason": reason}
        done[number] = was.model_copy(update=changes)
        results.amend(done[number])


def unjudged(entry: Sabotage, trouble: str, seed: int) -> Result:
    """The result of a sabotage that was not planted, because its promises could not have told."""
    return Result(
        sabotage=entry.id, family=entry.family.value, digest=entry.digest, outcome=Outcome.HARNESS, reason=trouble,
        seed=seed,
    )  # fmt: skip


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def _line(result: Result) -> str:
    spent = result.seconds
    return (
        f"  {result.outcome}: {result.reason}\n  {spent.total:.0f} s: planted {spent.plant:.0f}, promises "
        f"{spent.promises:.0f}, undone {spent.undo:.0f}; beyond the promises' own time {spent.beyond:.0f}"
    )


def _end(done: list[Result], planned: int, results: Results, rows: Sequence[Sabotage]) -> list[str]:
    told = summary(done)
    lines = [f"{told['caught']} of {len(done)} caught by the right promise; {planned - len(done)} not begun"]
    lines += [f"  {result.outcome}: {result.sabotage}: {result.reason}" for result in done
              if result.outcome is not Outcome.CAUGHT]  # fmt: skip
    if unproven := told["caught"] - told["proven"]:
        lines.append(f"  {unproven} of them unproven: nobody saw their promises kept before and after")
    if results.path.exists():
        lines.append(f"{results.path} and {write_page(rows, results).name} beside it")
    return lines
