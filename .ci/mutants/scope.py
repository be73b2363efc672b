"""What is mutated, in which groups, and how much of each must be killed: `[tool.mutants]` of pyproject.toml."""

from __future__ import annotations

import fnmatch
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD = "docs/reference/mutants.json"
REVIEW = "review."
"""What the names of mutants that a person thought of begin with."""


@dataclass(frozen=True)
class Group:
    """Modules that share a bar; a module belongs to the first group that names it."""

    name: str
    killed: float
    modules: tuple[str, ...]

    def holds(self, path: str) -> bool:
        """Whether the module at `path` (relative, with slashes) is of this group, as far as its own patterns say."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.modules)


@dataclass(frozen=True)
class Scope:
    """The groups in the order in which they are judged, and what is left out with the reason."""

    groups: tuple[Group, ...]
    left_out: dict[str, str]
    named: tuple[dict[str, str], ...] = ()

    @property
    def all_groups(self) -> tuple[Group, ...]:
        """Those of modules, and that of the changes that a person thought of, of which none may survive."""
        return (*self.groups, NAMED) if self.named else self.groups

    def group_of_mutant(self, name: str, path: str) -> Group | None:
        """The group of a mutant by its name and its module's path."""
        return NAMED if name.startswith(REVIEW) else self.group_of(path)

    def group_of(self, path: str) -> Group | None:
        """The group of a module, None for one that is not mutated."""
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in self.left_out):
            return None
        return next((group for group in self.groups if group.holds(path)), None)

    def modules(self, root: Path = ROOT) -> list[str]:
        """Every module that is mutated, group by group."""
        paths = sorted(path.relative_to(root).as_posix() for top in TOPS for path in (root / top).rglob("*.py"))
        return [path for group in self.groups for path in paths if self.group_of(path) is group]


NAMED = Group("what a hostile read changed (named.toml)", 1.0, ())
TOPS = ("reports", "chaos", "suites", "fixtures", "loadtests")


def read_scope(file: Path = ROOT / "pyproject.toml") -> Scope:
    """The scope that pyproject.toml describes.

    Raises:
        KeyError: it has no `[tool.mutants]`.
    """
    told = tomllib.loads(file.read_text())["tool"]["mutants"]
    groups = (Group(each["name"], each["killed"], tuple(each["modules"])) for each in told["group"])
    named = file.parent / ".ci/mutants/named.toml"
    changes = tomllib.loads(named.read_text())["named"] if named.exists() else []
    return Scope(tuple(groups), told["left_out"], tuple(changes))
