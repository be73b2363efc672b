"""What each class means, in plain Python: the oracle against which the fast checker is tested.

Written to be believed, not to be fast: one short function per class, each naming the records at fault. The meaning is
that of Jepsen's Kafka workload; where Jepsen's answer depends on which of several values it meets first, a record is
placed by its own offset. What the definitions look at is derived in `view`; cycles are in `oracle_cycles`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from reports.checkers.kafka.operation import Polled, Sent
from reports.checkers.kafka.oracle.view import View

Case = tuple[object, ...]


def inconsistent_offsets(view: View) -> Iterator[Case]:
    """One offset of a key is known with two or more values."""
    for key, offsets in view.log.items():
        yield from ((key, offset) for offset, values in offsets.items() if len(values) > 1)


def duplicate(view: View) -> Iterator[Case]:
    """One value stands at two or more offsets of a key."""
    yield from (key_value for key_value, places in view.places.items() if len(places) > 1)


def g1a(view: View) -> Iterator[Case]:
    """An ok poll returned a record whose send definitely failed."""
    for op in view.history:
        for i, p in enumerate(op.polls if op.type == "ok" else []):
            writer = view.writer.get((p.key, p.value))
            if writer is not None and writer.type == "fail":
                yield op.index, i


def precommitted_read(view: View) -> Iterator[Case]:
    """A transaction polled a record that it itself sent."""
    for op in view.history:
        yield from ((op.index, i) for i, p in enumerate(op.polls) if view.writer.get((p.key, p.value)) is op)


def lost_write(view: View) -> Iterator[Case]:
    """A committed record lies at or below the highest place read in its key, and no ok poll ever returned it.

    With duplicates, the highest place read counts each value at its first place, and a record is due only once its
    last place has been passed.
    """
    highest: dict[str, int] = defaultdict(lambda: -1)
    for key, value in view.read_by_ok:
        highest[key] = max(highest[key], view.places[key, value][0])
    for send in filter(view.happened, view.sent.values()):
        key_value = send.key, send.value
        places = view.places.get(key_value)
        if places and places[-1] <= highest[send.key] and key_value not in view.read_by_ok:
            yield key_value


def unseen(view: View) -> Iterator[Case]:
    """An acknowledged record that no ok poll ever returned: lost, or only late."""
    yield from (kv for kv, op in view.writer.items() if op.type == "ok" and kv not in view.read_by_ok)


def phantom(view: View) -> Iterator[Case]:
    """A value was polled that nobody ever sent."""
    yield from {(p.key, p.value) for op in view.history for p in op.polls} - view.writer.keys()


def corrupt(view: View) -> Iterator[Case]:
    """A polled record whose payload differs from its checksum."""
    for op in view.history:
        yield from ((op.index, i) for i, p in enumerate(op.polls) if p.corrupt)


def realtime_order(view: View) -> Iterator[Case]:
    """A record was sent after another had been acknowledged, and yet stands before it."""
    sends = [(s, op, view.place(s)) for op in view.history for s in op.sends]
    for b, later, below in sends:
        for a, earlier, above in sends:
            in_turn = earlier.type == "ok" and earlier.time < later.invoke_time
            if a.key == b.key and in_turn and above is not None and below is not None and below < above:
                yield b.key, b.value
                break


def _inside(view: View, kind: str) -> Iterator[tuple[int, Case]]:
    """Steps between neighbouring records of one key inside one operation."""
    for op in view.history:
        by_key = op.polls_by_key() if kind == "poll" else op.sends_by_key() if view.committed(op) else {}
        for key, records in by_key.items():
            if kind == "poll" and key in op.rebalance:  # a rebalance voids what a poll promises about its key
                continue
            for i in range(len(records) - 1):
                yield view.step(records[i], records[i + 1]), (op.index, key, i)


def _between_polls(view: View) -> Iterator[tuple[int, Case, bool]]:
    """Steps from the last ok poll of a process and key to its next poll, and whether it was subscribed then."""
    last: dict[object, dict[str, Polled]] = defaultdict(dict)
    subscribed: set[object] = set()
    for op in view.history:
        if op.f in ("assign", "subscribe") and op.type != "fail":
            last[op.process] = {key: p for key, p in last[op.process].items() if op.keeps_position(key)}
            (subscribed.add if op.f == "subscribe" else subscribed.discard)(op.process)
        for key, records in op.polls_by_key().items():
            if key in last[op.process]:
                yield view.step(last[op.process][key], records[0]), (op.index, key), op.process in subscribed
            if op.type == "ok":
                last[op.process][key] = records[-1]


def nonmonotonic_send(view: View) -> Iterator[Case]:
    """Two successive sends of one process to a key, with no assign or subscribe between, landed out of order."""
    last: dict[object, dict[str, Sent]] = defaultdict(dict)
    for op in view.history:
        if op.f in ("assign", "subscribe") and op.type != "fail":
            last[op.process] = {key: s for key, s in last[op.process].items() if op.keeps_position(key)}
        for key, records in op.sends_by_key().items() if op.type != "fail" else []:
            if key in last[op.process] and view.step(last[op.process][key], records[0]) < 1:
                yield op.index, key
            last[op.process][key] = records[-1]


def poll_skip(view: View) -> Iterator[Case]:
    """Two successive polls of one process, with no reset between, jump over a known record."""
    yield from (case for step, case, _ in _between_polls(view) if step > 1)


def nonmonotonic_poll(view: View) -> Iterator[Case]:
    """Two successive polls of one process, with no reset between, where the second does not start after the first."""
    yield from (case for step, case, _ in _between_polls(view) if step < 1)


def int_poll_skip(view: View) -> Iterator[Case]:
    """Neighbouring records inside one poll jump over a known record."""
    yield from (case for step, case in _inside(view, "poll") if step > 1)


def int_nonmonotonic_poll(view: View) -> Iterator[Case]:
    """Neighbouring records inside one poll go back, or repeat."""
    yield from (case for step, case in _inside(view, "poll") if step < 1)


def int_send_skip(view: View) -> Iterator[Case]:
    """Another writer's record lies between two sends of one operation."""
    yield from (case for step, case in _inside(view, "send") if step > 1)


def int_nonmonotonic_send(view: View) -> Iterator[Case]:
    """Two sends of one operation landed out of order."""
    yield from (case for step, case in _inside(view, "send") if step < 1)


DEFINITIONS: dict[str, Callable[[View], Iterator[Case]]] = {
    "inconsistent-offsets": inconsistent_offsets, "duplicate": duplicate, "G1a": g1a,
    "precommitted-read": precommitted_read, "lost-write": lost_write, "unseen": unseen, "phantom": phantom,
    "corrupt": corrupt, "realtime-order": realtime_order, "poll-skip": poll_skip,
    "nonmonotonic-poll": nonmonotonic_poll, "int-poll-skip": int_poll_skip,
    "int-nonmonotonic-poll": int_nonmonotonic_poll, "nonmonotonic-send": nonmonotonic_send,
    "int-send-skip": int_send_skip, "int-nonmonotonic-send": int_nonmonotonic_send,
}  # fmt: skip


def seen(view: View) -> dict[str, int]:
    """class → how often, for each class without cycles that occurs at all."""
    counted = {name: sum(1 for _ in find(view)) for name, find in DEFINITIONS.items()}
    return {name: count for name, count in counted.items() if count}


def while_subscribed(view: View) -> dict[str, int]:
    """How many of the steps between polls happened to a subscribed process, whom a rebalance may move at any time."""
    moved = [step for step, _, subscribed in _between_polls(view) if subscribed]
    counted = {"poll-skip": sum(s > 1 for s in moved), "nonmonotonic-poll": sum(s < 1 for s in moved)}
    return {name: count for name, count in counted.items() if count}


def unproven(view: View) -> dict[str, set[int | None]]:
    """key → offsets of which it is not proven that they are whole: nobody read them, or nobody read all of the key.

    None stands for a committed record whose offset is not known. A key that no single process read from its lowest to
    its highest known offset is here even when each record was read by somebody.
    """
    missing: dict[str, set[int | None]] = defaultdict(set)
    for send in filter(view.happened, view.sent.values()):
        if (send.key, send.value) not in view.read_by_ok:
            offsets = list(view.log.get(send.key, {}))
            missing[send.key] |= {offsets[place] for place in view.places.get((send.key, send.value), [])} or {None}
    read: dict[tuple[str, object], set[int]] = defaultdict(set)
    for op in view.history:
        for p in op.polls if op.type == "ok" else []:
            read[p.key, op.process].add(p.offset)
    for key, offsets_known in view.log.items():
        mine = [offsets for (k, _), offsets in read.items() if k == key]
        if not any(offsets >= offsets_known.keys() for offsets in mine):
            missing[key] |= offsets_known.keys() - set().union(*mine)
    return dict(missing)
