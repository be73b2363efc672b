"""Recovery times: intervals that hold the truth, by UID, counted once; and every way not to have recovered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dossier_maker import START_NS, Story
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.checkers.fault_window import UNHEALED
from reports.checkers.recovery import of_all_hit, within
from reports.verdict import Finding, Verdict


def stage(folder: Path) -> Story:
    """Two gateway pods, one killed at 10 s."""
    story = Story(folder)
    story.pod("gateway-a", "u1", "gateway", t=0.1, node="worker")
    story.pod("gateway-b", "u2", "gateway", t=0.1, node="worker2")
    story.replicas("gateway", 0.2, 2, 2)
    story.fault("f1", t=10, victim=("gateway-a", "u1"))
    return story


def judged(story: Story, budget_s: float = 30, **args: Any) -> Finding:
    story.write()
    return within(story.folder, **{"fault_id": "f1", "role": "gateway", "budget_s": budget_s} | args)


def bounds(finding: Finding) -> tuple[float, float]:
    entry = finding.data["recovery"][0]
    return entry["earliest_s"], entry["latest_s"]


def lost_and_replaced(folder: Path, *, ready_after: float = 20, until: float = 60) -> Story:
    story = stage(folder)
    story.gone("gateway-a", "u1", "gateway", 10.05)
    story.watch("pod.added", "gateway-c", 10.3, "u3", "gateway", "")
    story.watch("pod.scheduled", "gateway-c", 10.4, "u3", "gateway")
    story.watch("pod.ready", "gateway-c", 10 + ready_after, "u3", "gateway")
    story.event("harness", "test.finished", "t", until)
    return story


def test_twenty_seconds_are_twenty_seconds(tmp_path: Path) -> None:
    """krkn-lib adds the rescheduling time to a total that holds it already, and asserts 30 for these 20."""
    finding = judged(lost_and_replaced(tmp_path))
    earliest, latest = bounds(finding)
    assert earliest <= 20 <= latest
    assert latest - earliest <= 0.1
    assert finding.data["recovery"][0]["phases"]["rescheduled"] == pytest.approx([0.35, 0.4])


@pytest.mark.parametrize(("budget_s", "verdict"), [(20.0, "PASS"), (19.98, "INCONCLUSIVE"), (19.9, "FAIL")])
def test_a_budget_is_kept_broken_or_undecided(tmp_path: Path, budget_s: float, verdict: str) -> None:
    assert judged(lost_and_replaced(tmp_path), budget_s).verdict == verdict


def test_phases_count_from_the_effect_in_their_order(tmp_path: Path) -> None:
    phases = judged(lost_and_replaced(tmp_path)).data["recovery"][0]["phases"]
    assert list(phases) == ["detected", "endpoint_removed", "rescheduled", "ready"]
    assert [latest for _, latest in phases.values()] == sorted(latest for _, latest in phases.values())


def test_a_namesake_is_not_the_same_pod(tmp_path: Path) -> None:
    """A StatefulSet pod comes back under its old name; only its UID tells that it is the new one."""
    story = Story(tmp_path)
    story.pod("kafka-0", "u1", "gateway", t=0.1)
    story.replicas("gateway", 0.2, 1, 1)
    story.fault("f1", t=10, victim=("kafka-0", "u1"))
    story.gone("kafka-0", "u1", "gateway", 10.5)
    story.pod("kafka-0", "u9", "gateway", t=12, starts_s=13)
    earliest, latest = bounds(judged(story))
    assert earliest <= 15 <= latest
    assert earliest > 14.8


def test_ready_before_not_ready_does_not_count(tmp_path: Path) -> None:
    """On a dead node pods stay Ready in the API for long; only what is Ready after it was not counts."""
    story = stage(tmp_path)
    story.lines = [line for line in story.lines if not line["kind"].startswith("fault.")]
    story.fault("f1", t=10, victim=("worker", "n1"), kind="Node", effective=40.0, healed=80.0)
    story.watch("pod.not_ready", "gateway-a", 50, "u1", "gateway")
    story.watch("pod.ready", "gateway-a", 85, "u1", "gateway")
    story.event("harness", "test.finished", "t", 100)
    finding = judged(story, 90)
    assert finding.verdict is Verdict.PASS
    assert finding.data["recovery"][0]["lost"] == ["gateway-a"]
    earliest, latest = bounds(finding)
    assert 74.8 <= earliest <= 75 <= latest <= 75.1


def test_a_node_takes_only_the_pods_that_it_carried(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.lines = [line for line in story.lines if not line["kind"].startswith("fault.")]
    story.fault("f1", t=10, victim=("worker7", "n7"), kind="Node")
    finding = judged(story)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "hit no Ready pod" in finding.reason


def node_lost(folder: Path) -> Story:
    story = stage(folder)
    story.pod("manager-a", "u5", "manager", t=0.1, node="worker2")
    story.lines = [line for line in story.lines if not line["kind"].startswith("fault.")]
    story.fault("f1", t=10, victim=("worker", "n1"), kind="Node", effective=20.0, healed=80.0)
    story.gone("gateway-a", "u1", "gateway", 30)
    story.pod("gateway-c", "u3", "gateway", t=41, starts_s=4)
    story.event("harness", "test.finished", "t", 200)
    story.write()
    return story


@pytest.mark.parametrize(
    ("budgets", "verdict"),
    [
        ({"gateway": 40, "manager": 40}, "PASS"),
        ({"gateway": 30, "manager": 40}, "FAIL"),
        ({"manager": 40}, "INCONCLUSIVE"),
        ({}, "INCONCLUSIVE"),
        ({"gateway": 40, "unheard-of": 40}, "INCONCLUSIVE"),
        ({"gateway": 30, "unheard-of": 40}, "FAIL"),
    ],
)
def test_of_a_lost_node_all_that_it_carried_must_be_back(
    tmp_path: Path, budgets: dict[str, float], verdict: str
) -> None:
    finding = of_all_hit(node_lost(tmp_path).folder, fault_id="f1", budgets=budgets)
    assert finding.verdict == verdict, finding
    if verdict == "PASS":
        assert finding.reason.endswith("not hit: manager")
        assert [entry["role"] for entry in finding.data["recovery"]] == ["gateway"]


def test_of_no_fault_nothing_can_be_said(tmp_path: Path) -> None:
    finding = of_all_hit(node_lost(tmp_path).folder, fault_id="f9", budgets={"gateway": 40})
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_never_back_is_a_fail_once_the_budget_was_watched_out(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.gone("gateway-a", "u1", "gateway", 10.05)
    story.event("harness", "test.finished", "t", 45)
    finding = judged(story, 30)
    assert finding.verdict is Verdict.FAIL
    assert finding.data["recovery"][0]["latest_s"] is None


def test_not_back_when_the_watching_stopped_early_is_inconclusive(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.gone("gateway-a", "u1", "gateway", 10.05)
    story.event("harness", "test.finished", "t", 25)
    assert judged(story, 30).verdict is Verdict.INCONCLUSIVE


def test_a_pod_that_falls_over_again_has_not_recovered(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.watch("pod.not_ready", "gateway-c", 16, "u3", "gateway")
    assert judged(story).verdict is Verdict.FAIL
    story.watch("pod.ready", "gateway-c", 30, "u3", "gateway")
    assert bounds(judged(story))[1] == pytest.approx(20)


def test_another_pod_of_the_role_falling_counts_too(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.watch("pod.not_ready", "gateway-b", 40, "u2", "gateway")
    assert judged(story).verdict is Verdict.FAIL


def test_scaling_up_meanwhile_is_no_loss_and_scaling_down_needs_fewer(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=20)
    story.replicas("gateway", 31, 5, 2)
    assert bounds(judged(story))[1] == pytest.approx(20)
    story = lost_and_replaced(tmp_path, ready_after=20)
    story.replicas("gateway", 15, 1, 1)
    assert bounds(judged(story))[1] == pytest.approx(5)


def test_a_pod_of_another_role_does_not_help(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.gone("gateway-a", "u1", "gateway", 10.05)
    story.pod("manager-z", "u7", "manager", t=12, starts_s=1)
    story.event("harness", "test.finished", "t", 60)
    assert judged(story).verdict is Verdict.FAIL


def test_no_watch_data_is_inconclusive(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.fault("f1", t=10, victim=("gateway-a", "u1"))
    assert judged(story).verdict is Verdict.INCONCLUSIVE


def test_no_fault_and_no_effect_are_inconclusive(tmp_path: Path) -> None:
    assert judged(lost_and_replaced(tmp_path), fault_id="f9").verdict is Verdict.INCONCLUSIVE
    assert judged(lost_and_replaced(tmp_path), fault_id=None).verdict is Verdict.INCONCLUSIVE
    story = lost_and_replaced(tmp_path)
    story.lines = [line for line in story.lines if line["kind"] != "fault.effective"]
    assert "never took effect" in judged(story).reason


def test_a_watch_gap_widens_the_interval_back_to_its_start(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path)
    story.event("watch", "watch.lost", "pods", 18)
    story.event("watch", "watch.resumed", "pods", 29.9)
    finding = judged(story, 15)
    assert finding.verdict is Verdict.INCONCLUSIVE
    earliest, latest = bounds(finding)
    assert earliest == pytest.approx(7.95)
    assert latest == pytest.approx(20)
    assert judged(story, 20).verdict is Verdict.PASS
    assert judged(story, 7).verdict is Verdict.FAIL


def test_a_gap_of_another_watch_changes_nothing(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path)
    story.event("watch", "watch.lost", "nodes", 18)
    story.event("watch", "watch.resumed", "nodes", 29.9)
    assert judged(story, 15).verdict is Verdict.FAIL


def test_a_watch_that_never_came_back_cannot_say_never_back(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.gone("gateway-a", "u1", "gateway", 10.05)
    story.event("watch", "watch.lost", "pods", 12)
    story.event("harness", "test.finished", "t", 60)
    finding = judged(story)
    assert (finding.verdict, "watch was lost" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_users_must_be_served_again_too(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.load("viewers", start=1, seconds=58, bad=((10, 25),))
    finding = judged(story, 14, load="viewers")
    assert finding.verdict is Verdict.FAIL
    assert finding.data["recovery"][0]["phases"]["users_served"] == pytest.approx([14.9, 15.2], abs=0.2)
    assert judged(story, 20, load="viewers").verdict is Verdict.PASS


def test_users_who_were_never_refused_were_served_all_the_time(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.load("viewers", start=1, seconds=58)
    assert bounds(judged(story, load="viewers"))[1] == pytest.approx(5)


def test_a_failure_long_after_is_not_this_recovery_but_one_soon_after_is(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5, until=100)
    story.load("viewers", start=1, seconds=98, bad=((10, 11), (80, 81)))
    assert judged(story, 10, load="viewers").verdict is Verdict.PASS
    story = lost_and_replaced(tmp_path, ready_after=5, until=100)
    story.load("viewers", start=1, seconds=98, bad=((10, 11), (19, 20), (28, 29)))
    assert judged(story, 10, load="viewers").verdict is Verdict.FAIL


def test_a_load_that_is_missing_or_silent_is_inconclusive(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.load("viewers", start=1, seconds=8)
    assert judged(story, load="viewers").verdict is Verdict.INCONCLUSIVE


def test_a_load_that_ended_before_the_role_was_whole_cannot_tell_of_its_users(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.load("viewers", start=1, seconds=13)
    finding = judged(story, load="viewers")
    assert (finding.verdict, "before gateway was whole" in finding.reason) == (Verdict.INCONCLUSIVE, True)
    assert judged(story, 4, load="viewers").verdict is Verdict.FAIL


def test_a_role_scaled_to_nothing_has_not_recovered(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.gone("gateway-a", "u1", "gateway", 10.05)
    story.gone("gateway-b", "u2", "gateway", 12)
    story.replicas("gateway", 11, 0, 0)
    story.event("harness", "test.finished", "t", 60)
    assert judged(story).verdict is Verdict.FAIL


def test_a_second_fault_of_an_experiment_is_judged_by_itself(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.lines.pop()  # the end of the test
    story.fault("f2", t=60, victim=("gateway-b", "u2"))
    story.gone("gateway-b", "u2", "gateway", 60.05)
    story.event("harness", "test.finished", "t", 160)
    assert judged(story, fault_id="f1").verdict is Verdict.PASS
    assert judged(story, fault_id="f2").verdict is Verdict.FAIL


moment = st.floats(min_value=0.2, max_value=50)


@settings(max_examples=60, deadline=None)
@given(ready=moment, lag=st.floats(min_value=0, max_value=0.05), later=moment)
def test_the_truth_lies_inside_and_one_more_dip_never_shortens_it(
    tmp_path_factory: pytest.TempPathFactory, ready: float, lag: float, later: float
) -> None:
    """Planted truth: the effect at 10 + lag, whole again at `ready`; then a second dip."""
    folder = tmp_path_factory.mktemp("truth")
    story = stage(folder)
    story.watch("pod.terminating", "gateway-a", 10 + lag, "u1", "gateway")
    story.pod("gateway-c", "u3", "gateway", t=10 + ready / 2, starts_s=ready / 2)
    story.event("harness", "test.finished", "t", 200)
    earliest, latest = bounds(judged(story, 100))
    assert earliest - 0.0011 <= ready - lag <= latest + 0.0011
    assert latest - earliest <= 0.11
    story.watch("pod.not_ready", "gateway-c", 10 + ready + later, "u3", "gateway")
    story.watch("pod.ready", "gateway-c", 11 + ready + later, "u3", "gateway")
    assert bounds(judged(story, 100))[0] >= earliest


def test_a_gap_after_recovery_may_hide_a_second_outage(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.event("watch", "watch.lost", "pods", 20)
    story.event("watch", "watch.resumed", "pods", 50)
    finding = judged(story)
    assert (finding.verdict, "second outage" in finding.reason) == (Verdict.INCONCLUSIVE, True)
    assert judged(story, 3).verdict is Verdict.FAIL, "what was too late stays too late"


def test_a_timeline_that_was_cut_off_after_ready_cannot_say_that_it_lasted(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.lines = [line for line in story.lines if line["kind"] != "test.finished"]
    finding = judged(story)
    assert (finding.verdict, "end of the test" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_a_blip_long_after_recovery_is_not_this_recovery(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5, until=120)
    story.watch("pod.not_ready", "gateway-b", 90, "u2", "gateway")
    story.watch("pod.ready", "gateway-b", 91, "u2", "gateway")
    assert bounds(judged(story))[1] == pytest.approx(5)


def test_a_role_that_is_not_whole_at_the_end_has_not_recovered_however_late_it_fell(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5, until=120)
    story.watch("pod.not_ready", "gateway-b", 90, "u2", "gateway")
    assert judged(story).verdict is Verdict.FAIL


def test_users_of_whom_none_asked_in_the_outage_tell_nothing(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.load("viewers", start=1, seconds=58)
    rows = tmp_path / "load" / "requests-viewers.csv"
    head, *lines = rows.read_text().splitlines()
    since, until = (START_NS + int(t * 1e9) for t in (9.9, 15.1))
    left = [line for line in lines if not since <= int(line.split(",")[0]) < until]
    rows.write_text("\n".join([head, *left]) + "\n")
    for line in story.lines:
        if line["kind"] == "load.finished":
            line["data"] |= {"sent": len(left), "ok": len(left)}
    finding = judged(story, load="viewers")
    assert (finding.verdict, "silent" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_a_victim_that_is_cut_off_and_stays_ready_is_not_dead(tmp_path: Path) -> None:
    """A partition or a pause kills nothing: what the watch shows of its victims holds."""
    story = stage(tmp_path)
    story.lines = [line for line in story.lines if not line["kind"].startswith("fault.")]
    story.fault("f1", t=10, victim=("gateway-a", "u1"), fault="PartitionPod role=gateway")
    story.event("harness", "test.finished", "t", 60)
    story.load("viewers", start=1, seconds=58, bad=((10, 14),))
    finding = judged(story, load="viewers")
    assert finding.verdict is Verdict.PASS, finding
    assert 3.8 <= bounds(finding)[0] <= 4.3
    assert judged(story, 3, load="viewers").verdict is Verdict.FAIL
    assert judged(story).verdict is Verdict.INCONCLUSIVE, "without users nothing says how long they were cut off"


def test_a_workload_that_never_counted_its_pods_again_leaves_it_undecided(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path)
    story.replicas("gateway", 10.2, 2, 1)
    finding = judged(story)
    assert (finding.verdict, "counted only 1 Ready" in finding.reason) == (Verdict.INCONCLUSIVE, True)
    story.replicas("gateway", 31, 2, 2)
    assert judged(story).verdict is Verdict.PASS


def test_a_role_whose_workload_nobody_saw_and_a_fault_that_is_not_proven_are_inconclusive(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path)
    story.lines = [line for line in story.lines if line["kind"] != "workload.replicas"]
    assert (judged(story).verdict, "saw no workload" in judged(story).reason) == (Verdict.INCONCLUSIVE, True)
    story = lost_and_replaced(tmp_path)
    story.lines = [line for line in story.lines if line["kind"] != "fault.healed"]
    assert (judged(story).verdict, UNHEALED in judged(story).reason) == (Verdict.INCONCLUSIVE, True)
