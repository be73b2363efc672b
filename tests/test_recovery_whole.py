"""The whole measure of a recovery, from hand-made events: its stretch, its phases, and why it cannot be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reports.certificates import Certificate, of_fault
from reports.event import Event
from reports.interval import Interval
from reports.recovery import CannotMeasure, NotHit, Recovery, measure
from reports.timeline import Timeline

FIRST = {"kind": "Pod", "namespace": "acd", "name": "web-a", "uid": "u-a"}
NODE = {"kind": "Node", "namespace": "", "name": "w1", "uid": "u-w1"}
STEPS = {"planned": 9.5, "injecting": 10.0, "injected": 10.25, "effective": 10.5, "healing": 18.0, "healed": 18.5}


def pod(what: str, t: float, letter: str, *, node: str = "w1", role: str = "web", err: float = 0.0) -> Event:
    family = "container" if what == "restarted" else "pod"
    data = {"role": role, "node": node}
    return Event(t, err, "watch", f"{family}.{what}", f"acd/pod/{role}-{letter}", f"u-{letter}", data)


def workload(t: float, spec: int, ready: int, role: str = "web") -> Event:
    data = {"role": role, "spec": spec, "ready": ready}
    return Event(t, 0.0, "watch", "workload.replicas", f"acd/deployment/{role}", None, data)


def told(t: float, kind: str, subject: str, err: float = 0.0, **data: Any) -> Event:
    return Event(t, err, "harness", kind, subject, data.pop("uid", None), data)


def fault(name: str = "KillPod role=web", victim: dict[str, str] | None = None, **steps: float | None) -> list[Event]:
    data = {"fault_id": "f1", "fault": name, "victims": [victim or FIRST], "evidence": {"seen": True}}
    every = {**STEPS, **steps}
    return [Event(t, 0.0, "fault", f"fault.{step}", "e-1", None, data) for step, t in every.items() if t is not None]


BEFORE = [pod("ready", 1.0, "a"), pod("ready", 1.0, "b", node="w2"), workload(1.0, 2, 2)]
KILLED = [pod("not_ready", 10.75, "a", err=0.25), pod("deleted", 11.0, "a")]
BACK = [pod("scheduled", 11.5, "c", node="w2"), workload(11.5, 2, 1), pod("ready", 14.0, "c", err=0.5),
        workload(14.5, 2, 2)]  # fmt: skip
END = told(40.0, "test.finished", "t")


def run(*events: Event) -> Timeline:
    return Timeline(tuple(sorted(events, key=lambda event: event.t)), torn=False, start_ns=0, unix_ns=0)


def measured(*events: Event, role: str = "web") -> Recovery:
    seen = run(*events)
    certificate = of_fault(seen, "f1")
    assert certificate is not None
    return measure(seen, certificate, role)


WHOLE = Recovery(
    "f1", "web", Interval(10.0, 10.25), 40.0, ["web-a"], 2,
    {"detected": Interval(0.25, 1.0), "rescheduled": Interval(1.25, 1.5), "ready": Interval(3.25, 4.5)},
)  # fmt: skip


def test_a_killed_pod_and_the_one_that_came_for_it() -> None:
    found = measured(*BEFORE, *fault(), *KILLED, *BACK, END)
    assert found == WHOLE
    assert (found.ready, found.observed_s) == (Interval(3.25, 4.5), 29.75)
    removed = told(10.75, "endpoint.removed", "acd/service/web", uid="u-a", pod="web-a", role="web")
    other = told(10.5, "endpoint.removed", "acd/service/web", uid="u-b", pod="web-b", role="web")
    nameless = told(11.0, "endpoint.removed", "acd/service/web", pod="acd/web-a", role="web")
    for endpoints, at in (([other, removed, nameless], (0.5, 0.75)), ([other, nameless], (0.75, 1.0))):
        phases = WHOLE.phases | {"endpoint_removed": Interval(*at)}
        assert measured(*BEFORE, *fault(), *KILLED, *BACK, END, *endpoints) == replace(WHOLE, phases=phases)


def test_the_effect_lies_between_the_act_and_the_first_sign_of_it() -> None:
    early = [pod("terminating", 10.125, "a"), *KILLED]
    assert measured(*BEFORE, *fault(), *early, *BACK, END).start == Interval(10.0, 10.125)
    before = pod("restarted", 9.75, "a", err=0.125)
    assert measured(*BEFORE, before, *fault(), *KILLED, *BACK, END).start == Interval(10.0, 10.25)
    across = pod("not_ready", 9.875, "a", err=0.125)
    assert measured(*BEFORE, across, *fault(), KILLED[1], *BACK, END).start == Interval(10.0, 10.0)
    assert measured(*BEFORE, *fault(injected=10.5), KILLED[1], *BACK, END).start == Interval(10.0, 10.5)
    stranger = pod("not_ready", 10.125, "x", role="db")
    assert measured(*BEFORE, stranger, *fault(), *KILLED, *BACK, END).start == Interval(10.0, 10.25)


def test_the_stretch_ends_with_the_next_fault_the_test_or_the_timeline() -> None:
    other = told(30.0, "fault.injecting", "e-2", fault_id="f2")
    earlier = told(10.25, "fault.injecting", "e-0", fault_id="f0")
    assert measured(*BEFORE, *fault(), earlier, *KILLED, *BACK, other, END).until == 30.0
    assert measured(*BEFORE, *fault(), *KILLED, *BACK, told(50.0, "test.finished", "t2"), END).until == 40.0
    assert measured(*BEFORE, told(5.0, "test.finished", "t0"), *fault(), *KILLED, *BACK, END).until == 40.0
    cut = measured(*BEFORE, *fault(), *KILLED, *BACK)
    unsure = "the end of the test is not on the timeline, so what was seen last need not have lasted"
    assert cut == replace(WHOLE, until=18.5, unsure=unsure)


def test_a_role_that_is_not_whole_again_has_no_ready_phase() -> None:
    unsure = "its workload counted only 1 Ready at the end"
    never = replace(WHOLE, phases={"detected": Interval(0.25, 1.0)}, unsure=unsure)
    assert measured(*BEFORE, *fault(), *KILLED, *BACK[:2], END) == never
    again = pod("not_ready", 20.0, "c")
    assert measured(*BEFORE, *fault(), *KILLED, *BACK, again, END) == replace(never, unsure="")
    twice = [again, pod("ready", 21.0, "c", err=0.25)]
    phases = WHOLE.phases | {"ready": Interval(10.5, 11.25)}
    assert measured(*BEFORE, *fault(), *KILLED, *BACK, *twice, END) == replace(WHOLE, phases=phases)
    for t, ready in ((23.5, Interval(14.75, 15.0)), (24.0, Interval(3.25, 4.5))):
        blip = [pod("not_ready", t, "c"), pod("ready", 25.0, "c")]
        assert measured(*BEFORE, *fault(), *KILLED, *BACK, *blip, END).ready == ready


def test_a_dead_pod_counts_again_only_after_it_was_seen_to_fall() -> None:
    stale = pod("ready", 10.5, "a")
    assert measured(*BEFORE, *fault(), stale, *BACK, END).ready == Interval(3.25, 4.5)
    restarted = [pod("restarted", 11.0, "a"), pod("ready", 12.0, "a")]
    found = measured(*BEFORE, *fault(), *restarted, END)
    assert found.phases == {"detected": Interval(0.75, 1.0), "ready": Interval(0.75, 1.0)}


def test_a_fault_that_kills_nothing_may_leave_a_role_whole() -> None:
    cut_off = fault("CutOff role=web")
    assert measured(*BEFORE, *cut_off, END) == replace(WHOLE, phases={}, never_fell=True)
    falls = [pod("not_ready", 11.0, "a"), pod("ready", 12.0, "a")]
    phases = {"detected": Interval(0.75, 1.0), "ready": Interval(1.75, 2.0)}
    assert measured(*BEFORE, *cut_off, *falls, END) == replace(WHOLE, phases=phases)
    short = measured(*BEFORE[:2], workload(1.0, 3, 2), *cut_off, END)
    assert (short.never_fell, short.ready, short.need) == (False, None, 3)
    nameless = measured(*BEFORE, *fault(""), END)
    assert (nameless.never_fell, nameless.ready) == (False, None)
    assert measured(*BEFORE, *fault("killNode"), END).never_fell is False


def test_a_node_takes_what_it_carried_and_is_itself_a_sign() -> None:
    gone = pod("deleted", 5.0, "z")
    lost = [told(10.5, "node.not_ready", "node/w2"), told(10.75, "node.not_ready", "node/w1", err=0.25)]
    found = measured(*BEFORE, gone, *fault("KillNode", NODE), *lost, *KILLED, *BACK, END)
    assert found == WHOLE
    both = [pod("ready", 2.0, "d")]
    found = measured(*BEFORE, *both, *fault("KillNode", NODE), *lost, *KILLED, *BACK, END)
    assert found == replace(WHOLE, lost=["web-a", "web-d"])


def test_what_is_asked_for_meanwhile_counts_down_and_never_up() -> None:
    fewer = measured(*BEFORE, *fault(), *KILLED, workload(12.0, 1, 1), END)
    assert fewer == replace(WHOLE, phases={"detected": Interval(0.25, 1.0), "ready": Interval(1.75, 2.0)})
    more = [workload(12.0, 5, 1), *BACK[2:3], workload(15.0, 5, 2)]
    assert measured(*BEFORE, *fault(), *KILLED, *more, END).ready == Interval(3.25, 4.5)
    nothing = measured(*BEFORE, *fault(), *KILLED, pod("deleted", 12.0, "b", node="w2"), workload(13.0, 0, 0), END)
    assert (nothing.ready, nothing.unsure) == (None, "its workload counted only 0 Ready at the end")
    just = measured(*BEFORE[:2], workload(10.25, 2, 2), *fault(), *KILLED, *BACK, END)
    assert just.need == 2


def test_what_a_lost_watch_hides() -> None:
    def watch(what: str, t: float, name: str = "pods") -> Event:
        return told(t, f"watch.{what}", name)

    across = measured(*BEFORE, *fault(), *KILLED, watch("lost", 13.0), watch("resumed", 13.5), *BACK, END)
    assert across == replace(WHOLE, phases=WHOLE.phases | {"ready": Interval(2.75, 4.5)})
    later = [watch("lost", 20.0), watch("resumed", 21.0)]
    unsure = "the watch was lost after web was whole, which may hide a second outage"
    assert measured(*BEFORE, *fault(), *KILLED, *BACK, *later, END) == replace(WHOLE, unsure=unsure)
    assert measured(*BEFORE, *fault(), *KILLED, *BACK, watch("lost", 40.0), END) == replace(
        WHOLE, unsure=unsure, blind=True
    )  # fmt: skip
    for harmless in (watch("lost", 20.0, "nodes"), watch("lost", 40.5)):
        assert measured(*BEFORE, *fault(), *KILLED, *BACK, harmless, END) == WHOLE
    at_once = [watch("lost", 14.0), watch("resumed", 15.5)]
    assert measured(*BEFORE, *fault(), *KILLED, *BACK, *at_once, END).unsure == ""


VICTIMLESS = {"fault_id": "f1", "fault": "KillPod", "victims": [], "evidence": {"seen": True}}


@pytest.mark.parametrize(
    ("events", "error", "why"),
    [
        ([*BEFORE, *fault(effective=None, healing=None, healed=None), END], CannotMeasure,
         "fault f1 never took effect"),
        ([*BEFORE, *fault(planned=None), END], CannotMeasure,
         "fault f1 is not proven: fault.planned is not on the timeline"),
        ([*BEFORE, *fault(planned=None, injected=None, healed=None), END], CannotMeasure,
         "fault f1 is not proven: fault.planned is not on the timeline; fault.injected is not on the timeline"),
        ([*BEFORE, *fault(injecting=None), END], CannotMeasure,
         "fault f1 is not proven: fault.injecting is not on the timeline"),
        ([*BEFORE, *fault(healing=None), END], CannotMeasure,
         "fault f1 is not proven: fault.healing is not on the timeline"),
        ([*fault(), *KILLED, END], CannotMeasure, "the watch saw no pod of web before the fault"),
        ([*BEFORE[:2], *fault(), workload(10.5, 2, 2), END], CannotMeasure,
         "the watch saw no workload of web before the fault"),
        ([BEFORE[1], BEFORE[2], pod("added", 1.0, "a"), *fault(), END], NotHit, "fault f1 hit no Ready pod of web"),
        ([*BEFORE, pod("terminating", 5.0, "a"), *fault(), END], NotHit, "fault f1 hit no Ready pod of web"),
        ([*BEFORE, pod("deleted", 5.0, "a"), *fault(), END], NotHit, "fault f1 hit no Ready pod of web"),
        ([*BEFORE, *fault(victim=FIRST | {"uid": "u-x"}), END], NotHit, "fault f1 hit no Ready pod of web"),
        ([*BEFORE, *fault(victim=NODE | {"name": "w9"}), END], NotHit, "fault f1 hit no Ready pod of web"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_says_why(events: list[Event], error: type[CannotMeasure], why: str) -> None:
    with pytest.raises(CannotMeasure) as found:
        measured(*events)
    assert (type(found.value), str(found.value)) == (error, why)


def test_a_fault_that_stays_in_is_measured_too() -> None:
    found = measured(*BEFORE, *fault(healing=None, healed=None), *KILLED, *BACK, END)
    assert found == WHOLE
    assert isinstance(of_fault(run(*fault()), "f1"), Certificate)
    assert replace(WHOLE, until=10.0).observed_s == 0.0
