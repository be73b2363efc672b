"""The whole answer about a recovery: verdict, reason, figure, budget, evidence; and the edges of what counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_maker import Story
from test_checker_recovery import bounds, judged, lost_and_replaced, node_lost, stage

from reports.checkers.recovery import of_all_hit, within
from reports.recovery import QUIET_S
from reports.verdict import Finding, Verdict

FILES = ("timeline.jsonl",)
LOAD = (*FILES, "load/requests-viewers.csv")


def test_back_in_time_is_told_whole(tmp_path: Path) -> None:
    entry = {
        "fault_id": "f1", "role": "gateway", "earliest_s": 19.95, "latest_s": 20.0, "budget_s": 30,
        "verdict": "PASS",
        "phases": {"detected": [0.0, 0.05], "endpoint_removed": [0.15, 0.2], "rescheduled": [0.35, 0.4],
                   "ready": [19.95, 20.0]},
        "lost": ["gateway-a"],
    }  # fmt: skip
    finding = judged(lost_and_replaced(tmp_path))
    assert finding.data == {"recovery": [entry]}
    assert finding.measured in finding.reason
    assert (finding.verdict, finding.budget, finding.evidence) == (Verdict.PASS, "≤ 30 s", FILES)
    assert finding.reason == f"gateway lost gateway-a and was whole again after {finding.measured}"


def test_a_budget_inside_what_is_known_is_said(tmp_path: Path) -> None:
    finding = judged(lost_and_replaced(tmp_path), 19.98)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason.endswith("; 19.98 s lies inside what is known")
    assert "lies inside" not in judged(lost_and_replaced(tmp_path), 19.9).reason


def test_never_back_is_told_whole(tmp_path: Path) -> None:
    story = stage(tmp_path)
    story.gone("gateway-a", "u1", "gateway", 10.05)
    story.event("harness", "test.finished", "t", 45)
    finding = judged(story)
    said = "gateway lost gateway-a and was not whole again within the 35.0 s that were watched"
    assert finding.reason.startswith(said)
    assert (finding.measured, finding.budget, finding.evidence) == ("not back in 35.0 s", "≤ 30 s", FILES)
    entry = finding.data["recovery"][0]
    assert (entry["earliest_s"], entry["latest_s"], entry["budget_s"]) == (None, None, 30)
    assert "ready" not in entry["phases"]
    assert "rescheduled" not in entry["phases"]


def test_no_such_fault_is_told_whole(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path)
    story.write()
    said = "no fault f9 is on the timeline"
    finding = within(story.folder, role="gateway", budget_s=30, fault_id="f9")
    assert finding == Finding(Verdict.INCONCLUSIVE, said, budget="≤ 30 s", evidence=FILES)


def test_a_role_that_was_not_hit_is_told_whole(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path)
    story.pod("manager-a", "u5", "manager", t=0.1)
    said = "fault f1 hit no Ready pod of manager"
    assert judged(story, role="manager") == Finding(Verdict.INCONCLUSIVE, said, budget="≤ 30 s", evidence=FILES)


@pytest.mark.parametrize(("again_after", "latest"), [(QUIET_S - 0.5, 16), (QUIET_S, 5), (QUIET_S + 0.5, 5)])
def test_whole_for_ten_seconds_is_recovered_and_what_falls_sooner_is_not(
    tmp_path: Path, again_after: float, latest: float
) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.watch("pod.not_ready", "gateway-c", 15 + again_after, "u3", "gateway")
    story.watch("pod.ready", "gateway-c", 26, "u3", "gateway")
    finding = judged(story)
    assert finding.verdict is Verdict.PASS
    assert bounds(finding)[1] == pytest.approx(latest)


def test_the_next_fault_ends_what_is_looked_at(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=20)
    story.fault("f2", t=25, victim=("gateway-b", "u2"), experiment="other-1")
    assert judged(story, 10).verdict is Verdict.FAIL
    assert judged(story, 10).measured == "not back in 14.9 s"
    assert judged(story, 15).verdict is Verdict.INCONCLUSIVE


def test_users_are_told_beside_the_role(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.load("viewers", start=1, seconds=58, bad=((10, 25),))
    finding = judged(story, 20, load="viewers")
    entry = finding.data["recovery"][0]
    assert finding.evidence == LOAD
    assert finding.reason.startswith("gateway lost gateway-a and was whole again after ")
    assert "; serving viewers after " in finding.reason
    assert [entry["earliest_s"], entry["latest_s"]] == entry["phases"]["users_served"]
    assert entry["phases"]["ready"] == [4.95, 5.0]


def test_users_who_are_never_served_again_are_a_fail_and_have_no_phase(tmp_path: Path) -> None:
    story = lost_and_replaced(tmp_path, ready_after=5)
    story.load("viewers", start=1, seconds=58, bad=((10, 60),))
    finding = judged(story, 20, load="viewers")
    assert finding.verdict is Verdict.FAIL
    assert "not serving viewers within the " in finding.reason
    assert "users_served" not in finding.data["recovery"][0]["phases"]
    assert finding.data["recovery"][0]["latest_s"] is None


def test_all_that_a_node_carried_is_told_whole(tmp_path: Path) -> None:
    folder = node_lost(tmp_path).folder
    finding = of_all_hit(folder, fault_id="f1", budgets={"gateway": 40, "manager": 41.5})
    assert (finding.budget, finding.evidence) == ("gateway ≤ 40 s, manager ≤ 41.5 s", FILES)
    assert finding.measured.startswith("gateway ")
    assert finding.reason.startswith("gateway lost gateway-a and was whole again after ")
    nothing = of_all_hit(folder, fault_id="f1", budgets={"manager": 40})
    assert nothing == Finding(Verdict.INCONCLUSIVE, "fault f1 hit none of manager", budget="manager ≤ 40 s")
    no_fault = of_all_hit(folder, fault_id="f9", budgets={"gateway": 40})
    assert no_fault == Finding(Verdict.INCONCLUSIVE, "no fault f9 is on the timeline", budget="gateway ≤ 40 s")


def test_of_all_hit_one_that_cannot_be_measured_leaves_it_undecided(tmp_path: Path) -> None:
    finding = of_all_hit(node_lost(tmp_path).folder, fault_id="f1", budgets={"gateway": 40, "unheard-of": 40})
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason == "the watch saw no pod of unheard-of before the fault"
    assert [entry["role"] for entry in finding.data["recovery"]] == ["gateway"]


def test_the_effect_is_not_after_the_first_sign_of_it_on_a_victim(tmp_path: Path) -> None:
    """`fault.effective` may come late; what the watch saw of the victim says that it was sooner."""
    story = Story(tmp_path)
    story.pod("gateway-a", "u1", "gateway", t=0.1)
    story.replicas("gateway", 0.2, 1, 1)
    story.fault("f1", t=10, victim=("gateway-a", "u1"), effective=3.0)
    story.gone("gateway-a", "u1", "gateway", 10.02)
    story.pod("gateway-c", "u3", "gateway", t=11, starts_s=9)
    story.event("harness", "test.finished", "t", 60)
    earliest, latest = bounds(judged(story))
    assert (earliest, latest) == (9.98, 10.0)


@pytest.mark.parametrize(("err", "hit"), [(0.31, True), (0.05, False)])
def test_a_sign_whose_middle_lies_before_the_act_may_be_its_effect(tmp_path: Path, err: float, hit: bool) -> None:
    """On a busy machine the watch knows its times to a third of a second; a victim seemed lost before it was killed."""
    story = lost_and_replaced(tmp_path)
    begun = next(line["t"] for line in story.lines if line["kind"] == "fault.injecting")
    for line in story.lines:
        if line.get("uid") == "u1" and line["kind"] in {"pod.terminating", "pod.not_ready"}:
            line |= {"t": begun - 0.1, "err": err}
    finding = judged(story)
    assert finding.verdict is (Verdict.PASS if hit else Verdict.INCONCLUSIVE), finding.reason
    assert ("hit no Ready pod" in finding.reason) is not hit
    if hit:
        earliest, latest = bounds(finding)
        assert earliest <= 20 <= latest
