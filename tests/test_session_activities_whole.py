"""Activities in their session: what goes wrong is told in words, and only what is theirs is healed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed
from fake_fault import OpenDoors
from fake_world import Still

from chaos import session
from chaos.engine import Engine
from chaos.sabotages.unhealed import Unhealed
from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings
from fixtures.timeline import Timeline


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (HarnessError("no answer", next_command="crucible status"), "no answer\n  next: crucible status"),
        (KeyError("uid"), "KeyError: 'uid'"),
        (OSError("gone"), "OSError: gone"),
        (ValueError("odd"), "ValueError: odd"),
        (LookupError("no pod"), "LookupError: no pod"),
    ],
)
def test_what_goes_wrong_in_an_activity_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, said: str
) -> None:
    here: Any = SimpleNamespace()
    monkeypatch.setattr(session, "_current", here)
    given: list[Any] = []

    def act() -> None:
        with session.activity(None) as mine:
            given.append(mine)
            raise raised

    with pytest.raises(ActivityFailed) as failed:
        act()
    assert given == [here]
    assert str(failed.value) == said
    assert failed.value.__cause__ is raised
    with pytest.raises(ZeroDivisionError), session.activity(None):
        raise ZeroDivisionError


def test_only_the_open_faults_of_this_experiment_and_kind_are_healed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "door-1").write_text("green")
    ledger, timeline = Ledger(tmp_path / "home"), Timeline(tmp_path / "run")
    engine = Engine(ledger, timeline, run="run", experiment="toy-1")
    proof = engine.inject(OpenDoors(None, str(tmp_path)))
    for module, kind in (("fake_fault", "Other"), ("other", "OpenDoors")):
        ledger.open(Entry(f"{module}.{kind}", {"module": module, "type": kind, "args": {}}, [], "run", "toy-1"))
    ledger.open(Entry("theirs", {"module": "fake_fault", "type": "OpenDoors", "args": {}}, [], "run", "toy-2"))
    world = Still()
    here = session.Session(world, engine, timeline, tmp_path, alone=False)
    monkeypatch.setattr(session, "_current", here)
    (healed,) = session.heal(OpenDoors, None)
    assert healed["fault_id"] == proof.fault_id
    assert (tmp_path / "door-1").read_text() == "green"
    assert [entry.id for entry in ledger.open_entries()] == ["fake_fault.Other", "other.OpenDoors", "theirs"]
    assert session.heal(OpenDoors, None) == []


def test_what_activities_share_is_made_once_and_a_fault_is_left_unhealed_only_under_that_sabotage(
    tmp_path: Path,
) -> None:
    made: list[str] = []
    here = session.Session(Still(), SimpleNamespace(), SimpleNamespace(), tmp_path, alone=True)  # type: ignore[arg-type]
    assert isinstance(here.keep, ExitStack)

    def make() -> list[str]:
        made.append("x")
        return made

    assert here.once("writer", make) is here.once("writer", make) is made
    assert (made, here.kept) == (["x"], {"writer": ["x"]})
    fault: Any = OpenDoors(None, str(tmp_path))
    assert here.sabotaged(fault) is fault
    here.world.settings = Settings(sabotage="no-heal")
    assert here.sabotaged(fault) is fault
    here.world.experiment = "worker-node-kill"
    assert here.sabotaged(fault) == Unhealed(here.world, fault)
    here.world.settings = Settings(sabotage="other")
    assert here.sabotaged(fault) is fault
