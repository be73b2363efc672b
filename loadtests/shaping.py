"""A Locust shape as a pace: asked once for all its stages, before anything is sent.

A shape says how many users there are when. Here users do not wait for answers, so more of them would ask no more: what
a shape shapes is the rate, at so many requests per second for each user that it wants. All users are there from the
start, each with its part of the plan.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from fixtures.errors import UsageError


class Shaped(NamedTuple):
    """What a shape wants: seconds and users of each stage."""

    stages: list[tuple[float, int]]

    @property
    def users(self) -> int:
        """The most there are."""
        return max((users for _, users in self.stages), default=0)

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(seconds for seconds, _ in self.stages)


def read_shape(shape: Any, *, longest_s: int) -> Shaped:
    """Ask a LoadTestShape what it wants in each second until it ends, as Locust itself would each second.

    Args:
        shape: an instance; it must decide by `get_run_time()` (and what it returned before), not by the clock.
        longest_s: seconds after which it is cut off.

    Raises:
        UsageError: it wants nobody.

    Example::

        read_shape(Steps(), longest_s=3600).stages  # [(20.0, 4), (20.0, 16), (20.0, 4)]
    """
    wanted: list[int] = []
    at = {"seconds": 0.0}
    shape.get_run_time = lambda: at["seconds"]
    shape.get_current_user_count = lambda: wanted[-1] if wanted else 0
    for second in range(longest_s):
        at["seconds"] = float(second)
        tick = shape.tick()
        if tick is None:
            break
        wanted.append(max(0, int(tick[0])))
    del shape.get_run_time, shape.get_current_user_count
    found = Shaped([(float(len(list(same))), users) for users, same in groupby(wanted)])
    if not found.users:
        raise UsageError(f"shape {type(shape).__name__} wants no users at any time", next_command="read its tick()")
    return found


def hold(shape: Any, shaped: Shaped) -> None:
    """Let the shape itself keep all users there until its end: the plan has its stages, Locust must not move users."""
    everybody = (shaped.users, float(shaped.users))
    shape.tick = lambda: everybody if shape.get_run_time() < shaped.seconds else None
