"""The whole of what a load left, read from hand-made plans and rows, and each reason for which it is no evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports.answers import behind_s, old_answer
from reports.event import Event
from reports.layout import REQUEST_HEADER
from reports.pace import Pace
from reports.requests import Requests, read_requests
from reports.rows import RequestsError, read_rows
from reports.timeline import Timeline

START = 10**12


def row(planned: float, start: float, end: float, status: int = 200, error: str = "", name: str = "GET /a") -> str:
    times = ",".join(str(START + round(second * 1e9)) for second in (planned, start, end))
    return f"{times},3,{name},{status},9,{error}"


def seen(*, load: str = "viewers", end_s: float = 6.0, **told: Any) -> Timeline:
    """A run whose clock began at START, and in which the load was told to stop at `end_s`."""
    ends = [Event(end_s, 0.0, "load", "load.finished", load, None, told)] if told else []
    started = Event(0.0, 0.0, "harness", "run.started", "run", None, {})
    return Timeline((started, *ends), torn=False, start_ns=START, unix_ns=0)


def left(folder: Path, *rows: str, torn: str = "", **plan: Any) -> Path:
    """A load of 1 request per second for 5 s, which begins at 1 s."""
    (folder / "load").mkdir(exist_ok=True)
    text = "".join(f"{line}\n" for line in (REQUEST_HEADER, *rows)) + torn
    (folder / "load/requests-viewers.csv").write_text(text)
    whole = {"load": "viewers", "rate_per_s": 1.0, "start_ns": START + 10**9, "duration_s": 5.0, "planned": 5} | plan
    kept = {key: value for key, value in whole.items() if value is not None}
    (folder / "load/viewers.plan.json").write_text(json.dumps(kept))
    return folder


ROWS = (row(1.5, 1.5, 1.75), row(3.25, 4.0, 4.5, 503, "status 503", "GET /b"), row(4.5, 4.5, 4.75, 404))


def whole(requests: Requests) -> dict[str, Any]:
    columns = {name: getattr(requests, name).tolist() for name in
               ("planned_s", "start_s_of", "end_s_of", "name", "status", "error", "sent", "latency_s")}  # fmt: skip
    plain = {name: getattr(requests, name) for name in ("load", "rate_per_s", "start_s", "end_s", "torn")}
    return plain | {
        name: [None if str(value) == "nan" else value for value in column] for name, column in columns.items()
    }


def test_each_slot_has_its_row_or_stands_empty_in_its_middle(tmp_path: Path) -> None:
    left(tmp_path, *ROWS, torn="1,2,")
    requests = read_requests(tmp_path, "viewers", seen(sent=3, ok=2))
    assert whole(requests) == {
        "load": "viewers", "rate_per_s": 1.0, "start_s": 1.0, "end_s": 6.0, "torn": 1,
        "planned_s": [1.5, 2.5, 3.25, 4.5, 5.5],
        "start_s_of": [1.5, None, 4.0, 4.5, None], "end_s_of": [1.75, None, 4.5, 4.75, None],
        "name": ["GET /a", "", "GET /b", "GET /a", ""], "status": [200, 0, 503, 404, 0],
        "error": ["", "missing", "status 503", "", "missing"], "sent": [True, False, True, True, False],
        "latency_s": [0.25, None, 1.25, 0.25, None],
    }  # fmt: skip
    assert requests.good(0.25).tolist() == [True, False, False, True, False]
    assert requests.generator_fault.tolist() == [False, True, True, False, True]


def test_a_load_that_was_stopped_early_has_no_slots_after_that_but_those_with_a_row(tmp_path: Path) -> None:
    left(tmp_path, *ROWS)
    requests = read_requests(tmp_path, "viewers", seen(end_s=4.0, sent=3, ok=2))
    assert (requests.end_s, requests.planned_s.tolist(), requests.torn) == (4.0, [1.5, 2.5, 3.25, 4.5], 0)
    assert len(read_requests(tmp_path, "viewers", seen(end_s=5.9, sent=3, ok=2)).planned_s) == 4
    assert len(read_requests(tmp_path, "viewers", seen(end_s=99.0, sent=3, ok=2)).planned_s) == 5


def test_stages_have_slots_of_their_own_length(tmp_path: Path) -> None:
    stages = [[2, 1.0], [1, 0], [2, 2.0]]
    left(tmp_path, row(1.5, 1.5, 1.6), row(4.6, 4.6, 4.7), planned=6, stages=stages, rate_per_s=1.2)
    requests = read_requests(tmp_path, "viewers", seen(sent=2, ok=2))
    planned = [1.5, 2.5, 4.25, 4.6, 5.25, 5.75]
    assert (requests.rate_per_s, requests.planned_s.tolist()) == (1.2, planned)
    assert requests.sent.tolist() == [True, False, False, True, False, False]


def test_the_timeline_is_read_where_it_is_not_given(tmp_path: Path) -> None:
    left(tmp_path, *ROWS)
    clocks = {"monotonic_ns": START, "unix_ns": 7}
    lines = [{"t": 0.0, "source": "harness", "kind": "run.started", "subject": "run", "data": clocks},
             {"t": 1.0, "source": "load", "kind": "load.started", "subject": "viewers", "data": {}},
             {"t": 6.0, "source": "load", "kind": "load.finished", "subject": "viewers",
              "data": {"sent": 3, "ok": 2}}]  # fmt: skip
    (tmp_path / "timeline.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert whole(read_requests(tmp_path, "viewers")) == whole(
        read_requests(tmp_path, "viewers", seen(sent=3, ok=2))
    )  # fmt: skip


COUNTS = "load/requests-viewers.csv holds 3 requests, 2 of them good; when load viewers ended there were "


@pytest.mark.parametrize(
    ("rows", "plan", "told", "why"),
    [
        ((), {}, {"sent": 0, "ok": 0}, "load/requests-viewers.csv has no row: the load sent nothing"),
        (ROWS, {}, {}, "timeline.jsonl does not say how load viewers ended, so rows may have been lost"),
        (ROWS, {}, {"load": "other", "sent": 3, "ok": 2},
         "timeline.jsonl does not say how load viewers ended, so rows may have been lost"),
        (ROWS, {}, {"sent": 4, "ok": 2}, f"{COUNTS}4, 2 of them good"),
        (ROWS, {}, {"sent": 3, "ok": 3}, f"{COUNTS}3, 3 of them good"),
        (ROWS, {}, {"sent": 3}, f"{COUNTS}3, None of them good"),
        (ROWS, {}, {"sent": 3, "ok": 2, "end_s": 3.9},
         "load/requests-viewers.csv has requests planned after load viewers was told to stop, at 3.9 s"),
        (ROWS, {}, {"sent": 3, "ok": 2, "end_s": 3.5, "gone_s": 0.9},
         "load/requests-viewers.csv has requests planned after load viewers was told to stop, at 3.5 s"),
        (ROWS, {"start_ns": START + 16 * 10**8}, {"sent": 3, "ok": 2},
         "load/requests-viewers.csv has requests outside its plan of 5 slots"),
        (ROWS, {"planned": 3}, {"sent": 3, "ok": 2},
         "load/requests-viewers.csv has requests outside its plan of 3 slots"),
        ((*ROWS, row(4.75, 4.75, 4.8), row(4.25, 4.25, 4.8)), {}, {"sent": 5, "ok": 4},
         "load/requests-viewers.csv has 2 slots with more than one row"),
        (ROWS, {"load": "others"}, {}, "load/viewers.plan.json is the plan of load others"),
        (ROWS, {"rate_per_s": 0}, {}, "load/viewers.plan.json: it plans nothing"),
        (ROWS, {"planned": 0}, {}, "load/viewers.plan.json: it plans nothing"),
        (ROWS, {"duration_s": None}, {}, "load/viewers.plan.json is not a plan: KeyError('duration_s')"),
        (ROWS, {"stages": [7]}, {},
         "load/viewers.plan.json is not a plan: TypeError('cannot unpack non-iterable int object')"),
    ],
)  # fmt: skip
def test_what_is_no_evidence_is_told_in_one_sentence(
    tmp_path: Path, rows: tuple[str, ...], plan: dict[str, Any], told: dict[str, Any], why: str
) -> None:
    left(tmp_path, *rows, **plan)
    with pytest.raises(RequestsError) as error:
        read_requests(tmp_path, "viewers", seen(**told))
    assert str(error.value) == why


def test_edges_that_are_still_evidence(tmp_path: Path) -> None:
    left(tmp_path, *ROWS)
    for told in ({"end_s": 4.0}, {"end_s": 3.5, "gone_s": 1.0}):
        read_requests(tmp_path, "viewers", seen(sent=3, ok=2, **told))
    left(tmp_path, *ROWS, planned=4, start_ns=START + 15 * 10**8)
    assert read_requests(tmp_path, "viewers", seen(sent=3, ok=2)).start_s == 1.5
    left(tmp_path, row(1.5, 1.5, 1.6), planned=1, rate_per_s=0.5)
    assert len(read_requests(tmp_path, "viewers", seen(sent=1, ok=1)).sent) == 2
    (tmp_path / "load/viewers.plan.json").unlink()
    with pytest.raises(RequestsError, match=r"^load/viewers\.plan\.json is missing: what was to be sent is unknown$"):
        read_requests(tmp_path, "viewers", seen(sent=1, ok=1))


def test_only_requests_of_a_name_and_those_that_nobody_knows_stay(tmp_path: Path) -> None:
    left(tmp_path, *ROWS)
    requests = read_requests(tmp_path, "viewers", seen(sent=3, ok=2))
    assert requests.named(None) is requests
    everything, named = whole(requests), whole(requests.named(["GET /b"]))
    kept = [1, 2, 4]
    assert named == {name: [value[n] for n in kept] if isinstance(value, list) else value
                     for name, value in everything.items()}  # fmt: skip
    for names, said in ((["GET /b", "GET /z", "GET /c"], "GET /c or GET /z"), ([], "")):
        with pytest.raises(RequestsError) as error:
            requests.named(names)
        assert str(error.value) == f"load viewers has no request named {said}; there are ['GET /a', 'GET /b']"


def test_a_pace_of_stages_knows_its_slots_and_its_moments() -> None:
    pace = Pace([(10, 5), (0, 9), (-1, 9), (20, 50), (5, 0)])
    assert pace.stages == [(10.0, 5.0), (20.0, 50.0), (5.0, 0.0)]
    assert (pace.moments, pace.counts, pace.slots) == ([0.0, 10.0, 30.0, 35.0], [0.0, 50.0, 1050.0, 1050.0], 1050)
    assert [pace.slot_at(second) for second in (0, 1, 10, 11, 30, 33, 40)] == [0, 5, 50, 100, 1050, 1050, 1050]
    assert [pace.at(slot) for slot in (0, 5, 50, 100, 1050, 1100)] == [0, 1, 10, 11, 30, 31]
    assert (Pace([]).slot_at(9), Pace([]).slots, Pace([(1, 0.3), (2, 0.35)]).slots) == (0.0, 0, 1)
    assert Pace([(0.5, 1)]).stages == [(0.5, 1.0)]


def test_the_age_of_an_answer_is_read_as_it_was_written() -> None:
    assert old_answer(3.20049, "stands at 4") == "old-answer of 3.200 s ago: stands at 4"
    assert behind_s(old_answer(12.5, "x")) == 12.5
    assert [behind_s(text) for text in ("", "wrong-answer", "an old-answer of 1.0 s ago: x")] == [0.0, 0.0, 0.0]


FILE = "load/requests-viewers.csv"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([row(1, 0.9, 1.2)], ":2 was sent before it was planned, or ended before it was sent: it contradicts itself"),
        ([row(1, 1, 1), row(1, 1.2, 1.1)],
         ":3 was sent before it was planned, or ended before it was sent: it contradicts itself"),
        ([row(1, 1, 1, 99)], ":2 finds nothing wrong with no answer: it contradicts itself"),
        ([row(1, 1, 1, 500)], ":2 finds nothing wrong with no answer: it contradicts itself"),
        ([row(1, 1, 1, 502, "status 503")], ":2 names another status than it has: it contradicts itself"),
        ([row(1, 1, 3), row(1, 1, 2), row(1, 1, 1.9)], ":4 was written after a later one: it contradicts itself"),
        ([row(1, 1, 1), "1,2,3"], ":3 is not a request row"),
        ([row(1, 1, 1), row(1, 1, 1).replace(",200,", ",2x,")], ":3 is not a request row"),
        ([f"{2**70},1,2,3,GET,200,9,"], ":? is not a request row"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_true_is_named_by_its_line(tmp_path: Path, rows: list[str], why: str) -> None:
    with pytest.raises(RequestsError) as error:
        read_rows(left(tmp_path, *rows) / FILE)
    assert str(error.value) == FILE + why


def test_rows_at_the_edge_of_truth_are_read_as_they_are(tmp_path: Path) -> None:
    rows = (row(1, 1, 3, 100), row(1, 1, 2, 499), row(2, 2, 2, 502, "status 502"), row(1, 1, 3, 200, 'a "b'))
    columns, torn = read_rows(left(tmp_path, *rows) / FILE)
    assert torn == 0
    assert {name: column.tolist() for name, column in columns.items()} == {
        "planned_ns": [START + s * 10**9 for s in (1, 1, 2, 1)], "start_ns": [START + s * 10**9 for s in (1, 1, 2, 1)],
        "end_ns": [START + s * 10**9 for s in (3, 2, 2, 3)], "user": [3] * 4, "name": ["GET /a"] * 4,
        "status": [100, 499, 502, 200], "bytes": [9] * 4, "error": ["", "", "status 502", 'a "b'],
    }  # fmt: skip
    assert np.asarray(columns["error"]).dtype == np.object_
    for text, why in (("planned\n1\n", f"{FILE}:1 is not the header {REQUEST_HEADER}"), (None, None)):
        (tmp_path / FILE).write_text(text) if text else (tmp_path / FILE).unlink()
        with pytest.raises(RequestsError) as error:
            read_rows(tmp_path / FILE)
        assert str(error.value) == (why or f"{FILE} is missing: the load left no rows")
