"""Conformance: each role with its number, each edge with its answer, nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_maker import Story, looks

from reports.checkers.conformance import as_it_was, edges_answer, roles_ready
from reports.verdict import Verdict

KAFKA = [{"role": "kafka", "floor": 2, "max": 3}]


def stage(folder: Path, pods: int = 2, spec: int | None = None) -> Story:
    story = Story(folder)
    for n in range(pods):
        story.pod(f"kafka-{n}", f"u{n}", "kafka", t=1)
    story.replicas("kafka", 1.5, pods if spec is None else spec, pods)
    return story


@pytest.mark.parametrize(
    ("pods", "spec", "verdict"),
    [(2, 2, "PASS"), (3, 3, "PASS"), (1, 2, "FAIL"), (1, 1, "FAIL"), (2, 3, "FAIL"), (4, 4, "FAIL"), (3, 4, "FAIL")],
)
def test_a_role_has_its_number(tmp_path: Path, pods: int, spec: int, verdict: str) -> None:
    assert roles_ready(stage(tmp_path, pods, spec).write(), roles=KAFKA).verdict == verdict


@pytest.mark.parametrize("kind", ["pod.not_ready", "pod.terminating", "pod.deleted"])
def test_a_pod_that_does_not_serve_does_not_count(tmp_path: Path, kind: str) -> None:
    story = stage(tmp_path)
    story.watch(kind, "kafka-0", 5, "u0", "kafka")
    finding = roles_ready(story.write(), roles=KAFKA)
    assert (finding.verdict, "1 of 2" in finding.reason) == (Verdict.FAIL, True)


def test_the_state_at_the_end_of_the_test_counts_and_not_what_came_later(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.event("harness", "test.started", "t", 2)
    story.event("harness", "test.finished", "t", 3)
    story.gone("kafka-0", "u0", "kafka", 5)
    story.write()
    assert roles_ready(tmp_path, roles=KAFKA, test="t").verdict is Verdict.PASS
    assert roles_ready(tmp_path, roles=KAFKA).verdict is Verdict.FAIL


def test_a_role_nobody_saw_is_inconclusive_and_so_is_no_role(tmp_path: Path) -> None:
    stage(tmp_path).write()
    assert roles_ready(tmp_path, roles=[*KAFKA, {"role": "x", "floor": 0, "max": 1}]).verdict is Verdict.INCONCLUSIVE
    assert roles_ready(tmp_path, roles=[]).verdict is Verdict.INCONCLUSIVE


def test_a_watch_that_was_lost_cannot_say_how_it_stands(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.event("watch", "watch.lost", "pods", 4)
    assert roles_ready(story.write(), roles=KAFKA).verdict is Verdict.INCONCLUSIVE
    story.event("watch", "watch.resumed", "pods", 5)
    story.event("harness", "test.finished", "t", 9)
    assert roles_ready(story.write(), roles=KAFKA).verdict is Verdict.PASS


def test_edges(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.event("probe", "probe.result", "manager.alive", 1, ok=True, measured={"status": 200})
    story.event("probe", "probe.result", "manager.ready", 1, ok=True, measured={"status": 200})
    story.event(
        "probe", "probe.result", "manager.ready", 2, ok=False, measured={"status": 503}, expected={"status": 200}
    )
    story.event("probe", "probe.result", "manager.odd", 2, measured={"status": 200})
    story.write()
    assert edges_answer(tmp_path, edges=["manager.alive"]).verdict is Verdict.PASS
    finding = edges_answer(tmp_path, edges=["manager.alive", "manager.ready"])
    assert finding.verdict is Verdict.FAIL
    assert "503" in finding.reason
    assert "1 of 2 times" in finding.reason
    assert edges_answer(tmp_path, edges=["manager.odd"]).verdict is Verdict.FAIL
    assert edges_answer(tmp_path, edges=["manager.alive", "never"]).verdict is Verdict.INCONCLUSIVE
    assert edges_answer(tmp_path, edges=[]).verdict is Verdict.INCONCLUSIVE


def test_edges_asked_in_another_test_do_not_count(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.event("probe", "probe.result", "manager.alive", 1, ok=True)
    story.event("harness", "test.started", "t", 2)
    story.write()
    assert edges_answer(tmp_path, edges=["manager.alive"], test="t").verdict is Verdict.INCONCLUSIVE


def test_as_it_was(tmp_path: Path) -> None:
    assert as_it_was(tmp_path, test="t").verdict is Verdict.INCONCLUSIVE
    assert as_it_was(looks(tmp_path, "t"), test="t").verdict is Verdict.PASS
    finding = as_it_was(looks(tmp_path, "t", node_label="left=over"), test="t")
    assert finding.verdict is Verdict.FAIL
    assert "node worker: labels" in finding.reason


def test_an_empty_diff_beside_two_looks_that_differ_is_no_pass(tmp_path: Path) -> None:
    looks(tmp_path, "t", node_label="left=over", told="")
    assert as_it_was(tmp_path, test="t").verdict is Verdict.FAIL


def test_a_diff_that_the_looks_do_not_show_is_damaged_evidence(tmp_path: Path) -> None:
    looks(tmp_path, "t", told="node worker: gone\n")
    assert as_it_was(tmp_path, test="t").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("file", ["before.json", "after.json", "diff.txt"])
@pytest.mark.parametrize("text", [None, "", "[]", '{"nodes": {}}', '{"nodes": '])
def test_a_look_that_is_missing_or_damaged_is_no_pass(tmp_path: Path, file: str, text: str | None) -> None:
    path = looks(tmp_path, "t") / "state/t" / file
    path.unlink() if text is None else path.write_text(text)
    expected = Verdict.PASS if file == "diff.txt" and text == "" else Verdict.INCONCLUSIVE
    assert as_it_was(tmp_path, test="t").verdict is expected


@pytest.mark.parametrize("test", ["../../etc", "/etc"])
def test_as_it_was_reads_inside_the_dossier_only(tmp_path: Path, test: str) -> None:
    assert as_it_was(tmp_path, test=test).verdict is Verdict.INCONCLUSIVE
