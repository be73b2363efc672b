"""Claims: what a test says about the evidence, kept in the dossier so that any later checker can judge it again.

A suite never asserts on live objects. It gathers evidence into the dossier, states a claim (the name of a checker and
its arguments), and `judge` answers from the files alone. `crucible recheck` calls the same `judge`.
"""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reports.verdict import Finding, Verdict

Checker = Callable[..., object]


@dataclass(frozen=True)
class Claim:
    """A checker by name and its arguments (JSON values, times in seconds).

    Args:
        checker: `<module under reports.checkers>.<function>`, such as `availability.in_windows`.
        args: keyword arguments for it; the dossier folder comes first by itself.

    Example::

        Claim("availability.in_windows", {"load": "viewers", "at_least": 0.995, "window_s": 5, "fault_id": "f1"})
    """

    checker: str
    args: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As kept in run.json."""
        return asdict(self)


def judge(dossier: Path, claim: Claim) -> Finding:
    """Answer a claim from the files of a dossier.

    A checker that crashes, or does not exist, answers INCONCLUSIVE with the reason: never PASS.
    """
    try:
        finding = _checker(claim.checker)(dossier, **claim.args)
    except Exception as error:  # a checker must never turn a crash into a pass
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Finding(
            Verdict.INCONCLUSIVE,
            f"checker {claim.checker} could not judge: {type(error).__name__}: {error} "
            f"({Path(last.filename).name}:{last.lineno})",
        )
    if not isinstance(finding, Finding):
        return Finding(Verdict.INCONCLUSIVE, f"checker {claim.checker} answered {finding!r}, not a Finding")
    return finding


def _checker(name: str) -> Checker:
    module, _, function = name.rpartition(".")
    if not module or not all(part.isidentifier() for part in name.split(".")):
        raise LookupError(f"no checker is called {name!r}")
    found: Checker = getattr(importlib.import_module(f"reports.checkers.{module}"), function)
    return found
