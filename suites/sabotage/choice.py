"""Which sabotages are run, and in which order: by age where results are kept, drawn by the seed where none are."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from chaos.sabotages.sabotage import Sabotage
from suites.sabotage.outcome import Outcome
from suites.sabotage.results import Results

NEVER = datetime.min.replace(tzinfo=UTC)
KEEPS_WITHIN = timedelta(days=2)
"""A machine with a result of its own as young as this keeps what each nightly run finds."""
PLANT_S = 60.0
SUITE_S = {"conformance": 10.0, "recovery": 75.0, "autoscaling": 150.0, "ordering": 150.0}
"""What a suite's promise takes at profile smoke, for a sabotage that never ran."""


def oldest_first(entries: Iterable[Sabotage], results: Results) -> list[Sabotage]:
    """In order of the time when they were last judged; what never was, or changed since, comes first."""
    return sorted(entries, key=lambda entry: (judged_at(entry, results), entry.id))


def for_a_run(entries: Iterable[Sabotage], results: Results, seed: int) -> list[Sabotage]:
    """The order in which a run spends its share of time: one for each promise first, then the others.

    Where this machine keeps results from run to run the oldest comes first, and the seed decides among the equally old.
    A machine that keeps none (a new one each night) knows only the record, which is the same every night, and would
    plant the same few; there the seed decides alone.
    """
    drawn = sorted(entries, key=lambda entry: entry.id)
    random.Random(f"sabotages of run {seed}").shuffle(drawn)
    if results.own_newest is not None and datetime.now(UTC) - results.own_newest < KEEPS_WITHIN:
        drawn.sort(key=lambda entry: judged_at(entry, results))
    return one_for_each_promise_first(drawn)


def one_for_each_promise_first(entries: Sequence[Sabotage]) -> list[Sabotage]:
    """The same in the same order, but what must turn red only promises that others before it must goes last."""
    first: list[Sabotage] = []
    rest: list[Sabotage] = []
    covered: set[str] = set()
    for entry in entries:
        (rest if covered.issuperset(entry.must_turn_red) else first).append(entry)
        covered.update(entry.must_turn_red)
    return first + rest


def judged_at(entry: Sabotage, results: Results) -> datetime:
    """When a sabotage was last judged as it is now; a failure of the harness judged nothing, so it does not count."""
    judged = [result.at for result in results.of.get(entry.id, [])
              if result.is_of(entry) and result.outcome is not Outcome.HARNESS]  # fmt: skip
    return max(judged, default=NEVER)


def not_proven(entries: Iterable[Sabotage], results: Results) -> list[Sabotage]:
    """Those of which it is not proven that the right promise caught them the last time, as they are now."""
    return [entry for entry in entries if not ((last := results.last(entry)) and last.is_proven)]


def sample(entries: Sequence[Sabotage], share: float, seed: int) -> list[Sabotage]:
    """A share of them, drawn by the seed."""
    count = max(1, round(len(entries) * share))
    return random.Random(f"sabotage:{seed}").sample(sorted(entries, key=lambda entry: entry.id), count)


def expected_s(entry: Sabotage, results: Results) -> float:
    """How long one will take: as long as the last time, or by its suites."""
    if last := results.last(entry):
        return last.seconds.total
    return PLANT_S + sum(SUITE_S.get(promise.split(".")[0], 120.0) for promise in entry.promises)
