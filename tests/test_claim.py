"""Claims: a checker that crashes, is missing or answers nonsense never passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.checkers import conformance
from reports.claim import Claim, judge
from reports.verdict import Verdict


@pytest.mark.parametrize(
    "claim",
    [
        Claim("conformance.as_it_was", {}),
        Claim("conformance.as_it_was", {"test": "a", "budget": 3}),
        Claim("conformance.roles_ready", {"roles": 7}),
        Claim("nothing.at_all"),
        Claim("conformance.nothing"),
        Claim("conformance"),
        Claim(""),
        Claim("..claim.judge"),
        Claim("conformance.Verdict", {}),
        Claim("conformance.STATE"),
        Claim("conformance.gaps"),
    ],
    ids=str,
)
def test_what_cannot_be_judged_is_inconclusive_with_a_reason(tmp_path: Path, claim: Claim) -> None:
    finding = judge(tmp_path, claim)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert len(finding.reason) > 20


def test_a_checker_that_answers_no_finding_is_inconclusive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "as_it_was", lambda dossier: True)
    finding = judge(tmp_path, Claim("conformance.as_it_was"))
    assert (finding.verdict, "not a Finding" in finding.reason) == (Verdict.INCONCLUSIVE, True)


def test_a_crash_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(dossier: Path) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(conformance, "as_it_was", crash)
    finding = judge(tmp_path, Claim("conformance.as_it_was"))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "ZeroDivisionError" in finding.reason
    assert "test_claim.py:" in finding.reason


def test_the_near_miss_a_checker_that_can_judge(tmp_path: Path) -> None:
    (tmp_path / "state/a").mkdir(parents=True)
    (tmp_path / "state/a/diff.txt").write_text("")
    assert judge(tmp_path, Claim("conformance.as_it_was", {"test": "a"})).verdict is Verdict.PASS
