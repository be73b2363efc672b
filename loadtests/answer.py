"""What came back for a request, whether it is a good answer, and what it proves about a write."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from reports.answers import WRONG_ANSWER


@dataclass(frozen=True)
class Answer:
    """What came back: status 0 and an error when nothing did; `sent` is False when no byte had left."""

    status: int
    headers: Any = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    sent: bool = True


def judge(answer: Answer, *expected: int) -> str:
    """Why an answer is no good, or '' when its status is one of those expected."""
    if answer.error or answer.status in expected:
        return answer.error
    return f"status {answer.status}"


def write_outcome(answer: Answer) -> str:
    """What is known of a write: `ok`; `fail` when answer or unopened connection proves it absent; else `info`."""
    if 200 <= answer.status < 300:
        return "ok"
    if not answer.sent or (400 <= answer.status < 500 and answer.status != 408):
        return "fail"
    return "info"


class DataStoreKey:
    """One Data Store key, created, read, replaced and deleted in turn; it knows when it must exist.

    After an answer that left its fate open, or while one is outstanding, both answers to the next step are good ones.
    """

    STEPS = (("POST", 201, 409), ("GET", 200, 404), ("PUT", 200, 404), ("DELETE", 204, 204))

    def __init__(self, key: str) -> None:
        self.key = key
        self._step = 0
        self._certain = True
        self._waiting = 0

    @property
    def done(self) -> bool:
        """All steps have begun."""
        return self._step == len(self.STEPS)

    def next_step(self) -> tuple[str, tuple[int, ...]]:
        """The next method and its good answers."""
        method, normal, other = self.STEPS[self._step]
        self._certain = self._certain and not self._waiting
        self._step += 1
        self._waiting += 1
        return method, (normal,) if self._certain else (normal, other)

    @property
    def value(self) -> dict[str, str]:
        """What is stored under it, from its first step to its last."""
        return {"life": self.key}

    def other_value(self, answer: Answer) -> str:
        """Why what was read is not what was stored, or ''; that nothing is there is another matter."""
        try:
            found = json.loads(answer.body) if answer.status == 200 else self.value
        except ValueError:
            found = None
        return "" if found == self.value else f"{WRONG_ANSWER}: not what was stored"

    def answered(self, error: str) -> None:
        """Take note of how a step ended; an error leaves open what became of the key."""
        self._waiting -= 1
        self._certain = self._certain and not error
