"""Selection Input: is every acknowledged write kept, and applied once and in order?

Three witnesses that share nothing: what a load's operators were answered (`kafka/writes-<load>.jsonl`), what an
independent consumer read (`kafka/topic-<load>.jsonl`), what the worker says it applied (`kafka/journal-<load>.jsonl`).
Each function holds one promise, and each way to break the stack breaks one of them only:

| broken | red | untouched, because |
|---|---|---|
| acknowledged, never produced (plant drop-write) | `no_acknowledged_write_lost` | topic and journal still agree |
| applied twice (plant dup-apply) | `applied_once_in_order`: applied twice | the first of each is in order |
| applied in another order (plant reorder) | `applied_once_in_order`: applied out of order | each is there, each once |
| not applied | `journal_agrees_with_topic`: skipped, not applied | what is applied is in order |
| applied something else | `journal_agrees_with_topic`: applied as another | offsets are right |
| applied without a record | `journal_agrees_with_topic`: applied, but not in the topic | the topic is whole |
| produced in another order than acknowledged | `acknowledged_in_real_time_order` | the log itself is consistent |
| produced twice | `produced_once` | each copy is applied once, where it stands |

Topic and journal outlive a load; both were read from where they stood before it began.

Sources: Jepsen's Kafka workload for the classes; research on Selection Input, O2, O3, O5, O6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from reports.checkers.enough_writes import is_complete, is_enough, is_enough_during, is_whole
from reports.checkers.witnesses import by_class, without
from reports.selection_input import Evidence, Missing, Write, read_evidence
from reports.verdict import Finding, Verdict, worst_of


def selection_input(
    dossier: Path,
    *,
    load: str,
    min_acked: int = 1,
) -> Finding:
    """All promises about the order of Selection Input together; the worst decides.

    Args:
        load: whose writes.
        min_acked: acknowledged writes below which nothing can be said.

    Example::

        Claim("ordering.selection_input", {"load": "operators", "min_acked": 500})
    """
    try:
        evidence = read_evidence(dossier, load)
    except Missing as error:
        return without(error)
    kept = _kept(evidence, 1)
    findings = [
        is_complete(evidence, dossier),
        is_whole(evidence, dossier),
        is_enough(evidence, min_acked),
        kept,
        *(judge(evidence) for judge in (_produced_once, _real_time, _applied, _agrees)),
    ]
    worst = worst_of(findings)
    if worst.verdict is Verdict.PASS:
        return Finding(
            worst.verdict, "; ".join(finding.reason for finding in findings), kept.measured,
            "none lost, each applied once, in order",
            (evidence.files.writes, evidence.files.topic, evidence.files.journal),
        )  # fmt: skip
    same = [finding for finding in findings if finding.verdict is worst.verdict]
    files = tuple(dict.fromkeys(file for finding in same for file in finding.evidence))
    bad = {name: said for finding in same for name, said in finding.data.get("bad", {}).items()}
    reason = "; ".join(finding.reason for finding in same)
    return Finding(worst.verdict, reason, worst.measured, worst.budget, files, {"bad": bad} if bad else {})


def acknowledged_during_fault(dossier: Path, *, load: str, fault_id: str, at_least: int) -> Finding:
    """So many writes sent between a fault's act and its healing were acknowledged, and each acknowledged one is logged.

    Fewer, and their order would say nothing of that fault.

    Args:
        load: whose writes.
        fault_id: the fault.
        at_least: how many.
    """
    return _with_evidence(dossier, load, lambda evidence: worst_of([
        is_enough_during(evidence, dossier, fault_id, at_least), is_complete(evidence, dossier),
        is_whole(evidence, dossier), _kept(evidence, 1),
    ]))  # fmt: skip


def no_acknowledged_write_lost(dossier: Path, *, load: str, min_acked: int = 1) -> Finding:
    """Every acknowledged write is in the topic, at the offset that its answer named."""
    return _with_evidence(dossier, load, lambda evidence: _kept(evidence, min_acked))


def produced_once(dossier: Path, *, load: str) -> Finding:
    """No write stands in the topic twice."""
    return _with_evidence(dossier, load, _produced_once)


def acknowledged_in_real_time_order(dossier: Path, *, load: str) -> Finding:
    """A write acknowledged before another was sent has the lower offset."""
    return _with_evidence(dossier, load, _real_time)


def applied_once_in_order(dossier: Path, *, load: str) -> Finding:
    """The worker applied no offset twice, and, a repetition left out, none after a higher one."""
    return _with_evidence(dossier, load, _applied)


def journal_agrees_with_topic(dossier: Path, *, load: str) -> Finding:
    """Every record of the topic was applied, as what it is, and nothing else was."""
    return _with_evidence(dossier, load, _agrees)


def _kept(evidence: Evidence, min_acked: int) -> Finding:
    if len(evidence.acked) < max(1, min_acked):
        said = f"{len(evidence.acked)} writes were acknowledged; {min_acked} are needed to tell"
        return Finding(Verdict.INCONCLUSIVE, said, evidence=(evidence.files.writes,))
    if unplaced := [write.id for write in evidence.acked if write.offset is None]:
        said = f"{len(unplaced)} acknowledged writes name no offset, {unplaced[0]} first: nobody said where they stand"
        return Finding(Verdict.INCONCLUSIVE, said, evidence=(evidence.files.writes,))
    lost, moved = [], []
    for write in evidence.acked:
        offsets = evidence.offsets.get(write.id, [])
        if not offsets:
            lost.append(f"{write.id} (answered offset {write.offset})")
        elif write.offset not in offsets:
            moved.append(f"{write.id} (answered offset {write.offset}, found at {offsets[0]})")
    classes = {"acknowledged but lost": lost, "acknowledged but misplaced": moved}
    measured = f"{len(lost)} of {len(evidence.acked)} lost"
    good = f"all {len(evidence.acked)} acknowledged writes are kept"
    return by_class(classes, good, measured, "none lost", (evidence.files.writes, evidence.files.topic))


def _produced_once(evidence: Evidence) -> Finding:
    ours = evidence.written
    if not ours:
        return _nothing_written(evidence)
    twice = [f"{name} at offsets {offsets}" for name, offsets in ours.items() if len(offsets) > 1]
    good = f"each of {len(ours)} writes is in the topic once"
    return by_class({"produced twice": twice}, good, f"{len(twice)} produced twice", "none", (evidence.files.topic,))


def _real_time(evidence: Evidence) -> Finding:
    placed = [(write, offsets[0]) for write in evidence.acked if (offsets := evidence.offsets.get(write.id))]
    wrong = [f"{a.id} at {i} was acknowledged before {b.id} at {j} was sent" for a, i, b, j in _inversions(placed)]
    good = f"{len(placed)} writes stand in the order of their answers"
    return by_class(
        {"against real time": wrong},
        good,
        f"{len(wrong)} against real time",
        "none",
        (evidence.files.writes, evidence.files.topic),
    )


def _inversions(placed: list[tuple[Write, int]]) -> Iterator[tuple[Write, int, Write, int]]:
    """Pairs (a, b) where b was sent after a's answer and yet stands before it; for each b its highest a."""
    by_end = sorted(placed, key=lambda pair: pair[0].end_ns)
    highest: tuple[Write, int] | None = None
    done = 0
    for later, offset in sorted(placed, key=lambda pair: pair[0].start_ns):
        while done < len(by_end) and by_end[done][0].end_ns < later.start_ns:
            if highest is None or by_end[done][1] > highest[1]:
                highest = by_end[done]
            done += 1
        if highest and highest[1] > offset:
            yield (*highest, later, offset)


def _applied(evidence: Evidence) -> Finding:
    if not evidence.journal:
        said = "the worker applied nothing, so its order is unknown"
        return Finding(Verdict.INCONCLUSIVE, said, evidence=(evidence.files.journal,))
    seen: set[int] = set()
    twice, disorder, highest = [], [], -1
    for row in evidence.journal:
        if row.offset in seen:
            twice.append(f"offset {row.offset} ({row.id}) at line {row.line}")
        elif row.offset < highest:
            disorder.append(f"offset {row.offset} ({row.id}) after {highest} at line {row.line}")
        seen.add(row.offset)
        highest = max(highest, row.offset)
    classes = {"applied twice": twice, "applied out of order": disorder}
    good = f"{len(evidence.journal)} records applied once and in order"
    return by_class(
        classes, good, f"{len(twice)} twice, {len(disorder)} out of order", "none", (evidence.files.journal,)
    )


def _agrees(evidence: Evidence) -> Finding:
    topic = evidence.topic
    if not evidence.written:
        return _nothing_written(evidence)
    applied = {row.offset: row for row in evidence.journal}
    last = max(applied, default=-1)
    missing = [offset for offset in topic if offset not in applied]
    unsure = {write.id for write in evidence.writes if write.outcome == "info"}  # may come after the topic was read
    classes = {
        "skipped": [f"offset {o} ({topic[o]})" for o in missing if o < last],
        "not applied": [f"offset {o} ({topic[o]})" for o in missing if o > last],
        "applied as another": [
            f"offset {row.offset} is {topic[row.offset]} in the topic, {row.id} in the journal"
            for row in evidence.journal
            if row.offset in topic and topic[row.offset] != row.id
        ],
        "applied, but not in the topic": [
            f"offset {row.offset} ({row.id}) at line {row.line}"
            for row in evidence.journal
            if row.offset not in topic and not (row.offset >= evidence.end and row.id in unsure)
        ],
    }
    good = f"the worker applied all {len(topic)} records, to offset {evidence.end - 1}"
    measured = f"{len(missing)} of {len(topic)} not applied"
    return by_class(classes, good, measured, "all applied", (evidence.files.topic, evidence.files.journal))


def _nothing_written(evidence: Evidence) -> Finding:
    files = (evidence.files.writes, evidence.files.topic)
    return Finding(Verdict.INCONCLUSIVE, "no write of this load is in the topic", evidence=files)


def _with_evidence(dossier: Path, load: str, judge: Callable[[Evidence], Finding]) -> Finding:
    try:
        evidence = read_evidence(dossier, load)
    except Missing as error:
        return without(error)
    return judge(evidence)
