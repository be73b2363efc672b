"""Notes in the journal that a signal interrupted the experiment: what came after it is not the stack's doing.

Chaos Toolkit tells an interruption only as the failure of whatever it hit, an action that was under way for one.
"""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

SIGNALS = ("SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2")
_interrupted: dict[str, Any] = {}


def watch() -> None:
    """From here on each of these signals is noted, then handled as before; Chaos Toolkit puts its handlers back."""
    _interrupted.clear()
    for name in SIGNALS:
        number = getattr(signal, name, None)
        before = signal.getsignal(number) if number is not None else None
        if number is not None and callable(before):
            signal.signal(number, _noting(name, before))


def note(journal: dict[str, Any]) -> None:
    """Put `interrupted_by` into the journal: the signal, and when it came, on CLOCK_MONOTONIC; nothing if none did."""
    if _interrupted:
        journal["interrupted_by"] = dict(_interrupted)


def _noting(name: str, before: Any) -> Any:
    def handle(number: int, frame: FrameType | None) -> None:
        if not _interrupted:
            _interrupted.update(signal=name, monotonic_ns=time.monotonic_ns())
        before(number, frame)

    return handle
