"""What run.json holds: a run, its tests, and what was claimed and found in each.

Verdicts are never stored by hand: a test's follows from its findings, a run's from its tests, each time anew.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from reports.claim import Answer, Claim
from reports.failure import FailureEvidence
from reports.sabotages_of_run import Sabotages
from reports.verdict import Verdict, worst

CERTIFIES = "certify"
"""The profile whose PASS certifies a release."""


class Judged(BaseModel):
    """A claim and what its checker found.

    Args:
        evidence: files of the dossier that show it to a person.
        read: every file that the checker opened or looked for; nothing else can change its answer.
    """

    model_config = ConfigDict(extra="ignore")
    checker: str
    args: dict[str, Any] = {}
    verdict: Verdict
    reason: str
    measured: str = ""
    budget: str = ""
    evidence: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    data: dict[str, Any] = {}

    @classmethod
    def of(cls, claim: Claim, answer: Answer) -> Judged:
        """Join a claim with its answer."""
        finding = answer.finding
        return cls(
            checker=claim.checker, args=claim.args, verdict=finding.verdict, reason=finding.reason,
            measured=finding.measured, budget=finding.budget, evidence=finding.evidence, read=answer.read,
            data=finding.data,
        )  # fmt: skip

    @classmethod
    def waiting(cls, claim: Claim, why: str) -> Judged:
        """A claim that nobody has judged yet: INCONCLUSIVE until it is."""
        return cls(checker=claim.checker, args=claim.args, verdict=Verdict.INCONCLUSIVE, reason=why)

    @property
    def claim(self) -> Claim:
        """The claim alone, to be judged again."""
        return Claim(self.checker, self.args)


class TestRecord(BaseModel):
    """One test: its promise, its findings, and the figures that the report shows.

    Args:
        id: the pytest node id.
        promise_id: `suite.name` of what it promises; empty in dossiers of before there were ids.
        promise: the sentence that it proves or refutes.
        error: why the test could not do its work (set-up failed, load did not start); makes it INCONCLUSIVE.
        skipped: why it did not run, as something a person can act on.
        seconds: how long it took.
        failure: what was kept of the stack's own words when it was not PASS.
    """

    __test__ = False  # no test class, whatever pytest thinks of the name
    model_config = ConfigDict(extra="ignore")
    id: str
    promise_id: str = ""
    promise: str
    seconds: float = 0.0
    error: str = ""
    skipped: str = ""
    experiment: str | None = None
    claims: list[Judged] = []
    certificates: list[dict[str, Any]] = []
    recovery: list[dict[str, Any]] = []
    load: dict[str, Any] = {}
    failure: FailureEvidence | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict:
        """The worst of its findings; a test that claimed nothing is INCONCLUSIVE."""
        found = [judged.verdict for judged in self.claims]
        if self.error:
            found.append(Verdict.INCONCLUSIVE)
        elif self.skipped:
            found.append(Verdict.SKIPPED)
        return worst(found)

    def with_claims(self, more: list[Judged]) -> TestRecord:
        """This record with further claims."""
        return self.model_copy(update={"claims": [*self.claims, *more]})

    def joined(self, later: TestRecord) -> TestRecord:
        """This record and a later one of the same test (its teardown's, say): the worst of both stays."""
        lists = {
            name: getattr(later, name) or getattr(self, name)
            for name in ("certificates", "recovery", "load", "failure")
        }
        return self.model_copy(
            update=lists
            | {
                "claims": [*self.claims, *later.claims],
                "error": "; ".join(filter(None, [self.error, later.error])),
                "skipped": "; ".join(filter(None, [self.skipped, later.skipped])),
                "seconds": max(self.seconds, later.seconds),
            }
        )

    @property
    def worst_claim(self) -> Judged | None:
        """The first finding that has the test's verdict."""
        return next((judged for judged in self.claims if judged.verdict is self.verdict), None)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def reason(self) -> str:
        """Why this verdict, in one sentence."""
        if self.worst_claim and self.verdict is not Verdict.PASS:
            return self.worst_claim.reason
        if self.error or self.skipped:
            return self.error or self.skipped
        return "; ".join(judged.reason for judged in self.claims) or "the test claimed nothing, so it proved nothing"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def evidence(self) -> list[str]:
        """Files of the dossier that its findings name, each once."""
        return list(dict.fromkeys(file for judged in self.claims for file in judged.evidence))


class Run(BaseModel):
    """A whole run.

    Args:
        started: UTC.
        finished: UTC; None while it runs, and for ever when it was interrupted.
        cluster: name of the cluster.
        stack: image by component.
        planned: ids of the tests that were to run; one that left no record makes the run INCONCLUSIVE.
        interrupted: why the run ended early; empty when it did not.
        beside: what failed that promises nothing, as sentences: the harness is not well, so no run with it is PASS.
        sabotage: the defect that stood planted while it ran, so that it measures nothing of the stack itself.
        sabotages: of a run that planted some; one that escaped is a FAIL of the run.
    """

    model_config = ConfigDict(extra="ignore")
    run_id: str
    seed: int | None = None
    profile: str = ""
    started: datetime = Field(default_factory=lambda: datetime.now(UTC))
    finished: datetime | None = None
    cluster: str = ""
    stack: dict[str, str] = {}
    planned: list[str] = []
    interrupted: str = ""
    beside: list[str] = []
    tests: list[TestRecord] = []
    sabotage: str = ""
    sabotages: Sabotages | None = None

    @property
    def gaps(self) -> list[str]:
        """What is missing from this run for a verdict, as sentences: a certificate whose promises nobody has seen to be
        able to fail, because pytest ran alone or a part was chosen, is none; nor is one of a stack with a defect in it.
        """
        done = {test.id for test in self.tests}
        certifies = self.profile == CERTIFIES
        unproven = certifies and not (self.sabotage or self.sabotages)
        found = [
            *self.beside,
            *([f"a run under sabotage {self.sabotage} certifies nothing"] if certifies and self.sabotage else []),
            *([f"a {CERTIFIES} run plants every sabotage, and this one none"] if unproven else []),
            *(f"{test} did not run" for test in self.planned if test not in done),
        ]
        if self.interrupted:
            return [f"the run was interrupted: {self.interrupted}", *found]
        return ["the run was interrupted: it never finished", *found] if self.finished is None else found

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict:
        """The worst of its tests; INCONCLUSIVE at best when something of it is missing, or nothing of it passed."""
        planted = [self.sabotages.verdict] if self.sabotages else []
        found = [*(test.verdict for test in self.tests), *planted]
        missing = [Verdict.INCONCLUSIVE for _ in self.gaps]
        nothing = [] if Verdict.PASS in found else [Verdict.INCONCLUSIVE]  # skipped all through: nothing was proven
        return worst([*found, *missing, *nothing])

    @computed_field  # type: ignore[prop-decorator]
    @property
    def reason(self) -> str:
        """Why this verdict, in one sentence."""
        verdict = self.verdict
        bad = [test for test in self.tests if test.verdict is verdict]
        if verdict is Verdict.PASS:
            return f"all {len(self.tests)} promises kept" if len(self.tests) > 1 else "the promise was kept"
        if bad:
            return bad[0].reason
        if self.sabotages and self.sabotages.verdict is verdict:
            return self.sabotages.reason
        if self.gaps:
            return self.gaps[0]
        skipped = f"every test was skipped ({self.tests[0].reason})" if self.tests else "no test ran"
        return f"{skipped}, so nothing was proven"

    @property
    def seconds(self) -> float:
        """How long it took; up to the last record when it never finished."""
        if self.finished is None:
            return sum(test.seconds for test in self.tests)
        return (self.finished - self.started).total_seconds()

    def counts(self) -> dict[Verdict, int]:
        """How many tests ended with each verdict, worst first; verdicts that none has are left out."""
        return {verdict: count for verdict in Verdict if (count := sum(test.verdict is verdict for test in self.tests))}

    def put(self, test: TestRecord) -> None:
        """Keep what is known of a test by now, in place of what was known before."""
        self.tests = [*(other for other in self.tests if other.id != test.id), test]

    def record(self, test: TestRecord) -> None:
        """Keep a test's record; one of the same id is joined with it, so that a later phase takes nothing back."""
        old = next((old for old in self.tests if old.id == test.id), None)
        self.tests = [*(other for other in self.tests if other is not old), test if old is None else old.joined(test)]
