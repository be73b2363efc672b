"""Progress during a fault: a promise kept while nobody asked for anything was not tested.

After Redpanda's `progress_during_fault`: a minimum of successful operations inside the fault's window.
"""

from __future__ import annotations

from pathlib import Path

from reports import layout
from reports.checkers.fault_window import NoSuchFault, fault_window, if_healed
from reports.figures import Count, Span
from reports.requests import RequestsError, read_requests
from reports.timeline import TimelineError
from reports.timeline import read as read_timeline
from reports.verdict import Finding, Verdict

TIME_S = 1.0
"""For an answer: what is sent this shortly before the end may be answered after it by a sound stack."""


def during_fault(
    dossier: Path, *, load: str, fault_id: str, at_least: Count, names: list[str] | None = None, deadline_s: Span = 5.0,
    even_later: bool = False,
) -> Finding:  # fmt: skip
    """At least that many requests got a good answer between the fault's injection and its proven healing.

    FAIL when enough were sent and too few served; INCONCLUSIVE when too few were sent to tell. Not counted as sent is
    what the load generator sent late, and what had less than a second left until the fault was healed.

    Args:
        dossier: the folder of a run.
        load: the load's name.
        fault_id: the fault.
        at_least: good answers that must have ended inside the fault's window.
        names: only requests of these names.
        deadline_s: seconds from its planned start after which an answer comes too late.
        even_later: an answer within `deadline_s` counts also when the fault was healed before it came: for what may
            stall for longer than the fault lasts, as writes do until a new leader is elected.
    """
    budget = f"\N{GREATER-THAN OR EQUAL TO} {at_least} good answers during the fault"
    try:
        timeline = read_timeline(dossier)
        fault = fault_window(timeline, fault_id)
        requests = read_requests(dossier, load, timeline).named(names)
    except (RequestsError, TimelineError, NoSuchFault) as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget)
    inside = requests.sent & (requests.start_s_of >= fault.start_s) & (requests.start_s_of < fault.end_s)
    until_s = float("inf") if even_later else fault.end_s
    in_time = requests.end_s_of <= until_s
    sent = int(inside.sum())
    fair = int((inside & ~requests.generator_fault & (requests.start_s_of < until_s - TIME_S)).sum())
    good = int((inside & requests.good(deadline_s) & in_time).sum())
    measured = f"{good} good answers"
    by_when = "in time" if even_later else "before it ended"
    reason = f"{good} of {sent} requests sent during the fault, {fault}, were served {by_when}"
    verdict = Verdict.PASS if good >= at_least else Verdict.FAIL if fair >= at_least else Verdict.INCONCLUSIVE
    if verdict is Verdict.INCONCLUSIVE:
        reason += f"; {at_least} sent on time, and with time for an answer, are needed to tell; {fair} were"
    verdict, reason = if_healed(verdict, reason, healed=fault.healed)
    data = {"sent": sent, "ok": good, "fault_s": round(fault.end_s - fault.start_s, 3)}
    return Finding(verdict, reason, measured, budget, (layout.requests(load), layout.TIMELINE), data)
