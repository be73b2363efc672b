"""When each request is to start: fixed in advance by rate, users and seed, whatever the answers are like.

Time is cut into slots of `1 / rate_per_s`; each slot holds exactly one planned start, at a seeded place inside it, so
that the load never runs in step with anything periodic. Slot k belongs to user `k % users`. A checker therefore needs
no generator to see what is missing: a slot without a row.
"""

from __future__ import annotations

import random
from collections.abc import Iterator


def planned(rate_per_s: float, duration_s: float) -> int:
    """How many requests are planned: the whole slots in `duration_s` seconds."""
    return int(rate_per_s * duration_s + 1e-9)


def starts(user: int, *, users: int, rate_per_s: float, duration_s: float, seed: int) -> Iterator[tuple[int, float]]:
    """The slots of one user, in order: number of the slot and seconds from the start of the plan.

    Args:
        user: 0 to users - 1.
        users: how many share the rate.
        rate_per_s: planned requests per second of all users together.
        duration_s: seconds after which nothing is planned.
        seed: decides the place inside each slot; the same seed gives the same plan.

    Example::

        [at for _, at in starts(0, users=1, rate_per_s=2, duration_s=2, seed=1)]  # four starts, one in each half second
    """
    draw = random.Random(f"{seed}:{user}:{users}")
    for slot in range(user, planned(rate_per_s, duration_s), users):
        yield slot, (slot + draw.random()) / rate_per_s
