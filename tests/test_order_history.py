"""Selection Input's evidence as a Kafka history: a second judge finds each defect by its Jepsen name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import START_NS, Log

from fixtures.selection_input.history import write_history
from reports.checkers.kafka import history
from reports.verdict import Finding, Verdict

LATER_NS = START_NS + 60 * 10**9
COUNT = 230  # the readers poll more than twice


def judged(log: Log, **more: Any) -> Finding:
    path = write_history(log.write(), "operators", read_ns=LATER_NS, began_unix_ms=0)
    assert path.name == "history-operators.jsonl"
    return history.check(log.folder.parent, pattern="kafka/history-*.jsonl", guarantees={"reads": "to_end"}, **more)


def test_all_in_order_is_a_pass(tmp_path: Path) -> None:
    finding = judged(Log(tmp_path, COUNT), min_acked=COUNT)
    assert (finding.verdict, finding.data["counts"]["polled"]) == (Verdict.PASS, 2 * COUNT)


def swap(rows: list[Any], at: int) -> None:
    rows[at], rows[at + 1] = rows[at + 1], rows[at]


def drop(log: Log, at: int) -> None:
    """Acknowledged, never produced: plant drop-write, whose answer names no offset that anyone reads."""
    del log.topic[at], log.journal[at]
    for n, (record, applied, write) in enumerate(
        zip(log.topic[at:], log.journal[at:], log.writes[at + 1 :], strict=True), at
    ):
        record["offset"] = applied["offset"] = write["offset"] = n
    log.end -= 1


@pytest.mark.parametrize(
    ("defect", "found"),
    [
        (drop, "inconsistent-offsets"),  # two acknowledged writes claim one offset
        (lambda log, at: log.journal.insert(at + 1, log.journal[at]), "nonmonotonic-poll"),
        (lambda log, at: swap(log.journal, at), "nonmonotonic-poll"),
        (lambda log, at: log.journal.pop(at), "poll-skip"),
        (lambda log, at: log.topic[at].update(value={"id": "nobody's"}), "phantom"),
        (lambda log, at: log.journal[at].update(id="forged"), "phantom"),
        (lambda log, at: log.writes[at].update(outcome="fail"), "G1a"),
        (lambda log, at: log.writes[at].update(start_ns=LATER_NS - 2, end_ns=LATER_NS - 1), "realtime-order"),
    ],
)
@pytest.mark.parametrize("at", [1, 98, 99, 200])
def test_a_defect_is_found_by_its_name(tmp_path: Path, defect: Callable[[Log, int], Any], found: str, at: int) -> None:
    log = Log(tmp_path, COUNT)
    defect(log, at)
    finding = judged(log)
    assert finding.verdict is Verdict.FAIL
    assert found in {name.removeprefix("int-") for name in finding.data["bad"]}


def test_an_acknowledged_write_behind_the_end_is_unseen(tmp_path: Path) -> None:
    log = Log(tmp_path, COUNT)
    log.topic.pop()
    log.journal.pop()
    log.end -= 1
    assert judged(log).data["bad"] == ["unseen"]


def test_unknown_outcomes_may_be_there_or_not(tmp_path: Path) -> None:
    log = Log(tmp_path, COUNT)
    log.writes[7] |= {"outcome": "info", "offset": None}
    log.writes.append({"id": "x", "start_ns": START_NS, "end_ns": LATER_NS, "outcome": "info", "offset": None})
    assert judged(log).verdict is Verdict.PASS


@pytest.mark.parametrize(("produced_ms", "verdict"), [(-1, Verdict.PASS), (0, Verdict.FAIL)])
def test_only_a_record_produced_before_is_an_earlier_loads(tmp_path: Path, produced_ms: int, verdict: Verdict) -> None:
    log = Log(tmp_path, COUNT)
    log.topic[3] |= {"value": {"id": "earlier"}, "timestamp": produced_ms}
    log.journal[3]["id"] = "earlier"
    del log.writes[3]
    assert judged(log).verdict is verdict


def test_nothing_written_is_inconclusive(tmp_path: Path) -> None:
    assert judged(Log(tmp_path, 0)).verdict is Verdict.INCONCLUSIVE
