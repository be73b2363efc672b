"""The mutants of a module: mutmut's operators, applied to one place of one function at a time.

Unlike mutmut itself, decorated functions are mutated too: nothing here runs a decorator again (see `swapping`).
What runs when a module is imported (constants, class bodies, decorators, defaults) is not mutated.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import (
    NEVER_MUTATE_FUNCTION_NAMES,
    Mutation,
    MutationVisitor,
    deep_replace,
)
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from mutants.scope import REVIEW


@dataclass(frozen=True)
class Mutant:
    """One change of one function.

    `name` is unique and stable while the function's text is; `first` and `last` are the lines of the statement that
    changes, `line` where the function begins (its first decorator's line), all in the module as it is; `text` is the
    whole function as changed, `state` a hash of it and of what surrounds the module's functions.
    """

    name: str
    path: str
    function: str
    line: int
    first: int
    last: int
    in_signature: bool
    text: str
    state: str

    def as_row(self) -> dict[str, Any]:
        """For a JSON file; `Mutant(**row)` reads it."""
        return asdict(self)


class _Places(MutationVisitor):
    """mutmut's visitor, which also says where each mutation is and does not stop at decorated functions."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lines: list[tuple[int, int]] = []

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef) and node.decorators:
            return node.name.value in NEVER_MUTATE_FUNCTION_NAMES
        return super()._skip_node_and_children(node)

    def _create_mutations(self, node: cst.CSTNode) -> None:
        super()._create_mutations(node)
        where = self.get_metadata(PositionProvider, node)
        self.lines.extend([(where.start.line, where.end.line)] * (len(self.mutations) - len(self.lines)))


def mutants_of(path: str, source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its text.

    Args:
        path: the module's file, relative to the checkout; it names the mutants.
        source: its text.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Places(mutation_operators, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    tree = ast.parse(source)
    functions = {node_line(node): (name, node) for name, node in functions_of(tree)}
    outside = _outside(tree)
    starts = wrapper.resolve(PositionProvider)
    counts: dict[str, int] = {}
    meanings: dict[str, str] = {}
    made = []
    for mutation, (line, _) in zip(visitor.mutations, visitor.lines, strict=True):
        function = mutation.contained_by_top_level_function
        if not isinstance(function, cst.FunctionDef):
            continue
        begins = starts[function].start.line
        name, node = next(each for at, each in sorted(functions.items(), reverse=True) if at <= begins)
        text = _changed(module, function, mutation)
        if _meaning(text) == meanings.setdefault(name, _meaning(ast.unparse(node))):
            continue
        counts[name] = counts.get(name, 0) + 1
        first, last = _statement(node, line)
        made.append(
            Mutant(
                f"{path.removesuffix('.py').replace('/', '.')}.{name}.{counts[name]}", path, name, node_line(node),
                first, last, line < node.body[0].lineno, text,
                hashlib.sha256((outside + text).encode()).hexdigest()[:16],
            )
        )  # fmt: skip
    return made


class _WithoutStrict(ast.NodeTransformer):
    """Drops `strict=` of `zip`: it tells of a programming error, and of nothing that a right program does."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "zip":
            kept = [keyword for keyword in node.keywords if keyword.arg != "strict"]
            return ast.copy_location(ast.Call(node.func, node.args, kept), node)
        return node


def _meaning(text: str) -> str:
    return ast.dump(_WithoutStrict().visit(ast.parse(text)))


def named_mutant(name: str, path: str, source: str, before: str, after: str) -> Mutant:
    """A mutant that a person thought of: `before`, which stands once in a module and within one function, replaced.

    Raises:
        ValueError: it does not stand there once, or the change is not within one function; it names the mutant.
    """
    if source.count(before) != 1:
        raise ValueError(f"{name}: what it changes stands {source.count(before)} times in {path}")
    old, new = ast.parse(source), ast.parse(source.replace(before, after))
    pairs = zip(functions_of(old), functions_of(new), strict=True)
    changed = [(function, a, b) for (function, a), (_, b) in pairs if ast.dump(a) != ast.dump(b)]
    if len(changed) != 1 or _outside(old) != _outside(new):
        raise ValueError(f"{name}: it changes {len(changed)} functions of {path}")
    ((function, was, now),) = changed
    text = ast.unparse(now)
    state = hashlib.sha256((_outside(old) + text).encode()).hexdigest()[:16]
    return Mutant(f"{REVIEW}{name}", path, function, node_line(was), was.lineno, was.lineno, True, text, state)


def functions_of(tree: ast.Module) -> Iterable[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The functions of a module and the methods of its classes, by qualified name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{each.name}", each


def node_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Where Python says that a function begins: at its first decorator."""
    return node.decorator_list[0].lineno if node.decorator_list else node.lineno


def difference(mutant: Mutant, source: str) -> str:
    """The lines that a mutant changes."""
    node = next(node for _, node in functions_of(ast.parse(source)) if node_line(node) == mutant.line)
    before, after = (ast.unparse(each).splitlines() for each in (node, ast.parse(mutant.text)))
    lines = difflib.unified_diff(before, after, n=0, lineterm="")
    return "\n".join(f"    {line[0]} {line[1:].strip()}" for line in lines if line[:2] not in ("--", "++", "@@"))


def _changed(module: cst.Module, function: cst.FunctionDef, mutation: Mutation) -> str:
    changed = deep_replace(function, mutation.original_node, mutation.mutated_node)
    assert isinstance(changed, cst.FunctionDef)
    return module.code_for_node(changed.with_changes(leading_lines=[], lines_after_decorators=[]))


def _statement(function: ast.FunctionDef | ast.AsyncFunctionDef, line: int) -> tuple[int, int]:
    """The lines of the innermost statement around `line`; of a compound one only its head."""
    best = (function.lineno, function.body[0].lineno - 1)
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and node is not function and node.lineno <= line <= (node.end_lineno or 0):
            body = getattr(node, "body", None) or getattr(node, "cases", None)
            end = max(node.lineno, _line(body[0]) - 1) if body else node.end_lineno
            if node.lineno >= best[0]:
                best = (node.lineno, max(end or line, line))
    return best


def _line(node: ast.AST) -> int:
    return node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno  # type: ignore[attr-defined]


def _outside(tree: ast.Module) -> str:
    """The module without its functions' bodies: what a function's meaning hangs on besides itself."""
    for _, node in functions_of(tree := ast.parse(ast.unparse(tree))):
        node.body = [ast.Pass()]
    return ast.unparse(tree)
