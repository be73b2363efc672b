"""How far a run is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Progress:
    """How far the judging is."""

    number: int
    done: int = 0
    killed: int = 0
    start: float = field(default_factory=time.monotonic)

    def said(self) -> str:
        """For a person who waits."""
        took = time.monotonic() - self.start
        left = f", about {took / self.done * (self.number - self.done) / 60:.0f} min left" if self.done else ""
        return f"judged {self.done} of {self.number}, killed {self.killed}, {took:.0f} s{left}"
