"""A run that began nothing has passed nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.settings import Settings
from reports.verdict import Verdict
from suites.plugin.session import Session


def test_a_session_without_a_run_has_not_only_passed() -> None:
    assert not Session(Settings()).has_only_passed


@pytest.mark.parametrize(
    ("verdicts", "passed"), [([Verdict.PASS], True), ([Verdict.PASS, Verdict.FAIL], False), ([Verdict.SKIPPED], False)]
)
def test_a_run_has_only_passed_when_each_test_has(verdicts: list[Verdict], passed: bool) -> None:
    session = Session(Settings())
    session.run = cast(Any, SimpleNamespace(tests=[SimpleNamespace(verdict=verdict) for verdict in verdicts]))
    assert session.has_only_passed is passed
