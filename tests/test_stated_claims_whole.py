"""What is wrong with the claims in a source, each with its line and its whole reason, and what is let through."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from suites.plugin.claims import mistyped

HEAD = """\
from reports.checkers import certificate, conformance
from reports.checkers.recovery import within
from reports.claim import Claim
ARGS = {}
"""


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("stated"):
            del sys.modules[name]


def module(folder: Path, name: str, body: str, head: str = HEAD, **names: Any) -> ModuleType:
    """A module of that name from a source, with some names more in it."""
    path = folder / f"{name.replace('.', '_')}.py"
    path.write_text(head + body)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    vars(made).update(names)
    spec.loader.exec_module(made)
    return made


def item(of: ModuleType | None, *, promises: bool = True) -> Any:
    fixtures = ["promise"] if promises else ["stack"]
    return SimpleNamespace(module=of, fixturenames=fixtures, get_closest_marker=lambda _: None)


WRONG = {
    "promise.claim(conformance.as_it_wos, test='x')": "conformance has no as_it_wos",
    "promise.claim(conformance.x.y, test='x')": "conformance has no x",
    "promise.claim(conformence.as_it_was, test='x')": "there is no conformence",
    "promise.claim(conformance.as_it_was, tset='x', a=1)": "conformance.as_it_was has no a; it takes test",
    "promise.claim(conformance.as_it_was, 'x')": "conformance.as_it_was takes its arguments by name, not by place",
    "promise.claim(conformance.as_it_was)": "conformance.as_it_was: missing a required argument: 'test'",
    "a.b.claim(within, role=3, **ARGS)": "recovery.within: role=3 is no <class 'str'>: Input should be a valid string",
    "Claim.of(certificate.proven, fault_id=7)": (
        "certificate.proven: fault_id=7 is no <class 'str'>: Input should be a valid string"
    ),
    "promise.claim(None, test='x')": "None is no checker under reports.checkers",
    "promise.claim(print)": "<built-in function print> is no checker under reports.checkers",
}


@pytest.mark.parametrize("statement", WRONG)
def test_each_wrong_claim_is_told_with_file_line_and_reason(tmp_path: Path, statement: str) -> None:
    made = module(tmp_path, "stated", f"def test(promise, a):\n    1\n    {statement}\n")
    assert mistyped([item(made)]) == [f"stated.py:7: {WRONG[statement]}"]


@pytest.mark.parametrize(
    "statement",
    [
        "promise.claim(within, budget_s=3, **ARGS)",
        "promise.claim(within, fault_id='f', role='r', budget_s=figure)",
        "promise.claim(*figure, tset='x')",
        "promise.claim(within, *figure)",
        "promise.claim(test='x')",
        "promise.claim(given, tset='x')",
        "promise.claim(given.checker, tset='x')",
        "promise.claim(figure().checker, tset='x')",
        "promise.claim(figure[0], tset='x')",
        "checker = within; promise.claim(checker, tset='x')",
        "Other.of(within, tset='x')",
        "Claim.off(within, tset='x')",
        "promise.a.of(within, tset='x')",
        "claim(within, tset='x')",
        "promise.claims(within, tset='x')",
        "promise.claim()",
    ],
)
def test_what_cannot_be_told_yet_or_is_no_claim_is_let_through(tmp_path: Path, statement: str) -> None:
    made = module(tmp_path, "stated", f"def test(promise, figure, *, given=None):\n    {statement}\n")
    assert mistyped([item(made)]) == []


def test_all_that_a_promise_reaches_in_its_suite_is_read_once_in_order(tmp_path: Path) -> None:
    bad = "def {name}(promise):\n    promise.claim(within, {name}=1)\n"
    deep = module(tmp_path, "stated.deep", bad.format(name="deep"))
    used = module(tmp_path, "stated.b", bad.format(name="used"), deep=deep.deep)
    other = module(tmp_path, "statedother.c", bad.format(name="other"))
    unused = module(tmp_path, "stated.unused", bad.format(name="unused"))
    top = module(tmp_path, "stated.a", bad.format(name="top"), used=used, other=other, figure=3)
    vars(deep)["back"] = top
    plain = item(unused, promises=False)
    found = mistyped([plain, item(None), item(top), item(top)])
    assert [line.partition(" has no ")[2].partition(";")[0] for line in found] == ["top", "used", "deep"]
    assert [line.partition(": ")[0] for line in found] == ["stated_a.py:6", "stated_b.py:6", "stated_deep.py:6"]
    assert found[0] == "stated_a.py:6: recovery.within has no top; it takes role, budget_s, fault_id, load"
    assert mistyped([SimpleNamespace(fixturenames=["promise"])]) == []  # type: ignore[list-item]


def test_pytest_s_side_and_modules_without_a_source_state_no_claims(tmp_path: Path) -> None:
    bare = ModuleType("suites.bare")
    plugin = module(tmp_path, "suites.plugin.stated", "def x(promise):\n    promise.claim(within, x=1)\n")
    top = module(
        tmp_path, "suites.stated", "def y(promise):\n    promise.claim(within, y=1)\n", bare=bare, plugin=plugin
    )
    try:
        (found,) = mistyped([item(top)])
        assert found.startswith("suites_stated.py:6: recovery.within has no y")
        assert mistyped([item(bare)]) == []
    finally:
        del sys.modules["suites.plugin.stated"], sys.modules["suites.stated"]


def test_several_wrong_claims_of_one_source_are_each_told(tmp_path: Path) -> None:
    body = (
        "def test(promise):\n    for _ in (1, 2):\n        promise.claim(within, a=1)\n    promise.claim(within, b=1)\n"
    )
    found = mistyped([item(module(tmp_path, "stated", body))])
    assert sorted(line.partition(";")[0] for line in found) == [
        "stated.py:7: recovery.within has no a", "stated.py:8: recovery.within has no b",
    ]  # fmt: skip
