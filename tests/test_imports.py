"""Imports point one way, the way that docs/architecture.md says; nothing imports in a circle, not even late.

Late imports, inside functions, and those for types alone count as well: they hide a circle, they do not undo it.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import grimp
import pytest

ROOMS = ("suites", "chaos", "loadtests", "fixtures", "reports", "bench")
# who may import whom; suites and bench stand on top, reports at the bottom
MAY = {
    "suites": {"chaos", "loadtests", "fixtures", "reports"},
    "chaos": {"fixtures", "reports"},
    "loadtests": {"fixtures", "reports"},
    "fixtures": {"reports"},
    "reports": set(),
    "bench": {"chaos", "loadtests", "fixtures", "reports"},
}
# of reports, those below take only what has no opinion: where a dossier's files are, how its words and records look
WORDS_OF_REPORTS = {"reports.answers",
    "reports.layout", "reports.pace", "reports.verdict", "reports.interval", "reports.selection_input",
    "reports.stack_state",
}  # fmt: skip


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ROOMS, cache_dir=None)


def arrows() -> list[tuple[str, str]]:
    return sorted(
        (module, used) for module in graph().modules for used in graph().find_modules_directly_imported_by(module)
    )


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The sets of names that reach one another."""

    def reached(start: str) -> set[str]:
        seen, waiting = set(), [start]
        while waiting:
            for name in edges.get(waiting.pop(), set()) - seen:
                seen.add(name)
                waiting.append(name)
        return seen

    far = {name: reached(name) for name in edges}
    found = {tuple(sorted({name, *(other for other in far[name] if name in far.get(other, ()))})) for name in edges
             if name in far[name]}  # fmt: skip
    return [list(each) for each in sorted(found)]


def test_the_circle_finder_finds_one() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]
    assert circles({"a": {"b"}, "b": {"c"}}) == []


def test_rooms_import_one_way() -> None:
    wrong = [
        f"{module} imports {used}"
        for module, used in arrows()
        if (here := module.split(".")[0]) != (there := used.split(".")[0]) and there not in MAY[here]
    ]
    assert wrong == []


def test_below_the_suites_reports_lends_its_words_and_nothing_else() -> None:
    wrong = [
        f"{module} imports {used}"
        for module, used in arrows()
        if module.split(".")[0] in ("fixtures", "chaos", "loadtests") and used.startswith("reports.")
        and used not in WORDS_OF_REPORTS
    ]  # fmt: skip
    assert wrong == []


def test_no_module_is_imported_by_what_it_imports() -> None:
    edges = defaultdict(set)
    for module, used in arrows():
        edges[module].add(used)
    assert circles(dict(edges)) == []


@pytest.mark.parametrize("package", sorted({m.rpartition(".")[0] for m in graph().modules if "." in m} - {"chaos"}))
def test_nothing_in_a_package_goes_round_in_a_circle(package: str) -> None:
    """A package's modules and the packages in it, each taken as one."""
    depth = package.count(".") + 2
    edges = defaultdict(set)
    for module, used in arrows():
        if module.startswith(f"{package}.") and used.startswith(f"{package}."):
            here, there = (".".join(name.split(".")[:depth]) for name in (module, used))
            if here != there:
                edges[here].add(there)
    assert circles(dict(edges)) == []


def test_the_checker_of_histories_and_its_oracle_share_no_code_but_the_operation() -> None:
    checker, oracle = "reports.checkers.kafka.check", "reports.checkers.kafka.oracle"
    between = [(a, b) for a, b in arrows() if {a.rpartition(".")[0], b.rpartition(".")[0]} == {checker, oracle}]
    assert between == []
