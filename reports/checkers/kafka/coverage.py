"""Whether absence is proven for a key: every committed record was read, and one process read the whole key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reports.checkers.kafka.columns import Array, in_order
from reports.checkers.kafka.partition import Partition

SHOWN = 32


@dataclass(frozen=True)
class Unproven:
    """What is not proven about a key.

    Args:
        offsets: known offsets that stand for a committed record nobody read, or that no ok poll returned; ascending.
        unlocated: committed records that nobody read and whose offset is not known.
        whole: some one process read the key from its lowest to its highest known offset.
    """

    offsets: Array
    unlocated: int
    whole: bool

    def to_json(self) -> dict[str, object]:
        """Counts exact, offsets at most 32."""
        return {
            "count": len(self.offsets) + self.unlocated,
            "offsets": self.offsets[:SHOWN].tolist(),
            "offset_unknown": self.unlocated,
            "read_whole_by_one_process": self.whole,
        }


def unproven(p: Partition) -> Unproven | None:
    """What nobody read of this key; None when its absence of findings is proven."""
    unread_sends = p.committed & ~p.read_ok
    missing = np.zeros(len(p.offsets), "?")
    unlocated = 0
    if unread_sends.any():
        known = p.sender >= 0
        missing[p.poll_place[known][unread_sends[p.sender[known]]]] = True
        missing[p.located_place[unread_sends[p.located]]] = True
        unlocated = int((unread_sends & (p.first_last[0] < 0)).sum())
    whole = _read_whole(p)
    if not whole:
        unread = np.ones(len(p.offsets), "?")
        unread[p.poll_place[p.poll_ok]] = False
        missing |= unread
    if whole and not missing.any() and not unlocated:
        return None
    return Unproven(p.offsets[missing], unlocated, whole)


def _read_whole(p: Partition) -> bool:
    """Whether some one process has read every known offset."""
    process, place = p.rows.process[p.poll_op[p.poll_ok]], p.poll_place[p.poll_ok]
    amount = np.bincount(process) if len(process) else np.empty(0, "i8")
    enough = np.flatnonzero(amount >= max(1, len(p.offsets)))
    for candidate in enough[in_order(-amount[enough])].tolist():
        read = np.zeros(len(p.offsets), "?")
        read[place[process == candidate]] = True
        if read.all():
            return True
    return len(p.offsets) == 0
