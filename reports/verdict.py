"""Verdicts, how they combine, and what a checker answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """PASS, FAIL, INVALID (fault not proven), INCONCLUSIVE (cannot tell), SKIPPED (with a reason to act on)."""

    FAIL = "FAIL"
    INVALID = "INVALID"
    INCONCLUSIVE = "INCONCLUSIVE"
    SKIPPED = "SKIPPED"
    PASS = "PASS"  # noqa: S105


class CannotTell(Exception):
    """The evidence does not decide a claim; the message says why."""


_WORST_FIRST = list(Verdict)
EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.SKIPPED: 0,
    Verdict.FAIL: 1,
    Verdict.INVALID: 3,
    Verdict.INCONCLUSIVE: 3,
}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; of none, INCONCLUSIVE: nothing was judged, so nothing was proven."""
    return min(verdicts, key=_WORST_FIRST.index, default=Verdict.INCONCLUSIVE)


@dataclass(frozen=True)
class Finding:
    """What one checker says about one claim.

    Args:
        verdict: the answer.
        reason: one English sentence with the figures; for PASS too.
        measured: the figure as a person reads it, such as `99.71 % in the worst 5 s`.
        budget: what was promised, in the same words.
        evidence: files of the dossier that show it, relative to the dossier, with an optional `#fragment`.
        data: the figures for run.json.
    """

    verdict: Verdict
    reason: str
    measured: str = ""
    budget: str = ""
    evidence: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


def worst_of(findings: Iterable[Finding]) -> Finding:
    """The first finding with the worst verdict; of none, INCONCLUSIVE."""
    none = Finding(Verdict.INCONCLUSIVE, "nothing was claimed, so nothing was proven")
    return min(findings, key=lambda finding: _WORST_FIRST.index(finding.verdict), default=none)
