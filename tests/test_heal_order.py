"""Healing what runs left open: newest first, and one that cannot be healed stops no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_fault import OpenDoors

from chaos.engine import Engine
from chaos.heal import heal_all, heal_open
from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger
from fixtures.settings import Settings
from fixtures.timeline import Timeline


@pytest.fixture
def house(tmp_path: Path) -> tuple[Settings, list[str]]:
    """Three doors, opened one after the other by two runs; and a list that tells in which order they are healed."""
    settings = Settings(home=tmp_path / "home")
    for number, run in ((1, "old"), (2, "new"), (3, "new")):
        (tmp_path / f"door-{number}").write_text("green")
        engine = Engine(Ledger(settings.cluster_home), Timeline(tmp_path / run), run=run, experiment="toy-1")
        engine.inject(OpenDoors(None, str(tmp_path), f"door-{number}"))
    return settings, []


@pytest.fixture(autouse=True)
def told(house: tuple[Settings, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    real = OpenDoors.heal

    def heal(self: OpenDoors, targets: Any) -> None:
        house[1].append(self.prefix)
        real(self, targets)

    monkeypatch.setattr(OpenDoors, "heal", heal)


def test_what_was_broken_last_is_healed_first(house: tuple[Settings, list[str]], tmp_path: Path) -> None:
    settings, order = house
    done = heal_open(settings)
    assert order == ["door-3", "door-2", "door-1"]
    assert [one.error for one in done] == ["", "", ""]
    assert sorted(path.name for path in tmp_path.glob("door-*")) == ["door-1", "door-2", "door-3"]
    assert heal_open(settings) == []


def test_only_one_run_is_healed_when_one_is_named(house: tuple[Settings, list[str]]) -> None:
    settings, order = house
    heal_open(settings, run="new")
    assert order == ["door-3", "door-2"]
    assert [entry.run for entry in Ledger(settings.cluster_home).open_entries()] == ["old"]


def test_one_that_cannot_be_healed_stays_open_says_why_and_stops_no_other(
    house: tuple[Settings, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = house
    real = OpenDoors.heal

    def jammed(self: OpenDoors, targets: Any) -> None:
        if self.prefix == "door-2":
            raise OSError("jammed")
        real(self, targets)

    monkeypatch.setattr(OpenDoors, "heal", jammed)
    done = {one.entry.fault["args"]["prefix"]: one.error for one in heal_open(settings)}
    assert done == {"door-1": "", "door-2": "OSError: jammed", "door-3": ""}
    (left,) = Ledger(settings.cluster_home).open_entries()
    assert left.fault["args"]["prefix"] == "door-2"
    with pytest.raises(HarnessError, match=f"not healed: {left.id}: OSError: jammed"):
        heal_all(settings)


def test_a_sabotage_is_known_by_its_id_alone() -> None:
    entry = Entry("s", {"module": "m", "type": "T", "args": {"sabotage": "no-probe"}}, [])
    assert entry.is_sabotage("no-probe")
    assert not entry.is_sabotage("other")
    assert not entry.is_sabotage("")
    assert not Entry("s", {"module": "m", "type": "T"}, []).is_sabotage("no-probe")
    assert not Entry("s", {"module": "m", "type": "T", "args": {"sabotage": ""}}, []).is_sabotage("")
