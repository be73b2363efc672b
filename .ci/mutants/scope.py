"""What is mutated, in which groups, and how much of each must be killed: `[tool.mutants]` of pyproject.toml."""

from __future__ import annotations

import fnmatch
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


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

    def group_of(self, path: str) -> Group | None:
        """The group of a module, None for one that is not mutated."""
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in self.left_out):
            return None
        return next((group for group in self.groups if group.holds(path)), None)

    def modules(self, root: Path = ROOT) -> list[str]:
        """Every module that is mutated, group by group."""
        paths = sorted(path.relative_to(root).as_posix() for top in TOPS for path in (root / top).rglob("*.py"))
        return [path for group in self.groups for path in paths if self.group_of(path) is group]


TOPS = ("reports", "chaos", "suites", "fixtures", "loadtests")


def read_scope(file: Path = ROOT / "pyproject.toml") -> Scope:
    """The scope that pyproject.toml describes.

    Raises:
        KeyError: it has no `[tool.mutants]`.
    """
    told = tomllib.loads(file.read_text())["tool"]["mutants"]
    groups = (Group(each["name"], each["killed"], tuple(each["modules"])) for each in told["group"])
    return Scope(tuple(groups), told["left_out"])
