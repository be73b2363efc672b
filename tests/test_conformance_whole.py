"""The whole findings about what the stack is: its roles, edges, services of nodes, and settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports import timeline
from reports.checkers import conformance, kept_settings
from reports.event import Event
from reports.timeline import Timeline
from reports.verdict import Finding, Verdict

FILES = ("timeline.jsonl",)
STARTED, FINISHED = (Event(t, 0.0, "harness", f"test.{kind}", "t", None, {}) for t, kind in
                     ((10.0, "started"), (50.0, "finished")))  # fmt: skip


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the events that a dossier holds, those of a test from 10 to 50 s among them."""

    def put(*events: Event) -> Path:
        whole = sorted((STARTED, FINISHED, *events), key=lambda event: event.t)
        seen = Timeline(tuple(whole), torn=False, start_ns=0, unix_ns=0)
        monkeypatch.setattr(timeline, "read", lambda dossier: {Path("d"): seen}[dossier])
        return Path("d")

    return put


def pod(letter: str, role: str = "web", t: float = 1.0, kind: str = "pod.ready") -> Event:
    return Event(t, 0.0, "watch", kind, f"acd/pod/{role}-{letter}", f"u-{role}-{letter}", {"role": role, "node": "w"})


def asked(spec: int, ready: int, t: float = 1.0, role: str = "web") -> Event:
    data = {"role": role, "spec": spec, "ready": ready}
    return Event(t, 0.0, "watch", "workload.replicas", f"acd/deployment/{role}", None, data)


def watch(what: str, t: float, name: str) -> Event:
    return Event(t, 0.0, "watch", f"watch.{what}", name, None, {})


TWO = [pod("a"), pod("b"), asked(2, 2)]
ROLE = {"role": "web", "floor": 2, "max": 3}
LOST = "web: the watch was lost when its state was to be judged"


@pytest.mark.parametrize(
    ("events", "role", "verdict", "reason"),
    [
        (TWO, {}, Verdict.PASS, "1 roles Ready: web 2/2"),
        ([*TWO, pod("c"), asked(3, 3, 2.0)], {}, Verdict.PASS, "1 roles Ready: web 3/3"),
        ([pod("a", "db")], {}, Verdict.INCONCLUSIVE, "web: the watch saw neither pods nor workload"),
        (TWO[:2], {}, Verdict.INCONCLUSIVE, "web: the watch saw no workload"),
        ([*TWO[:2], asked(2, 2, 50.0)], {}, Verdict.INCONCLUSIVE, "web: the watch saw no workload"),
        ([*TWO, watch("lost", 49.0, "pods")], {}, Verdict.INCONCLUSIVE, LOST),
        ([*TWO, watch("lost", 49.0, "deployments")], {}, Verdict.INCONCLUSIVE, LOST),
        ([*TWO, watch("lost", 49.0, "nodes")], {}, Verdict.PASS, "1 roles Ready: web 2/2"),
        ([*TWO, watch("lost", 48.0, "pods"), watch("resumed", 49.0, "pods")], {}, Verdict.PASS,
         "1 roles Ready: web 2/2"),
        ([*TWO, pod("b", t=49.0, kind="pod.not_ready")], {}, Verdict.FAIL, "web: 1 of 2 promised pods are Ready"),
        ([*TWO, pod("b", t=50.0, kind="pod.not_ready")], {}, Verdict.PASS, "1 roles Ready: web 2/2"),
        ([*TWO, asked(3, 2, 2.0)], {}, Verdict.FAIL, "web: 2 of 3 pods its workload asks for are Ready"),
        ([*TWO, asked(4, 2, 2.0)], {}, Verdict.FAIL,
         "web: 2 of 4 pods its workload asks for are Ready and 4 pods, more than its maximum of 3"),
        ([*TWO, pod("c"), pod("d")], {}, Verdict.FAIL, "web: 4 pods, more than its maximum of 3"),
        ([*TWO, pod("c")], {}, Verdict.INCONCLUSIVE, "web: the watch saw 3 Ready pods, and its workload counts 2"),
        ([*TWO[:2], asked(2, 1)], {}, Verdict.INCONCLUSIVE,
         "web: the watch saw 2 Ready pods, and its workload counts 1"),
        ([*TWO, asked(1, 2, 2.0)], {}, Verdict.PASS, "1 roles Ready: web 2/1"),
    ],
)  # fmt: skip
def test_a_role_in_its_number(
    run: Any, events: list[Event], role: dict[str, Any], verdict: Verdict, reason: str
) -> None:
    good = "1" if verdict is Verdict.PASS else "0"
    found = conformance.roles_ready(run(*events), roles=[ROLE | role], test="t")
    assert found == Finding(verdict, reason, f"{good} of 1", "all 1", FILES)


def test_what_was_asked_for_lately_may_be_missing_above_the_floor(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def excuse(seen: Any, role: str, missing: int, **times: float) -> Any:
        given.append((role, missing, times))
        return conformance.Excuse(verdicts.pop(0), "because")

    monkeypatch.setattr(conformance, "excuse", excuse)
    verdicts = [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.PASS]
    role = ROLE | {"ready_s": 9, "stabilisation_s": 30}
    dossier = run(*TWO, asked(3, 2, 49.0))
    found = [conformance.roles_ready(dossier, roles=[role], test="t") for _ in range(3)]
    failed = "web: 2 of 3 pods its workload asks for are Ready: because"
    assert [(one.verdict, one.reason) for one in found] == [
        (Verdict.PASS, "1 roles Ready: web 2/3 (because)"), (Verdict.INCONCLUSIVE, "web 2/3 (because)"),
        (Verdict.FAIL, failed),
    ]  # fmt: skip
    assert given == [("web", 1, {"until": 50.0, "ready_s": 9.0, "stabilisation_s": 30.0})] * 3
    assert conformance.roles_ready(dossier, roles=[role]).reason == "1 roles Ready: web 2/3 (because)"
    assert 50.0 < given[3][2]["until"] < 50.0001


def test_the_worst_of_several_roles_is_told(run: Any) -> None:
    roles = [ROLE, ROLE | {"role": "db"}, ROLE | {"role": "x"}, ROLE | {"role": "y", "floor": 0}]
    found = conformance.roles_ready(run(*TWO, pod("a", "db"), asked(1, 1, role="db")), roles=roles)
    assert found == Finding(Verdict.FAIL, "db: 1 of 2 promised pods are Ready", "1 of 4", "all 4", FILES)
    found = conformance.roles_ready(run(*TWO), roles=[ROLE, roles[2], roles[3]])
    said = "x: the watch saw neither pods nor workload; y: the watch saw neither pods nor workload"
    assert found == Finding(Verdict.INCONCLUSIVE, said, "1 of 3", "all 3", FILES)
    none = "nothing was claimed, so nothing was proven"
    assert conformance.roles_ready(run(), roles=[]) == Finding(Verdict.INCONCLUSIVE, none, "0 of 0", "all 0", FILES)


def answer(t: float, subject: str = "live", **data: Any) -> Event:
    return Event(t, 0.0, "probe", "probe.result", subject, None, data)


def measured(t: float, status: Any = 200, **more: Any) -> Event:
    return answer(t, measured={"status": status, **more})


EDGE = {"path": "/live", "status": 200, "body": "^ok", "location": ""}


@pytest.mark.parametrize(
    ("events", "edge", "verdict", "reason"),
    [
        ([measured(t, body="ok!") for t in (10.0, 12.0, 50.0)], {}, Verdict.PASS, "1 edges answer: live 3 times"),
        ([measured(20.0, body="ok"), measured(23.0, body="ok")], {}, Verdict.PASS, "1 edges answer: live 2 times"),
        ([], {}, Verdict.INCONCLUSIVE, "live was never asked"),
        ([measured(9.0, body="ok"), measured(51.0)], {}, Verdict.INCONCLUSIVE, "live was never asked"),
        ([measured(20.0, body="ok")], {}, Verdict.INCONCLUSIVE,
         "live was asked 1 times in 0.0 s; 2 in 3 s are needed"),
        ([measured(20.0, body="ok"), measured(22.9, body="ok")], {}, Verdict.INCONCLUSIVE,
         "live was asked 2 times in 2.9 s; 2 in 3 s are needed"),
        ([measured(20.0, 503, error="no\nbody"), measured(21.0, 500), measured(22.0, body="ok")], {}, Verdict.FAIL,
         "live (/live): status 503 (no\nbody), not 200 at 20.0 s (2 of 3 times)"),
        ([measured(20.0, 503, error="")], {}, Verdict.FAIL,
         "live (/live): status 503, not 200 at 20.0 s (1 of 1 times)"),
        ([measured(20.0, body="not ok")], {}, Verdict.FAIL,
         "live (/live): body 'not ok', not '^ok' at 20.0 s (1 of 1 times)"),
        ([measured(20.0)], {}, Verdict.FAIL, "live (/live): body '', not '^ok' at 20.0 s (1 of 1 times)"),
        ([measured(20.0, body="ok", location="x" * 99)], {"location": "^y"}, Verdict.FAIL,
         f"live (/live): location '{'x' * 80}', not '^y' at 20.0 s (1 of 1 times)"),
        ([answer(20.0, measured="gone")], {}, Verdict.FAIL,
         "live (/live): nobody noted what it answered at 20.0 s (1 of 1 times)"),
        ([measured(20.0), measured(23.0, body=None)], {"body": ""}, Verdict.PASS, "1 edges answer: live 2 times"),
    ],
)  # fmt: skip
def test_an_edge_and_its_answers(
    run: Any, events: list[Event], edge: dict[str, Any], verdict: Verdict, reason: str
) -> None:
    dossier = run(*events)
    found = conformance.edges_answer(dossier, edges={"live": EDGE | edge}, times=2, over_s=3.0, test="t")
    good = "1" if verdict is Verdict.PASS else "0"
    assert found == Finding(verdict, reason, f"{good} of 1", "all 1", FILES)


def test_once_in_the_whole_run_is_enough_where_no_more_is_asked(run: Any) -> None:
    found = conformance.edges_answer(run(measured(5.0, body="ok")), edges={"live": EDGE})
    assert found == Finding(Verdict.PASS, "1 edges answer: live 1 times", "1 of 1", "all 1", FILES)
    nobody = conformance.edges_answer(run(), edges={"live": EDGE}, times=0)
    assert nobody.reason == "live was never asked"


def test_services_of_nodes(run: Any) -> None:
    good, early = answer(20.0, "n.containerd", ok=True), answer(9.0, "n.kubelet", ok=True)
    bad = [answer(20.0 + n, "n.kubelet", ok=ok, measured=f"dead {n}", expected=expected) for n, (ok, expected) in
           enumerate(((True, ""), (1, "running"), (False, "")))]  # fmt: skip
    names = ["n.containerd", "n.kubelet"]
    assert conformance.node_services(run(good, *bad), services=names, test="t") == Finding(
        Verdict.FAIL, "n.kubelet answered dead 1, not running (2 of 3 times)", "1 of 2", "all 2", FILES
    )  # fmt: skip
    assert conformance.node_services(run(good, bad[2]), services=names, test="t").reason == (
        "n.kubelet answered dead 2 (1 of 1 times)"
    )  # fmt: skip
    assert conformance.node_services(run(good, early), services=names, test="t") == Finding(
        Verdict.INCONCLUSIVE, "n.kubelet was never asked", "1 of 2", "all 2", FILES
    )  # fmt: skip
    said = "2 services of nodes run and are enabled: n.containerd, n.kubelet"
    assert conformance.node_services(run(good, early), services=names) == Finding(
        Verdict.PASS, said, "2 of 2", "all 2", FILES
    )  # fmt: skip


def test_settings_that_keep_data(run: Any) -> None:
    def told(t: float, subject: str, **data: Any) -> Event:
        return Event(t, 0.0, "probe", "settings.seen", subject, None, data)

    promised = {"redis": {"appendonly": "yes"}, "kafka": {"acks": ">=2", "ms": ">=10"}}
    redis, kafka = told(20.0, "redis", settings={"appendonly": "yes"}), {"acks": "2", "ms": "-1"}
    for events, verdict, reason, count in (
        ([redis, told(10.0, "kafka", settings=kafka)], Verdict.PASS, "3 settings as promised", "3 of 3"),
        ([redis, told(9.0, "kafka", settings=kafka)], Verdict.INCONCLUSIVE, "kafka did not say its settings", "1 of 2"),
        ([redis, told(20.0, "kafka", error="refused")], Verdict.INCONCLUSIVE,
         "kafka did not say its settings: refused", "1 of 2"),
        ([redis, told(20.0, "kafka", settings={"acks": "1.9"})], Verdict.FAIL,
         "kafka runs with acks=1.9, promised >=2; kafka says nothing of ms, which must be >=10", "1 of 3"),
        ([told(20.0, "redis", settings={"appendonly": "no"}), redis, told(20.0, "kafka", settings=kafka)],
         Verdict.FAIL, "redis runs with appendonly=no, promised yes", "3 of 4"),
    ):  # fmt: skip
        found = kept_settings.as_promised(run(*events), promised=promised, test="t")
        assert found == Finding(verdict, reason, count, f"all {count[-1]}", FILES)
    pairs = (
        ("2", ">=2"),
        ("1", ">=2"),
        ("x", ">=2"),
        ("-1", ">=2"),
        ("-2", ">=2"),
        ("a", "a"),
        ("a", "b"),
        ("-1", "1"),
    )
    assert [kept_settings.holds(*pair) for pair in pairs] == [True, False, False, True, False, True, False, False]
