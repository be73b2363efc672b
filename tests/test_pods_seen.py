"""What the watch saw of pods, and what it cannot have seen: pods by UID, gaps, moments, intervals."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_maker import Story

from reports.interval import Interval
from reports.pods import RELIST_S, Gap, gaps, moment, pods_of
from reports.timeline import Timeline, read
from reports.verdict import Verdict

FOREVER = float("inf")


def told(story: Story) -> Timeline:
    story.event("harness", "test.finished", "t", 100)
    return read(story.write())


def test_a_pod_serves_while_it_is_ready_and_not_on_its_way_out(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.pod("gateway-a", "u1", "gateway", t=1, node="worker")
    story.pod("gateway-b", "u2", "gateway", t=1, node="worker2")
    story.pod("manager-a", "u3", "manager", t=1)
    story.watch("pod.not_ready", "gateway-a", 10, "u1", "gateway")
    story.watch("pod.ready", "gateway-a", 20, "u1", "gateway")
    story.gone("gateway-b", "u2", "gateway", 30, "worker2")
    seen = told(story)
    count = {t: pods_of(seen, "gateway", until=t).serving() for t in (1, 5, 10, 10.5, 25, 30, 30.05, 45)}
    assert count == {1: 0, 5: 2, 10: 2, 10.5: 1, 25: 2, 30: 2, 30.05: 1, 45: 1}
    pods = pods_of(seen, "gateway")
    assert {key: (pod.uid, pod.name, pod.node) for key, pod in pods.items()} == {
        "u1": ("u1", "gateway-a", "worker"), "u2": ("u2", "gateway-b", "worker2"),
    }  # fmt: skip
    assert (pods["u2"].ready, pods["u2"].terminating, pods["u2"].gone, pods["u2"].serves) == (False, True, True, False)
    assert (pods["u1"].terminating, pods["u1"].gone, pods["u1"].serves) == (False, False, True)


def test_where_a_pod_is_stays_known_when_a_later_event_does_not_say(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.pod("gateway-a", "u1", "gateway", t=1, node="worker")
    story.event("watch", "pod.not_ready", "acd/pod/gateway-a", 2, uid="u1", role="gateway")
    assert pods_of(told(story), "gateway")["u1"].node == "worker"


@pytest.mark.parametrize(
    ("watch", "kinds"),
    [
        ("pods", {"pod", "container"}), ("nodes", {"node"}), ("EndpointSlices", {"endpoint"}),
        ("deployments", {"workload"}), ("statefulsets", {"workload"}), ("daemonsets", {"workload"}),
        ("replicasets", {"workload"}), ("horizontalpodautoscalers", {"hpa"}), ("hpa", {"hpa"}),
        ("something else", {"pod", "container", "node", "endpoint", "workload", "hpa", "other"}),
    ],
)  # fmt: skip
def test_a_gap_hides_what_its_watch_tells_and_an_unknown_one_all(watch: str, kinds: set[str]) -> None:
    every = ("pod", "container", "node", "endpoint", "workload", "hpa", "other")
    assert {kind for kind in every if Gap(watch, 0, 1).hides(f"{kind}.thing")} == kinds


def test_a_gap_lasts_until_its_own_watch_resumed_or_for_ever(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.event("watch", "watch.lost", "pods", 10, err=0.5)
    story.event("watch", "watch.resumed", "pods", 12)
    story.event("watch", "watch.lost", "pods", 20)
    story.event("watch", "watch.lost", "nodes", 21)
    story.event("watch", "watch.resumed", "nodes", 22)
    assert gaps(told(story)) == [Gap("pods", 9.5, 12), Gap("pods", 20, FOREVER), Gap("nodes", 21, 22)]


@pytest.mark.parametrize(
    ("start", "end", "earliest"),
    [
        (5, 10 - RELIST_S, 5), (5, 9.75 - RELIST_S, 9.75), (10, 12, 9.75), (10.5, 12, 9.75), (5, FOREVER, 5),
    ],
)  # fmt: skip
def test_what_ended_a_gap_or_came_with_the_list_after_it_may_be_as_old_as_its_start(
    start: float, end: float, earliest: float, tmp_path: Path
) -> None:
    story = Story(tmp_path)
    story.pod("gateway-a", "u1", "gateway", t=1)
    story.event("watch", "pod.not_ready", "acd/pod/gateway-a", 10, uid="u1", role="gateway", err=0.25)
    (event,) = told(story).query("pod.not_ready")
    assert moment(event, [Gap("pods", start, end)]) == Interval(earliest, 10.25)
    assert moment(event, [Gap("nodes", start, end)]) == Interval(9.75, 10.25)
    assert moment(event, []) == Interval(9.75, 10.25)


def test_of_two_gaps_the_earlier_counts(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.pod("gateway-a", "u1", "gateway", t=1)
    story.watch("pod.not_ready", "gateway-a", 10, "u1", "gateway")
    (event,) = told(story).query("pod.not_ready")
    assert moment(event, [Gap("pods", 7, 9.5), Gap("pods", 4, 9.5)]) == Interval(4, 10)


@pytest.mark.parametrize(
    ("budget_s", "verdict"),
    [(2, Verdict.PASS), (1.9, Verdict.INCONCLUSIVE), (1, Verdict.INCONCLUSIVE), (0.9, Verdict.FAIL)],
)
def test_an_interval_keeps_a_budget_breaks_it_or_cannot_tell(budget_s: float, verdict: Verdict) -> None:
    assert Interval(1, 2).within(budget_s) is verdict


def test_from_one_moment_to_another_it_takes_no_less_than_nothing() -> None:
    assert Interval.between(Interval(1, 2), Interval(5, 9)) == Interval(3, 8)
    assert Interval.between(Interval(1, 4), Interval(2, 3)) == Interval(0, 2)
    assert Interval.between(Interval(5, 6), Interval(1, 2)) == Interval(0, 0)


def test_both_have_happened_when_the_later_has() -> None:
    assert Interval(1, 9).later_of(Interval(2, 3)) == Interval(2, 9)


@pytest.mark.parametrize(
    ("interval", "said"),
    [(Interval(1, 1.04), "1.0 s"), (Interval(1, 1.0625), "1.0 to 1.1 s"), (Interval(2, 9), "2.0 to 9.0 s")],
)
def test_an_interval_is_told_as_one_figure_where_it_is_narrow(interval: Interval, said: str) -> None:
    assert str(interval) == said
    assert Interval(1.00049, 2.12345).to_json() == [1.0, 2.123]
