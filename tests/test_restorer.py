"""After a test: what differs from before it is kept as evidence, waited for, and mended where the ledger can."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dossier_maker import looks

from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings
from fixtures.wait import WaitTimeout
from reports.judging import judge_claims
from reports.verdict import Verdict
from suites.plugin import restore
from suites.plugin.restore import Restorer

TEST = "suites/x/test_y.py::test_z"


class Stage:
    """A restorer before a stack that looks as it is told: each look takes the next state, the last one for ever."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = Settings(home=folder / "home")
        self.dossier = folder / "dossier"
        self.dossier.mkdir()
        seen = looks(folder / "seen", "x", node_label="zone=b") / "state" / "x"
        self.whole, self.changed = (json.loads((seen / f"{name}.json").read_text()) for name in ("before", "after"))
        self.states: list[Any] = [self.whole]
        monkeypatch.setattr(restore, "snapshot", self.look)
        monkeypatch.setattr(restore, "BACK_WITHIN_S", 0.2)
        stack: Any = SimpleNamespace(settings=self.settings, dossier=self.dossier, cluster=None, map=None)
        self.restorer = Restorer(stack)
        self.restorer.remember(TEST)

    def look(self, cluster: Any, stack_map: Any) -> Any:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, Exception):
            raise state
        return state

    def written(self, name: str) -> str:
        (path,) = self.dossier.rglob(name)
        return path.read_text()

    def verdict(self) -> Verdict:
        (judged,) = judge_claims(self.dossier, self.restorer.claims(TEST))
        return judged.verdict


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


def test_a_stack_that_is_as_it_was_leaves_no_difference(stage: Stage) -> None:
    stage.restorer.restore(TEST)
    assert stage.written("diff.txt") == ""
    assert json.loads(stage.written("before.json")) == json.loads(stage.written("after.json")) == stage.whole
    assert stage.verdict() is Verdict.PASS


def test_what_stays_different_is_evidence_and_a_fail(stage: Stage) -> None:
    stage.states = [stage.changed]
    stage.restorer.restore(TEST)
    assert "zone=b" in stage.written("diff.txt")
    assert json.loads(stage.written("after.json")) == stage.changed
    assert stage.verdict() is Verdict.FAIL


def test_what_comes_back_in_time_is_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "BACK_WITHIN_S", 60.0)
    stage.states = [stage.changed, HarnessError("read timed out"), stage.changed, stage.whole]
    stage.restorer.restore(TEST)
    assert stage.written("diff.txt") == ""
    assert stage.verdict() is Verdict.PASS


def test_the_look_that_ended_the_wait_is_the_evidence_and_not_one_a_moment_later(stage: Stage) -> None:
    """The autoscaler took its next step between two looks, and a test that changed nothing failed."""
    stage.states = [stage.whole, stage.changed]
    stage.restorer.restore(TEST)
    assert json.loads(stage.written("after.json")) == stage.whole
    assert stage.verdict() is Verdict.PASS


def test_an_api_server_that_never_answers_is_no_pass(stage: Stage) -> None:
    stage.states = [HarnessError("read timed out")]
    with pytest.raises(HarnessError):
        stage.restorer.restore(TEST)
    assert stage.verdict() is not Verdict.PASS


def open_fault(stage: Stage, **args: str) -> None:
    Ledger(stage.settings.cluster_home).open(Entry("f1", {"module": "m", "type": "T", "args": args}, []))


def test_what_the_ledger_holds_open_is_healed_and_only_that(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    healed: list[Settings] = []
    monkeypatch.setattr(restore, "heal_all", healed.append)
    stage.restorer.mend()
    assert healed == [], "nothing is open"
    open_fault(stage)
    stage.restorer.mend()
    assert healed == [stage.settings]
    stage.states = [stage.changed]
    with pytest.raises(WaitTimeout, match="as it was"):
        stage.restorer.mend()


def test_a_sabotage_that_is_meant_to_stand_is_not_mended(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    healed: list[Settings] = []
    monkeypatch.setattr(restore, "heal_all", healed.append)
    open_fault(stage, sabotage="no-probe")
    planted = Settings(home=stage.settings.home, sabotage="no-probe")
    stack: Any = SimpleNamespace(settings=planted, dossier=stage.dossier, cluster=None, map=None)
    Restorer(stack).mend()
    assert healed == []


def test_an_open_fault_is_not_waited_for_as_long(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(restore, "BACK_WITHIN_S", 77.0)
    monkeypatch.setattr(restore, "wait_for", lambda condition, *, within_s, **_: waited.append(within_s))
    stage.restorer.restore(TEST)
    open_fault(stage)
    stage.restorer.restore(TEST)
    assert waited == [77.0, 1.0]
