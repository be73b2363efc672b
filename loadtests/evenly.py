"""Kinds of requests spread evenly over a plan: chance alone must not starve a window of a kind.

A promise may lose one request of a kind in ten seconds. Were kinds drawn by lot, a window with few of that kind would
break the promise though no more than that one was lost. The multiples of the golden ratio, modulo one, are spread as
evenly as a sequence can be, in any stretch of it (Weyl, Ostrowski).
"""

from __future__ import annotations

from math import sqrt

GOLDEN = (sqrt(5) - 1) / 2


def place(slot: int, seed: int) -> float:
    """Where a slot falls in [0, 1): any stretch of slots falls evenly; which slot falls where, the seed decides.

    Of a kind that takes a fifth or three fifths, as operators have them, any 50 to 150 slots from one of that kind on
    hold at most one less than that share of them.

    Args:
        slot: its number in the plan, over all users.
        seed: of the run.

    Example::

        is_write = place(slot, seed) < 0.6
    """
    # of a number of ten digits and more a float has too few left behind the point
    return ((slot + seed % 1_000_003) * GOLDEN) % 1.0
