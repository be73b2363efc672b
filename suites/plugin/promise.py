"""A promise under test: the claims made about it, and how they end as one verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.claim import Claim, judge
from reports.verdict import Finding, Verdict, worst


@dataclass
class Promise:
    """Gathers claims while a test runs; judged once, from the evidence, when its body is done.

    Args:
        test: the test's id.
        sentence: what is promised, from the test's docstring.
        dossier: the folder of the evidence.

    Example::

        promise.claim("recovery.within", fault_id=fault_id, role="gateway", budget_s=30)
    """

    test: str
    sentence: str
    dossier: Path
    claims: list[Claim] = field(default_factory=list)
    experiments: list[str] = field(default_factory=list)

    def claim(self, checker: str, **args: Any) -> None:
        """State a claim; `judge` answers it from the files of the dossier."""
        self.claims.append(Claim(checker, args))

    def judge(self) -> tuple[Verdict, list[Finding]]:
        """The verdict and each claim's finding; without a claim nothing was proven: INCONCLUSIVE."""
        findings = [judge(self.dossier, claim) for claim in self.claims]
        if not findings:
            findings = [Finding(Verdict.INCONCLUSIVE, "the test made no claim, so it proved nothing")]
        return worst(finding.verdict for finding in findings), findings
