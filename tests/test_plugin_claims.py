"""A mistyped claim is refused when the tests are collected, before anything is broken for it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.settings import ROOT
from suites.plugin.claims import mistyped

HEAD = """
from reports.checkers import certificate, conformance
from reports.checkers.recovery import within
from reports.claim import Claim
RECOVERY = {"fault_id": "f1"}
"""


def item(tmp_path: Path, body: str, *, name: str = "claims_inner", head: str = HEAD) -> Any:
    path = tmp_path / f"{name}.py"
    path.write_text(head + body)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return SimpleNamespace(module=module, fixturenames=["promise"], get_closest_marker=lambda _: None)


def found(tmp_path: Path, statement: str) -> list[str]:
    return mistyped([item(tmp_path, f"def test(promise, figure=3, checker=None):\n    {statement}\n")])


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("promise.claim(conformance.as_it_wos, test='x')", "conformance has no as_it_wos"),
        ("promise.claim(conformence.as_it_was, test='x')", "there is no conformence"),
        ("promise.claim(conformance.as_it_was, tset='x')", "tset"),
        ("promise.claim(conformance.as_it_was)", "missing a required argument: 'test'"),
        ("promise.claim(conformance.as_it_was, 'x')", "by name"),
        ("promise.claim('as_it_was')", "is no checker"),
        ("promise.claim(len, test='x')", "is no checker"),
        ("promise.claim(conformance.diff, test='x')", "is no checker"),
        ("promise.claim(within, fault_id='f', role='r', budget_s='30')", "budget_s='30'"),
        ("promise.claim(within, rolle='r', **RECOVERY)", "rolle"),
        ("Claim.of(certificate.proven, fault_id=['f1'])", "fault_id"),
        ("[promise.claim(certificate.proven, fault_id=1) for _ in range(2)]", "fault_id=1"),
    ],
)
def test_a_claim_that_its_checker_cannot_take_is_found_with_its_line(tmp_path: Path, statement: str, why: str) -> None:
    (wrong,) = found(tmp_path, statement)
    assert wrong.startswith("claims_inner.py:7: ")
    assert why in wrong


@pytest.mark.parametrize(
    "statement",
    [
        "promise.claim(conformance.as_it_was, test='x')",
        "promise.claim(within, fault_id='f', role='r', budget_s=30)",
        "promise.claim(within, fault_id='f', role='r', budget_s=figure)",
        "promise.claim(within, role='r', **RECOVERY)",
        "promise.claim(checker, anything=1)",
        "promise.claim(*checker)",
        "Claim.of(certificate.proven, fault_id='f1')",
        "promise.of(len)",
        "promise.claim()",
    ],
)
def test_what_fits_or_is_worked_out_later_is_let_through(tmp_path: Path, statement: str) -> None:
    assert found(tmp_path, statement) == []


def test_a_module_that_the_test_uses_is_read_as_well(tmp_path: Path) -> None:
    item(tmp_path, "def claims(promise):\n    promise.claim(within, rolle='r')\n", name="claims_used")
    sys.modules["claims_used"].__name__ = "claims_top.used"
    sys.modules["claims_top.used"] = sys.modules.pop("claims_used")
    head = "import sys\nused = sys.modules['claims_top.used']\n"
    top = item(tmp_path, "def test(promise):\n    used.claims(promise)\n", head=head)
    top.module.__name__ = "claims_top.test"
    (wrong,) = mistyped([top])
    assert wrong.startswith("claims_used.py:7: recovery.within")


def test_a_test_that_promises_nothing_is_not_read(tmp_path: Path) -> None:
    plain = item(tmp_path, "def test(promise):\n    promise.claim('nothing')\n")
    plain.fixturenames = []
    assert mistyped([plain]) == []


def test_every_way_in_which_the_suites_state_a_claim_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not would be looked at only while its test runs: each checker's name is spoilt, and missed."""
    modules = [path for path in ROOT.glob("suites/*/*.py") if "promise.claim(" in path.read_text()]
    modules = [path for path in modules if path.parent.name != "plugin"]
    assert len(modules) >= 6
    for path in modules:
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        used: Any = SimpleNamespace(module=module, fixturenames=["promise"], get_closest_marker=lambda _: None)
        assert mistyped([used]) == []
        stated = path.read_text().count("promise.claim(")
        for checkers in {*sys.modules} & {f"reports.checkers.{name}" for name in vars(module)}:
            name = checkers.rpartition(".")[2]
            monkeypatch.setattr(module, name, SimpleNamespace())
        if hasattr(module, "kafka_history"):
            monkeypatch.setattr(module, "kafka_history", SimpleNamespace())
        here = [wrong for wrong in mistyped([used]) if wrong.startswith(f"{path.name}:")]
        assert len(here) == stated, path.name
        monkeypatch.undo()
