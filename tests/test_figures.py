"""A figure of a pod counts for the autoscaler only when all of its window lies after the pod became Ready."""

from __future__ import annotations

import pytest
from fake_world import figure, pod

from fixtures.kubernetes.figures import counts


@pytest.mark.parametrize(
    ("taken", "window", "does"),
    [
        ("2026-11-21T04:00:15Z", "15s", True),
        ("2026-11-21T04:00:14Z", "15s", False),
        ("2026-11-21T04:00:15Z", "15.001s", False),
        ("2026-11-21T04:00:59Z", "1m0s", False),
        ("2026-11-21T04:01:00Z", "1m0s", True),
        ("2026-11-21T03:59:59Z", "0s", False),
    ],
)
def test_a_window_that_began_before_the_pod_was_ready_does_not_count(taken: str, window: str, does: bool) -> None:
    assert counts(figure("web-1", taken=taken, window=window), pod("web-1", "w1")) is does


def test_a_pod_that_is_not_ready_has_no_figure() -> None:
    late = figure("web-1", taken="2026-11-21T05:00:00Z")
    assert not counts(late, pod("web-1", "w1", is_ready=False))
    assert not counts(late, {"metadata": {"name": "web-1"}, "status": {}})


@pytest.mark.parametrize(
    "of_what_time", [{}, {"timestamp": "2026-11-21T05:00:00Z"}, {"window": "15s", "timestamp": None}]
)
def test_a_figure_of_no_known_time_counts_for_nothing(of_what_time: dict[str, str]) -> None:
    assert not counts({"metadata": {"name": "web-1"}, **of_what_time}, pod("web-1", "w1"))
