"""The whole answer about an autoscaler: verdict, reason, figure, budget, evidence; and what a lost watch may hide."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_maker import Story
from test_checker_autoscaling import END, down, stage, up

from reports.pods import RELIST_S
from reports.scaling import BLIND_S, NEAR_S
from reports.verdict import Finding, Verdict

FELL = "30 to 105 s after the load"
ROSE = "above the floor within 75 s, never above 5"
FILES = ("timeline.jsonl",)


def lost(story: Story, watch: str, since: float, until: float) -> Story:
    story.event("watch", "watch.lost", watch, since)
    story.event("watch", "watch.resumed", watch, until)
    return story


def by_hand(folder: Path) -> Story:
    """The autoscaler never asked for anything; somebody took the role up at 40 s and down 45 s after the load."""
    story = stage(folder, up=None)
    story.hpa("manager", END, 4, 4, 66)
    story.replicas("manager", 40, 4, 2)
    story.replicas("manager", 48, 4, 4)
    story.replicas("manager", END + 45, 2, 2)
    return story


def test_back_in_time_is_told_whole(tmp_path: Path) -> None:
    data = {"first_s": [45.0, 45.0], "back_s": [45.0, 45.0]}
    said = "manager was back at 2 replicas 45.0 s after the load"
    assert down(stage(tmp_path)) == Finding(Verdict.PASS, said, "45.0 s", FELL, FILES, data)


def test_too_late_is_told_whole(tmp_path: Path) -> None:
    data = {"first_s": [110.0, 110.0], "back_s": [110.0, 110.0]}
    said = "manager was back at 2 replicas 110.0 s after the load"
    assert down(stage(tmp_path, down=110)) == Finding(Verdict.FAIL, said, "110.0 s", FELL, FILES, data)


def test_in_the_window_is_told_whole(tmp_path: Path) -> None:
    data = {"first_s": [20.0, 20.0], "back_s": [20.0, 20.0]}
    said = "manager came down to 2 replicas 20.0 s after the load, in its stabilisation window"
    assert down(stage(tmp_path, down=20)) == Finding(Verdict.FAIL, said, "20.0 s", FELL, FILES, data)


def test_a_first_step_that_a_gap_may_have_put_into_the_window_is_undecided(tmp_path: Path) -> None:
    finding = down(lost(stage(tmp_path), "deployments", END + 25, END + 44.9))
    data = {"first_s": [25.0, 45.0], "back_s": [25.0, 45.0]}
    said = "manager came down to 2 replicas 25.0 to 45.0 s after the load, in its stabilisation window"
    assert finding == Finding(Verdict.INCONCLUSIVE, said, "25.0 to 45.0 s", FELL, FILES, data)


def test_below_its_floor_is_told_whole(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.replicas("manager", END + 80, 1, 1)
    said = "manager was scaled to 1 replicas; its floor is 2"
    assert down(story) == Finding(Verdict.FAIL, said, "1 replicas", FELL, FILES)


@pytest.mark.parametrize(("until", "verdict"), [(END + 105, Verdict.INCONCLUSIVE), (END + 105.5, Verdict.FAIL)])
def test_never_back_is_a_fail_once_window_and_reaction_are_over(tmp_path: Path, until: float, verdict: Verdict) -> None:
    watched = until - END
    said = f"manager is not back at 2 replicas {watched:.1f} s after the load"
    finding = down(stage(tmp_path, down=None, until=until))
    assert finding == Finding(verdict, said, f"not after {watched:.1f} s", FELL, FILES)


def test_what_was_not_loaded_has_nothing_to_come_down_from(tmp_path: Path) -> None:
    said = "manager had 2 replicas when the load ended: nothing was there to come down"
    assert down(stage(tmp_path, up=None)) == Finding(Verdict.INCONCLUSIVE, said, budget=FELL, evidence=FILES)


def test_a_step_down_that_the_autoscaler_did_not_ask_for_is_told_whole(tmp_path: Path) -> None:
    data = {"first_s": [45.0, 45.0], "back_s": [45.0, 45.0]}
    said = "manager went from 4 to 2 at 145.0 s, but the autoscaler did not ask for 2"
    assert down(by_hand(tmp_path)) == Finding(Verdict.FAIL, said, "45.0 s", FELL, FILES, data)


@pytest.mark.parametrize(
    ("since", "until", "hidden"),
    [
        (-NEAR_S - 9, -NEAR_S + BLIND_S + 1, True),
        (-NEAR_S - 9, -NEAR_S + BLIND_S, False),
        (NEAR_S - BLIND_S - 1, NEAR_S + 9, True),
        (NEAR_S - BLIND_S, NEAR_S + 9, False),
    ],
)
def test_a_step_down_without_cause_is_undecided_only_while_its_autoscaler_was_not_watched_near_it(
    tmp_path: Path, since: float, until: float, hidden: bool
) -> None:
    story = lost(by_hand(tmp_path), "horizontalpodautoscalers", END + 45 + since, END + 45 + until)
    finding = down(story)
    assert finding.verdict is (Verdict.INCONCLUSIVE if hidden else Verdict.FAIL)
    why = "the watch of horizontalpodautoscalers was lost for 3.0 s of it"
    assert finding.reason.endswith(f"but {why if hidden else 'the autoscaler did not ask for 2'}")


@pytest.mark.parametrize(
    ("since", "until", "hidden"), [(-20, -12, True), (-20, -13, False), (12, 20, True), (13, 20, False)]
)
def test_a_step_up_without_cause_is_undecided_only_while_its_autoscaler_was_not_watched_near_it(
    tmp_path: Path, since: float, until: float, hidden: bool
) -> None:
    finding = up(lost(by_hand(tmp_path), "horizontalpodautoscalers", 40 + since, 40 + until))
    assert ("did not ask for 4" in finding.reason) is not hidden
    assert finding.verdict is (Verdict.INCONCLUSIVE if hidden else Verdict.FAIL)


@pytest.mark.parametrize("asked", [True, False])
def test_a_step_up_soon_after_the_load_is_right_where_its_autoscaler_asked_for_it(tmp_path: Path, asked: bool) -> None:
    story = stage(tmp_path, down=60)
    story.replicas("manager", END + 40, 5, 4)
    if asked:
        story.hpa("manager", END + 40, 4, 5, 90)
        finding = down(story)
        assert (finding.verdict, finding.data) == (Verdict.PASS, {"first_s": [60.0, 60.0], "back_s": [60.0, 60.0]})
    else:
        assert down(story).verdict is Verdict.FAIL
        assert "from 4 to 5 at 140.0 s, 40.0 s after the load, but the autoscaler did not ask" in down(story).reason


@pytest.mark.parametrize(("until", "hidden"), [(RELIST_S + BLIND_S, ""), (RELIST_S + BLIND_S + 1, "3.0 s")])
def test_that_it_stayed_must_have_been_seen_from_where_the_watch_told_that_it_was_back(
    tmp_path: Path, until: float, hidden: str
) -> None:
    story = stage(tmp_path)
    story.hpa("manager", END + 39, 4, 2, 4)
    finding = down(lost(story, "horizontalpodautoscalers", END + 40, END + 45 + until))
    data = {"first_s": [45.0, 45.0], "back_s": [45.0, 45.0]}
    if hidden:
        why = f"the watch of horizontalpodautoscalers was lost for {hidden} of it"
        said = f"whether manager kept its stabilisation window, and then stayed, was not seen: {why}"
        assert finding == Finding(Verdict.INCONCLUSIVE, said, "45.0 s", FELL, FILES, data)
    else:
        assert finding.verdict is Verdict.PASS


def test_up_in_time_is_told_whole(tmp_path: Path) -> None:
    finding = up(stage(tmp_path))
    said = [
        "manager went from 2 to 4 Ready replicas 36.0 s after the load was steady", "never more than 4 replicas",
        "its bounds are 2 and 5", "1 steps by its figures", "held to the end of the load",
    ]  # fmt: skip
    rows = [[0.5, 2, 2], [40.1, 4, 2], [48, 4, 4], [145.0, 2, 4], [146.0, 2, 2]]
    assert finding == Finding(Verdict.PASS, "; ".join(said), "4 Ready after 36.0 s", ROSE, FILES,
                              {"replicas": rows, "up_s": [36.0, 36.0]})  # fmt: skip


def test_not_up_is_told_whole(tmp_path: Path) -> None:
    story = stage(tmp_path, up=None)
    story.hpa("manager", 50, 2, 2, 44)
    story.hpa("manager", 60, 2, 2, 33)
    finding = up(story)
    said = "manager stayed at 2 Ready replicas for 88.0 s of load; CPU at most 44 %"
    assert finding == Finding(Verdict.FAIL, said, "2 after 88.0 s", ROSE, FILES, {"replicas": [[0.5, 2, 2]]})


def test_the_ceiling_holds_from_the_loads_begin_to_the_tests_end_and_the_worst_of_it_is_told(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.hpa("manager", 9.9, 9, 9, 8)  # before the load
    story.hpa("manager", 301, 8, 8, 8)  # after the test
    assert "ceiling is" not in up(story).reason
    for t, count in ((150, 6), (160, 7), (170, 6)):
        story.event("watch", "workload.replicas", "acd/deployment/manager", t, role="manager", spec=2, ready=count)
    assert up(story).reason == "manager went to 7 replicas at 160.0 s; its ceiling is 5"
