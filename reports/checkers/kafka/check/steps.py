"""The classes that look at neighbours: skips and steps back, inside an operation and between those of one process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reports.checkers.kafka.check.classes import Found, Witness, once
from reports.checkers.kafka.check.partition import Partition
from reports.checkers.kafka.columns import FAIL, OK, REBALANCED, Array, in_order, nowhere

Steps = dict[str, Found]


def inside_polls(p: Partition) -> Steps:
    """Neighbouring records inside one poll operation; keys rebalanced in it are exempt."""
    same = (p.poll_op[1:] == p.poll_op[:-1]) & (p.flags[1:] & REBALANCED == 0)
    step = p.poll_place[1:] - p.poll_place[:-1]

    def witness(at: int) -> Witness:
        return _polled(p, at, at + 1)

    return {
        "int-poll-skip": Found(np.flatnonzero(same & (step > 1)), witness),
        "int-nonmonotonic-poll": Found(np.flatnonzero(same & (step < 1)), witness),
    }


def inside_sends(p: Partition) -> Steps:
    """Neighbouring sends inside one committed operation."""
    place = p.send_place
    placed = (place[1:] >= 0) & (place[:-1] >= 0)
    same = (p.send_op[1:] == p.send_op[:-1]) & placed
    step = place[1:] - place[:-1]

    def witness(at: int) -> Witness:
        return _sent(p, at, at + 1)

    return {
        "int-send-skip": Found(np.flatnonzero(same & (step > 1)), witness),
        "int-nonmonotonic-send": Found(np.flatnonzero(same & (step < 1)), witness),
    }


def between_polls(p: Partition) -> Steps:
    """From the last record of a process's last ok poll of the key to the first record of its next poll."""
    start, end = _groups(p.poll_op)
    op = p.poll_op[start]
    before, after = _neighbours(p, op, counts=p.rows.type[op] == OK)
    step = p.poll_place[start[after]] - p.poll_place[end[before]]

    def found(at_fault: Array) -> Found:
        at = np.flatnonzero(at_fault)
        at = at[in_order(op[after[at]])]
        excused = int(p.rows.subscribed(op[after[at]]).sum())
        return Found(at, lambda i: _polled(p, int(end[before[i]]), int(start[after[i]])), excused)

    return {"poll-skip": found(step > 1), "nonmonotonic-poll": found(step < 1)}


def between_sends(p: Partition) -> Steps:
    """From the last record of a process's last send to the key to the first record of its next one."""
    start, end = _groups(p.send_op)
    before, after = _neighbours(p, p.send_op[start], counts=p.send_type[start] != FAIL)
    a, b = p.send_place[end[before]], p.send_place[start[after]]
    at = np.flatnonzero((a >= 0) & (b >= 0) & (b - a < 1))
    at = at[in_order(p.send_op[start[after[at]]])]
    return {"nonmonotonic-send": Found(at, lambda i: _sent(p, int(end[before[i]]), int(start[after[i]])))}


STEP_CLASSES: tuple[Callable[[Partition], Steps], ...] = (between_polls, inside_polls, between_sends, inside_sends)


def _groups(op: Array) -> tuple[Array, Array]:
    """First and last position of each operation's records."""
    changes = op[1:] != op[:-1]
    first, last = np.concatenate(([True], changes)), np.concatenate((changes, [True]))
    return np.flatnonzero(first[: len(op)]), np.flatnonzero(last[: len(op)])


def _neighbours(p: Partition, op: Array, counts: Array) -> tuple[Array, Array]:
    """Pairs of positions in `op`: the last before it, of the same process, that counts, with no reset between."""
    process = p.rows.process[op]
    order = in_order(process)
    process, at = process[order], np.arange(len(op))
    latest = np.maximum.accumulate(np.where(counts[order], at, nowhere(1)))
    before = np.concatenate((nowhere(1), latest))[: len(op)]
    generation = p.generation(op)[order]
    good = (before >= 0) & (process[before] == process) & (generation[before] == generation)
    return order[before[good]], order[at[good]]


def _polled(p: Partition, a: int, b: int) -> Witness:
    first, second = p.poll_op[a], p.poll_op[b]
    text = f"process {p.who(first)} polled {p.show(p.polled[a])} at offset {p.poll_offset[a]} of {p.name} and next "
    text += f"{p.show(p.polled[b])} at offset {p.poll_offset[b]}" + _between(
        p, int(p.poll_place[a]), int(p.poll_place[b])
    )
    return once([int(first), int(second)]), text, int(p.poll_place[b])


def _sent(p: Partition, a: int, b: int) -> Witness:
    first, second = p.send_op[a], p.send_op[b]
    low, high = int(p.send_place[a]), int(p.send_place[b])
    text = (
        f"process {p.who(first)} sent {p.show(p.sent[a])} and next {p.show(p.sent[b])} to {p.name}, and they stand at "
    )
    text += f"offsets {p.offsets[low]} and {p.offsets[high]}" + _between(p, low, high)
    return once([int(first), int(second)]), text, high


def _between(p: Partition, low: int, high: int) -> str:
    if high <= low:
        return ": the same place again" if high == low else ", which is before it"
    skipped = high - low - 1
    return f": over {skipped} known record{'s' * (skipped != 1)}, the first at offset {p.offsets[low + 1]}"
