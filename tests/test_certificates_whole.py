"""What the timeline proves of each fault, and what the watch knew of each pod, whole, from hand-made events."""

from __future__ import annotations

from typing import Any

import pytest

from reports.certificates import Certificate, certificates, of_experiment, of_fault
from reports.event import Event
from reports.interval import Interval
from reports.pods import Gap, Pod, blind, gaps, moment, pods_of
from reports.timeline import Timeline
from reports.verdict import Verdict

VICTIM = {"kind": "Pod", "namespace": "acd", "name": "web-a", "uid": "u-a"}
TIMES = {"planned": 9.0, "injecting": 10.0, "injected": 10.5, "effective": 11.0, "healing": 18.0, "healed": 19.0}


def step(name: str, t: float, *, err: float = 0.0, fault_id: str = "f1", experiment: str = "e-1", **data: Any) -> Event:
    told = {"fault_id": fault_id, "fault": "KillPod", "victims": [VICTIM], "evidence": {"seen": 1}} | data
    return Event(t, err, "fault", f"fault.{name}", experiment, None, told)


def certificate(*more: Event, victims: tuple[dict[str, Any], ...] = (VICTIM,), **times: float | None) -> Certificate:
    steps = {name: t for name, t in {**TIMES, **times}.items() if t is not None}
    events = {event.kind: event for event in (*(step(name, t) for name, t in steps.items()), *more)}
    return Certificate("f1", "e-1", "KillPod", victims, events)


def run(*events: Event) -> Timeline:
    return Timeline(tuple(sorted(events, key=lambda event: event.t)), torn=False, start_ns=0, unix_ns=0)


def test_the_faults_of_a_run_in_the_order_of_their_plans() -> None:
    second = step("planned", 8.0, fault_id="f0", experiment="e-2", fault="Cut", victims=None)
    unplanned = step("injecting", 12.0, fault_id="f2", experiment="other", fault=None, victims=[])
    del unplanned.data["fault"]
    again, nameless = step("planned", 30.0, fault="Other"), step("healed", 40.0)
    nameless.data["fault_id"] = None
    seen = run(*(step(name, t) for name, t in TIMES.items()), second, unplanned, again, nameless)
    first = certificate()
    cut = Certificate("f0", "e-2", "Cut", (), {"fault.planned": second})
    bare = Certificate("f2", "other", "", (), {"fault.injecting": unplanned})
    assert certificates(seen) == [cut, first, bare]
    assert [of_experiment(seen, name) for name in ("e", "e-1", "other", "e-", "x")] == [
        [cut, first],
        [first],
        [bare],
        [],
        [],
    ]
    assert (of_fault(seen, "f1"), of_fault(seen, "f9")) == (first, None)


@pytest.mark.parametrize(
    ("found", "told", "told_of_effect"),
    [
        (certificate(), [], []),
        (certificate(planned=None), ["fault.planned is not on the timeline"], ["fault.planned is not on the timeline"]),
        (certificate(healing=None), ["fault.healing is not on the timeline"], []),
        (certificate(injecting=11.5),
         ["fault.injected came before fault.injecting"], ["fault.injected came before fault.injecting"]),
        (certificate(healing=10.75),
         ["fault.healing came before fault.effective"], ["fault.healing came before fault.effective"]),
        (certificate(step("injected", 10.5, err=0.5), injecting=11.0), [], []),
        (certificate(step("injected", 10.5, err=0.25), step("injecting", 11.0, err=0.25)), [], []),
        (certificate(step("injected", 10.5, err=0.25), step("injecting", 11.0, err=0.125)),
         ["fault.injected came before fault.injecting"], ["fault.injected came before fault.injecting"]),
        (certificate(victims=()), ["it names no victim"], ["it names no victim"]),
        (certificate(victims=(VICTIM, {"name": "b", "uid": ""}, {})),
         ["victim b has no UID", "victim None has no UID"], ["victim b has no UID", "victim None has no UID"]),
        (certificate(effective=None), ["its effect is not proven"], ["its effect is not proven"]),
        (certificate(step("not_effective", 15.0, evidence="it stands"), effective=None),
         ["its effect is not proven (it stands)"], ["its effect is not proven (it stands)"]),
        (certificate(step("effective", 11.0, evidence={})),
         ["fault.effective carries no evidence"], ["fault.effective carries no evidence"]),
        (certificate(healed=None), ["its healing is not proven"], []),
        (certificate(step("not_healed", 15.0, evidence="it lies"), healed=None),
         ["its healing is not proven (it lies)"], []),
        (certificate(step("healed", 19.0, evidence=None)),
         ["fault.healed carries no evidence"], ["fault.healed carries no evidence"]),
    ],
)  # fmt: skip
def test_why_a_fault_is_no_proof(found: Certificate, told: list[str], told_of_effect: list[str]) -> None:
    assert found.problems() == told
    assert found.problems(but_healing=True) == told_of_effect


def test_the_stretch_and_the_record_of_a_fault() -> None:
    whole = certificate()
    assert whole.span() == (10.0, 19.0)
    assert certificate(healed=None).span() == (10.0, float("inf"))
    assert certificate(injecting=None).span() == (11.0, 19.0)
    assert certificate(effective=None).span() is None
    record = {"fault_id": "f1", "fault": "KillPod", "experiment": "e-1", "victims": [VICTIM]}
    proven = {"effective": {"t": 11.0, "evidence": {"seen": 1}}, "healed": {"t": 19.0, "evidence": {"seen": 1}}}
    assert whole.to_json() == record | proven
    assert certificate(effective=None, healed=None).to_json() == record | {"effective": None, "healed": None}


@pytest.mark.parametrize(
    ("victim", "uid", "node", "hit"),
    [
        (VICTIM, "u-a", None, True), (VICTIM, "u-b", "web-a", False), (VICTIM, None, "", False),
        ({"kind": "Node", "name": "w1", "uid": "u-w"}, "u-b", "w1", True),
        ({"kind": "Node", "name": "w1", "uid": "u-w"}, "u-b", "w2", False),
        ({"kind": "Node", "name": "", "uid": "u-w"}, "u-b", "", False),
        ({"kind": "Node", "name": "w1", "uid": "u-w"}, "u-w", "", True),
    ],
)  # fmt: skip
def test_whether_a_pod_is_among_the_victims(victim: Any, uid: str | None, node: str | None, hit: bool) -> None:
    assert certificate(victims=({"kind": "Pod", "uid": "x"}, victim)).hit(uid, node) is hit
    assert certificate(victims=()).hit(uid, node) is False


def told(
    kind: str, t: float, subject: str = "acd/pod/web-a", uid: str | None = "u", err: float = 0.0, **data: Any
) -> Event:
    return Event(t, err, "watch", kind, subject, uid, {"role": "web"} | data)


def test_each_pod_as_of_the_last_event_about_it() -> None:
    seen = run(
        told("pod.added", 1.0), told("pod.scheduled", 1.5, node="w1"), told("pod.ready", 2.0),
        told("container.restarted", 3.0, node=""), told("pod.ready", 3.0, "acd/pod/web-b", None),
        told("pod.ready", 3.0, "acd/pod/db", "u-db", role="db"), told("pod.not_ready", 4.0),
        told("pod.terminating", 5.0), told("pod.deleted", 6.0), told("node.ready", 3.0, "node/w1", "u-n"),
    )  # fmt: skip
    other = Pod("acd/pod/web-b", "web-b", ready=True)
    for until, expected, serving in (
        (1.5, {"u": Pod("u", "web-a")}, 0),
        (3.0, {"u": Pod("u", "web-a", "w1", ready=True)}, 1),
        (4.0, {"u": Pod("u", "web-a", "w1", ready=True), "acd/pod/web-b": other}, 2),
        (5.0, {"u": Pod("u", "web-a", "w1"), "acd/pod/web-b": other}, 1),
        (6.0, {"u": Pod("u", "web-a", "w1", terminating=True), "acd/pod/web-b": other}, 1),
        (7.0, {"u": Pod("u", "web-a", "w1", terminating=True, gone=True), "acd/pod/web-b": other}, 1),
    ):
        found = pods_of(seen, "web", until=until)
        assert (found, found.serving()) == (expected, serving)
    assert pods_of(seen, "web") == pods_of(seen, "web", until=99.0)
    ready = Pod("u", "n", ready=True)
    assert ready.serves
    assert not Pod("u", "n", ready=True, terminating=True).serves
    assert not Pod("u", "n", ready=True, gone=True).serves
    moved = pods_of(run(told("pod.ready", 1.0, node="w1"), told("pod.ready", 2.0, node="w2")), "web")
    assert moved["u"].node == "w2"


def test_the_times_in_which_a_watch_saw_nothing() -> None:
    def watch(what: str, t: float, name: str, err: float = 0.0) -> Event:
        return told(f"watch.{what}", t, name, None, err)

    seen = run(watch("lost", 5.0, "pods", 0.5), watch("resumed", 4.0, "pods"), watch("resumed", 6.0, "nodes"),
               watch("resumed", 7.0, "pods"), watch("resumed", 9.0, "pods"), watch("lost", 8.0, "nodes"))  # fmt: skip
    assert gaps(seen) == [Gap("pods", 4.5, 7.0), Gap("nodes", 8.0, float("inf"))]


@pytest.mark.parametrize(
    ("watch", "hidden"),
    [
        ("pods", {"pod", "container"}), ("Nodes", {"node"}), ("endpointslices", {"endpoint"}),
        ("deployments", {"workload"}), ("statefulsets", {"workload"}), ("daemonsets", {"workload"}),
        ("replicasets", {"workload"}), ("hpas", {"hpa"}), ("horizontalpodautoscalers", {"hpa"}),
        ("strange", {"pod", "container", "node", "endpoint", "workload", "hpa", "probe"}),
    ],
)  # fmt: skip
def test_what_a_lost_watch_hides(watch: str, hidden: set[str]) -> None:
    families = ("pod", "container", "node", "endpoint", "workload", "hpa", "probe")
    assert {family for family in families if Gap(watch, 0.0, 1.0).hides(f"{family}.ready")} == hidden


def test_which_gaps_lie_over_a_stretch_and_what_they_make_of_a_moment() -> None:
    one, two, other = Gap("pods", 5.0, 7.0), Gap("pods", 9.0, 10.0), Gap("nodes", 0.0, 99.0)
    lost = [one, two, other]
    for since, until, found in (
        (7.0, None, [one]), (7.1, None, []), (4.9, None, []), (5.0, None, [one]), (4.0, 9.0, [one, two]),
        (4.0, 8.9, [one]), (7.1, 8.9, []), (10.0, 12.0, [two]),
    ):  # fmt: skip
        assert blind(lost, "pod.ready", since, until) == found
    for t, at in ((7.0, (5.0, 7.25)), (8.0, (5.0, 8.25)), (8.1, (7.85, 8.35)), (5.0, (4.75, 5.25)),
                  (4.9, (4.65, 5.15)), (6.0, (5.0, 6.25))):  # fmt: skip
        found = moment(told("pod.ready", t, err=0.25), lost)
        assert (found.earliest, found.latest) == pytest.approx(at)


def test_an_interval_says_what_it_is_known_to_be() -> None:
    assert Interval.between(Interval(1, 2), Interval(4, 8)) == Interval(2, 7)
    assert Interval.between(Interval(4, 8), Interval(1, 2)) == Interval(0.0, 0.0)
    found = [Interval(2, 4).within(budget) for budget in (4, 3.9, 2, 1.9)]
    assert found == [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, Verdict.FAIL]
    assert Interval(1, 9).later_of(Interval(2, 5)) == Interval(2, 9)
    assert Interval(1.23456, 2.34567).to_json() == [1.235, 2.346]
    assert [str(Interval(1, 1.04)), str(Interval(1, 1.0625)), str(Interval(2, 3))] == [
        "1.0 s",
        "1.0 to 1.1 s",
        "2.0 to 3.0 s",
    ]
