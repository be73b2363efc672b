"""The figures that the stack map promises, each with what runs measured of it, and what the two together say."""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import dataclass, field

from fixtures.errors import UsageError
from fixtures.stack.map import DOWN, UP, StackMap
from suites.recovery.test_worker_node_kill import MOVED
from suites.recovery.under_load import IN_TIME_S, QUICK_S

ENOUGH_RUNS = 10
SLACK = 2.0
ROUNDED = 1e-6
"""Shares are kept to so many digits, so that twice the worst may seem a little less than twice."""
RATES = {"served": "viewers_per_s", "writes": "writes_per_s", "reads": "reads_per_s", "keys": "keys_per_s"}
WINDOWS = {"brief_window_s": QUICK_S, "window_s": IN_TIME_S}
"""The windows that formulas of shares name, and how late an answer may be to count in each."""


@dataclass
class Figure:
    """One figure as harm (seconds to recover, or the share lost), and the harm that each run measured.

    Args:
        promise_id: whose figure it is; empty for an estimate that figures are made of.
        what: `manager recovers`, or the requests whose share is meant.
        formula: where it comes from.
        allowed: the harm that the promise allows.
        least: the smallest harm that can be told from none: one request of the window that holds the fewest; 0 for
            times.
        window_s: seconds in which a share is counted, or that an autoscaler must wait; else 0.
        deadline_s: seconds after which an answer does not count; 0 for times.
        measured: one per run.
    """

    promise_id: str
    what: str
    formula: str
    allowed: float
    least: float = 0.0
    window_s: float = 0.0
    deadline_s: float = 0.0
    measured: list[float] = field(default_factory=list)

    def trouble(self) -> str:
        """Why the figure does not stand; empty when it does, or when there are too few runs to say that it is lax."""
        if not self.measured:
            return ""
        worst = max(self.measured)
        if worst > self.allowed:
            return "exceeded"
        lax = self.allowed > SLACK * (max(worst, self.least) + ROUNDED)
        return f"more than {SLACK:g} times the worst" if lax and len(self.measured) >= ENOUGH_RUNS else ""

    def is_that(self, allowed: float, *, window_s: float = 0.0, deadline_s: float = 0.0) -> bool:
        """Whether a run that was judged with these was judged by this figure, not by what it was at another time."""
        pairs = ((allowed, self.allowed), (window_s, self.window_s), (deadline_s, self.deadline_s))
        return all(math.isclose(then, now, abs_tol=1e-9) for then, now in pairs)

    @property
    def is_share(self) -> bool:
        """Whether the harm is a share and not a time."""
        return self.least > 0

    def row(self) -> str:
        """A row of the page."""
        said = self.trouble() or (f"n < {ENOUGH_RUNS}" if len(self.measured) < ENOUGH_RUNS else "stands")

        def text(harm: float) -> str:
            return f"{harm:.1%} lost".replace("%", " %") if self.is_share else f"{harm:.1f} s"

        worst = text(max(self.measured)) if self.measured else "—"
        median = text(statistics.median(self.measured)) if self.measured else "—"
        room = f"{self.allowed / max(self.measured):.1f} x" if self.measured and max(self.measured) > 0 else "—"
        names = [self.promise_id] if self.promise_id else []
        cells = [*names, self.what, f"`{self.formula}`", text(self.allowed), str(len(self.measured)), worst,
                 median, room, said]  # fmt: skip
        return f"| {' | '.join(cells)} |"


Figures = dict[tuple[str, str], Figure]
"""By promise id and name or role."""


def figures(stack: StackMap) -> Figures:
    """All figures of the stack map, with nothing measured yet; keyed by promise and name or role.

    Raises:
        UsageError: the formula of a share does not say of which one window, or that window holds no request for sure;
            a role that a suite breaks recovers in a number of seconds and by no formula.
    """
    found = {}
    for promise_id, names in stack.budgets.items():
        for name, formula in names.items():
            if not name.endswith("_s"):
                window = _window_of(promise_id, name, formula)
                allowed, one = 1 - stack.budget(promise_id, name), 1 / _fewest(stack, name, window)
                found[promise_id, name] = Figure(
                    promise_id, name, formula, allowed, one, stack.facts[window], WINDOWS[window]
                )
        moved_s = stack.budget(promise_id, "moved_s") if "moved_s" in names else 0.0
        for role in stack.roles.values():
            if (moved_s and role.name in MOVED) or (not moved_s and role.name in promise_id):
                if not role.recovery_formula:  # a figure that nobody derived is compared with nothing
                    raise UsageError(f"stack map, role {role.name}: expected a formula for recovery_s, found a number")
                formula = f"{names['moved_s']} + {role.recovery_formula}" if moved_s else role.recovery_formula
                allowed = moved_s + role.recovery_s
                found[promise_id, role.name] = Figure(promise_id, f"{role.name} recovers", formula, allowed)
    for role in stack.roles.values():
        if scaling := role.scaling:
            promise_id = f"autoscaling.{role.name}-scales"
            found[promise_id, "up"] = Figure(promise_id, f"{role.name} scales up", UP, scaling.up_s)
            what = f"{role.name} scales down, once its window is over"
            found[promise_id, "down"] = Figure(promise_id, what, DOWN, scaling.down_s, window_s=scaling.stabilisation_s)
    return found


def _window_of(promise_id: str, name: str, formula: str) -> str:
    """The one window that a formula of a share names."""
    named = [window for window in WINDOWS if re.search(rf"\b{window}\b", formula)]
    if len(named) != 1:
        said = f"expected one of {', '.join(WINDOWS)} in it, found {' and '.join(named) or 'none'}"
        raise UsageError(f"stack map, budget {name} of {promise_id}: {said}: {formula}")
    return named[0]


def _fewest(stack: StackMap, name: str, window: str) -> float:
    """How many requests the thinnest of these windows holds of a kind.

    A window cuts a slot (loadtests/schedule.py), and holds one of a kind less (loadtests/evenly.py).
    """
    fewest = stack.facts[RATES[name]] * stack.facts[window] - 1
    if fewest < 1:
        raise UsageError(
            f"stack map: a {window} holds {fewest:g} requests of {name} for sure, of which no share is told"
        )
    return fewest
