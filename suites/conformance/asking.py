"""Asking the gateway's edges again and again, so that each pod behind each of them is met."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import requests

SILENT_TIMES = 3
"""So often in a row without an answer, and an edge is asked no more: each time costs the whole time limit."""

Answer = dict[str, object]


def ask_each(
    subjects: Iterable[str],
    ask: Callable[[str], Answer],
    tell: Callable[[str, Answer], object],
    *,
    times: int,
    within_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Ask each in turn, at least so many times and for so long, and tell each answer as it comes.

    Args:
        subjects: the edges' names.
        ask: gives the answer of one; status 0 when there was none.
        tell: keeps it as evidence. That of an edge that is given up holds its silence, so it cannot pass.
        times: at least.
        within_s: seconds, at least.
        clock: seconds.
    """
    silent = dict.fromkeys(subjects, 0)
    end, rounds = clock() + within_s, 0
    while silent and (rounds < times or clock() < end):
        for subject in list(silent):
            answer = ask(subject)
            tell(subject, answer)
            silent[subject] = 0 if answer["status"] else silent[subject] + 1
            if silent[subject] == SILENT_TIMES:
                del silent[subject]
        rounds += 1


def answer_of(url: str) -> Answer:
    """GET without following redirects, on a connection of its own: what came, or status 0 and what went wrong."""
    begin = time.monotonic()
    try:
        answer = requests.get(url, timeout=5, allow_redirects=False, headers={"Connection": "close"})
    except requests.RequestException as error:
        return {"status": 0, "error": f"{type(error).__name__}: {error}"}
    return {
        "status": answer.status_code, "body": answer.text[:200], "location": answer.headers.get("Location", ""),
        "seconds": round(time.monotonic() - begin, 4),
    }  # fmt: skip
