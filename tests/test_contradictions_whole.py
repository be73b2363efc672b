"""What cannot be true beside what was told before, each with its whole sentence and its nearest truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reports.consistency import Contradiction, check
from reports.event import Event


def told(
    kind: str, subject: str = "s", t: float = 1.0, *, uid: str | None = None, err: float = 0.0, **data: Any
) -> Event:
    return Event(t, err, "x", kind, subject, uid, data)


def pod(what: str, name: str = "a", t: float = 1.0, uid: str | None = "u", **data: Any) -> Event:
    return told(what if "." in what else f"pod.{what}", name, t, uid=uid, **data)


UP = [pod("added"), pod("scheduled"), pod("ready")]
DOWN = [pod("terminating"), pod("not_ready"), pod("deleted")]
VICTIM = [{"uid": "u"}]


def step(name: str, fault_id: str | None = "f", subject: str = "e", **data: Any) -> Event:
    return told(f"fault.{name}", subject, fault_id=fault_id, **{"fault": "Kill", "victims": VICTIM} | data)


INJECTED = [step("planned"), step("injecting"), step("injected")]
RAN_BACK = "says 5.000 s, and a line before it 7.000 s: its clock ran back"
NEVER = "which was never added"

FALSE = [
    ([told("a.b", t=7.0), told("a.b", t=5.0)], RAN_BACK),
    ([told("a.b", t=6.5, err=0.5), told("a.b", t=4.75, err=0.25)], RAN_BACK.replace("5.000", "4.750")),
    ([told("load.started"), told("load.finished", t=7.0), told("a.b", t=5.0)], RAN_BACK),
    ([told("watch.lost", "pods", 2.0), pod("added", t=3.0), told("watch.resumed", "pods", 4.5)],
     "resumes the watch of pods, which told pod.added while it was away"),
    *(([told("watch.lost", watch, 2.0), event, told("watch.resumed", watch, 4.5)],
       f"resumes the watch of {watch}, which told {event.kind} while it was away")
      for watch, event in (("nodes", told("node.ready", "node/n", 3.0)), ("hpas", told("hpa.replicas", "h", 3.0)),
                           ("deployments", told("workload.replicas", "acd/deployment/w", 3.0)),
                           ("endpointslices", told("endpoint.added", "e", 3.0)))),
    ([told("node.ready", "n", uid="1"), told("node.cordoned", "n", uid="2")],
     "node.cordoned of n has another UID than before"),
    ([told("hpa.replicas", "h", uid="1"), told("hpa.replicas", "h", uid="2", x=1)],
     "hpa.replicas of h has another UID than before"),
    ([told("workload.replicas", "w", uid="1"), told("workload.replicas", "w", uid="2", x=1)],
     "workload.replicas of w has another UID than before"),
    ([UP[0], UP[0]], "adds pod a, which is there already"),
    ([UP[0], pod("added", uid="v")], "adds pod a, which is there already"),
    ([UP[0], pod("added", "b")], "adds pod b, which is there already"),
    ([UP[1]], f"pod.scheduled of pod a with UID u, {NEVER}"),
    ([UP[0], pod("scheduled", "b")], f"pod.scheduled of pod b with UID u, {NEVER}"),
    ([pod("added", uid=None), pod("scheduled", "b", uid=None)], f"pod.scheduled of pod b with UID None, {NEVER}"),
    ([*UP, *DOWN, pod("not_ready")], "pod.not_ready of pod a, which is deleted"),
    ([*UP[:2], UP[1]], "pod.scheduled of pod a, which was scheduled already"),
    ([*UP, UP[2]], "pod.ready of pod a, which was Ready already"),
    ([UP[0], UP[2]], "pod.ready of pod a, which was never scheduled"),
    ([*UP[:2], DOWN[1]], "pod.not_ready of pod a, which was not Ready"),
    ([*UP, DOWN[0], DOWN[0]], "pod.terminating of pod a, which was terminating already"),
    ([*UP, DOWN[2]], "pod.deleted of pod a, which is Ready"),
    ([*UP, pod("container.restarted", container="c", restarts=0)],
     "container.restarted of pod a, which had 0 restarts already"),
    ([*UP, *(pod("container.restarted", container="c", restarts=2) for _ in "ab")],
     "container.restarted of pod a, which had 2 restarts already"),
    ([told("endpoint.removed", "e", uid="1")], "endpoint.removed of e twice in a row"),
    ([*(told("endpoint.added", "e", uid="1") for _ in "ab")], "endpoint.added of e twice in a row"),
    ([told("node.uncordoned", "n")], "node.uncordoned of n twice in a row"),
    ([told("watch.resumed", "w")], "watch.resumed of w twice in a row"),
    ([told("node.ready", "n"), told("node.ready", "n", reason="x")], "node.ready of n twice in a row"),
    ([told("hpa.replicas", "h", x=1, initial=True), told("hpa.replicas", "h", x=1)],
     "hpa.replicas of h tells no change"),
    ([told("workload.replicas", "w", uid="1", x=1), told("workload.replicas", "w", uid="1", x=1)],
     "workload.replicas of w tells no change"),
    ([step("injecting")], "fault.injecting of f without fault.planned"),
    ([step("planned"), step("injected")], "fault.injected of f without fault.injecting"),
    ([*INJECTED[:2], step("effective")], "fault.effective of f without fault.injected"),
    ([step("not_effective")], "fault.not_effective of f without fault.planned"),
    ([step("planned"), step("healing")], "fault.healing of f without fault.injecting"),
    ([*INJECTED, step("healed")], "fault.healed of f without fault.healing"),
    ([*INJECTED, step("not_healed")], "fault.not_healed of f without fault.healing"),
    ([told("load.steady", "l")], "load.steady of l without load.started"),
    ([told("load.finished", "l")], "load.finished of l without load.started"),
    ([told("test.finished", "t")], "test.finished of t without test.started"),
    ([step("planned"), step("planned", "g"), step("injecting", "g"), step("injected")],
     "fault.injected of f without fault.injecting"),
    *(([*INJECTED, step("effective"), step("healing"), step("healed"), step(name)], f"fault.{name} of f a second time")
      for name in ("planned", "injecting", "injected", "effective", "healed")),
    ([told("load.started"), told("load.started")], "load.started of s a second time"),
    ([told("load.started"), told("load.finished"), told("load.finished")], "load.finished of s a second time"),
    *(([step("planned"), step("injecting", **{"subject": "e"} | change)],
       "fault.injecting of f names another fault, experiment or victim")
      for change in ({"subject": "x"}, {"fault": "x"}, {"victims": []})),
    ([told("test.started", "t"), told("test.started", "v")], "v begins, and t has not ended"),
    ([told("test.started", "t"), told("test.finished", "t"), told("test.finished", "t")], "t ends, and has not begun"),
]  # fmt: skip


@pytest.mark.parametrize(("events", "said"), FALSE)
def test_what_cannot_be_true(events: list[Event], said: str) -> None:
    numbered = [replace(event, line=line) for line, event in enumerate(events, 1)]
    check(numbered[:-1])
    with pytest.raises(Contradiction) as error:
        check(numbered)
    assert str(error.value) == f"{len(events)} {said}"


TRUE = [
    [told("a.b", t=7.0), told("a.b", t=6.0)],
    [told("a.b", t=7.0), told("a.b", t=5.5, err=0.5)],
    [told("a.b", t=7.0), told("a.b", t=6.0), told("a.b", t=6.0)],
    [told("load.started"), told("a.b", t=7.0), told("load.finished", t=2.0)],
    [told("watch.lost", "pods", 2.0), pod("added", t=3.0), told("watch.resumed", "pods", 4.0)],
    [told("watch.lost", "pods", 2.0), told("node.ready", "n", 3.0),
     told("watch.resumed", "pods", 9.0)],
    [told("watch.lost", "deployments", 2.0), told("workload.replicas", "w", 3.0),
     told("workload.replicas", "acd/statefulset/w", 3.0), told("watch.resumed", "deployments", 9.0)],
    [told("watch.lost", "pods", 2.0), told("watch.resumed", "pods", 3.0), pod("added", t=4.0),
     told("watch.lost", "pods", 5.0), told("watch.resumed", "pods", 9.0)],
    *([told("node.ready", "n", uid="1"), told("node.not_ready", "n", uid="1", **gone), told("node.ready", "n", uid="2")]
      for gone in ({"reason": "deleted"}, {"generation": 0})),
    [told("node.ready", "n", uid="1"), told("node.not_ready", "n"), told("endpoint.added", "n", uid="2")],
    [*UP, *DOWN, pod("added", uid="v"), pod("scheduled", uid="v")],
    [*UP, DOWN[1], UP[2], DOWN[1], pod("other")],
    [UP[0], DOWN[2]],
    [*UP, *(pod("container.restarted", container=c, restarts=n) for c, n in (("c", 1), ("d", 1), ("c", 3)))],
    [pod("added", "a", uid=None), pod("added", "b", uid=None), pod("scheduled", "a", uid=None)],
    [told("endpoint.added", "e", uid="1"), told("endpoint.added", "e", uid="2"),
     told("endpoint.removed", "e", uid="1")],
    [told("node.not_ready", "n"), told("node.ready", "n"), told("node.cordoned", "n"), told("node.uncordoned", "n")],
    [told("node.not_ready", "n"), told("node.not_ready", "n", reason="deleted")],
    [told("hpa.replicas", "h", x=1), told("hpa.replicas", "g", x=1), told("hpa.replicas", "h", x=2)],
    [told("workload.replicas", "w", uid="1", x=1), told("workload.replicas", "w", uid="1", x=2)],
    [*INJECTED, step("healing"), step("not_healed"), step("healing"), step("not_healed"), step("not_effective")],
    [step("injecting", None), step("healed", None)],
    [told("load.started"), told("load.steady"), told("load.steady"), told("load.finished")],
    [told("test.started", "t"), told("test.finished", "t"), told("test.started", "t"), told("test.finished", "t")],
]  # fmt: skip


@pytest.mark.parametrize("events", TRUE)
def test_what_may_be_true(events: list[Event]) -> None:
    check(events)
    assert events, "nothing was checked"
