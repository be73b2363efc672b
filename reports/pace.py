"""How fast a load means to ask, stage by stage: which slot of its plan a moment belongs to, where each slot lies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

Stage = tuple[float, float]
"""Seconds, and requests per second meanwhile."""


class Pace:
    """Stages that follow one another; each slot holds one planned request, and may reach over the end of a stage.

    Args:
        stages: of more than no time each; a rate of 0 is a pause.

    Example::

        pace = Pace([(10, 5), (20, 50)])
        pace.slots  # 1050
        pace.slot_at(10.0), pace.at(50.0)  # (50.0, 10.0)
    """

    def __init__(self, stages: Iterable[Stage]) -> None:
        self.stages = [(float(seconds), float(rate)) for seconds, rate in stages if seconds > 0]
        self.moments = [0.0, *accumulate(seconds for seconds, _ in self.stages)]
        self.counts = [0.0, *accumulate(seconds * rate for seconds, rate in self.stages)]

    @property
    def slots(self) -> int:
        """How many requests are planned: the whole slots."""
        return int(self.counts[-1] + 1e-9)

    def slot_at(self, seconds: float) -> float:
        """How many slots lie before a moment, parts counted."""
        if not self.stages:
            return 0.0
        stage = min(bisect_right(self.moments, seconds), len(self.stages)) - 1
        return self.counts[stage] + (seconds - self.moments[stage]) * self.stages[stage][1]

    def at(self, slot: float) -> float:
        """The moment before which so many slots lie."""
        stage = min(bisect_right(self.counts, slot), len(self.stages)) - 1
        while not self.stages[stage][1]:  # the last ones may pause
            stage -= 1
        return self.moments[stage] + (slot - self.counts[stage]) / self.stages[stage][1]
