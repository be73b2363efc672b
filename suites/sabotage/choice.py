"""Which sabotages are run, and in which order: those whose result is oldest come first."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from chaos.sabotages.sabotage import Sabotage
from suites.sabotage.results import Results

NEVER = datetime.min.replace(tzinfo=UTC)
PLANT_S = 60.0
SUITE_S = {"conformance": 10.0, "recovery": 75.0, "autoscaling": 150.0, "ordering": 150.0}
"""What a suite's promise takes at profile smoke, for a sabotage that never ran."""


def oldest_first(entries: Iterable[Sabotage], results: Results) -> list[Sabotage]:
    """In order of the time of their last result; what never ran, or changed since, comes first."""

    def age(entry: Sabotage) -> tuple[datetime, str]:
        last = results.last(entry)
        return (last.at if last else NEVER, entry.id)

    return sorted(entries, key=age)


def without_result(entries: Iterable[Sabotage], results: Results) -> list[Sabotage]:
    """Those that never ran as they are now."""
    return [entry for entry in entries if results.last(entry) is None]


def sample(entries: Sequence[Sabotage], share: float, seed: int) -> list[Sabotage]:
    """A share of them, drawn by the seed."""
    count = max(1, round(len(entries) * share))
    return random.Random(f"sabotage:{seed}").sample(sorted(entries, key=lambda entry: entry.id), count)


def expected_s(entry: Sabotage, results: Results) -> float:
    """How long one will take: as long as the last time, or by its suites."""
    if last := results.last(entry):
        return last.seconds.total
    return PLANT_S + sum(SUITE_S.get(promise.split(".")[0], 120.0) for promise in entry.promises)
