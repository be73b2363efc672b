"""Imported by each Python process that a judged test starts: it gets the mutant too, or its reach is watched."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
from collections.abc import Sequence
from types import CodeType, ModuleType


class _Replaced(importlib.machinery.SourceFileLoader):
    """Loads a module from another source."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        """Never from a cached file."""
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The one module, as usual but for its loader."""
        if fullname != self._module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.origin is not None:
            spec.loader = _Replaced(fullname, spec.origin, self._source)
        return spec


def replace_source(module: str, source: str) -> None:
    """From now on `module` is made from `source` when it is imported."""
    sys.meta_path.insert(0, _Finder(module, source))


def _start() -> None:
    if file := os.environ.get("MUTANT_FILE"):
        with open(file) as note:
            told = json.load(note)
        replace_source(told["module"], told["source"])
    if os.environ.get("COVERAGE_PROCESS_START"):
        import coverage

        coverage.process_startup()


if __name__ == "sitecustomize":
    _start()
