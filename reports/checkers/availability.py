"""Availability and latency as users had them, from request rows: in every window, of what was planned.

A planned request that was never sent, or was answered too late, is a failed one. When only such requests make the
difference it is the generator that fell behind: the load is an open loop and never waits for the stack, so that is
INCONCLUSIVE and not the stack's failure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from reports import layout
from reports.answers import OLD_ANSWER, behind_s
from reports.checkers.fault_window import FaultWindow, NoSuchFault, fault_window, if_healed
from reports.figures import Count, Moment, Share, Span
from reports.requests import Flags, Numbers, Requests, RequestsError, Seconds, read_requests
from reports.timeline import TimelineError
from reports.timeline import read as read_timeline
from reports.verdict import CannotTell, Finding, Verdict

STEPS = 1e-9


@dataclass(frozen=True)
class Judged:
    """The requests that a claim is about: those planned from `since_s` to `until_s`."""

    requests: Requests
    since_s: float
    until_s: float
    fault: FaultWindow | None


def in_windows(
    dossier: Path,
    *,
    load: str,
    at_least: Share,
    window_s: Span,
    fault_id: str | None = None,
    after_s: Moment | None = None,
    names: list[str] | None = None,
    min_requests: Count = 20,
    deadline_s: Span = 5.0,
    part: Literal["all", "before", "after"] = "all",
    settled_s: Moment = 0.0,
) -> Finding:
    """In every `window_s`, wherever it is laid, at least that share of planned requests got a good answer in time.

    Args:
        dossier: the folder of a run.
        load: the load's name.
        at_least: the promised share, 0 to 1.
        window_s: length of the windows in seconds; one that the load's end cuts off is not judged.
        fault_id: the fault that the load must cover, from its beginning to its healing; None when there is none.
        after_s: with a fault, how many seconds after its healing are judged; to the end of the load when None.
        names: only requests of these names.
        min_requests: recorded requests in the fault's time (or in all) below which nothing can be said.
        deadline_s: seconds from its planned start after which an answer comes too late.
        part: `before` judges only what was decided before the fault, its deadline over: what limps then has nothing to
            recover to, and what was under way when the fault struck is the fault's; `after` only what was planned
            `settled_s` after its effect, healed or not: what still limps then has not recovered.
        settled_s: with `after`, seconds from the fault's effect that the stack was promised to need.

    Example::

        in_windows(dossier, load="viewers", at_least=0.995, window_s=5, fault_id="f1")
    """
    budget = f"\N{GREATER-THAN OR EQUAL TO} {at_least:.4g} in every {window_s:g} s"
    try:
        judged = _judged(dossier, load, fault_id, after_s, names, min_requests, part, settled_s, deadline_s)
        requests = judged.requests
        good = requests.good(deadline_s)
        at, share, count = _worst_window(requests.planned_s, good, window_s, judged)
        excused = good | requests.generator_fault
        broken_at_s = _first_broken(requests.planned_s, excused, window_s, judged, at_least)
    except (CannotTell, RequestsError, TimelineError, NoSuchFault) as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget)
    windows = {"length_s": window_s, "worst_availability": round(share, 6), "worst_at_s": round(at, 3),
               "first_broken_at_s": broken_at_s}  # fmt: skip
    measured = f"{share:.2%} in {at:.1f}\N{EN DASH}{at + window_s:.1f} s".replace("%", " %")
    inside = (requests.planned_s >= at) & (requests.planned_s < at + window_s) & ~good
    reason = f"{measured}, the worst of all {window_s:g} s windows, of {count} planned requests"
    if why := _why(requests, inside, deadline_s):
        reason += f": {why}"
    verdict = Verdict.PASS
    if share < at_least:
        verdict = Verdict.FAIL if broken_at_s is not None else Verdict.INCONCLUSIVE
        if verdict is Verdict.INCONCLUSIVE:
            reason += "; without these the promise held: the load generator fell behind, not the stack"
    verdict, reason = if_healed(verdict, reason, healed=judged.fault is None or judged.fault.healed)
    return Finding(
        verdict, reason, measured, budget, (layout.requests(load),), {**_totals(judged, good), "windows": windows}
    )


def latency(
    dossier: Path,
    *,
    load: str,
    at_most_s: Span,
    quantile: Share = 0.99,
    fault_id: str | None = None,
    after_s: Moment | None = None,
    names: list[str] | None = None,
    min_requests: Count = 100,
) -> Finding:
    """That share of planned requests had a good answer within `at_most_s` seconds of their planned start.

    A request without a good answer has waited for ever, so a stack that refuses fast is not a fast one. The arguments
    are those of `in_windows`.
    """
    budget = f"p{100 * quantile:g} \N{LESS-THAN OR EQUAL TO} {at_most_s:g} s"
    try:
        judged = _judged(dossier, load, fault_id, after_s, names, min_requests)
    except (CannotTell, RequestsError, TimelineError, NoSuchFault) as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), budget=budget)
    requests, inside = judged.requests, _inside(judged)
    waited = np.where(requests.good(np.inf), requests.latency_s, np.inf)
    at = float(np.quantile(waited[inside], quantile, method="higher"))
    excused = inside & ~requests.generator_fault
    fair = float(np.quantile(waited[excused], quantile, method="higher")) if excused.any() else np.inf
    measured = f"p{100 * quantile:g} {at:.3f} s" if np.isfinite(at) else f"no p{100 * quantile:g}: too few good answers"
    verdict = Verdict.PASS if at <= at_most_s else Verdict.FAIL if fair > at_most_s else Verdict.INCONCLUSIVE
    reason = f"{measured} from planned start, of {int(inside.sum())} planned requests"
    if verdict is Verdict.INCONCLUSIVE:
        reason += "; only because the load generator fell behind"
    return Finding(
        verdict, reason, measured, budget, (layout.requests(load),), _totals(judged, requests.good(at_most_s))
    )


def _judged(
    dossier: Path, load: str, fault_id: str | None, after_s: float | None, names: list[str] | None, min_requests: int,
    part: str = "all", settled_s: float = 0.0, deadline_s: float = 0.0,
) -> Judged:  # fmt: skip
    """Choose what is judged; CannotTell when the load does not cover the fault, died, or recorded too little."""
    timeline = read_timeline(dossier)
    requests = read_requests(dossier, load, timeline)
    last_s = float(np.nanmax(requests.start_s_of))
    if requests.end_s - last_s > 1.0 + 3 / requests.rate_per_s:
        raise CannotTell(
            f"load {load} fell silent at {last_s:.1f} s, though it was to send until {requests.end_s:.1f} s"
        )
    fault = fault_window(timeline, fault_id) if fault_id is not None else None
    since, until = requests.start_s, requests.end_s
    if fault:
        if not requests.start_s <= fault.start_s or (fault.healed and requests.end_s < fault.end_s):
            raise CannotTell(
                f"load {load} ran {requests.start_s:.1f}\N{EN DASH}{requests.end_s:.1f} s: "
                f"not all through the fault, {fault}"
            )
        until = until if after_s is None else min(until, fault.end_s + after_s)
    if part != "all" and fault is None:
        raise CannotTell(f"{part} what? this claim names no fault")
    if fault and part == "before":
        until = fault.start_s - deadline_s
    if fault and part == "after":
        since = fault.effect_s + settled_s
    judged = Judged(requests.named(names), since, until, fault)
    start, end = (fault.start_s, until) if fault and part == "all" else (since, until)
    planned = judged.requests.planned_s
    recorded = int((judged.requests.sent & (planned >= start) & (planned < end)).sum())
    if recorded < max(1, min_requests):
        raise CannotTell(
            f"load {load} recorded {recorded} requests in {start:.1f}\N{EN DASH}{end:.1f} s; {min_requests} are needed"
        )
    return judged


def _inside(judged: Judged) -> Flags:
    planned = judged.requests.planned_s
    inside: Flags = (planned >= judged.since_s) & (planned < judged.until_s)
    return inside


def _worst_window(planned: Seconds, good: Flags, window_s: float, judged: Judged) -> tuple[float, float, int]:
    """Start, share and size of the worst window that begins with a planned request and ends before `until_s`."""
    starts, shares, sizes = _windows(planned, good, window_s, judged)
    worst = int(np.argmin(shares))
    return float(starts[worst]), float(shares[worst]), int(sizes[worst])


def _first_broken(
    planned: Seconds, good: Flags, window_s: float, judged: Judged, at_least: float
) -> float | None:  # fmt: skip
    """Start of the first window that breaks the promise, or None: from its end on it is decided."""
    starts, shares, _ = _windows(planned, good, window_s, judged)
    broken = starts[shares < at_least]
    return round(float(broken[0]), 3) if len(broken) else None


def _windows(planned: Seconds, good: Flags, window_s: float, judged: Judged) -> tuple[Seconds, Seconds, Numbers]:
    """Start, share and size of each window, in order of time."""
    order = np.argsort(planned, kind="stable")
    at, passed = planned[order], np.concatenate(([0], np.cumsum(good[order])))
    first = np.searchsorted(at, judged.since_s - STEPS)
    starts = np.arange(first, np.searchsorted(at, judged.until_s - window_s, side="right"))
    if not len(starts):
        raise CannotTell(
            f"no whole window of {window_s:g} s lies in {judged.since_s:.1f}\N{EN DASH}{judged.until_s:.1f} s"
        )
    ends = np.searchsorted(at, at[starts] + window_s)
    return at[starts], (passed[ends] - passed[starts]) / (ends - starts), ends - starts


def _why(requests: Requests, which: Flags, deadline_s: float) -> str:
    """The failed ones by kind, most frequent first: `37 x status 502, 2 x missing`."""
    kinds = Counter(_kind(str(error)) or f"later than {deadline_s:g} s" for error in requests.error[which])
    return ", ".join(f"{count} x {kind}" for kind, count in kinds.most_common(4))


def _kind(error: str) -> str:
    """What failed requests are counted by: how far behind each of them was makes none of them another kind."""
    return OLD_ANSWER if behind_s(error) else error


def _totals(judged: Judged, good: Flags) -> dict[str, Any]:
    inside = _inside(judged)
    sent = judged.requests.sent & inside
    return {
        "planned": int(inside.sum()),
        "sent": int(sent.sum()),
        "ok": int((good & inside).sum()),
        "failed": int((sent & ~good).sum()),
        "missing": int((inside & ~judged.requests.sent).sum()),
        "torn": judged.requests.torn,
    }
