"""The figures: a table by package, each survivor's difference, the bars."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from mutants.making import Mutant, difference
from mutants.outcomes import Outcome
from mutants.scope import Group, Scope

UNREACHED = "no test"


def package_of(path: str) -> str:
    """What a row of the table is about: a module at the top, else the folder."""
    parts = path.split("/")
    return path if len(parts) <= 2 else "/".join(parts[: 3 if parts[1] == "checkers" and len(parts) > 3 else 2])


def counts(mutants: list[Mutant], outcomes: Mapping[str, Outcome | None]) -> Counter[str]:
    """How many mutants came to what; a survivor that no test reaches is counted as such, too."""
    found: Counter[str] = Counter()
    for mutant in mutants:
        outcome = outcomes.get(mutant.name)
        word = outcome.outcome if outcome else "not judged"
        found.update(["all", word])
        if outcome and word == "survived" and not outcome.files:
            found.update([UNREACHED])
    return found


def table(mutants: list[Mutant], outcomes: Mapping[str, Outcome | None], scope: Scope) -> str:
    """Rows by package, group by group, each group with its sum and bar."""
    rows = [
        f"| what | mutants | judged | killed | of them by time | survived | of them {UNREACHED} | killed of judged |"
    ]
    rows.append("|---|---|---|---|---|---|---|---|")
    for group in scope.all_groups:
        mine = [mutant for mutant in mutants if scope.group_of_mutant(mutant.name, mutant.path) is group]
        by_package: dict[str, list[Mutant]] = {}
        for mutant in mine:
            by_package.setdefault(package_of(mutant.path), []).append(mutant)
        rows += [_row(package, counts(each, outcomes)) for package, each in by_package.items()]
        if mine:
            rows.append(_row(f"**{group.name}** (bar {group.killed:.0%})", counts(mine, outcomes)))
    return "\n".join(rows)


def _row(name: str, n: Counter[str]) -> str:
    killed, judged = n["killed"] + n["time"], n["all"] - n["not judged"]
    share = f"{killed / judged:.1%}" if judged else ""
    return f"| {name} | {n['all']} | {judged} | {killed} | {n['time']} | {n['survived']} | {n[UNREACHED]} | {share} |"


def missed(group: Group, n: Counter[str]) -> bool:
    """Whether the judged mutants of a group are below its bar; a group of which none was judged misses it."""
    judged = n["all"] - n["not judged"]
    return not judged or (n["killed"] + n["time"]) / judged < group.killed


def interval(killed: int, judged: int, z: float = 1.96) -> tuple[float, float]:
    """Between what the true share of all lies, 19 times in 20, when `judged` were drawn by chance (Wilson)."""
    if not judged:
        return 0.0, 1.0
    share, width = killed / judged, z * z / judged
    middle = (share + width / 2) / (1 + width)
    half = z * math.sqrt(share * (1 - share) / judged + width / (4 * judged)) / (1 + width)
    return max(0.0, middle - half), min(1.0, middle + half)


def survivors(mutants: list[Mutant], outcomes: Mapping[str, Outcome | None], root: Path) -> str:
    """Each survivor with the lines that it changes."""
    told = []
    for mutant in mutants:
        outcome = outcomes.get(mutant.name)
        if outcome and outcome.outcome == "survived":
            note = "" if outcome.files else f"  ({UNREACHED} reaches it)"
            told.append(f"{mutant.name}{note}\n{difference(mutant, (root / mutant.path).read_text())}")
    return "\n\n".join(told)
