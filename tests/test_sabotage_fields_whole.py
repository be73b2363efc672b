"""The proof that no rule of a claim uses the fields of lines that differ: what it asks, and when there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_sabotage_proofs_whole import NONE, Asked, Judge, always, lines, proven, used

from reports.verdict import Verdict

JOURNAL = "kafka/journal-operators.jsonl"
ROWS = [{"n": n, "at": 10 + n, "deep": {"x": [n]}} for n in range(3)]


def test_fields_of_lines_that_no_rule_uses_may_have_any_value_of_their_type(tmp_path: Path) -> None:
    spoilt = lines(ROWS[0], ROWS[1] | {"at": 99, "deep": {"x": [7]}}, ROWS[2] | {"at": 98})
    asked = Asked(used("n"))
    found = proven(tmp_path, "x.y", JOURNAL, lines(*ROWS), spoilt, asked)
    said = "no rule uses at, deep.x.0 of these lines: any value of its type gives the same answer"
    assert (found, asked.files) == (("not used", said), {JOURNAL})
    values = [None, "", "other", 0, -1, 10**12, True, [], {}, 1, "another"]
    changed = [lines(ROWS[0], ROWS[1] | {"at": v, "deep": {"x": [v]}}, ROWS[2] | {"at": v}) for v in values]
    last = lines(ROWS[0], {"n": 1, "deep": {"x": [None]}}, {"n": 2, "deep": {"x": [2]}})
    assert asked.contents == [b"", lines(*ROWS), *changed, last]


def refuses(of_type: type, answer: Verdict) -> Judge:
    """A claim that uses no `at`, but answers otherwise where it is of one type."""

    def judge(raw: bytes) -> tuple[Verdict, str] | Verdict:
        ats = [json.loads(line).get("at", ...) for line in raw.splitlines()]
        return Verdict.INVALID if not ats else answer if any(type(at) is of_type for at in ats) else Verdict.PASS

    return judge


@pytest.mark.parametrize(
    ("of_type", "answer", "has_proof"),
    [
        (str, Verdict.INCONCLUSIVE, True),
        (str, Verdict.INVALID, True),
        (str, Verdict.FAIL, False),
        (type(None), Verdict.FAIL, False),
        (list, Verdict.INVALID, True),
        (type(...), Verdict.INCONCLUSIVE, True),
        (type(...), Verdict.FAIL, False),
    ],
)
def test_what_is_no_such_value_may_be_refused_but_not_judged_otherwise(
    tmp_path: Path, of_type: type, answer: Verdict, has_proof: bool
) -> None:
    spoilt = lines(ROWS[0], ROWS[1] | {"at": 99}, ROWS[2])
    found = proven(tmp_path, "x.y", JOURNAL, lines(*ROWS), spoilt, Asked(refuses(of_type, answer)))
    said = "no rule uses at of these lines: any value of its type gives the same answer"
    assert found == (("not used", said) if has_proof else NONE)


@pytest.mark.parametrize(
    ("spoilt", "judge", "asked_anything"),
    [
        (lines(*ROWS), used(), False),
        (lines(*ROWS[:2]), used(), False),
        (lines(*ROWS) + lines(ROWS[0]), used(), False),
        (lines(*ROWS[:2]) + b'{"n": ', used(), False),
        (None, used(), False),
        (lines(*ROWS[:2]) + b"7\n", used(), False),
        (lines(*ROWS[:2], ROWS[2] | {"at": 9}), lambda _: Verdict.PASS, True),
        (lines(*ROWS[:2], ROWS[2] | {"n": 9}), used("n"), True),
        (lines(*ROWS[:2], ROWS[2] | {"n": True}), used("n"), True),
    ],
)
def test_lines_that_are_no_fields_or_are_used_have_no_proof(
    tmp_path: Path, spoilt: bytes | None, judge: Judge, asked_anything: bool
) -> None:
    asked = Asked(judge)
    assert proven(tmp_path, "x.y", JOURNAL, lines(*ROWS), spoilt, asked) == NONE
    assert bool(asked.contents) is asked_anything


def test_a_value_of_another_type_that_equals_it_differs_and_other_files_have_no_proof(tmp_path: Path) -> None:
    spoilt = lines({"n": 1.0, "m": 1})
    said = "no rule uses n of these lines: any value of its type gives the same answer"
    assert proven(tmp_path, "x.y", JOURNAL, lines({"n": 1, "m": 1}), lines({"n": 2, "m": 1}), Asked(used("m"))) == (
        "not used", said
    )  # fmt: skip
    assert proven(tmp_path, "x.y", JOURNAL, lines({"n": 1, "m": 1}), spoilt, Asked(used("m"))) == NONE
    assert proven(tmp_path, "x.y", "a.json", b'{"n": 1, "m": 1}', b'{"n": true, "m": 1}', Asked(used("m"))) == (
        "not used", "no rule uses n: 9 values and none at all give the same answer"
    )  # fmt: skip
    assert proven(tmp_path, "x.y", "state/t/diff.txt", b"a\n", b"b\n", always(Verdict.FAIL)) == NONE


@pytest.mark.parametrize(
    ("good", "spoilt", "refused", "has_proof"),
    [
        ({"n": 1, "at": 3}, {"n": 1, "at": 9}, -1, False),
        ({"n": 1, "at": 3}, {"n": 1, "at": 9}, "another", True),
        ({"n": 1, "at": None}, {"n": 1, "at": 9}, 1, True),
        ({"n": 1, "at": None}, {"n": 1, "at": 9}, None, True),
        ({"n": 1}, {"n": 1, "at": 9}, None, True),
        ({"n": 1}, {"n": 1, "at": 9}, 0, True),
        ({"n": 1, "at": [{"deep": 3}]}, {"n": 1, "at": [{"deep": 4}]}, [{"deep": -1}], False),
        ({"n": 1, "at": [{"deep": 3}]}, {"n": 1, "at": [{"deep": 4}]}, [{"deep": ""}], True),
    ],
)
def test_a_value_of_the_type_that_stands_there_must_not_be_refused(
    tmp_path: Path, good: Any, spoilt: Any, refused: Any, has_proof: bool
) -> None:
    def judge(raw: bytes) -> Verdict:
        ats = [json.loads(line).get("at", ...) for line in raw.splitlines()]
        same = [at for at in ats if at == refused and type(at) is type(refused)]
        return Verdict.INVALID if not ats or (same and good.get("at", ...) != refused) else Verdict.PASS

    found = proven(tmp_path, "x.y", JOURNAL, lines(good), lines(spoilt), Asked(judge))
    assert bool(found[0]) is has_proof
