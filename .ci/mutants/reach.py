"""Which test reaches which line of which function, also in the Python processes that it starts; kept per test file."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mutants.making import Mutant, functions_of, node_line
from mutants.scope import TOPS

TEST = "MUTANTS_TEST"
WATCHED_S = 240.0
"""After so long no further test of a file is begun: where each waits for what the fence keeps away, it takes hours."""
Reach = dict[str, Any]


def reach_of(items: list[Any], passes: Callable[[Any, Path], bool], root: Path, folder: Path) -> Reach:
    """Run the tests of one file, one after the other, and watch.

    Args:
        items: the tests, as pytest collected them.
        passes: runs one and says whether it passed.
        root: the copy of the checkout.
        folder: for files that are thrown away.

    Returns:
        `tests` (name, seconds of processor, seconds by the clock), `failing` (names; they kill no mutant; what was not
        begun in time is among them), and
        `modules`: path → function → a hash of its text and line within it → numbers of tests.
    """
    from coverage import Coverage, CoverageData
    from coverage.exceptions import CoverageException

    settings = folder / "coverage.ini"
    settings.write_text(
        f"[run]\nsource = {','.join(str(root / top) for top in TOPS)}\nconcurrency = thread,gevent\nparallel = true\n"
        f"data_file = {folder}/reach\ncontext = ${{{TEST}-none}}\nsigterm = true\n"
    )
    watch = Coverage(config_file=str(settings), data_file=None, context=None, data_suffix=None)
    watch.set_option("run:parallel", False)
    watch.set_option("run:context", None)
    os.environ["COVERAGE_PROCESS_START"] = str(settings)
    tests, failing = [], []
    watch.start()
    until = time.monotonic() + WATCHED_S
    for number, item in enumerate(items):
        if time.monotonic() > until:
            failing.append(item.nodeid)
            continue
        os.environ[TEST] = f"t{number}"
        watch.switch_context(f"t{number}")
        start, spent = time.monotonic(), sum(os.times()[:4])
        passed = passes(item, folder)
        tests.append([item.nodeid, round(sum(os.times()[:4]) - spent, 3), round(time.monotonic() - start, 3)])
        if not passed:
            failing.append(item.nodeid)
    watch.stop()
    reached: dict[str, dict[int, set[int]]] = {}
    _gather(reached, watch.get_data(), root)
    for file in folder.glob("reach.*"):
        child = CoverageData(str(file))
        with suppress(CoverageException):  # torn: its process was killed
            child.read()
            _gather(reached, child, root)
    return {
        "tests": tests,
        "failing": failing,
        "modules": {
            path: _by_function((root / path).read_text(), lines)
            for path, lines in reached.items()
            if path.endswith(".py")
        },
    }


def _gather(reached: dict[str, dict[int, set[int]]], data: Any, root: Path) -> None:
    for file in data.measured_files():
        path = str(Path(file).relative_to(root))
        for line, contexts in data.contexts_by_lineno(file).items():
            tests = {int(each[1:]) for each in contexts if re.fullmatch(r"t\d+", each)}
            reached.setdefault(path, {}).setdefault(line, set()).update(tests)


def _by_function(source: str, lines: dict[int, set[int]]) -> dict[str, Any]:
    found = {}
    for name, node in functions_of(ast.parse(source)):
        begin = node_line(node)
        inside = range(node.body[0].lineno, (node.end_lineno or 0) + 1)
        at = {str(line - begin): sorted(lines[line]) for line in inside if lines.get(line)}
        found[name] = {"state": text_of(node), "at": at}
    return found


def text_of(node: ast.AST) -> str:
    """A hash of a function's meaning."""
    return hashlib.sha256(ast.dump(node).encode()).hexdigest()[:16]


def tests_of(mutant: Mutant, state: str, reaches: Iterable[Reach]) -> list[tuple[str, float, float]]:
    """The tests that reach the statement that a mutant changes, and their seconds (processor, clock); cheapest first.

    Of a function that changed since it was watched, those that reached any line of it.
    """
    first, last = mutant.first - mutant.line, mutant.last - mutant.line
    found: dict[str, tuple[float, float]] = {}
    for reach in reaches:
        seen = reach["modules"].get(mutant.path, {}).get(mutant.function)
        if not seen:
            continue
        everywhere = {test for tests in seen["at"].values() for test in tests}
        here = {test for line in range(first, last + 1) for test in seen["at"].get(str(line), [])}
        for number in everywhere if seen["state"] != state or mutant.in_signature else here:
            name, *seconds = reach["tests"][number]
            if name not in reach["failing"]:
                found[name] = seconds[0], seconds[1]
    return sorted(((name, *seconds) for name, seconds in found.items()), key=lambda each: each[1])


def stale(reach: Reach, functions: dict[str, set[str]]) -> bool:
    """Whether these tests may reach one of some functions that was not in its module yet when they were watched.

    Args:
        reach: of the tests of a file.
        functions: those that are asked about, by their module's path.
    """
    return any(functions.get(path, set()) - set(seen) for path, seen in reach["modules"].items())
