"""What the judges of Selection Input say when a witness is missing, and when witnesses speak against it."""

from __future__ import annotations

from collections.abc import Sequence

from reports.selection_input import Missing, Truncated
from reports.verdict import Finding, Verdict

SHOWN = 5


def without(error: Missing) -> Finding:
    """A damaged witness tells nothing; a topic that lost what it held tells enough."""
    verdict = Verdict.FAIL if isinstance(error, Truncated) else Verdict.INCONCLUSIVE
    return Finding(verdict, str(error), evidence=(error.file,))


def shown(found: Sequence[str]) -> str:
    """The first witnesses, and whether there are more."""
    return ", ".join(found[:SHOWN]) + (" …" if len(found) > SHOWN else "")


def by_class(classes: dict[str, list[str]], good: str, measured: str, budget: str, files: tuple[str, ...]) -> Finding:
    """FAIL with the class names and the first witnesses of each, or PASS."""
    bad = {name: witnesses for name, witnesses in classes.items() if witnesses}
    data = {"bad": {name: {"count": len(found), "witnesses": found[:SHOWN]} for name, found in bad.items()}}
    if not bad:
        return Finding(Verdict.PASS, good, measured, budget, files, data)
    said = "; ".join(f"{len(found)} {name}: {shown(found)}" for name, found in bad.items())
    return Finding(Verdict.FAIL, said, measured, budget, files, data)
