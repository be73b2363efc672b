"""Which sabotages are run, and in which order: those whose result is oldest come first."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from chaos.sabotages.sabotage import Sabotage
from suites.sabotage.outcome import Outcome
from suites.sabotage.results import Results

NEVER = datetime.min.replace(tzinfo=UTC)
PLANT_S = 60.0
SUITE_S = {"conformance": 10.0, "recovery": 75.0, "autoscaling": 150.0, "ordering": 150.0}
"""What a suite's promise takes at profile smoke, for a sabotage that never ran."""


def oldest_first(entries: Iterable[Sabotage], results: Results) -> list[Sabotage]:
    """In order of the time when they were last judged; what never was, or changed since, comes first."""
    return sorted(entries, key=lambda entry: (judged_at(entry, results), entry.id))


def judged_at(entry: Sabotage, results: Results) -> datetime:
    """When a sabotage was last judged as it is now; a failure of the harness judged nothing, so it does not count."""
    judged = [result.at for result in results.of.get(entry.id, [])
              if result.digest == entry.digest and result.outcome is not Outcome.HARNESS]  # fmt: skip
    return max(judged, default=NEVER)


def not_caught(entries: Iterable[Sabotage], results: Results) -> list[Sabotage]:
    """Those that the right promise did not catch the last time, as they are now; whatever became of them instead."""
    return [entry for entry in entries if not ((last := results.last(entry)) and last.outcome is Outcome.CAUGHT)]


def sample(entries: Sequence[Sabotage], share: float, seed: int) -> list[Sabotage]:
    """A share of them, drawn by the seed."""
    count = max(1, round(len(entries) * share))
    return random.Random(f"sabotage:{seed}").sample(sorted(entries, key=lambda entry: entry.id), count)


def expected_s(entry: Sabotage, results: Results) -> float:
    """How long one will take: as long as the last time, or by its suites."""
    if last := results.last(entry):
        return last.seconds.total
    return PLANT_S + sum(SUITE_S.get(promise.split(".")[0], 120.0) for promise in entry.promises)
