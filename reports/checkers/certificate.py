"""Were the faults real: did each take effect, was each healed, and did its experiment run under strict control?"""

from __future__ import annotations

import re
from pathlib import Path

from reports import certificates, journal, layout, timeline
from reports.verdict import Finding, Verdict, worst_of


def proven(dossier: Path, *, fault_id: str) -> Finding:
    """A fault has evidence of its effect and of its healing; whatever is merely unproven is INVALID.

    Args:
        fault_id: the fault, which must be on the timeline; one without a name has not been.

    Example::

        Claim.of(certificate.proven, fault_id="gateway-pod-kill-1/kill-one-gateway-pod")
    """
    try:
        found = certificates.of_fault(timeline.read(dossier), fault_id)
    except timeline.TimelineError as error:
        return Finding(Verdict.INVALID, str(error), evidence=(timeline.FILE,))
    if found is None:
        return Finding(Verdict.INVALID, f"fault {fault_id!r} is not on the timeline", evidence=(timeline.FILE,))
    wrong = [f"fault {fault_id} ({found.fault}): {why}" for why in found.problems()]
    victims = ", ".join(str(victim.get("name")) for victim in found.victims)
    return Finding(
        Verdict.INVALID if wrong else Verdict.PASS,
        "; ".join(wrong) or f"fault proven effective and healed: {victims}",
        measured="not proven" if wrong else "proven",
        budget="effective and healed",
        evidence=(timeline.FILE,),
        data={"certificates": [found.to_json()]},
    )


def experiment_completed(dossier: Path, *, experiment: str, min_faults: int = 1) -> Finding:
    """An experiment ran to its end under the strict control, and the stack never left its steady state.

    One that deviated is a FAIL. No journal, an unreadable one, one without the strict control, one that was cut off:
    INVALID, and so is a fault of the experiment that is on the timeline and has no proof, or another one than the
    journal has.

    Args:
        experiment: one run of it (`gateway-pod-kill-1`), or its name for all its runs.
        min_faults: how many faults there must be at least, in all those runs together.

    Example::

        Claim.of(certificate.experiment_completed, experiment="gateway-pod-kill-1")
    """
    findings, journals = _journals(dossier, experiment)
    faults = []
    try:
        faults = certificates.of_experiment(timeline.read(dossier), experiment)
    except timeline.TimelineError as error:
        findings.append(Finding(Verdict.INVALID, str(error)))
    if len(faults) < max(1, min_faults):
        said = f"of experiment {experiment} {len(faults)} faults are on the timeline, not {max(1, min_faults)}"
        findings.append(Finding(Verdict.INVALID, said))
    unproven = [f"fault {c.fault_id} ({c.fault}): {why}" for c in faults for why in c.problems()]
    if all(finding.verdict is Verdict.PASS for finding in findings):
        unproven += journal.disagreements(journals, faults)
    findings += [Finding(Verdict.INVALID, why) for why in unproven]
    worst = worst_of(findings)
    reason = "; ".join(finding.reason for finding in findings if finding.verdict is worst.verdict)
    return Finding(worst.verdict, reason, evidence=(timeline.FILE, *findings[0].evidence))


def _journals(dossier: Path, experiment: str) -> tuple[list[Finding], list[journal.Journal]]:
    """What the Chaos Toolkit journals of one experiment say; each of its runs must have been strict and complete."""
    folder = dossier / layout.EXPERIMENTS
    name = re.compile(re.escape(experiment) + r"(-\d+)?")
    runs = sorted(path for path in folder.glob("*/") if name.fullmatch(path.name)) if folder.is_dir() else []
    if not runs:
        return [Finding(Verdict.INVALID, f"experiment {experiment} left no journal")], []
    findings, read = [], []
    for run in runs:
        where = (str((run / "journal.json").relative_to(dossier)),)
        try:
            read.append(journal.read(run / "journal.json"))
        except journal.JournalError as error:
            said = f"experiment {experiment}: its journal cannot be read: {error}"
            findings.append(Finding(Verdict.INVALID, said, evidence=where))
        else:
            findings.append(_judged(read[-1], experiment, where))
    return findings, read


def _judged(found: journal.Journal, experiment: str, where: tuple[str, ...]) -> Finding:
    status = found.get("status")
    if found.get("deviated") is True:
        return Finding(Verdict.FAIL, f"experiment {experiment}: the stack left its steady state", evidence=where)
    if found.get("strict") is not True:
        return Finding(Verdict.INVALID, f"experiment {experiment} ran without the strict control", evidence=where)
    if found.get("deviated") is not False or status != "completed":
        return Finding(Verdict.INVALID, f"experiment {experiment} ended {status!r}, not completed", evidence=where)
    if missing := journal.gaps(found):
        said = f"experiment {experiment} says that it completed, but of its journal: {'; '.join(missing)}"
        return Finding(Verdict.INVALID, said, evidence=where)
    return Finding(Verdict.PASS, f"experiment {experiment} completed", evidence=where)
