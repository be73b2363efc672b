"""Figures that are no verdict: how late records were seen, how far polls lagged, how often records came again."""

from __future__ import annotations

from typing import Any

import numpy as np

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.measures import Durations
from tests.kafka.notation import history


def measures(text: str) -> dict[str, Any]:
    checker = Checker()
    checker.feed(history(text))
    return checker.verdict().measures


def test_how_late_records_were_seen_and_how_far_polls_lagged() -> None:
    text = "0 ok send x=1@0 | 0 ok send x=2@1 | 1 ok subscribe x | 1 ok poll x=1@0 | 1 ok poll x=1@0 | 1 ok poll x=2@1"
    measured = measures(text)
    assert measured["time_to_seen"]["count"] == 2
    assert measured["time_to_seen"]["worst_s"] == 80e-9  # x=2 is acknowledged at 30 ns and polled at 110
    assert measured["realtime_lag"]["worst_s"] == 50e-9  # offset 0 is superseded at 30 ns; a poll begins at 80
    assert measured["consumed_times"] == {"1": 1, "2": 1}


def test_a_record_is_seen_once_by_the_first_poll_that_returned_it() -> None:
    text = "1 invoke poll | 0 invoke send x=1 | 1 ok poll x=1@0 | 0 ok send x=1@0 x=2@1 | 2 info send y=1@0 "
    text += "| 3 info poll x=2@1 | 1 ok poll y=1@0,9@5 | 1 ok poll x=1@0 | 1 ok poll x=1@0"
    assert measures(text)["time_to_seen"] == {
        "count": 1, "p50_s": 0.0, "p95_s": 0.0, "p99_s": 0.0, "worst_s": 0.0,
    }  # fmt: skip
    late = "0 ok send x=1@0 | 1 ok poll x=1@0 | 1 ok poll x=1@0 | 1 ok poll x=1@0"
    assert measures(late)["time_to_seen"]["worst_s"] == 20e-9


def test_a_poll_of_the_newest_record_does_not_lag() -> None:
    for sends in ("0 ok send x=1@0", "0 ok send x=1@0 | 0 info send x=2@1", "0 ok send x=1@0 x=2"):
        lag = measures(f"{sends} | 1 ok poll x=1@0 | 2 info poll x=9@3")["realtime_lag"]
        assert (lag["count"], lag["worst_s"]) == (1, 0.0), sends


def test_a_send_that_never_learnt_its_offset_tells_nobody_how_long_the_log_is() -> None:
    lag = measures("0 ok send x=1@0 | 0 ok send x=2 | 1 ok poll x=1@0 | 2 ok poll x=2@1,3@2")["realtime_lag"]
    assert (lag["count"], lag["worst_s"]) == (2, 0.0)  # not four: a poll is one, however many records it returned


def test_one_poll_lags_as_far_as_its_highest_record() -> None:
    text = "0 ok send x=1@0 | 0 ok send x=2@1 | 0 ok send x=3@2 | 1 ok poll x=1@0,2@1 | 1 ok poll x=3@2"
    lag = measures(text)["realtime_lag"]
    assert (lag["count"], lag["worst_s"]) == (2, 10e-9)  # offset 1 is superseded at 50 ns, the poll begins at 60


def test_what_a_subscribed_process_polled_again_is_reprocessed() -> None:
    text = (
        "0 ok send x=1@0 x=2@1 x=3@5 y=1@0 | 1 ok subscribe x y | 2 ok assign x y "
        "| 1 ok poll x=1@0,2@1,9@2 | 1 ok poll x=9@2,1@0&y=1@0,8@1 | 1 ok poll x=1@3&y=1@0 "  # 1 and 9 came again
        "| 2 ok poll x=2@1,2@1 | 3 ok poll x=3@5,3@5 "  # processes that never subscribed
        "| 1 info poll x=2@1"  # what became of it is not known
    )
    # of x: 1 three times, 9 twice, 2 once; of y: 1 twice, 8 once
    assert measures(text)["consumed_times"] == {"1": 2, "2": 2, "3": 1}


def test_two_subscribers_of_one_record_are_no_reprocessing() -> None:
    text = "0 ok send x=1@0 | 1 ok subscribe x | 2 ok subscribe x | 1 ok poll x=1@0 | 2 ok poll x=1@0,7@1 | 2 ok poll"
    assert measures(text)["consumed_times"] == {"1": 3}


def test_records_that_nobody_sent_can_come_again_too() -> None:
    text = "0 ok send y=1@0 | 1 ok subscribe x | 1 ok poll x=1@0,2@1 | 1 ok poll x=1@0"
    assert measures(text)["consumed_times"] == {"1": 1, "2": 1}


def test_lag_counts_from_when_the_log_was_known_to_be_longer() -> None:
    """Offset 4 of another poll tells that 0 is superseded, before any send does; an unread end lags not at all."""
    text = "0 invoke send x=1 | 0 ok send x=1@0 | 1 ok poll x=9@4 | 2 ok poll x=1@0 | 1 ok poll x=9@4"
    assert measures(text)["realtime_lag"] == {
        "count": 3, "p50_s": 0.0, "p95_s": 0.0, "p99_s": 0.0, "worst_s": 1e-08,
    }  # fmt: skip


def test_quantiles_are_within_a_percent_and_the_worst_is_exact() -> None:
    durations = Durations()
    assert durations.to_json() is None
    for part in np.split(np.random.default_rng(1).permutation(np.arange(1, 100_001)) * 1_000_000, [0, 10, 70_000]):
        durations.add(part)
    durations.add(np.array([-5]))  # clocks may disagree: it counts, as zero
    found = durations.to_json()
    assert found is not None
    assert (found["count"], found["worst_s"]) == (100_001, 100.0)
    for quantile, seconds in (("p50_s", 50), ("p95_s", 95), ("p99_s", 99)):
        assert abs(found[quantile] / seconds - 1) < 0.008, quantile


def test_quantiles_are_rounded_to_microseconds() -> None:
    durations = Durations()
    durations.add(np.array([1_500_000_000, 1_500_000_000, 2_000_000_000]))
    assert durations.to_json() == {"count": 3, "p50_s": 1.501561, "p95_s": 2.0, "p99_s": 2.0, "worst_s": 2.0}


def test_a_quantile_is_never_above_the_worst() -> None:
    durations = Durations()
    durations.add(np.full(9, 1_000_000_001))
    assert durations.to_json() == {"count": 9, "p50_s": 1.0, "p95_s": 1.0, "p99_s": 1.0, "worst_s": 1.000000001}
