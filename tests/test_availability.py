"""The checkers of request rows, on hand-made rows: each verdict has a case that leads to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from reports.checkers import availability, progress
from reports.checkers.fault_window import NoSuchFault, fault_window
from reports.outage import outage
from reports.requests import RequestsError, read_requests
from reports.timeline import read as read_timeline
from reports.verdict import Verdict

RATE = 50
START_NS = 1_000_000_000_000
HEADER = "planned_ns,start_ns,end_ns,user,name,status,bytes,error\n"
Row = dict[str, Any]


def slots(seconds: float) -> list[Row]:
    """Good rows, one per slot, 10 ms each."""
    return [
        {"at": slot / RATE + 0.005, "lag": 0.0, "took": 0.01, "status": 302, "error": ""}
        for slot in range(int(seconds * RATE))
    ]


@pytest.fixture
def dossier(tmp_path: Path) -> Callable[..., Path]:
    """Write a dossier whose load starts at 2 s of the timeline, with a fault `f1` from 12 to 15 s."""

    def write(
        rows: Iterable[Row], *, seconds: float = 30, fault: tuple[float, float] | None = (12, 15), tail: str = ""
    ) -> Path:
        (tmp_path / "load").mkdir(exist_ok=True)
        events: list[tuple[float, str, str, dict[str, Any]]] = [
            (0, "run.started", "run", {"monotonic_ns": START_NS, "unix_ns": 1})
        ]
        if fault:
            events += told("f1", *fault)
        rows = list(rows)
        ok = sum(not row["error"] for row in rows)
        events.append((1, "load.started", "viewers", {"rate_per_s": RATE}))
        events.append((2 + seconds, "load.finished", "viewers", {"sent": len(rows), "ok": ok}))
        events.sort(key=lambda event: event[0])
        lines = [
            json.dumps({"t": t, "err": 0, "source": "x", "kind": k, "subject": s, "data": d}) for t, k, s, d in events
        ]
        (tmp_path / "timeline.jsonl").write_text("\n".join(lines) + "\n")
        plan = {"load": "viewers", "users": 1, "rate_per_s": RATE, "start_ns": START_NS + 2 * 10**9, "duration_s": 3600,
                "planned": 3600 * RATE, "seed": 1}  # fmt: skip
        (tmp_path / "load" / "viewers.plan.json").write_text(json.dumps(plan))
        text = HEADER
        for row in sorted(rows, key=lambda row: row["at"] + row["lag"] + row["took"]):
            planned = START_NS + int((2 + row["at"]) * 1e9)
            started = planned + int(row["lag"] * 1e9)
            ended = started + int(row["took"] * 1e9)
            text += f"{planned},{started},{ended},0,GET manifest,{row['status']},0,{row['error']}\n"
        (tmp_path / "load" / "requests-viewers.csv").write_text(text + tail)
        return tmp_path

    return write


def told(fault_id: str, since: float, until: float) -> list[tuple[float, str, str, dict[str, Any]]]:
    """A fault's events, the first four at its beginning."""
    steps = [(since, step) for step in ("planned", "injecting", "injected", "effective")]
    steps += [(until, "healing"), (until, "healed")]
    return [(t, f"fault.{step}", "x", {"fault_id": fault_id}) for t, step in steps]


def between(rows: list[Row], since: float, until: float) -> list[Row]:
    """The rows planned between two moments of the timeline."""
    return [row for row in rows if since <= row["at"] + 2 < until]


def judge(path: Path, **changes: Any) -> Any:
    return availability.in_windows(
        path, **{"load": "viewers", "at_least": 0.8, "window_s": 5, "fault_id": "f1"} | changes
    )


def test_a_load_that_is_served_throughout_passes(dossier: Callable[..., Path]) -> None:
    found = judge(dossier(slots(30)), at_least=1.0)
    assert found.verdict is Verdict.PASS
    assert found.data["missing"] == 0
    assert found.data["windows"]["worst_availability"] == 1.0


def test_the_worst_window_is_found_wherever_it_lies(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    for row in between(rows, 13.3, 15.3):
        row |= {"status": 502, "error": "status 502"}
    found = judge(dossier(rows))
    assert found.verdict is Verdict.FAIL
    assert found.data["windows"]["worst_availability"] == pytest.approx(0.6, abs=0.005)
    assert "100 x status 502" in found.reason
    assert judge(dossier(rows), at_least=0.59).verdict is Verdict.PASS


@pytest.mark.parametrize("status", [0, 99, 500, 503])
def test_a_status_that_is_no_answer_is_never_good_whatever_its_error_says(
    dossier: Callable[..., Path], status: int
) -> None:
    rows = slots(30)
    for row in between(rows, 13.3, 15.3):
        row |= {"status": status, "error": ""}
    assert judge(dossier(rows)).verdict is not Verdict.PASS


def test_an_answer_after_the_deadline_is_a_failure(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    for row in between(rows, 12, 15):
        row["took"] = 6.0
    found = judge(dossier(rows))
    assert found.verdict is Verdict.FAIL
    assert "later than 5 s" in found.reason
    assert judge(dossier(rows), deadline_s=7).verdict is Verdict.PASS


def test_missing_requests_count_as_failed_and_are_never_a_pass(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    gone = between(rows, 12, 15)
    found = judge(dossier([row for row in rows if row not in gone]))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.data["missing"] == 150
    assert "150 x missing" in found.reason


def test_missing_requests_do_not_excuse_failed_ones(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    for row in between(rows, 12, 15):
        row |= {"status": 0, "error": "connect: refused"}
    gone = between(rows, 16, 17)
    assert judge(dossier([row for row in rows if row not in gone])).verdict is Verdict.FAIL


def test_a_generator_that_was_late_is_not_the_stacks_failure(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    for row in between(rows, 12, 15):
        row["lag"] = 5.5
    found = judge(dossier(rows))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "fell behind" in found.reason


def test_a_load_that_falls_silent_proves_nothing(dossier: Callable[..., Path]) -> None:
    found = judge(dossier(slots(18)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "fell silent at 20.0 s" in found.reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fault_id": "f2"}, "no fault f2 was injected; there are f1"),
        ({"fault_id": ""}, "was injected; there are f1"),
        ({"load": "operators"}, "operators.plan.json is missing"),
        ({"names": ["GET nothing"]}, "no request named GET nothing"),
        ({"window_s": 60}, "no whole window of 60 s"),
        ({"min_requests": 5000}, "5000 are needed"),
    ],
)
def test_what_is_not_there_is_inconclusive(dossier: Callable[..., Path], change: dict[str, Any], says: str) -> None:
    found = judge(dossier(slots(30)), **change)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert says in found.reason


def test_a_load_must_cover_the_whole_fault(dossier: Callable[..., Path]) -> None:
    found = judge(dossier(slots(30), fault=(1, 5)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "not all through the fault" in found.reason
    assert judge(dossier(slots(30), fault=(30, 40))).verdict is Verdict.INCONCLUSIVE


def test_each_fault_has_a_window_of_its_own(dossier: Callable[..., Path]) -> None:
    path = dossier(slots(30))
    lines = [json.loads(line) for line in (path / "timeline.jsonl").read_text().splitlines()]
    for t, kind, subject, data in told("f2", 14, 18):
        lines.append({"t": t, "err": 0, "source": "fault", "kind": kind, "subject": subject, "data": data})
    lines.sort(key=lambda line: line["t"])
    (path / "timeline.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    window = fault_window(read_timeline(path), "f2")
    assert (window.start_s, window.end_s, window.healed) == (14, 18, True)
    assert fault_window(read_timeline(path), "f1").start_s == 12
    for nobody in ("all", "", "f3"):
        with pytest.raises(NoSuchFault, match="there are f1, f2"):
            fault_window(read_timeline(path), nobody)


def test_a_fault_that_never_healed_lasts_to_the_end(dossier: Callable[..., Path]) -> None:
    path = dossier(slots(30))
    lines = [line for line in (path / "timeline.jsonl").read_text().splitlines(keepends=True) if "heal" not in line]
    (path / "timeline.jsonl").write_text("".join(lines))
    window = fault_window(read_timeline(path), "f1")
    assert not window.healed
    assert window.end_s == 32


def test_no_rows_are_inconclusive(dossier: Callable[..., Path]) -> None:
    assert "has no row" in judge(dossier([])).reason
    path = dossier(slots(30))
    (path / "load" / "requests-viewers.csv").unlink()
    found = judge(path)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "left no rows" in found.reason


def test_a_torn_last_line_is_left_out_and_counted(dossier: Callable[..., Path]) -> None:
    found = judge(dossier(slots(30), tail="1032123,10321"))
    assert found.verdict is Verdict.PASS
    assert found.data["torn"] == 1


@pytest.mark.parametrize("line", ["1,2,3\n", "x,2,3,0,n,200,0,\n", "1,2,3,0,n,200,0,,\n"])
def test_a_damaged_row_is_named_by_file_and_line(dossier: Callable[..., Path], line: str) -> None:
    path = dossier(slots(1), tail=line)
    with pytest.raises(RequestsError, match=r"requests-viewers\.csv:52 is not a request row"):
        read_requests(path, "viewers")


def test_rows_outside_the_plan_or_twice_in_a_slot_are_refused(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    assert "more than one row" in judge(dossier([*rows, rows[0]])).reason
    assert "outside its plan" in judge(dossier([*rows, rows[0] | {"at": -1.0}])).reason


def test_latency_counts_from_the_planned_start_and_failures_as_for_ever(dossier: Callable[..., Path]) -> None:
    def p99(path: Path) -> Any:
        return availability.latency(path, load="viewers", at_most_s=0.1)

    rows = slots(30)
    assert p99(dossier(rows)).verdict is Verdict.PASS
    for row in rows[::20]:
        row["took"] = 0.3
    assert p99(dossier(rows)).verdict is Verdict.FAIL
    fast_refusals = slots(30)
    for row in fast_refusals[::20]:
        row |= {"took": 0.001, "error": "status 503", "status": 503}
    assert p99(dossier(fast_refusals)).verdict is Verdict.FAIL
    late_generator = slots(30)
    for row in late_generator[::20]:
        row["lag"] = 0.6
    assert p99(dossier(late_generator)).verdict is Verdict.INCONCLUSIVE


def test_progress_tells_no_service_from_no_questions(dossier: Callable[..., Path]) -> None:
    def moved(path: Path, at_least: int) -> Any:
        return progress.during_fault(path, load="viewers", fault_id="f1", at_least=at_least)

    rows = slots(30)
    assert moved(dossier(rows), 100).verdict is Verdict.PASS
    assert moved(dossier(rows), 1000).verdict is Verdict.INCONCLUSIVE
    for row in between(rows, 12, 15):
        row |= {"status": 0, "error": "read: timed out"}
    assert moved(dossier(rows), 100).verdict is Verdict.FAIL
    assert moved(dossier(rows, fault=None), 1).verdict is Verdict.INCONCLUSIVE


def test_an_outage_is_bounded_by_the_requests_around_it(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    for row in between(rows, 13, 14):
        row |= {"status": 0, "error": "connect: refused"}
    found = outage(dossier(rows), "viewers", after_s=12)
    assert found.began_s is not None
    assert found.first_good_s is not None
    assert found.began_s[0] < 13 < found.began_s[1] + 0.01
    assert found.first_good_s[0] <= 14 <= found.first_good_s[1]
    assert found.first_good_s[1] - found.first_good_s[0] < 0.04
    assert found.bad == 50


def test_an_outage_that_never_happened_or_never_ended_says_so(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    assert outage(dossier(rows), "viewers", after_s=12).first_bad_s is None
    for row in between(rows, 20, 99):
        row |= {"status": 0, "error": "read: timed out"}
    found = outage(dossier(rows), "viewers", after_s=12)
    assert found.bad > 0
    assert found.first_good_s is None


def test_an_outage_ends_with_its_last_failure_not_with_its_first_success(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    for row in between(rows, 13, 16)[::2]:
        row |= {"status": 502, "error": "status 502"}
    found = outage(dossier(rows), "viewers", after_s=12)
    assert found.first_good_s is not None
    assert found.first_good_s[0] > 15.9


def test_a_stack_that_limped_before_the_fault_is_seen(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    for row in between(rows, 3, 6):
        row |= {"status": 502, "error": "status 502"}
    assert judge(dossier(rows), part="before", deadline_s=1.0).verdict is Verdict.FAIL
    assert judge(dossier(rows)).verdict is Verdict.FAIL, "windows before the fault are judged as all others"
    assert judge(dossier(slots(30)), part="before", deadline_s=1.0).verdict is Verdict.PASS


def test_what_is_slow_before_the_fault_fails_and_what_fails_later_is_not_before(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    for row in between(rows, 3, 6):
        row["took"] = 1.5
    assert judge(dossier(rows), part="before", deadline_s=1.0).verdict is Verdict.FAIL
    rows = slots(30)
    for row in between(rows, 12, 20):
        row |= {"status": 502, "error": "status 502"}
    assert judge(dossier(rows), part="before", deadline_s=1.0).verdict is Verdict.PASS


def test_what_was_under_way_when_the_fault_struck_is_not_before_it(dossier: Callable[..., Path]) -> None:
    """Sent 0.6 s before the kill, and cut off by it: what was before is what had its second before the fault."""
    rows = slots(30)
    for row in between(rows, 11.4, 12):
        row |= {"took": 0.7, "status": 502, "error": "status 502"}
    path = dossier(rows)
    assert judge(path, part="before", deadline_s=1.0, at_least=0.98).verdict is Verdict.PASS
    assert judge(path, part="before", deadline_s=0.3, at_least=0.98).verdict is Verdict.FAIL
    assert judge(path, at_least=0.98).verdict is Verdict.FAIL, "the fault's claims have it"


@pytest.mark.parametrize("limps", [{"took": 1.5}, {"status": 502, "error": "status 502"}])
def test_what_still_limps_when_the_fault_is_long_over_has_not_recovered(
    dossier: Callable[..., Path], limps: dict[str, Any]
) -> None:
    """Within the deadline of a fault, 80 % of the time, and for ever: served, but not as before."""

    def after(path: Path, settled_s: float = 8.0, **more: Any) -> Any:
        return judge(path, at_least=0.98, deadline_s=1.0, part="after", settled_s=settled_s, **more)

    rows = slots(30)
    for row in between(rows, 12, 19):
        row.update(limps)
    path = dossier(rows)
    assert after(path).verdict is Verdict.PASS, "it was to be settled 8 s after the effect, at 20 s"
    assert after(path, 6.0).verdict is Verdict.FAIL
    assert after(path, 0.0).verdict is Verdict.FAIL, "what is judged begins with the effect at 12 s"
    assert after(dossier(between(slots(30), 0, 27))).verdict is Verdict.INCONCLUSIVE, "it fell silent"
    rows = slots(30)
    for row in between(rows, 20, 31)[::10]:
        row.update(limps)
    path = dossier(rows)
    assert judge(path).verdict is Verdict.PASS
    assert after(path).verdict is Verdict.FAIL
    assert after(path, 16.0).verdict is Verdict.INCONCLUSIVE, "no whole window is left of 28 to 32 s"
    assert after(path, fault_id=None).verdict is Verdict.INCONCLUSIVE


def test_too_short_a_time_before_the_fault_and_no_fault_cannot_tell(dossier: Callable[..., Path]) -> None:
    assert judge(dossier(slots(30), fault=(5, 8)), part="before").verdict is Verdict.INCONCLUSIVE
    assert judge(dossier(slots(30)), part="before", fault_id=None).verdict is Verdict.INCONCLUSIVE


def test_what_stalls_past_the_end_of_a_fault_is_progress_only_where_that_is_promised(
    dossier: Callable[..., Path],
) -> None:
    def moved(path: Path, **more: Any) -> Verdict:
        return progress.during_fault(path, load="viewers", fault_id="f1", at_least=100, **more).verdict

    rows = slots(30)
    for row in between(rows, 0, 15):
        row["took"] = 4.5
    assert moved(dossier(rows)) is Verdict.FAIL
    assert moved(dossier(rows), even_later=True) is Verdict.PASS
    for row in between(rows, 0, 15):
        row["took"] = 5.5
    assert moved(dossier(rows), even_later=True) is Verdict.FAIL


@pytest.mark.parametrize(("lost", "said"), [("healed", "was healed is not on"), ("effective", "took no effect")])
def test_under_a_fault_that_is_not_proven_nothing_is_a_pass(dossier: Callable[..., Path], lost: str, said: str) -> None:
    path = dossier(slots(30))
    lines = (path / "timeline.jsonl").read_text().splitlines(keepends=True)
    left = [line for line in lines if f"fault.{lost}" not in line]
    (path / "timeline.jsonl").write_text("".join(left))
    moved = progress.during_fault(path, load="viewers", fault_id="f1", at_least=5)
    for finding in (judge(path), moved):
        assert (finding.verdict, said in finding.reason) == (Verdict.INCONCLUSIVE, True), finding.reason


def test_requests_planned_after_the_load_was_told_to_stop_are_refused(dossier: Callable[..., Path]) -> None:
    rows = slots(30)
    rows[-1]["at"] += 60
    with pytest.raises(RequestsError, match="after load viewers was told to stop"):
        read_requests(dossier(rows), "viewers")


def test_a_load_that_goes_on_until_it_is_reached_is_judged_until_it_was_told(
    dossier: Callable[..., Path],
) -> None:
    """On a busy machine a process is told to stop and plans on for a while; nothing of that is refused or judged."""
    rows = slots(33)
    for row in rows:
        if row["at"] >= 30:
            row |= {"status": 502, "error": "status 502"}
    path = dossier(rows)
    with pytest.raises(RequestsError, match="after load viewers was told to stop"):
        read_requests(path, "viewers")
    written = (path / "timeline.jsonl").read_text()
    (path / "timeline.jsonl").write_text(written.replace('"data": {"sent":', '"data": {"gone_s": 3.2, "sent":'))
    assert read_requests(path, "viewers").end_s == 32
    assert judge(path, at_least=1.0).verdict is Verdict.PASS
