"""A promise under test: the claims made about it, kept until the test's body is done and then judged from evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Concatenate, ParamSpec

from reports.claim import Claim
from reports.verdict import Finding

P = ParamSpec("P")


@dataclass
class Promise:
    """Gathers claims while a test runs.

    Args:
        test: the test's id.
        sentence: what is promised: the first line of the test's docstring.

    Example::

        promise.claim(recovery.within, fault_id=fault_id, role="gateway", budget_s=30)
    """

    test: str
    sentence: str
    claims: list[Claim] = field(default_factory=list)
    experiment: str | None = None

    def claim(self, checker: Callable[Concatenate[Path, P], Finding], *args: P.args, **kwargs: P.kwargs) -> None:
        """State a claim; its checker answers it from the files of the dossier once the test's body is done.

        Raises:
            BadClaim: the arguments do not fit the checker.
        """
        self.claims.append(Claim.of(checker, *args, **kwargs))
