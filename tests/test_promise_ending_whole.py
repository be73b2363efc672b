"""What follows a test's body, step by step: what is on disk after each, and what is asked of the stack."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dossier_maker import looks

from fixtures.errors import HarnessError
from fixtures.settings import Settings
from reports.checkers import conformance
from reports.claim import Claim
from reports.failure import FailureEvidence
from reports.run import TestRecord
from suites.plugin import ending, failure
from suites.plugin.ending import end_test, explain
from suites.plugin.promise import Promise
from suites.plugin.session import Session

TEST = "suites/x/test_y.py::test_z"
UNJUDGED = "not judged: the run ended before it could be"
TOO_EARLY = "not judged: it is about the time after the test, and the run ended before that"
EVIDENCE = FailureEvidence(folder="failure/x")


class Told(Session):
    """A session that notes what is kept of a test; each look at the clock is a second later."""

    def __init__(self, dossier: Path) -> None:
        super().__init__(Settings(run_dir=dossier, seed=1))
        self.did: list[Any] = []
        self.planned = {TEST: "x.z"}
        self.looked = 0
        assert self.dossier
        self.timeline.event = lambda *words, **data: self.did.append((*words, data))  # type: ignore[method-assign]

    def seconds(self, test: str) -> float:
        assert test == TEST
        self.looked += 1
        return float(self.looked)

    def keep(self, record: TestRecord) -> None:
        super().keep(record)
        judged = [(claim.verdict.value, claim.reason if claim.reason.startswith("not judged") else "")
                  for claim in record.claims]  # fmt: skip
        self.did.append(("keep", judged, record.error, record.seconds, record.failure))


class Restorer:
    """Restores and mends as it is told, and claims the time after the test."""

    def __init__(self, did: list[Any], restored: Any = None, mended: Any = None) -> None:
        self.did, self.restored, self.mended = did, restored, mended

    def claims(self, test: str) -> list[Claim]:
        assert test == TEST
        return [Claim.of(conformance.as_it_was, test="later")]

    def restore(self, test: str) -> None:
        self.did.append(("restore", test))
        if self.restored is not None:
            raise self.restored

    def mend(self) -> None:
        self.did.append("mend")
        if self.mended is not None:
            raise self.mended


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told(tmp_path / "dossier")
    made.standing = SimpleNamespace(name="stack")  # type: ignore[assignment]

    def evidence_of(record: TestRecord, dossier: Path, stack: Any) -> FailureEvidence:
        made.did.append(("gather", record.id, record.verdict.value, dossier, stack))
        return EVIDENCE

    monkeypatch.setattr(failure, "evidence_of", evidence_of)
    monkeypatch.setattr(failure, "forget", lambda dossier: made.did.append(("forget", dossier)))
    return made


def promise(session: Told, own: str = "", later: str = "") -> Promise:
    looks(session.dossier, "own", node_label=own)
    looks(session.dossier, "later", node_label=later)
    made = Promise(TEST, "It holds.", experiment="toy")
    made.claim(conformance.as_it_was, test="own")
    return made


FINISHED = ("harness", "test.finished", TEST, {})
WAITING = ("INCONCLUSIVE", UNJUDGED)
EARLY = ("INCONCLUSIVE", TOO_EARLY)
PASS, FAIL = ("PASS", ""), ("FAIL", "")


def test_a_promise_that_is_kept_is_judged_on_disk_before_anything_else(session: Told) -> None:
    session.restorer = Restorer(session.did)  # type: ignore[assignment]
    record = end_test(session, promise(session), "")
    assert session.did == [
        FINISHED,
        ("keep", [WAITING, WAITING], "", 1.0, None),
        ("keep", [PASS, EARLY], "", 1.0, None),
        ("keep", [PASS, EARLY], "", 1.0, None),
        ("restore", TEST),
        ("keep", [PASS, PASS], "", 2.0, None),
        ("keep", [PASS, PASS], "", 2.0, None),
        ("forget", session.dossier),
        "mend",
    ]
    whole = (record.id, record.promise_id, record.promise, record.experiment, record.skipped, record.seconds)
    assert whole == (TEST, "x.z", "It holds.", "toy", "", 2.0)
    assert [claim.args for claim in record.claims] == [{"test": "own"}, {"test": "later"}]
    assert session.run is not None
    assert session.run.tests == [record]
    assert session.failure is None


@pytest.mark.parametrize(("own", "later"), [("zone=b", ""), ("", "zone=b"), ("zone=b", "zone=b")])
def test_the_evidence_of_a_failure_is_gathered_once_and_at_the_first_moment(
    session: Told, own: str, later: str
) -> None:
    session.restorer = Restorer(session.did)  # type: ignore[assignment]
    record = end_test(session, promise(session, own, later), "")
    mine, after = (FAIL if own else PASS), (FAIL if later else PASS)
    gather = ("gather", TEST, "FAIL", session.dossier, session.standing)
    kept = EVIDENCE if own else None
    assert session.did == [
        FINISHED,
        ("keep", [WAITING, WAITING], "", 1.0, None),
        ("keep", [mine, EARLY], "", 1.0, None),
        *([gather] if own else []),
        ("keep", [mine, EARLY], "", 1.0, kept),
        ("restore", TEST),
        ("keep", [mine, after], "", 2.0, kept),
        *([] if own else [gather]),
        ("keep", [mine, after], "", 2.0, EVIDENCE),
        "mend",
    ]
    assert record.failure == EVIDENCE


BLIND = "nobody could see whether the stack is as it was: OSError: away"


@pytest.mark.parametrize(("error", "told"), [("", BLIND), ("no load", "no load")])
def test_an_api_server_that_is_away_takes_no_finding_back_and_the_first_error_stays(
    session: Told, error: str, told: str
) -> None:
    session.restorer = Restorer(session.did, restored=OSError("away"))  # type: ignore[assignment]
    record = end_test(session, promise(session), error)
    assert (record.error, record.verdict.value) == (told, "INCONCLUSIVE")
    gathered = [("gather", TEST, "INCONCLUSIVE", session.dossier, session.standing)]
    last = ("keep", [PASS, PASS], told, 2.0, EVIDENCE)
    assert session.did[4:] == (
        [("keep", [PASS, EARLY], error, 1.0, EVIDENCE), ("restore", TEST), last, last, "mend"]
        if error
        else [("restore", TEST), ("keep", [PASS, PASS], told, 2.0, None), *gathered, last, "mend"]
    )


def test_what_stops_the_run_meanwhile_goes_on_when_the_record_is_kept_and_the_stack_mended(session: Told) -> None:
    session.restorer = Restorer(session.did, restored=KeyboardInterrupt("Ctrl-C"))  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        end_test(session, promise(session), "")
    error = "stopped before the stack was as it was: KeyboardInterrupt"
    assert session.did[4:] == [
        ("restore", TEST),
        ("keep", [PASS, PASS], error, 2.0, None),
        ("gather", TEST, "INCONCLUSIVE", session.dossier, session.standing),
        ("keep", [PASS, PASS], error, 2.0, EVIDENCE),
        "mend",
    ]


def test_a_run_that_is_being_ended_waits_for_nothing(session: Told) -> None:
    session.restorer = Restorer(session.did)  # type: ignore[assignment]
    record = end_test(session, promise(session), "stopped: x", stopped=True)
    assert ("restore", TEST) not in session.did
    assert session.did[-1] == "mend"
    assert (record.error, [claim.verdict.value for claim in record.claims]) == ("stopped: x", ["PASS", "PASS"])


def test_without_a_stack_only_the_test_s_own_claims_are_judged(session: Told) -> None:
    record = end_test(session, promise(session), "", skipped="")
    assert session.did == [
        FINISHED, ("keep", [WAITING], "", 1.0, None), ("keep", [PASS], "", 1.0, None), ("keep", [PASS], "", 1.0, None),
        ("forget", session.dossier),
    ]  # fmt: skip
    assert record.seconds == 1.0
    session.did.clear()
    empty = Promise(TEST, "It holds.")
    record = end_test(session, empty, "", skipped="needs netem")
    assert session.did == [FINISHED, *[("keep", [], "", 2.0, None)] * 3]
    assert (record.verdict.value, record.skipped) == ("SKIPPED", "needs netem")
    session.planned.clear()
    assert end_test(session, empty, "").promise_id == ""


@pytest.mark.parametrize("stop", [None, KeyboardInterrupt()])
def test_a_stack_that_cannot_be_mended_is_no_stack_for_the_next_test(
    session: Told, caplog: pytest.LogCaptureFixture, stop: BaseException | None
) -> None:
    caplog.set_level(logging.ERROR)
    session.restorer = Restorer(session.did, stop, HarnessError("jammed", next_command="x"))  # type: ignore[assignment]
    if stop is None:
        assert end_test(session, promise(session), "").verdict.value == "PASS"
    else:
        with pytest.raises(KeyboardInterrupt):
            end_test(session, promise(session), "")
    assert isinstance(session.failure, HarnessError)
    assert str(session.failure) == (
        f"{TEST} left the stack broken, and it could not be mended: jammed\n  next: x\n  next: crucible heal"
    )
    assert [record.getMessage() for record in caplog.records] == [f"{TEST} left the stack broken: jammed\n  next: x"]


def test_a_failure_outside_a_body_is_explained_once(session: Told) -> None:
    assert session.run is not None
    other = TestRecord(id="other", promise="O.", error="e")
    for record in (other, TestRecord(id=TEST, promise="It holds.", error="no set-up")):
        session.add(record)
    explain(session, TEST)
    explain(session, TEST)
    assert session.did == [
        ("gather", TEST, "INCONCLUSIVE", session.dossier, session.standing),
        ("keep", [], "no set-up", 0.0, EVIDENCE), ("keep", [], "no set-up", 0.0, EVIDENCE),
    ]  # fmt: skip
    assert [test.failure for test in session.run.tests] == [None, EVIDENCE]
    assert ending.logger.name == "crucible"
