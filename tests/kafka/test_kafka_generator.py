"""Correct histories pass, and a planted anomaly is found under its own name. KAFKA_SWEEP says how many of each."""

from __future__ import annotations

import random

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.generation.generator import Plan, generate_events
from reports.checkers.kafka.generation.planting import CannotPlant, plant_anomaly
from reports.checkers.kafka.guarantees import INTERLEAVED, PERMITTED_BY
from reports.checkers.kafka.operation import CLASSES
from reports.checkers.kafka.operation import NewEvent as Event
from reports.verdict import Verdict

ALWAYS = {name for name, reasons in PERMITTED_BY.items() if INTERLEAVED in reasons}


def correct(seed: int) -> list[Event]:
    rng = random.Random(seed)
    plan = Plan(
        records=rng.choice([30, 60, 120]),
        partitions=rng.choice([1, 2, 3, 5]),
        clients=rng.choice([2, 4, 6]),
        transactions=rng.random() < 0.6,
        subscribe=rng.random() < 0.4,
        trouble=rng.choice([0, 0.06, 0.2]),
    )
    return generate_events(plan, rng)


def judge(events: list[Event]) -> Result:
    checker = Checker()
    checker.feed(events)
    return checker.verdict()


@pytest.mark.sweep
def test_correct_histories_raise_no_alarm(sweep: int) -> None:
    for seed in range(sweep):
        result = judge(correct(seed))
        assert result.verdict is Verdict.PASS, (seed, result.reason)


@pytest.mark.sweep
def test_planted_anomalies_are_found_under_their_name(sweep: int) -> None:
    planted = refused = 0
    for seed in range(sweep):
        name = CLASSES[seed % len(CLASSES)]
        events = correct(seed)
        try:
            changed = plant_anomaly(events, name, random.Random(seed))
        except CannotPlant:
            refused += 1
            continue
        planted += 1
        result = judge(changed)
        if name in ALWAYS:
            assert result.seen[name] > judge(events).seen.get(name, 0), (seed, name)
        elif name == "unseen":
            assert result.seen[name], (seed, name)
            assert result.verdict is not Verdict.PASS, (seed, name)
        elif result.excused.get(name, 0) == result.seen.get(name):
            pytest.fail(f"{name} not found with seed {seed}")
        else:
            assert name in result.bad, (seed, name)
            assert result.verdict is Verdict.FAIL, (seed, name)
    assert refused <= sweep / 20


def test_the_same_seed_gives_the_same_history() -> None:
    assert correct(5) == correct(5)
    assert plant_anomaly(correct(5), "duplicate", random.Random(1)) == plant_anomaly(
        correct(5), "duplicate", random.Random(1)
    )


def test_what_a_correct_history_is_made_of() -> None:
    rng = random.Random(2)
    events = generate_events(Plan(records=400, clients=6, subscribe=True, trouble=0.3), rng)
    kinds = {(event["type"], event["f"]) for event in events}
    assert kinds >= {
        ("ok", "txn"),
        ("fail", "txn"),
        ("info", "txn"),
        ("info", "crash"),
        ("ok", "subscribe"),
        ("ok", "assign"),
    }
    assert any("rebalance" in event for event in events)
    read = {
        record[0]
        for event in events[-40:]
        for micro in event["value"]
        if len(micro) > 1
        for record in micro[1].get("t0/0", [])
    }
    assert len(read) < max(read) - min(read) + 1  # markers and aborted records take offsets too
