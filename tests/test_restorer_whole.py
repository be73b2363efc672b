"""After a test: which looks are made and kept, what is waited for, how long, and what is mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from urllib3.exceptions import HTTPError

from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings
from fixtures.wait import WaitTimeout
from suites.plugin import restore
from suites.plugin.restore import Restorer

TEST = "suites/x/test_y.py::test_z"


class Stage:
    """A stack whose looks are what is put here, and each wait that is asked for."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, sabotage: str = "") -> None:
        self.settings = Settings(home=folder, sabotage=sabotage)
        self.dossier = folder / "dossier"
        self.looks: list[Any] = []
        self.waits: list[Any] = []
        self.over = True
        stack: Any = SimpleNamespace(settings=self.settings, dossier=self.dossier, cluster="cluster", map="map")
        monkeypatch.setattr(restore, "snapshot", self.snapshot)
        monkeypatch.setattr(
            restore, "diff", lambda before, now: [f"{key} changed" for key in now if now[key] != before.get(key)]
        )
        monkeypatch.setattr(restore, "wait_for", self.wait_for)
        self.restorer = Restorer(stack)

    def snapshot(self, *words: Any) -> Any:
        assert words == ("cluster", "map")
        look = self.looks.pop(0)
        if isinstance(look, Exception):
            raise look
        return look

    def wait_for(self, condition: Callable[[], bool], *, describe: Callable[[], Any], **how: Any) -> None:
        before = describe()
        self.waits.append((how, before, condition(), describe()))
        if not self.over:
            raise WaitTimeout("waited", last=None)

    def files(self) -> dict[str, str]:
        folder = self.dossier / "state/x-test-y-py--test-z"
        return {path.name: path.read_text() for path in sorted(folder.iterdir())}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


HOW = {"what": "the stack to be as it was", "every_s": 0.5}


def test_a_state_is_kept_before_and_after_and_what_differs_line_by_line(stage: Stage) -> None:
    before, after = {"a": 1, "b": [2]}, {"a": 2, "b": [3]}
    stage.looks = [before, after]
    stage.restorer.remember(TEST)
    assert stage.files() == {"before.json": json.dumps(before, indent=1)}
    stage.over = False
    stage.restorer.restore(TEST)
    assert stage.waits == [(HOW | {"within_s": 90.0}, [], False, ["a changed", "b changed"])]
    assert stage.files() == {
        "before.json": json.dumps(before, indent=1), "after.json": json.dumps(after, indent=1),
        "diff.txt": "a changed\nb changed\n",
    }  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in stage.dossier.rglob("*.json")} == {0o644}
    (claim,) = stage.restorer.claims(TEST)
    assert (claim.checker, claim.args) == ("conformance.as_it_was", {"test": "x-test-y-py--test-z"})


@pytest.mark.parametrize("away", [HarnessError("no"), HTTPError("no")])
def test_a_look_that_fails_is_told_and_another_one_is_the_evidence(stage: Stage, away: Exception) -> None:
    stage.looks = [{"a": 1}, {"a": 1}, away, {"a": 1}]
    stage.restorer.remember(TEST)
    stage.restorer.restore(TEST)
    stage.restorer.restore(TEST)
    said = [f"the API server does not answer: {type(away).__name__}"]
    assert [wait[1:] for wait in stage.waits] == [([], True, []), ([], False, said)]
    assert stage.files()["diff.txt"] == ""
    assert stage.looks == []


def test_what_the_ledger_holds_is_not_waited_for_long_and_then_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, monkeypatch, "planted")
    healed: list[Any] = []
    monkeypatch.setattr(restore, "heal_all", healed.append)
    ledger = Ledger(stage.settings.cluster_home)
    ledger.open(Entry("p", {"args": {"sabotage": "planted"}}, []))
    stage.looks = [{"a": 1}] * 3
    stage.restorer.mend()
    stage.restorer.restore(TEST)
    assert (healed, [how["within_s"] for how, *_ in stage.waits]) == ([], [90.0])
    ledger.open(Entry("f", {}, []))
    stage.restorer.restore(TEST)
    stage.restorer.mend()
    assert (healed, [how["within_s"] for how, *_ in stage.waits]) == ([stage.settings], [90.0, 1.0, 90.0])


@pytest.mark.parametrize("unseen", [0, 1, 2, 3])
def test_a_node_that_nobody_could_look_into_is_looked_at_again(stage: Stage, unseen: int) -> None:
    slow, seen = {"inside": {"w1": {"units": []}, "w2": {"asked": "timed out"}}}, {"inside": {"w1": {}, "w2": {}}}
    stage.looks = [*[slow] * unseen, seen]
    stage.restorer.remember(TEST)
    assert json.loads(stage.files()["before.json"]) == (seen if unseen < 3 else slow)
    assert len(stage.looks) == (0 if unseen < 3 else 1)
