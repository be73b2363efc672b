"""Each class is found in hand-made histories that show it, and not in those that nearly do."""

from __future__ import annotations

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.operation import CLASSES, operations
from reports.checkers.kafka.oracle import cycles as oracle_cycles
from reports.checkers.kafka.oracle import records as oracle
from reports.checkers.kafka.oracle.view import View
from tests.kafka.cases import CASES
from tests.kafka.cases_of_cycles import CYCLE_CASES
from tests.kafka.notation import history

ALL = CASES | CYCLE_CASES
FOUND = [(name, text) for name, (found, _) in ALL.items() for text in found]
MISSED = [(name, text) for name, (_, missed) in ALL.items() for text in missed]


def seen(text: str) -> dict[str, int]:
    checker = Checker()
    checker.feed(history(text))
    result = checker.verdict()
    view = View(operations(history(text)))
    assert result.seen == oracle.seen(view) | oracle_cycles.seen_cycles(view)
    for name, count in result.seen.items():
        assert 1 <= len(result.witnesses[name]) <= count
        assert all(witness.ops and witness.text for witness in result.witnesses[name])
    return result.seen


@pytest.mark.parametrize(("name", "text"), FOUND)
def test_is_found(name: str, text: str) -> None:
    assert seen(text).get(name, 0) > 0


@pytest.mark.parametrize(("name", "text"), MISSED)
def test_near_miss_is_not_found(name: str, text: str) -> None:
    assert name not in seen(text)


def test_every_class_has_three_of_each() -> None:
    assert {*ALL} == {*CLASSES}
    assert all(len(found) >= 3 and len(missed) >= 3 for found, missed in ALL.values())
