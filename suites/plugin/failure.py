"""The evidence of a failure: gathered when a test is not PASS, before anything is healed; thrown away when it is.

What the victims last said was taken by the experiment before each act; here it moves to the test's own folder, and the
rest of the stack is asked. Whatever cannot be had is on record with its reason.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from fixtures.failure.gathering import gather
from fixtures.failure.words import ABOUT, EVERYTHING, told_by
from reports import certificates, layout, timeline
from reports.failure import FailureEvidence
from reports.run import TestRecord
from reports.text import anchor
from reports.timeline import Timeline
from reports.verdict import Verdict
from suites.plugin.stack import Stack

logger = logging.getLogger("crucible")
LOST = "the pod was deleted while the test ran, and nobody had asked it before"


def forget(dossier: Path) -> None:
    """Throw away what the victims last said: their test is a PASS, so there is nothing to explain."""
    for folder in _taken(dossier):
        shutil.rmtree(folder, ignore_errors=True)


def evidence_of(record: TestRecord, dossier: Path, stack: Stack | None) -> FailureEvidence:
    """Gather what can be had of a test that was not PASS; never fails.

    Args:
        record: of the test.
        dossier: of the run.
        stack: None when it never stood in this run.
    """
    folder = dossier / layout.FAILURE / anchor(record.id)
    found = FailureEvidence(folder=folder.relative_to(dossier).as_posix())
    try:
        found.missing.update(_moved(dossier, folder))
        found.missing.update(_asked(record, dossier, stack, folder))
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        telling = _told_of(record, dossier)
        found.files.extend(sorted((n for n in names if not n.endswith(ABOUT)), key=lambda n: (_rank(n, telling), n)))
    except Exception as error:
        logger.error("nothing was gathered after %s: %s", record.id, error)
        found.missing[EVERYTHING] = f"{type(error).__name__}: {error}"
    logger.info("%s: the stack's own words: %s", record.verdict, found.summary)
    return found


def _taken(dossier: Path) -> list[Path]:
    return sorted((dossier / layout.EXPERIMENTS).glob(f"*/{layout.LAST_WORDS}"))


def _moved(dossier: Path, folder: Path) -> dict[str, str]:
    """Move what the victims last said into the test's folder; returns what could not be had of them."""
    missing: dict[str, str] = {}
    for taken in _taken(dossier):
        for fault in sorted(taken.iterdir()):
            target = folder / f"{layout.LAST_WORDS}-{fault.name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(fault, target)
            missing |= {f"{target.name}/{name}": why for name, why in told_by(target).items()}
        taken.rmdir()
    return missing


def _asked(record: TestRecord, dossier: Path, stack: Stack | None, folder: Path) -> dict[str, str]:
    if stack is None:
        return {EVERYTHING: "the stack did not stand in this run"}
    seen = timeline.read(dossier)
    started = seen.query("test.started", subject=record.id)
    since = started[-1].t if started else 0.0
    namespaces = sorted({role.namespace for role in stack.map.roles.values()})
    nodes = _nodes_hit(seen, since)
    found = gather(stack.cluster, namespaces, folder, nodes=sorted(nodes), since_s=seen.unix(since))
    return found.missing | {f"{pod}.log": LOST for pod in _lost(seen, since, folder)}


def _nodes_hit(seen: Timeline, since: float) -> set[str]:
    """The nodes that faults of this test hit, and those that carried the pods that they hit."""
    victims = [v for fault in certificates.certificates(seen) for v in fault.victims if _began(fault) >= since]
    uids = {victim.get("uid") for victim in victims if victim.get("kind") == "Pod"}
    carried = {str(event.data["node"]) for event in seen.query("pod.*") if event.uid in uids and event.data.get("node")}
    return carried | {str(victim["name"]) for victim in victims if victim.get("kind") == "Node"}


def _began(fault: certificates.Certificate) -> float:
    return min(event.t for event in fault.events.values())


def _lost(seen: Timeline, since: float, folder: Path) -> list[str]:
    """Pods that went while the test ran and whose log nobody had asked for; one that was empty was asked for."""
    gone = {event.subject.rpartition("/")[2] for event in seen.query("pod.deleted", since=since)}
    asked = {path.name for path in folder.rglob("*.log")}
    asked |= {name for note in folder.rglob(ABOUT) for name in told_by(note.parent)}
    return sorted(pod for pod in gone if f"{pod}.log" not in asked)


def _told_of(record: TestRecord, dossier: Path) -> set[str]:
    """Pods of the roles that the claims speak of which were not kept, or that were hit."""
    seen = timeline.read(dossier)
    uids = {v.get("uid") for proof in record.certificates for v in proof["victims"]}
    roles = {event.role for event in seen.query("pod.*") if event.uid in uids}
    roles |= {judged.args.get("role") for judged in record.claims if judged.verdict is not Verdict.PASS}
    return {event.subject.rpartition("/")[2] for event in seen.query("pod.*") if event.role in roles - {None}}


def _rank(name: str, telling: set[str]) -> int:
    """What tells most first: the victims' last words, Events, the logs of roles that failed, the rest of the stack."""
    file = name.rpartition("/")[2]
    pod = file.removesuffix(".log").removesuffix(".previous")
    if name.startswith(f"{layout.LAST_WORDS}-"):
        return 3 if not name.endswith(".log") else 0 if pod in telling else 5
    if file == "events.txt":
        return 1
    if name.endswith(".log"):
        return 2 if pod in telling else 7
    return 4 if name.endswith(".journal") or file in ("pods.txt", "workloads.txt") else 6
