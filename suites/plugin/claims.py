"""At collection: each claim that the source of a promise states is one that its checker can take.

A mistyped checker or argument would come to light only when the test states it, after minutes of breaking things. So
the source of each test, and of the modules of its suites that it uses, is read: every `….claim(checker, name=…)` has a
checker that exists, arguments that it has and needs, and, where a value is written out, one of its type. What is worked
out while the test runs (a value, a checker in a variable, `**arguments`) is refused by mypy, or when it is stated.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reports.claim import BadClaim, look_over
from suites.plugin.naming import is_promise

OURS = "suites.plugin"


def mistyped(items: Iterable[pytest.Item]) -> list[str]:
    """What is wrong with the claims of these tests, each as `file:line: why`; empty when nothing is seen to be."""
    modules: dict[str, ModuleType] = {}
    for item in items:
        module = getattr(item, "module", None)
        if is_promise(item) and module is not None:
            _reach(module, module.__name__.partition(".")[0], modules)
    return [wrong for name in sorted(modules) for wrong in _wrong_in(modules[name])]


def _reach(module: ModuleType, top: str, found: dict[str, ModuleType]) -> None:
    """The module and those of the same top package whose names it uses; pytest's side of them states no claims."""
    if module.__name__ in found:
        return
    found[module.__name__] = module
    for value in list(vars(module).values()):
        used = value if isinstance(value, ModuleType) else inspect.getmodule(value) if callable(value) else None
        if used is not None and used.__name__.partition(".")[0] == top and not used.__name__.startswith(OURS):
            _reach(used, top, found)


def _wrong_in(module: ModuleType) -> Iterator[str]:
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError):  # no source: nothing can be read, and the claims are checked when they are stated
        return
    local = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    local |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _states_a_claim(call):
            try:
                _look_over(call, vars(module), local)
            except BadClaim as bad:
                yield f"{Path(str(module.__file__)).name}:{call.lineno}: {bad}"


def _states_a_claim(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute) or not (call.args or call.keywords):
        return False
    is_class = isinstance(function.value, ast.Name) and function.value.id == "Claim"
    return function.attr == "claim" or (function.attr == "of" and is_class)


def _look_over(call: ast.Call, names: dict[str, Any], local: set[str]) -> None:
    if not call.args or any(isinstance(arg, ast.Starred) for arg in call.args):
        return
    found, checker = _value(call.args[0], names, local)
    if not found:
        return
    if len(call.args) > 1:
        raise BadClaim(f"{ast.unparse(call.args[0])} takes its arguments by name, not by place")
    given = [keyword.arg for keyword in call.keywords if keyword.arg is not None]
    literals = {keyword.arg: literal[0] for keyword in call.keywords
                if keyword.arg is not None and (literal := _literal(keyword.value))}  # fmt: skip
    look_over(checker, given, literals, all_given=len(given) == len(call.keywords))


def _value(node: ast.expr, names: dict[str, Any], local: set[str]) -> tuple[bool, Any]:
    """Whether a name can be followed without running anything, and what it leads to.

    Raises:
        BadClaim: it leads nowhere.
    """
    if literal := _literal(node):
        return True, literal[0]
    if isinstance(node, ast.Name):
        if node.id in local:
            return False, None
        if node.id not in names and not hasattr(builtins, node.id):
            raise BadClaim(f"there is no {node.id}")
        return True, names.get(node.id, getattr(builtins, node.id, None))
    if isinstance(node, ast.Attribute):
        found, owner = _value(node.value, names, local)
        if not found:
            return False, None
        if not hasattr(owner, node.attr):
            raise BadClaim(f"{ast.unparse(node.value)} has no {node.attr}")
        return True, getattr(owner, node.attr)
    return False, None


def _literal(node: ast.expr) -> list[Any]:
    """The value that is written there, alone in a list; an empty one when it has to be worked out."""
    try:
        return [ast.literal_eval(node)]
    except (ValueError, TypeError, SyntaxError):
        return []
