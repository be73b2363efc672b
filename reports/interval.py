"""A duration that is known only to lie between two bounds, and what it says about a budget."""

from __future__ import annotations

from dataclasses import dataclass

from reports.verdict import Verdict


@dataclass(frozen=True, order=True)
class Interval:
    """Seconds, at least `earliest` and at most `latest`.

    Example::

        Interval(7.8, 8.1).within(20) is Verdict.PASS
    """

    earliest: float
    latest: float

    @classmethod
    def between(cls, start: Interval, end: Interval) -> Interval:
        """How long it takes from one moment to another, each known to lie in an interval; never below zero."""
        return cls(max(0.0, end.earliest - start.latest), max(0.0, end.latest - start.earliest))

    def within(self, budget_s: float) -> Verdict:
        """PASS when all of it is inside the budget, FAIL when none is, INCONCLUSIVE when it cannot tell."""
        if self.latest <= budget_s:
            return Verdict.PASS
        return Verdict.FAIL if self.earliest > budget_s else Verdict.INCONCLUSIVE

    def later_of(self, other: Interval) -> Interval:
        """When both have happened."""
        return Interval(max(self.earliest, other.earliest), max(self.latest, other.latest))

    def to_json(self) -> list[float]:
        """`[earliest_s, latest_s]`, to the millisecond."""
        return [round(self.earliest, 3), round(self.latest, 3)]

    def __str__(self) -> str:
        if self.latest - self.earliest < 0.05:
            return f"{(self.earliest + self.latest) / 2:.1f} s"
        return f"{self.earliest:.1f} to {self.latest:.1f} s"
