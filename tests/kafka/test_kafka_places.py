"""Where a picture is drawn: each finding knows the place in its key that shows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reports.checkers.kafka.check.checker import PICTURES, Checker
from reports.checkers.kafka.check.classes import RECORD_CLASSES, Found
from reports.checkers.kafka.check.partition import Partition, Rows
from reports.checkers.kafka.check.steps import STEP_CLASSES
from tests.kafka.notation import history

PLACES: list[tuple[str, str, list[int | None]]] = [
    ("inconsistent-offsets", "0 ok send x=1@3 x=5@7 x=6@9 | 1 ok poll x=1@3,2@7 | 2 ok poll x=2@7", [7]),
    ("duplicate", "0 ok send x=1@3 x=2@6 | 1 ok poll x=1@4,1@5,2@6,2@8", [5, 8]),
    ("duplicate", "0 ok send x=1@3 | 1 ok poll x=9@4,9@8,9@5", [8]),
    ("G1a", "0 fail send x=1 x=2 | 1 ok send x=3@4 | 1 ok poll x=3@4,1@6,2@9", [6, 9]),
    ("precommitted-read", "1 ok send x=2@5 | 0 ok txn +x=1@7 ?x=2@5 ?x=1@7", [7]),
    ("corrupt", "0 ok send x=1@4 x=2@8 | 1 ok poll x=1@4,2@8!", [8]),
    ("phantom", "0 ok send x=1@4 | 1 ok poll x=1@4,8@6,9@7", [6, 7]),
    ("lost-write", "0 ok send x=1@2 x=2@5 x=3@7 x=4@9 | 1 ok poll x=1@2,4@9", [5, 7]),
    ("unseen", "0 ok send x=1@2 x=2@5 x=3 | 1 ok poll x=1@2", [5, None]),
    ("realtime-order", "0 ok send x=1@9 | 1 ok send x=2@3 | 2 ok send x=3@6", [3, 6]),
    ("poll-skip", "0 ok send x=1@1 x=2@4 x=3@5 x=4@6 | 1 ok poll x=1@1 | 1 ok poll x=3@5 | 1 ok poll x=4@6", [5]),
    ("nonmonotonic-poll", "0 ok send x=1@2 x=2@4 | 1 ok poll x=1@2,2@4 | 1 ok poll x=1@2", [2]),
    ("int-poll-skip", "0 ok send x=1@1 x=2@4 x=3@5 x=4@6 | 1 ok poll x=1@1,2@4,4@6", [6]),
    ("int-nonmonotonic-poll", "0 ok send x=1@1 x=2@4 x=3@5 | 1 ok poll x=1@1,3@5,2@4", [4]),
    ("nonmonotonic-send", "0 ok send x=9@2 | 0 ok send x=1@8 | 0 ok send x=2@4", [4]),
    ("int-nonmonotonic-send", "0 ok send x=9@2 x=1@8 x=2@4", [4]),
    ("int-send-skip", "0 ok send x=9@2 x=1@4 x=3@8 | 1 ok send x=2@6", [8]),
]


def found(text: str) -> Iterator[tuple[Partition, dict[str, Found]]]:
    checker = Checker()
    checker.feed(history(text))
    rows = Rows(checker._store, checker.names, atomic=True)
    for name, code in checker.names.keys.items():
        partition = Partition(name, code, checker._store, rows)
        cases = {name: find(partition) for name, find in RECORD_CLASSES.items()}
        for steps in STEP_CLASSES:
            cases |= steps(partition)
        yield partition, cases


@pytest.mark.parametrize(("name", "text", "offsets"), PLACES)
def test_a_finding_knows_its_place(name: str, text: str, offsets: list[int | None]) -> None:
    for partition, cases in found(text):
        places = [cases[name].witness(at)[2] for at in cases[name].at.tolist()]
        assert [partition.offsets[place] if place >= 0 else None for place in places] == offsets


def test_every_class_of_one_key_has_its_place() -> None:
    assert {name for name, _, _ in PLACES} == set(RECORD_CLASSES) | {
        name for _, cases in found("0 ok send x=1@0") for name in cases
    }


def pictures(text: str) -> dict[str, str]:
    checker = Checker()
    checker.feed(history(text))
    return checker.verdict().pictures


def test_a_key_has_one_picture_of_its_first_finding_and_at_most_eight_keys_have_one() -> None:
    drawn = pictures("0 ok send x=1@0 x=2@1 x=3@2 | 1 ok poll x=1@0,3@2")
    assert list(drawn) == ["x/0"]
    assert "lost-write: process 0 sent 2" in drawn["x/0"]
    many = " | ".join(f"{i} ok send k{i}=1@0 k{i}=2@1 | {i} ok poll k{i}=2@1" for i in range(PICTURES + 3))
    assert len(pictures(many)) == PICTURES


def test_what_is_always_permitted_or_stands_nowhere_is_not_drawn() -> None:
    assert (
        pictures("1 invoke send x=2 | 0 ok send x=1@0 x=3@2 | 1 ok send x=2@1 | 2 ok poll x=1@0,2@1,3@2") == {}
    )  # int-send-skip
    assert pictures("0 ok send x=1") == {}
