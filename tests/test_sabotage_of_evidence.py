"""The saboteur of the evidence: what it spoils, and what it takes for a wrong PASS."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from reports.checkers import certificate
from reports.claim import Claim
from reports.judging import judge_test
from reports.run import Run
from reports.sabotage import cases, cli, mutations
from reports.verdict import Finding, Verdict
from tests.dossier_maker import Story


def good(folder: Path) -> Path:
    story = Story(folder)
    story.pod("gateway-a", "uid-a", "gateway", t=0.1)
    story.fault("f1", t=10, victim=("gateway-a", "uid-a"))
    story.write()
    keep(folder, Claim.of(certificate.proven, fault_ids=["f1"]))
    return folder


def keep(folder: Path, claim: Claim) -> None:
    run = Run(run_id="r")
    run.record(judge_test(folder, test="t", promise="p", claims=[claim]))
    (folder / "run.json").write_text(run.model_dump_json())


def outcomes(folder: Path, count: int = 150) -> list[cases.Outcome]:
    bench = cases.Bench(folder, 1)
    return [one for case in range(count) for one in bench.run(case)]


def test_a_good_dossier_keeps_its_bytes_and_the_same_seed_spoils_it_the_same_way(tmp_path: Path) -> None:
    folder = good(tmp_path / "run")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert outcomes(folder, 20) == outcomes(folder, 20)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert list(tmp_path.iterdir()) == [folder]


def test_events_that_no_query_gave_are_not_looked_at_and_a_lost_fault_is_seen(tmp_path: Path) -> None:
    found = {one.outcome for one in outcomes(good(tmp_path / "run"))}
    assert {cases.UNSEEN, "INVALID"} <= found


def test_a_checker_that_always_passes_escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(dossier: Path, *, fault_ids: list[str]) -> Finding:
        if (dossier / "timeline.jsonl").exists():
            (dossier / "timeline.jsonl").read_bytes()
        return Finding(Verdict.PASS, "all is well")

    folder = good(tmp_path / "run")
    monkeypatch.setattr(certificate, "proven", blind)
    assert {one.outcome for one in outcomes(folder, 60)} <= {cases.ESCAPED, cases.SAME, "outside"}
    assert cases.ESCAPED in {one.outcome for one in outcomes(folder, 5)}


def test_an_experiment_whose_faults_are_not_on_the_timeline_is_invalid(tmp_path: Path) -> None:
    Story(tmp_path).write()
    journal = tmp_path / "experiments" / "gateway-pod-kill-1" / "journal.json"
    journal.parent.mkdir(parents=True)
    journal.write_text(json.dumps({"status": "completed", "deviated": False, "strict": True}))
    found = certificate.experiment_completed(tmp_path, experiment="gateway-pod-kill-1")
    assert found.verdict is Verdict.INVALID
    assert "no fault of experiment gateway-pod-kill-1 is on the timeline" in found.reason


def test_every_way_changes_what_it_applies_to() -> None:
    event = {"t": 1.5, "source": "watch", "kind": "pod.ready", "subject": "a", "data": {"offset": 7},
             "uid": "0aaaaaaa-bbbb-cccc-dddd-eeeeeeeeeee1"}  # fmt: skip
    lines = b"".join(json.dumps(event | {"t": float(t)}).encode() + b"\n" for t in range(5))
    for name, way in mutations.WAYS.items():
        if name not in {"status", "watch-gap"}:
            assert way(lines, random.Random(3)) != lines, name
    row = b"planned_ns,start_ns,end_ns\n1,2,3,4,GET,200,9,\n1,2,3,4,GET,200,9,\n"
    assert b",500," in (mutations.WAYS["status"](row, random.Random(3)) or b"")


def test_the_verb_exits_3_on_a_dossier_of_which_nothing_passes(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    Story(folder).write()
    keep(folder, Claim.of(certificate.proven, fault_ids=["f9"]))
    assert CliRunner().invoke(cli.evidence, [str(folder), "--cases", "2"]).exit_code == 3
