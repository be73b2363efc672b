"""The evidence of a failure: which nodes are asked, which pods were lost, and the order in which files are told."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dossier_maker import UNIX_NS, Story

from fixtures.failure.words import Gathered
from reports.failure import FailureEvidence
from reports.run import Judged, TestRecord
from reports.verdict import Verdict
from suites.plugin import failure
from suites.plugin.failure import LOST, evidence_of, forget

TEST = "suites/recovery/test_x.py::test_x"
FOLDER = "failure/recovery-test-x-py--test-x"
ABOUT = '{"missing": {"%s": "refused"}}'


def dossier(folder: Path) -> Path:
    """Two tests: in the second one a pod and a node were hit, and more pods went."""
    story = Story(folder)
    story.event("harness", "test.started", "other", 1)
    story.pod("first", "u-first", "web", t=0.5, node="w0")
    story.pod("victim", "u-victim", "web", t=0.5, node="w1")
    story.pod("peer", "u-peer", "web", t=0.5, node="w2")
    story.pod("failed", "u-failed", "db", t=0.5, node="w2")
    story.pod("kept", "u-kept", "cache", t=0.5, node="w2")
    story.pod("moved", "u-moved", "db", t=0.5, node="w3")
    story.pod("asked", "u-asked", "db", t=0.5, node="w3")
    story.fault("f0", t=5, victim=("first", "u-first"))
    story.gone("first", "u-first", "web", 5.1, node="w0")
    story.event("harness", "test.finished", "other", 19)
    story.event("harness", "test.started", TEST, 20)
    story.fault("f1", t=30, victim=("victim", "u-victim"))
    story.fault("f2", t=31, victim=("w9", "u-w9"), kind="Node", experiment="worker-node-kill-1")
    story.gone("victim", "u-victim", "web", 30.1, node="")
    story.gone("moved", "u-moved", "db", 32)
    story.gone("asked", "u-asked", "db", 33)
    story.gone("peer", "u-peer", "web", 34)
    story.write()
    for number, name in ((1, "gateway-pod-kill-1"), (2, "worker-node-kill-1")):
        words = folder / "experiments" / name / "before" / f"f{number}"
        words.mkdir(parents=True)
        (words / ("victim.log" if number == 1 else "kept.log")).write_text("last words")
        (words / "pods-acd.txt").write_text("Name: victim")
        (words / "about.json").write_text(ABOUT % ("asked.log" if number == 1 else "w9.journal"))
    return folder


NAMES = (
    "events.txt", "events-kube-system.txt", "pods.txt", "pods-kube-system.txt", "workloads.txt", "nodes.txt",
    "w1.journal", "peer.log", "peer.previous.log", "failed.log", "kept.log", "about.json", "deep/kept.log",
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the stack was asked for, to which it answers with these files."""
    calls: list[Any] = []

    def gather(cluster: Any, namespaces: Any, folder: Path, **how: Any) -> Gathered:
        calls.append((cluster, namespaces, folder, how))
        for name in NAMES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("{}" if name.endswith("json") else "x")
        return Gathered([], {"w9.journal": "the node is away"})

    monkeypatch.setattr(failure, "gather", gather)
    return calls


def record(**changes: Any) -> TestRecord:
    def judged(verdict: Verdict, **args: Any) -> Judged:
        return Judged(checker="c.d", args=args, verdict=verdict, reason="r")

    proof = {"fault_id": "f1", "victims": [{"kind": "Pod", "name": "victim", "uid": "u-victim"}]}
    claims = [judged(Verdict.FAIL, role="db"), judged(Verdict.PASS, role="cache"), judged(Verdict.FAIL)]
    return TestRecord(id=TEST, promise="p", claims=claims, certificates=[proof]).model_copy(update=changes)


ROLES = {name: SimpleNamespace(namespace=space) for name, space in (("a", "kube-system"), ("b", "acd"), ("c", "acd"))}
STACK: Any = SimpleNamespace(cluster="the cluster", map=SimpleNamespace(roles=ROLES))


def test_all_that_can_be_had_is_told_in_order(
    tmp_path: Path, asked: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    found = evidence_of(record(), dossier(tmp_path), STACK)
    assert asked == [("the cluster", ["acd", "kube-system"], tmp_path / FOLDER,
                      {"nodes": ["w1", "w9"], "since_s": UNIX_NS / 1e9 + 20})]  # fmt: skip
    assert found == FailureEvidence(
        folder=FOLDER,
        files=[
            "before-f1/victim.log",
            "events.txt",
            "failed.log", "peer.log", "peer.previous.log",
            "before-f1/pods-acd.txt", "before-f2/pods-acd.txt",
            "pods.txt", "w1.journal", "workloads.txt",
            "before-f2/kept.log",
            "events-kube-system.txt", "nodes.txt", "pods-kube-system.txt",
            "deep/kept.log", "kept.log",
        ],
        missing={
            "before-f1/asked.log": "refused", "before-f2/w9.journal": "refused",
            "w9.journal": "the node is away", "moved.log": LOST,
        },
    )  # fmt: skip
    assert [row.getMessage() for row in caplog.records] == [f"FAIL: the stack's own words: {found.summary}"]
    assert sorted(path.name for path in (tmp_path / "experiments").rglob("*")) == [
        "gateway-pod-kill-1", "worker-node-kill-1",
    ]  # fmt: skip


def test_a_test_that_never_started_is_about_the_whole_run(tmp_path: Path, asked: list[Any]) -> None:
    found = evidence_of(record(id="suites/never", certificates=[], claims=[]), dossier(tmp_path), STACK)
    ((_, _, folder, how),) = asked
    assert (folder, how) == (tmp_path / "failure/never", {"nodes": ["w0", "w1", "w9"], "since_s": UNIX_NS / 1e9})
    assert found.missing["first.log"] == LOST
    assert found.files[0] == "events.txt"
    assert found.files[-5:] == ["deep/kept.log", "failed.log", "kept.log", "peer.log", "peer.previous.log"]


def test_whatever_goes_wrong_is_told_with_what_was_had_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gather(*_: Any, **__: Any) -> Gathered:
        raise OSError("no space left")

    monkeypatch.setattr(failure, "gather", gather)
    found = evidence_of(record(), dossier(tmp_path), STACK)
    assert found == FailureEvidence(folder=FOLDER, missing={
        "before-f1/asked.log": "refused", "before-f2/w9.journal": "refused", "everything": "OSError: no space left",
    })  # fmt: skip
    told = [row.getMessage() for row in caplog.records if row.levelname == "ERROR"]
    assert told == [f"nothing was gathered after {TEST}: no space left"]


def test_without_a_stack_nobody_is_asked(tmp_path: Path, asked: list[Any]) -> None:
    found = evidence_of(record(), dossier(tmp_path), None)
    assert (asked, found.missing["everything"]) == ([], "the stack did not stand in this run")
    assert found.files == [
        "before-f1/victim.log", "before-f1/pods-acd.txt", "before-f2/pods-acd.txt", "before-f2/kept.log",
    ]  # fmt: skip


def test_what_was_taken_for_a_pass_is_thrown_away_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "experiments/toy-1/after").mkdir(parents=True)
    forget(dossier(tmp_path))
    left = sorted(path.name for path in (tmp_path / "experiments").rglob("*"))
    assert left == ["after", "gateway-pod-kill-1", "toy-1", "worker-node-kill-1"]
    forget(tmp_path)
