"""What the harness failed to do is never the stack's FAIL.

A fault that the harness did not undo lasts longer than the promise is about; an experiment that was interrupted, or
died, leaves nobody to undo it in time. What is measured from then on is no measure of the stack: a claim that would say
FAIL for it is INVALID. What was decided before still stands, and so do claims that no length of a fault excuses (a lost
write).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reports import certificates, layout, timeline
from reports.certificates import Certificate
from reports.verdict import Finding, Verdict

IN_TIME = ("recovery.", "availability.", "progress.", "certificate.experiment_completed")
"""Checkers of what depends on how long a fault lasts."""

LATE = {"not applied", "behind the log"}
"""What a log's judges find of a stack that is merely late: it depends on how long a fault lasts too."""


@dataclass(frozen=True)
class HarnessFault:
    """Why the harness, and not the stack, is to blame for what came after `since_s` on the timeline."""

    why: str
    since_s: float


def excused(dossier: Path, checker: str, args: dict[str, Any], finding: Finding) -> Finding:
    """The finding, or INVALID in place of a FAIL that the harness may have caused.

    Args:
        dossier: the folder of a run.
        checker: its name.
        args: of the claim; they name the fault or the experiment.
        finding: what the checker found.
    """
    if finding.verdict is not Verdict.FAIL or args.get("part") == "before":
        return finding
    is_late = "load" in args and bool(finding.data.get("bad")) and set(finding.data["bad"]) <= LATE
    if not is_late and not checker.startswith(IN_TIME):
        return finding
    if not is_late and not (args.get("fault_id") or args.get("experiment")):
        return finding
    seen = timeline.read(dossier)
    for certificate in _under(seen, args["load"]) if is_late else _named(seen, args):
        for fault in (_of_healing(certificate), _of_experiment(dossier, seen, certificate)):
            if fault is not None and not _decided_before(fault, certificate, args, finding):
                return replace(
                    finding, verdict=Verdict.INVALID,
                    reason=f"{fault.why}, so this says nothing of the stack: {finding.reason}",
                )  # fmt: skip
    return finding


def _named(seen: timeline.Timeline, args: dict[str, Any]) -> list[Certificate]:
    if args.get("experiment"):
        return certificates.of_experiment(seen, args["experiment"])
    found = certificates.of_fault(seen, args["fault_id"])
    return [] if found is None else [found]


def _under(seen: timeline.Timeline, load: str) -> list[Certificate]:
    """The faults that were brought in while a load ran; one of an earlier test is mended before the next begins."""
    began = seen.query("load.started", subject=load)
    since = began[-1].t if began else float("inf")
    return [one for one in certificates.certificates(seen) if one.injecting is not None and one.injecting.t >= since]


def _of_healing(certificate: Certificate) -> HarnessFault | None:
    """A fault that is still in because the harness did not undo it; one that the stack does not get over is its own."""
    failed = certificate.events.get("fault.not_healed")
    name = f"fault {certificate.fault_id} ({certificate.fault})"
    if failed is None:
        if certificate.healed is not None:
            return None
        return HarnessFault(f"nobody undid {name}", max(event.t for event in certificate.events.values()))
    if failed.data.get("undone") is True:
        return None
    begun = certificate.events.get("fault.healing", failed)
    return HarnessFault(f"the harness could not undo {name}: {failed.data.get('evidence')}", begun.t)


def _of_experiment(dossier: Path, seen: timeline.Timeline, certificate: Certificate) -> HarnessFault | None:
    name = certificate.experiment
    last = max(event.t for event in certificate.events.values())
    try:
        journal: dict[str, Any] = json.loads((dossier / layout.journal(name)).read_bytes())
        if by := journal.get("interrupted_by"):
            return HarnessFault(
                f"experiment {name} was interrupted by {by['signal']}", seen.seconds(by["monotonic_ns"])
            )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return HarnessFault(f"experiment {name} left no journal", last)
    return None


def _decided_before(fault: HarnessFault, certificate: Certificate, args: dict[str, Any], finding: Finding) -> bool:
    """Whether the stack had failed already when the harness did: one role, or one window, is enough."""
    entries = [entry for entry in finding.data.get("recovery", ()) if entry["fault_id"] == certificate.fault_id]
    failed = [float(entry["budget_s"]) for entry in entries if entry["verdict"] == Verdict.FAIL]
    if failed and certificate.effective is not None:
        return certificate.effective.t + min(failed) < fault.since_s
    windows = finding.data.get("windows")
    if isinstance(windows, dict) and windows["first_broken_at_s"] is not None:
        return bool(windows["first_broken_at_s"] + windows["length_s"] < fault.since_s)
    return False
