"""Who starts again though no fault hit it: each reason for each verdict, on a hand-made timeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Story

from reports.checkers.restarts import only_of_those_hit
from reports.verdict import Finding, Verdict


def story(folder: Path, *, victim: tuple[str, str] = ("gateway-a", "u-a"), kind: str = "Pod") -> Story:
    """Two gateways and a worker, a load from 1 to 40 s, a fault at 10 s."""
    told = Story(folder)
    for name, uid, role, node in [
        ("gateway-a", "u-a", "gateway", "node-1"),
        ("gateway-b", "u-b", "gateway", "node-2"),
        ("worker", "u-w", "selection-input", "node-1"),
        ("coredns", "u-dns", None, "node-1"),
    ]:
        for change in ("pod.added", "pod.scheduled", "pod.ready"):
            told.event("watch", change, f"acd/pod/{name}", 0.5, uid=uid, role=role, node=node)
    told.event("load", "load.started", "viewers", 1)
    told.fault("f1", t=10, victim=victim, kind=kind)
    told.event("load", "load.finished", "viewers", 40)
    told.event("harness", "test.finished", "t", 50)
    return told


def restart(
    told: Story, name: str, uid: str, t: float, *, node: str = "node-2", role: str | None = "gateway",
    why: str = "OOMKilled",
) -> None:  # fmt: skip
    more: dict[str, Any] = {"container": "c", "restarts": 1, "exit_code": 137, "reason": why}
    told.event("watch", "container.restarted", f"acd/pod/{name}", t, uid=uid, role=role, node=node, **more)


def judged(told: Story, **args: str) -> Finding:
    told.lines.sort(key=lambda line: line["t"])
    told.write()
    return only_of_those_hit(told.folder, **{"fault_id": "f1", "load": "viewers", **args})


def test_nothing_started_again(tmp_path: Path) -> None:
    found = judged(story(tmp_path))
    assert (found.verdict, found.reason) == (Verdict.PASS, "no container of 3 pods started again by itself")


@pytest.mark.parametrize(
    ("name", "uid", "t", "verdict"),
    [
        ("gateway-a", "u-a", 11, Verdict.PASS),  # the fault's own
        ("gateway-a", "u-a", 9, Verdict.FAIL),  # before it struck
        ("gateway-b", "u-b", 11, Verdict.FAIL),  # another of its role
        ("worker", "u-w", 30, Verdict.FAIL),  # of another role
        ("worker", "u-w", 0.9, Verdict.PASS),  # before the load
        ("worker", "u-w", 41, Verdict.PASS),  # after it
        ("gateway-c", "u-c", 25, Verdict.FAIL),  # the victim's successor
    ],
)
def test_whose_restart_is_whose_fault(tmp_path: Path, name: str, uid: str, t: float, verdict: Verdict) -> None:
    told = story(tmp_path)
    if uid == "u-c":
        told.pod(name, uid, "gateway", t=12, starts_s=3)
    restart(told, name, uid, t)
    found = judged(told)
    assert found.verdict is verdict
    if verdict is Verdict.FAIL:
        assert found.reason == f"started again by themselves: acd/{name} at {t:.1f} s (exit code 137, OOMKilled)"
        assert found.measured == "1 restarts"


def test_a_lost_node_takes_all_that_it_carries_with_it(tmp_path: Path) -> None:
    told = story(tmp_path, victim=("node-1", "u-node"), kind="Node")
    restart(told, "gateway-a", "u-a", 30, node="node-1")
    restart(told, "worker", "u-w", 30.5, node="node-1", role="selection-input")
    found = judged(told)
    assert found.verdict is Verdict.PASS
    assert found.reason.endswith("; 2 of those that the fault hit")
    restart(told, "gateway-b", "u-b", 31, node="node-2")
    assert judged(told).verdict is Verdict.FAIL


def test_what_is_no_roles_is_no_business_of_ours_and_many_are_counted(tmp_path: Path) -> None:
    told = story(tmp_path)
    restart(told, "coredns", "u-dns", 20, role=None)
    assert judged(told).verdict is Verdict.PASS
    for n in range(5):
        told.event("watch", "container.restarted", "acd/pod/gateway-b", 20 + n, uid="u-b", role="gateway",
                   node="node-2", container="c", restarts=n + 1)  # fmt: skip
    assert judged(told).reason.endswith(" and 2 more")


@pytest.mark.parametrize(
    ("start", "end", "watch", "verdict"),
    [
        (20, 22, "pods", Verdict.INCONCLUSIVE),
        (20, None, "pods", Verdict.INCONCLUSIVE),
        (0.2, 0.6, "pods", Verdict.PASS),
        (40.5, 42, "pods", Verdict.PASS),
        (20, 22, "nodes", Verdict.PASS),
    ],
)
def test_what_nobody_watched_nobody_knows(
    tmp_path: Path, start: float, end: float | None, watch: str, verdict: Verdict
) -> None:
    told = story(tmp_path)
    told.event("watch", "watch.lost", watch, start)
    if end:
        told.event("watch", "watch.resumed", watch, end)
    assert judged(told).verdict is verdict


def test_without_a_fault_a_load_or_a_pod_nothing_can_be_said(tmp_path: Path) -> None:
    assert judged(story(tmp_path), fault_id="f2").verdict is Verdict.INCONCLUSIVE
    assert judged(story(tmp_path), load="operators").verdict is Verdict.INCONCLUSIVE
    told = story(tmp_path)
    told.lines = [line for line in told.lines if not line["kind"].startswith("pod.")]
    assert judged(told).reason == "the watch saw no Ready pod of any role"
    told = story(tmp_path)
    told.lines = [line for line in told.lines if line["kind"] != "load.finished"]
    assert judged(told).reason == "load viewers has no beginning and end on the timeline"
    told = story(tmp_path)
    told.lines = [line for line in told.lines if line["kind"] != "test.finished"]
    assert judged(told).reason == "the end of the test is not on the timeline, so what came before it may be lost"


def test_a_start_that_the_runtime_tries_again_is_no_end(tmp_path: Path) -> None:
    told = story(tmp_path)
    restart(told, "gateway-b", "u-b", 20, why="StartError")
    assert judged(told).reason == "no container of 3 pods started again by itself"
