"""Order of Selection Input: each way to break it turns its own promise red, and only that one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import START_NS, UNIX_NS, Log, Story
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.checkers import ordering
from reports.verdict import Finding, Verdict

PROMISES: dict[str, Callable[..., Finding]] = {
    "kept": ordering.no_acknowledged_write_lost,
    "produced once": ordering.produced_once,
    "real time": ordering.acknowledged_in_real_time_order,
    "applied": ordering.applied_once_in_order,
    "agrees": ordering.journal_agrees_with_topic,
}
ORDER, LOAD = list(Verdict), "operators"


def red(folder: Path) -> dict[str, str]:
    """Which promises are not kept, with the classes found."""
    found = {name: promise(folder, load=LOAD) for name, promise in PROMISES.items()}
    return {name: ", ".join(f.data.get("bad", {"?": 0})) for name, f in found.items() if f.verdict is not Verdict.PASS}


def drop(log: Log, at: int) -> None:
    """Acknowledged, never produced: what comes later moves up, and is answered with its true offset."""
    for rows in (log.topic, log.journal):
        del rows[at]
        for n, row in enumerate(rows):
            row["offset"] = n
    for row in log.writes[at + 1 :]:
        row["offset"] -= 1
    log.end -= 1


def lose_from_topic(log: Log, at: int) -> None:
    log.topic[at]["value"] = {"id": "other"}
    log.journal[at]["id"] = "other"


def swap_in_topic(log: Log, at: int) -> None:
    for rows in (log.topic, log.journal):
        key = "value" if rows is log.topic else "id"
        rows[at][key], rows[at + 1][key] = rows[at + 1][key], rows[at][key]
    log.writes[at]["offset"], log.writes[at + 1]["offset"] = at + 1, at


def produce_twice(log: Log, at: int) -> None:
    log.topic.append({**log.topic[at], "offset": log.end})
    log.journal.append({**log.journal[at], "offset": log.end})
    log.end += 1


def swap_applied(log: Log, at: int) -> None:
    log.journal[at], log.journal[at + 1] = log.journal[at + 1], log.journal[at]


def invent(log: Log, at: int) -> None:
    log.journal[at]["id"] = "forged"


@pytest.mark.parametrize(
    ("break_it", "red_one", "named"),
    [
        (drop, "kept", "acknowledged but lost"),
        (lose_from_topic, "kept", "acknowledged but lost"),
        (lambda log, at: log.writes[at].update(offset=at + 1), "kept", "acknowledged but misplaced"),
        (produce_twice, "produced once", "produced twice"),
        (swap_in_topic, "real time", "against real time"),
        (lambda log, at: log.journal.insert(at + 1, log.journal[at]), "applied", "applied twice"),
        (lambda log, at: log.journal.insert(at + 5, log.journal[at]), "applied", "applied twice"),
        (swap_applied, "applied", "applied out of order"),
        (lambda log, at: log.journal.insert(at, log.journal.pop(at + 6)), "applied", "applied out of order"),
        (lambda log, at: log.journal.pop(at), "agrees", "skipped"),
        (lambda log, at: log.journal.pop(), "agrees", "not applied"),
        (lambda log, at: log.journal.clear() or log.journal.append({"offset": 0, "id": "w0"}), "agrees", "not applied"),
        (invent, "agrees", "applied as another"),
    ],
)
@pytest.mark.parametrize("at", [0, 20, 32])
def test_a_defect_turns_its_promise_red_and_only_that(
    tmp_path: Path, break_it: Callable[[Log, int], Any], red_one: str, named: str, at: int
) -> None:
    log = Log(tmp_path, 40)
    break_it(log, at)
    assert red(log.write()) == {red_one: named}
    assert ordering.selection_input(tmp_path, load=LOAD).verdict is Verdict.FAIL


def test_all_in_order_is_a_pass(tmp_path: Path) -> None:
    assert red(Log(tmp_path, 40).write()) == {}
    finding = ordering.selection_input(tmp_path, load=LOAD, min_acked=40)
    assert (finding.verdict, "all 40 acknowledged" in finding.reason) == (Verdict.PASS, True)


def test_writes_of_unknown_outcome_may_be_there_or_not(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.writes[7] |= {"outcome": "info", "offset": None}
    log.writes.insert(0, {"id": "x", "start_ns": 1, "end_ns": 2, "outcome": "info", "offset": None})
    log.writes.insert(0, {"id": "y", "start_ns": 1, "end_ns": 2, "outcome": "fail", "offset": None})
    assert red(log.write()) == {}


def test_a_write_of_unknown_outcome_may_be_applied_after_the_topic_was_read(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    late_ns = log.writes[-1]["end_ns"] + 1
    log.writes.append({"id": "late", "start_ns": START_NS, "end_ns": late_ns, "outcome": "info", "offset": None})
    log.journal.append({"offset": 40, "id": "late"})
    assert red(log.write()) == {}


def test_concurrent_writes_may_stand_either_way(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.writes[3]["end_ns"] = log.writes[4]["start_ns"]
    swap_in_topic(log, 3)
    assert red(log.write()) == {}


def test_an_inversion_far_back_is_found_with_both_names(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    for row in log.writes:
        row["end_ns"] += 10**12
    log.writes[30] |= {"start_ns": START_NS, "end_ns": START_NS + 1}
    log.writes[5]["start_ns"] = START_NS + 2
    log.writes.sort(key=lambda row: row["end_ns"])
    log.write()
    finding = ordering.acknowledged_in_real_time_order(tmp_path, load=LOAD)
    assert finding.verdict is Verdict.FAIL
    assert "w30 at 30 was acknowledged before w5 at 5 was sent" in finding.reason


def test_five_witnesses_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    for at in range(10, 18):
        log.topic[at]["value"] = None
        log.journal[at]["id"] = ""
    log.write()
    finding = ordering.no_acknowledged_write_lost(tmp_path, load=LOAD)
    assert finding.reason.startswith("8 acknowledged but lost: w10 (answered offset 10), w11")
    assert finding.reason.endswith("…")
    assert "w14" in finding.reason
    assert "w15" not in finding.reason


@pytest.mark.parametrize("file", ["writes", "topic", "journal"])
def test_a_missing_or_damaged_witness_is_inconclusive(tmp_path: Path, file: str) -> None:
    path = Log(tmp_path, 40).write() / "kafka" / f"{file}-operators.jsonl"
    text = path.read_text()
    path.write_text(text[:-9])
    assert ordering.selection_input(tmp_path, load=LOAD).verdict is Verdict.INCONCLUSIVE
    path.unlink()
    finding = ordering.selection_input(tmp_path, load=LOAD)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert f"kafka/{file}-operators.jsonl" in finding.reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda log: log.topic.pop(9), "lacks offset 9"),
        (lambda log: log.topic.pop(), "lacks offset 39"),
        (lambda log: log.topic.pop(0), "begins at offset 1"),
        (lambda log: log.topic.insert(5, log.topic[4]), "holds offset 4 twice"),
        (lambda log: log.topic.append({**log.topic[0], "offset": 40}), "to be read from 0 to 40"),
        (lambda log: log.writes[0].update(outcome="good"), "is not a write"),
        (lambda log: log.writes[0].pop("end_ns"), "is not a write"),
        (lambda log: log.topic[0].pop("value"), "is not a record"),
        (lambda log: log.journal[0].pop("offset"), "is not a journal line"),
    ],
)
def test_a_read_that_is_not_whole_is_inconclusive(tmp_path: Path, change: Callable[[Log], Any], why: str) -> None:
    log = Log(tmp_path, 40)
    change(log)
    log.write()
    finding = ordering.selection_input(tmp_path, load=LOAD)
    assert (finding.verdict, why in finding.reason) == (Verdict.INCONCLUSIVE, True), finding.reason


def test_without_its_watermark_the_topic_proves_nothing(tmp_path: Path) -> None:
    path = Log(tmp_path, 40).write() / "kafka/topic-operators.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert "high watermark" in ordering.no_acknowledged_write_lost(tmp_path, load=LOAD).reason


def test_two_partitions_promise_no_total_order(tmp_path: Path) -> None:
    Log(tmp_path, 40).write(ends={"0": 40, "1": 0})
    assert "a total order is promised for one only" in ordering.selection_input(tmp_path, load=LOAD).reason


def test_journal_lines_left_out_are_no_proof_of_a_hole(tmp_path: Path) -> None:
    path = Log(tmp_path, 40).write() / "kafka/journal-operators.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:5] + lines[6:]))
    finding = ordering.journal_agrees_with_topic(tmp_path, load=LOAD)
    assert (finding.verdict, "lines were left out" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_a_worker_that_applied_nothing_has_no_order_to_judge(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.journal.clear()
    log.write()
    assert ordering.applied_once_in_order(tmp_path, load=LOAD).verdict is Verdict.INCONCLUSIVE
    assert ordering.journal_agrees_with_topic(tmp_path, load=LOAD).verdict is Verdict.FAIL


def test_too_few_acknowledged_is_inconclusive_but_a_lost_one_is_still_a_fail(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.write()
    assert ordering.selection_input(tmp_path, load=LOAD, min_acked=41).verdict is Verdict.INCONCLUSIVE
    assert ordering.no_acknowledged_write_lost(tmp_path, load=LOAD, min_acked=41).verdict is Verdict.INCONCLUSIVE
    assert ordering.no_acknowledged_write_lost(tmp_path, load=LOAD, min_acked=40).verdict is Verdict.PASS
    drop(log, 5)
    log.write()
    assert ordering.selection_input(tmp_path, load=LOAD, min_acked=41).verdict is Verdict.FAIL


def test_nothing_acknowledged_is_inconclusive_though_nothing_is_lost(tmp_path: Path) -> None:
    log = Log(tmp_path, 0)
    log.write()
    assert ordering.no_acknowledged_write_lost(tmp_path, load=LOAD, min_acked=0).verdict is Verdict.INCONCLUSIVE
    assert ordering.selection_input(tmp_path, load=LOAD, min_acked=0).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("needed", "verdict"), [(20, "PASS"), (21, "INCONCLUSIVE")])
def test_enough_must_be_acknowledged_while_the_fault_was_in(tmp_path: Path, needed: int, verdict: str) -> None:
    """40 writes, ten a second from 5 s on; the fault is in from 6 s to 8 s."""
    Log(tmp_path, 40).write()
    story = Story(tmp_path)
    story.fault("f1", t=5.99, victim=("kafka-0", "u"), effective=0.02, healed=2.0)
    story.write()
    finding = ordering.acknowledged_during_fault(tmp_path, load=LOAD, fault_id="f1", at_least=needed)
    assert finding.verdict == verdict, finding.reason


BREAKS: list[Callable[[Log, int], Any]] = [drop, lose_from_topic, swap_in_topic, produce_twice, swap_applied, invent]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(BREAKS) - 1), st.integers(0, 30)), min_size=1, max_size=4), st.randoms())
def test_one_more_violation_never_improves_the_verdict(
    tmp_path_factory: pytest.TempPathFactory, defects: list[tuple[int, int]], chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("order")
    log = Log(folder, 40)
    before = Verdict.PASS
    for which, at in defects:
        BREAKS[which](log, min(at, log.end - 2))
        after = ordering.selection_input(log.write(), load=LOAD).verdict
        if which != BREAKS.index(swap_in_topic) and which != BREAKS.index(swap_applied):  # twice swapped is as it was
            assert ORDER.index(after) <= ORDER.index(before)
            assert after is not Verdict.PASS
        before = after


def test_what_an_earlier_run_left_is_not_judged(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.begin_at(1000)
    assert red(log.write()) == {}


def test_a_read_that_began_too_late_is_inconclusive(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.begin_at(1000)
    del log.topic[0]
    assert ordering.no_acknowledged_write_lost(log.write(), load=LOAD).verdict is Verdict.INCONCLUSIVE


def test_a_late_record_of_an_earlier_load_is_applied_but_not_counted(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    del log.writes[0]
    assert red(log.write()) == {}
    assert "each of 39 writes" in ordering.produced_once(tmp_path, load=LOAD).reason


def test_what_another_load_wrote_later_is_not_lost(tmp_path: Path) -> None:
    """Each load's writes are its own: a dossier judged again after later tests gives the same verdict."""
    Log(tmp_path, 40).write()
    later = {"id": "later", "start_ns": 1, "end_ns": 2, "outcome": "ok", "offset": 40}
    (tmp_path / "kafka" / "writes-operators-2.jsonl").write_text(json.dumps(later) + "\n")
    assert red(tmp_path) == {}


def test_without_a_write_of_this_load_in_the_topic_nothing_is_told(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    for row in log.writes:
        row["id"] += " of another"
    log.write()
    for promise in (ordering.produced_once, ordering.journal_agrees_with_topic):
        assert promise(tmp_path, load=LOAD).verdict is Verdict.INCONCLUSIVE


def test_writes_are_needed_during_each_fault(tmp_path: Path) -> None:
    """40 writes from 5 s to 9 s; the second fault comes when all is over."""
    Log(tmp_path, 40).write()
    story = Story(tmp_path)
    story.fault("f1", t=5.99, victim=("kafka-0", "u"), effective=0.02, healed=2.0)
    story.fault("f2", t=20, victim=("worker", "n"), kind="Node", effective=0.02, healed=2.0)
    story.write()
    for fault_id, verdict in (("f1", Verdict.PASS), ("f2", "INCONCLUSIVE"), ("never planned", "INCONCLUSIVE")):
        finding = ordering.acknowledged_during_fault(tmp_path, load=LOAD, fault_id=fault_id, at_least=10)
        assert finding.verdict == verdict
        assert verdict is Verdict.PASS or f"0 sent during fault {fault_id} and acknowledged" in finding.reason
    nothing_asked = ordering.acknowledged_during_fault(tmp_path, load=LOAD, fault_id="f2", at_least=0)
    assert nothing_asked.verdict is Verdict.INCONCLUSIVE
    log = Log(tmp_path, 40)
    drop(log, 5)
    log.write()
    lost = ordering.acknowledged_during_fault(tmp_path, load=LOAD, fault_id="f1", at_least=10)
    assert lost.verdict is Verdict.FAIL, "what was acknowledged and is nowhere was not acknowledged"


@pytest.mark.parametrize("offset", [40, 41, 900])
def test_a_ghost_that_was_applied_beyond_the_end_is_a_fail(tmp_path: Path, offset: int) -> None:
    log = Log(tmp_path, 40)
    log.journal.append({"offset": offset, "id": "ghost"})
    finding = ordering.selection_input(log.write(), load=LOAD)
    assert (finding.verdict, "applied, but not in the topic" in finding.reason) == (Verdict.FAIL, True)


def test_half_a_file_of_writes_is_no_pass(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    for row, write in zip(log.topic, log.writes, strict=True):
        row["timestamp"] = (UNIX_NS + write["start_ns"] - START_NS) // 1_000_000 + 3
    log.write()
    assert ordering.selection_input(tmp_path, load=LOAD).verdict is Verdict.PASS
    del log.writes[20:]
    finding = ordering.selection_input(log.write(), load=LOAD)
    assert (finding.verdict, "20 records of the topic have no writer" in finding.reason) == (Verdict.INCONCLUSIVE, True)
    del log.writes[:]
    assert ordering.selection_input(log.write(), load=LOAD).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("left", [0, 1, 20, 39])
def test_a_journal_cut_on_a_line_end_is_damaged_and_not_the_workers_fault(tmp_path: Path, left: int) -> None:
    path = Log(tmp_path, 40).write() / "kafka/journal-operators.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:left]))
    assert ordering.selection_input(tmp_path, load=LOAD).verdict is Verdict.INCONCLUSIVE
    for damaged in ([*lines[:left], lines[-1]], [*lines[left + 1 :]], [*lines, lines[left]]):
        path.write_text("".join(damaged))
        assert ordering.selection_input(tmp_path, load=LOAD).verdict is Verdict.INCONCLUSIVE


def test_a_topic_that_ends_before_where_it_stood_has_lost_records(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.begin = 500
    finding = ordering.selection_input(log.write(), load=LOAD)
    assert (finding.verdict, "are gone" in finding.reason) == (Verdict.FAIL, True)


def test_answers_that_stand_long_before_earlier_ones_were_moved(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.writes[20]["end_ns"] += 10**11
    finding = ordering.selection_input(log.write(), load=LOAD)
    assert (finding.verdict, "long before" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_an_answer_that_stands_twice_makes_the_answers_no_evidence(tmp_path: Path) -> None:
    log = Log(tmp_path, 40)
    log.writes.insert(20, log.writes[20])
    finding = ordering.selection_input(log.write(), load=LOAD)
    assert (finding.verdict, "a second time" in finding.reason) == (Verdict.INCONCLUSIVE, True)


@pytest.mark.parametrize("spoilt", ["a line is lost", "a row is lost", "no rows", "no offset"])
def test_each_write_leaves_a_line_a_row_and_where_it_stands(tmp_path: Path, spoilt: str) -> None:
    """A write whose fate is open could be lost from the evidence, and nobody missed it."""
    log = Log(tmp_path, 50)
    log.writes[7] |= {"outcome": "info", "status": 0, "offset": None}
    assert ordering.selection_input(log.write(), load="operators", min_acked=10).verdict is Verdict.PASS
    lines, rows = tmp_path / "kafka/writes-operators.jsonl", tmp_path / "load/requests-operators.csv"
    if spoilt == "no offset":
        log.writes[9]["offset"] = None
        log.write()
    elif spoilt == "no rows":
        rows.unlink()
    else:
        file = lines if spoilt == "a line is lost" else rows
        kept = [line for n, line in enumerate(file.read_text().splitlines()) if n != 7]
        file.write_text("\n".join(kept) + "\n")
    assert ordering.selection_input(tmp_path, load="operators", min_acked=10).verdict is Verdict.INCONCLUSIVE
