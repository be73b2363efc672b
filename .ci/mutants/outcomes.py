"""What is known about each mutant already, and what that hangs on.

An outcome holds while the mutated function, what surrounds the functions of its module, and the tests it was judged by
are as they were: of a killed one the test that killed it, with what surrounds the tests of its file and what that
imports from beside it; of a survivor the files of all tests that reach it. A survivor that gets a new test file, or a
changed one, is judged by that file's tests only. What changes elsewhere in the code does not count before `--all`.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutants.making import Mutant

KILLED = ("killed", "time")
Tests = list[tuple[str, float, float]]  # names, seconds of processor, seconds by the clock


@dataclass(frozen=True)
class Outcome:
    """`outcome` is killed, time (ended by a limit), survived or not judged; `files` are states of tests or files."""

    name: str
    state: str
    outcome: str
    by: str
    files: dict[str, str]

    @property
    def is_killed(self) -> bool:
        """Noticed, one way or the other."""
        return self.outcome in KILLED


class Outcomes:
    """The outcomes of all mutants ever judged, in a file that grows by a line for each.

    Example::

        outcomes = Outcomes(settings.cache / "mutants/outcomes.jsonl")
    """

    def __init__(self, file: Path, recorded: Iterable[Outcome] = ()) -> None:
        self._file = file
        self._by_name: dict[tuple[str, str], Outcome] = {(each.name, each.state): each for each in recorded}
        if file.exists():
            for line in file.read_text().splitlines():
                try:
                    known = Outcome(**json.loads(line))
                except (ValueError, TypeError):  # a line torn by an interruption
                    continue
                self._by_name[known.name, known.state] = known

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome, at once and for later runs."""
        self._by_name[outcome.name, outcome.state] = outcome
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as target:
            target.write(json.dumps(vars(outcome)) + "\n")

    def names(self) -> set[str]:
        """The names of all that were judged, whatever became of them since."""
        return {name for name, _ in self._by_name}

    def last(self, mutant: Mutant) -> Outcome | None:
        """The newest outcome of this very change, whatever became of the tests since."""
        return self._by_name.get((mutant.name, mutant.state))

    def holding(self, mutant: Mutant, tests: Tests, files: dict[str, str]) -> Outcome | None:
        """The outcome that still holds, None when the mutant must be judged (again).

        Args:
            mutant: which.
            tests: those that reach it now.
            files: the state of each test and test file now.
        """
        known = self.last(mutant)
        if known is None or known.outcome == "not judged":
            return None
        if known.outcome == "survived" and self.left(mutant, tests, files):
            return None
        if known.is_killed and any(files.get(file) != state for file, state in known.files.items()):
            return None
        return known

    def left(self, mutant: Mutant, tests: Tests, files: dict[str, str]) -> Tests:
        """The tests that have not had their chance: for one that survived, those of files that changed since."""
        known = self.last(mutant)
        if known is None or known.outcome != "survived":
            return tests
        return [each for each in tests if known.files.get(file_of(each[0])) != files.get(file_of(each[0]))]


def outcome_of(answer: dict[str, Any], mutant: Mutant, tests: Tests, files: dict[str, str]) -> Outcome:
    """What a worker's answer means, with what it hangs on."""
    if by := answer["by"]:
        test = by.partition("[")[0]
        used = {test if test in files else file_of(test): files.get(test) or files.get(file_of(test), "")}
    else:
        used = {file_of(test): files.get(file_of(test), "") for test, *_ in tests}
    return Outcome(mutant.name, mutant.state, answer["outcome"], answer["by"], used)


def file_of(test: str) -> str:
    """The file of a test's name."""
    return test.partition("::")[0]


def states_of_tests(root: Path) -> dict[str, str]:
    """The state of every file of tests: a hash of it and of all that it imports from beside it.

    And of every test, by its name: a hash of the same without the other tests of its file.
    """
    texts = {each.relative_to(root).as_posix(): each.read_text() for each in sorted(root.glob("tests/**/*.py"))}
    stems = {Path(path).stem: path for path in texts if not Path(path).name.startswith("test_")}
    conftests = {path for path in texts if Path(path).name == "conftest.py"}

    def closure(path: str, seen: frozenset[str]) -> frozenset[str]:
        words = set(re.findall(r"\w+", " ".join(re.findall(r"^\s*(?:from|import) .*", texts[path], re.MULTILINE))))
        for each in {stems[word] for word in words & set(stems)} - seen:
            seen = closure(each, seen | {each})
        return seen

    states = {}
    for path, text in texts.items():
        if Path(path).name.startswith("test_") and path != "tests/test_mutants.py":
            parts = sorted({path, *closure(path, frozenset({path})), *conftests})
            states[path] = _hash("".join(texts[each] for each in parts))
            tree = ast.parse(text)
            tests = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name[:5] == "test_"]
            around = ast.dump(ast.Module([each for each in tree.body if each not in tests], []))
            rest = around + "".join(texts[each] for each in parts if each != path)
            states |= {f"{path}::{each.name}": _hash(rest + ast.dump(each)) for each in tests}
    return states


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
