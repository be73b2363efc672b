"""The claim that a run's Kafka history keeps its promises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports.checkers.kafka.check.files import check_files
from reports.checkers.kafka.guarantees import Guarantees
from reports.checkers.kafka.operation import BadHistory
from reports.verdict import Finding, Verdict

PATTERN = "kafka/history-*.jsonl"


def check(
    dossier: Path,
    *,
    guarantees: str | Mapping[str, Any] | None = None,
    min_acked: int = 1,
    pattern: str = PATTERN,
    dump: str | None = None,
    topic_name: str | None = None,
) -> Finding:
    """Whether nothing in the dossier's Kafka history breaks what the clients' configuration promises.

    Recorders number what they write from 0; a history in which a number is missing is none.

    Args:
        dossier: the folder of the run.
        guarantees: `acks=all,idempotence=true,…` or a mapping; what it leaves open, the history's headers say.
        min_acked: acknowledged records below which the history proves nothing.
        pattern: the files of the history, relative to the dossier.
        dump: a full dump of the topic, relative to the dossier, which tells lost from late.
        topic_name: the topic of rows in the dump that do not say it.

    Example::

        Claim("kafka.history.check", {"guarantees": "acks=all,idempotence=true", "min_acked": 1000})
    """
    files = sorted(dossier.glob(pattern))
    if not files:
        return Finding(Verdict.INCONCLUSIVE, f"no file {pattern} in the dossier: no client recorded what it did")
    try:
        result = check_files(
            files, Guarantees.parse(guarantees or {}), topic=dossier / dump if dump else None, topic_name=topic_name,
            numbered=True,
        )  # fmt: skip
    except BadHistory as error:
        return Finding(Verdict.INCONCLUSIVE, f"the Kafka history cannot be read: {_inside(error, dossier)}")
    evidence = [str(file.relative_to(dossier)) for file in files]
    evidence += [str(file.relative_to(dossier)) for file in result.write_pictures(dossier / "kafka" / "orders")]
    acked = result.counts["acknowledged"]
    verdict, reason = result.verdict, result.reason
    if verdict is Verdict.PASS and acked < min_acked:
        verdict, reason = (
            Verdict.INCONCLUSIVE,
            f"only {acked:,} sends were acknowledged, of {min_acked:,} needed; {reason}",
        )
    return Finding(
        verdict,
        reason + "".join(f"; {cases[0].text}" for name, cases in result.witnesses.items() if name in result.bad[:1]),
        measured=f"{acked:,} acknowledged, {result.counts['polled']:,} polled, {len(result.bad)} kinds of anomaly",
        budget="no anomaly that the configuration forbids",
        evidence=tuple(evidence),
        data=result.to_json(),
    )


def _inside(error: BadHistory, dossier: Path) -> str:
    return str(error).replace(f"{dossier}/", "")
