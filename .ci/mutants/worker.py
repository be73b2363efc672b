"""A pytest plugin: collects the tests once, then does a job in forks of itself: `worker.py JOB.json ANSWERS`.

mutmut itself collects the tests anew for each mutant, which takes longer than running them. The answers are lines of
JSON, written as they come, so that an interruption loses nothing.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutants.children import Children
from mutants.making import Mutant
from mutants.reach import reach_of
from mutants.swapping import Functions, loaded_functions, swap

PATIENCE_S = 30.0  # a child may take this long by the clock, and five times what its tests take without a mutant


class Worker:
    """Does one job; either `{"reach": [test file…]}` or `{"judge": [[mutant, [[test, cpu_s, wall_s]…]]…]}`.

    What the clock ends may only have been starved on a busy machine: it is run again at last, with three times as long,
    and counts as killed by time only when that is too short as well.
    """

    def __init__(self, job: dict[str, Any], answers: TextIO) -> None:
        self._job, self._answers = job, answers
        self._root = Path(job["root"])
        self._failed = False
        self._children = Children(job["children"], Path(job["scratch"]))
        self._killers: dict[str, Counter[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Any phase of a test may fail."""
        self._failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of the tests: the job."""
        items = {item.nodeid: item for item in session.items}
        for path in self._job["modules"]:
            if not path.startswith(
                "loadtests/"
            ):  # Locust patches the whole process: tests import it where they need it
                importlib.import_module(path.removesuffix(".py").replace("/", "."))
        functions = loaded_functions(self._root)
        work = self._reach(items) if "reach" in self._job else self._judge(items, functions)
        for answer in work:
            self._answers.write(json.dumps(answer) + "\n")
            self._answers.flush()
        return True

    def _reach(self, items: dict[str, Any]) -> Iterator[dict[str, Any]]:
        by_file: dict[str, list[Any]] = {}
        for nodeid, item in items.items():
            by_file.setdefault(nodeid.partition("::")[0], []).append(item)
        tasks = (
            (
                file,
                1800.0,
                2400.0,
                lambda folder, file=file: reach_of(by_file.get(file, []), self.passes, self._root, folder),
            )
            for file in self._job["reach"]
        )
        for ended in self._children.run(tasks):
            yield {"file": ended.tag, "reach": ended.answer}

    def _judge(self, items: dict[str, Any], functions: Functions) -> Iterator[dict[str, Any]]:
        again: list[Any] = []

        def tasks(rows: list[Any], longer: float) -> Iterator[tuple[Any, float, float, Any]]:
            for row, tests in rows:
                mutant = Mutant(**row)
                known = [each for each in tests if each[0] in items]

                def do(folder: Path, mutant: Mutant = mutant, known: list[Any] = known) -> dict[str, Any]:
                    return self._one(mutant, self._ordered(mutant, known), items, functions, folder)

                cpu_s, wall_s = (sum(each[n] for each in known) for n in (1, 2))
                yield (row, tests), 10 + 3 * cpu_s, (PATIENCE_S + 5 * wall_s) * longer, do

        for rows, longer in ((self._job["judge"], 1.0), (again, 3.0)):
            for ended in self._children.run(tasks(rows, longer)):
                row = ended.tag[0]
                if ended.by_clock and rows is not again:
                    again.append(ended.tag)
                    continue
                answer = ended.answer or {"outcome": "time" if ended.by_clock or ended.by_cpu else "killed", "by": ""}
                if by := answer["by"]:
                    self._killers.setdefault(row["path"] + row["function"], Counter())[by] += 1
                yield {"name": row["name"], **answer}

    def _ordered(self, mutant: Mutant, tests: list[tuple[str, float, float]]) -> list[str]:
        """First what killed other mutants of this function, then the fastest."""
        kills = self._killers.get(mutant.path + mutant.function, Counter())
        first = tests[0][0] if self._job.get("first_is_killer", {}).get(mutant.name) and tests else None
        return [each[0] for each in sorted(tests, key=lambda each: (each[0] != first, -kills[each[0]], each[1]))]

    def _one(
        self, mutant: Mutant, tests: list[str], items: dict[str, Any], functions: Functions, folder: Path
    ) -> dict[str, Any]:
        try:
            swap(mutant, self._root, functions, folder / "mutant.json")
        except (ValueError, StopIteration) as error:
            return {"outcome": "not judged", "by": "", "why": str(error)}
        for test in tests:
            try:
                if not self.passes(items[test], folder):
                    return {"outcome": "killed", "by": test}
            except BaseException:
                return {"outcome": "killed", "by": test}
        return {"outcome": "survived", "by": ""}

    def passes(self, item: Any, folder: Path) -> bool:
        """Run one test with all its fixtures; its files are in `folder`."""
        self._failed = False
        own = Path(tempfile.mkdtemp(dir=folder, prefix="t"))
        item.config._tmp_path_factory._basetemp = own
        tempfile.tempdir = None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self._failed


def main(job: str, answers: str) -> int:
    """Do the job that a file describes."""
    told = json.loads(Path(job).read_text())
    start = time.monotonic()
    with open(answers, "a") as target:
        code = pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", *told["pytest"]],
                           plugins=[Worker(told, target)])  # fmt: skip
    sys.stderr.write(f"ended with {code} after {time.monotonic() - start:.0f} s\n")
    return int(code)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main(*sys.argv[1:]))
