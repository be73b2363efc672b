"""Conformance: each role with its number, each edge with its answer, nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Story, looks

from reports.checkers.conformance import as_it_was, edges_answer, node_services, roles_ready
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
    for told in ("pod.not_ready", kind) if kind == "pod.deleted" else (kind,):
        story.watch(told, "kafka-0", 5, "u0", "kafka")
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


ALIVE = {"path": "/alive", "status": 200, "body": '"Ok"', "location": ""}
CONTENT = {"path": "/live", "status": 302, "body": "", "location": "^http://[^/]+/live$"}
GOOD: dict[str, Any] = {"status": 200, "body": '{"status": "Ok"}', "location": ""}


def asked(folder: Path, *answers: Any, name: str = "manager.alive", every_s: float = 0.25) -> Path:
    story = Story(folder)
    for n, measured in enumerate(answers):
        story.event("probe", "probe.result", name, 1 + n * every_s, measured=measured)
    return story.write()


def test_an_edge_that_answers_as_promised_each_time(tmp_path: Path) -> None:
    folder = asked(tmp_path, *[GOOD] * 41)
    finding = edges_answer(folder, edges={"manager.alive": ALIVE}, times=40, over_s=10)
    assert finding.verdict is Verdict.PASS
    assert "manager.alive 41 times" in finding.reason


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"status": 503}, "status 503, not 200"), ({"status": 0, "error": "ConnectTimeout"}, "ConnectTimeout"),
        ({"body": "<html>"}, "body '<html>'"), ({"body": None}, "body ''"),
    ],
)  # fmt: skip
def test_one_wrong_answer_of_many_is_a_fail_and_is_told(tmp_path: Path, bad: dict[str, Any], why: str) -> None:
    finding = edges_answer(asked(tmp_path, *[GOOD] * 30, GOOD | bad, *[GOOD] * 10), edges={"manager.alive": ALIVE})
    assert finding.verdict is Verdict.FAIL
    assert why in finding.reason
    assert "1 of 41 times" in finding.reason
    assert "at 8.5 s" in finding.reason


@pytest.mark.parametrize(
    ("where", "verdict"), [("http://streamer-1/live", "PASS"), ("", "FAIL"), ("/live", "FAIL"), ("http://x/no", "FAIL")]
)
def test_a_redirect_leads_where_it_may(tmp_path: Path, where: str, verdict: str) -> None:
    folder = asked(tmp_path, {"status": 302, "location": where}, name="director.content")
    assert edges_answer(folder, edges={"director.content": CONTENT}).verdict == verdict


def test_too_seldom_or_too_short_is_inconclusive_but_a_wrong_answer_is_not(tmp_path: Path) -> None:
    folder, edges = asked(tmp_path, *[GOOD] * 30), {"manager.alive": ALIVE}
    assert edges_answer(folder, edges=edges, times=31).verdict is Verdict.INCONCLUSIVE
    assert edges_answer(folder, edges=edges, times=30, over_s=8).verdict is Verdict.INCONCLUSIVE
    assert edges_answer(folder, edges=edges | {"never": ALIVE}).verdict is Verdict.INCONCLUSIVE
    assert edges_answer(folder, edges={}).verdict is Verdict.INCONCLUSIVE
    assert edges_answer(asked(tmp_path, None), edges=edges).verdict is Verdict.FAIL
    assert edges_answer(asked(tmp_path, GOOD | {"status": 500}), edges=edges, times=9).verdict is Verdict.FAIL


def test_edges_asked_in_another_test_do_not_count(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.event("probe", "probe.result", "manager.alive", 1, measured=GOOD)
    story.event("harness", "test.started", "t", 2)
    story.event("harness", "test.finished", "t", 3)
    story.write()
    assert edges_answer(tmp_path, edges={"manager.alive": ALIVE}, test="t").verdict is Verdict.INCONCLUSIVE


def test_services_of_nodes_have_a_claim_of_their_own(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.event("probe", "probe.result", "worker.kubelet", 1, ok=True, measured={"running": True})
    story.event("probe", "probe.result", "worker.containerd", 1, ok=False, measured={"running": False})
    story.write()
    assert node_services(tmp_path, services=["worker.kubelet"]).verdict is Verdict.PASS
    finding = node_services(tmp_path, services=["worker.kubelet", "worker.containerd"])
    assert (finding.verdict, "worker.containerd answered" in finding.reason) == (Verdict.FAIL, True)
    assert node_services(tmp_path, services=["other.kubelet"]).verdict is Verdict.INCONCLUSIVE
    assert node_services(tmp_path, services=[]).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("watch", ["pods", "deployments", "statefulsets"])
def test_a_watch_that_was_lost_between_the_tests_begin_and_end_hides_how_it_stood(tmp_path: Path, watch: str) -> None:
    story = stage(tmp_path)
    story.event("harness", "test.started", "t", 2)
    story.event("watch", "watch.lost", watch, 3)
    story.event("harness", "test.finished", "t", 6)
    story.event("watch", "watch.resumed", watch, 7)
    assert roles_ready(story.write(), roles=KAFKA, test="t").verdict is Verdict.INCONCLUSIVE


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


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_look_that_has_lost_a_key_was_not_taken_so(tmp_path: Path, when: str) -> None:
    """What was told neither before nor after was no difference: a lost `spec` hid that it had changed."""
    looks(tmp_path, "t")
    file = tmp_path / f"state/t/{when}.json"
    whole = json.loads(file.read_text())
    lacking = [{key: value for key, value in whole.items() if key != lost} for lost in whole]
    lacking += [whole | {"nodes": {"worker": {k: v for k, v in whole["nodes"]["worker"].items() if k != lost}}}
                for lost in whole["nodes"]["worker"]]  # fmt: skip
    lacking.append(whole | {"containers": {"worker": "running"}})
    lacking.append(whole | {"containers": {"worker": "running"}, "inside": {"worker": {"qdisc": []}}})
    for look in lacking:
        file.write_text(json.dumps(look))
        finding = as_it_was(tmp_path, test="t")
        assert (finding.verdict, "not two whole looks" in finding.reason) == (Verdict.INCONCLUSIVE, True)


@pytest.mark.parametrize("test", ["../../etc", "/etc"])
def test_as_it_was_reads_inside_the_dossier_only(tmp_path: Path, test: str) -> None:
    assert as_it_was(tmp_path, test=test).verdict is Verdict.INCONCLUSIVE


def test_a_workload_that_counts_another_number_than_the_watch_saw_cannot_say_how_it_stands(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.replicas("kafka", 6, 2, 1)
    finding = roles_ready(story.write(), roles=KAFKA)
    assert (finding.verdict, "its workload counts 1" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_a_role_whose_workload_nobody_saw_is_inconclusive(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.lines = [line for line in story.lines if line["kind"] != "workload.replicas"]
    finding = roles_ready(story.write(), roles=KAFKA)
    assert (finding.verdict, "saw no workload" in finding.reason) == (Verdict.INCONCLUSIVE, True)
