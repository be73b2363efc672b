"""One event of a run, as a line of the timeline tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """One line of the timeline.

    Args:
        t: seconds since the start of the run.
        err: half-width in seconds of what is known about `t`.
        source: watch, fault, probe, load, kafka, metric or harness.
        kind: dotted, such as `pod.ready`.
        subject: what it is about.
        uid: the Kubernetes UID of the subject, where it has one.
        data: the rest.
        line: its line in the file, for error messages and links.
    """

    t: float
    err: float
    source: str
    kind: str
    subject: str
    uid: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    line: int = 0

    @property
    def role(self) -> str | None:
        """The stack-map role it concerns."""
        return self.data.get("role")

    @property
    def fault_id(self) -> str | None:
        """The fault it belongs to."""
        return self.data.get("fault_id")
