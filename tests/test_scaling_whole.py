"""The whole scene of a load and an autoscaler, from hand-made events, and each reason for which a step has no cause."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reports.event import Event
from reports.pods import Gap
from reports.scaling import Scene, Step, scene_of, steps_of
from reports.timeline import Timeline
from reports.verdict import CannotTell


def told(t: float, kind: str, subject: str = "ops", **data: Any) -> Event:
    return Event(t, 0.0, "x", kind, subject, None, data)


def asked(t: float, spec: int) -> Event:
    return told(t, "workload.replicas", "acd/deployment/web", role="web", spec=spec, ready=2)


def hpa(t: float, desired: int | None = 2, cpu: int | None = 50, low: int = 2) -> Event:
    return told(t, "hpa.replicas", "acd/hpa/web", role="web", desired=desired, cpu_percent=cpu, min=low)


BEGUN, STEADY = told(10.0, "load.started"), told(12.0, "load.steady")
ENDED = told(40.0, "load.finished", planned=100, sent=95, ok=90)
OVER = told(100.0, "test.finished", "t")


def run(*events: Event) -> Timeline:
    return Timeline(tuple(sorted(events, key=lambda event: event.t)), torn=False, start_ns=0, unix_ns=0)


def scene(*events: Event, share: float = 0.9) -> Scene:
    return scene_of(run(*events), "web", "ops", min_share=share)


SPECS = [asked(1.0, 2), asked(20.0, 4), asked(30.0, 4), asked(60.0, 2), asked(100.0, 3)]
FIGURES = [hpa(1.0), hpa(20.0, 4, 140), hpa(120.0, 2, 5)]


def test_a_load_a_role_and_what_the_watch_saw_around_them() -> None:
    strangers = [told(5.0, "workload.replicas", role="db", spec=1), told(5.0, "hpa.replicas", role="db"),
                 told(30.0, "load.finished", "viewers"), told(9.0, "load.steady"), told(5.0, "test.finished", "t0"),
                 told(13.0, "load.steady"), told(40.0, "load.started", "viewers")]  # fmt: skip
    lost = [told(50.0, "watch.lost", "hpas"), told(51.0, "watch.resumed", "hpas")]
    found = scene(BEGUN, STEADY, ENDED, OVER, *SPECS, asked(100.5, 9), *FIGURES, *strangers, *lost)
    assert found == Scene("web", BEGUN, STEADY, ENDED, SPECS, FIGURES, 100.0, [Gap("hpas", 50.0, 51.0)])
    assert found.floor == 2


def test_a_load_that_came_twice_is_its_last_and_the_next_load_ends_the_watching() -> None:
    earlier = [told(2.0, "load.started"), told(3.0, "load.steady"), told(4.0, "load.finished", planned=1)]
    nxt = told(70.0, "load.started", "viewers")
    found = scene(*earlier, BEGUN, ENDED, nxt, OVER, *FIGURES)
    assert found == Scene("web", BEGUN, BEGUN, ENDED, [], FIGURES, 70.0, [])
    late = scene(BEGUN, told(41.0, "load.steady"), ENDED, told(90.0, "test.finished", "t"), OVER, *FIGURES)
    assert (late.steady, late.until) == (BEGUN, 90.0)


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([ENDED, OVER, *FIGURES], "load ops never started"),
        ([BEGUN, OVER, *FIGURES], "load ops never finished, so what it sent is unknown"),
        ([told(5.0, "load.finished", planned=1, sent=1, ok=1), BEGUN, OVER, *FIGURES],
         "load ops never finished, so what it sent is unknown"),
        ([BEGUN, ENDED, OVER], "the watch saw no autoscaler of web"),
        ([BEGUN, ENDED, told(39.0, "test.finished", "t"), *FIGURES],
         "the end of the test is not on the timeline, so what came before it may be lost"),
    ],
)  # fmt: skip
def test_a_scene_that_is_not_whole_cannot_be_told(events: list[Event], why: str) -> None:
    with pytest.raises(CannotTell) as error:
        scene(*events)
    assert str(error.value) == why


@pytest.mark.parametrize(
    ("planned", "sent", "ok", "is_load"),
    [(100, 90, 81, True), (100, 89, 89, False), (100, 90, 80, False), (0, 0, 0, False), (None, None, None, False),
     (100, 100, None, False), (0, 1, 1, True)],
)  # fmt: skip
def test_what_was_hardly_sent_or_answered_is_no_load(
    planned: int | None, sent: int | None, ok: int | None, is_load: bool
) -> None:
    events = [BEGUN, told(40.0, "load.finished", planned=planned, sent=sent, ok=ok), OVER, *FIGURES]
    if is_load:
        assert scene(*events).until == 100.0
        return
    with pytest.raises(CannotTell) as error:
        scene(*events)
    counted = f"of {planned or 0} planned requests it sent {sent or 0}, {ok or 0} answered well"
    assert str(error.value) == f"load ops was no load: {counted}"


PLAIN = Scene("web", BEGUN, STEADY, ENDED, SPECS, FIGURES, 100.0, [])


def test_the_steps_of_a_stretch_and_what_was_asked_for_at_a_moment() -> None:
    up, down = Step(SPECS[1], 2, 4), Step(SPECS[3], 4, 2)
    assert steps_of(SPECS) == [up, down, Step(SPECS[4], 2, 3)]
    assert (str(up), str(down)) == ("2 to 4 at 20.0 s", "4 to 2 at 60.0 s")
    assert [PLAIN.spec_at(t) for t in (1.0, 19.9, 20.0, 99.0, 100.0)] == [2, 2, 4, 2, 3]
    assert PLAIN.steps(1.0, 60.0) == [up, down]
    assert PLAIN.steps(20.0, 59.9) == []
    assert PLAIN.steps(19.9, 20.0) == [up]
    for told_of in (PLAIN.spec_at, lambda t: PLAIN.steps(t, 60.0)):
        with pytest.raises(CannotTell, match=r"^the watch saw no workload of web before 0\.5 s$"):
            told_of(0.5)


@pytest.mark.parametrize(
    ("gap", "why"),
    [
        (Gap("hpas", 20.0, 22.5), "the watch of hpas was lost for 2.5 s of it"),
        (Gap("deployments", 5.0, 12.25), "the watch of deployments was lost for 2.2 s of it"),
        (Gap("statefulsets", 57.5, float("inf")), "the watch of statefulsets was lost for 2.5 s of it"),
        (Gap("hpas", 20.0, 22.0), ""),
        (Gap("hpas", 58.0, 99.0), ""),
        (Gap("hpas", 5.0, 12.0), ""),
        (Gap("pods", 20.0, 50.0), ""),
        (Gap("endpointslices", 20.0, 50.0), ""),
    ],
)
def test_a_watch_that_was_away_may_have_missed_a_step(gap: Gap, why: str) -> None:
    short = Gap("hpas", 30.0, 30.5)
    assert replace(PLAIN, lost=[short, gap]).unseen(10.0, 60.0) == why


def up(new: int = 4, *, t: float = 20.0) -> Step:
    return Step(asked(t, new), 2, new)


@pytest.mark.parametrize(
    ("step", "figures", "why"),
    [
        (up(), [hpa(20.0, 4, 140)], ""),
        (up(), [hpa(35.0, 4, 140)], ""),
        (up(), [hpa(5.0, 4, 140)], ""),
        (up(), [hpa(35.5, 4, 140)], "the autoscaler did not ask for 4"),
        (up(), [hpa(4.5, 4, 140)], "the autoscaler did not ask for 4"),
        (up(), [hpa(20.0, 5, 140)], "the autoscaler did not ask for 4"),
        (up(), [hpa(20.0, None, 140)], "the autoscaler did not ask for 4"),
        (up(), [hpa(20.0, 4, None)], "the autoscaler had no figure"),
        (up(), [hpa(20.0, 4, None), hpa(30.0, 3, 140)], ""),
        (up(), [hpa(20.0, 4, 0)], "its figure was 0 %, not over its target of 70 %"),
        (up(), [hpa(20.0, 4, 70), hpa(21.0, 3, 60)], "its figure was 70 %, not over its target of 70 %"),
        (up(), [hpa(20.0, 4, 104)], "at 104 % of a target of 70 % it takes 3"),
        (up(), [hpa(20.0, 4, 105)], ""),
        (up(6), [hpa(20.0, 6, 900)], "at 900 % of a target of 70 % it takes 5"),
        (up(5), [hpa(20.0, 5, 900)], ""),
        (Step(asked(20.0, 2), 4, 2), [hpa(20.0, 2, 1)], ""),
        (Step(asked(20.0, 2), 4, 2), [hpa(20.0, 2, None)], "the autoscaler had no figure"),
    ],
)
def test_what_the_autoscaler_did_not_ask_for_has_no_cause(step: Step, figures: list[Event], why: str) -> None:
    assert replace(PLAIN, hpa=figures).without_cause(step, 70, 5) == why


def test_a_step_down_has_a_cause_whatever_the_target_is() -> None:
    assert replace(PLAIN, hpa=[hpa(20.0, 2, 1)]).without_cause(Step(asked(20.0, 2), 4, 2)) == ""
    calm = "its figure was 0 %, not over its target of 0 %"
    assert replace(PLAIN, hpa=[hpa(20.0, 4, 0)]).without_cause(up()) == calm


@pytest.mark.parametrize(
    ("new", "figures", "why"),
    [
        (3, [hpa(20.0, 3, 140)], "at 140 % of a target of 70 % it takes 4"),
        (4, [hpa(20.0, 4, 140)], ""),
        (3, [hpa(20.0, 3, 105)], ""),
        (3, [hpa(20.0, 3, 106)], "at 106 % of a target of 70 % it takes 4"),
        (5, [hpa(20.0, 5, 900)], ""),
        (4, [hpa(20.0, 4, 900), hpa(21.0, 4, 1)], "at 900 % of a target of 70 % it takes 5"),
        (3, [hpa(20.0, 3, None)], ""),
        (3, [hpa(20.0, 4, 140)], ""),
    ],
)
def test_a_first_step_goes_as_far_as_its_figure_asks_for(new: int, figures: list[Event], why: str) -> None:
    assert replace(PLAIN, hpa=figures).too_short(up(new), 70, 5) == why
