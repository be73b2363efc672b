"""What a person reads in a terminal, and what the two commands print and exit with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from dossier_maker import GATEWAY, ORDER, tell

from reports.cli import recheck, report
from reports.run import Judged, Run, TestRecord
from reports.text import failure_text, summary
from reports.verdict import Verdict


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    return tell(tmp_path_factory.mktemp("out") / "20261121-034500-ab12")


def test_a_failure_reads_as_promised(told: tuple[Path, Run]) -> None:
    _, run = told
    text = failure_text(next(test for test in run.tests if test.id == ORDER), run)
    assert [line.split()[0] for line in text.splitlines()] == ["FAIL:", "promise", "measured", "look", "repeat"]
    assert f"crucible run {ORDER} --profile quick --seed 81" in text
    assert "reports/out/20261121-034500-ab12/report.html#ordering-" in text
    assert "kafka/writes-operators.jsonl" in text


def test_a_failure_under_a_fault_names_fault_load_and_all_that_is_wrong(told: tuple[Path, Run]) -> None:
    _, run = told
    good = next(test for test in run.tests if test.id == GATEWAY)
    bad = Judged(checker="a.b", verdict=Verdict.FAIL, reason="61 % served", measured="61 %", budget="80 %")
    worse = Judged(checker="a.c", verdict=Verdict.INVALID, reason="effect not proven")
    text = failure_text(good.model_copy(update={"claims": [worse, bad], "error": "also crashed"}), run)
    assert text.splitlines()[0] == "FAIL: 61 % served"
    assert "measured  61 %; promised 80 %" in text
    assert "also      INVALID: effect not proven" in text
    assert "also      INCONCLUSIVE: also crashed" in text
    assert "-> gateway-a (uid uid-gate); effective at 15.200 s, healed after 7.8 s" in text
    assert "800 of 800 planned requests sent: 778 ok, 22 failed, 0 missing" in text


def test_an_unproven_fault_is_said_to_be_unproven() -> None:
    faults = [{"fault": "KillPod", "victims": [], "effective": None},
              {"fault": "KillNode", "victims": [{"name": "w"}], "effective": {"t": 1.0}, "healed": None}]  # fmt: skip
    text = failure_text(TestRecord(id="t", promise="p", certificates=faults), Run(run_id="r"))
    assert "KillPod -> nothing; effect not proven" in text
    assert "healing not proven" in text


def test_the_summary_lists_worst_first_and_every_gap(told: tuple[Path, Run]) -> None:
    folder, run = told
    lines = summary(run, folder).splitlines()
    words = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert words == ["FAIL", "SKIPPED", "PASS", "PASS", "FAIL:", "1", "report", "again"]
    assert "needs three zones" in "\n".join(lines)
    lost = summary(Run(run_id="r", planned=["x"]))
    assert "x did not run" in lost
    assert "INCONCLUSIVE: the run was interrupted" in lost


def test_recheck_gives_the_same_verdict_and_writes_nothing(told: tuple[Path, Run]) -> None:
    folder, _ = told
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = CliRunner().invoke(recheck, [str(folder)])
    assert result.exit_code == 1
    assert "->" not in result.output
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_recheck_shows_what_changed_and_writes_it_only_when_told(tmp_path: Path) -> None:
    folder, _ = tell(tmp_path / "run", lost_write=False)
    (folder / "experiments/gateway-pod-kill-1/journal.json").write_text("{}")
    result = CliRunner().invoke(recheck, [str(folder)])
    assert result.exit_code == 3
    assert "PASS -> INVALID" in result.output
    assert "without the strict control" in result.output
    assert json.loads((folder / "run.json").read_text())["verdict"] == "SKIPPED"
    CliRunner().invoke(recheck, [str(folder), "--write"])
    assert json.loads((folder / "run.json").read_text())["verdict"] == "INVALID"
    assert "INVALID" in (folder / "report.html").read_text()


def test_recheck_as_json(told: tuple[Path, Run]) -> None:
    result = CliRunner().invoke(recheck, [str(told[0]), "--json"])
    assert json.loads(result.output)["verdict"] == "FAIL"


def test_report_prints_the_path_that_it_wrote(told: tuple[Path, Run]) -> None:
    result = CliRunner().invoke(report, [str(told[0])])
    assert (result.exit_code, result.output.strip()) == (0, str(told[0] / "report.html"))
    assert (told[0] / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("verb", [recheck, report])
def test_no_dossier_is_a_usage_error_with_the_next_command(
    told: tuple[Path, Run], verb: object, tmp_path: Path
) -> None:
    beside = CliRunner().invoke(verb, [str(told[0].parent / "nope")])
    assert f"next: ls {told[0].parent}" in beside.output
    (tmp_path / "a/b").mkdir(parents=True)
    alone = CliRunner().invoke(verb, [str(tmp_path / "a/b")])
    assert "holds no run.json" in alone.output
    assert "next: crucible run" in alone.output
    assert "Traceback" not in beside.output + alone.output


def test_neither_command_needs_kubernetes_or_chaos(told: tuple[Path, Run]) -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom reports.cli import recheck\n"
        "CliRunner().invoke(recheck, [sys.argv[1]])\n"
        "print([m for m in ('kubernetes', 'chaoslib', 'locust', 'matplotlib', 'fixtures') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(told[0])], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_where_there_is_nothing_to_judge_the_call_was_wrong_and_no_promise_has_failed(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"run_id": "x", "planned"')
    for folder in (tmp_path, tmp_path / "none"):
        result = CliRunner().invoke(recheck, [str(folder)])
        assert (result.exit_code, "next:" in result.output) == (2, True)
