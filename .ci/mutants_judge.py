"""A pytest plugin that runs the tests once per mutant: collected once, then each mutant in a fork of its own.

mutmut itself collects the tests anew for each mutant, which takes longer than running them, and its time limit is one
of the clock, which a busy machine reaches too. Here the limit is of processor time.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

SURVIVED, KILLED, LOOPS = "survived", "killed", "loops"
CPU_S = 30  # all tests take seven
MEMORY = 4 << 30  # a mutant that collects without end fails, and takes no other process with it


class Judge:
    """Runs every mutant of `names` and writes name → outcome to `target`."""

    def __init__(self, names: list[str], target: Path, children: int) -> None:
        self._names, self._target, self._children = names, target, children
        self._failed = False
        self._tests: dict[str, list[tuple[float, Any]]] = defaultdict(list)  # function → seconds and test

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Any phase of a test may fail."""
        self._failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of the tests: which test reaches what, then the mutants."""
        self._learn(session.items)
        outcomes: dict[str, str] = {}
        running: dict[int, str] = {}
        for name in self._names:
            if len(running) == self._children:
                self._reap(running, outcomes)
            tests = self._tests[name.partition("__mutmut_")[0]]
            running[self._fork(name, [item for _, item in sorted(tests, key=lambda test: test[0])])] = name
        while running:
            self._reap(running, outcomes)
        self._target.write_text(json.dumps(outcomes, indent=0))
        return True

    def _learn(self, items: list[Any]) -> None:
        """Run all tests on the original, in the mode in which mutated functions tell that they were called."""
        for mode in ("stats", "fail"):
            set_mutant_under_test(mode)
            for item in items[: None if mode == "stats" else 20]:
                start = time.process_time()
                self._run(item)
                for function in state()._stats:
                    self._tests[function].append((time.process_time() - start, item))
                state()._stats.clear()
            if self._failed != (mode == "fail"):
                raise pytest.UsageError("the tests fail without a mutant, or do not fail when every function does")
        set_mutant_under_test("")

    def _run(self, item: Any) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def _fork(self, name: str, items: list[Any]) -> int:
        child = os.fork()
        if child:
            return child
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        self._failed = False
        set_mutant_under_test(name)
        try:
            for item in items:
                self._run(item)
                if self._failed:
                    os._exit(1)
        except BaseException:
            os._exit(1)
        os._exit(0)

    def _reap(self, running: dict[int, str], outcomes: dict[str, str]) -> None:
        child, status = os.wait()
        name = running.pop(child)
        loops = os.WIFSIGNALED(status)
        outcomes[name] = LOOPS if loops else KILLED if os.waitstatus_to_exitcode(status) else SURVIVED
        done = len(outcomes)
        if done % 100 == 0 or outcomes[name] == SURVIVED:
            sys.stderr.write(f"{done}/{len(self._names)} {name} {outcomes[name]}\n")


def main(arguments: list[str]) -> int:
    """`mutants_judge.py NAMES.json OUTCOMES.json CHILDREN PYTEST-ARGUMENT…`, in mutmut's folder of mutants."""
    names, target, children, *rest = arguments
    return pytest.main(
        ["-q", "--no-header", *rest], plugins=[Judge(json.loads(Path(names).read_text()), Path(target), int(children))]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
