"""What is known of each sabotage: sabotage.json, written after each of them, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chaos.sabotages.catalogue import catalogue
from chaos.sabotages.sabotage import Sabotage
from fixtures.errors import HarnessError
from fixtures.whole import write_whole
from reports.verdict import Verdict
from suites.sabotage.outcome import AFTER, Outcome

FILE = "sabotage.json"
KEPT = 10


class Seconds(BaseModel):
    """Where the time of one sabotage went.

    Args:
        plant: until it was proven live.
        promises: in the tests of the promises themselves.
        undo: until it was proven undone.
        total: from beginning to end.
    """

    model_config = ConfigDict(frozen=True)
    plant: float = 0.0
    promises: float = 0.0
    undo: float = 0.0
    total: float = 0.0

    @property
    def beyond(self) -> float:
        """Beyond the promises' own time; the bar is 90 s."""
        return self.total - self.promises


class Result(BaseModel):
    """One sabotage, planted once.

    Args:
        sabotage: its id.
        digest: of the entry, so that a result of another version of it is known as such.
        dossier: the folder of the run under it, relative to the file; empty when it was on another machine.
        commit: of this project, with `+` when files differed from it; empty when it is not known.
        control: whether its promises were seen kept without it: before, before and after, by the run before; empty in
            results of before this was kept.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    sabotage: str
    family: str
    digest: str
    outcome: Outcome
    reason: str
    seed: int
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    verdicts: dict[str, Verdict] = {}
    seconds: Seconds = Seconds()
    dossier: str = ""
    commit: str = ""
    control: str = ""

    def is_of(self, entry: Sabotage) -> bool:
        """Whether it is of the entry as that is now, not of an earlier version."""
        return self.digest == entry.digest

    @property
    def is_proven(self) -> bool:
        """Whether it was caught by promises that were seen kept before it and after the last of its campaign.

        One that is red by itself catches everything; a campaign that was interrupted never saw what came after.
        """
        return self.outcome is Outcome.CAUGHT and self.control == AFTER


class Results:
    """The results in a folder, newest last for each sabotage.

    Args:
        folder: where they are, and new ones go.
        record: a file with those of other machines, which count where the folder knows none newer.

    Example::

        results = Results(folder)
        results.add(result)     # on disk when this returns
    """

    def __init__(self, folder: Path, record: Path | None = None) -> None:
        self.folder, self.path = folder, folder / FILE
        self.of = read_results(self.path)
        ages = [result.at for found in self.of.values() for result in found]
        self.own_newest = max(ages, default=None)  # before the record's are added
        for name, found in (read_results(record) if record else {}).items():
            each = {result.at: result for result in (*found, *self.of.get(name, []))}
            self.of[name] = [each[at] for at in sorted(each)]

    def add(self, result: Result) -> None:
        """Keep a result and write the file."""
        self.of[result.sabotage] = [*self.of.get(result.sabotage, []), result][-KEPT:]
        self._write()

    def amend(self, result: Result) -> None:
        """Put what is known by now in place of the newest result of a sabotage, and write the file."""
        self.of[result.sabotage][-1] = result
        self._write()

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = Kept(summary=summary(self.current(_known())), results=self.of).model_dump_json(indent=1)
        write_whole(self.path, text, mode=0o644)

    def last(self, sabotage: Sabotage) -> Result | None:
        """The newest result of this very sabotage; None when it changed since, or never ran."""
        found = self.of.get(sabotage.id, [])
        return found[-1] if found and found[-1].is_of(sabotage) else None

    def newest(self, entries: Iterable[Sabotage]) -> dict[str, Result]:
        """The newest of each of these by id, of whatever version of it; only what has its digest counts for it."""
        return {entry.id: found[-1] for entry in entries if (found := self.of.get(entry.id))}

    def current(self, entries: Iterable[Sabotage]) -> list[Result]:
        """The newest of each of these as it is now; what an earlier version did is not among them."""
        return [last for entry in entries if (last := self.last(entry))]


@cache
def _known() -> tuple[Sabotage, ...]:
    """The catalogue, whose hundred files are read once for all the results of a campaign."""
    return tuple(catalogue().values())


class Kept(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="ignore")
    summary: dict[str, Any] = {}
    results: dict[str, list[Result]] = {}


def read_results(path: Path) -> dict[str, list[Result]]:
    """The results in a file; none when there is no file.

    Raises:
        HarnessError: it cannot be read; it is not overwritten.
    """
    if not path.exists():
        return {}
    try:
        return Kept.model_validate_json(path.read_text()).results
    except (OSError, ValidationError) as error:
        raise HarnessError(f"{path} cannot be read: {error}", next_command=f"mv {path} {path}.broken") from error


def summary(results: Iterable[Result]) -> dict[str, Any]:
    """The score, and who spoiled it: what a report's first screen needs."""
    found = list(results)
    by = {outcome: [result for result in found if result.outcome is outcome] for outcome in Outcome}
    return {
        "planted": len(found),
        "caught": len(by[Outcome.CAUGHT]),
        "proven": sum(result.is_proven for result in found),
        "score": round(len(by[Outcome.CAUGHT]) / len(found), 4) if found else None,
        "outcomes": {outcome.value: len(those) for outcome, those in by.items() if those},
        "not_caught": [
            {"sabotage": result.sabotage, "outcome": result.outcome.value, "reason": result.reason}
            for outcome, those in by.items()
            if outcome is not Outcome.CAUGHT
            for result in those
        ],
        "longest_beyond_s": round(max((result.seconds.beyond for result in found), default=0.0), 1),
    }
