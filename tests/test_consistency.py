"""A timeline or a load's rows that contradict themselves are no evidence; what can be true is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Story

from reports.requests import read_requests
from reports.rows import RequestsError
from reports.timeline import FILE, TimelineError, read

Lines = list[dict[str, Any]]


def story(folder: Path) -> Story:
    """A gateway pod dies under load and is replaced."""
    told = Story(folder)
    told.event("harness", "test.started", "t", 0.1)
    told.pod("gateway-a", "u1", "gateway", t=0.2)
    told.pod("gateway-b", "u2", "gateway", t=0.2)
    told.replicas("gateway", 0.3, 2, 2)
    told.event("watch", "node.ready", "node/worker", 0.4)
    told.load("viewers", start=2, seconds=30, bad=((10.0, 10.5),))
    told.fault("f1", t=10, victim=("gateway-a", "u1"))
    told.gone("gateway-a", "u1", "gateway", 10.1)
    told.replicas("gateway", 10.2, 2, 1)
    told.pod("gateway-c", "u3", "gateway", t=11, starts_s=6)
    told.replicas("gateway", 17.1, 2, 2)
    told.event("harness", "test.finished", "t", 40)
    for line in told.lines:
        if line["kind"] == "workload.replicas":
            line["uid"] = "w0"
    return told


def lost(kind: str, subject: str = "") -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        found = next(one for one in lines if one["kind"] == kind and subject in one["subject"])
        return [line for line in lines if line is not found]

    return change


def changed(kind: str, about: str = "", **new: Any) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        found = next(one for one in lines if one["kind"] == kind and about in one["subject"])
        return [line | new if line is found else line for line in lines]

    return change


def twice(kind: str, later_s: float = 0.001) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        found = [[one, one | {"t": one["t"] + later_s}] if one["kind"] == kind else [one] for one in lines]
        return [line for both in found for line in both]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lost("pod.added", "gateway-c"), "never added"),
        (lost("pod.scheduled", "gateway-c"), "was never scheduled"),
        (lost("pod.not_ready", "gateway-a"), "is Ready"),
        (lost("endpoint.added"), "endpoint.removed of acd/service/gateway twice in a row"),
        (lost("test.started"), "without test.started"),
        (lost("load.started"), "without load.started"),
        (lost("fault.planned"), "without fault.planned"),
        (lost("fault.injecting"), "without fault.injecting"),
        (lost("fault.injected"), "without fault.injected"),
        (lost("fault.healing"), "without fault.healing"),
        (twice("load.steady", later_s=0), "stands there already"),
        (twice("pod.ready"), "was Ready already"),
        (twice("pod.not_ready"), "was not Ready"),
        (twice("pod.terminating"), "was terminating already"),
        (twice("workload.replicas"), "tells no change"),
        (twice("node.ready"), "twice in a row"),
        (twice("test.started"), "has not ended"),
        (twice("fault.injected"), "a second time"),
        (changed("workload.replicas", uid="w1"), "another UID than before"),
        (changed("pod.ready", "gateway-c", uid="u9"), "never added"),
        (changed("pod.added", "gateway-c", subject="acd/pod/gateway-b"), "which is there already"),
        (changed("pod.ready", "gateway-c", t=9.0), "its clock ran back"),
        (changed("pod.ready", "gateway-c", t=22.0), "its clock ran back"),
        (changed("fault.injecting", t=5.0), "its clock ran back"),
        (changed("fault.healed", data={"fault_id": "f1", "victims": []}), "another fault, experiment or victim"),
    ],
)
def test_what_was_lost_doubled_moved_or_renamed_is_seen(
    tmp_path: Path, change: Callable[[Lines], Lines], said: str
) -> None:
    file = story(tmp_path).write() / FILE
    assert read(tmp_path).events
    lines = change([json.loads(line) for line in file.read_text().splitlines()])
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(TimelineError, match=said):
        read(tmp_path)


@pytest.mark.parametrize(("watch", "said"), [("pods", "pod.terminating"), ("deployments", "workload.replicas")])
def test_a_watch_tells_nothing_while_it_is_away(tmp_path: Path, watch: str, said: str) -> None:
    told = story(tmp_path)
    told.event("watch", "watch.lost", watch, 9.9)
    told.event("watch", "watch.resumed", watch, 30)
    with pytest.raises(TimelineError, match=f"resumes the watch of {watch}, which told {said} while it was away"):
        read(told.write())


def test_what_a_watch_had_missed_is_told_when_it_lists_again(tmp_path: Path) -> None:
    told = story(tmp_path)
    told.event("watch", "watch.lost", "pods", 20, err=0.5)
    told.event("watch", "pod.not_ready", "acd/pod/gateway-b", 22.5, uid="u2", err=2.4, role="gateway")
    told.event("watch", "node.not_ready", "node/worker", 22)
    told.event("watch", "watch.resumed", "pods", 25)
    assert read(told.write()).query("watch.resumed")


def test_what_may_be_true_is_read(tmp_path: Path) -> None:
    told = story(tmp_path)
    told.event("watch", "watch.lost", "pods", 20, err=0.5)
    told.event("watch", "watch.resumed", "pods", 25)
    told.watch("container.restarted", "gateway-b", 26, "u2", "gateway", container="nginx", restarts=3)
    told.event("watch", "pod.not_ready", "acd/pod/gateway-b", 26.0, uid="u2", err=1.0, role="gateway")
    told.event("watch", "node.not_ready", "node/worker", 27)
    told.event("watch", "node.not_ready", "node/worker", 28, reason="deleted")
    told.event("load", "load.finished", "other", 12.0)
    told.event("load", "load.started", "other", 11.0)
    assert read(told.write()).query("container.restarted")


def rows(folder: Path, change: Callable[[list[list[str]]], Any]) -> None:
    file = story(folder).write() / "load" / "requests-viewers.csv"
    header, *lines = file.read_text().splitlines()
    found = [line.split(",") for line in lines]
    found = change(found) or found
    file.write_text("\n".join([header, *(",".join(row) for row in found)]) + "\n")


def put(number: int, **new: str) -> Callable[[list[list[str]]], None]:
    columns = ["planned_ns", "start_ns", "end_ns", "user", "name", "status", "bytes", "error"]

    def change(found: list[list[str]]) -> None:
        for name, value in new.items():
            found[number][columns.index(name)] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found[:-1], "holds 599 requests"),
        (lambda found: found[:100] + found[101:], "holds 599 requests"),
        (put(7, error="wrong Location"), "holds 600 requests, 589 of them good"),
        (put(7, status="500"), ":9 finds nothing wrong with no answer"),
        (put(7, status="0"), ":9 finds nothing wrong with no answer"),
        (put(7, status="302", error="status 502"), "names another status than it has"),
        (put(7, end_ns="5"), "ended before it was sent"),
        (put(7, start_ns="5"), "was sent before it was planned"),
        (lambda found: [*found[:9], *found[90:], *found[9:90]], "was written after a later one"),
    ],
)
def test_rows_that_cannot_be_true_or_are_not_all_there_are_refused(
    tmp_path: Path, change: Callable[[list[list[str]]], Any], said: str
) -> None:
    rows(tmp_path, lambda found: None)
    assert len(read_requests(tmp_path, "viewers").planned_s) == 600
    rows(tmp_path, change)
    with pytest.raises(RequestsError, match=said):
        read_requests(tmp_path, "viewers")


def test_rows_of_which_nobody_said_how_they_end_and_another_loads_plan_are_refused(tmp_path: Path) -> None:
    told = story(tmp_path)
    told.lines = [line for line in told.lines if line["kind"] != "load.finished"]
    told.write()
    with pytest.raises(RequestsError, match="does not say how load viewers ended"):
        read_requests(tmp_path, "viewers")
    story(tmp_path).write()
    plan = tmp_path / "load" / "viewers.plan.json"
    plan.write_text(plan.read_text().replace('"viewers"', '"operators"'))
    with pytest.raises(RequestsError, match="is the plan of load operators"):
        read_requests(tmp_path, "viewers")
