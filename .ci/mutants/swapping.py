"""Puts a mutant in the place of its function, in this process and in every Python process that it starts."""

from __future__ import annotations

import ast
import gc
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

from mutants.making import Mutant, functions_of, node_line

FILE = "MUTANT_FILE"  # read by site/sitecustomize.py
Functions = dict[tuple[str, str, int], list[FunctionType]]


def loaded_functions(root: Path) -> Functions:
    """Every function object whose code is from below `root`, by file, qualified name and first line.

    The object is what everybody who imported the function holds, also a wrapper around it; only its code changes.
    """
    found: Functions = defaultdict(list)
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename.startswith(f"{root}/"):
            code = each.__code__
            found[code.co_filename, code.co_qualname, code.co_firstlineno].append(each)
    return dict(found)


def mutated_module(mutant: Mutant, source: str) -> ast.Module:
    """The whole module with the mutant in it."""
    tree = ast.parse(source)
    changed = ast.parse(mutant.text).body[0]
    assert isinstance(changed, ast.FunctionDef | ast.AsyncFunctionDef)
    original = next(node for _, node in functions_of(tree) if node_line(node) == mutant.line)
    original.body = changed.body
    original.args = changed.args
    return tree


def swap(mutant: Mutant, root: Path, functions: Functions, note: Path) -> None:
    """Make `mutant` real.

    Args:
        mutant: which.
        root: the copy of the checkout that the tests run in.
        functions: of `loaded_functions`, from before the fork.
        note: a file to leave for Python processes that the tests start.

    Raises:
        ValueError: the code cannot take the other's place.
    """
    file = str(root / mutant.path)
    tree = mutated_module(mutant, Path(file).read_text())
    module = mutant.path.removesuffix(".py").replace("/", ".")
    note.write_text(json.dumps({"module": module, "source": ast.unparse(tree)}))
    os.environ[FILE] = str(note)
    compiled = compile(tree, file, "exec", dont_inherit=True)
    code = next(
        each for each in _codes(compiled) if (each.co_qualname, each.co_firstlineno) == (mutant.function, mutant.line)
    )
    for function in functions.get((file, mutant.function, mutant.line), []):
        function.__code__ = code
        if mutant.in_signature:
            arguments = next(n for _, n in functions_of(tree) if node_line(n) == mutant.line).args
            space = function.__globals__
            function.__defaults__ = tuple(eval(ast.unparse(each), space) for each in arguments.defaults) or None  # noqa: S307
            pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            function.__kwdefaults__ = {a.arg: eval(ast.unparse(d), space) for a, d in pairs if d is not None}  # noqa: S307
    if module not in sys.modules:
        from mutants.site.sitecustomize import replace_source

        replace_source(module, ast.unparse(tree))


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)
