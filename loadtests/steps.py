"""A shape for any load: quiet, busy, quiet. Give it beside the load::

locust -f loadtests/viewers.py,loadtests/steps.py --headless
"""

from __future__ import annotations

from typing import ClassVar

from locust import LoadTestShape


class Steps(LoadTestShape):
    """Each stage's end in seconds, and its users; each asks 2.5 times a second, or shares --rate at the busiest."""

    stages: ClassVar[list[tuple[float, int]]] = [(20, 4), (40, 20), (60, 4)]

    def tick(self) -> tuple[int, float] | None:
        """The stage of this moment."""
        return next(((users, users) for end, users in self.stages if self.get_run_time() < end), None)
