"""The saboteur of the evidence: what it spoils, and what it takes for a wrong PASS."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reports import requests, rows, timeline
from reports.checkers import certificate, ordering
from reports.claim import Answer, Claim, answer, judge
from reports.dossier import load, save
from reports.event import Event
from reports.judging import judge_test
from reports.run import Run
from reports.sabotage import cases, cli, mutations
from reports.sabotage.breaches import breached
from reports.sabotage.differences import Difference, difference
from reports.sabotage.proofs import proof
from reports.sabotage.scopes import outside
from reports.verdict import Finding, Verdict
from tests.dossier_maker import ORDER, UNIX_NS, Log, Story, tell


def good(folder: Path) -> Path:
    story = Story(folder)
    story.pod("gateway-a", "uid-a", "gateway", t=0.1)
    story.fault("f1", t=10, victim=("gateway-a", "uid-a"))
    story.write()
    keep(folder, Claim.of(certificate.proven, fault_id="f1"))
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
    def blind(dossier: Path, *, fault_id: str) -> Finding:
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
    assert "of experiment gateway-pod-kill-1 0 faults are on the timeline, not 1" in found.reason


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
    keep(folder, Claim.of(certificate.proven, fault_id="f9"))
    assert CliRunner().invoke(cli.evidence, [str(folder), "--cases", "2"]).exit_code == 3


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole small run, each claim of which passes: a fault under load, scaling up and down, order."""
    folder, run = tell(tmp_path_factory.mktemp("small") / "run", lost_write=False)
    topic = folder / "kafka" / "topic-operators.jsonl"  # records are stamped when they are written
    records = [json.loads(line) for line in topic.read_text().splitlines()]
    late = [one | {"timestamp": UNIX_NS // 10**6 + 10**6} if "offset" in one else one for one in records]
    topic.write_text("".join(json.dumps(one) + "\n" for one in late))
    run.tests = [test for test in run.tests if test.id != ORDER]
    order = Claim.of(ordering.selection_input, load="operators", min_acked=100)
    run.record(judge_test(folder, test=ORDER, promise="In order.", claims=[order]))
    save(folder, run)
    assert {judged.verdict for test in run.tests for judged in test.claims} == {Verdict.PASS}
    return folder


def fooled(folder: Path, count: int) -> tuple[set[str], list[cases.Outcome]]:
    bench = cases.Bench(folder, 7)
    found = [one for case in range(count) for one in bench.run(case)]
    return {one.outcome for one in found}, [one for one in found if one.outcome == cases.ESCAPED]


def test_no_claim_of_a_small_run_passes_on_spoilt_evidence_without_a_proof(small: Path) -> None:
    answers, escaped = fooled(small, 80)
    assert escaped == []
    assert {"INCONCLUSIVE", "INVALID", cases.UNREAD} <= answers


@pytest.mark.parametrize("rule", ["contradictions", "rows"])
def test_a_rule_that_is_taken_away_lets_claims_escape(small: Path, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    if rule == "contradictions":
        timeline._read_once.cache_clear()
        monkeypatch.setattr(timeline, "check", lambda events: None)
    else:
        monkeypatch.setattr(requests, "_ended", lambda seen, load, columns: 1e9)
        monkeypatch.setattr(rows, "_untrue", lambda columns: ())
    answers, escaped = fooled(small, 80)
    timeline._read_once.cache_clear()
    assert escaped or cases.MOVED in answers


@pytest.mark.parametrize(
    ("kind", "checker"),
    [("pod.ready", "recovery.within"), ("workload.replicas", "recovery.within"),
     ("workload.replicas", "autoscaling.scaled_up"), ("hpa.replicas", "autoscaling.scaled_up")],
)  # fmt: skip
def test_the_worst_that_an_event_could_tell_turns_the_claims_that_rest_on_it(
    small: Path, kind: str, checker: str
) -> None:
    lines = [json.loads(line) for line in (small / "timeline.jsonl").read_bytes().splitlines()]
    claim = next(j.claim for t in load(small).tests for j in t.claims if j.claim.checker == checker)
    role = claim.args["role"]
    told = [line for line in lines if line["kind"] == kind and line["data"].get("role") == role][-1]
    worst = breached((small / "timeline.jsonl").read_bytes(), (told,))
    copy = small.parent / f"worst-{kind}-{checker}"
    shutil.copytree(small, copy)
    (copy / "timeline.jsonl").write_bytes(worst)
    assert judge(copy, claim).verdict is not Verdict.PASS


OF_GONE = {"kind": "pod.terminating", "uid": "u-gone", "t": 0.9, "data": {"role": "gateway"}}


@pytest.mark.parametrize(
    ("checker", "event", "why"),
    [
        ("certificate.proven", {"kind": "pod.ready", "data": {}}, "no event of a fault"),
        ("certificate.proven", {"kind": "fault.healed", "data": {"fault_id": "f2"}}, "of another fault"),
        ("certificate.proven", {"kind": "fault.healed", "data": {"fault_id": "gateway-pod-kill-1-ab12"}}, ""),
        ("recovery.within", {"kind": "pod.ready", "data": {"role": "manager"}}, "of another role"),
        ("recovery.within", {"kind": "pod.ready", "data": {"role": "gateway"}}, ""),
        ("recovery.within", {"kind": "pod.ready", "data": {"role": "gateway"}, "t": 60.0}, "after the end of the test"),
        ("recovery.within", {"kind": "watch.lost", "subject": "nodes", "data": {}}, "of other things than pods"),
        ("recovery.within", {"kind": "watch.lost", "subject": "pods", "data": {}}, ""),
        ("recovery.within", OF_GONE, "of a pod that was deleted before the fault"),
        ("recovery.within", OF_GONE | {"kind": "pod.deleted"}, ""),
        ("progress.during_fault", {"kind": "load.finished", "subject": "manager_load", "data": {}}, "another load"),
        ("progress.during_fault", {"kind": "load.finished", "subject": "viewers", "data": {}}, ""),
        ("autoscaling.scaled_up", {"kind": "hpa.replicas", "data": {"role": "manager"}, "t": 75.0}, ""),
        ("autoscaling.scaled_up", {"kind": "hpa.replicas", "data": {"role": "gateway"}}, "of another role"),
        ("autoscaling.scaled_up", {"kind": "hpa.replicas", "data": {"role": "manager"}, "t": 300.0}, "after the end"),
    ],
)
def test_what_a_claim_is_about_is_said_without_its_code(
    small: Path, checker: str, event: dict[str, Any], why: str
) -> None:
    claim = next(j.claim for t in load(small).tests for j in t.claims if j.claim.checker == checker)
    seen = timeline.read(small)
    gone = Event(1.0, 0.0, "watch", "pod.deleted", "acd/pod/old", "u-gone", {"role": "gateway"})
    seen = replace(seen, events=(gone, *seen.events), _found={})
    found = outside(claim, {"t": 20.0, "subject": "s"} | event, seen)
    assert (why in found, bool(found)) == (True, bool(why))


def proven_of(folder: Path, claim: Claim, file: str, spoilt: bytes) -> str:
    """The name of the proof that a claim rightly passes; empty when there is none."""
    old = (folder / file).read_bytes()

    def ask(name: str, raw: bytes) -> Answer:
        (folder / name).write_bytes(raw)
        try:
            return answer(folder, claim)
        finally:
            (folder / name).write_bytes(old)

    return proof(folder, claim, file, difference(file, old, spoilt), spoilt, ask)[0]


JOURNAL = "kafka/journal-operators.jsonl"


@pytest.mark.parametrize(("field", "name"), [("at_ns", "not used"), ("id", ""), ("offset", ""), ("seq", "")])
def test_a_field_that_no_rule_uses_is_proven_so_for_each_line_that_differs(
    tmp_path: Path, field: str, name: str
) -> None:
    folder = Log(tmp_path, 120).write()
    lines = [json.loads(line) for line in (folder / JOURNAL).read_text().splitlines()]
    for line in lines[60:65]:
        line[field] = "w1" if field == "id" else line[field] + 60
    spoilt = "".join(json.dumps(line) + "\n" for line in lines).encode()
    claim = Claim.of(ordering.selection_input, load="operators", min_acked=100)
    assert answer(folder, claim).finding.verdict is Verdict.PASS
    assert proven_of(folder, claim, JOURNAL, spoilt) == name


def test_a_line_that_is_lost_has_no_field_that_is_not_used(tmp_path: Path) -> None:
    folder = Log(tmp_path, 120).write()
    raw = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    claim = Claim.of(ordering.selection_input, load="operators", min_acked=100)
    assert proven_of(folder, claim, JOURNAL, b"".join(raw[:60] + raw[61:])) == ""
    assert proven_of(folder, claim, JOURNAL, b"".join([*raw[:60], raw[60][:20]])) == ""


def test_the_verb_says_which_claims_it_does_not_attack(tmp_path: Path) -> None:
    folder = good(tmp_path / "run")
    run = load(folder)
    lost = Claim.of(certificate.proven, fault_id="f9")
    run.record(judge_test(folder, test="t2", promise="p", claims=[lost]))
    (folder / "run.json").write_text(run.model_dump_json())
    said = CliRunner().invoke(cli.evidence, [str(folder), "--cases", "2"]).output
    assert "not attacked, for it does not pass as it is: INVALID certificate.proven{'fault_id': 'f9'}" in said


@pytest.mark.parametrize(
    ("checker", "names", "proven"),
    [
        ("ordering.selection_input", ["GET datastore", "GET selection_input"], "outside"),
        ("ordering.selection_input", ["GET datastore", "POST selection_input"], ""),
        ("ordering.selection_input", [None], ""),
        ("ordering.selection_input", [], ""),
        ("availability.in_windows", ["GET datastore"], ""),
    ],
)
def test_a_claim_about_the_log_is_not_about_requests_that_write_nothing(
    tmp_path: Path, checker: str, names: list[str | None], proven: str
) -> None:
    """A torn row has no name, and may have been anything."""
    lost = tuple({"name": name} if name else {"torn": True} for name in names)
    told = Difference(lost, (), doubles=False)
    found, _ = proof(tmp_path, Claim(checker, {"load": "operators"}), "load/requests-operators.csv", told, b"x", nobody)
    assert found == proven


def nobody(file: str, content: bytes) -> Answer:
    raise AssertionError("no claim needs to be asked")
