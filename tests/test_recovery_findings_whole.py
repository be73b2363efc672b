"""The whole findings about a recovery, from a measure and an outage that are made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reports import timeline
from reports.certificates import Certificate
from reports.checkers import recovery
from reports.event import Event
from reports.interval import Interval
from reports.outage import Outage
from reports.recovery import CannotMeasure, NotHit, Recovery
from reports.timeline import Timeline
from reports.verdict import Finding, Verdict

FILES = ("timeline.jsonl", "load/requests-ops.csv")
PLAN = {"fault_id": "f1", "fault": "KillPod", "victims": []}
STEPS = tuple(
    Event(t, 0.0, "fault", f"fault.{kind}", "e-1", None, PLAN) for kind, t in (("planned", 9), ("healed", 18))
)
SEEN = Timeline(STEPS, torn=False, start_ns=0, unix_ns=0)
WEB = Recovery("f1", "web", Interval(10.0, 10.5), 60.0, ["web-a", "web-b"], 2,
               {"detected": Interval(0.0, 1.0), "ready": Interval(5.0, 6.0)})  # fmt: skip
UNREADY = replace(WEB, phases={"detected": Interval(0.0, 1.0)})
STOOD = replace(WEB, phases={}, never_fell=True)
SERVED = Outage(11.0, 12.0, (12.0, 12.5), 3, 100)
NONE_BAD = Outage(None, None, None, 0, 100)


class World:
    """What was measured of each role, and what users had between two moments; keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.measured: dict[str, Recovery | CannotMeasure] = {"web": WEB}
        self.outages: list[Outage] = [SERVED]
        self.asked: list[dict[str, Any]] = []
        self.seen = SEEN
        self.planned, self.sent = np.arange(10.0, 60.0), np.ones(50, bool)
        self.ends = 59.0
        monkeypatch.setattr(timeline, "read", lambda dossier: {Path("d"): self.seen}[dossier])
        monkeypatch.setattr(recovery, "measure", self.measure)
        monkeypatch.setattr(recovery, "outage", self.outage)
        monkeypatch.setattr(recovery, "read_requests", lambda dossier, load: SimpleNamespace(
            start_s_of=np.array([11.0, np.nan, self.ends]), planned_s=self.planned, sent=self.sent))  # fmt: skip

    def measure(self, seen: Timeline, certificate: Certificate, role: str) -> Recovery:
        assert (seen, certificate.fault_id) == (self.seen, "f1")
        found = self.measured[role]
        if isinstance(found, CannotMeasure):
            raise found
        return found

    def outage(self, dossier: Path, load: str, **span: Any) -> Outage:
        assert (dossier, load) == (Path("d"), "ops")
        self.asked.append(span)
        return self.outages.pop(0) if len(self.outages) > 1 else self.outages[0]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def within(budget_s: float = 20, load: str | None = "ops") -> Finding:
    return recovery.within(Path("d"), role="web", budget_s=budget_s, fault_id="f1", load=load)


def finding(
    verdict: str, reason: str, measured: str, total: tuple[float, float] | None, phases: dict[str, list[float]],
    *, budget_s: float = 20, load: bool = True, of: str = "", healed: bool = True,
) -> Finding:  # fmt: skip
    entry = {
        "fault_id": "f1", "role": "web", "earliest_s": total and total[0], "latest_s": total and total[1],
        "budget_s": budget_s, "verdict": of or verdict, "phases": phases, "lost": ["web-a", "web-b"],
    }  # fmt: skip
    said = f"web lost web-a, web-b and was {reason}"
    said += "" if healed else "; that the fault was healed is not on the timeline"
    files = FILES if load else FILES[:1]
    return Finding(Verdict(verdict), said, measured, f"≤ {budget_s:g} s", files, {"recovery": [entry]})


DETECTED, READY, USERS = {"detected": [0.0, 1.0]}, {"ready": [5.0, 6.0]}, {"users_served": [1.5, 2.5]}
BOTH = "whole again after 5.0 to 6.0 s; serving ops after 1.5 to 2.5 s"


def test_a_role_and_its_users_are_back_in_time(world: World) -> None:
    whole = finding("PASS", BOTH, "5.0 to 6.0 s", (5.0, 6.0), DETECTED | READY | USERS)
    assert within() == whole
    assert world.asked == [{"after_s": 10.0, "before_s": 26.5}]
    alone = finding("PASS", BOTH.partition(";")[0], "5.0 to 6.0 s", (5.0, 6.0), DETECTED | READY, load=False)
    assert within(load=None) == alone
    inside = BOTH + "; 5.5 s lies inside what is known"
    assert within(5.5) == finding("INCONCLUSIVE", inside, "5.0 to 6.0 s", (5.0, 6.0), DETECTED | READY | USERS,
                                  budget_s=5.5)  # fmt: skip
    assert within(4.5).verdict is Verdict.FAIL
    world.seen = replace(SEEN, events=STEPS[:1], _found={})
    assert within() == finding("INCONCLUSIVE", BOTH, "5.0 to 6.0 s", (5.0, 6.0), DETECTED | READY | USERS, of="PASS",
                               healed=False)  # fmt: skip


def test_users_who_are_served_later_than_the_role_decide(world: World) -> None:
    world.outages = [Outage(11.0, 20.0, (20.0, 20.25), 3, 100), Outage(11.0, 29.0, (29.0, 29.25), 4, 100)]
    said = "whole again after 5.0 to 6.0 s; serving ops after 18.5 to 19.2 s"
    phases = DETECTED | READY | {"users_served": [18.5, 19.25]}
    assert within() == finding("PASS", said, "18.5 to 19.2 s", (18.5, 19.25), phases)
    assert [span["before_s"] for span in world.asked] == [26.5, 30.0, 39.0]
    world.asked.clear()
    world.outages = [Outage(11.0, 16.5, (16.5, 16.75), 3, 100)]
    within()
    assert [span["before_s"] for span in world.asked] == [26.5]
    world.asked.clear()
    world.outages = [Outage(11.0, 55.0, None, 3, 100)]
    found = within()
    assert [span["before_s"] for span in world.asked] == [26.5, 60.0]
    said = "whole again after 5.0 to 6.0 s; not serving ops within the 44.5 s that were watched"
    assert found == finding("FAIL", said, "not back in 49.5 s", None, DETECTED | READY)


@pytest.mark.parametrize(
    ("changes", "verdict", "said", "phases"),
    [
        ({"outages": [Outage(None, None, None, 0, 0)]}, "INCONCLUSIVE", "load ops sent nothing after the fault", None),
        ({"ends": 14.9}, "INCONCLUSIVE", "load ops ended at 14.9 s, before web was whole", None),
        ({"ends": 15.0}, "PASS", "serving ops after 1.5 to 2.5 s", USERS),
        ({"outages": [NONE_BAD]}, "PASS", "serving ops after 0.0 s", {"users_served": [0.0, 0.0]}),
        ({"outages": [NONE_BAD], "sent": 3}, "PASS", "serving ops after 0.0 s", {"users_served": [0.0, 0.0]}),
        ({"outages": [NONE_BAD], "sent": 2}, "INCONCLUSIVE",
         "serving ops after 0.0 s, but load ops was silent meanwhile: 2 of 6 planned requests were sent",
         {"users_served": [0.0, 0.0]}),
        ({"outages": [Outage(11.0, 10.25, None, 3, 100)]}, "INCONCLUSIVE",
         "not serving ops within the 0.0 s that were watched", None),
    ],
)  # fmt: skip
def test_what_users_tell(
    world: World, changes: dict[str, Any], verdict: str, said: str, phases: dict[str, list[float]] | None
) -> None:
    world.outages, world.ends = changes.get("outages", [SERVED]), changes.get("ends", 59.0)
    world.sent = np.isin(world.planned, [5.0, *range(11, 11 + changes.get("sent", 6)), *range(17, 60)])
    total = (5.0, 6.0) if phases else None
    measured = "5.0 to 6.0 s" if phases else "not back in 49.5 s"
    reason = f"whole again after 5.0 to 6.0 s; {said}"
    assert within() == finding(verdict, reason, measured, total, DETECTED | READY | (phases or {}))


LOST = "the watch was lost before it could see the role whole"


@pytest.mark.parametrize(
    ("measured", "verdict", "said", "total", "phases"),
    [
        (UNREADY, "FAIL", "not whole again within the 49.5 s that were watched", None, DETECTED),
        (replace(UNREADY, until=30.5), "INCONCLUSIVE", "not whole again within the 20.0 s that were watched", None,
         DETECTED),
        (replace(UNREADY, until=30.6), "FAIL", "not whole again within the 20.1 s that were watched", None, DETECTED),
        (replace(UNREADY, unsure="unsure"), "FAIL", "not whole again within the 49.5 s that were watched", None,
         DETECTED),
        (replace(UNREADY, blind=True), "INCONCLUSIVE", LOST, None, DETECTED),
        (replace(WEB, blind=True), "INCONCLUSIVE", f"whole again after 5.0 to 6.0 s, but {LOST}", (5.0, 6.0),
         DETECTED | READY),
        (replace(WEB, unsure="a second may be"), "INCONCLUSIVE", "whole again after 5.0 to 6.0 s, but a second may be",
         (5.0, 6.0), DETECTED | READY),
        (replace(WEB, phases={"ready": Interval(25.0, 26.0)}, unsure="x"), "FAIL",
         "whole again after 25.0 to 26.0 s, but x", (25.0, 26.0), {"ready": [25.0, 26.0]}),
    ],
)  # fmt: skip
def test_a_role_that_is_not_back_or_was_not_seen(
    world: World, measured: Recovery, verdict: str, said: str, total: tuple[float, float] | None,
    phases: dict[str, list[float]],
) -> None:  # fmt: skip
    world.measured["web"] = measured
    told = str(Interval(*total)) if total else f"not back in {measured.observed_s:.1f} s"
    assert within(load=None) == finding(verdict, said, told, total, phases, load=False)


def test_a_role_that_never_fell_is_judged_by_its_users(world: World) -> None:
    world.measured["web"] = STOOD
    said = "whole after 0.0 s; serving ops after 1.5 to 2.5 s"
    assert within() == finding("PASS", said, "1.5 to 2.5 s", (1.5, 2.5), USERS)
    assert world.asked == [{"after_s": 10.0, "before_s": 60.0}]
    cannot = "no pod of web fell, and no load was named that could say how long it was cut off"
    assert within(load=None) == Finding(Verdict.INCONCLUSIVE, cannot, budget="≤ 20 s", evidence=FILES[:1])
    for changes, why in (({"blind": True}, LOST), ({"unsure": "x"}, "x")):
        world.measured["web"] = replace(STOOD, **changes)
        assert within() == finding("INCONCLUSIVE", said.replace("0.0 s;", f"0.0 s, but {why};"), "1.5 to 2.5 s",
                                   (1.5, 2.5), USERS)  # fmt: skip


def test_of_no_fault_and_of_no_measure_nothing_is_told(world: World) -> None:
    world.measured["web"] = CannotMeasure("it says why")
    assert within(1.5) == Finding(Verdict.INCONCLUSIVE, "it says why", budget="≤ 1.5 s", evidence=FILES[:1])
    world.seen = replace(SEEN, events=(), _found={})
    said = "no fault f1 is on the timeline"
    assert within(1.5) == Finding(Verdict.INCONCLUSIVE, said, budget="≤ 1.5 s", evidence=FILES[:1])
    found = recovery.of_all_hit(Path("d"), fault_id="f1", budgets={"web": 9, "db": 1.5})
    assert found == Finding(Verdict.INCONCLUSIVE, said, budget="web ≤ 9 s, db ≤ 1.5 s")


def test_each_role_that_was_hit_has_its_budget(world: World) -> None:
    budgets = {"web": 20.0, "db": 5.0, "cache": 9.0}
    world.measured |= {"db": replace(WEB, role="db", lost=["db-a"]), "cache": NotHit("no")}

    def judged(load: str | None = "ops") -> Finding:
        return recovery.of_all_hit(Path("d"), fault_id="f1", budgets=budgets, load=load)

    budget = "web ≤ 20 s, db ≤ 5 s, cache ≤ 9 s"
    entries = [within().data["recovery"][0]]
    entries.append(entries[0] | {"role": "db", "lost": ["db-a"], "budget_s": 5.0, "verdict": "INCONCLUSIVE"})
    said = f"db lost db-a and was {BOTH}; 5 s lies inside what is known; not hit: cache"
    assert judged() == Finding(
        Verdict.INCONCLUSIVE, said, "web 5.0 to 6.0 s, db 5.0 to 6.0 s", budget, FILES, {"recovery": entries}
    )  # fmt: skip
    budgets["db"] = 6.0
    entries[1] |= {"budget_s": 6.0, "verdict": "PASS"}
    said = f"web lost web-a, web-b and was {BOTH}; db lost db-a and was {BOTH}; not hit: cache"
    passed = judged()
    assert (passed.verdict, passed.reason, passed.data) == (Verdict.PASS, said, {"recovery": entries})
    assert judged(None).evidence == FILES[:1]
    world.measured |= {"db": CannotMeasure("unseen"), "cache": CannotMeasure("dark")}
    assert judged() == Finding(
        Verdict.INCONCLUSIVE, "unseen; dark", "web 5.0 to 6.0 s", budget.replace("5 s, c", "6 s, c"), FILES,
        {"recovery": entries[:1]},
    )  # fmt: skip
    world.measured = dict.fromkeys(budgets, NotHit("no"))
    none = "fault f1 hit none of web, db, cache"
    assert judged() == Finding(Verdict.INCONCLUSIVE, none, budget=budget.replace("5 s, c", "6 s, c"))
