"""The package of the reference services can be shipped: pinned like the harness, and importing nothing of it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
APPS = ROOT / "fixtures" / "stack" / "services"
OURS = {"bench", "chaos", "cli", "conftest", "fixtures", "loadtests", "reports", "suites", "apps"}


def pins(file: Path) -> set[str]:
    return {line.strip() for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")}


def absolute_imports(source: str) -> set[str]:
    """The top-level names that a module imports, relative imports left out."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_services_are_pinned_to_the_versions_of_the_lock():
    wanted = pins(APPS / "requirements.txt")
    assert wanted
    assert wanted <= pins(ROOT / "requirements.lock")


def test_the_services_import_nothing_of_the_harness():
    assert absolute_imports("from fixtures.wait import x\nimport chaos.y\nfrom .state import z") == {
        "fixtures",
        "chaos",
    }
    files = list(APPS.glob("*.py"))
    assert files
    assert {file.name: found for file in files if (found := absolute_imports(file.read_text()) & OURS)} == {}
