#!/usr/bin/env python3
"""Mutation tests of the Kafka checker, in a copy of the checkout: `.ci/mutants.py [PART-OF-A-MUTANT'S-NAME…]`.

mutmut makes the mutants of the modules that pyproject.toml names; `mutants_judge` runs the tests on each. Prints a
table by module, and how each survivor differs; exits 1 when fewer than 95 % are killed.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPY = Path(os.environ.get("MUTANTS_DIR", tempfile.gettempdir() + "/crucible-mutants"))
BAR = 0.95
GENERATE = """
from pathlib import Path
from mutmut.__main__ import copy_also_copy_files, copy_src_dir, create_mutants
Path("mutants").mkdir()
copy_src_dir(), copy_also_copy_files(), create_mutants(2)
"""


def main(parts: list[str]) -> int:
    """Copy, mutate, judge and report."""
    shutil.rmtree(COPY, ignore_errors=True)
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if name.endswith((".py", ".toml")) and (ROOT / name).exists():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, COPY / name)
    folder = COPY / "mutants"
    with (COPY / "generate.log").open("w") as log:
        subprocess.run([sys.executable, "-c", GENERATE], cwd=COPY, stdout=log, stderr=log, check=True)
    made = [json.loads(meta.read_text())["exit_code_by_key"] for meta in sorted(folder.rglob("*.py.meta"))]
    names = [name for each in made for name in each if not parts or any(part in name for part in parts)]
    (COPY / "names.json").write_text(json.dumps(names))
    selection = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    subprocess.run(
        [sys.executable, ROOT / ".ci/mutants_judge.py", "../names.json", "../outcomes.json",
         os.environ.get("MUTANTS_CHILDREN", "2"), *selection["pytest_add_cli_args"],
         *selection["pytest_add_cli_args_test_selection"]],
        cwd=folder, stdout=(COPY / "tests.log").open("w"), check=False,
        env=os.environ | {"HYPOTHESIS_PROFILE": "mutants", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                          "PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    if not (COPY / "outcomes.json").exists():
        print(f"the mutants could not be judged; see {COPY}/tests.log")
        return 2
    return report(json.loads((COPY / "outcomes.json").read_text()), names)


def report(outcomes: dict[str, str], names: list[str]) -> int:
    """Print the table and the survivors; 1 when the bar is missed, 2 when a mutant was not judged."""
    by_module: dict[str, Counter[str]] = {}
    for name in names:
        by_module.setdefault(name.split(".")[-2], Counter()).update(["all", outcomes.get(name, "not judged")])
    total: Counter[str] = sum(by_module.values(), Counter())
    print("| module | mutants | killed | of them by time | survived | |\n|---|---|---|---|---|---|")
    for module, n in [*sorted(by_module.items()), ("in all", total)]:
        killed = n["killed"] + n["loops"]
        print(f"| {module} | {n['all']} | {killed} | {n['loops']} | {n['survived']} | {killed / n['all']:.1%} |")
    for name in names:
        if outcomes.get(name) == "survived":
            print(f"\n{name}\n{difference(name)}")
    if total["not judged"] or not total["all"]:
        return 2
    return int((total["killed"] + total["loops"]) / total["all"] < BAR)


def difference(name: str) -> str:
    """The lines that a mutant changes."""
    module, _, mutant = name.rpartition(".")
    source = (COPY / "mutants" / (module.replace(".", "/") + ".py")).read_text()
    functions = {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    original = re.sub(r"__mutmut_\d+$", "__mutmut_orig", mutant)
    before, after = (ast.unparse(functions[each].body).splitlines() for each in (original, mutant))
    lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))
    return "\n".join(f"    {line[0]} {line[1:].strip()}" for line in lines if line[:2] not in ("--", "++", "@@"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
