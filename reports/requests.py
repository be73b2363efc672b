"""Reading what a load left: its plan, and its request rows as columns.

The plan cuts time into slots of one request each, as its pace says, and plans one start in each: a slot without a row
is a request that was planned and never recorded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reports import layout
from reports.answers import behind_s
from reports.pace import Pace
from reports.rows import RequestsError, read_rows
from reports.timeline import FILE, Event, Timeline
from reports.timeline import read as read_timeline

Numbers = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
LATE_S = 0.5
"""A start this long after its plan is the generator's doing: an open loop never waits for the stack."""


@dataclass(frozen=True)
class Requests:
    """All planned requests of one load in order of their planned start, recorded or not; times in timeline seconds.

    Args:
        load: its name in the dossier.
        rate_per_s: planned requests per second; the mean where there are stages.
        start_s: start of the plan.
        end_s: when the load was told to stop, or the end of its plan, whichever was first.
        planned_s: planned start of each; the middle of its slot where there is no row.
        start_s_of: when each was really sent; NaN where there is no row.
        end_s_of: when each ended; NaN where there is no row.
        name: what was asked; empty where there is no row.
        status: HTTP status; 0 where there was no answer.
        error: why the answer was no good; empty when it was; `missing` where there is no row.
        torn: lines cut off by a crash of the writer, left out.
    """

    load: str
    rate_per_s: float
    start_s: float
    end_s: float
    planned_s: Seconds
    start_s_of: Seconds
    end_s_of: Seconds
    name: npt.NDArray[np.object_]
    status: Numbers
    error: npt.NDArray[np.object_]
    torn: int

    @property
    def sent(self) -> Flags:
        """Those with a row."""
        return ~np.isnan(self.start_s_of)

    @property
    def latency_s(self) -> Seconds:
        """From planned start to end: what a user who came on time has waited; NaN where there is no row."""
        return self.end_s_of - self.planned_s

    def good(self, deadline_s: float) -> Flags:
        """Those with a good answer within `deadline_s` of their planned start.

        What the client found wrong is in `error`; no answer, and an answer of 500 or above, is never good whatever it
        thought of it. An answer that lacks what was confirmed 3 s ago is as late as one that takes 3 s.
        """
        answered = (self.status >= 100) & (self.status < 500)
        good: Flags = answered & (self.latency_s <= deadline_s) & self.right_within(deadline_s)
        return good

    def right_within(self, deadline_s: float) -> Flags:
        """Those whose answer is right, or was so at most `deadline_s` ago: no worse than one that takes so long."""
        right: Flags = self.error == ""
        for row in np.flatnonzero(~right):  # few have an error, and only those are read
            right[row] = 0 < behind_s(str(self.error[row])) <= deadline_s
        return right

    @property
    def generator_fault(self) -> Flags:
        """Those that were not sent, or sent late: they say nothing about the stack."""
        return ~self.sent | (self.start_s_of - self.planned_s > LATE_S)

    def named(self, names: list[str] | None) -> Requests:
        """Only requests of these names; those without a row stay, for any of them may have been meant.

        Raises:
            RequestsError: one of these names no request has, so of it nothing is known; it lists those there are.
        """
        if names is None:
            return self
        seen = sorted(set(self.name[self.sent]))
        strange = sorted(set(names) - set(seen))
        if strange or not names:
            raise RequestsError(f"load {self.load} has no request named {' or '.join(strange)}; there are {seen}")
        keep = np.isin(self.name, names) | ~self.sent
        columns = {
            key: getattr(self, key)[keep] for key in ("planned_s", "start_s_of", "end_s_of", "name", "status", "error")
        }
        return Requests(self.load, self.rate_per_s, self.start_s, self.end_s, torn=self.torn, **columns)


def read_requests(dossier: Path, load: str, timeline: Timeline | None = None) -> Requests:
    """Read plan and rows of a load.

    Args:
        dossier: the folder of a run.
        load: the load's name, such as `viewers`.
        timeline: the run's timeline when it has been read already.

    Raises:
        RequestsError: no plan, no rows, a row that is no row, a row outside its plan, two in one slot, or rows that are
            not those that the timeline says the load had at its end.

    Example::

        requests = read_requests(dossier, "viewers")
        requests.good(5.0).mean()
    """
    timeline = timeline or read_timeline(dossier)
    plan, rows_file = _plan(dossier, load), layout.requests(load)
    columns, torn = read_rows(dossier / rows_file)
    if not len(columns["planned_ns"]):
        raise RequestsError(f"{rows_file} has no row: the load sent nothing")
    start_s = timeline.seconds(plan["start_ns"])
    ended = _ended(timeline, load, columns)
    end_s = min(start_s + plan["duration_s"], ended.t)
    if timeline.seconds(int(columns["planned_ns"].max())) > end_s + max(LATE_S, float(ended.data.get("gone_s", 0.0))):
        raise RequestsError(f"{rows_file} has requests planned after load {load} was told to stop, at {end_s:.1f} s")
    pace: Pace = plan["pace"]
    since_s = (columns["planned_ns"] - plan["start_ns"]) / 1e9
    slot = np.floor(np.interp(since_s, pace.moments, pace.counts)).astype(np.int64)
    if since_s.min() < 0 or slot.max() >= plan["planned"]:
        raise RequestsError(f"{rows_file} has requests outside its plan of {plan['planned']} slots")
    if len(np.unique(slot)) != len(slot):
        raise RequestsError(f"{rows_file} has {len(slot) - len(np.unique(slot))} slots with more than one row")
    count = max(int(slot.max()) + 1, int(pace.slot_at(end_s - start_s)))

    def spread(values: Any, absent: Any, kind: Any) -> Any:
        full = np.full(count, absent, dtype=kind)
        full[slot] = values
        return full

    def seconds(key: str) -> Any:
        return (columns[key] - timeline.start_ns) / 1e9

    planned_s = start_s + np.interp(np.arange(count) + 0.5, pace.counts, pace.moments)
    planned_s[slot] = seconds("planned_ns")
    return Requests(
        load, plan["rate_per_s"], start_s, end_s, planned_s,
        spread(seconds("start_ns"), np.nan, np.float64), spread(seconds("end_ns"), np.nan, np.float64),
        spread(columns["name"], "", np.object_), spread(columns["status"], 0, np.int64),
        spread(columns["error"], "missing", np.object_), torn,
    )  # fmt: skip


def _ended(timeline: Timeline, load: str, columns: dict[str, Any]) -> Event:
    """That the load was told to stop, by who followed its rows and counted them; the count must be that of the file."""
    ended = timeline.query("load.finished", subject=load)
    if not ended:
        raise RequestsError(f"{FILE} does not say how load {load} ended, so rows may have been lost")
    counted = {name: ended[0].data.get(name) for name in ("sent", "ok")}
    held = {"sent": len(columns["error"]), "ok": int((columns["error"] == "").sum())}
    if counted != held:
        raise RequestsError(
            f"{layout.requests(load)} holds {held['sent']} requests, {held['ok']} of them good; when load {load} ended "
            f"there were {counted['sent']}, {counted['ok']} of them good"
        )
    return ended[0]


def _plan(dossier: Path, load: str) -> dict[str, Any]:
    path = dossier / layout.plan(load)
    try:
        raw = json.loads(path.read_text())
        plan = {key: raw[key] for key in ("rate_per_s", "start_ns", "duration_s", "planned")}
        if raw["load"] != load:
            raise RequestsError(f"load/{path.name} is the plan of load {raw['load']}")
        if not (plan["rate_per_s"] > 0 and plan["planned"] > 0):
            raise RequestsError(f"load/{path.name}: it plans nothing")
        plan["pace"] = Pace(raw.get("stages") or [(plan["duration_s"], plan["rate_per_s"])])
    except FileNotFoundError as error:
        raise RequestsError(f"load/{path.name} is missing: what was to be sent is unknown") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RequestsError(f"load/{path.name} is not a plan: {error!r}") from error
    return plan
