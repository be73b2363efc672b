"""The record that is kept with the project: what was judged, and by tests in which state, so that a run goes on.

A line for each function: a hash of its mutants, and a word for each of them: the number of the test that killed it; or
`s` (survived), `t` (ended by a limit) or `k` (killed, the test died with it) and the numbers of the files that it was
judged by; or `.` (not judged). The numbers are places in `tests`, where each test and file stands with its state.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mutants.making import Mutant
from mutants.outcomes import Outcome

LETTERS = {"survived": "s", "time": "t", "killed": "k"}
WORDS = {letter: word for word, letter in LETTERS.items()}


def write_record(file: Path, mutants: Iterable[Mutant], last: Callable[[Mutant], Outcome | None]) -> int:
    """Write what is known of `mutants`, which are all there are; returns of how many something is."""
    places: dict[tuple[str, str], int] = {}
    functions, known = {}, 0

    def place(test: str, state: str) -> str:
        return str(places.setdefault((test, state), len(places)))

    for name, mine in _by_function(mutants):
        words = []
        for each in mine:
            outcome = last(each)
            if outcome is None or outcome.outcome not in LETTERS:
                words.append(".")
                continue
            known += 1
            numbers = ",".join(place(*pair) for pair in sorted(outcome.files.items()))
            words.append(numbers if outcome.by else LETTERS[outcome.outcome] + numbers)
        if any(word != "." for word in words):
            functions[name] = [_state(mine), " ".join(words)]
    tests = ",\n".join(json.dumps(pair) for pair in places)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(told)}" for name, told in functions.items())
    new = file.with_suffix(".new")
    new.write_text(f'{{"tests": [\n{tests}\n],\n"functions": {{\n{lines}\n}}}}\n')
    new.rename(file)
    return known


def read_record(file: Path, mutants: Iterable[Mutant]) -> Iterator[Outcome]:
    """What a record knows of `mutants`; of a function that changed since, nothing."""
    if not file.exists():
        return
    told: dict[str, Any] = json.loads(file.read_text())
    tests = [tuple(pair) for pair in told["tests"]]
    for name, mine in _by_function(mutants):
        state, words = told["functions"].get(name, ("", ""))
        if state != _state(mine):
            continue
        for mutant, word in zip(mine, words.split(" "), strict=True):
            if word == ".":
                continue
            outcome = WORDS.get(word[0], "killed")
            numbers = word[1:] if word[0] in WORDS else word
            files = dict(tests[int(number)] for number in numbers.split(",") if number)
            by = "" if word[0] in WORDS else next(iter(files))
            yield Outcome(mutant.name, mutant.state, outcome, by, files)


def recorded_functions(file: Path) -> set[str]:
    """The functions of which a record knows something."""
    return set(json.loads(file.read_text())["functions"]) if file.exists() else set()


def _by_function(mutants: Iterable[Mutant]) -> Iterator[tuple[str, list[Mutant]]]:
    def key(mutant: Mutant) -> str:
        return mutant.name.rpartition(".")[0] if mutant.name.rpartition(".")[2].isdigit() else mutant.name

    for name, mine in itertools.groupby(mutants, key):
        yield name, list(mine)


def _state(mutants: list[Mutant]) -> str:
    return hashlib.sha256("".join(each.state for each in mutants).encode()).hexdigest()[:12]
