"""When each request is to start: fixed in advance by pace, users and seed, whatever the answers are like.

Time is cut into slots of `1 / rate`; each slot holds exactly one planned start, at a seeded place inside it, so that
the load never runs in step with anything periodic. Slot k belongs to user `k % users`. A checker therefore needs no
generator to see what is missing: a slot without a row.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from reports.pace import Pace


def starts(user: int, *, users: int, pace: Pace, seed: int) -> Iterator[tuple[int, float]]:
    """The slots of one user, in order: number of the slot and seconds from the start of the plan.

    Args:
        user: 0 to users - 1; one above has no slots.
        users: how many share the pace.
        pace: of all users together.
        seed: decides the place inside each slot; the same seed gives the same plan.

    Example::

        [at for _, at in starts(0, users=1, pace=Pace([(2, 2)]), seed=1)]  # four starts, one in each half second
    """
    draw = random.Random(f"{seed}:{user}:{users}")
    for slot in range(user, pace.slots if user < users else 0, users):
        yield slot, pace.at(slot + draw.random())
