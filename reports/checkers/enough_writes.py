"""Are there enough writes, and the answers to all of them, for their order to mean something?"""

from __future__ import annotations

from pathlib import Path

from reports import certificates, layout, timeline
from reports.rows import RequestsError, read_rows
from reports.selection_input import Evidence
from reports.verdict import Finding, Verdict

WRITES = ("POST selection_input", "DELETE selection_input")
"""The requests of a load that leave a line each."""


def is_enough(
    evidence: Evidence, dossier: Path, min_acked: int, min_during: int, fault_ids: list[str] | None
) -> Finding:  # fmt: skip
    """PASS when so many writes were acknowledged, and so many of them between each fault's act and its healing."""
    acked, fewest = evidence.acked, 0
    if min_during:
        seen = timeline.read(dossier)
        faults = certificates.of(seen, fault_ids=fault_ids)
        spans = {c.fault_id: None if c.problems() else c.span() for c in faults}
        ends = [seen.seconds(write.end_ns) for write in acked]
        during = {name: sum(span[0] <= end <= span[1] for end in ends) if span else 0 for name, span in spans.items()}
        during |= {name: 0 for name in fault_ids or () if name not in during}
        fewest = min(during.values(), default=0)
    measured = f"{len(acked)} acknowledged" + (f", {fewest} during the fault with the fewest" if min_during else "")
    budget = f"at least {min_acked}" + (f", {min_during} during each fault" if min_during else "")
    if len(acked) < max(1, min_acked) or fewest < min_during:
        said = f"{measured}; {budget} are needed to tell"
        return Finding(Verdict.INCONCLUSIVE, said, measured, budget, (evidence.files.writes,))
    return Finding(Verdict.PASS, measured, measured, budget, (evidence.files.writes,))


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
