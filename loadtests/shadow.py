"""What a Selection Input path must hold, by the writes that one operator sent there: the oracle of its reads.

A read names the offset that it stands at (`X-Applied-Offset`) and each confirmed write the offset where it stands in
the log. So what a read must say is no guess: the fold of the confirmed writes up to its offset, and beside that only
what a write of unknown fate may have done.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from loadtests.answer import Answer, judge
from reports.answers import WRONG_ANSWER, old_answer

GONE = object()
"""The value of a key that is not there."""


@dataclass
class Write:
    """One write: `value` merges, None deletes `key`. Its fate is open while `outcome` is neither ok nor fail."""

    value: dict[str, Any] | None
    key: str = ""
    outcome: str = "waits"
    offset: int | None = None
    done_ns: int = 0

    def effect(self) -> dict[str, Any]:
        """The keys that it sets, with their values."""
        return {self.key: GONE} if self.value is None else self.value

    def answered(self, outcome: str, offset: int | None, at_ns: int) -> None:
        """Take note of how it ended."""
        self.outcome, self.offset, self.done_ns = outcome, offset, at_ns


class Shadow:
    """The writes of one path that only this load writes, and that was never written before.

    Args:
        fresh_s: seconds within which a confirmed write must be read back. An answer without it is as late as that write
            is old: whoever judges the rows decides how late is too late.

    Example::

        write = shadow.begin({"slot": 3})
        write.answered("ok", 17, time.monotonic_ns())
        shadow.judge(Answer(200, {"x-applied-offset": "17"}, b'{"slot":3}'), asked_ns)  # ""
    """

    def __init__(self, fresh_s: float) -> None:
        self._fresh_ns = int(fresh_s * 1e9)
        self._writes: list[Write] = []

    def begin(self, value: dict[str, Any] | None, key: str = "") -> Write:
        """A write is about to be sent."""
        self._writes.append(write := Write(value, key))
        return write

    def judge(self, answer: Answer, asked_ns: int) -> str:
        """Why a read's answer is no good, or ''.

        Args:
            answer: of a GET of the path.
            asked_ns: CLOCK_MONOTONIC when it was sent.
        """
        if error := judge(answer, 200, 404):
            return error
        try:
            found = json.loads(answer.body) if answer.status == 200 else {}
        except ValueError:
            found = None
        if not isinstance(found, dict):
            return f"{WRONG_ANSWER}: not an object"
        applied = _number(answer.headers.get("x-applied-offset"))
        due = [w for w in self._writes if w.outcome == "ok" and w.done_ns < asked_ns - self._fresh_ns]
        newest = max((w.offset for w in due if w.offset is not None), default=-1)
        if error := self._compared(found, newest if applied is None else applied, is_exact=applied is not None):
            return error
        lacks = [w for w in due if applied is not None and w.offset is not None and w.offset > applied]
        if not lacks:
            return ""
        behind_s = (asked_ns - min(w.done_ns for w in lacks)) / 1e9
        return old_answer(behind_s, f"stands at {applied}; offset {newest} was confirmed")

    def _compared(self, found: dict[str, Any], upto: int, *, is_exact: bool) -> str:
        sure, may = [], []
        for write in self._writes:
            if write.outcome == "fail":
                continue
            if write.outcome != "ok" or write.offset is None:
                may.append(write)
            elif write.offset <= upto:
                sure.append(write)
            elif not is_exact:  # nothing says where the answer stands: it may have this one already
                may.append(write)
        expected: dict[str, Any] = {}
        for write in sorted(sure, key=lambda write: write.offset or 0):
            expected |= write.effect()
        for key in {*expected, *found}:
            value = found.get(key, GONE)
            good = [expected.get(key, GONE), *(write.effect()[key] for write in may if key in write.effect())]
            if value not in good:
                return f"{WRONG_ANSWER}: {key} is {'not there' if value is GONE else json.dumps(value)[:40]}"
        return ""


def _number(text: Any) -> int | None:
    try:
        return int(text)
    except (TypeError, ValueError):
        return None
