"""Were the faults real: did each take effect, was each healed, and did its experiment run under strict control?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from reports import certificates, timeline
from reports.verdict import Finding, Verdict, worst_of

EXPERIMENTS = "experiments"


def proven(
    dossier: Path, *, experiment: str | None = None, fault_ids: list[str] | None = None, min_faults: int = 1
) -> Finding:
    """Each fault has evidence of its effect and of its healing, and its experiment's journal can be trusted.

    A run of an experiment that deviated is a FAIL: the stack left its steady state. Everything that is merely
    unproven is INVALID: no fault, no effect, no healing, no journal, a journal without the strict control.

    Args:
        experiment: judge all faults of this experiment.
        fault_ids: judge these faults, each of which must be on the timeline.
        min_faults: how many there must be at least.

    Example::

        Claim("certificate.proven", {"experiment": "gateway-pod-kill"})
    """
    if experiment is None and not fault_ids:
        return Finding(Verdict.INVALID, "no experiment and no fault was named")
    found = certificates.of(timeline.read(dossier), experiment=experiment, fault_ids=fault_ids)
    names = {experiment} if experiment else {certificate.experiment for certificate in found}
    findings = [_journals(dossier, name) for name in sorted(names) if name]
    missing = sorted(set(fault_ids or ()) - {certificate.fault_id for certificate in found})
    wrong = [f"fault {name} is not on the timeline" for name in missing]
    if len(found) < min_faults:
        wrong.append(f"{len(found)} of {min_faults} planned faults are on the timeline")
    for certificate in found:
        wrong += [f"fault {certificate.fault_id} ({certificate.fault}): {why}" for why in certificate.problems()]
    evidence = (timeline.FILE, *(file for finding in findings for file in finding.evidence))
    if wrong:
        findings.append(Finding(Verdict.INVALID, "; ".join(wrong)))
    victims = [str(victim.get("name")) for certificate in found for victim in certificate.victims]
    said = f"{len(found)} {'fault' if len(found) == 1 else 'faults'} proven effective and healed: {', '.join(victims)}"
    worst = worst_of([*findings, Finding(Verdict.PASS, said)])
    return Finding(
        worst.verdict,
        said if worst.verdict is Verdict.PASS else worst.reason,
        measured=f"{sum(not c.problems() for c in found)} proven",
        budget=f"at least {min_faults}, each effective and healed",
        evidence=evidence,
        data={"certificates": [certificate.to_json() for certificate in found]},
    )


def _journals(dossier: Path, experiment: str) -> Finding:
    """What the Chaos Toolkit journals of one experiment say; each of its runs must have been strict and complete."""
    folder = dossier / EXPERIMENTS
    name = re.compile(re.escape(experiment) + r"(-\d+)?")
    runs = sorted(path for path in folder.glob("*/") if name.fullmatch(path.name)) if folder.is_dir() else []
    if not runs:
        return Finding(Verdict.INVALID, f"experiment {experiment} left no journal")
    return worst_of([_journal(dossier, run / "journal.json", experiment) for run in runs])


def _journal(dossier: Path, path: Path, experiment: str) -> Finding:
    where = (str(path.relative_to(dossier)),)
    try:
        journal: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        return Finding(Verdict.INVALID, f"experiment {experiment}: its journal cannot be read: {error}", evidence=where)
    status = journal.get("status")
    if journal.get("deviated") is True:
        return Finding(Verdict.FAIL, f"experiment {experiment}: the stack left its steady state", evidence=where)
    if journal.get("strict") is not True:
        return Finding(Verdict.INVALID, f"experiment {experiment} ran without the strict control", evidence=where)
    if journal.get("deviated") is not False or status != "completed":
        return Finding(Verdict.INVALID, f"experiment {experiment} ended {status!r}, not completed", evidence=where)
    return Finding(Verdict.PASS, f"experiment {experiment} completed", evidence=where)
