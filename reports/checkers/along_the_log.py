"""States that were seen at different offsets, each compared with what the log comes to there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from reports.fold import Fold
from reports.selection_input import Log
from reports.states import Whole


class Look(NamedTuple):
    """What somebody showed of the state, as it stood after the record at `offset`.

    Args:
        offset: where it stood.
        who: for people.
        differences: class and witness of each place at which it is not the fold.
    """

    offset: int
    who: str
    differences: Callable[[Fold], Iterator[tuple[str, str]]]


def compared(log: Log, before: Whole, log_end: int, looks: Iterable[Look]) -> dict[str, list[str]]:
    """The witnesses against all the looks, by class; empty when each shows what the log comes to at its offset.

    Args:
        log: the topic.
        before: what was held before the first record that counts.
        log_end: where the log had ended when they looked: whoever stands lower is behind.
        looks: in any order.
    """
    fold, found = Fold(before.paths), defaultdict[str, list[str]](list)
    at = first_offset(log, before)
    for look in sorted(looks, key=lambda look: look.offset):
        if look.offset >= log.end:
            found["ahead of the log"].append(
                f"{look.who} stands at offset {look.offset}, the log ends at {log.end - 1}"
            )
            continue
        if look.offset < log_end - 1:
            found["behind the log"].append(f"{look.who} stands at offset {look.offset} of {log_end - 1}")
        if look.offset < at - 1:
            continue  # it went back to before all that is known
        for offset in range(at, look.offset + 1):
            fold.take(log.values[offset], log.stamped_ms[offset])
        at = max(at, look.offset + 1)
        for name, witness in look.differences(fold):
            found[name].append(witness)
    return dict(found)


def first_offset(log: Log, before: Whole) -> int:
    """The offset of the first record that is not in the state before."""
    return max(before.offset + 1, log.begin)


def cut_off(log: Log, before: Whole) -> str:
    """Why there are records between the state before and the log that nobody has read, or ''."""
    if before.offset + 1 < log.begin:
        return f"the state before stands at offset {before.offset}, the log is read from {log.begin} only"
    return ""
