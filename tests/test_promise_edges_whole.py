"""Promises at the edges: two plain tests of one name, close names, and what is on disk before anything is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_promise_names_whole import item, marker

from fixtures.errors import UsageError
from fixtures.settings import Profile, Settings
from reports.dossier import load
from suites.plugin import ending
from suites.plugin.ending import end_test
from suites.plugin.naming import Named, chosen, named
from suites.plugin.promise import Promise
from suites.plugin.session import Session


def test_two_plain_tests_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError) as refused:
        named([item("t::a", marker("a.b")), item("t::b", marker("a.b"))])
    assert str(refused.value) == "two tests call themselves a.b: t::a and t::b"


def test_only_names_that_are_rather_close_are_proposed() -> None:
    names = {name: Named(name) for name in ("shop.opening-hours", "bank.closes")}
    for name, said in (("shop.op", "; perhaps shop.opening-hours"), ("shop", "")):
        with pytest.raises(UsageError) as refused:
            chosen(names, Profile.QUICK, [name])
        assert str(refused.value) == f"no promise is called {name!r}{said}\n  next: crucible run --list"


def test_a_run_that_dies_while_it_judges_has_left_why_its_test_could_not_do_its_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(ending, "judge_test", die)
    session = Session(Settings(run_dir=tmp_path / "dossier", seed=1))
    for test, words in (("t::a", {"error": "no load"}), ("t::b", {"error": "", "skipped": "needs netem"})):
        session.begin(test)
        with pytest.raises(MemoryError):
            end_test(session, Promise(test, "It holds."), **words)
    left = load(session.dossier).tests
    assert [(record.id, record.error, record.skipped) for record in left] == [
        ("t::a", "no load", ""), ("t::b", "", "needs netem"),
    ]  # fmt: skip
