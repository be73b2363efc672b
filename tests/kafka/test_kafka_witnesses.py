"""What a person reads about each class: one sentence, and the operations that show it."""

from __future__ import annotations

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.operation import CLASSES
from tests.kafka.notation import history
from tests.kafka.sentences import OF_CYCLES, OF_RECORDS

WITNESSES = [*OF_RECORDS, *OF_CYCLES]


@pytest.mark.parametrize(("name", "text", "sentence", "operations"), WITNESSES)
def test_says_it_in_one_sentence(name: str, text: str, sentence: str, operations: tuple[int, ...]) -> None:
    checker = Checker()
    checker.feed(history(text))
    (witness,) = checker.verdict().witnesses[name]
    assert witness.text == sentence
    assert witness.ops == operations


def test_every_class_has_its_sentence() -> None:
    assert {name for name, *_ in WITNESSES} == set(CLASSES)
