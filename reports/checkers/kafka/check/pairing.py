"""Joins invocations with completions, batch after batch, and refuses what no history can contain."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reports.checkers.kafka.columns import INFO, INVOKE, Array, Batch, Names, Reset, first_true, gather, in_order, join
from reports.checkers.kafka.operation import FUNCTIONS, TYPES, BadHistory

NEVER = np.iinfo("i8").max  # the completion time of an operation that was never answered


@dataclass
class Operations:
    """Joined operations in the order of completion; their records lie behind them as in `Batch`."""

    index: Array
    invoke_time: Array
    time: Array
    process: Array
    type: Array
    f: Array
    first: Array
    flags: Array
    key: Array
    offset: Array
    value: Array
    resets: dict[int, Reset] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.index)


class Pairing:
    """Feeds on batches of events in history order and gives back the operations that they complete.

    Example::

        pairing = Pairing(names)
        done = pairing.feed(batch)
        open_at_the_end = pairing.unanswered()
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._open = Batch.empty()
        self._last_index = -1
        self._last_time = np.iinfo("i8").min
        self._gone: set[int] = set()  # processes that got an info answer and must not come back

    def feed(self, batch: Batch) -> Operations:
        """The operations completed by these events.

        Raises:
            BadHistory: an index that does not grow, time that goes back, a completion without its invocation, an
                invocation while another is open, or a process that goes on after an info.
        """
        if not len(batch):
            return _joined(batch, np.empty(0, "i8"), np.empty(0, "i8"))
        self._check_order(batch)
        whole = join([self._open, batch]) if len(self._open) else batch
        order = in_order(whole.process)
        process, invoked = whole.process[order], whole.type[order] == INVOKE
        follows = np.concatenate(([False], process[1:] == process[:-1]))  # same process as the one before
        after_invoke = np.concatenate(([False], invoked[:-1])) & follows
        after_info = np.concatenate(([False], whole.type[order][:-1] == INFO)) & follows
        if self._gone:
            after_info |= np.isin(process, np.fromiter(self._gone, "i4"))
        same_f = np.concatenate(([True], whole.f[order][1:] == whole.f[order][:-1]))
        wrong = {
            "process {process} goes on after an info answer; it should come back under a new process id": after_info,
            "process {process} invokes {f} while another operation of its is open": invoked & after_invoke,
            "{type} {f} of process {process} without its invoke": ~invoked & ~after_invoke,
            "{type} {f} of process {process} answers an invoke of something else": ~invoked & after_invoke & ~same_f,
        }
        if any(rows.any() for rows in wrong.values()):
            self._refuse(whole, {message: order[rows] for message, rows in wrong.items() if rows.any()})
        completions = np.flatnonzero(~invoked)
        ends, starts = order[completions], order[completions - 1]
        by_time = in_order(ends)
        last = invoked & np.concatenate((process[1:] != process[:-1], [True]))
        self._open = whole.select(np.sort(order[last]))
        self._gone |= set(whole.process[whole.type == INFO].tolist())
        return _joined(whole, starts[by_time], ends[by_time])

    def unanswered(self) -> Operations:
        """The operations still open, as infos that end after everything else."""
        rows = np.arange(len(self._open))
        done = _joined(self._open, rows, rows)
        done.type[:] = INFO
        done.time[:] = NEVER
        return done

    def _check_order(self, batch: Batch) -> None:
        before = np.concatenate(([self._last_index], batch.index[:-1]))
        if (row := first_true(batch.index <= before)) is not None:
            what = "a duplicate" if batch.index[row] == before[row] else f"not above {before[row]}, the one before it"
            raise BadHistory(f"index {batch.index[row]} is {what}", where=self._where(batch, row))
        earlier = np.concatenate(([self._last_time], batch.time[:-1]))
        if (row := first_true(batch.time < earlier)) is not None:
            raise BadHistory(
                f"time goes back from {earlier[row]} to {batch.time[row]} ns at index {batch.index[row]}",
                where=self._where(batch, row),
            )
        self._last_index, self._last_time = batch.index[-1], batch.time[-1]

    def _refuse(self, batch: Batch, wrong: dict[str, Array]) -> None:
        message, row = min(((message, rows.min()) for message, rows in wrong.items()), key=lambda found: found[1])
        process = next(name for name, code in self._names.processes.items() if code == batch.process[row])
        text = message.format(process=process, f=FUNCTIONS[batch.f[row]], type=TYPES[batch.type[row]])
        raise BadHistory(f"{text} (index {batch.index[row]})", where=self._where(batch, row))

    def _where(self, batch: Batch, row: int) -> str:
        known = self._names.files and batch.line[row] > 0
        return f"{self._names.files[batch.file[row]]}:{batch.line[row]}" if known else ""


def _joined(batch: Batch, starts: Array, ends: Array) -> Operations:
    carrier = np.where(batch.bare[ends], starts, ends)  # an answer without a value stands for what was invoked
    first, records = gather(batch.first, carrier)
    resets = {}
    for at in np.flatnonzero(np.isin(carrier, list(batch.resets))).tolist():
        reset, asked = batch.resets[int(carrier[at])], batch.resets.get(int(starts[at]))
        seek = reset.seek_to_beginning or (asked is not None and asked.seek_to_beginning)
        resets[at] = Reset(reset.f, reset.keys, seek)
    return Operations(
        index=batch.index[ends], invoke_time=batch.time[starts], time=batch.time[ends], process=batch.process[ends],
        type=batch.type[ends], f=batch.f[ends], first=first, flags=batch.flags[records], key=batch.key[records],
        offset=batch.offset[records], value=batch.value[records], resets=resets,
    )  # fmt: skip
