"""Whether absence is proven for a key: every committed record was read, and one process read the whole key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reports.checkers.kafka.check.partition import Partition
from reports.checkers.kafka.columns import Array, marked

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
    known = p.sender >= 0
    missing = marked(len(p.offsets), p.poll_place[known][unread_sends[p.sender[known]]])
    missing[p.located_place[unread_sends[p.located]]] = True
    unlocated = int((unread_sends & (p.send_place < 0)).sum())
    whole = _read_whole(p)
    if not whole:
        missing |= ~marked(len(p.offsets), p.poll_place[p.poll_ok])
    if whole and not missing.any() and not unlocated:
        return None
    return Unproven(p.offsets[missing], unlocated, whole)


def _read_whole(p: Partition) -> bool:
    """Whether some one process has read every known offset."""
    process, place = p.rows.process[p.poll_op[p.poll_ok]], p.poll_place[p.poll_ok]
    enough = np.flatnonzero(np.bincount(process) >= len(p.offsets))
    return not len(p.offsets) or any(marked(len(p.offsets), place[process == one]).all() for one in enough.tolist())
