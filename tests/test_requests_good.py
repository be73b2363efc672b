"""Which requests count: what is a good answer, whose fault a missing one is, and which are meant by a name."""

from __future__ import annotations

import numpy as np
import pytest

from reports.answers import old_answer
from reports.requests import LATE_S, Requests
from reports.rows import RequestsError


def requests(*, status: int = 200, error: str = "", late_s: float = 0.0, took_s: float = 0.1) -> Requests:
    """A load of three slots: two requests of these properties, named `GET /a` and `GET /b`, and one never recorded."""
    planned = np.array([1.0, 2.0, 3.0])
    started = np.array([1.0 + late_s, 2.0 + late_s, np.nan])
    return Requests(
        "viewers", 1.0, 0.5, 3.5, planned, started, started + took_s,
        np.array(["GET /a", "GET /b", ""], np.object_), np.array([status, status, 0]),
        np.array([error, error, "missing"], np.object_), 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "good"), [(0, False), (99, False), (100, True), (200, True), (499, True), (500, False), (503, False)]
)
def test_no_answer_and_an_answer_of_500_or_above_is_never_good_whatever_the_client_thought(
    status: int, good: bool
) -> None:
    assert requests(status=status).good(5.0).tolist() == [good, good, False]


def test_what_the_client_found_wrong_is_not_good_whatever_its_status() -> None:
    assert requests(error="old-answer: stands at 4").good(5.0).tolist() == [False, False, False]


def test_an_answer_of_so_long_ago_is_as_late_as_one_that_takes_so_long() -> None:
    behind = requests(error=old_answer(3.2, "stands at 4"), took_s=0.5)
    assert behind.good(3.2).tolist() == [True, True, False]
    assert behind.good(3.1).tolist() == [False, False, False]
    assert requests(error=old_answer(0.1, "stands at 4"), took_s=0.5).good(0.4).tolist() == [False] * 3
    assert requests(error="read: timed out").good(1e9).tolist() == [False] * 3


def test_a_user_waits_from_the_planned_start_and_the_deadline_itself_is_in_time() -> None:
    late = requests(late_s=0.25, took_s=0.25)
    assert late.latency_s.tolist()[:2] == [0.5, 0.5]
    assert late.good(0.5).tolist() == [True, True, False]
    assert late.good(0.49).tolist() == [False, False, False]


def test_what_was_not_sent_or_sent_late_is_the_generators_fault() -> None:
    assert requests().generator_fault.tolist() == [False, False, True]
    assert requests(late_s=LATE_S).generator_fault.tolist() == [False, False, True]
    assert requests(late_s=LATE_S + 0.125).generator_fault.tolist() == [True, True, True]


def test_by_name_those_without_a_row_stay_for_any_may_have_been_meant() -> None:
    named = requests().named(["GET /b"])
    assert named.name.tolist() == ["GET /b", ""]
    assert named.planned_s.tolist() == [2.0, 3.0]
    assert named.sent.tolist() == [True, False]
    assert (named.load, named.rate_per_s, named.start_s, named.end_s, named.torn) == ("viewers", 1.0, 0.5, 3.5, 0)
    everything = requests()
    assert everything.named(None) is everything


def test_a_name_that_no_request_has_is_refused_and_those_there_are_are_told() -> None:
    with pytest.raises(RequestsError) as caught:
        requests().named(["GET /c", "GET /d"])
    assert str(caught.value) == ("load viewers has no request named GET /c or GET /d; there are ['GET /a', 'GET /b']")
