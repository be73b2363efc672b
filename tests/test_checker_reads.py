"""A user's answer that contradicts what was written turns the promise red, however few there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_maker import Story

from reports.checkers import reads
from reports.verdict import Finding, Verdict

NAMES = ["GET selection_input"]


def judged(folder: Path, *, errors: dict[int, str], at_least: int = 50, status: int = 200) -> Finding:
    """A load of 100 reads, whose rows of these numbers have these errors."""
    story = Story(folder)
    story.load("operators", start=1, seconds=5)
    story.lines[-1]["data"]["ok"] -= len(errors)  # load.finished counts what the rows hold
    story.write()
    path = folder / "load/requests-operators.csv"
    head, *rows = path.read_text().replace("GET /live", NAMES[0]).replace(",302,", f",{status},").splitlines()
    for at, error in errors.items():
        rows[at] += error
    path.write_text("\n".join([head, *rows]) + "\n")
    return reads.none_contradicts_its_writes(folder, load="operators", names=NAMES, at_least=at_least)


def test_answers_that_fit_are_a_pass(tmp_path: Path) -> None:
    assert judged(tmp_path, errors={}, at_least=100).verdict is Verdict.PASS


def test_one_that_contradicts_is_a_fail_and_shown(tmp_path: Path) -> None:
    finding = judged(tmp_path, errors={42: "wrong-answer: slot is 3"}, at_least=1000)
    assert (finding.verdict, "wrong-answer: slot is 3 at 3." in finding.reason) == (Verdict.FAIL, True)
    assert finding.measured == "1 of 100 answers"


def test_one_that_is_late_or_none_is_not_a_contradiction_and_not_an_answer(tmp_path: Path) -> None:
    errors = {3: "old-answer of 3.200 s ago: stands at 4", 5: "read: timed out"}
    assert judged(tmp_path, errors=errors, at_least=98).verdict is Verdict.PASS
    assert judged(tmp_path, errors=errors, at_least=99).verdict is Verdict.INCONCLUSIVE


def test_that_nothing_is_there_is_no_answer_that_could_contradict_much(tmp_path: Path) -> None:
    """Nine reads of ten asked for what was never written, and counted: old answers to all of them passed."""
    assert judged(tmp_path, errors={}, at_least=1, status=404).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("at_least", [0, 1])
def test_without_reads_nothing_is_told(tmp_path: Path, at_least: int) -> None:
    errors = dict.fromkeys(range(100), "read: timed out")
    assert judged(tmp_path, errors=errors, at_least=at_least).verdict is Verdict.INCONCLUSIVE
    other = reads.none_contradicts_its_writes(tmp_path, load="operators", names=["GET other"], at_least=1)
    missing = reads.none_contradicts_its_writes(tmp_path / "none", load="operators", names=NAMES, at_least=1)
    assert {other.verdict, missing.verdict} == {Verdict.INCONCLUSIVE}
