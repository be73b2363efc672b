"""A role in the middle of a step of its autoscaler: what may be missing then, how much, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Story

from fixtures.stack.map import load_stack_map
from reports.checkers.conformance import roles_ready
from reports.verdict import Finding, Verdict

MANAGER = {"role": "manager", "floor": 2, "max": 5, "ready_s": 8.5, "stabilisation_s": 30.0}
END = 100.0


def stage(folder: Path, *, asked_at: float = 97.0, to: int = 3, **hpa: Any) -> Story:
    """Two Managers of old, and their autoscaler wants more."""
    story = Story(folder)
    for n in range(2):
        story.pod(f"manager-{n}", f"u{n}", "manager", t=1)
    story.replicas("manager", 1.1, 2, 2)
    story.hpa("manager", 1.2, 2, 2, 10)
    story.replicas("manager", asked_at, to, 2)
    story.hpa("manager", asked_at + 0.1, 2, hpa.get("desired", to), 140)
    story.event("harness", "test.started", "t", 96.5)
    story.event("harness", "test.finished", "t", END)
    return story


def added(story: Story, name: str, t: float, **data: Any) -> None:
    story.watch("pod.added", name, t, f"uid-{name}", "manager", "", **data)


def judged(story: Story, **changes: Any) -> Finding:
    return roles_ready(story.write(), roles=[MANAGER | changes], test="t")


def test_a_pod_that_the_autoscaler_just_asked_for_need_not_be_ready_yet(tmp_path: Path) -> None:
    story = stage(tmp_path)
    added(story, "new", 97.05)
    finding = judged(story)
    assert finding.verdict is Verdict.PASS
    assert "manager 2/3 (its autoscaler went from 2 to 3 at 97.0 s" in finding.reason


def test_nor_need_it_be_there_yet(tmp_path: Path) -> None:
    assert judged(stage(tmp_path)).verdict is Verdict.PASS


def test_a_role_without_an_autoscaler_is_allowed_nothing(tmp_path: Path) -> None:
    story = stage(tmp_path)
    assert roles_ready(story.write(), roles=[{"role": "manager", "floor": 2, "max": 5}], test="t").verdict == "FAIL"


def test_more_than_it_asked_for_may_not_be_missing(tmp_path: Path) -> None:
    story = stage(tmp_path, asked_at=80, to=3)
    story.replicas("manager", 98, 4, 2)
    story.hpa("manager", 98.1, 3, 4, 140)
    finding = judged(story)
    assert (finding.verdict, "2 of 4" in finding.reason) == (Verdict.FAIL, True)
    assert "asked for 1 in the last 8.5 s" in finding.reason


@pytest.mark.parametrize(("asked_at", "verdict"), [(91.6, "PASS"), (91.4, "FAIL"), (50, "FAIL")])
def test_never_longer_than_a_pod_may_take(tmp_path: Path, asked_at: float, verdict: str) -> None:
    story = stage(tmp_path, asked_at=asked_at)
    added(story, "new", 99)  # replaced again and again, it is always young: what counts is when it was asked for
    assert judged(story).verdict == verdict


def test_a_time_that_nobody_knows_well_enough_does_not_decide(tmp_path: Path) -> None:
    story = stage(tmp_path, asked_at=91.4)
    story.lines[-4]["err"] = 0.5
    assert story.lines[-4]["kind"] == "workload.replicas"
    assert judged(story).verdict is Verdict.INCONCLUSIVE


def test_never_below_the_floor(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.gone("manager-0", "u0", "manager", 98)
    finding = judged(story)
    assert (finding.verdict, "1 of 2 promised" in finding.reason) == (Verdict.FAIL, True)


@pytest.mark.parametrize(
    ("lost", "uid", "said"), [("manager-0", "u0", "manager-0 served before"), ("new", "new", "new is none of those")]
)
def test_a_pod_old_or_new_that_was_ready_and_is_not_any_more_is_not_on_its_way(
    tmp_path: Path, lost: str, uid: str, said: str
) -> None:
    story = stage(tmp_path)
    story.pod("new", "new", "manager", t=97.1, starts_s=1.0)
    story.watch("pod.not_ready", lost, 99, uid, "manager")
    finding = judged(story)
    assert (finding.verdict, said in finding.reason) == (Verdict.FAIL, True)


def test_a_pod_that_waited_before_the_step_is_not_on_its_way(tmp_path: Path) -> None:
    story = stage(tmp_path)
    added(story, "stuck", 60)
    finding = judged(story)
    assert (finding.verdict, "stuck is none of those" in finding.reason) == (Verdict.FAIL, True)


def test_the_error_of_the_watch_makes_no_new_pod_an_old_one(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.event("watch", "pod.added", "acd/pod/new", 96.99, uid="new", err=0.02, role="manager", node="")
    assert judged(story).verdict is Verdict.PASS


def test_what_somebody_else_asked_for_is_not_excused(tmp_path: Path) -> None:
    finding = judged(stage(tmp_path, desired=2))
    assert (finding.verdict, "asked for none" in finding.reason) == (Verdict.FAIL, True)


def test_whether_the_autoscaler_asked_is_undecided_where_its_watch_was_lost(tmp_path: Path) -> None:
    story = stage(tmp_path, desired=2)
    story.event("watch", "watch.lost", "hpas", 96.9)
    assert judged(story).verdict is Verdict.INCONCLUSIVE


def test_what_the_autoscaler_said_after_the_test_does_not_count(tmp_path: Path) -> None:
    story = stage(tmp_path, desired=2)
    story.hpa("manager", 100.5, 2, 3, 140)
    assert judged(story).verdict is Verdict.FAIL


def test_what_was_asked_for_a_moment_ago_and_by_nobody_yet_is_undecided(tmp_path: Path) -> None:
    assert judged(stage(tmp_path, asked_at=99.5, desired=2)).verdict is Verdict.INCONCLUSIVE


def test_an_autoscaler_that_flaps_is_excused_nothing(tmp_path: Path) -> None:
    story = stage(tmp_path, asked_at=75)
    story.pod("third", "third", "manager", t=75.1, starts_s=1.0)
    story.replicas("manager", 80, 2, 3)
    story.gone("third", "third", "manager", 80.1)
    story.hpa("manager", 80.2, 3, 2, 10)
    story.replicas("manager", 97, 3, 2)
    story.hpa("manager", 97.1, 2, 3, 140)
    finding = judged(story)
    assert finding.verdict is Verdict.FAIL
    assert "from 2 to 3 at 75.0 s and from 3 to 2 at 80.0 s, in a window of 30 s" in finding.reason
    assert judged(story, stabilisation_s=4).verdict is Verdict.PASS


def test_one_that_came_down_in_its_time_and_goes_up_again_does_not_flap(tmp_path: Path) -> None:
    story = stage(tmp_path, asked_at=55)
    story.pod("third", "third", "manager", t=55.1, starts_s=1.0)
    story.replicas("manager", 88, 2, 3)
    story.gone("third", "third", "manager", 88.1)
    story.hpa("manager", 88.2, 3, 2, 10)
    story.replicas("manager", 97, 3, 2)
    story.hpa("manager", 97.1, 2, 3, 140)
    assert judged(story).verdict is Verdict.PASS


def test_above_its_maximum_nothing_is_excused(tmp_path: Path) -> None:
    assert judged(stage(tmp_path), max=2).verdict is Verdict.FAIL


def test_the_last_state_of_a_run_counts_with_its_last_event(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.lines = [line for line in story.lines if line["kind"] not in {"test.started", "test.finished"}]
    story.lines[-1]["t"], story.lines[-2]["t"] = 97.0, 97.1  # the workload's step is the last
    assert roles_ready(story.write(), roles=[MANAGER]).verdict is Verdict.PASS


def test_the_time_to_readiness_is_recovery_without_the_lost_pods_grace() -> None:
    stack = load_stack_map()
    assert stack.role("manager").ready_s == stack.role("manager").recovery_s == 11.5
    assert stack.role("kafka").ready_s == stack.role("kafka").recovery_s - 1
