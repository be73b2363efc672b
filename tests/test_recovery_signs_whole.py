"""The whole measure of a recovery beside what is not about it: other roles, earlier and later signs, near misses."""

from __future__ import annotations

from dataclasses import replace

from test_recovery_whole import BACK, BEFORE, END, KILLED, NODE, WHOLE, fault, measured, pod, told, workload

from reports.event import Event
from reports.interval import Interval


def test_another_role_and_what_came_before_or_after_count_for_nothing() -> None:
    others = [
        pod("ready", 1.0, "x", role="db"), workload(2.0, 9, 9, "db"), workload(39.0, 5, 0, "db"),
        pod("not_ready", 10.125, "x", role="db"), pod("scheduled", 13.0, "y", role="db"), pod("restarted", 2.0, "a"),
        pod("not_ready", 45.0, "c"), workload(45.0, 1, 1),
    ]  # fmt: skip
    assert measured(*BEFORE, *fault(), *KILLED, *BACK, END, *others) == WHOLE
    never = measured(*BEFORE, *fault(), *KILLED, *BACK[:2], END, workload(45.0, 1, 1), pod("ready", 46.0, "c"))
    assert (never.ready, never.unsure) == (None, "its workload counted only 1 Ready at the end")
    late = measured(*BEFORE, *fault("CutOff"), END, pod("not_ready", 45.0, "a"))
    assert late == replace(WHOLE, phases={}, never_fell=True)


def test_a_node_that_is_not_ready_is_the_first_sign() -> None:
    signs = [told(10.375, "node.not_ready", "node/w2"), told(10.625, "node.not_ready", "node/w1", err=0.125)]
    phases = WHOLE.phases | {"detected": Interval(0.25, 0.75)}
    for victim, expected in ((NODE, phases), (NODE | {"kind": "Pod", "uid": "u-a"}, WHOLE.phases)):
        found = measured(*BEFORE, *fault("KillNode", victim), *signs, *KILLED, *BACK, END)
        assert found == replace(WHOLE, phases=expected)


def test_the_first_sign_on_a_victim_bounds_the_effect_and_a_restart_is_one() -> None:
    restarted = pod("restarted", 10.125, "a")
    assert measured(*BEFORE, *fault(), restarted, *KILLED, *BACK, END).start == Interval(10.0, 10.125)
    vague, sharp = pod("restarted", 10.0625, "a", err=0.125), pod("terminating", 10.125, "a")
    assert measured(*BEFORE, *fault(), vague, sharp, *KILLED, *BACK, END).start == Interval(10.0, 10.1875)


def test_an_act_whose_time_is_not_quite_known_begins_as_early_as_it_may() -> None:
    steps = [Event(e.t, 0.125 if e.kind == "fault.injecting" else 0.0, *(e.source, e.kind, e.subject, e.uid, e.data))
             for e in fault()]  # fmt: skip
    assert measured(*BEFORE, *steps, *KILLED, *BACK, END).start == Interval(9.875, 10.25)


def test_a_pod_scheduled_at_the_very_moment_of_readiness_was_the_last_rescheduled() -> None:
    at_once = [pod("scheduled", 13.0, "c", node="w2"), pod("scheduled", 14.0, "d"), pod("ready", 14.0, "c", err=0.5)]
    found = measured(*BEFORE, *fault(), *KILLED, *at_once, workload(14.5, 2, 2), END)
    assert found.phases["rescheduled"] == Interval(3.75, 4.0)


def test_a_victim_that_stays_ready_counts_where_the_fault_kills_nothing() -> None:
    other = [pod("not_ready", 11.0, "b", node="w2"), pod("ready", 12.0, "b", node="w2")]
    found = measured(*BEFORE, *fault("CutOff"), *other, END)
    assert found == replace(WHOLE, phases={"ready": Interval(1.75, 2.0)})
