"""When users were not served, from request rows: each moment an interval, because a request lasts a while."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reports.requests import read_requests


@dataclass(frozen=True)
class Outage:
    """What the requests of one load say about one stretch of time; times in timeline seconds.

    Args:
        first_bad_s: start of the first request that got no good answer; None when all did.
        last_bad_s: start of the last such request.
        first_good_s: service was back at the earliest when the last bad request was sent, and at the latest when the
            first good request sent after it was answered; None when none was, or when nothing was bad.
        bad: requests without a good answer; those that were never sent do not count.
        total: requests sent.
        began_s: service was lost at the earliest when the last good request before the first bad one was sent, and at
            the latest when the first bad one ended.
    """

    first_bad_s: float | None
    last_bad_s: float | None
    first_good_s: tuple[float, float] | None
    bad: int
    total: int
    began_s: tuple[float, float] | None = None


def outage(
    dossier: Path, load: str, *, after_s: float, before_s: float | None = None, deadline_s: float = 5.0
) -> Outage:
    """When a load was not served between two moments, and when it was again, for good.

    Args:
        dossier: the folder of a run.
        load: the load's name.
        after_s: only requests sent from here on; timeline seconds.
        before_s: only requests sent before this; to the end of the load when None.
        deadline_s: seconds from its planned start after which even a good answer is too late.

    Raises:
        RequestsError: the rows cannot be used.

    Example::

        found = outage(dossier, "viewers", after_s=fault_injected.t)
        found.first_good_s  # (14.21, 14.24)
    """
    requests = read_requests(dossier, load)
    start, end = requests.start_s_of, requests.end_s_of
    inside = requests.sent & (start >= after_s) & (start < (before_s if before_s is not None else np.inf))
    in_time = (requests.latency_s <= deadline_s) | requests.generator_fault  # sent late is not the stack's lateness
    good = requests.right_within(deadline_s) & in_time
    bad = inside & ~good
    if not bad.any():
        return Outage(None, None, None, 0, int(inside.sum()))
    first_bad, last_bad = float(start[bad].min()), float(start[bad].max())
    again = inside & good & (start > last_bad)
    before = requests.sent & good & (start < first_bad)
    ended = float(end[bad & (start == first_bad)].min())
    return Outage(
        first_bad,
        last_bad,
        (last_bad, float(end[again].min())) if again.any() else None,
        int(bad.sum()),
        int(inside.sum()),
        (float(start[before].max()) if before.any() else after_s, ended),
    )
