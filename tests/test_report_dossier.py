"""The dossier: made once, written whole, read with suspicion; JUnit from the same records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from dossier_maker import GATEWAY, NIGHT, ORDER, SCALES, tell

from reports import dossier as dossiers
from reports.claim import Claim
from reports.judging import judge_again, judge_test
from reports.run import Judged, Run, TestRecord
from reports.verdict import EXIT_CODES, Verdict
from suites.sabotage.of_run import told
from suites.sabotage.outcome import Outcome
from suites.sabotage.results import Result

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def record(name: str, *verdicts: str, error: str = "", skipped: str = "") -> TestRecord:
    claims = [Judged(checker="a.b", verdict=Verdict(verdict), reason=f"because {verdict}") for verdict in verdicts]
    return TestRecord(id=name, promise=f"promise of {name}", claims=claims, error=error, skipped=skipped)


def test_ids_sort_by_time_never_clash_and_latest_follows(tmp_path: Path) -> None:
    made = [dossiers.create(tmp_path) for _ in range(5)]
    assert len(set(made)) == 5
    assert (tmp_path / "latest").resolve() == made[-1].resolve()
    assert made[0].name[:15] <= made[-1].name[:15]
    assert {path.name for path in tmp_path.iterdir()} == {"latest", *(path.name for path in made)}


def test_a_folder_that_is_no_run_of_promises_leaves_latest_where_it_is(tmp_path: Path) -> None:
    run = dossiers.create(tmp_path)
    alone = dossiers.create(tmp_path, of_promises=False)
    assert alone.is_dir()
    assert (tmp_path / "latest").resolve() == run.resolve()
    assert {path.name for path in tmp_path.iterdir()} == {"latest", run.name, alone.name}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    folder, run = tell(tmp_path / "run")
    assert dossiers.load(folder) == run
    assert not list(folder.glob(".run.json*"))


@pytest.mark.parametrize(
    ("tests", "verdict"),
    [
        ([record("a", "PASS"), record("b", "PASS")], "PASS"),
        ([record("a", "PASS"), record("b", "PASS", "INVALID")], "INVALID"),
        ([record("a", "INVALID"), record("b", "FAIL")], "FAIL"),
        ([record("a", "PASS"), record("b", skipped="no zone")], "SKIPPED"),
        ([record("a", "PASS", error="set-up failed")], "INCONCLUSIVE"),
        ([record("a", "FAIL", error="set-up failed")], "FAIL"),
        ([record("a")], "INCONCLUSIVE"),
        ([], "INCONCLUSIVE"),
    ],
)
def test_a_run_is_as_bad_as_its_worst_test(tests: list[TestRecord], verdict: str) -> None:
    run = Run(run_id="r", finished=NOW, tests=tests)
    assert run.verdict == verdict
    assert run.reason


def test_a_run_that_never_finished_is_inconclusive_and_says_so(tmp_path: Path) -> None:
    run = Run(run_id="r", planned=["a", "b"], tests=[record("a", "PASS")])
    dossiers.save(tmp_path, run)
    again = dossiers.load(tmp_path)
    assert again.verdict is Verdict.INCONCLUSIVE
    assert again.gaps == ["the run was interrupted: it never finished", "b did not run"]
    again.interrupted, again.finished = "SIGTERM", NOW
    assert again.reason == "the run was interrupted: SIGTERM"


def test_a_planned_test_without_a_record_spoils_a_pass_and_not_a_fail() -> None:
    run = Run(run_id="r", finished=NOW, planned=["a", "b"], tests=[record("a", "PASS")])
    assert (run.verdict, run.reason) == (Verdict.INCONCLUSIVE, "b did not run")
    run.record(record("b", "FAIL"))
    assert run.verdict is Verdict.FAIL
    run.record(record("b", "PASS"))
    assert run.verdict is Verdict.FAIL  # what was seen once is not taken back


@pytest.mark.parametrize(
    "later", [record("a", error="teardown broke"), record("a", skipped="too late"), record("a", "PASS")]
)
def test_a_later_phase_does_not_erase_a_fail(later: TestRecord) -> None:
    run = Run(run_id="r", finished=NOW, tests=[record("a", "FAIL")])
    run.record(later)
    assert len(run.tests) == 1
    assert (run.verdict, run.reason) == (Verdict.FAIL, "because FAIL")
    assert later.error in run.tests[0].error


def test_a_later_phase_that_is_worse_counts() -> None:
    run = Run(run_id="r", finished=NOW, tests=[record("a", "PASS")])
    run.record(record("a", error="teardown broke"))
    assert (run.verdict, run.reason) == (Verdict.INCONCLUSIVE, "teardown broke")
    assert len(run.tests[0].claims) == 1


def test_a_run_without_any_pass_proves_nothing_and_never_exits_with_0() -> None:
    run = Run(run_id="r", finished=NOW, tests=[record("a", skipped="no zone"), record("b", skipped="no zone")])
    assert EXIT_CODES[run.verdict] == 3
    assert "no zone" in run.reason
    assert "nothing was proven" in run.reason


def test_a_forged_verdict_in_the_file_changes_nothing(tmp_path: Path) -> None:
    folder, _ = tell(tmp_path / "run")
    raw = json.loads((folder / "run.json").read_text())
    raw["verdict"] = "PASS"
    for test in raw["tests"]:
        test["verdict"] = "PASS"
    (folder / "run.json").write_text(json.dumps(raw))
    assert dossiers.load(folder).verdict is Verdict.FAIL


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": 7}', '{"run_id": "r", "tests": [{"id": "x"}]}'])
def test_a_broken_run_file_is_an_error_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(dossiers.DossierError, match=r"run\.json cannot be read") as error:
        dossiers.load(tmp_path)
    assert "\n" not in str(error.value)


def test_run_json_has_the_shape_of_the_design(tmp_path: Path) -> None:
    folder, _ = tell(tmp_path / "run")
    raw = json.loads((folder / "run.json").read_text())
    assert {"run_id", "seed", "profile", "started", "finished", "cluster", "stack", "verdict", "tests"} <= set(raw)
    test = raw["tests"][0]
    assert {"id", "promise", "verdict", "reason", "seconds", "experiment", "certificates", "recovery", "load",
            "evidence", "claims"} <= set(test)  # fmt: skip
    assert {"fault_id", "fault", "victims", "effective", "healed"} <= set(test["certificates"][0])
    assert {"fault_id", "role", "earliest_s", "latest_s", "budget_s", "phases"} <= set(test["recovery"][0])
    assert {"planned", "sent", "ok", "failed", "missing", "windows"} <= set(test["load"])


def test_judging_again_gives_the_same_run(tmp_path: Path) -> None:
    folder, run = tell(tmp_path / "run")
    assert judge_again(folder, run) == run


def test_judging_again_sees_what_changed_and_keeps_what_has_no_claim(tmp_path: Path) -> None:
    folder, run = tell(tmp_path / "run", lost_write=False)
    assert {test.id: test.verdict for test in run.tests}[ORDER] is Verdict.PASS
    (folder / "kafka/topic-operators.jsonl").unlink()
    again = {test.id: test for test in judge_again(folder, run).tests}
    assert again[ORDER].verdict is Verdict.INCONCLUSIVE
    assert again[GATEWAY].verdict is Verdict.PASS
    assert again[NIGHT].skipped


def test_a_test_without_claims_proves_nothing(tmp_path: Path) -> None:
    found = judge_test(tmp_path, test="t", promise="p", claims=[])
    assert (found.verdict, "proved nothing" in found.reason) == (Verdict.INCONCLUSIVE, True)


def test_junit_counts_and_carries_the_word(tmp_path: Path) -> None:
    folder, run = tell(tmp_path / "run")
    suite = ET.parse(folder / "junit.xml").getroot()[0]  # noqa: S314 - our own file
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "0", "skipped": "1",
    }  # fmt: skip
    words = {case.get("name"): case.find("properties/property[@name='verdict']") for case in suite.iter("testcase")}
    assert words[SCALES.partition("::")[2]].get("value") == "PASS"
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message", "").startswith("FAIL: ")
    assert run.run_id in (failure.text or "")


@pytest.mark.parametrize(
    ("outcomes", "minutes", "counts", "names"),
    [
        ((Outcome.CAUGHT,), 30.0, ("1", "0", "0"), []),
        ((Outcome.ESCAPED,), 30.0, ("2", "1", "0"), ["lost"]),
        ((Outcome.ANOTHER, Outcome.HARNESS), 30.0, ("3", "1", "1"), ["lost", "lost"]),
        ((), None, ("2", "0", "1"), ["all"]),
    ],
)
def test_junit_names_each_sabotage_that_keeps_a_run_from_pass(
    outcomes: tuple[Outcome, ...], minutes: float | None, counts: tuple[str, ...], names: list[str]
) -> None:
    """A run that was FAIL because one escaped had failures="0", and its name was nowhere."""
    done = [Result(sabotage="lost", family="f", digest="d", outcome=outcome, reason="\x00 c.d PASS", seed=1)
            for outcome in outcomes]  # fmt: skip
    kept = Judged(checker="c", verdict=Verdict.PASS, reason="r")
    run = Run(run_id="r", tests=[TestRecord(id="t", promise="p", claims=[kept])], finished=datetime.now(UTC))
    run.sabotages = told(done, planned=9, minutes=minutes)
    suite = ET.fromstring(dossiers.junit(run))[0]  # noqa: S314 - our own text
    assert tuple(suite.get(name) for name in ("tests", "failures", "errors")) == counts
    cases = suite.findall("testcase[@classname='sabotages']")
    assert [case.get("name") for case in cases] == names
    for case, outcome in zip(cases, outcomes, strict=False):
        bad = case.find("error" if outcome is Outcome.HARNESS else "failure")
        assert bad is not None
        assert "c.d PASS" in str(bad.get("message"))


def test_junit_is_well_formed_whatever_a_pod_calls_itself(tmp_path: Path) -> None:
    evil = "]]><script>\x00\x1b[31m\ud800 & \"'"
    run = Run(run_id="r", planned=["lost::one"], tests=[record("a::b", "FAIL", error=evil)])
    run.tests[0].promise = evil
    run.tests[0].claims[0].reason = evil
    text = dossiers.junit(run)
    root = ET.fromstring(text.encode("utf-8", "replace"))  # noqa: S314 - our own text
    assert root[0].get("errors") == "1"
    assert [case.get("name") for case in root.iter("testcase")] == ["b", "one"]


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    dossiers.replace(path, "old")
    monkeypatch.setattr(dossiers.os, "fsync", lambda fd: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        dossiers.replace(path, "new")
    assert path.read_text() == "old"


def test_figures_of_the_first_load_are_kept(tmp_path: Path) -> None:
    folder, _ = tell(tmp_path / "run")
    claims = [
        Claim("availability.in_windows", {"load": load, "at_least": 0.1, "window_s": 5})
        for load in ("manager_load", "viewers")
    ]
    assert judge_test(folder, test="t", promise="p", claims=claims).load["planned"] == 2400
