"""The whole findings about what was served during a fault and what was read, from requests made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_availability_whole import FILE, requests, world  # noqa: F401 - a fixture

from reports.answers import old_answer
from reports.checkers import progress, reads
from reports.checkers.fault_window import FaultWindow
from reports.verdict import Finding, Verdict

FEW = "; {} sent on time, and with time for an answer, are needed to tell; {} were"


@pytest.mark.parametrize(
    ("made", "given", "healed", "verdict", "good", "sent", "more"),
    [
        ({}, {"at_least": 10}, True, Verdict.PASS, 10, 10, ""),
        ({}, {"at_least": 10}, False, Verdict.INCONCLUSIVE, 10, 10,
         "; that the fault was healed is not on the timeline"),
        ({}, {"at_least": 11}, True, Verdict.INCONCLUSIVE, 10, 10, FEW.format(11, 9)),
        ({}, {"at_least": 11, "even_later": True}, True, Verdict.INCONCLUSIVE, 10, 10, FEW.format(11, 10)),
        ({"bad": {11: "status 502", 12: "status 502"}}, {"at_least": 9}, True, Verdict.FAIL, 8, 10, ""),
        ({"late": {11: 5.5}, "lost": (12,)}, {"at_least": 9}, True, Verdict.INCONCLUSIVE, 8, 9, FEW.format(9, 7)),
        ({"slow": {19: 0.625}}, {"at_least": 10}, True, Verdict.INCONCLUSIVE, 9, 10, FEW.format(10, 9)),
        ({"late": {17: 0.375, 18: 0.375}, "slow": {18: 1.25, 17: 2.25}}, {"at_least": 9}, True, Verdict.FAIL, 8,
         10, ""),
        ({"late": {17: 0.375, 18: 0.5}, "slow": {18: 1.25, 17: 2.25}}, {"at_least": 9}, True, Verdict.INCONCLUSIVE, 8,
         10, FEW.format(9, 8)),
        ({"slow": {19: 0.5}}, {"at_least": 10}, True, Verdict.PASS, 10, 10, ""),
        ({"slow": {19: 4.75}}, {"at_least": 10, "even_later": True}, True, Verdict.PASS, 10, 10, ""),
        ({"slow": {11: 5.125, 12: 5.125}}, {"at_least": 9}, True, Verdict.FAIL, 8, 10, ""),
        ({"slow": {12: 5.125}}, {"at_least": 10, "deadline_s": 5.125}, True, Verdict.PASS, 10, 10, ""),
        ({"late": {9: 0.5, 19: 0.5}}, {"at_least": 10}, True, Verdict.PASS, 10, 10, ""),
        ({"lost": (12,), "other": (13, 14)}, {"at_least": 2, "names": ["GET b"]}, True, Verdict.PASS, 2, 2, ""),
    ],
)  # fmt: skip
def test_how_many_were_served_during_a_fault(
    world: dict[str, Any],  # noqa: F811
    made: dict[str, Any],
    given: dict[str, Any],
    healed: bool,
    verdict: Verdict,
    good: int,
    sent: int,
    more: str,
) -> None:
    world.update(requests=requests(**made), fault=FaultWindow(20.0, 21.0, 30.0, healed=healed))
    when = "in time" if given.get("even_later") else "before it ended"
    reason = f"{good} of {sent} requests sent during the fault, 20.0\N{EN DASH}30.0 s, were served {when}{more}"
    budget = f"\N{GREATER-THAN OR EQUAL TO} {given['at_least']} good answers during the fault"
    found = progress.during_fault(Path("d"), load="viewers", fault_id="f1", **given)
    data = {"sent": sent, "ok": good, "fault_s": 10.0}
    assert found == Finding(verdict, reason, f"{good} good answers", budget, (FILE, "timeline.jsonl"), data)


@pytest.mark.parametrize(
    ("bad", "at_least", "expected"),
    [
        ({}, 40, (Verdict.PASS, "none of 40 answers contradicts what was written", "0 of 40 answers")),
        ({}, 41, (Verdict.INCONCLUSIVE, "40 answers could be judged; 41 are needed to tell", "0 of 40 answers")),
        ({1: "status 502", 2: old_answer(9.0, "x")}, 38,
         (Verdict.PASS, "none of 38 answers contradicts what was written", "0 of 38 answers")),
        ({1: "wrong-answer: a is 1", 2: "status 502"}, 40,
         (Verdict.FAIL, "1 of 39 answers contradict what was written: wrong-answer: a is 1 at 11.8 s",
          "1 of 39 answers")),
    ],
)  # fmt: skip
def test_whether_an_answer_contradicts_what_was_written(
    world: dict[str, Any],  # noqa: F811
    bad: dict[int, str],
    at_least: int,
    expected: tuple[Any, ...],
) -> None:
    world["requests"] = requests(bad=bad)
    verdict, reason, measured = expected
    ask = {"names": ["GET a"], "at_least": at_least}
    found = reads.none_contradicts_its_writes(Path("d"), load="viewers", **ask)  # type: ignore[arg-type]
    assert found == Finding(verdict, reason, measured, "none", (FILE,))
    unread = reads.none_contradicts_its_writes(Path("e"), load="viewers", **ask)  # type: ignore[arg-type]
    said = "nothing of viewers in e with None"
    assert unread == Finding(Verdict.INCONCLUSIVE, said, budget="none", evidence=(FILE,))
