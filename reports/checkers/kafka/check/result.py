"""What the checker answers: the verdict with its reason, what was seen, what of it is bad, and the witnesses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.checkers.kafka.check.coverage import SHOWN, Unproven
from reports.checkers.kafka.guarantees import Guarantees, bad, unexcused
from reports.verdict import EXIT_CODES, Verdict


@dataclass(frozen=True)
class Witness:
    """One case of a class: a sentence, and the indexes of the operations that show it."""

    text: str
    ops: tuple[int, ...]


@dataclass
class Result:
    """A judged history.

    Args:
        seen: class → exact number of cases.
        excused: class → how many of those the history itself permits.
        witnesses: class → at most 32 cases, the smallest first.
        unproven: key → what nobody read of it.
        counts: operations, records, keys and so on.
        measures: times and reprocessing.
        guarantees: the configuration that decides what is bad.
        lost: where unread records are, when the caller gave a full dump of the topic.
        pictures: key → SVG of the order around its first finding, for at most 8 keys.
        notes: what a reader should know, such as a repaired file.
    """

    seen: dict[str, int]
    excused: dict[str, int]
    witnesses: dict[str, list[Witness]]
    unproven: dict[str, Unproven]
    counts: dict[str, int]
    measures: dict[str, Any]
    guarantees: Guarantees
    lost: dict[str, Any] | None = None
    pictures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def bad(self) -> list[str]:
        """The classes seen that the configuration does not permit."""
        return bad(self.seen, self.excused, self.guarantees)

    @property
    def verdict(self) -> Verdict:
        """FAIL for anything bad; PASS only if absence is proven; else INCONCLUSIVE."""
        if self.bad:
            return Verdict.FAIL
        if not self.counts["acknowledged"] or not self.counts["polled"] or self.unproven:
            return Verdict.INCONCLUSIVE
        return Verdict.PASS

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.verdict]

    @property
    def reason(self) -> str:
        """One English sentence for the verdict, with its figures."""
        c = self.counts
        if self.bad:
            cases = [f"{unexcused(name, self.seen, self.excused, self.guarantees):,} {name}" for name in self.bad]
            return f"{', '.join(cases)} in {c['records']:,} records of {c['keys']:,} keys"
        if not c["acknowledged"]:
            return "no send was acknowledged, so nothing is known about what Kafka kept"
        if not c["polled"]:
            return "no ok poll returned a record, so nothing is known about what Kafka kept"
        if self.unproven:
            return self._unproven_reason()
        return (
            f"{c['acknowledged']:,} acknowledged records of {c['keys']:,} keys were all polled, each key whole by one "
            f"process, and {c['polled']:,} polled records show nothing that {self._promise()} forbids"
        )

    def to_json(self) -> dict[str, Any]:
        """The form that `crucible history check --json` prints."""
        found = {name: [{"text": w.text, "ops": list(w.ops)} for w in cases] for name, cases in self.witnesses.items()}
        answer: dict[str, Any] = {
            "verdict": str(self.verdict), "reason": self.reason, "seen": self.seen, "bad": self.bad,
            "witnesses": found, "counts": self.counts, "excused": self.excused,
            "unproven": {key: gap.to_json() for key, gap in list(self.unproven.items())[:SHOWN]},
            "measures": self.measures, "guarantees": self.guarantees.stated(), "notes": self.notes,
        }  # fmt: skip
        return answer | ({"lost": self.lost} if self.lost is not None else {})

    def write_pictures(self, folder: Path) -> list[Path]:
        """Write each picture as `<key>.svg` into `folder` and return their paths."""
        written = []
        for key, picture in self.pictures.items():
            folder.mkdir(parents=True, exist_ok=True)
            written.append(folder / (re.sub(r"[^A-Za-z0-9._-]+", "-", key) + ".svg"))
            written[-1].write_text(picture)
        return written

    def _promise(self) -> str:
        stated = ", ".join(f"{name}={str(value).lower()}" for name, value in self.guarantees.stated().items())
        return stated or "the strictest reading (no guarantees stated)"

    def _unproven_reason(self) -> str:
        unread = sum(len(gap.offsets) + gap.unlocated for gap in self.unproven.values())
        key, gap = next(iter(self.unproven.items()))
        if not unread:
            return (
                f"no one process read {key} from its lowest to its highest known offset"
                + (f", nor {len(self.unproven) - 1} other keys" if len(self.unproven) > 1 else "")
                + ", so a hole may have gone unnoticed"
            )
        where = f"offset {gap.offsets[0]}" if len(gap.offsets) else "an offset nobody knows"
        return (
            f"nothing bad was seen, but {unread:,} committed records of {len(self.unproven)} keys were returned by no "
            f"ok poll, the first at {where} of {key}: they may be lost or only late"
        )
