"""The journal that Chaos Toolkit leaves of one experiment: whether it is whole, and agrees with the timeline.

Its own last words (`status`, `deviated`) are one witness; what it lists of each activity and each look at the
hypothesis is a second, and the timeline, which the faults write themselves, is a third.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from reports.certificates import Certificate
from reports.event import Event

Journal = dict[str, Any]
SAME_S = 1e-6
TOLD = ("fault", "victims", "evidence")
UNWATCHED_S = 2.0
"""Chaos Toolkit looks at the hypothesis again one second after a look has ended, so a look that is not told leaves at
least two seconds in which nobody looked; so does a machine that held it up, and then nobody watched either."""


ROUNDED_S = 0.1
"""By how much start, end and duration of an activity may disagree: Chaos Toolkit reads the clock anew for each."""

AT_ONCE_S = 0.5
"""The probes of a look follow each other at once (0.05 s at most in 59 experiments on a busy machine); a second lies
between two looks."""


class JournalError(Exception):
    """There is no journal, or it cannot be read."""


def read(path: Path) -> Journal:
    """Read a journal.

    Raises:
        JournalError: it is missing, no JSON, or names a key twice, which no writer does.
    """
    try:
        found = json.loads(path.read_text(), object_pairs_hook=_once)
    except (OSError, ValueError) as error:
        raise JournalError(str(error)) from error
    if not isinstance(found, dict):
        raise JournalError("it is no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a key stands twice among {', '.join(key for key, _ in pairs)}")
    return found


def gaps(journal: Journal) -> list[str]:
    """What a journal that calls itself completed does not show; empty when each step and look is there and went well.

    A probe gives no answer when nobody could be asked: strict control has already made that a failure.
    """
    try:
        return [*_steps(journal), *_looks(journal)]
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        return [f"it is not whole: {error!r}"]


def _steps(journal: Journal) -> Iterator[str]:
    for planned, done in (("method", "run"), ("rollbacks", "rollbacks")):
        steps = journal["experiment"].get(planned) or []
        ran = [one["activity"] for one in journal[done]]
        if ran[: len(steps)] != steps or (planned == "method" and ran != steps):  # controls may add rollbacks
            yield f"its {planned} is {_names(steps)}, and what ran is {_names(ran) or 'nothing'}"
        for one in journal[done]:
            if one["status"] != "succeeded":
                yield f"activity {one['activity']['name']} did not succeed"
            yield from _times(one)


def _looks(journal: Journal) -> Iterator[str]:
    probes = journal["experiment"]["steady-state-hypothesis"]["probes"]
    states = journal["steady_states"]
    looks = [("before", states["before"]), ("after", states["after"]), *(("during", one) for one in states["during"])]
    if not states["during"]:
        yield "nobody looked at the hypothesis during the fault"
    for when, look in looks:
        asked = [one["activity"] for one in look["probes"]]
        met = [one["tolerance_met"] is True and one["status"] == "succeeded" for one in look["probes"]]
        if look["steady_state_met"] is not True or asked != probes or not all(met):
            yield f"a look at the hypothesis {when} the fault is not whole, or did not find it kept"
        for one in look["probes"]:
            yield from _times(one)
        if any(_time(second["start"]) - _time(first["end"]) > AT_ONCE_S for first, second in pairwise(look["probes"])):
            yield f"a look at the hypothesis {when} the fault took a break, so it is made of two"
    yield from _unwatched(journal)


def _unwatched(journal: Journal) -> Iterator[str]:
    """From the first step of the method to its last, looks take turns, and none is missing between two others."""
    during = [look["probes"] for look in journal["steady_states"]["during"]]
    told = [(_time(probes[0]["start"]), _time(probes[-1]["end"])) for probes in during if probes]
    if any(begins < ended for (_, ended), (begins, _) in pairwise(told)):
        yield "a look at the hypothesis during the fault begins before the one told before it has ended"
    begun, over = _time(journal["run"][0]["start"]), _time(journal["run"][-1]["end"])
    for (_, ended), (begins, _) in pairwise([(begun, begun), *told, (over, over)]):
        if begins - ended >= UNWATCHED_S:
            yield f"nobody looked at the hypothesis for {begins - ended:.1f} s during the fault"


def _times(activity: Journal) -> Iterator[str]:
    """Start, end and duration of an activity agree: lines lost in between give one the start of another."""
    took_s = _time(activity["end"]) - _time(activity["start"])
    if took_s < 0 or abs(took_s - activity["duration"]) > ROUNDED_S:
        yield (
            f"activity {activity['activity']['name']} took {activity['duration']:.3f} s, and {took_s:.3f} s from its "
            "start to its end"
        )


def _names(activities: list[Journal]) -> str:
    return ", ".join(one["name"] for one in activities)


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def disagreements(journals: list[Journal], faults: list[Certificate]) -> list[str]:
    """Where the actions' own answers and the timeline tell different things of the same faults."""
    broke, healed = {}, {}
    for journal in journals:
        for run in [*journal["run"], *journal["rollbacks"]]:
            output = run.get("output")
            if isinstance(output, dict) and "fault_id" in output:
                broke[output["fault_id"]] = output
            for one in output if isinstance(output, list) else ():
                if isinstance(one, dict) and "fault_id" in one:
                    healed[one["fault_id"]] = one
    known = {fault.fault_id for fault in faults}
    found = [f"fault {name} is in the journal and not on the timeline" for name in sorted({*broke, *healed} - known)]
    for fault in faults:
        found += _unlike(fault, "effective", fault.effective, broke.get(fault.fault_id))
        found += _unlike(fault, "healed", fault.healed, healed.get(fault.fault_id))
    return found


def _unlike(fault: Certificate, what: str, event: Event | None, told: dict[str, Any] | None) -> list[str]:
    if event is None:
        return []  # that it is not proven is told elsewhere
    if told is None:
        return [f"that fault {fault.fault_id} was {what} is on the timeline and not in the journal"]
    if abs(event.t - float(told["t"])) > SAME_S or any(event.data.get(key) != told.get(key) for key in TOLD):
        return [f"timeline and journal tell different things of when or how fault {fault.fault_id} was {what}"]
    return []
