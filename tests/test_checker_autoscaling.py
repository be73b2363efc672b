"""Autoscaling: up in time and never too far, down in time and never too early."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_maker import Story

from reports.checkers.autoscaling import scaled_down, scaled_up
from reports.verdict import Finding, Verdict

END = 100.0
"""When the load ends; it begins at 10 s and is steady at 12 s."""


def stage(
    folder: Path,
    *,
    up: tuple[float, int] | None = (40, 4),
    down: float | None = 45.0,
    until: float = 300,
    hpa: bool = True,
) -> Story:
    """The Manager goes up at `up` (s, replicas), Ready 8 s later, and back `down` seconds after the load."""
    story = Story(folder)
    story.replicas("manager", 0.5, 2, 2)
    if hpa:
        story.hpa("manager", 0.6, 2, 2, 8)
    story.load("manager_load", start=10, seconds=END - 10)
    if up:
        at, count = up
        story.hpa("manager", at, 2, count, 130)
        story.replicas("manager", at + 0.1, count, 2)
        story.replicas("manager", at + 8, count, count)
        if down is not None:
            story.hpa("manager", END + down, count, 2, 3)
            story.replicas("manager", END + down, 2, count)
            story.replicas("manager", END + down + 1, 2, 2)
    story.event("harness", "test.finished", "t", until)
    return story


def up(story: Story, within_s: float = 75, ceiling: int = 5, target: int = 70) -> Finding:
    story.write()
    return scaled_up(
        story.folder,
        role="manager",
        load="manager_load",
        within_s=within_s,
        floor=2,
        ceiling=ceiling,
        target_percent=target,
    )


def down(story: Story) -> Finding:
    story.write()
    return scaled_down(story.folder, role="manager", load="manager_load", floor=2, stabilisation_s=30, reaction_s=75)


def test_up_and_down_in_time(tmp_path: Path) -> None:
    story = stage(tmp_path)
    assert up(story).verdict is Verdict.PASS
    assert up(story).measured == "4 Ready after 36.0 s"
    assert down(story).verdict is Verdict.PASS
    assert down(story).measured == "45.0 s"


def test_the_autoscaler_of_another_role_says_nothing_of_this_one(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.hpa("gateway", 0.55, 9, 9, 8, low=9, high=99)
    assert (up(story).verdict, down(story).verdict) == (Verdict.PASS, Verdict.PASS)


@pytest.mark.parametrize(("within_s", "verdict"), [(36.1, "PASS"), (35.9, "FAIL")])
def test_up_counts_when_the_pods_are_ready(tmp_path: Path, within_s: float, verdict: str) -> None:
    assert up(stage(tmp_path), within_s).verdict == verdict


def test_never_past_the_ceiling(tmp_path: Path) -> None:
    finding = up(stage(tmp_path), ceiling=3)
    assert finding.verdict is Verdict.FAIL
    assert "went to 4 replicas" in finding.reason
    assert "promised are 2 to 3" in finding.reason


def test_past_the_ceiling_after_the_load_is_past_the_ceiling(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.hpa("manager", 120, 4, 6, 130)
    assert up(story).verdict is Verdict.FAIL


def test_a_first_step_shorter_than_its_figure_asks_for_is_a_limp(tmp_path: Path) -> None:
    finding = up(stage(tmp_path, up=(40, 3)))
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "manager went from 2 to 3 at 40.1 s, but at 130 % of a target of 70 % it takes 4"
    assert up(stage(tmp_path, up=(40, 3)), ceiling=5, target=87).verdict is Verdict.PASS, "at 87 % three are enough"


def test_a_later_step_may_be_short_for_new_pods_have_no_figure_yet(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.hpa("manager", 60, 4, 5, 200)
    story.replicas("manager", 60.1, 5, 4)
    story.replicas("manager", 62, 5, 5)
    story.hpa("manager", END + 44, 5, 4, 3)
    story.replicas("manager", END + 44, 4, 5)
    assert up(story).verdict is Verdict.PASS


def test_a_frozen_autoscaler_fails_the_way_up(tmp_path: Path) -> None:
    finding = up(stage(tmp_path, up=None))
    assert finding.verdict is Verdict.FAIL
    assert "stayed at 2" in finding.reason
    assert "never had a CPU figure" in finding.reason


def test_asked_for_but_never_ready_fails_and_says_so(tmp_path: Path) -> None:
    story = stage(tmp_path, up=None)
    story.replicas("manager", 40, 4, 2)
    finding = up(story)
    assert finding.verdict is Verdict.FAIL
    assert "its workload was asked for 4" in finding.reason


def test_a_load_shorter_than_the_budget_cannot_tell(tmp_path: Path) -> None:
    assert up(stage(tmp_path, up=None), within_s=200).verdict is Verdict.INCONCLUSIVE


def test_already_up_before_the_load_proves_nothing(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.replicas("manager", 5, 3, 3)
    assert up(story).verdict is Verdict.INCONCLUSIVE


def test_up_only_after_the_load_does_not_count(tmp_path: Path) -> None:
    assert up(stage(tmp_path, up=(END + 5, 4), down=60)).verdict is Verdict.FAIL


def test_no_autoscaler_seen_is_inconclusive_both_ways(tmp_path: Path) -> None:
    story = stage(tmp_path, up=None, hpa=False)
    assert (up(story).verdict, down(story).verdict) == (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("sent", [0, None])
def test_a_load_that_sent_nothing_is_inconclusive(tmp_path: Path, sent: int | None) -> None:
    story = stage(tmp_path)
    for line in story.lines:
        if line["kind"] == "load.finished":
            line["data"]["sent"] = sent
    assert (up(story).verdict, down(story).verdict) == (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("kind", ["load.started", "load.finished"])
def test_a_load_that_never_began_or_ended_is_inconclusive(tmp_path: Path, kind: str) -> None:
    story = stage(tmp_path)
    gone = {"load.started": {"load.started", "load.steady"}}.get(kind, {kind})
    story.lines = [line for line in story.lines if line["kind"] not in gone]
    assert (up(story).verdict, down(story).verdict) == (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("after", "verdict"), [(29.9, "FAIL"), (30.1, "PASS"), (104.9, "PASS"), (105.1, "FAIL"), (None, "FAIL")]
)
def test_down_has_two_sides(tmp_path: Path, after: float | None, verdict: str) -> None:
    assert down(stage(tmp_path, down=after)).verdict == verdict


def test_not_down_when_the_watching_stopped_early_is_inconclusive(tmp_path: Path) -> None:
    assert down(stage(tmp_path, down=None, until=END + 60)).verdict is Verdict.INCONCLUSIVE


def test_nothing_to_come_down_from_is_inconclusive(tmp_path: Path) -> None:
    assert down(stage(tmp_path, up=None)).verdict is Verdict.INCONCLUSIVE


def test_below_the_floor_is_a_fail(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.replicas("manager", END + 80, 1, 1)
    assert down(story).verdict is Verdict.FAIL


@pytest.mark.parametrize(("again", "verdict"), [(74.0, Verdict.PASS), (76.0, Verdict.FAIL)])
def test_a_role_that_goes_up_when_its_load_is_long_gone_flaps(tmp_path: Path, again: float, verdict: Verdict) -> None:
    story = stage(tmp_path, down=None)
    for at, spec, was in ((40.0, 3, 4), (again, 4, 3), (80.0, 2, 4)):
        story.hpa("manager", END + at, was, spec, 90 if spec > was else 3)
        story.replicas("manager", END + at, spec, spec)
    finding = down(story)
    assert finding.verdict is verdict
    assert ("went up again, from 3 to 4 at 176.0 s, 76.0 s after the load" in finding.reason) == (again == 76)


def test_up_again_without_load_is_not_back(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.hpa("manager", END + 50, 2, 3, 130)
    story.replicas("manager", END + 50, 3, 2)
    assert down(story).verdict is Verdict.FAIL
    story.hpa("manager", END + 90, 3, 2, 3)
    story.replicas("manager", END + 90, 2, 2)
    assert down(story).measured == "90.0 s"


def test_a_watch_gap_over_the_step_is_undecided_only_where_it_matters(tmp_path: Path) -> None:
    story = stage(tmp_path, down=45)
    story.event("watch", "watch.lost", "deployments", END + 20)
    story.event("watch", "watch.resumed", "deployments", END + 44.9)
    assert down(story).verdict is Verdict.INCONCLUSIVE
    story = stage(tmp_path, down=45)
    story.event("watch", "watch.lost", "deployments", END + 32)
    story.event("watch", "watch.resumed", "deployments", END + 44.9)
    assert down(story).verdict is Verdict.PASS


def test_a_step_down_inside_the_window_is_a_fail_wherever_it_ends(tmp_path: Path) -> None:
    story = stage(tmp_path, up=(40, 4))
    story.hpa("manager", END + 0.5, 4, 3, 60)
    story.replicas("manager", END + 0.5, 3, 3)
    finding = down(story)
    assert (finding.verdict, "came down to 3" in finding.reason) == (Verdict.FAIL, True)


def test_replicas_set_by_hand_are_not_the_autoscalers_doing(tmp_path: Path) -> None:
    story = stage(tmp_path, up=None)
    story.hpa("manager", 30, 2, 2, None)
    story.replicas("manager", 40, 4, 2)
    story.replicas("manager", 48, 4, 4)
    story.replicas("manager", END + 45, 2, 2)
    assert "did not ask for 4" in up(story).reason
    assert up(story).verdict is Verdict.FAIL
    assert (down(story).verdict, "did not ask for 2" in down(story).reason) == (Verdict.FAIL, True)


@pytest.mark.parametrize(("cpu", "why"), [(None, "had no figure"), (70, "not over its target"), (100, "it takes 3")])
def test_a_step_up_has_a_figure_that_asks_for_it(tmp_path: Path, cpu: int | None, why: str) -> None:
    story = stage(tmp_path)
    for line in story.lines:
        if line["kind"] == "hpa.replicas" and line["t"] == 40:
            line["data"]["cpu_percent"] = cpu
    finding = up(story)
    assert (finding.verdict, why in finding.reason) == (Verdict.FAIL, True), finding.reason


def test_a_jump_to_the_maximum_is_more_than_its_figures_ask_for(tmp_path: Path) -> None:
    finding = up(stage(tmp_path, up=(40, 5)))
    assert (finding.verdict, "it takes 4" in finding.reason) == (Verdict.FAIL, True)


def test_flapping_under_load_is_a_fail(tmp_path: Path) -> None:
    story = stage(tmp_path)
    for t, count, cpu in ((60, 3, 50), (75, 4, 100)):
        story.hpa("manager", t, 4, count, cpu)
        story.replicas("manager", t, count, count)
    finding = up(story)
    assert (finding.verdict, "and again" in finding.reason) == (Verdict.FAIL, True), finding.reason


def test_back_at_the_floor_while_the_load_goes_on_is_a_fail(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.hpa("manager", 80, 4, 2, 10)
    story.replicas("manager", 80, 2, 2)
    finding = up(story)
    assert (finding.verdict, "under load" in finding.reason) == (Verdict.FAIL, True)


@pytest.mark.parametrize("watch", ["deployments", "horizontalpodautoscalers"])
def test_a_watch_that_was_away_for_most_of_the_load_saw_nothing_of_it(tmp_path: Path, watch: str) -> None:
    story = stage(tmp_path)
    story.event("watch", "watch.lost", watch, 50)
    story.event("watch", "watch.resumed", watch, 95)
    assert up(story).verdict is Verdict.INCONCLUSIVE


def test_a_watch_that_blinked_is_forgiven(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.event("watch", "watch.lost", "deployments", 60)
    story.event("watch", "watch.resumed", "deployments", 61.5)
    assert up(story).verdict is Verdict.PASS


@pytest.mark.parametrize("bounds", [{"low": 1}, {"high": 50}])
def test_the_bounds_of_the_autoscaler_are_the_promised_ones(tmp_path: Path, bounds: dict[str, int]) -> None:
    story = stage(tmp_path)
    story.hpa("manager", 70, 4, 4, 66, **bounds)
    assert up(story).verdict is Verdict.FAIL


@pytest.mark.parametrize("counts", [{"sent": 1, "ok": 1}, {"ok": 0}])
def test_a_load_that_was_none_proves_nothing(tmp_path: Path, counts: dict[str, int]) -> None:
    story = stage(tmp_path)
    for line in story.lines:
        if line["kind"] == "load.finished":
            line["data"] |= counts
    assert (up(story).verdict, down(story).verdict) == (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE)
    assert "was no load" in up(story).reason


@pytest.mark.parametrize(("lost_at", "verdict"), [(END - 1, Verdict.INCONCLUSIVE), (END + 1, Verdict.FAIL)])
def test_not_up_is_a_fail_only_when_the_workload_was_seen_at_the_end_of_the_load(
    tmp_path: Path, lost_at: float, verdict: Verdict
) -> None:
    story = stage(tmp_path, up=None)
    story.event("watch", "watch.lost", "deployments", lost_at)
    story.event("watch", "watch.resumed", "deployments", lost_at + 5)
    assert up(story).verdict is verdict


@pytest.mark.parametrize(("back_at", "verdict"), [(None, Verdict.INCONCLUSIVE), (298, Verdict.FAIL)])
def test_not_down_is_a_fail_only_when_the_workload_was_seen_at_the_end(
    tmp_path: Path, back_at: float | None, verdict: Verdict
) -> None:
    story = stage(tmp_path, down=None, until=300)
    story.event("watch", "watch.lost", "deployments", 296)
    if back_at is not None:
        story.event("watch", "watch.resumed", "deployments", back_at)
    assert down(story).verdict is verdict


@pytest.mark.parametrize("watch", ["pods", "horizontalpodautoscalers"])
def test_another_watch_does_not_hide_that_the_workload_never_went_up(tmp_path: Path, watch: str) -> None:
    story = stage(tmp_path, up=None)
    story.event("watch", "watch.lost", watch, END - 1)
    story.event("watch", "watch.resumed", watch, END + 5)
    assert up(story).verdict is Verdict.FAIL
