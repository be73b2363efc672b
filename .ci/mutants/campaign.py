"""One run: makes the mutants, learns which test reaches what, has them judged, and keeps what it learns."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mutants.fence import fenced
from mutants.making import Mutant, functions_of, mutants_of, named_mutant
from mutants.outcomes import Outcome, Outcomes, Tests, outcome_of, states_of_tests
from mutants.progress import Progress
from mutants.reach import Reach, stale, tests_of, text_of
from mutants.record import read_record, recorded_functions, write_record
from mutants.scope import RECORD, ROOT, Scope

HERE = Path(__file__).parent
SAY_EVERY_S = 25.0


class Campaign:
    """The mutants of a copy of the checkout.

    Args:
        scope: what is mutated.
        checkout: the copy.
        cache: where outcomes, reaches and made mutants are kept.
        parts: only mutants whose names contain one of these; all when there is none.
        tests: only tests of files whose names contain one of these; what survives them others may notice, later.
        children: how many are judged at a time.
        longest_s: of a mutant's tests, only the fastest up to this many seconds in all are run; a mutant that only
            slower ones would notice counts as a survivor.
    """

    def __init__(
        self,
        scope: Scope,
        checkout: Path,
        cache: Path,
        *,
        parts: list[str],
        tests: list[str],
        children: int,
        longest_s: float,
    ) -> None:
        self._scope, self._checkout, self._cache = scope, checkout, cache
        self._children, self._longest_s = children, longest_s
        self._states = states_of_tests(checkout)
        self._files = [
            file for file in self._states if "::" not in file and (not tests or any(part in file for part in tests))
        ]
        self._selection = self._files if tests else ["tests"]
        self._modules = scope.modules(checkout)
        self._functions = {path: dict(functions_of(ast.parse((checkout / path).read_text()))) for path in self._modules}
        self.gone: list[str] = []  # changes of a person that cannot be made any more
        self.mutants = [
            *self._named(),
            *(each for path in self._modules if _may_hold(path, parts) for each in self._made(path)),
        ]
        self._outcomes = Outcomes(cache / "outcomes.jsonl", read_record(checkout / RECORD, self.mutants))
        self.mutants = [each for each in self.mutants if not parts or any(part in each.name for part in parts)]
        self._tests: dict[str, Tests] | None = None

    def judge(self, mutants: list[Mutant], *, anew: bool) -> None:
        """Judge what is not known yet (`anew`: all), say twice a minute how far it is, keep each outcome at once."""
        self._learn(anew=anew)
        known = {} if anew else self.known(mutants)
        job, first = [], {}
        for mutant in mutants:
            if known.get(mutant.name):
                continue
            tests = self._tests_of(mutant)
            left = tests if anew else self._outcomes.left(mutant, tests, self._states)
            last = self._outcomes.last(mutant)
            if last and last.by in (names := [test for test, *_ in left]):
                left = [left[names.index(last.by)], *(each for each in left if each[0] != last.by)]
                first[mutant.name] = True
            if left:
                job.append([mutant.as_row(), left])
            else:
                self._keep({"outcome": "survived", "by": ""}, mutant)
        by_name = {mutant.name: mutant for mutant in mutants}
        progress = Progress(len(job))
        print(f"{len(mutants)} mutants, {len(job)} of them to judge", flush=True)
        for answer in self._work({"judge": job, "first_is_killer": first}, progress.said):
            outcome = self._keep(answer, by_name[answer["name"]])
            progress.done += 1
            progress.killed += outcome.is_killed
            if not outcome.is_killed:
                print(f"  {outcome.outcome}: {outcome.name} {answer.get('why', '')}", flush=True)
        print(progress.said(), flush=True)

    def known(self, mutants: list[Mutant]) -> dict[str, Outcome | None]:
        """The outcomes that still hold."""
        self._learn(anew=False)
        return {each.name: self._outcomes.holding(each, self._tests_of(each), self._states) for each in mutants}

    def record(self, file: Path) -> int:
        """Write what is known of every mutant, whether asked for or not; returns of how many something is."""
        named = list(self._named())
        outcomes = Outcomes(self._cache / "outcomes.jsonl")
        functions = {name.rpartition(".")[0] for name in outcomes.names()} | recorded_functions(self._checkout / RECORD)
        paths = [path for path in self._modules if any(name.startswith(_module(path) + ".") for name in functions)]
        every = [*named, *(each for path in paths for each in self._made(path))]
        outcomes = Outcomes(self._cache / "outcomes.jsonl", read_record(self._checkout / RECORD, every))
        return write_record(file, every, outcomes.last)

    def listed(self, mutants: list[Mutant]) -> Iterator[str]:
        """A line for each: its name, where, and what is known."""
        known = self.known(mutants)
        for mutant in mutants:
            outcome = known[mutant.name]
            told = f"{outcome.outcome} {outcome.by}".strip() if outcome else "not judged"
            yield f"{mutant.name}  {mutant.path}:{mutant.first}  {told}"

    def _keep(self, answer: dict[str, Any], mutant: Mutant) -> Outcome:
        outcome = outcome_of(answer, mutant, self._tests_of(mutant), self._states)
        last = self._outcomes.last(mutant)
        if last and last.outcome == outcome.outcome == "survived":  # what it survived before counts still
            outcome = replace(outcome, files=last.files | outcome.files)
        self._outcomes.add(outcome)
        return outcome

    def _named(self) -> Iterator[Mutant]:
        for each in self._scope.named:
            source = (self._checkout / each["file"]).read_text()
            try:
                yield named_mutant(each["id"], each["file"], source, each["before"], each["after"])
            except ValueError as error:
                self.gone.append(str(error))

    def _made(self, path: str) -> list[Mutant]:
        source = (self._checkout / path).read_text()
        rules = (HERE / "making.py").read_text()
        file = self._cache / "made" / f"{hashlib.sha256((path + rules + source).encode()).hexdigest()[:24]}.json"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            made = json.dumps([mutant.as_row() for mutant in mutants_of(path, source)])
            file.with_suffix(f".{os.getpid()}").write_text(made)
            file.with_suffix(f".{os.getpid()}").rename(file)
        return [Mutant(**row) for row in json.loads(file.read_text())]

    def _learn(self, *, anew: bool) -> None:
        """Have the test files watched that changed, or that may reach functions which are new."""
        if self._tests is not None and not anew:
            return
        folder = self._cache / "reach"
        names: dict[str, set[str]] = {}  # the functions that are asked about
        for mutant in self.mutants:
            names.setdefault(mutant.path, set()).add(mutant.function)
        reaches: dict[str, Reach] = {}
        for test in self._files:
            file = folder / f"{test.replace('/', '.')}.json"
            if file.exists() and not anew:
                kept = json.loads(file.read_text())
                if kept["state"] == self._states[test] and not stale(kept, names):
                    reaches[test] = kept
        missing = [test for test in self._files if test not in reaches]
        if missing:
            print(f"watching what the tests of {len(missing)} files reach", flush=True)
            for answer in self._work({"reach": missing}, lambda: f"watched {len(reaches)} of {len(self._files)} files"):
                if answer["reach"] is None:
                    print(f"  {answer['file']} could not be watched; its tests are not used")
                    continue
                reach = answer["reach"] | {"state": self._states[answer["file"]]}
                for test in reach["failing"]:
                    print(f"  fails without a mutant, so it is not used: {test}", flush=True)
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{answer['file'].replace('/', '.')}.json").write_text(json.dumps(reach))
                reaches[answer["file"]] = reach
        self._reaches = list(reaches.values())
        self._tests = {}

    def _tests_of(self, mutant: Mutant) -> Tests:
        assert self._tests is not None
        if mutant.name not in self._tests:
            state = text_of(self._functions[mutant.path][mutant.function])
            total, tests = 0.0, []
            for each in tests_of(mutant, state, self._reaches):
                total += each[1]
                if total <= self._longest_s or not tests:
                    tests.append(each)
            self._tests[mutant.name] = tests
        return self._tests[mutant.name]

    def _work(self, job: dict[str, Any], say: Any) -> Iterator[dict[str, Any]]:
        """Have a job done by a worker behind a fence; its answers as they come, and `say` twice a minute."""
        folder = self._checkout.parent
        answers, order = folder / "answers.jsonl", folder / "job.json"
        answers.write_text("")
        pytest = [*self._selection, "-m", "not live", "--ignore=tests/test_mutants.py"]
        order.write_text(json.dumps(job | {
            "root": str(self._checkout), "modules": self._modules, "children": self._children,
            "scratch": str(folder / "s"), "pytest": pytest,
        }))  # fmt: skip
        inside = {"PYTHONPATH": f"{self._checkout}:{HERE / 'site'}", "PYTHONDONTWRITEBYTECODE": "1",
                  "HYPOTHESIS_PROFILE": "mutants", "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CRUCIBLE_")}
        with (folder / "worker.log").open("a") as log:
            worker = subprocess.Popen(
                fenced([sys.executable, str(HERE / "worker.py"), str(order), str(answers)], ROOT),
                cwd=self._checkout, stdout=log, stderr=log, env=kept | inside,
            )  # fmt: skip
        said = time.monotonic()
        try:
            with answers.open() as source:
                rest = ""
                while True:
                    ended = worker.poll() is not None
                    lines = (rest + source.read()).split("\n")
                    rest = lines.pop()
                    yield from (json.loads(line) for line in lines)
                    if ended and not lines:
                        break
                    if time.monotonic() - said > SAY_EVERY_S:
                        said = time.monotonic()
                        print(say(), flush=True)
                    time.sleep(0.0 if lines else 0.3)
        finally:
            worker.kill()
            worker.wait()
        if worker.returncode not in (0, 5):
            raise SystemExit(f"the worker ended with {worker.returncode}; see {folder}/worker.log")


def _may_hold(path: str, parts: list[str]) -> bool:
    """Whether a mutant of this module may have a name with one of these parts: making them takes a while."""
    module = _module(path)
    return not parts or any(part in f"{module}." or part.startswith(module) for part in parts)


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")
