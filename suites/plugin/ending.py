"""What follows a test's body, in this order, so that no death on the way loses what is known by then.

1. What it claimed is written down, then judged, then written down with the findings: nothing else comes before.
2. Where a promise was not kept, the stack's own words are gathered, while it is as the fault left it.
3. The stack is waited for, and what is claimed of the time after the test is judged.
4. What is still broken is mended, for the test that comes next.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fixtures.errors import HarnessError
from reports.claim import Claim
from reports.judging import judge_claims, judge_test
from reports.run import Judged, TestRecord
from reports.verdict import Verdict
from suites.plugin.promise import Promise

if TYPE_CHECKING:
    from suites.plugin.session import Session

logger = logging.getLogger("crucible")
UNJUDGED = "not judged: the run ended before it could be"
TOO_EARLY = "not judged: it is about the time after the test, and the run ended before that"


def end_test(
    session: Session, promise: Promise, error: str, *, skipped: str = "", stopped: bool = False
) -> TestRecord:  # fmt: skip
    """Judge a test whose body is over and see to the stack; returns its record, which is in run.json by then.

    Args:
        session: of the run.
        promise: with its claims.
        error: why the test could not do its work.
        skipped: why its body gave up, as something a person can act on.
        stopped: the run is being ended, so nothing is waited for any more.
    """
    session.timeline.event("harness", "test.finished", promise.test)
    later = session.restorer.claims(promise.test) if session.restorer is not None else []
    stop: BaseException | None = None
    try:
        record = _judged(session, promise, later, error, skipped)
        if session.restorer is not None:
            record, stop = _after(session, promise, record, later, stopped=stopped)
        if record.verdict is Verdict.PASS:
            _forget(session)
    finally:
        _mend(session, promise.test)
    if stop is not None:
        raise stop
    return record


def _judged(session: Session, promise: Promise, later: list[Claim], error: str, skipped: str) -> TestRecord:
    """The record of what the test itself claimed; what is claimed of the time after it is on disk as not judged."""
    unjudged = TestRecord(
        id=promise.test, promise_id=session.planned.get(promise.test, ""), promise=promise.sentence,
        seconds=session.seconds(promise.test), error=error, skipped=skipped, experiment=promise.experiment,
        claims=[Judged.waiting(claim, UNJUDGED) for claim in [*promise.claims, *later]],
    )  # fmt: skip
    session.keep(unjudged)
    record = judge_test(
        session.dossier, test=unjudged.id, promise_id=unjudged.promise_id, promise=unjudged.promise,
        claims=promise.claims, seconds=unjudged.seconds, experiment=unjudged.experiment, error=error, skipped=skipped,
    )  # fmt: skip
    waiting = [Judged.waiting(claim, TOO_EARLY) for claim in later]
    session.keep(record.with_claims(waiting))
    record = _explained(session, record)
    session.keep(record.with_claims(waiting))
    return record


def _after(
    session: Session, promise: Promise, record: TestRecord, later: list[Claim], *, stopped: bool
) -> tuple[TestRecord, BaseException | None]:
    """The record with what is claimed of the time after the test, and what stopped the run meanwhile, if it was.

    An API server that does not answer, or Ctrl-C while the stack is waited for, takes no finding back.
    """
    assert session.restorer is not None
    stop: BaseException | None = None
    error = ""
    try:
        if not stopped:
            session.restorer.restore(promise.test)
    except Exception as trouble:
        error = f"nobody could see whether the stack is as it was: {type(trouble).__name__}: {trouble}"
    except BaseException as caught:  # it goes on when the record is kept
        stop, error = caught, f"stopped before the stack was as it was: {type(caught).__name__}"
    told = record.error or error
    found = judge_claims(session.dossier, later)
    record = record.with_claims(found).model_copy(update={"error": told, "seconds": session.seconds(promise.test)})
    session.keep(record)
    record = _explained(session, record)  # what was kept by the body and left broken by the time after it
    session.keep(record)
    return record, stop


def explain(session: Session, test: str) -> None:
    """Gather the evidence of a failure outside a test's body, of its set-up for one, unless there is some already."""
    assert session.run is not None
    (record,) = (each for each in session.run.tests if each.id == test)
    session.keep(_explained(session, record))


def _explained(session: Session, record: TestRecord) -> TestRecord:
    """The record with the evidence of its failure, gathered now unless it was before; of a PASS there is none."""
    from suites.plugin.failure import evidence_of

    if record.verdict in (Verdict.PASS, Verdict.SKIPPED) or record.failure is not None:
        return record
    return record.model_copy(update={"failure": evidence_of(record, session.dossier, session.standing)})


def _forget(session: Session) -> None:
    from suites.plugin.failure import forget

    forget(session.dossier)


def _mend(session: Session, test: str) -> None:
    """Mend what a test left broken; where that fails, the tests after it have no stack to judge."""
    try:
        if session.restorer is not None:
            session.restorer.mend()
    except Exception as error:
        logger.error("%s left the stack broken: %s", test, error)
        session.failure = HarnessError(
            f"{test} left the stack broken, and it could not be mended: {error}", next_command="crucible heal"
        )
