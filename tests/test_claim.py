"""Claims: a checker that crashes, is missing or answers nonsense never passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from dossier_maker import Story, looks

from reports.checkers import conformance
from reports.checkers.availability import in_windows
from reports.checkers.certificate import experiment_completed, proven
from reports.checkers.kafka import history
from reports.checkers.progress import during_fault
from reports.checkers.recovery import of_all_hit, within
from reports.claim import BadClaim, Claim, answer, judge
from reports.reading import recorded
from reports.verdict import Finding, Verdict


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
        Claim("conformance.layout"),
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
    assert judge(looks(tmp_path, "a"), Claim("conformance.as_it_was", {"test": "a"})).verdict is Verdict.PASS


def test_a_claim_is_kept_by_name_with_what_json_makes_of_its_arguments() -> None:
    claim = Claim.of(in_windows, load="viewers", at_least=1, window_s=5, names=["a"])
    assert claim == Claim("availability.in_windows", {"load": "viewers", "at_least": 1, "window_s": 5, "names": ["a"]})


def _mine(dossier: Path, *, test: str) -> Finding:
    return Finding(Verdict.PASS, test)


@pytest.mark.parametrize(
    ("checker", "args", "why"),
    [
        (proven, {"fault_id": "f1", "fault": 2}, "fault"),
        (proven, {}, "fault_id"),
        (proven, {"fault_id": ["f1"]}, "fault_id="),
        (experiment_completed, {"experiment": "e-1", "min_faults": "2"}, "min_faults='2'"),
        (in_windows, {"load": None, "at_least": 1, "window_s": 5}, "load=None"),
        (_mine, {"test": "x"}, "is no checker"),
        (lambda dossier: None, {}, "is no checker"),
        (judge, {}, "is no checker"),
    ],
)
def test_a_claim_that_does_not_fit_its_checker_is_refused_at_once(checker: Any, args: Any, why: str) -> None:
    with pytest.raises(BadClaim, match=why):
        Claim.of(checker, **args)


def test_arguments_are_given_by_name() -> None:
    with pytest.raises(BadClaim, match="by name"):
        Claim.of(proven, ["f1"])  # type: ignore[call-arg]


def test_mypy_refuses_a_claim_that_does_not_fit(tmp_path: Path) -> None:
    lines = [
        "fault_id='f1', role='r', budget_s=3",
        "fault_id='f1', rolle='r', budget_s=3",
        "fault_id=1, role='r', budget_s=3",
    ]
    source = (
        "from reports.checkers.recovery import within\nfrom suites.plugin.promise import Promise\np = Promise('', '')\n"
    )
    (tmp_path / "claims.py").write_text(source + "".join(f"p.claim(within, {line})\n" for line in lines))
    words = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        "pyproject.toml",
        "--follow-imports=silent",
        str(tmp_path / "claims.py"),
    ]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    refused = {int(line.split(":")[1]) for line in told.splitlines() if "claims.py:" in line and ": error:" in line}
    assert refused == {5, 6}, told


def test_an_answer_tells_each_file_that_was_read_for_it_and_each_that_was_missing(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.load("viewers", start=1, seconds=20)
    story.load("operators", start=1, seconds=20)
    story.write()
    read = answer(tmp_path, Claim.of(in_windows, load="viewers", at_least=0.5, window_s=5)).read
    assert sorted(read) == ["load/requests-viewers.csv", "load/viewers.plan.json", "timeline.jsonl"]
    assert (
        "load/nobody.plan.json" in answer(tmp_path, Claim.of(in_windows, load="nobody", at_least=0.5, window_s=5)).read
    )


def test_folders_that_were_listed_and_files_that_arrow_opened_count_as_read(tmp_path: Path) -> None:
    table = pyarrow.table({"index": [0]})
    (tmp_path / "kafka").mkdir()
    pyarrow.parquet.write_table(table, tmp_path / "kafka" / "history-a.parquet")
    read = answer(tmp_path, Claim.of(history.check, pattern="kafka/history-*.parquet")).read
    assert {"kafka/", "kafka/history-a.parquet"} <= set(read)


def test_what_is_written_or_lies_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x")
    inside = tmp_path / "dossier"
    inside.mkdir()
    with recorded(inside) as reads:
        (inside / "new").write_text("y")
        (tmp_path / "elsewhere").read_text()
        fd = os.open(inside / "new", os.O_RDONLY)
        os.close(fd)
    (inside / "later").write_text("")
    (inside / "later").read_text()
    assert reads.files == ("new",)


def test_a_claim_of_an_older_dossier_that_its_checker_cannot_take_any_more_says_so(tmp_path: Path) -> None:
    claims = [
        Claim("autoscaling.scaled_up", {"role": "manager", "load": "manager_load", "within_s": 60.0, "ceiling": 5}),
        Claim("certificate.proven", {"experiment": "gateway-pod-kill-1"}),
        Claim("conformance.edges_answer", {"edges": ["manager.alive"]}),
    ]
    for claim in claims:
        finding = judge(tmp_path, claim)
        assert (finding.verdict, "another version of its checker" in finding.reason) == (Verdict.INCONCLUSIVE, True)


SERVED: dict[str, Any] = {"load": "viewers", "at_least": 0.9, "window_s": 5}
PROGRESS: dict[str, Any] = {"load": "viewers", "fault_id": "f1", "at_least": 20}


@pytest.mark.parametrize(
    ("checker", "args"),
    [
        (in_windows, SERVED | {"at_least": 0.0}),
        (in_windows, SERVED | {"at_least": 98.0}),
        (in_windows, SERVED | {"window_s": 0}),
        (in_windows, SERVED | {"window_s": -5}),
        (in_windows, SERVED | {"window_s": float("inf")}),
        (in_windows, SERVED | {"deadline_s": 0.0}),
        (in_windows, SERVED | {"min_requests": 0}),
        (in_windows, SERVED | {"settled_s": -1.0}),
        (during_fault, PROGRESS | {"at_least": 0}),
        (within, {"role": "gateway", "budget_s": float("inf")}),
        (within, {"role": "gateway", "budget_s": 0}),
        (of_all_hit, {"fault_id": "f1", "budgets": {"gateway": -1.0}}),
    ],
)
def test_a_figure_that_nobody_can_break_or_nobody_can_keep_is_refused(
    tmp_path: Path, checker: Any, args: dict[str, Any]
) -> None:
    with pytest.raises(BadClaim):
        Claim.of(checker, **args)
    name = f"{checker.__module__.rpartition('.')[2]}.{checker.__name__}"
    found = judge(tmp_path, Claim(name, args))
    assert (found.verdict, "another version" in found.reason) == (Verdict.INCONCLUSIVE, True)


def test_the_near_miss_figures_that_can_be_broken_and_kept() -> None:
    Claim.of(in_windows, **SERVED | {"at_least": 1, "settled_s": 0.0})
    Claim.of(during_fault, **PROGRESS)
    Claim.of(of_all_hit, fault_id="f1", budgets={"gateway": 30})
