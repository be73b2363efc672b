"""How long `crucible up` takes: on a running stack, and from nothing with images cached."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.figure import Figure
from fixtures.command import run
from fixtures.settings import Settings

WARM_BAR_S, AGAIN_BAR_S = 90.0, 3.0
LONGEST_S = 1800.0


def again(settings: Settings) -> list[Figure]:
    """Time `crucible up` on a running stack; it must find nothing to do."""
    timed("up")  # so that the next one is the second, whatever was there before
    seconds = timed("up")
    bar = f"\N{LESS-THAN OR EQUAL TO} {AGAIN_BAR_S:g} s"
    return [
        Figure("up-again", "`crucible up` on a running stack", bar, f"{seconds:.1f} s", seconds, seconds <= AGAIN_BAR_S)
    ]


def warm(settings: Settings) -> list[Figure]:
    """Take the stack down and time `crucible up` with images cached, until every component is Ready."""
    timed("down")
    seconds = timed("up")
    bar = f"\N{LESS-THAN OR EQUAL TO} {WARM_BAR_S:g} s"
    what = "`crucible up`, images cached, to every component Ready"
    return [Figure("up-warm", what, bar, f"{seconds:.1f} s", seconds, seconds <= WARM_BAR_S)]


def timed(verb: str, *, within_s: float = LONGEST_S) -> float:
    """Seconds that a verb of `crucible` takes, as a person would wait for it.

    Raises:
        CommandError: it failed.
    """
    start = time.monotonic()
    run([Path(sys.executable).with_name("crucible"), verb], within_s=within_s)
    return time.monotonic() - start
