"""No proof of a fault, no verdict about the stack: each missing piece makes it INVALID."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Story

from reports.checkers.certificate import experiment_completed, proven
from reports.verdict import Finding, Verdict

EXPERIMENT = "gateway-pod-kill-1"


def judged(tmp_path: Path, change: Callable[[Story], None] = lambda story: None, **fault: Any) -> Finding:
    story = Story(tmp_path)
    story.fault("f1", t=10, victim=("gateway-a", "u1"), **fault)
    story.journal(EXPERIMENT)
    change(story)
    story.write()
    return proven(tmp_path, fault_id="f1")


def test_effect_and_healing_proven_is_a_pass_with_its_certificate(tmp_path: Path) -> None:
    finding = judged(tmp_path)
    assert finding.verdict is Verdict.PASS
    certificate = finding.data["certificates"][0]
    assert certificate["victims"] == [{"kind": "Pod", "namespace": "acd", "name": "gateway-a", "uid": "u1"}]
    assert certificate["effective"] == {"t": 10.2, "evidence": {"uid gone": "u1"}}
    assert certificate["healed"]["t"] == 18.0


def _without(kind: str) -> Callable[[Story], None]:
    def change(story: Story) -> None:
        story.lines = [line for line in story.lines if line["kind"] != kind]

    return change


def _victims(victims: list[dict[str, str]]) -> Callable[[Story], None]:
    def change(story: Story) -> None:
        for line in story.lines:
            if line["kind"].startswith("fault."):
                line["data"]["victims"] = victims

    return change


def _no_evidence(kind: str) -> Callable[[Story], None]:
    def change(story: Story) -> None:
        for line in story.lines:
            if line["kind"] == kind:
                line["data"]["evidence"] = {}

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_without("fault.effective"), "effect is not proven"),
        (_without("fault.healed"), "healing is not proven"),
        (_no_evidence("fault.effective"), "fault.effective carries no evidence"),
        (_no_evidence("fault.healed"), "fault.healed carries no evidence"),
        (_victims([]), "names no victim"),
        (_victims([{"kind": "Pod", "name": "gateway-a"}]), "has no UID"),
        (lambda story: story.lines.clear() or Story.__init__(story, story.folder), "fault 'f1' is not on the timeline"),
    ],
)
def test_each_missing_proof_is_invalid(tmp_path: Path, change: Callable[[Story], None], why: str) -> None:
    finding = judged(tmp_path, change)
    assert finding.verdict is Verdict.INVALID
    assert why in finding.reason


def test_evidence_older_than_the_act_proves_nothing(tmp_path: Path) -> None:
    assert "fault.effective of f1 without fault.injected" in judged(tmp_path, effective=-0.5).reason


def test_the_reason_for_no_effect_is_told(tmp_path: Path) -> None:
    def change(story: Story) -> None:
        same = next(line["data"] for line in story.lines if line["kind"] == "fault.planned")
        _without("fault.effective")(story)
        story.event("fault", "fault.not_effective", EXPERIMENT, 11, **same, evidence="found 0 pods")

    assert "found 0 pods" in judged(tmp_path, change).reason


@pytest.mark.parametrize(
    ("journal", "verdict"),
    [
        ({"strict": None}, "INVALID"),
        ({"strict": "dry"}, "INVALID"),
        ({"status": "failed"}, "INVALID"),
        ({"status": "interrupted"}, "INVALID"),
        ({"deviated": None}, "INVALID"),
        ({"deviated": True}, "FAIL"),
        ({"deviated": True, "strict": None}, "FAIL"),
        ({}, "PASS"),
    ],
)
def test_the_journal_must_be_strict_complete_and_not_deviated(
    tmp_path: Path, journal: dict[str, Any], verdict: str
) -> None:
    judged(tmp_path, lambda story: story.journal(EXPERIMENT, **journal))
    assert experiment_completed(tmp_path, experiment=EXPERIMENT).verdict == verdict


def test_a_fault_of_the_experiment_that_is_not_proven_is_not_forgotten(tmp_path: Path) -> None:
    judged(tmp_path, effective=None)
    finding = experiment_completed(tmp_path, experiment=EXPERIMENT)
    assert (finding.verdict, "its effect is not proven" in finding.reason) == (Verdict.INVALID, True)


def test_a_journal_that_is_missing_or_torn_is_invalid(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.fault("f1", t=10, victim=("a", "u"))
    story.write()
    assert "left no journal" in experiment_completed(tmp_path, experiment=EXPERIMENT).reason
    story.journal(EXPERIMENT)
    (tmp_path / "experiments" / EXPERIMENT / "journal.json").write_text('{"status": ')
    finding = experiment_completed(tmp_path, experiment=EXPERIMENT)
    assert (finding.verdict, "cannot be read" in finding.reason) == (Verdict.INVALID, True)


def test_one_bad_run_of_an_experiment_spoils_all_its_runs_but_not_another_experiment(tmp_path: Path) -> None:
    story = Story(tmp_path)
    for number in (1, 2):
        story.fault(f"f{number}", t=10 * number, victim=("a", f"u{number}"), experiment=f"kill-{number}")
        story.journal(f"kill-{number}", **({"strict": False} if number == 2 else {}))
    story.journal("kill-everything-1", deviated=True)
    story.write()
    assert experiment_completed(tmp_path, experiment="kill").verdict is Verdict.INVALID
    assert experiment_completed(tmp_path, experiment="kill-1").verdict is Verdict.PASS
    assert proven(tmp_path, fault_id="f1").verdict is Verdict.PASS
    assert proven(tmp_path, fault_id="f9").verdict is Verdict.INVALID


def test_fewer_faults_than_promised_is_invalid(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.fault("f1", t=10, victim=("a", "u1"), experiment=EXPERIMENT)
    story.journal(EXPERIMENT)
    story.write()
    assert experiment_completed(tmp_path, experiment=EXPERIMENT).verdict is Verdict.PASS
    finding = experiment_completed(tmp_path, experiment=EXPERIMENT, min_faults=2)
    assert (finding.verdict, "1 faults are on the timeline, not 2" in finding.reason) == (Verdict.INVALID, True)


def test_nothing_named_is_invalid(tmp_path: Path) -> None:
    judged(tmp_path)
    assert proven(tmp_path, fault_id="").verdict is Verdict.INVALID


def _planned(folder: Path) -> tuple[Path, dict[str, Any]]:
    story = Story(folder)
    story.fault("f1", t=10, victim=("gateway-a", "u1"))
    story.journal(EXPERIMENT)
    story.write()
    file = folder / "experiments" / EXPERIMENT / "journal.json"
    return file, json.loads(file.read_text())


@pytest.mark.parametrize("lost", ["experiment", "run", "rollbacks", "steady_states"])
def test_a_journal_that_calls_itself_completed_must_be_whole(tmp_path: Path, lost: str) -> None:
    file, journal = _planned(tmp_path)
    assert experiment_completed(tmp_path, experiment=EXPERIMENT).verdict is Verdict.PASS
    file.write_text(json.dumps({key: value for key, value in journal.items() if key != lost}))
    assert experiment_completed(tmp_path, experiment=EXPERIMENT).verdict is Verdict.INVALID


def _break(journal: dict[str, Any], what: str) -> None:  # noqa: PLR0912 - one case per defect
    run, looks = journal["run"], journal["steady_states"]
    match what:
        case "a step is missing":
            del run[1]
        case "a step failed":
            run[0]["status"] = "failed"
        case "a step ended before it began":
            run[0]["end"] = "0001-01-01T00:00:00+00:00"
        case "a look did not find it kept":
            looks["during"][0]["steady_state_met"] = False
        case "a probe was not asked":
            looks["before"]["probes"] = []
        case "a probe failed":
            looks["after"]["probes"][0]["tolerance_met"] = False
        case "nobody looked during":
            looks["during"] = []
        case "a look is missing":
            del looks["during"][1]
        case "the first look is missing":
            del looks["during"][:2]
        case "the last look is missing":
            del looks["during"][-2:]
        case "a look stands twice":
            looks["during"].insert(1, looks["during"][1])
        case "two looks are one":
            first, second = looks["during"][1:3]
            first["probes"][0]["end"] = second["probes"][0]["end"]
            del looks["during"][2]
        case "another probe of that name":
            looks["during"][1]["probes"][0]["activity"]["provider"] = {"func": "always"}
        case "another step of that name":
            run[0]["activity"]["provider"] = {"func": "nothing"}
        case "a step lasted otherwise":
            run[0]["duration"] += 0.2
        case "a look has no time":
            del looks["during"][1]["probes"][0]["start"]
        case "another victim":
            run[0]["output"]["victims"][0]["uid"] = "u9"
        case "another time":
            run[0]["output"]["t"] += 1
        case "other evidence":
            run[1]["output"][0]["evidence"] = {"ready": "1 of 2"}
        case "another fault":
            run[0]["output"]["fault_id"] = "f2"
        case "no answer of the healing":
            run[1]["output"] = []


@pytest.mark.parametrize(
    "what",
    ["a step is missing", "a step failed", "a step ended before it began", "a look did not find it kept",
     "a probe was not asked", "a probe failed", "nobody looked during", "a look is missing",
     "the first look is missing", "the last look is missing", "a look stands twice", "two looks are one",
     "another probe of that name", "another step of that name", "a step lasted otherwise", "a look has no time",
     "another victim", "another time", "other evidence", "another fault", "no answer of the healing"],
)  # fmt: skip
def test_a_journal_that_contradicts_itself_or_the_timeline_is_invalid(tmp_path: Path, what: str) -> None:
    file, journal = _planned(tmp_path)
    _break(journal, what)
    file.write_text(json.dumps(journal))
    assert experiment_completed(tmp_path, experiment=EXPERIMENT).verdict is Verdict.INVALID


@pytest.mark.parametrize(("break_s", "verdict"), [(0.4, Verdict.PASS), (0.6, Verdict.INVALID)])
def test_the_probes_of_a_look_follow_each_other_at_once(tmp_path: Path, break_s: float, verdict: Verdict) -> None:
    """Lines lost from the last probe of one look to that of the next made one of two."""
    file, journal = _planned(tmp_path)
    looks = journal["steady_states"]
    journal["experiment"]["steady-state-hypothesis"]["probes"] *= 2
    for look in (looks["before"], looks["after"], *looks["during"]):
        look["probes"] *= 2
    first = looks["during"][1]["probes"][0]
    begins = datetime.fromisoformat(first["end"]) + timedelta(seconds=break_s)
    ends = begins + timedelta(seconds=first["duration"])
    looks["during"][1]["probes"] = [first, first | {"start": begins.isoformat(), "end": ends.isoformat()}]
    file.write_text(json.dumps(journal))
    assert experiment_completed(tmp_path, experiment=EXPERIMENT).verdict is verdict


def test_a_key_that_stands_twice_makes_it_no_journal(tmp_path: Path) -> None:
    file, _ = _planned(tmp_path)
    file.write_text(file.read_text().replace('"strict": true', '"strict": false, "strict": true'))
    finding = experiment_completed(tmp_path, experiment=EXPERIMENT)
    assert (finding.verdict, "stands twice" in finding.reason) == (Verdict.INVALID, True)


@pytest.mark.parametrize("step", ["injecting", "healing"])
def test_a_fault_that_did_not_tell_each_step_is_not_proven(tmp_path: Path, step: str) -> None:
    assert judged(tmp_path, _without(f"fault.{step}")).verdict is Verdict.INVALID


def test_a_healing_before_the_effect_is_no_proof(tmp_path: Path) -> None:
    finding = judged(tmp_path, effective=9.0, healed=8.0)
    assert finding.verdict is Verdict.INVALID
    assert "fault.healing came before fault.effective" in finding.reason
    assert finding.measured == "not proven"


def test_steps_within_each_others_error_are_in_order(tmp_path: Path) -> None:
    def blurred(story: Story) -> None:
        for line in story.lines:
            if line["kind"] == "fault.effective":
                line["err"] = 2.0

    assert judged(tmp_path, blurred, effective=9.0, healed=8.0).verdict is Verdict.PASS
