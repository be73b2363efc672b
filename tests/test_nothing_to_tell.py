"""What the load generator did, what came too late to be answered, and what nobody asked for, judges no stack."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dossier_maker import Story
from test_availability import between, dossier, slots
from test_checker_ordering import LOAD, Log
from test_folded_state import Told

from reports import layout
from reports.checkers import availability, copies, ordering, progress
from reports.claim import BadClaim, Claim
from reports.verdict import Verdict

__all__ = ["dossier"]
Dossier = Callable[..., Path]
INCONCLUSIVE = Verdict.INCONCLUSIVE


def moved(path: Path, **more: Any) -> Verdict:
    return progress.during_fault(path, load="viewers", fault_id="f1", **more).verdict


def test_what_the_generator_sent_late_is_no_lack_of_progress(dossier: Dossier) -> None:
    rows = slots(30)
    for row in between(rows, 5, 9):
        row |= {"lag": 7.5, "took": 4.0}
    left = [row for row in rows if not 9 <= row["at"] + 2 < 15]
    assert moved(dossier(left), at_least=10) is INCONCLUSIVE
    for row in between(rows, 5, 9):
        row |= {"lag": 0.0}
    for row in between(rows, 12, 15):
        row |= {"took": 4.0}
    assert moved(dossier(rows), at_least=10) is Verdict.FAIL


@pytest.mark.parametrize(("sent_s", "verdict"), [(13.9, Verdict.FAIL), (14.1, INCONCLUSIVE)])
def test_what_has_no_time_left_for_an_answer_is_no_lack_of_progress(
    dossier: Dossier, sent_s: float, verdict: Verdict
) -> None:
    rows = slots(30)
    for row in between(rows, sent_s, 15):
        row |= {"took": 3.0}
    left = [row for row in rows if not 10 <= row["at"] + 2 < sent_s]
    assert moved(dossier(left), at_least=1) is verdict


def test_a_write_that_was_sent_before_the_fault_tells_nothing_of_it(tmp_path: Path) -> None:
    """Its answer came while the fault was in; the one sent then is answered when it is over."""
    log = Log(tmp_path, 40)
    for n, write in enumerate(log.writes):  # ten a second from 5 s on; the fault is in from 6 s to 8 s
        write["end_ns"] += int(1e9 if n < 10 else 3e9)
    log.write()
    story = Story(tmp_path)
    story.fault("f1", t=5.99, victim=("kafka-0", "u"), effective=0.02, healed=2.0)
    story.write()

    def told(at_least: int) -> str:
        return ordering.acknowledged_during_fault(tmp_path, load=LOAD, fault_id="f1", at_least=at_least).reason

    assert told(20).startswith("20 sent during fault f1 and acknowledged")
    assert told(21) == "20 sent during fault f1 and acknowledged; at least 21 are needed to tell"


def empty(folder: Path) -> Told:
    """Every write was refused, and nothing came into the log since the load began."""
    told = Told(folder, count=1, begin=1000)
    told.log.topic, told.log.journal = [], []
    told.log.end = told.log.begin = 1000
    for write in told.log.writes:
        write |= {"outcome": "fail", "status": 503, "offset": None}
    held = {"old/1": {"slot": {"v": 1}}}
    told.before["paths"], told.before["offset"] = copy.deepcopy(held), 999
    told.whole["paths"], told.whole["offset"] = held, 999
    told.reads = [
        {"what": "read", "path": told.log.writes[0]["path"], "status": 404, "offset": 999, "at_ms": 0, "value": None}
    ]
    told.last |= {"reads": 1, "log_end": 1000}
    return told


def test_a_log_without_records_is_no_proof_that_it_is_followed(tmp_path: Path) -> None:
    told = empty(tmp_path)
    finding = told.judge(min_paths=1)
    assert (finding.verdict, finding.reason) == (
        INCONCLUSIVE, "the log has no record since the load began: there was nothing to fold",
    )  # fmt: skip
    story = Story(tmp_path)
    story.pod("director-a", "u-a", "director", t=0.1)
    story.event("load", "load.started", LOAD, 1.0, planned=1)
    story.event("load", "load.finished", LOAD, 20.0, planned=1, sent=1, ok=1)
    story.event("harness", "test.finished", "t", 30.0)
    story.write()
    line = {"role": "director", "pod": "director-a", "uid": "u-a", "at_ms": 0, "error": "", "offset": 999,
            "paths": told.whole["paths"]}  # fmt: skip
    lines = [line | {"what": "before"}, line | {"what": "copy"},
             {"what": "end", "before": 1, "copies": 1, "log_end": 1000}]  # fmt: skip
    (tmp_path / layout.copies("director", LOAD)).write_text("".join(json.dumps(each) + "\n" for each in lines))
    finding = copies.follow_the_log(tmp_path, load=LOAD, role="director", at_least=1)
    assert (finding.verdict, finding.reason) == (
        INCONCLUSIVE, "the log has no record since the load began: there was nothing to follow",
    )  # fmt: skip


def test_a_function_that_says_it_is_a_checker_is_none() -> None:
    def latency(dossier: Path, *, load: str) -> None:
        del dossier, load

    latency.__module__, latency.__qualname__ = "reports.checkers.availability", "latency"
    with pytest.raises(BadClaim, match="is no checker under"):
        Claim.of(latency, load="viewers", at_most_s=1.0)
    assert Claim.of(availability.latency, load="viewers", at_most_s=1.0).checker == "availability.latency"
