"""The evidence of a failure is in the test's own folder, on record, and says what is missing; of a PASS, none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dossier_maker import Story, looks
from test_failure import Cluster

from reports.checkers import conformance
from reports.claim import Claim
from reports.dossier import load, save
from reports.judging import judge_again, judge_test
from reports.run import Run, TestRecord
from suites.plugin import ending
from suites.plugin.failure import LOST, evidence_of, forget

TEST = "suites/recovery/test_x.py::test_x"
FOLDER = "failure/recovery-test-x-py--test-x"
ROLES = {"a": SimpleNamespace(namespace="acd")}


@pytest.fixture
def stack() -> Any:
    return SimpleNamespace(cluster=Cluster(), map=SimpleNamespace(roles=ROLES))


def dossier(tmp_path: Path, *, before: bool = True) -> Path:
    story = Story(tmp_path)
    story.event("harness", "test.started", TEST, 1)
    story.pod("victim", "u-victim", "a", t=0.5)
    story.pod("a", "u-a", "a", t=0.5)
    story.pod("moved", "u-moved", "a", t=0.5)
    story.fault("f1", t=10, victim=("victim", "u-victim"))
    story.gone("victim", "u-victim", "a", 10.1)
    story.gone("moved", "u-moved", "a", 12)
    story.write()
    words = tmp_path / "experiments" / "gateway-pod-kill-1" / "before" / "f1"
    if before:
        words.mkdir(parents=True)
        (words / "victim.log").write_text("I am fine")
        (words / "about.json").write_text('{"missing": {"pods-acd.txt": "refused"}}')
    return tmp_path


def record() -> TestRecord:
    return TestRecord(id=TEST, promise="p", error="e", certificates=[
        {"fault_id": "f1", "victims": [{"kind": "Pod", "name": "victim", "uid": "u-victim"}]}])  # fmt: skip


def test_what_the_victims_last_said_comes_first(tmp_path: Path, stack: Any) -> None:
    found = evidence_of(record(), dossier(tmp_path), stack)
    assert found.folder == FOLDER
    assert found.files[:3] == ["before-f1/victim.log", "events.txt", "a.log"]
    assert (tmp_path / found.paths[0]).read_text() == "I am fine"
    assert not list((tmp_path / "experiments").glob("*/before"))
    assert not [name for name in found.files if name.endswith("about.json")]


def test_without_a_log_of_the_victim_its_namespace_s_events_and_its_description_come_first(
    tmp_path: Path, stack: Any
) -> None:
    """A gateway may log nothing at all; what the cluster's own parts said long ago explains less."""
    dossier(tmp_path)
    words = tmp_path / "experiments" / "gateway-pod-kill-1" / "before" / "f1"
    (words / "victim.log").unlink()
    (words / "pods-acd.txt").write_text("Name: victim")
    (words / "about.json").write_text('{"missing": {"victim.log": "it is empty"}}')
    stack.map = SimpleNamespace(roles=ROLES | {"other": SimpleNamespace(namespace="kube-system")})
    found = evidence_of(record(), tmp_path, stack)
    assert found.files[0] == "events.txt"
    assert found.files.index("before-f1/pods-acd.txt") < found.files.index("events-kube-system.txt")
    assert found.missing["before-f1/victim.log"] == "it is empty"
    assert "victim.log" not in found.missing, "it was asked, and had said nothing"


def test_what_could_not_be_had_is_on_record_with_its_reason(tmp_path: Path, stack: Any) -> None:
    missing = evidence_of(record(), dossier(tmp_path), stack).missing
    assert missing["before-f1/pods-acd.txt"] == "refused"
    assert missing["nodes.txt"] == "refused ***"
    assert missing["moved.log"] == LOST
    assert "victim.log" not in missing, "its last words are there"
    assert missing["worker.journal"] == "the node is no container of ours", "the victim's node is asked for its journal"


def test_a_stack_that_never_stood_is_said(tmp_path: Path) -> None:
    found = evidence_of(record(), dossier(tmp_path, before=False), None)
    assert (found.files, list(found.missing.values())) == ([], ["the stack did not stand in this run"])
    assert "nothing could be gathered" in found.summary


def test_a_cluster_that_does_not_answer_takes_no_last_words_away(tmp_path: Path, stack: Any) -> None:
    stack.cluster.away = True
    found = evidence_of(record(), dossier(tmp_path), stack)
    assert found.files == ["before-f1/victim.log"]
    assert "read timed out" in found.missing["everything"]


def test_evidence_that_cannot_be_read_is_no_error(tmp_path: Path, stack: Any) -> None:
    (tmp_path / "timeline.jsonl").write_text("no event\n")
    assert "TimelineError" in evidence_of(record(), tmp_path, stack).missing["everything"]


def test_of_a_pass_nothing_is_kept(tmp_path: Path) -> None:
    forget(dossier(tmp_path))
    assert not list((tmp_path / "experiments").glob("*/before"))
    assert (tmp_path / "experiments" / "gateway-pod-kill-1").exists()


def test_it_is_on_record_and_a_recheck_keeps_it(tmp_path: Path, stack: Any) -> None:
    evidence = evidence_of(record(), dossier(tmp_path), stack)
    save(tmp_path, Run(run_id="r", tests=[record().model_copy(update={"failure": evidence})]))
    run = load(tmp_path)
    assert run.tests[0].failure == evidence
    assert judge_again(tmp_path, run).tests[0].failure == evidence


class Session:
    """One test's end without pytest."""

    def __init__(self, dossier: Path, stack: Any, *, left: str = "", heard: list[str]) -> None:
        self.dossier, self.standing, self.left, self.heard = dossier, stack, left, heard
        self.planned, self.run, self.failure = {}, Run(run_id="r"), None
        self.timeline, self.restorer = SimpleNamespace(event=lambda *a: None), self

    def seconds(self, test: str) -> float:
        return 1.0

    def keep(self, record: TestRecord) -> None:
        self.run.put(record)

    def claims(self, test: str) -> list[Claim]:
        return [Claim.of(conformance.as_it_was, test="after")]

    def restore(self, test: str) -> None:
        self.heard.append("restore")
        looks(self.dossier, "after", node_label=self.left)

    def mend(self) -> None:
        self.heard.append("mend")


@pytest.mark.parametrize(
    ("own", "left", "order"),
    [
        ("broken", "", ["gather", "restore", "mend"]),
        ("", "broken", ["restore", "gather", "mend"]),
        ("", "", ["restore", "mend"]),
    ],
)
def test_it_is_gathered_once_when_there_is_most_to_see(
    tmp_path: Path, stack: Any, monkeypatch: pytest.MonkeyPatch, own: str, left: str, order: list[str]
) -> None:
    heard: list[str] = []
    gathers = evidence_of
    monkeypatch.setattr("suites.plugin.failure.evidence_of", lambda *args: heard.append("gather") or gathers(*args))
    looks(dossier(tmp_path), "x", node_label=own)
    promise: Any = SimpleNamespace(
        test=TEST, sentence="p", claims=[Claim.of(conformance.as_it_was, test="x")], experiment=None
    )
    session: Any = Session(tmp_path, stack, left=left, heard=heard)
    found = ending.end_test(session, promise, "")
    assert heard == order
    assert session.run.tests == [found]
    assert (found.failure is None) == (not own and not left)
    assert judge_test(tmp_path, test="x", promise="p", claims=promise.claims).failure is None
