"""The checker: feed it a history in any number of pieces and ask for the verdict at any time.

Feeding costs time in proportion to what is fed, a verdict in proportion to the whole history so far (about a second per
few million records): judging a growing history every minute is cheap, judging it after each line is not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reports.checkers.kafka.check.classes import RECORD_CLASSES, Found
from reports.checkers.kafka.check.coverage import SHOWN, Unproven, unproven
from reports.checkers.kafka.check.cycle_kinds import CYCLES
from reports.checkers.kafka.check.cycle_witness import explain
from reports.checkers.kafka.check.cycles import Component, Cycles
from reports.checkers.kafka.check.dump import Dump
from reports.checkers.kafka.check.measures import Measures
from reports.checkers.kafka.check.pairing import Pairing
from reports.checkers.kafka.check.partition import Partition, Rows
from reports.checkers.kafka.check.picture import draw
from reports.checkers.kafka.check.result import Result, Witness
from reports.checkers.kafka.check.steps import STEP_CLASSES
from reports.checkers.kafka.check.store import Store
from reports.checkers.kafka.columns import FUNCTION, OK, Batch, Names
from reports.checkers.kafka.formats.events import Columns
from reports.checkers.kafka.guarantees import INTERLEAVED, PERMITTED_BY, Guarantees
from reports.checkers.kafka.operation import CLASSES

PICTURES = 8
PERMITTED_ALWAYS = {name for name, reasons in PERMITTED_BY.items() if INTERLEAVED in reasons}


class Checker:
    """Judges one history.

    Args:
        guarantees: what the clients' configuration promises; the strictest reading by default.
        names: the codes of the batches that will be fed; its own by default.

    Example::

        checker = Checker(Guarantees.parse("acks=all,idempotence=true"))
        for batch in batches:
            checker.feed(batch)
        print(checker.verdict().reason)
    """

    def __init__(self, guarantees: Guarantees | None = None, names: Names | None = None) -> None:
        self.names = names or Names()
        self.guarantees = guarantees or Guarantees()
        self.notes: list[str] = []
        self._pairing, self._store = Pairing(self.names), Store()
        self._causes: Counter[str] = Counter()
        self._events = 0

    def feed(self, events: Batch | Sequence[Mapping[str, Any]]) -> None:
        """Take the next events of the history: a batch of columns, or decoded JSON.

        Raises:
            BadHistory: what they say cannot be part of a history; nothing fed afterwards makes sense.
        """
        if not isinstance(events, Batch):
            collected = Columns(self.names)
            for event in events:
                collected.add(event)
            events = collected.take()
        self._events += len(events)
        self._causes.update(events.causes)
        self._store.append(self._pairing.feed(events))

    def verdict(self, dump: Dump | None = None) -> Result:
        """Judge all that was fed so far; operations still open count as unknown.

        Args:
            dump: what the brokers hold; a committed record that is not there is a lost write.

        Raises:
            BadHistory: a value was sent twice to one key.
        """
        store = self._store.with_unanswered(self._pairing.unanswered())
        rows = Rows(store, self.names, atomic=self.guarantees.transactions is not False)
        subscribers = np.unique([at.process for at in rows.resets if at.reset.f == "subscribe"])
        judged, cycles = _Judged(), Cycles(rows)
        for name, code in sorted(self.names.keys.items()):
            partition = Partition(name, code, store, rows)
            judged.add(partition, dump)
            judged.measures.add(partition, subscribers)
            cycles.add(partition, code)
        judged.add_cycles(cycles.find(), rows)
        return judged.result(self._counts(rows, judged), self.guarantees, self.notes, dict(self._causes))

    def _counts(self, rows: Rows, judged: _Judged) -> dict[str, int]:
        kinds = {f"{name}s": int((rows.f == code).sum()) for name, code in FUNCTION.items()}
        return {
            "events": self._events, "operations": len(rows.index), "ok": int((rows.type == OK).sum()),
            **judged.counts, "processes": len(self.names.processes), **kinds,
        }  # fmt: skip


class _Judged:
    """What was found so far, key by key."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.excused: Counter[str] = Counter()
        self.witnesses: dict[str, list[Witness]] = defaultdict(list)
        self.unproven: dict[str, Unproven] = {}
        self.measures = Measures()
        self.pictures: dict[str, str] = {}
        self.lost: Dump | None = None
        self.counts: Counter[str] = Counter({"keys": 0, "records": 0, "acknowledged": 0, "polled": 0})

    def add(self, p: Partition, dump: Dump | None) -> None:
        """Judge one key by every class that looks at one key."""
        found = {name: find(p) for name, find in RECORD_CLASSES.items()}
        if dump is not None:
            found["lost-write"].at = np.union1d(found["lost-write"].at, np.array(dump.missing_on_broker(p), "i8"))
            self.lost = dump
        for name, cases in found.items():
            self._take(name, cases, p)
        for steps in STEP_CLASSES:
            for name, cases in steps(p).items():
                self._take(name, cases, p)
        if gap := unproven(p):
            self.unproven[p.name] = gap
        self.counts["keys"] += bool(len(p.sent) or len(p.polled))
        self.counts["records"] += len(p.sent) + len(p.polled)
        self.counts["acknowledged"] += int((p.send_type == OK).sum())
        self.counts["polled"] += int(p.poll_ok.sum())

    def add_cycles(self, found: dict[str, list[Component]], rows: Rows) -> None:
        """Take the components of the cycle classes; a G1c that needs write-write edges is excused."""
        for name, components in found.items():
            if name not in CYCLES:
                continue
            shown = found.get(f"{name} by reads", components)
            self.seen[name] = len(components)
            self.excused[name] = len(components) if shown is components and name.startswith("G1c") else 0
            for component in sorted(shown, key=lambda component: (len(component.rows), component.rows))[:SHOWN]:
                cycle, text = explain(name, component, rows, list(rows.names.keys))
                self.witnesses[name].append(Witness(text, tuple(rows.index[cycle].tolist())))

    def _take(self, name: str, found: Found, p: Partition) -> None:
        if not len(found.at):
            return
        self.seen[name] += len(found.at)
        self.excused[name] += found.excused
        for at in found.at[:SHOWN].tolist():
            rows, text, place = found.witness(at)
            if (
                place >= 0
                and name not in PERMITTED_ALWAYS
                and p.name not in self.pictures
                and len(self.pictures) < PICTURES
            ):
                self.pictures[p.name] = draw(p, place, rows, f"{name}: {text}")
            self.witnesses[name].append(Witness(text, tuple(p.rows.index[rows].tolist())))

    def result(
        self, counts: dict[str, int], guarantees: Guarantees, notes: list[str], causes: dict[str, int]
    ) -> Result:
        """All of it in one answer, classes in the order of a report."""
        shown = {name: sorted(self.witnesses[name], key=_smallest)[:SHOWN] for name in CLASSES if self.seen[name]}
        return Result(
            seen={name: self.seen[name] for name in CLASSES if self.seen[name]},
            excused={name: self.excused[name] for name in CLASSES if self.excused[name]},
            pictures=self.pictures, witnesses=shown, unproven=self.unproven, counts=counts, guarantees=guarantees,
            notes=list(notes), lost=self.lost.to_json() if self.lost else None,
            measures=self.measures.to_json() | {"causes_of_info": causes},
        )  # fmt: skip


def _smallest(witness: Witness) -> tuple[int, tuple[int, ...], str]:
    return len(witness.ops), witness.ops, witness.text
