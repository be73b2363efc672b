"""The whole findings about what a test left changed, and about looks that cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dossier_maker import looks

from reports.checkers import conformance
from reports.verdict import Finding, Verdict

STATE = tuple(f"state/t/{name}" for name in ("diff.txt", "before.json", "after.json"))


def test_what_was_left_changed(tmp_path: Path) -> None:
    def judged() -> Finding:
        return conformance.as_it_was(tmp_path, test="t")

    looks(tmp_path, "t")
    assert judged() == Finding(Verdict.PASS, "the cluster is as it was", "no difference", "no difference", STATE)
    looks(tmp_path, "t", told="one\n \ntwo\n")
    said = "state/t/diff.txt tells of 2 changes that before.json and after.json do not show: one"
    assert judged() == Finding(Verdict.INCONCLUSIVE, said, "2 lines", "no difference", STATE)
    looks(tmp_path, "t", node_label="x")
    changed = judged()
    assert (changed.verdict, changed.measured, changed.budget, changed.evidence) == (
        Verdict.FAIL, "1 lines", "no difference", STATE
    )  # fmt: skip
    assert changed.reason == f"1 lines of the cluster's state changed: {(tmp_path / STATE[0]).read_text().strip()}"
    (tmp_path / STATE[0]).unlink()
    gone = f"state/t cannot be read, so nobody compared: {tmp_path / STATE[0]}: No such file or directory"
    assert judged() == Finding(Verdict.INCONCLUSIVE, gone)
    (tmp_path / STATE[2]).write_text(json.dumps({}))
    assert judged().reason.startswith(
        "state/t/before.json and state/t/after.json are not two whole looks at one cluster: "
    )
    for test in ("../t", "/t", "a/../../t"):
        assert conformance.as_it_was(tmp_path, test=test) == Finding(
            Verdict.INCONCLUSIVE, f"{test!r} is no folder under state/"
        )  # fmt: skip


def test_of_many_changes_five_are_told_and_those_of_a_fault_are_the_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks(tmp_path, "t")
    for count, more in ((5, ""), (6, " … and 1 more")):
        lines = [f"line {n}" for n in range(count)]
        monkeypatch.setattr(conformance, "diff", lambda *_, lines=lines: lines)
        said = f"{count} lines of the cluster's state changed: {' | '.join(lines[:5])}{more}"
        found = conformance.as_it_was(tmp_path, test="t")
        assert found == Finding(Verdict.FAIL, said, f"{count} lines", "no difference", STATE)
    unseen = "node w1: nobody could look inside before: timed out"
    for lines, verdict in (
        (["a", "ledger: f1 is open"], Verdict.INVALID), ([unseen, "ledger: f1 is open"], Verdict.INVALID),
        ([unseen, unseen.replace("w1", "w2")], Verdict.INCONCLUSIVE), ([unseen, "a"], Verdict.FAIL),
    ):  # fmt: skip
        monkeypatch.setattr(conformance, "diff", lambda *_, lines=lines: lines)
        assert conformance.as_it_was(tmp_path, test="t").verdict is verdict
