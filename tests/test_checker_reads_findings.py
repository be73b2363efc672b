"""The whole answer about reads that may contradict writes: verdict, reason, figure, budget, evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_maker import Story
from test_checker_reads import NAMES, judged

from reports.checkers import reads
from reports.verdict import Finding, Verdict

FILES = ("load/requests-operators.csv",)


def test_what_fits_is_told_whole(tmp_path: Path) -> None:
    said = "none of 100 answers contradicts what was written"
    assert judged(tmp_path, errors={}) == Finding(Verdict.PASS, said, "0 of 100 answers", "none", FILES)


def test_what_contradicts_is_told_whole_with_each_answer_and_when_it_came(tmp_path: Path) -> None:
    finding = judged(tmp_path, errors={0: "wrong-answer: slot is 3", 99: "wrong-answer: slot is 4"})
    assert (finding.verdict, finding.measured, finding.budget) == (Verdict.FAIL, "2 of 100 answers", "none")
    assert finding.evidence == FILES
    answers = "wrong-answer: slot is 3 at 1.0 s, wrong-answer: slot is 4 at 6.0 s"
    assert finding.reason == f"2 of 100 answers contradict what was written: {answers}"


@pytest.mark.parametrize(("at_least", "needed"), [(0, 0), (7, 7)])
def test_too_few_answers_are_told_whole(tmp_path: Path, at_least: int, needed: int) -> None:
    finding = judged(tmp_path, errors=dict.fromkeys(range(100), "read: timed out"), at_least=at_least)
    said = f"0 answers could be judged; {needed} are needed to tell"
    assert finding == Finding(Verdict.INCONCLUSIVE, said, "0 of 0 answers", "none", FILES)


def test_a_single_answer_is_enough_where_one_is_asked_for(tmp_path: Path) -> None:
    errors = dict.fromkeys(range(1, 100), "read: timed out")
    assert judged(tmp_path, errors=errors, at_least=0).verdict is Verdict.PASS


def test_an_answer_that_quotes_the_word_in_its_middle_contradicts_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path, errors={4: "read: wrong-answer"}).verdict is Verdict.PASS


def test_what_other_requests_got_is_not_this_claims_matter(tmp_path: Path) -> None:
    finding = judged(tmp_path, errors={42: "wrong-answer: slot is 3"})
    assert finding.verdict is Verdict.FAIL
    path = tmp_path / "load/requests-operators.csv"
    lines = path.read_text().splitlines()
    lines[43] = lines[43].replace(NAMES[0], "GET other")
    path.write_text("\n".join(lines) + "\n")
    again = reads.none_contradicts_its_writes(tmp_path, load="operators", names=NAMES, at_least=99)
    assert (again.verdict, again.measured) == (Verdict.PASS, "0 of 99 answers")


def test_no_load_and_no_such_name_are_told_whole(tmp_path: Path) -> None:
    Story(tmp_path).write()
    none = reads.none_contradicts_its_writes(tmp_path, load="operators", names=NAMES, at_least=1)
    said = "load/operators.plan.json is missing: what was to be sent is unknown"
    assert none == Finding(Verdict.INCONCLUSIVE, said, budget="none", evidence=FILES)
