"""Are there enough writes, and the answers to all of them, for their order to mean something?"""

from __future__ import annotations

from pathlib import Path

from reports import certificates, layout, timeline
from reports.rows import RequestsError, read_rows
from reports.selection_input import Evidence
from reports.verdict import Finding, Verdict

WRITES = ("POST selection_input", "DELETE selection_input")
"""The requests of a load that leave a line each."""


def is_enough(evidence: Evidence, min_acked: int) -> Finding:
    """PASS when so many writes were acknowledged."""
    said, budget = f"{len(evidence.acked)} acknowledged", f"at least {max(1, min_acked)}"
    return _enough(evidence, len(evidence.acked) >= max(1, min_acked), said, budget)


def is_enough_during(evidence: Evidence, dossier: Path, fault_id: str, at_least: int) -> Finding:
    """PASS when so many writes were sent between a fault's act and its healing, and acknowledged.

    Those sent before tested nothing. An election may outlast the fault, so when the answer came does not matter.
    """
    seen = timeline.read(dossier)
    fault = certificates.of_fault(seen, fault_id)
    span = None if fault is None or fault.problems() else fault.span()
    starts = [seen.seconds(write.start_ns) for write in evidence.acked]
    during = sum(span[0] <= start <= span[1] for start in starts) if span else 0
    said, budget = f"{during} sent during fault {fault_id} and acknowledged", f"at least {max(1, at_least)}"
    return _enough(evidence, during >= max(1, at_least), said, budget)


def _enough(evidence: Evidence, is_met: bool, said: str, budget: str) -> Finding:
    if is_met:
        return Finding(Verdict.PASS, said, said, budget, (evidence.files.writes,))
    return Finding(Verdict.INCONCLUSIVE, f"{said}; {budget} are needed to tell", said, budget, (evidence.files.writes,))


def is_whole(evidence: Evidence, dossier: Path) -> Finding:
    """As many lines as the load's own rows have writes: one that nobody answered leaves both as well."""
    rows = layout.requests(evidence.files.load)
    files = (evidence.files.writes, rows)
    try:
        columns, _ = read_rows(dossier / rows)
    except RequestsError as error:
        return Finding(Verdict.INCONCLUSIVE, str(error), evidence=files)
    sent = sum(str(name) in WRITES for name in columns["name"])
    said = f"{len(evidence.writes)} lines of writes, and the load sent {sent}"
    verdict = Verdict.PASS if len(evidence.writes) == sent else Verdict.INCONCLUSIVE
    return Finding(verdict, said, said, "one for each", files)


def is_complete(evidence: Evidence, dossier: Path) -> Finding:
    """Whoever wrote into the topic since the load began is one of its writers; an older record may have come late."""
    files = (evidence.files.writes, evidence.files.topic)
    if not evidence.writes:
        return Finding(Verdict.INCONCLUSIVE, f"{evidence.files.writes} holds no writes", evidence=files)
    seen = timeline.read(dossier)
    began_ms = seen.unix(seen.seconds(min(write.start_ns for write in evidence.writes))) * 1000
    known = {write.id for write in evidence.writes}
    unknown = [o for o, name in evidence.topic.items() if name not in known and evidence.stamped_ms[o] >= began_ms]
    if unknown:
        first = f"offset {unknown[0]} ({evidence.topic[unknown[0]] or 'no id'})"
        said = f"{len(unknown)} records of the topic have no writer, {first} first: the answers are not complete"
        return Finding(Verdict.INCONCLUSIVE, said, f"{len(unknown)} without a writer", "none", files)
    return Finding(Verdict.PASS, "each record has its writer", evidence=files)
