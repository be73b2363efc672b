"""Reading what a load left: its plan, and its request rows as columns.

The plan cuts time into slots of one request each, as its pace says, and plans one start in each: a slot without a row
is a request that was planned and never recorded.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reports import layout
from reports.layout import REQUEST_COLUMNS, REQUEST_HEADER, REQUEST_TEXT
from reports.pace import Pace
from reports.timeline import Timeline
from reports.timeline import read as read_timeline

Numbers = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
LATE_S = 0.5
"""A start this long after its plan is the generator's doing: an open loop never waits for the stack."""


class RequestsError(Exception):
    """The rows or the plan of a load cannot be used; the message names the file and, where there is one, the line."""


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
        thought of it.
        """
        answered = (self.status >= 100) & (self.status < 500)
        good: Flags = answered & (self.error == "") & (self.latency_s <= deadline_s)
        return good

    @property
    def generator_fault(self) -> Flags:
        """Those that were not sent, or sent late: they say nothing about the stack."""
        return ~self.sent | (self.start_s_of - self.planned_s > LATE_S)

    def named(self, names: list[str] | None) -> Requests:
        """Only requests of these names; those without a row stay, for any of them may have been meant.

        Raises:
            RequestsError: no request has one of these names; it lists those there are.
        """
        if names is None:
            return self
        seen = sorted(set(self.name[self.sent]))
        if not set(names) & set(seen):
            raise RequestsError(f"load {self.load} has no request named {' or '.join(names)}; there are {seen}")
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
        RequestsError: no plan, no rows, a row that is no row, a row outside its plan, or two in one slot.

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
    end_s = start_s + plan["duration_s"]
    for event in timeline.query("load.finished", subject=load):
        end_s = min(end_s, event.t)
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


def _plan(dossier: Path, load: str) -> dict[str, Any]:
    path = dossier / layout.plan(load)
    try:
        raw = json.loads(path.read_text())
        plan = {key: raw[key] for key in ("rate_per_s", "start_ns", "duration_s", "planned")}
        if not (plan["rate_per_s"] > 0 and plan["planned"] > 0):
            raise RequestsError(f"load/{path.name}: it plans nothing")
        plan["pace"] = Pace(raw.get("stages") or [(plan["duration_s"], plan["rate_per_s"])])
    except FileNotFoundError as error:
        raise RequestsError(f"load/{path.name} is missing: what was to be sent is unknown") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RequestsError(f"load/{path.name} is not a plan: {error!r}") from error
    return plan


def read_rows(path: Path) -> tuple[dict[str, Any], int]:
    """The columns of a rows file, and how many lines at its end were torn (0 or 1).

    Raises:
        RequestsError: the file is missing, its header is another one, or a line is no row; it names file and line.
    """
    from pyarrow import csv, lib

    where = f"load/{path.name}"
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise RequestsError(f"{where} is missing: the load left no rows") from error
    whole, newline, rest = raw.rpartition(b"\n")
    if whole.split(b"\n", 1)[0].decode(errors="replace") != REQUEST_HEADER:
        raise RequestsError(f"{where}:1 is not the header {REQUEST_HEADER}")
    types = {key: "string" if key in REQUEST_TEXT else "int64" for key in REQUEST_COLUMNS}
    try:
        table = csv.read_csv(
            io.BytesIO(whole + newline),
            parse_options=csv.ParseOptions(quote_char=False),
            convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except lib.ArrowInvalid as error:
        raise RequestsError(f"{where}:{_bad_line(whole)} is not a request row") from error
    columns = {key: table[key].to_numpy() for key in REQUEST_COLUMNS if key not in REQUEST_TEXT}
    columns |= {key: np.array(table[key].to_pylist(), dtype=np.object_) for key in REQUEST_TEXT}
    return columns, int(bool(rest))


def _bad_line(whole: bytes) -> str:
    for number, line in enumerate(whole.split(b"\n"), 1):
        fields = line.split(b",")
        if number > 1 and (
            len(fields) != len(REQUEST_COLUMNS) or not all(fields[i].isdigit() for i in (0, 1, 2, 3, 5, 6))
        ):
            return str(number)
    return "?"
