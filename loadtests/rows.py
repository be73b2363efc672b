"""What a load leaves on disk: its plan before the first request, then one row per request as soon as it ends.

Each row is one write to a file opened for appending: nothing is kept back, so a killed load loses only the requests
that were still under way, and at worst tears its last line.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reports import layout
from reports.pace import Pace, Stage


@dataclass(frozen=True)
class Plan:
    """What a load means to send; `load/<load>.plan.json`.

    Args:
        load: its name in the dossier.
        users: how many users share the rate.
        stages: seconds and planned requests per second of each stage.
        start_ns: start of the plan on CLOCK_MONOTONIC.
        seed: decides starts and payloads.
    """

    load: str
    users: int
    stages: list[Stage]
    start_ns: int
    seed: int

    @cached_property
    def pace(self) -> Pace:
        """The stages as slots."""
        return Pace(self.stages)

    @property
    def planned(self) -> int:
        """Requests in all."""
        return self.pace.slots

    @property
    def duration_s(self) -> float:
        """Seconds after which nothing more is planned."""
        return self.pace.moments[-1]

    def write(self, dossier: Path) -> None:
        """Leave the plan in a dossier, whole or not at all."""
        path = dossier / layout.plan(self.load)
        draft = path.with_suffix(".draft")
        told = {"rate_per_s": self.pace.counts[-1] / self.duration_s, "duration_s": self.duration_s}
        draft.write_text(json.dumps(asdict(self) | told | {"planned": self.planned}) + "\n")
        draft.rename(path)


class Lines:
    """A file that takes whole lines from one or several processes."""

    def __init__(self, path: Path, header: str | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        if header and os.fstat(self._fd).st_size == 0:
            self.line(header)

    def line(self, text: str) -> None:
        """Append one line."""
        os.write(self._fd, text.encode() + b"\n")


class RequestRows(Lines):
    """`load/requests-<load>.csv`."""

    def __init__(self, dossier: Path, load: str) -> None:
        super().__init__(dossier / layout.requests(load), layout.REQUEST_HEADER)

    def row(
        self, planned_ns: int, start_ns: int, end_ns: int, user: int, name: str, status: int, size: int, error: str
    ) -> None:
        """One request: status 0 when there was no answer; `error` empty when the answer was a good one."""
        self.line(layout.RequestRow(planned_ns, start_ns, end_ns, user, name, status, size, error).line())


class WriteOutcomes(Lines):
    """`kafka/writes-<load>.jsonl`: what became of each Selection Input write."""

    def __init__(self, dossier: Path, load: str) -> None:
        super().__init__(dossier / layout.writes(load))

    def outcome(self, **row: Any) -> None:
        """One write: id, op, path, start_ns, end_ns, outcome (ok, fail or info), status, offset."""
        self.line(json.dumps(row))
