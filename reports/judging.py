"""From claims to a test's record; the same for a fresh run and for an old dossier."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reports.claim import Claim, answer
from reports.run import Judged, Run, TestRecord

LOAD = ("planned", "sent", "ok", "failed", "missing", "windows")


def judge_test(
    dossier: Path,
    *,
    test: str,
    promise: str,
    promise_id: str = "",
    claims: Iterable[Claim],
    seconds: float = 0.0,
    experiment: str | None = None,
    error: str = "",
    skipped: str = "",
) -> TestRecord:
    """Judge all claims of a test from the dossier and make its record.

    Args:
        test: the pytest node id.
        promise: the sentence it proves or refutes.
        promise_id: `suite.name`.
        seconds: how long it took.
        error: why the test could not do its work; the record is then INCONCLUSIVE at best.
        skipped: why it did not run.

    Example::

        record = judge_test(dossier, test=item.nodeid, promise=sentence, claims=promise.claims, seconds=12.5)
        run.record(record)
    """
    judged = judge_claims(dossier, claims)
    return TestRecord(
        id=test, promise_id=promise_id, promise=promise,
        seconds=round(seconds, 3), error=error, skipped=skipped, experiment=experiment,
        claims=judged, **_figures(judged),
    )  # fmt: skip


def judge_claims(dossier: Path, claims: Iterable[Claim]) -> list[Judged]:
    """Each claim with what its checker found."""
    return [Judged.of(claim, answer(dossier, claim)) for claim in claims]


def judge_again(dossier: Path, run: Run) -> Run:
    """The same run with every claim judged anew; nothing is written, and what cannot be judged again is kept."""
    tests = [
        judge_test(
            dossier, test=test.id, promise=test.promise, promise_id=test.promise_id,
            claims=[judged.claim for judged in test.claims],
            seconds=test.seconds, experiment=test.experiment, error=test.error, skipped=test.skipped,
        ).model_copy(update={"failure": test.failure})
        for test in run.tests
    ]  # fmt: skip
    return run.model_copy(update={"tests": tests})


def _figures(judged: list[Judged]) -> dict[str, Any]:
    """Certificates, recoveries and the first load figures out of the findings, each fault and role once."""
    certificates: dict[str, object] = {}
    recovery: dict[tuple[str, str], object] = {}
    load: dict[str, object] = {}
    for one in judged:
        for certificate in one.data.get("certificates", ()):
            certificates[certificate["fault_id"]] = certificate
        for entry in one.data.get("recovery", ()):
            recovery[entry["fault_id"], entry["role"]] = entry
        if "planned" in one.data and "sent" in one.data and not load:
            load = {name: one.data[name] for name in LOAD if name in one.data}
    return {"certificates": list(certificates.values()), "recovery": list(recovery.values()), "load": load}
