"""The words for a wrong answer in the rows of a load: who writes them and who reads them agree here."""

from __future__ import annotations

import re

WRONG_ANSWER, OLD_ANSWER = "wrong-answer", "old-answer"
"""How the error begins of an answer that contradicts what was written, or that stands behind it."""


def old_answer(behind_s: float, why: str) -> str:
    """The error of an answer that is right of `behind_s` seconds ago, and lacks what was confirmed then.

    Example::

        behind_s(old_answer(3.2, "stands at 4")) == 3.2
    """
    return f"{OLD_ANSWER} of {behind_s:.3f} s ago: {why}"


def behind_s(error: str) -> float:
    """How many seconds old the answer is of a row with this error; 0 when it is none that `old_answer` writes."""
    found = _BEHIND.match(error)
    return float(found[1]) if found else 0.0


_BEHIND = re.compile(rf"{OLD_ANSWER} of (\d+\.\d+) s ago: ")
