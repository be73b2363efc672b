"""Which sabotages are run: what is missing, what comes first, and that a run's share differs from night to night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from test_sabotage_run import ENTRIES, result

from chaos.sabotages.sabotage import Sabotage
from suites.sabotage import cli
from suites.sabotage.choice import expected_s, for_a_run, not_proven, oldest_first
from suites.sabotage.outcome import Outcome
from suites.sabotage.results import Kept, Results


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_the_right_promise_caught_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    """`run --all --missing` ended with 0 when each had escaped, or the harness had failed each time."""
    results = Results(tmp_path)
    results.add(result(ENTRIES[0], outcome))
    assert not_proven([ENTRIES[0]], results) == ([] if outcome is Outcome.CAUGHT else [ENTRIES[0]])
    monkeypatch.setattr(cli, "FOLDER", tmp_path)
    monkeypatch.setattr(cli, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr("suites.sabotage.campaign.run_all", lambda entries, *_, **__: 1)
    monkeypatch.setattr("suites.sabotage.campaign.catalogue", lambda: {ENTRIES[0].id: ENTRIES[0]})
    ended = CliRunner().invoke(cli.sabotage, ["run", "--all", "--missing"])
    assert ended.exit_code == (0 if outcome is Outcome.CAUGHT else 1)


def of_a_night(folder: Path, seed: int, record: Path | None = None) -> list[Sabotage]:
    """What half an hour begins, each taking as long as is expected of it."""
    results, left, begun = Results(folder, record), 1800.0, []
    for entry in for_a_run(ENTRIES, results, seed):
        if (spent := expected_s(entry, results)) <= left:
            left -= spent
            begun.append(entry)
    return begun


def test_a_new_machine_each_night_plants_others_each_night_and_all_in_time(tmp_path: Path) -> None:
    """It knew only the record, whose oldest are the same sixteen every night."""
    record = tmp_path / "record.json"
    kept = {entry.id: [result(entry, days_old=0.1 + n / 100, total=100)] for n, entry in enumerate(ENTRIES)}
    record.write_text(Kept(results=kept).model_dump_json())
    nights = [{entry.id for entry in of_a_night(tmp_path / "new", seed, record)} for seed in range(150)]
    assert all(len(night) == 18 for night in nights)
    assert nights[0] != nights[1]
    assert set.union(*nights) == {entry.id for entry in ENTRIES}


@given(st.integers(0, 2**31), st.integers(0, 40))
def test_each_promise_has_one_of_its_own_before_any_has_another(seed: int, known: int) -> None:
    results = Results(Path("nowhere"))
    results.of = {entry.id: [result(entry, days_old=n)] for n, entry in enumerate(ENTRIES[:known])}
    results.own_newest = datetime.now(UTC) if known else None
    order = for_a_run(ENTRIES, results, seed)
    assert sorted(entry.id for entry in order) == sorted(entry.id for entry in ENTRIES), "each comes once"
    assert order == for_a_run(reversed(ENTRIES), results, seed), "the seed alone decides"
    covered: set[str] = set()
    new = []
    for entry in order:
        new.append(not covered.issuperset(entry.must_turn_red))
        covered.update(entry.must_turn_red)
    assert new == sorted(new, reverse=True)


def test_a_machine_that_keeps_its_results_begins_with_the_oldest_and_comes_round(tmp_path: Path) -> None:
    results = Results(tmp_path)
    for n, entry in enumerate(ENTRIES):
        results.of[entry.id] = [result(entry, days_old=1 + n / 100, total=100)]
    seen: set[str] = set()
    for night in range(60):
        results.own_newest = datetime.now(UTC) - timedelta(days=1)
        order = for_a_run(ENTRIES, results, night)
        assert order[0] == oldest_first(ENTRIES, results)[0]
        for n, entry in enumerate(order[:18]):
            seen.add(entry.id)
            results.of[entry.id].append(result(entry, days_old=-night - n / 100))
    assert len(seen) == len(ENTRIES)
    results.own_newest = datetime.now(UTC) - timedelta(days=3)
    assert for_a_run(ENTRIES, results, 1) != for_a_run(ENTRIES, results, 2), "nobody kept what came since"


def test_a_failure_of_the_harness_sends_none_to_the_end_of_the_queue(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.add(result(ENTRIES[0], days_old=3))
    results.add(result(ENTRIES[1], days_old=2))
    results.add(result(ENTRIES[0], Outcome.HARNESS, days_old=1))
    results.add(result(ENTRIES[2], Outcome.HARNESS))
    assert oldest_first(ENTRIES[:3], results) == [ENTRIES[2], ENTRIES[0], ENTRIES[1]]
