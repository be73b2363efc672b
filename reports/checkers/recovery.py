"""Did a role recover from a fault in time: its pods Ready again, and, when a load is named, users served again?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reports import certificates, layout, timeline
from reports.certificates import Certificate
from reports.checkers.fault_window import if_healed
from reports.figures import Span
from reports.interval import Interval
from reports.outage import outage
from reports.recovery import QUIET_S, CannotMeasure, NotHit, Recovery, measure
from reports.requests import read_requests
from reports.verdict import Finding, Verdict, worst_of


def within(
    dossier: Path,
    *,
    role: str,
    budget_s: Span,
    fault_id: str,
    load: str | None = None,
) -> Finding:
    """A role that a fault hit is whole again within `budget_s` seconds of the fault's effect.

    Whole: as many Ready pods as its workload asks for, by UID, and with `load` also no request without a good answer
    any more. The time is an interval; all of it inside the budget is PASS, all outside FAIL, else INCONCLUSIVE. Never
    back is FAIL once the budget was watched out. No watch data, a role that was not hit: INCONCLUSIVE.

    Args:
        role: the role of the stack map.
        budget_s: seconds from the effect.
        fault_id: the fault.
        load: a load whose users must be served again.

    Example::

        Claim("recovery.within", {"fault_id": "f1", "role": "gateway", "budget_s": 30, "load": "viewers"})
    """
    seen = timeline.read(dossier)
    found = certificates.of_fault(seen, fault_id)
    if found is None:
        return _cannot(f"no fault {fault_id} is on the timeline", budget_s)
    try:
        return _judge(dossier, seen, found, role, budget_s, load)
    except CannotMeasure as error:
        return _cannot(str(error), budget_s)


def of_all_hit(dossier: Path, *, fault_id: str, budgets: dict[str, Span], load: str | None = None) -> Finding:
    """Every role that a fault hit, a killed node for one, is whole again within its budget; at least one was hit.

    Which roles a node carries is the scheduler's choice, so a role that was not there is named and left out.

    Args:
        fault_id: the fault.
        budgets: seconds from the effect, by role.
        load: a load whose users must be served again, within each budget.

    Example::

        Claim("recovery.of_all_hit", {"fault_id": "f1", "budgets": {"gateway": 60, "manager": 75}})
    """
    seen = timeline.read(dossier)
    found = certificates.of_fault(seen, fault_id)
    budget = ", ".join(f"{role} ≤ {seconds:g} s" for role, seconds in budgets.items())
    if found is None:
        return Finding(Verdict.INCONCLUSIVE, f"no fault {fault_id} is on the timeline", budget=budget)
    findings, spared = [], []
    for role, budget_s in budgets.items():
        try:
            findings.append(_judge(dossier, seen, found, role, budget_s, load))
        except NotHit:
            spared.append(role)
        except CannotMeasure as error:
            findings.append(Finding(Verdict.INCONCLUSIVE, str(error)))
    if not findings:
        return Finding(Verdict.INCONCLUSIVE, f"fault {fault_id} hit none of {', '.join(budgets)}", budget=budget)
    worst = worst_of(findings)
    reason = "; ".join(finding.reason for finding in findings if finding.verdict is worst.verdict)
    entries = [entry for finding in findings for entry in finding.data.get("recovery", ())]
    measured = ", ".join(
        f"{finding.data['recovery'][0]['role']} {finding.measured}" for finding in findings if finding.data
    )
    return Finding(
        worst.verdict, reason + (f"; not hit: {', '.join(spared)}" if spared else ""), measured, budget,
        (timeline.FILE, *((layout.requests(load),) if load else ())), {"recovery": entries},
    )  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """One thing that must come back: when it did, or how long it was seen not to."""

    name: str
    back: Interval | None
    watched_s: float = 0.0
    why: str = ""

    def verdict(self, budget_s: float) -> Verdict:
        if self.back is not None:
            verdict = self.back.within(budget_s)
            return Verdict.INCONCLUSIVE if self.why and verdict is Verdict.PASS else verdict
        return Verdict.FAIL if self.watched_s > budget_s and not self.why else Verdict.INCONCLUSIVE

    def __str__(self) -> str:
        if self.back is not None:
            return f"{self.name} after {self.back}" + (f", but {self.why}" if self.why else "")
        return self.why or f"not {self.name} within the {self.watched_s:.1f} s that were watched"


def _judge(
    dossier: Path, seen: timeline.Timeline, certificate: Certificate, role: str, budget_s: float, load: str | None
) -> Finding:
    recovery = measure(seen, certificate, role)
    blind = "the watch was lost before it could see the role whole" if recovery.blind else ""
    if recovery.never_fell:
        parts = [_Part("whole", Interval(0.0, 0.0), recovery.observed_s, blind or recovery.unsure)]
        if load is None:
            raise CannotMeasure(f"no pod of {role} fell, and no load was named that could say how long it was cut off")
    else:
        parts = [
            _Part(
                "whole again", recovery.ready, recovery.observed_s, blind or (recovery.ready and recovery.unsure) or ""
            )
        ]
    if load is not None:
        parts.append(_users(dossier, recovery, load))
    worst = worst_of([Finding(part.verdict(budget_s), str(part)) for part in parts])
    total = _total(parts)
    lost = ", ".join(recovery.lost)
    phases = {name: phase.to_json() for name, phase in recovery.phases.items()}
    if load is not None and parts[-1].back is not None:
        phases["users_served"] = parts[-1].back.to_json()
    entry: dict[str, Any] = {
        "fault_id": certificate.fault_id,
        "role": role,
        "earliest_s": round(total.earliest, 3) if total else None,
        "latest_s": round(total.latest, 3) if total else None,
        "budget_s": budget_s,
        "verdict": str(worst.verdict),
        "phases": phases,
        "lost": recovery.lost,
    }
    evidence = (timeline.FILE, *((layout.requests(load),) if load else ()))
    reason = f"{role} lost {lost} and was {'; '.join(map(str, parts))}"
    if worst.verdict is Verdict.INCONCLUSIVE and total and total.within(budget_s) is Verdict.INCONCLUSIVE:
        reason += f"; {budget_s:g} s lies inside what is known"
    verdict, reason = if_healed(worst.verdict, reason, healed=certificate.healed is not None)
    measured = str(total) if total else f"not back in {max(part.watched_s for part in parts):.1f} s"
    return Finding(verdict, reason, measured, f"≤ {budget_s:g} s", evidence, {"recovery": [entry]})


def _users(dossier: Path, recovery: Recovery, load: str) -> _Part:
    """When the users of a load were served again, and then for QUIET_S; at once when none was ever refused."""
    start, name = recovery.start, f"serving {load}"
    until = recovery.until if recovery.ready is None else start.latest + recovery.ready.latest + QUIET_S
    users = outage(dossier, load, after_s=start.earliest, before_s=min(until, recovery.until))
    while until < recovery.until and users.last_bad_s is not None and users.last_bad_s + QUIET_S > until:
        until = users.last_bad_s + QUIET_S
        users = outage(dossier, load, after_s=start.earliest, before_s=min(until, recovery.until))
    if users.total == 0:
        return _Part(name, None, why=f"load {load} sent nothing after the fault")
    last_s = float(np.nanmax(read_requests(dossier, load).start_s_of))
    if recovery.ready and last_s < start.earliest + recovery.ready.earliest:
        return _Part(name, None, why=f"load {load} ended at {last_s:.1f} s, before {recovery.role} was whole")
    if users.bad == 0:
        return _Part(name, Interval(0.0, 0.0), why=_silence(dossier, recovery, load))
    if users.first_good_s is None:
        return _Part(name, None, watched_s=max(0.0, (users.last_bad_s or 0.0) - start.latest))
    return _Part(name, Interval.between(start, Interval(*users.first_good_s)))


def _silence(dossier: Path, recovery: Recovery, load: str) -> str:
    """Why no failure proves nothing: half of what was planned while the role was not whole was never sent."""
    requests, since = read_requests(dossier, load), recovery.start.latest
    until = since + (recovery.ready.latest if recovery.ready else recovery.observed_s)
    due = (requests.planned_s >= since) & (requests.planned_s < until)
    sent, planned = int((due & requests.sent).sum()), int(due.sum())
    if sent * 2 < planned:
        return f"load {load} was silent meanwhile: {sent} of {planned} planned requests were sent"
    return ""


def _total(parts: list[_Part]) -> Interval | None:
    total = parts[0].back
    for part in parts[1:]:
        total = total.later_of(part.back) if total and part.back else None
    return total


def _cannot(reason: str, budget_s: float) -> Finding:
    return Finding(Verdict.INCONCLUSIVE, reason, budget=f"≤ {budget_s:g} s", evidence=(timeline.FILE,))
