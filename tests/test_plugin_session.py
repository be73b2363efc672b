"""A run that began nothing has passed nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings
from reports.verdict import Verdict
from suites.plugin.session import Session
from suites.sabotage.child import read


def test_a_session_without_a_run_has_not_only_passed() -> None:
    assert not Session(Settings()).has_only_passed


@pytest.mark.parametrize(
    ("verdicts", "passed"), [([Verdict.PASS], True), ([Verdict.PASS, Verdict.FAIL], False), ([Verdict.SKIPPED], False)]
)
def test_a_run_has_only_passed_when_each_test_has(verdicts: list[Verdict], passed: bool) -> None:
    session = Session(Settings())
    session.run = cast(Any, SimpleNamespace(tests=[SimpleNamespace(verdict=verdict) for verdict in verdicts]))
    assert session.has_only_passed is passed


@pytest.mark.parametrize("left", ["stands", "undone", "torn"])
def test_a_sabotage_that_was_undone_meanwhile_makes_the_run_one_that_was_cut_short(tmp_path: Path, left: str) -> None:
    """`crucible heal --force` in the middle of it: what was judged after it is of the stack as it should be."""
    session = Session(Settings(home=tmp_path, sabotage="drop-write", run_dir=tmp_path / "d"))
    ledger = Ledger(session.settings.cluster_home)
    ledger.open(Entry("p-1", {"module": "m", "type": "Planted", "args": {"sabotage": "drop-write"}}, []))
    assert session.dossier
    session.standing = cast(Any, "stack")
    if left == "undone":
        ledger.done("p-1")
    elif left == "torn":
        ledger.path.write_text("{\n{\n")
    run = session.close(interrupted="")
    assert run is not None
    said = {"stands": "", "undone": "sabotage drop-write does not stand", "torn": "still stands: "}[left]
    assert (said in run.interrupted) if said else run.interrupted == ""
    assert bool(read(tmp_path / "d").trouble) == bool(said), "the sabotage is told as not judged, never as escaped"


def test_what_a_run_left_that_never_finished_is_told_with_its_trouble(tmp_path: Path) -> None:
    session = Session(Settings(home=tmp_path, run_dir=tmp_path / "d"))
    assert session.dossier
    assert read(tmp_path / "d").trouble == "the run was interrupted: it never finished"
