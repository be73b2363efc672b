"""What the engine tells: its events, certificates and ledger entries carry what a judge and a healer need."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fake_fault import OpenDoors
from test_chaos_engine import Home

from chaos.engine import Engine, Proof, fault_of, is_undone, wait_until_healed
from chaos.fault import NotEffective, NotHealed, NothingToBreak
from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger

VICTIMS = [
    {"kind": "Door", "namespace": "", "name": f"door-{number}", "uid": f"uid-door-{number}"} for number in (1, 2)
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).furnish()


def data(home: Home) -> dict[str, dict[str, Any]]:
    return {event["kind"].removeprefix("fault."): event["data"] for event in home.events()}


def test_each_event_names_the_fault_and_its_victims(home: Home) -> None:
    home.break_and_heal()
    told = data(home)
    assert len(told) == 6
    for one in told.values():
        assert one["fault"].startswith("OpenDoors ")
        assert one["victims"] == VICTIMS
        assert re.fullmatch(r"toy-1-[0-9a-f]{6}", one["fault_id"])
    assert told["healed"]["evidence"] == {"there": ["door-1", "door-2"]}
    assert all("evidence" not in told[kind] for kind in ("planned", "injecting", "injected", "healing"))


def test_two_faults_have_two_ids(home: Home) -> None:
    home.break_and_heal()
    home.break_and_heal()
    assert len({event["data"]["fault_id"] for event in home.events()}) == 2


def test_a_fault_that_hits_nothing_tells_why(home: Home) -> None:
    with pytest.raises(NothingToBreak):
        home.engine().inject(home.fault("window"))
    told = data(home)
    assert told["not_effective"]["evidence"] == "no door is called window*"
    assert told["not_effective"]["victims"] == []
    assert told["planned"]["fault_id"] == told["not_effective"]["fault_id"]
    assert {one["fault"] for one in told.values()} == {f"OpenDoors folder={home.doors} prefix=window"}


@dataclass(frozen=True)
class Nothing(OpenDoors):
    """A fault that forgets to say that it found nothing."""

    def targets(self) -> list[Any]:
        return []


def test_no_target_is_nothing_to_break_whoever_says_so(home: Home) -> None:
    with pytest.raises(NothingToBreak, match=r"Nothing folder=.* found no target"):
        home.engine().inject(Nothing(None, str(home.doors)))
    assert home.ledger.open_entries() == []
    assert home.kinds() == ["planned", "not_effective"]


def test_a_fault_without_effect_tells_what_was_seen_instead(home: Home) -> None:
    home.hook = lambda step: (home.doors / "door-2").write_text("red") if step == "inject.end" else None
    with pytest.raises(
        NotEffective, match=r"no evidence that OpenDoors .* took effect: waited 0.3 s for the effect of"
    ):
        home.engine().inject(home.fault())
    told = data(home)["not_effective"]
    assert "1 doors there" in told["evidence"]
    assert told["victims"] == VICTIMS
    assert told["fault"].startswith("OpenDoors ")


def test_an_undoing_without_evidence_tells_what_was_seen_instead(home: Home) -> None:
    home.hook = lambda step: (home.doors / "door-1").unlink() if step == "heal.end" else None
    with pytest.raises(NotHealed, match=r"no evidence that OpenDoors .* was healed: waited 0.3 s") as caught:
        home.break_and_heal()
    assert caught.value.next_command == "crucible heal"
    told = data(home)["not_healed"]
    assert "1 doors there" in told["evidence"]
    assert told["victims"] == VICTIMS
    assert told["fault"].startswith("OpenDoors ")
    assert told["fault_id"] == data(home)["planned"]["fault_id"]


def test_the_certificates_are_the_events_of_effect_and_healing(home: Home) -> None:
    engine, fault = home.engine(), home.fault()
    broken = engine.inject(fault)
    (entry,) = engine.mine()
    healed = engine.heal(fault, entry)
    for certificate, kind in ((broken, "fault.effective"), (healed, "fault.healed")):
        (event,) = [e for e in home.events() if e["kind"] == kind]
        assert certificate.t == pytest.approx(event["t"], abs=1e-6)
        assert certificate.evidence == event["data"]["evidence"]
        assert (certificate.fault_id, certificate.fault) == (event["data"]["fault_id"], event["data"]["fault"])
        assert certificate.victims == VICTIMS
    assert broken.t < healed.t


def test_a_certificate_is_told_to_the_microsecond() -> None:
    certificate = Proof("f", "KillPod", VICTIMS, 1.23456789, {"gone": 1})
    assert certificate.to_json() == {
        "fault_id": "f", "fault": "KillPod", "victims": VICTIMS, "t": 1.234568, "evidence": {"gone": 1},
    }  # fmt: skip


def test_the_ledger_has_all_that_healing_in_another_process_needs(home: Home) -> None:
    certificate = home.engine().inject(home.fault())
    (entry,) = home.ledger.open_entries()
    assert entry.id == certificate.fault_id
    assert (entry.run, entry.experiment) == ("r", "toy-1")
    assert entry.fault["type"] == "OpenDoors"
    assert [target.facts for target in entry.pinned()] == [{"paint": "green"}, {"paint": "red"}]


def test_an_engine_undoes_only_what_is_its_own_and_the_last_first(home: Home) -> None:
    for run, experiment in (("r", "toy-1"), ("other", "toy-1"), ("r", "toy-2"), ("r", "toy-1")):
        home.ledger.open(Entry(f"{run}/{experiment}/{len(home.ledger.open_entries())}", {}, [], run, experiment))
    assert [entry.id for entry in home.engine().mine()] == ["r/toy-1/3", "r/toy-1/0"]


def test_leaving_the_block_heals_the_fault_of_the_block_and_no_other(home: Home) -> None:
    engine = home.engine()
    outer = engine.inject(home.fault("door-1"))
    with engine.broken(home.fault("door-2")) as inner:
        assert inner.fault_id != outer.fault_id
        assert not list(home.doors.iterdir())
    assert [d.name for d in home.doors.iterdir()] == ["door-2"]
    assert [entry.id for entry in home.ledger.open_entries()] == [outer.fault_id]


def test_evidence_that_comes_late_but_in_time_is_evidence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    real_effect, real_healed = OpenDoors.effect, OpenDoors.healed

    def late(real: Any) -> Any:
        def look(self: OpenDoors, targets: Any) -> Any:
            looks.append(1)
            return real(self, targets) if len(looks) % 3 == 0 else None

        return look

    monkeypatch.setattr(OpenDoors, "effect", late(real_effect))
    monkeypatch.setattr(OpenDoors, "healed", late(real_healed))
    fault = OpenDoors(None, str(home.doors), effect_within_s=60, healed_within_s=60)
    with home.engine().broken(fault):
        assert len(looks) == 3
    assert len(looks) == 6
    assert home.as_it_was()


def test_healing_waits_as_long_as_it_is_told(home: Home) -> None:
    fault = home.fault()
    engine = home.engine()
    engine.inject(fault)
    (entry,) = engine.mine()
    with pytest.raises(NotHealed, match=r"waited 0.01 s for OpenDoors .* to be healed; last seen: '0 doors there'"):
        wait_until_healed(fault, entry.pinned(), within_s=0.01)


def test_when_healing_fails_too_the_first_error_is_raised_and_both_are_told(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    def jam(step: str) -> None:
        if step in ("inject.one", "heal.begin"):
            raise OSError(f"jammed at {step}")

    home.hook = jam
    with caplog.at_level(logging.ERROR, "crucible"), pytest.raises(OSError, match=r"jammed at inject\.one"):
        home.engine().inject(home.fault())
    (entry,) = home.ledger.open_entries()
    said = f"after OSError('jammed at inject.one'), healing {entry.id} failed too: jammed at heal.begin"
    assert said in [record.getMessage() for record in caplog.records]
    told = data(home)
    assert told["not_effective"]["evidence"] == "jammed at inject.one"
    assert told["not_healed"]["evidence"] == "jammed at heal.begin"


def test_what_the_timeline_cannot_take_is_in_the_log(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    engine: Engine = home.engine()
    engine.inject(home.fault())
    (entry,) = engine.mine()

    def event(*_: Any, **__: Any) -> float:
        raise HarnessError("No space left on device")

    home.timeline.event = event  # type: ignore[method-assign]
    with caplog.at_level(logging.ERROR, "crucible"), pytest.raises(HarnessError, match="No space left"):
        engine.heal(home.fault(), entry)
    said = f"fault.healing of {entry.id} is not on the timeline: No space left on device"
    assert said in [record.getMessage() for record in caplog.records]


def test_who_looks_before_the_act_is_told_which_fault_it_is_and_what_it_will_hit(home: Home) -> None:
    seen: list[Any] = []

    def look(fault_id: str, targets: list[Any]) -> None:
        seen.append((fault_id, [target.name for target in targets], sorted(d.name for d in home.doors.iterdir())))

    engine = Engine(home.ledger, home.timeline, run="r", experiment="toy-1", before_act=look)
    certificate = engine.inject(home.fault())
    assert seen == [(certificate.fault_id, ["door-1", "door-2"], ["door-1", "door-2"])]


def test_a_look_that_fails_is_in_the_log_and_keeps_nothing_from_being_broken(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    def look(fault_id: str, targets: list[Any]) -> None:
        raise OSError("no logs")

    engine = Engine(home.ledger, home.timeline, run="r", experiment="toy-1", before_act=look)
    with caplog.at_level(logging.ERROR, "crucible"):
        certificate = engine.inject(home.fault())
    (record,) = caplog.records
    assert record.getMessage() == f"before {certificate.fault_id} nothing could be kept of its victims: no logs"
    assert home.kinds()[-1] == "effective"


def test_what_nobody_can_tell_to_be_undone_is_not(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    class Dumb(OpenDoors):
        def undone(self, targets: Any) -> bool:
            raise OSError("no answer")

    fault = Dumb(None, str(home.doors))
    with caplog.at_level(logging.ERROR, "crucible"):
        assert is_undone(fault, fault.targets()) is False
    (record,) = caplog.records
    assert record.getMessage() == f"nobody can tell whether Dumb folder={home.doors} is undone: no answer"


def test_every_event_of_a_fault_without_effect_has_its_id(home: Home) -> None:
    home.hook = lambda step: (home.doors / "door-2").write_text("red") if step == "inject.end" else None
    with pytest.raises(NotEffective):
        home.engine().inject(home.fault())
    assert len({event["data"]["fault_id"] for event in home.events()}) == 1
    assert len(home.events()) == 6


@dataclass(frozen=True)
class Sparing(OpenDoors):
    """A fault that spares some."""

    spared: tuple[str, ...] = ()


def test_a_fault_comes_back_from_disk_as_it_was_its_tuples_too(home: Home) -> None:
    fault = Sparing(None, str(home.doors), spared=("door-7", "door-8"))
    home.engine().inject(fault)
    (entry,) = Ledger(home.folder).open_entries()
    assert fault_of(entry, None) == fault
