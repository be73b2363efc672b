"""The whole findings about restarts, nets and strangers, from events and objects that are made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports import timeline
from reports.checkers import installed, restarts
from reports.event import Event
from reports.timeline import Timeline
from reports.verdict import Finding, Verdict

TIMELINE = ("timeline.jsonl",)
BUDGET = "no container starts again, but those that the fault hit"
VICTIMS = [{"kind": "Node", "name": "w1", "uid": "u-w1"}, {"kind": "Pod", "name": "web-a", "uid": "u-a"}]


def told(t: float, kind: str, subject: str = "ops", uid: str | None = None, err: float = 0.0, **data: Any) -> Event:
    return Event(t, err, "x", kind, subject, uid, data)


def pod(t: float, kind: str, letter: str, role: str | None = "web", err: float = 0.0, **data: Any) -> Event:
    return told(t, kind, f"acd/pod/web-{letter}", f"u-{letter}", err, role=role, **data)


def again(t: float, letter: str, **data: Any) -> Event:
    return pod(t, "container.restarted", letter, **data)


BEGUN = told(10.0, "load.started")
ENDED, OVER = told(50.0, "load.finished"), told(60.0, "test.finished", "t")
FAULT = told(20.0, "fault.injecting", "e-1", fault_id="f1", fault="Kill", victims=VICTIMS)
PODS = [pod(1.0, "pod.ready", letter) for letter in "abc"]
WHOLE = [BEGUN, FAULT, ENDED, OVER, *PODS]


def cannot(why: str) -> Finding:
    return Finding(Verdict.INCONCLUSIVE, why, budget=BUDGET, evidence=TIMELINE)


def fails(said: str, count: int) -> Finding:
    return Finding(Verdict.FAIL, f"started again by themselves: {said}", f"{count} restarts", BUDGET, TIMELINE)


def passes(more: str = "", pods: int = 3) -> Finding:
    said = f"no container of {pods} pods started again by itself{more}"
    return Finding(Verdict.PASS, said, "0 restarts", BUDGET, TIMELINE)


LOST = "the watch of pods was lost at {} s, which may hide a restart"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (WHOLE, passes()),
        ([*WHOLE, pod(2.0, "pod.ready", "x", role=None), pod(51.0, "pod.ready", "y")], passes()),
        ([*WHOLE[1:]], cannot("load ops has no beginning and end on the timeline")),
        ([BEGUN, FAULT, OVER, *PODS], cannot("load ops has no beginning and end on the timeline")),
        ([BEGUN, ENDED, OVER, *PODS], cannot("no fault f1 is on the timeline")),
        ([BEGUN, ENDED, OVER, *PODS, told(20.0, "fault.planned", "e-1", fault_id="f1")],
         cannot("no fault f1 is on the timeline")),
        ([BEGUN, FAULT, ENDED, *PODS, told(49.0, "test.finished", "t")],
         cannot("the end of the test is not on the timeline, so what came before it may be lost")),
        ([BEGUN, FAULT, ENDED, OVER], cannot("the watch saw no Ready pod of any role")),
        ([*WHOLE, told(30.0, "watch.lost", "pods")], cannot(LOST.format("30.0"))),
        ([*WHOLE, told(9.0, "watch.lost", "pods"), told(10.0, "watch.resumed", "pods")], cannot(LOST.format("9.0"))),
        ([*WHOLE, told(9.0, "watch.lost", "pods"), told(9.9, "watch.resumed", "pods")], passes()),
        ([*WHOLE, told(50.1, "watch.lost", "pods")], passes()),
        ([*WHOLE, told(30.0, "watch.lost", "nodes")], passes()),
        ([*WHOLE, again(9.9, "b"), again(50.1, "b")], passes()),
        ([*WHOLE, again(30.0, "b", reason="StartError", times=1)], passes()),
        ([*WHOLE, again(30.0, "b", reason="StartError", exit_code=128, times=2)],  # the first had another reason
         fails("acd/web-b at 30.0 s (exit code 128, StartError)", 1)),
        ([*WHOLE, again(9.9, "b"), again(50.1, "b"), told(5.0, "load.started", "v"), told(55.0, "load.finished", "v")],
         passes()),
        ([*WHOLE, again(30.0, "b", role=None), again(30.0, "b", reason="StartError")], passes()),
        ([*WHOLE, again(10.0, "b")], fails("acd/web-b at 10.0 s", 1)),
        ([*WHOLE, again(50.0, "b", exit_code=0)], fails("acd/web-b at 50.0 s (exit code 0)", 1)),
        ([*WHOLE, again(30.0, "b", reason="OOMKilled", exit_code=137)],
         fails("acd/web-b at 30.0 s (exit code 137, OOMKilled)", 1)),
        ([*WHOLE, *(again(30.0 + n, "b", reason="E") for n in range(3))],
         fails(", ".join(f"acd/web-b at {30 + n}.0 s (E)" for n in range(3)), 3)),
        ([*WHOLE, *(again(30.0 + n, "b") for n in range(5))],
         fails(", ".join(f"acd/web-b at {30 + n}.0 s" for n in range(3)) + " and 2 more", 5)),
        ([*WHOLE, again(20.0, "a"), again(21.0, "b", node="w1")], passes("; 2 of those that the fault hit")),
        ([*WHOLE, again(19.9, "a", err=0.125)], passes("; 1 of those that the fault hit")),
        ([*WHOLE, again(19.9, "a")], fails("acd/web-a at 19.9 s", 1)),
        ([*WHOLE, again(30.0, "b", node="w2"), again(31.0, "a")], fails("acd/web-b at 30.0 s", 1)),
    ],
)  # fmt: skip
def test_who_started_again(monkeypatch: pytest.MonkeyPatch, events: list[Event], expected: Finding) -> None:
    seen = Timeline(tuple(sorted(events, key=lambda event: event.t)), torn=False, start_ns=0, unix_ns=0)
    monkeypatch.setattr(timeline, "read", lambda dossier: {Path("d"): seen}[dossier])
    assert restarts.only_of_those_hit(Path("d"), fault_id="f1", load="ops") == expected


FILE = ("state/t/installed.json",)


def keep(folder: Path, *, replicas: int = 2, labels: dict[str, str] | None = None) -> Path:
    """A Deployment of name web, and a pod beside it where labels are given, as they were found."""
    spec = {"replicas": replicas, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
        "containers": [{"name": "main", "resources": {"limits": {"cpu": "1", "memory": "2"}}}]}}}  # fmt: skip
    beside = [{"metadata": {"name": "x", "namespace": "acd", "labels": labels}}] if labels else []
    web = {"metadata": {"name": "web", "namespace": "acd"}, "spec": spec}
    path = folder / FILE[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"deployments": [web], "horizontalpodautoscalers": [], "pods": beside}))
    return folder


@pytest.mark.parametrize(
    ("promised", "verdict", "said", "measured"),
    [
        ({"replicas": 2, "grace_s": 30}, "PASS", "web has its 2 nets", "2 of 2"),
        ({"replicas": 3, "keeps": ["a", "b"], "grace_s": 30}, "FAIL",
         "web: replicas is 2, promised 3; keeps is absent, promised a, b", "1 of 3"),
        ({"limits of main": {"cpu": "1", "memory": None, "x": []}}, "FAIL",
         "web: limits of main is cpu 1, memory 2, promised cpu 1, memory absent, x absent", "0 of 1"),
        ({"limits of main": {}, "drain of main": ""}, "FAIL",
         "web: limits of main is cpu 1, memory 2, promised absent; drain of main is absent, promised absent", "0 of 2"),
        ({"startup of other": "x"}, "FAIL", "web: startup of other is absent, promised x", "0 of 1"),
        ({"disruption": 1, "strange": 2, "replicas": 2}, "INCONCLUSIVE",
         "web: nobody looked for disruption, strange, so whether it is installed is unknown", ""),
    ],
)  # fmt: skip
def test_the_nets_of_a_role(tmp_path: Path, promised: dict[str, Any], verdict: str, said: str, measured: str) -> None:
    where = {"test": "t", "role": "web", "namespace": "acd", "promised": promised}
    budget = f"{len(promised)} nets as promised"
    found = installed.nets(keep(tmp_path), workload="web", **where)  # type: ignore[arg-type]
    assert found == Finding(Verdict(verdict), said, measured, budget, FILE)
    absent = installed.nets(tmp_path, workload="db", **where)  # type: ignore[arg-type]
    assert absent == Finding(Verdict.FAIL, "web: no workload db in namespace acd", "none", budget, FILE)
    (tmp_path / FILE[0]).write_text("[]")
    said = "state/t/installed.json holds no objects"
    nobody = installed.nets(tmp_path, workload="web", **where)  # type: ignore[arg-type]
    assert nobody == Finding(Verdict.INCONCLUSIVE, said, budget=budget, evidence=FILE)


def test_of_nothing_promised_nothing_is_judged(tmp_path: Path) -> None:
    found = installed.nets(tmp_path, test="t", role="web", namespace="acd", workload="web", promised={})
    assert found == Finding(Verdict.INCONCLUSIVE, "web: nothing was promised, so nothing was judged")
    assert installed.alone(tmp_path, test="t", roles=[]) == Finding(Verdict.INCONCLUSIVE, "no role was named")


def test_no_role_stands_twice(tmp_path: Path) -> None:
    role = {"role": "front", "namespace": "acd", "workload": "web", "selector": {"app": "web"}}
    other = role | {"role": "back", "workload": "db"}

    def judged(*roles: dict[str, Any]) -> Finding:
        return installed.alone(tmp_path, test="t", roles=list(roles))

    keep(tmp_path)
    assert judged(role) == Finding(Verdict.PASS, "each of 1 roles stands once", "0 strangers", "none", FILE)
    keep(tmp_path, labels={"app": "web"})
    said = ("front: pod x, which nothing owns stands beside web; back: deployment web stands beside db; "
            "back: pod x, which nothing owns stands beside db")  # fmt: skip
    assert judged(role, other) == Finding(Verdict.FAIL, said, "3 strangers", "none", FILE)
    (tmp_path / FILE[0]).write_text("{}")
    nobody = "state/t/installed.json holds no objects"
    assert judged(role) == Finding(Verdict.INCONCLUSIVE, nobody, evidence=FILE)
