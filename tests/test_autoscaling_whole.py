"""The whole findings about an autoscaler, from hand-made events with one thing at a time not as it should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports import timeline
from reports.checkers.autoscaling import scaled_down, scaled_up
from reports.event import Event
from reports.timeline import Timeline
from reports.verdict import Finding, Verdict

FILES = ("timeline.jsonl",)


def told(t: float, kind: str, subject: str = "ops", **data: Any) -> Event:
    return Event(t, 0.0, "x", kind, subject, None, data)


def asked(t: float, spec: int, ready: int) -> Event:
    return told(t, "workload.replicas", "acd/deployment/web", role="web", spec=spec, ready=ready)


def hpa(t: float, desired: int, cpu: int | None, current: int = 2, low: int = 2, high: int = 5) -> Event:
    return told(t, "hpa.replicas", "acd/hpa/web", role="web", desired=desired, current=current, cpu_percent=cpu,
                min=low, max=high)  # fmt: skip


def lost(name: str, since: float, until: float) -> list[Event]:
    return [told(since, "watch.lost", name), told(until, "watch.resumed", name)]


BASE = [
    told(10.0, "load.started"), told(12.0, "load.steady"), told(90.0, "load.finished", planned=100, sent=100, ok=100),
    told(300.0, "test.finished", "t"), asked(1.0, 2, 2), hpa(1.0, 2, 5),
]  # fmt: skip
UP = [hpa(40.0, 4, 130), asked(40.0, 4, 2), asked(48.0, 4, 4)]
DOWN = [hpa(135.0, 2, 3, current=4), asked(135.0, 2, 4), asked(136.0, 2, 2)]
STEPS = [[1.0, 2, 2], [40.0, 4, 2], [48.0, 4, 4]]


def run(monkeypatch: pytest.MonkeyPatch, events: list[Event]) -> None:
    seen = Timeline(tuple(sorted(events, key=lambda event: event.t)), torn=False, start_ns=0, unix_ns=0)
    monkeypatch.setattr(timeline, "read", lambda dossier: {Path("d"): seen}[dossier])


ROSE = "web went from 2 to 4 Ready replicas 36.0 s after the load was steady"
WHOLE = "; never more than 4 replicas; its bounds are 2 and 5; 1 steps by its figures; held to the end of the load"
UP_S = [36.0, 36.0]
UNHELD = "whether web held and stayed below was not seen: the watch of hpas was lost for 3.0 s of it"
STAYED = "web stayed at 2 Ready replicas for 78.0 s of load"
AT_2 = "2 after 78.0 s"


@pytest.mark.parametrize(
    ("more", "verdict", "reason", "measured", "up_s"),
    [
        ([*UP, *DOWN], "PASS", ROSE + WHOLE, "4 Ready after 36.0 s", UP_S),
        ([*UP, *lost("hpas", 200.0, 203.0)], "INCONCLUSIVE", UNHELD, "4 Ready after 36.0 s", UP_S),
        ([*UP, *lost("hpas", 200.0, 202.0)], "PASS", ROSE + WHOLE, "4 Ready after 36.0 s", UP_S),
        ([*UP, asked(95.0, 6, 4)], "FAIL", "web went to 6 replicas at 95.0 s; its ceiling is 5",
         "4 Ready after 36.0 s", UP_S),
        ([*UP, hpa(95.0, 4, 9, current=7)], "FAIL", "web went to 7 replicas at 95.0 s; its ceiling is 5",
         "4 Ready after 36.0 s", UP_S),
        ([*UP, asked(5.0, 2, 6), asked(300.5, 9, 9)], "PASS", ROSE + WHOLE, "4 Ready after 36.0 s", UP_S),
        ([*UP, asked(300.0, 5, 6)], "FAIL", "web went to 6 replicas at 300.0 s; its ceiling is 5",
         "4 Ready after 36.0 s", UP_S),
        ([*UP, hpa(50.0, 4, 9, low=1)], "FAIL",
         "the autoscaler of web may go from 1 to 5 replicas; promised are 2 to 5", "4 Ready after 36.0 s", UP_S),
        ([*UP, hpa(300.0, 4, 9, high=6)], "FAIL",
         "the autoscaler of web may go from 2 to 6 replicas; promised are 2 to 5", "4 Ready after 36.0 s", UP_S),
        ([*UP, hpa(300.5, 4, 9, high=6)], "PASS", ROSE + WHOLE, "4 Ready after 36.0 s", UP_S),
        ([hpa(40.0, 4, 60), *UP[1:]], "FAIL",
         "web went from 2 to 4 at 40.0 s, but its figure was 60 %, not over its target of 70 %",
         "4 Ready after 36.0 s", UP_S),
        ([hpa(40.0, 4, 60), *UP[1:], *lost("hpas", 52.0, 56.0)], "INCONCLUSIVE",
         "web went from 2 to 4 at 40.0 s, but the watch of hpas was lost for 3.0 s of it; "
         + UNHELD.replace("3.0", "4.0"), "4 Ready after 36.0 s", UP_S),
        ([hpa(40.0, 4, 200), *UP[1:]], "FAIL",
         "web went from 2 to 4 at 40.0 s, but at 200 % of a target of 70 % it takes 5", "4 Ready after 36.0 s", UP_S),
        ([*UP, hpa(60.0, 5, 250, current=4), asked(60.0, 5, 4)], "PASS",
         ROSE + WHOLE.replace("than 4", "than 5").replace("1 steps", "2 steps"), "4 Ready after 36.0 s", UP_S),
        ([*UP, hpa(60.0, 2, 9), asked(60.0, 2, 4)], "FAIL", "web went from 4 to 2 at 60.0 s under load",
         "4 Ready after 36.0 s", UP_S),
        ([*UP, hpa(60.0, 3, 9), asked(60.0, 3, 4)], "PASS", ROSE + WHOLE.replace("1 steps", "2 steps"),
         "4 Ready after 36.0 s", UP_S),
        ([*UP, hpa(60.0, 3, 9), asked(60.0, 3, 4), hpa(80.0, 4, 99), asked(80.0, 4, 4)], "FAIL",
         "web went from 4 to 3 at 60.0 s under load, and again from 3 to 4 at 80.0 s", "4 Ready after 36.0 s", UP_S),
        ([*UP[:1], asked(40.0, 4, 2), asked(57.0, 4, 3)], "PASS",
         ROSE.replace("36.0", "45.0").replace("to 4", "to 3") + WHOLE, "3 Ready after 45.0 s", [45.0, 45.0]),
        ([*UP[:1], asked(40.0, 4, 2), asked(57.5, 4, 3)], "FAIL",
         ROSE.replace("36.0", "45.5").replace("to 4", "to 3"), "3 Ready after 45.5 s", [45.5, 45.5]),
        (UP[:2], "FAIL", f"{STAYED} (its workload was asked for 4); CPU at most 130 %", AT_2, None),
        ([hpa(90.0, 2, 33)], "FAIL", f"{STAYED}; CPU at most 33 %", AT_2, None),
        ([hpa(90.5, 2, 33), asked(90.5, 4, 4)], "FAIL", f"{STAYED}; the autoscaler never had a CPU figure", AT_2, None),
        ([hpa(50.0, 2, 9), told(89.5, "watch.lost", "deployments")], "INCONCLUSIVE",
         f"{STAYED}; CPU at most 9 %; whether web held and stayed below was not seen: "
         "the watch of deployments was lost for 210.5 s of it", AT_2, None),
    ],
)  # fmt: skip
def test_the_way_up(
    monkeypatch: pytest.MonkeyPatch, more: list[Event], verdict: str, reason: str, measured: str,
    up_s: list[float] | None,
) -> None:  # fmt: skip
    run(monkeypatch, [*BASE, *more])
    found = scaled_up(Path("d"), role="web", load="ops", within_s=45, floor=2, ceiling=5, target_percent=70)
    events = sorted([*BASE, *more], key=lambda event: event.t)
    replicas = [[e.t, e.data["spec"], e.data["ready"]] for e in events if e.kind == "workload.replicas" and e.t <= 300]
    data: dict[str, Any] = {"replicas": replicas} | ({"up_s": up_s} if up_s else {})
    budget = "above the floor within 45 s, never above 5"
    assert found == Finding(Verdict(verdict), reason, measured, budget, FILES, data)


def test_a_load_too_short_to_tell_and_a_role_that_was_up_already(monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, BASE)
    short = scaled_up(Path("d"), role="web", load="ops", within_s=78, floor=2, ceiling=5, target_percent=70)
    assert (short.verdict, short.reason) == (
        Verdict.INCONCLUSIVE, f"{STAYED}; the autoscaler never had a CPU figure"
    )  # fmt: skip
    run(monkeypatch, [*BASE, asked(10.0, 3, 2)])
    early = scaled_up(Path("d"), role="web", load="ops", within_s=45, floor=2, ceiling=5, target_percent=70)
    said = "web already had 3 replicas when the load began; its floor is 2"
    budget = "above the floor within 45 s, never above 5"
    assert early == Finding(Verdict.INCONCLUSIVE, said, budget=budget, evidence=FILES)
    for share, sent in ((0.9, 89), (0.5, 49)):
        run(monkeypatch, [*BASE[:2], told(90.0, "load.finished", planned=100, sent=sent, ok=sent), *BASE[3:]])
        given = {} if share == 0.9 else {"min_share": share}
        args: dict[str, Any] = {"role": "web", "load": "ops", "floor": 2, **given}
        said = f"load ops was no load: of 100 planned requests it sent {sent}, {sent} answered well"
        assert scaled_up(Path("d"), **args, within_s=4, ceiling=5, target_percent=70).reason == said
        assert scaled_down(Path("d"), **args, stabilisation_s=30, reaction_s=75).reason == said


BACK = "web was back at 2 replicas 45.0 s after the load"
INSIDE = "web came down to 3 replicas {} after the load, in its stabilisation window"
DATA = {"first_s": [45.0, 45.0], "back_s": [45.0, 45.0]}
UNKEPT = (
    "whether web kept its stabilisation window, and then stayed, was not seen: the watch of {} was lost for {} s of it"
)
NOT_BACK = "web is not back at 2 replicas 210.0 s after the load"


def at(second: float, *, spec: int = 2, cpu: int | None = 3) -> list[Event]:
    return [hpa(second, spec, cpu, current=4), asked(second, spec, 4)]


@pytest.mark.parametrize(
    ("more", "verdict", "reason", "measured", "data"),
    [
        (DOWN, "PASS", BACK, "45.0 s", DATA),
        (at(195.0), "PASS", BACK.replace("45.0", "105.0"), "105.0 s",
         {"first_s": [105.0, 105.0], "back_s": [105.0, 105.0]}),
        (at(195.5), "FAIL", BACK.replace("45.0", "105.5"), "105.5 s",
         {"first_s": [105.5, 105.5], "back_s": [105.5, 105.5]}),
        (at(120.0), "PASS", BACK.replace("45.0", "30.0"), "30.0 s", {"first_s": [30.0, 30.0], "back_s": [30.0, 30.0]}),
        ([*at(119.5, spec=3), *at(135.0)], "FAIL", INSIDE.format("29.5 s"), "29.5 s",
         DATA | {"first_s": [29.5, 29.5]}),
        ([*lost("deployments", 119.0, 121.5), *at(121.5, spec=3), *at(135.0)], "INCONCLUSIVE",
         INSIDE.format("29.0 to 31.5 s"), "29.0 to 31.5 s", DATA | {"first_s": [29.0, 31.5]}),
        ([], "FAIL", NOT_BACK, "not after 210.0 s", {}),
        ([told(280.0, "watch.lost", "deployments")], "INCONCLUSIVE", NOT_BACK, "not after 210.0 s", {}),
        ([told(180.0, "test.finished", "t1")], "INCONCLUSIVE", NOT_BACK.replace("210", "90"), "not after 90.0 s", {}),
        ([told(195.0, "test.finished", "t1")], "INCONCLUSIVE", NOT_BACK.replace("210", "105"), "not after 105.0 s", {}),
        ([*at(135.0, spec=1)], "FAIL", "web was scaled to 1 replicas; its floor is 2", "1 replicas", {}),
        ([*DOWN, *at(140.0, spec=3, cpu=99)], "FAIL", NOT_BACK, "not after 210.0 s", {}),
        ([*DOWN, *at(165.0, spec=3, cpu=99)], "FAIL", NOT_BACK, "not after 210.0 s", {}),
        ([*DOWN, *at(165.5, spec=3, cpu=99)], "FAIL",
         "web went up again, from 2 to 3 at 165.5 s, 75.5 s after the load", "up again after 75.5 s", {}),
        ([*DOWN, asked(140.0, 3, 3)], "FAIL", "web went up again, from 2 to 3 at 140.0 s, 50.0 s after the load, "
         "but the autoscaler did not ask for 3", "up again after 50.0 s", {}),
        ([*DOWN, asked(140.0, 3, 3), *lost("hpas", 150.0, 154.0)], "INCONCLUSIVE",
         "web went from 2 to 3 at 140.0 s, and whether that was asked for was not seen: "
         "the watch of hpas was lost for 4.0 s of it", None, {}),
        ([asked(135.0, 2, 2)], "FAIL", "web went from 4 to 2 at 135.0 s, but the autoscaler did not ask for 2",
         "45.0 s", DATA),
        (at(135.0, cpu=None), "FAIL", "web went from 4 to 2 at 135.0 s, but the autoscaler had no figure",
         "45.0 s", DATA),
        ([asked(135.0, 2, 2), *lost("hpas", 146.0, 149.0)], "INCONCLUSIVE",
         "web went from 4 to 2 at 135.0 s, but the watch of hpas was lost for 3.0 s of it", "45.0 s", DATA),
        ([*DOWN, *lost("hpas", 95.0, 98.0)], "INCONCLUSIVE", UNKEPT.format("hpas", "3.0"), "45.0 s", DATA),
        ([*DOWN, *lost("hpas", 200.0, 202.5)], "INCONCLUSIVE", UNKEPT.format("hpas", "2.5"), "45.0 s", DATA),
        ([*DOWN, *lost("hpas", 119.0, 124.0), *lost("hpas", 130.0, 137.5)], "PASS", BACK, "45.0 s", DATA),
        ([*DOWN, *lost("hpas", 130.0, 138.5)], "INCONCLUSIVE", UNKEPT.format("hpas", "2.5"), "45.0 s", DATA),
    ],
)  # fmt: skip
def test_the_way_down(
    monkeypatch: pytest.MonkeyPatch, more: list[Event], verdict: str, reason: str, measured: str | None,
    data: dict[str, Any],
) -> None:  # fmt: skip
    run(monkeypatch, [*BASE, *UP, *more])
    found = scaled_down(Path("d"), role="web", load="ops", stabilisation_s=30, reaction_s=75, floor=2)
    assert found == Finding(Verdict(verdict), reason, measured or "", "30 to 105 s after the load", FILES, data)


def test_a_role_that_was_not_up_has_nothing_to_come_down(monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, [*BASE, *DOWN])
    found = scaled_down(Path("d"), role="web", load="ops", stabilisation_s=30, reaction_s=75, floor=2)
    said = "web had 2 replicas when the load ended: nothing was there to come down"
    assert found == Finding(Verdict.INCONCLUSIVE, said, budget="30 to 105 s after the load", evidence=FILES)
