"""The report of a run under a planted defect says so wherever a person or a machine looks first."""

from __future__ import annotations

from pathlib import Path

from reports.html import write_report
from reports.junit import junit
from reports.run import Judged, Run, TestRecord
from reports.text import failure_text, repeat, summary
from reports.verdict import Verdict

TEST = TestRecord(
    id="suites/a/test_a.py::test_b", promise="it is fast",
    claims=[Judged(checker="a.b", verdict=Verdict.FAIL, reason="too late")],
)  # fmt: skip
SOUND = Run(run_id="r", seed=7, profile="quick", tests=[TEST])
SABOTAGED = SOUND.model_copy(update={"sabotage": "drop-write"})
SAID = "sabotage drop-write stood planted on purpose: this says nothing of the stack as it is"


def test_the_page_says_so_beside_its_verdict(tmp_path: Path) -> None:
    first = write_report(tmp_path, SABOTAGED).read_text().partition("<h2>")[0]
    assert first.index('<div class="word">FAIL') < first.index(SAID) < first.index("too late")
    assert "drop-write" not in write_report(tmp_path, SOUND).read_text()


def test_the_terminal_says_so_of_each_failure_and_beside_the_verdict_of_the_run() -> None:
    assert failure_text(TEST, SABOTAGED).splitlines()[1] == f"  sabotage  {SAID.removeprefix('sabotage ')}"
    assert summary(SABOTAGED).splitlines()[0] == SAID
    assert SAID in summary(SABOTAGED).splitlines()[-2]
    assert "sabotage" not in failure_text(TEST, SOUND) + summary(SOUND)


def test_a_ci_system_finds_it_as_a_property() -> None:
    suite = junit(SABOTAGED).partition("<testcase")[0]
    assert '<property name="sabotage" value="drop-write" />' in suite
    assert 'name="sabotage"' not in junit(SOUND)


def test_it_is_repeated_with_its_defect() -> None:
    assert repeat(TEST, SABOTAGED) == "crucible sabotage run drop-write --seed 7"
    assert repeat(TEST, SABOTAGED.model_copy(update={"seed": None})) == "crucible sabotage run drop-write"
    assert repeat(TEST, SOUND) == "crucible run suites/a/test_a.py::test_b --profile quick --seed 7"
