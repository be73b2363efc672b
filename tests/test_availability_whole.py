"""The whole findings about what users had, from requests that are made by hand: figures, sentences and verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports.answers import old_answer
from reports.checkers import availability, progress, reads
from reports.checkers.fault_window import FaultWindow
from reports.requests import Requests, RequestsError
from reports.verdict import Finding, Verdict

FILE = "load/requests-viewers.csv"
FAULT = FaultWindow(20.0, 21.0, 30.0, healed=True)


def requests(
    *, bad: dict[int, str] | None = None, late: dict[int, float] | None = None, slow: dict[int, float] | None = None,
    lost: tuple[int, ...] = (), other: tuple[int, ...] = (), count: int = 40, start: float = 10.0, end: float = 50.0,
    torn: int = 0,
) -> Requests:  # fmt: skip
    """One request per second from 10 s on, in the middle of each second, answered after 0.25 s; by number what is not.

    Args:
        bad: its error.
        late: sent so many seconds late.
        slow: answered after so many seconds.
        lost: no row.
        other: of another name.
    """
    numbers = np.arange(count)
    planned = start + numbers + 0.5
    begun = planned + np.array([(late or {}).get(n, 0.0) for n in numbers])
    ended = begun + np.array([(slow or {}).get(n, 0.25) for n in numbers])
    error = np.array([(bad or {}).get(n, "") for n in numbers], np.object_)
    status = np.array([502 if e.startswith("status") else 200 for e in error])
    name = np.array(["GET b" if n in other else "GET a" for n in numbers], np.object_)
    for n in lost:
        begun[n] = ended[n] = np.nan
        error[n], status[n], name[n] = "missing", 0, ""
    return Requests("viewers", 1.0, start, end, planned, begun, ended, name, status, error, torn)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the checkers read: requests and the fault, whatever the dossier."""
    found: dict[str, Any] = {"requests": requests(), "fault": FAULT}

    def read(dossier: Path, load: str, timeline: str | None = None) -> Requests:
        if (dossier, load) != (Path("d"), "viewers") or timeline not in (None, "of d"):
            raise RequestsError(f"nothing of {load} in {dossier} with {timeline}")
        return found["requests"]

    def fault(timeline: str, fault_id: str) -> FaultWindow:
        assert (timeline, fault_id) == ("of d", "f1")
        return found["fault"]

    for module in (availability, progress):
        monkeypatch.setattr(module, "read_timeline", lambda dossier: f"of {dossier}")
        monkeypatch.setattr(module, "fault_window", fault)
    for module in (availability, progress, reads):
        monkeypatch.setattr(module, "read_requests", read)
    return found


def windows(**given: Any) -> Finding:
    args: dict[str, Any] = {"load": "viewers", "at_least": 0.8, "window_s": 5}
    return availability.in_windows(Path("d"), **args | given)


BUDGET = "\N{GREATER-THAN OR EQUAL TO} 0.8 in every 5 s"


def in_windows(
    verdict: Verdict, share: str, at: float, said: str, totals: tuple[int, ...], worst: float, broken: float | None
) -> Finding:
    measured = f"{share} in {at:.1f}\N{EN DASH}{at + 5:.1f} s"
    data = dict(zip(("planned", "sent", "ok", "failed", "missing", "torn"), totals, strict=True))
    told = {"length_s": 5, "worst_availability": worst, "worst_at_s": at, "first_broken_at_s": broken}
    reason = f"{measured}, the worst of all 5 s windows, of 5 planned requests{said}"
    return Finding(verdict, reason, measured, BUDGET, (FILE,), data | {"windows": told})


FELL = "; without these the promise held: the load generator fell behind, not the stack"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, in_windows(Verdict.PASS, "100.00 %", 10.5, "", (40, 40, 40, 0, 0, 0), 1.0, None)),
        ({"bad": {12: "status 502"}, "torn": 1},
         in_windows(Verdict.PASS, "80.00 %", 18.5, ": 1 x status 502", (40, 40, 39, 1, 0, 1), 0.8, None)),
        ({"bad": {12: "status 502", 14: "read: timed out", 13: "status 502"}, "slow": {15: 5.125}},
         in_windows(Verdict.FAIL, "20.00 %", 21.5, ": 2 x status 502, 1 x read: timed out, 1 x later than 5 s",
                    (40, 40, 36, 4, 0, 0), 0.2, 19.5)),
        ({"lost": (12, 13)}, in_windows(Verdict.INCONCLUSIVE, "60.00 %", 19.5, f": 2 x missing{FELL}",
                                        (40, 38, 38, 0, 2, 0), 0.6, None)),
        ({"late": {12: 0.625, 13: 0.625}, "slow": {12: 4.5, 13: 4.5}},
         in_windows(Verdict.INCONCLUSIVE, "60.00 %", 19.5, f": 2 x later than 5 s{FELL}", (40, 40, 38, 2, 0, 0), 0.6,
                    None)),
        ({"bad": {n: old_answer(6.0 + n, "x") for n in (12, 13)}},
         in_windows(Verdict.FAIL, "60.00 %", 19.5, ": 2 x old-answer", (40, 40, 38, 2, 0, 0), 0.6, 19.5)),
        ({"bad": {34: "status 502", 39: "status 502"}},
         in_windows(Verdict.PASS, "80.00 %", 40.5, ": 1 x status 502", (40, 40, 38, 2, 0, 0), 0.8, None)),
        ({"bad": {n: f"e{n}" for n in range(20, 25)}},
         in_windows(Verdict.FAIL, "0.00 %", 30.5, ": 1 x e20, 1 x e21, 1 x e22, 1 x e23", (40, 40, 35, 5, 0, 0), 0.0,
                    27.5)),
    ],
)  # fmt: skip
def test_the_worst_of_all_windows(world: dict[str, Any], made: dict[str, Any], expected: Finding) -> None:
    world["requests"] = requests(**made)
    assert windows() == expected


NO_WINDOW = "no whole window of 5 s lies in"


@pytest.mark.parametrize(
    ("given", "made", "fault", "said"),
    [
        ({"load": "x"}, {}, FAULT, "nothing of x in d with of d"),
        ({}, {"count": 35}, FAULT, "load viewers fell silent at 44.5 s, though it was to send until 50.0 s"),
        ({"fault_id": "f1"}, {"start": 20.5, "end": 60.5}, FAULT,
         "load viewers ran 20.5\N{EN DASH}60.5 s: not all through the fault, 20.0\N{EN DASH}30.0 s"),
        ({"fault_id": "f1"}, {}, FaultWindow(20, 21, 50.5, healed=True),
         "load viewers ran 10.0\N{EN DASH}50.0 s: not all through the fault, 20.0\N{EN DASH}50.5 s"),
        ({"part": "before"}, {}, FAULT, "before what? this claim names no fault"),
        ({"min_requests": 41}, {}, FAULT, "load viewers recorded 40 requests in 10.0\N{EN DASH}50.0 s; 41 are needed"),
        ({"min_requests": 31, "fault_id": "f1"}, {}, FAULT,
         "load viewers recorded 30 requests in 20.0\N{EN DASH}50.0 s; 31 are needed"),
        ({"min_requests": 0, "part": "before", "fault_id": "f1"}, {"lost": tuple(range(10))}, FAULT,
         "load viewers recorded 0 requests in 10.0\N{EN DASH}15.0 s; 0 are needed"),
        ({"min_requests": 13, "fault_id": "f1", "after_s": 2}, {}, FAULT,
         "load viewers recorded 12 requests in 20.0\N{EN DASH}32.0 s; 13 are needed"),
        ({"min_requests": 6, "fault_id": "f1", "part": "before"}, {}, FAULT,
         "load viewers recorded 5 requests in 10.0\N{EN DASH}15.0 s; 6 are needed"),
        ({"min_requests": 28, "fault_id": "f1", "part": "after", "settled_s": 2}, {}, FAULT,
         "load viewers recorded 27 requests in 23.0\N{EN DASH}50.0 s; 28 are needed"),
        ({"min_requests": 1, "fault_id": "f1", "part": "before", "deadline_s": 6}, {}, FAULT,
         f"{NO_WINDOW} 10.0\N{EN DASH}14.0 s"),
        ({"window_s": 40}, {}, FAULT, "no whole window of 40 s lies in 10.0\N{EN DASH}50.0 s"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_of_windows(
    world: dict[str, Any], given: dict[str, Any], made: dict[str, Any], fault: FaultWindow, said: str
) -> None:
    world.update(requests=requests(**made), fault=fault)
    found = windows(**given)
    budget = BUDGET.replace("5 s", f"{given.get('window_s', 5)} s")
    assert found == Finding(Verdict.INCONCLUSIVE, said, budget=budget)


@pytest.mark.parametrize(
    ("given", "planned", "worst_at"),
    [
        ({}, 40, 10.5), ({"fault_id": "f1"}, 40, 10.5), ({"fault_id": "f1", "after_s": 2}, 22, 10.5),
        ({"fault_id": "f1", "after_s": 99}, 40, 10.5), ({"fault_id": "f1", "part": "before", "deadline_s": 1}, 9, 10.5),
        ({"fault_id": "f1", "part": "after"}, 29, 21.5),
        ({"fault_id": "f1", "part": "after", "settled_s": 9}, 20, 30.5),
    ],
)  # fmt: skip
def test_which_requests_a_part_is_about(
    world: dict[str, Any], given: dict[str, Any], planned: int, worst_at: float
) -> None:
    found = windows(min_requests=1, **given)
    assert (found.verdict, found.data["planned"], found.data["windows"]["worst_at_s"]) == (
        Verdict.PASS, planned, worst_at
    )  # fmt: skip
    world["fault"] = FaultWindow(20.0, 21.0, 60.0, healed=False)
    if "fault_id" in given:
        unhealed = windows(min_requests=1, **given)
        assert unhealed.verdict is Verdict.INCONCLUSIVE
        assert unhealed.reason.endswith("; that the fault was healed is not on the timeline")


P99 = "p99 \N{LESS-THAN OR EQUAL TO} 0.5 s"


@pytest.mark.parametrize(
    ("made", "given", "expected"),
    [
        ({}, {}, (Verdict.PASS, "p99 0.250 s", "", P99, (40, 0, 0))),
        ({"slow": {3: 0.5}}, {}, (Verdict.PASS, "p99 0.500 s", "", P99, (40, 0, 0))),
        ({"slow": {3: 0.625}}, {}, (Verdict.FAIL, "p99 0.625 s", "", P99, (39, 1, 0))),
        ({"slow": {3: 0.625}}, {"quantile": 0.9},
         (Verdict.PASS, "p90 0.250 s", "", P99.replace("99", "90"), (39, 1, 0))),
        ({"bad": {3: "status 502"}}, {}, (Verdict.FAIL, "no p99: too few good answers", "", P99, (39, 1, 0))),
        ({"lost": (3,)}, {}, (Verdict.INCONCLUSIVE, "no p99: too few good answers",
                              "; only because the load generator fell behind", P99, (39, 0, 1))),
        ({"late": {3: 0.625}}, {}, (Verdict.INCONCLUSIVE, "p99 0.875 s",
                                    "; only because the load generator fell behind", P99, (39, 1, 0))),
    ],
)  # fmt: skip
def test_how_long_users_waited(
    world: dict[str, Any], made: dict[str, Any], given: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    world["requests"] = requests(**made)
    verdict, measured, more, budget, (ok, failed, missing) = expected
    found = availability.latency(Path("d"), load="viewers", at_most_s=0.5, min_requests=39, **given)
    data = {"planned": 40, "sent": 40 - missing, "ok": ok, "failed": failed, "missing": missing, "torn": 0}
    reason = f"{measured} from planned start, of 40 planned requests{more}"
    assert found == Finding(verdict, reason, measured, budget, (FILE,), data)
    too_few = availability.latency(Path("d"), load="viewers", at_most_s=0.5)
    said = f"load viewers recorded {40 - missing} requests in 10.0\N{EN DASH}50.0 s; 100 are needed"
    assert too_few == Finding(Verdict.INCONCLUSIVE, said, budget=P99)
