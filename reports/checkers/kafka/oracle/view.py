"""What the definitions of `oracle` look at: who wrote what, what is proven, and each key's order; in plain Python."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from reports.checkers.kafka.operation import Operation, Polled, Sent, Value


class View:
    """What can be derived from a history once: who wrote what, which sends are proven, and each key's order.

    Args:
        history: operations in the order of completion.
        atomic: an operation happens whole or not at all, as transactions do; without them each send stands for itself.
    """

    def __init__(self, history: list[Operation], atomic: bool = True) -> None:
        self.history, self.atomic = history, atomic
        self.writer = {(s.key, s.value): op for op in history for s in op.sends}
        self.sent = {(s.key, s.value): s for op in history for s in op.sends}
        self.read_by_ok = {(p.key, p.value) for op in history if op.type == "ok" for p in op.polls}

    def committed(self, op: Operation) -> bool:
        """ok, or info and something that it sent is known to be committed."""
        return op.type == "ok" or (op.type == "info" and any(self._proven(send) for send in op.sends))

    def happened(self, send: Sent) -> bool:
        """Whether a record was sent for sure: its operation is committed; without transactions, it is itself proven."""
        op = self.writer[send.key, send.value]
        return self.committed(op) and (self.atomic or op.type == "ok" or self._proven(send))

    def sender(self, key: str, value: Value) -> Operation | None:
        """Who sent a record, if it happened."""
        send = self.sent.get((key, value))
        return self.writer[key, value] if send and self.happened(send) else None

    def _proven(self, send: Sent) -> bool:
        """An ok poll returned it; without transactions it is enough that the broker said at which offset it is."""
        return (send.key, send.value) in self.read_by_ok or (not self.atomic and send.offset is not None)

    @cached_property
    def log(self) -> dict[str, dict[int, set[Value]]]:
        """key → offset → values: from every poll, whatever became of it, and from committed sends, in offset order."""
        log: dict[str, dict[int, set[Value]]] = defaultdict(lambda: defaultdict(set))
        for op in self.history:
            for key, offset, value, _ in op.polls:
                log[key][offset].add(value)
            for send in op.sends:
                if send.offset is not None and self.happened(send):
                    log[send.key][send.offset].add(send.value)
        return {key: dict(sorted(offsets.items())) for key, offsets in log.items()}

    @cached_property
    def index(self) -> dict[str, dict[int, int]]:
        """key → offset → place in the order of the key, gaps squeezed out (transaction markers take offsets too)."""
        return {key: {offset: i for i, offset in enumerate(offsets)} for key, offsets in self.log.items()}

    @cached_property
    def places(self) -> dict[tuple[str, Value], list[int]]:
        """(key, value) → every place at which the value stands, ascending."""
        places: dict[tuple[str, Value], list[int]] = defaultdict(list)
        for key, offsets in self.log.items():
            for place, values in enumerate(offsets.values()):
                for value in values:
                    places[key, value].append(place)
        return places

    def place(self, record: Sent | Polled) -> int | None:
        """Where a record stands: by its own offset, else by the first place of its value, else unknown.

        A send is placed only if it happened.
        """
        if isinstance(record, Sent) and not self.happened(record):
            return None
        if record.offset is not None:
            return self.index[record.key][record.offset]
        return min(self.places.get((record.key, record.value), []), default=None)

    def step(self, first: Sent | Polled, second: Sent | Polled) -> int:
        """Places from one record to the next; 1, as it should be, where either is unknown."""
        a, b = self.place(first), self.place(second)
        return 1 if a is None or b is None else b - a
