"""The whole excuse for pods that an autoscaler asked for lately, from hand-made events, to the moment."""

from __future__ import annotations

from typing import Any

import pytest

from reports.event import Event
from reports.timeline import Timeline
from reports.under_way import Excuse, excuse
from reports.verdict import Verdict


def told(t: float, kind: str, subject: str, err: float = 0.0, uid: str | None = None, **data: Any) -> Event:
    return Event(t, err, "watch", kind, subject, uid, {"role": "web"} | data)


def asked(t: float, spec: int, err: float = 0.0) -> Event:
    return told(t, "workload.replicas", "acd/deployment/web", err, spec=spec, ready=2)


def hpa(t: float, desired: int | None) -> Event:
    return told(t, "hpa.replicas", "acd/hpa/web", desired=desired)


def pod(t: float, what: str, letter: str, err: float = 0.0) -> Event:
    return told(t, f"pod.{what}", f"acd/pod/web-{letter}", err, f"u-{letter}")


def lost(name: str, since: float, until: float) -> list[Event]:
    return [told(since, "watch.lost", name), told(until, "watch.resumed", name)]


BASE = [asked(1.0, 2), pod(1.0, "ready", "a"), pod(1.0, "ready", "b")]
UP = [asked(95.0, 4), hpa(95.5, 4), pod(96.0, "added", "c"), pod(96.0, "added", "d")]
PASS = Excuse(Verdict.PASS, "its autoscaler went from 2 to 4 at 95.0 s and they have 9 s")
UNSEEN = Excuse(Verdict.INCONCLUSIVE, "whether its autoscaler asked for them so lately was not seen")
TURNED = "its autoscaler went from 2 to 4 at {} s and from 4 to {} at {} s, in a window of 30 s"


def fails(why: str) -> Excuse:
    return Excuse(Verdict.FAIL, why)


ASKED_NONE = fails("its autoscaler asked for none in the last 9 s")


@pytest.mark.parametrize(
    ("events", "missing", "expected"),
    [
        (UP, 2, PASS),
        (UP, 1, PASS),
        (UP, 3, fails("its autoscaler asked for 2 in the last 9 s")),
        ([], 1, ASKED_NONE),
        ([asked(91.0, 4), hpa(91.0, 4)], 2, Excuse(Verdict.PASS, PASS.why.replace("95.0", "91.0"))),
        ([asked(90.9, 4), hpa(91.0, 4)], 2, ASKED_NONE),
        ([asked(100.0, 4), hpa(99.0, 4)], 2, ASKED_NONE),
        ([asked(91.0, 4, err=0.5), hpa(91.0, 4)], 2, UNSEEN),
        ([asked(95.0, 4)], 2, ASKED_NONE),
        ([asked(95.0, 4), hpa(95.5, 3)], 2, ASKED_NONE),
        ([asked(95.0, 4), hpa(95.5, None)], 2, ASKED_NONE),
        ([asked(95.0, 4), hpa(80.0, 4)], 2, PASS),
        ([asked(95.0, 4), hpa(79.5, 4)], 2, ASKED_NONE),
        ([asked(95.0, 4), hpa(100.0, 4)], 2, ASKED_NONE),
        ([asked(99.5, 4)], 2, UNSEEN),
        ([asked(99.0, 4)], 2, ASKED_NONE),
        ([asked(95.0, 4), *lost("hpas", 96.0, 98.0)], 2, UNSEEN),
        ([asked(95.0, 4), *lost("hpas", 94.0, 95.0)], 2, ASKED_NONE),
        ([asked(95.0, 4), *lost("nodes", 96.0, 98.0)], 2, ASKED_NONE),
        ([asked(92.0, 3), hpa(92.0, 3), asked(96.0, 4), hpa(96.0, 4)], 2,
         Excuse(Verdict.PASS, "its autoscaler went from 3 to 4 at 96.0 s and they have 9 s")),
        ([asked(92.0, 3), hpa(92.0, 3), asked(96.0, 4), *lost("hpas", 97.0, 98.0)], 2, UNSEEN),
        ([asked(85.0, 4), hpa(85.0, 4), asked(95.0, 3)], 1, fails(TURNED.format("85.0", 3, "95.0"))),
        ([asked(66.0, 4), hpa(66.0, 4), asked(95.9, 3), hpa(95.9, 3)], 1, fails(TURNED.format("66.0", 3, "95.9"))),
        ([asked(66.0, 4), hpa(66.0, 4), asked(96.0, 3), hpa(96.0, 3)], 1, ASKED_NONE),
        ([asked(50.0, 4), asked(61.0, 3), *UP], 2, fails(TURNED.format("50.0", 3, "61.0"))),
        ([asked(50.0, 4), asked(60.9, 3), asked(95.0, 4), *UP[1:]], 1,
         Excuse(Verdict.PASS, "its autoscaler went from 3 to 4 at 95.0 s and they have 9 s")),
        ([*UP, pod(97.0, "not_ready", "b")], 2, fails("web-b served before and does not now")),
        ([*UP, pod(97.0, "terminating", "b")], 2, fails("web-b served before and does not now")),
        ([*UP, pod(94.0, "added", "x")], 2, fails("web-x is none of those that it asked for, or was Ready before")),
        ([*UP, pod(94.9, "added", "x", err=0.125)], 2, PASS),
        ([*UP, pod(96.0, "added", "x"), pod(97.0, "ready", "x"), pod(98.0, "not_ready", "x")], 2,
         fails("web-x is none of those that it asked for, or was Ready before")),
        ([*UP, pod(94.0, "added", "x"), pod(96.0, "terminating", "x")], 2, PASS),
        ([*UP, pod(94.0, "added", "x"), pod(96.0, "deleted", "x")], 2, PASS),
        ([*UP, pod(94.0, "added", "x"), pod(96.0, "ready", "x")], 2, PASS),
        ([*UP, pod(100.0, "not_ready", "b")], 2, PASS),
    ],
)  # fmt: skip
def test_what_is_under_way(events: list[Event], missing: int, expected: Excuse) -> None:
    other = Event(96.0, 0.0, "watch", "workload.replicas", "acd/deployment/db", None, {"role": "db", "spec": 9})
    whole = sorted([*BASE, *events, other], key=lambda event: event.t)
    seen = Timeline(tuple(whole), torn=False, start_ns=0, unix_ns=0)
    assert excuse(seen, "web", missing, until=100.0, ready_s=9.0, stabilisation_s=30.0) == expected
