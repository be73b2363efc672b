"""The whole timeline that comes of the worst that each kind of event could have told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports.sabotage import breaches
from reports.sabotage.breaches import breached

Line = dict[str, Any]


def line(t: float, kind: str, subject: str, *, uid: str = "", err: float = 0.0, **data: Any) -> Line:
    told: Line = {"t": t, "err": err, "kind": kind, "subject": subject, "data": data}
    return told | ({"uid": uid} if uid else {})


def after(lines: list[Line], *entries: Line) -> list[Line]:
    raw = b"".join(json.dumps(one).encode() + b"\n" for one in lines)
    worst = breached(raw, entries)
    assert worst == b"" or worst.endswith(b"\n")
    return [json.loads(one) for one in worst.splitlines()]


START = line(0.0, "run.started", "run")


def test_all_pods_of_a_role_fall_that_were_ready_and_none_of_it_comes_back() -> None:
    ready = line(1.0, "pod.ready", "acd/pod/a", uid="u-a", role="web")
    lines = [
        START, ready | {"err": 0.5},
        line(1.0, "pod.ready", "acd/pod/b", uid="u-b", role="web"),
        line(1.0, "pod.ready", "acd/pod/db", uid="u-db", role="db"),
        line(2.0, "pod.not_ready", "acd/pod/b", uid="u-b", role="web"),
        line(2.0, "pod.not_ready", "acd/pod/never", uid="u-n", role="web"),
        line(3.0, "pod.added", "acd/pod/c", uid="u-c", role="web"),
        line(4.0, "pod.ready", "acd/pod/c", uid="u-c", role="web"),
        line(5.0, "container.restarted", "acd/pod/a", uid="u-a", role="web"),
        line(5.0, "workload.replicas", "acd/deployment/web", role="web", spec=2),
        line(6.0, "pod.ready", "acd/pod/db", uid="u-db", role="db"),
    ]  # fmt: skip
    entry = line(4.0, "pod.ready", "acd/pod/c", uid="u-c", role="web")
    fallen = ready | {"t": 4.0, "err": 0.0, "kind": "pod.not_ready"}
    assert after(lines, entry) == [*lines[:7], fallen, *lines[9:]]
    later = entry | {"t": 4.5, "kind": "container.restarted"}
    of_c = lines[7] | {"t": 4.5, "err": 0.0, "kind": "pod.not_ready"}
    assert after(lines, later) == [*lines[:8], fallen | {"t": 4.5}, of_c, *lines[9:]]


def test_a_workload_and_an_autoscaler_ask_for_what_no_promise_allows() -> None:
    asked = line(3.0, "workload.replicas", "acd/deployment/web", uid="w", err=0.2, role="web", spec=2, ready=2,
                 initial=True)  # fmt: skip
    scaled = line(3.0, "hpa.replicas", "acd/hpa/web", role="web", desired=2, current=2, min=2, max=5, cpu_percent=7)
    lines = [
        START, line(2.0, "workload.replicas", "acd/deployment/web", role="web", spec=2, ready=2),
        asked, scaled, line(4.0, "workload.replicas", "acd/deployment/db", role="db", spec=1, ready=1),
        line(5.0, "workload.replicas", "acd/deployment/web", role="web", spec=2, ready=2),
        line(5.0, "hpa.replicas", "acd/hpa/web", role="web", desired=3),
    ]  # fmt: skip
    worst = asked | {"err": 0.0, "data": {"role": "web", "spec": 99, "ready": 0}}
    assert after(lines, asked) == [*lines[:2], scaled, worst, lines[4], lines[6]]
    data = {"role": "web", "desired": 99, "current": 99, "min": 0, "max": 99, "cpu_percent": 7}
    assert after(lines, scaled) == [*lines[:2], scaled | {"data": data}, asked, *lines[4:6]]


@pytest.mark.parametrize(
    ("watch", "told"),
    [("pods", [3, 4]), ("deployments", [5]), ("statefulsets", [5]), ("hpas", [6]), ("nodes", [7]),
     ("endpointslices", [8]), ("strange", [])],
)  # fmt: skip
def test_a_watch_is_lost_for_good_and_tells_nothing_any_more(watch: str, told: list[int]) -> None:
    lines = [
        START, line(2.0, "watch.resumed", watch), line(2.5, "watch.resumed", "other"),
        line(3.0, "pod.ready", "p", role="web"), line(3.1, "container.restarted", "p", role="web"),
        line(3.2, "workload.replicas", "w", role="web"), line(3.3, "hpa.replicas", "h", role="web"),
        line(3.4, "node.ready", "n"), line(3.5, "endpoint.added", "e"),
    ]  # fmt: skip
    entry = line(3.0, "watch.resumed", watch)
    early = [line(1.0, kind, "x") for kind in ("pod.ready", "node.ready")]
    left = [one for n, one in enumerate(lines) if n not in told and n > 2]
    lost = entry | {"kind": "watch.lost"}
    at = [one for one in left if one["t"] <= 3.0]
    assert after([START, *early, *lines[1:]], entry) == [START, *early, lines[2], *at, lost, *left[len(at) :]]


@pytest.mark.parametrize("kind", ["probe.result", "settings.seen"])
def test_what_was_asked_answered_wrong(kind: str) -> None:
    good = line(2.0, kind, "web", ok=True, measured={"status": 200}, at="gateway")
    lines = [START, good, line(2.0, kind, "db", ok=True), line(3.0, kind, "web", ok=True)]
    data = {"ok": False, "measured": {"status": 0}, "settings": {"nothing": "as promised"}, "at": "gateway"}
    assert after(lines, good) == [START, lines[2], good | {"data": data}, lines[3]]


def test_a_fault_never_took_effect_and_a_load_and_a_test_have_no_end() -> None:
    steps = [line(n, f"fault.{step}", "e", fault_id="f1") for n, step in
             enumerate(("planned", "injecting", "injected", "effective", "healing", "healed"), 1)]  # fmt: skip
    other = line(4.5, "fault.effective", "e", fault_id="f2")
    ends = [line(8.0, "load.finished", "viewers"), line(8.0, "load.finished", "operators"),
            line(9.0, "test.finished", "viewers"), line(9.0, "test.finished", "t")]  # fmt: skip
    lines = [START, *steps, other, line(7.0, "load.started", "viewers"), *ends]
    assert after(lines, steps[5]) == [START, *steps[:3], other, lines[8], *ends]
    assert after(lines, lines[8]) == [*lines[:9], ends[1], ends[3]]
    assert after(lines, ends[3]) == [*lines[:9], *ends[:3]]


def test_what_stands_where_its_time_is_comes_after_what_may_be_as_early() -> None:
    probe = line(2.0, "probe.result", "web", ok=True)
    data = {"ok": False, "measured": {"status": 0}, "settings": {"nothing": "as promised"}}
    sure, unsure, late = line(2.0, "x.y", "a"), line(1.9, "x.y", "b", err=0.2), line(3.0, "x.y", "c")
    assert after([line(9.0, "run.started", "run"), sure, unsure, late], probe) == [
        line(9.0, "run.started", "run"), sure, probe | {"data": data}, unsure, late
    ]  # fmt: skip
    assert after([START, sure], probe) == [START, sure, probe | {"data": data}]
    without = {"t": 2.0, "kind": "x.y", "subject": "d", "data": {}}
    assert after([START, without], probe) == [START, without, probe | {"data": data}]
    barely = line(1.5, "x.y", "e", err=0.5)
    assert after([START, barely, late], probe) == [START, barely, probe | {"data": data}, late]


def test_each_role_and_each_subject_goes_wrong_once_from_its_first_entry_on() -> None:
    lines = [START, line(1.0, "pod.ready", "p", uid="u", role="web"), line(1.0, "pod.ready", "q", uid="v", role="db")]
    second = line(5.0, "pod.ready", "x", uid="x", role="web")
    first, of_db = second | {"t": 3.0}, line(4.0, "pod.ready", "q", uid="v", role="db")
    fallen = [lines[1] | {"t": 3.0, "kind": "pod.not_ready"}, lines[2] | {"t": 4.0, "kind": "pod.not_ready"}]
    assert after(lines, second, {"torn": True}, first, of_db) == [*lines, *fallen]
    strange = line(2.0, "endpoint.added", "acd/service/web", role="web")
    assert after(lines, strange, strange) == lines
    one, two = line(2.0, "load.started", "a"), line(2.5, "load.started", "b")
    ends = [line(3.0, "load.finished", name) for name in "abc"]
    assert after([START, *ends], one, two) == [START, ends[2]]
    hpa = line(3.0, "hpa.replicas", "h", role="web", desired=1)
    data = {"role": "web", "desired": 99, "current": 99, "min": 0, "max": 99}
    assert after(lines, hpa, first) == [*lines, hpa | {"data": data}, fallen[0]]
    again, db = hpa | {"t": 4.0, "subject": "h2"}, line(5.0, "hpa.replicas", "h", role="db")
    of_db = db | {"data": data | {"role": "db"}}
    assert after(lines, hpa, again, db) == [*lines, hpa | {"data": data}, of_db]


def test_what_a_family_tells_at_worst_is_put_over_what_the_entry_told() -> None:
    entry = line(2.0, "hpa.replicas", "h", err=0.5, role="web", desired=1, cpu=7, initial=True)
    later = [line(2.0, "hpa.replicas", "h", role="web"), line(3.0, "hpa.replicas", "h", role="db"),
             line(4.0, "hpa.replicas", "h", role="web"), line(4.0, "pod.ready", "p", role="web")]  # fmt: skip
    worst = line(2.0, "hpa.replicas", "h", role="web", desired=99, cpu=7)
    assert breaches._changed("hpa", desired=99)([START, *later], entry) == [START, worst, later[1], later[3]]
