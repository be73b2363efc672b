"""The classes that look at records: which sends and polls of a key are at fault; see `oracle`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reports.checkers.kafka.check.partition import Partition
from reports.checkers.kafka.columns import CORRUPT, FAIL, OK, Array, nowhere

Witness = tuple[list[int], str, int]  # rows of the operations, one English sentence, the place to draw (or -1)


@dataclass
class Found:
    """What a class found in one key.

    Args:
        at: positions at fault, in an order that puts the smallest or earliest first.
        witness: what to show for one of them.
        excused: how many of them the history itself permits.
    """

    at: Array
    witness: Callable[[int], Witness]
    excused: int = 0


def inconsistent_offsets(p: Partition) -> Found:
    """One offset is known with two or more values."""

    def witness(place: int) -> Witness:
        polls = np.flatnonzero(p.poll_place == place)
        sends = p.located[p.located_place == place]
        values = dict.fromkeys(p.polled[polls].tolist())
        some = [int(polls[p.polled[polls] == value][0]) for value in values]
        shown = [f"{p.show(p.polled[i])} as process {p.who(p.poll_op[i])} polled it" for i in some]
        acked = [int(i) for i in sends if p.sent[i] not in values]
        shown += [f"{p.show(p.sent[i])} as process {p.who(p.send_op[i])} was told" for i in acked]
        rows = [int(p.poll_op[i]) for i in some] + [int(p.send_op[i]) for i in acked]
        return once(rows[:4]), f"offset {p.offsets[place]} of {p.name} holds {', and '.join(shown[:4])}", place

    return Found(p.disputed, witness)


def duplicate(p: Partition) -> Found:
    """One value stands at two or more offsets."""
    first, last = p.first_last
    sent = np.flatnonzero(first != last)
    values, low, high = p.strangers
    strange = np.flatnonzero(low != high)
    everything = np.concatenate([p.sent[sent], values[strange]])

    def witness(at: int) -> Witness:
        value = everything[at]
        polls = np.flatnonzero(p.polled == value)
        sends = p.located[p.sent[p.located] == value]
        offsets = sorted({*p.poll_offset[polls].tolist(), *p.sent_offset[sends].tolist()})
        some = [int(polls[p.poll_offset[polls] == o][0]) for o in offsets if (p.poll_offset[polls] == o).any()][:2]
        rows = once([*p.send_op[p.sent == value].tolist(), *p.poll_op[some].tolist()])
        where = ", ".join(map(str, offsets[:4]))
        text = f"value {p.show(value)} of {p.name} was sent once and stands at offsets {where}"
        return rows, text, int(np.searchsorted(p.offsets, offsets[-1]))

    return Found(np.arange(len(everything)), witness)


def g1a(p: Partition) -> Found:
    """An ok poll returned a record whose send definitely failed."""
    failed = p.send_type == FAIL
    known = np.flatnonzero(p.poll_ok & (p.sender >= 0)) if failed.any() else np.empty(0, "i8")
    return Found(known[failed[p.sender[known]]], lambda at: _read_by(p, at, "whose send definitely failed"))


def precommitted_read(p: Partition) -> Found:
    """A transaction polled a record that it itself sent."""
    known = np.flatnonzero(p.sender >= 0)
    own = known[p.send_op[p.sender[known]] == p.poll_op[known]]
    return Found(own, lambda at: _read_by(p, at, "which the same operation sent and had not committed"))


def corrupt(p: Partition) -> Found:
    """A polled record whose payload differs from its checksum."""
    return Found(
        np.flatnonzero(p.flags & CORRUPT), lambda at: _read_by(p, at, "whose payload does not match its checksum")
    )


def phantom(p: Partition) -> Found:
    """A value was polled that nobody ever sent."""
    values = p.strangers[0]

    def witness(at: int) -> Witness:
        poll = int(np.flatnonzero(p.polled == values[at])[0])
        return _read_by(p, poll, "which nobody ever sent")

    return Found(np.arange(len(values)), witness)


def lost_write(p: Partition) -> Found:
    """A committed record lies at or below the highest place read, and no ok poll ever returned it."""
    first, last = p.first_last
    highest = int(first[p.read_ok].max(initial=-1))
    strange = p.sender < 0
    if strange.any():
        values, low, _ = p.strangers
        read = np.searchsorted(values, p.polled[strange & p.poll_ok])
        highest = max(highest, int(low[read].max(initial=-1)))
    lost = np.flatnonzero(p.committed & ~p.read_ok & (last >= 0) & (last <= highest))

    def witness(at: int) -> Witness:
        where = f"offset {p.offsets[last[at]]}" if last[at] >= 0 else "an unknown offset"
        later = np.flatnonzero(p.poll_ok & (p.poll_place > last[at]) & bool(last[at] >= 0))
        op = p.send_op[at]
        text = (
            f"process {p.who(op)} sent {p.show(p.sent[at])} to {p.name} at {where} ({p.outcome(op)}), "
            "and no poll returned it"
        )
        if not len(later):
            return [int(op)], text, int(last[at])
        reader = later[np.argmin(p.poll_place[later])]
        text += f", though process {p.who(p.poll_op[reader])} polled offset {p.poll_offset[reader]} beyond it"
        return [int(op), int(p.poll_op[reader])], text, int(last[at])

    return Found(lost, witness)


def unseen(p: Partition) -> Found:
    """An acknowledged record that no ok poll ever returned: lost, or only late."""

    def witness(at: int) -> Witness:
        op, offset = p.send_op[at], p.sent_offset[at]
        where = f"offset {offset}" if offset >= 0 else "an unknown offset"
        text = f"process {p.who(op)} sent {p.show(p.sent[at])} to {p.name} at {where} (ok), and no poll returned it"
        return [int(op)], text, int(p.send_place[at])

    return Found(np.flatnonzero((p.send_type == OK) & ~p.read_ok), witness)


def realtime_order(p: Partition) -> Found:
    """A record was sent after another had been acknowledged, and yet stands before it."""
    rows, place = p.rows, p.send_place
    acked, later = np.flatnonzero(p.send_type == OK), np.flatnonzero(place >= 0)
    highest = np.concatenate((nowhere(1), np.maximum.accumulate(place[acked])))
    before = np.searchsorted(rows.time[p.send_op[acked]], rows.invoke_time[p.send_op[later]])
    at_fault = later[highest[before] > place[later]]

    def witness(at: int) -> Witness:
        op = p.send_op[at]
        earlier = acked[place[acked] > place[at]][0]  # the first, so it was answered in time if any was
        gap = (rows.invoke_time[op] - rows.time[p.send_op[earlier]]) / 1e6
        text = (
            f"value {p.show(p.sent[earlier])} was acknowledged at offset {p.offsets[place[earlier]]} of {p.name}, "
            f"{gap:.6f} ms before {p.show(p.sent[at])} was sent, which stands at offset {p.offsets[place[at]]}"
        )
        return [int(p.send_op[earlier]), int(op)], text, int(place[at])

    return Found(at_fault, witness)


def once(rows: list[int]) -> list[int]:
    """Rows without repeats, in their order."""
    return list(dict.fromkeys(rows))


def _read_by(p: Partition, at: int, what: str) -> Witness:
    op, sender = p.poll_op[at], p.sender[at]
    rows = [int(p.send_op[sender])] if sender >= 0 and p.send_op[sender] != op else []
    text = f"process {p.who(op)} polled {p.show(p.polled[at])} at offset {p.poll_offset[at]} of {p.name}, {what}"
    return [*rows, int(op)], text, int(p.poll_place[at])


RECORD_CLASSES: dict[str, Callable[[Partition], Found]] = {
    "lost-write": lost_write, "inconsistent-offsets": inconsistent_offsets, "duplicate": duplicate,
    "realtime-order": realtime_order, "phantom": phantom, "corrupt": corrupt, "G1a": g1a,
    "precommitted-read": precommitted_read, "unseen": unseen,
}  # fmt: skip
