"""The engine breaks, proves and mends, in whatever order things fail, and whenever it is killed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from fake_fault import Hook, OpenDoors
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.engine import Engine, fault_of
from chaos.fault import NotEffective, NotHealed, NothingToBreak
from chaos.heal import replay
from chaos.sabotages.unhealed import Unhealed, as_sabotaged
from fixtures.errors import HarnessError
from fixtures.ledger import Ledger
from fixtures.timeline import Timeline
from reports import timeline as timelines
from reports.certificates import certificates

STEPS = ["inject.begin", "inject.one", "inject.end", "effect", "heal.begin", "heal.one", "heal.end", "healed"]
EVENTS = ["planned", "injecting", "injected", "effective", "healing", "healed"]


class Home:
    """A house with two doors, a ledger and a timeline in one folder."""

    def __init__(self, folder: Path, hook: Hook = lambda step: None) -> None:
        self.doors = folder / "doors"
        self.doors.mkdir(exist_ok=True)
        self.hook, self.ledger, self.folder = hook, Ledger(folder), folder
        self.timeline = Timeline(folder)

    def furnish(self) -> Home:
        (self.doors / "door-1").write_text("green")
        (self.doors / "door-2").write_text("red")
        return self

    def engine(self) -> Engine:
        return Engine(self.ledger, self.timeline, run="r", experiment="toy-1")

    def fault(self, prefix: str = "door") -> OpenDoors:
        return OpenDoors(self.hook, str(self.doors), prefix)

    def break_and_heal(self) -> None:
        with self.engine().broken(self.fault()):
            pass

    def events(self) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in (self.folder / "timeline.jsonl").read_text().splitlines()]
        return [line for line in lines if line["source"] == "fault"]

    def kinds(self) -> list[str]:
        return [event["kind"].removeprefix("fault.") for event in self.events()]

    def as_it_was(self) -> bool:
        return {d.name: d.read_text() for d in self.doors.iterdir()} == {"door-1": "green", "door-2": "red"}

    def mend(self) -> None:
        for entry in self.ledger.open_entries():
            replay(self.ledger, entry, None)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).furnish()


def test_a_fault_leaves_its_six_events_in_order_under_one_id(home: Home) -> None:
    home.break_and_heal()
    assert home.kinds() == EVENTS
    assert len({event["data"]["fault_id"] for event in home.events()}) == 1
    assert {event["subject"] for event in home.events()} == {"toy-1"}
    assert [v["uid"] for v in home.events()[0]["data"]["victims"]] == ["uid-door-1", "uid-door-2"]
    assert home.events()[3]["data"]["evidence"] == {"gone": ["door-1", "door-2"]}
    assert home.as_it_was()
    assert home.ledger.open_entries() == []


def test_a_fault_that_matches_nothing_is_never_effective(home: Home) -> None:
    with pytest.raises(NothingToBreak):
        home.engine().inject(home.fault("window"))
    assert home.kinds() == ["planned", "not_effective"]
    assert home.events()[0]["data"]["victims"] == []
    assert home.as_it_was()


def test_the_undo_step_is_on_disk_before_the_act(home: Home) -> None:
    seen: list[int] = []
    home.hook = lambda step: seen.append(len(home.ledger.open_entries())) if step == "inject.begin" else None
    home.break_and_heal()
    assert seen == [1]


def test_without_evidence_of_an_effect_there_is_no_certificate(home: Home) -> None:
    def put_back(step: str) -> None:
        if step == "inject.end":
            (home.doors / "door-2").write_text("red")

    home.hook = put_back
    with pytest.raises(NotEffective, match="1 doors there"):
        home.engine().inject(home.fault())
    assert home.kinds() == ["planned", "injecting", "injected", "not_effective", "healing", "healed"]
    assert home.as_it_was()


def test_what_fails_midway_is_healed_and_its_own_error_is_told(home: Home) -> None:
    def jam(step: str) -> None:
        if step == "inject.one":
            raise OSError("jammed")

    home.hook = jam
    with pytest.raises(OSError, match="jammed"):
        home.engine().inject(home.fault())
    assert "effective" not in home.kinds()
    assert home.as_it_was()
    assert home.ledger.open_entries() == []


def test_an_exception_inside_the_block_still_heals(home: Home) -> None:
    with pytest.raises(KeyboardInterrupt), home.engine().broken(home.fault()):
        raise KeyboardInterrupt
    assert home.as_it_was()


def test_without_evidence_of_healing_the_ledger_stays_open(home: Home) -> None:
    home.hook = lambda step: (home.doors / "door-1").unlink() if step == "heal.end" else None
    with pytest.raises(NotHealed, match="crucible heal"):
        home.break_and_heal()
    assert home.kinds()[-1] == "not_healed"
    assert len(home.ledger.open_entries()) == 1
    home.mend()
    assert home.as_it_was()
    assert home.kinds()[-1] == "not_healed", "mending must not forge a certificate"


def test_what_the_victims_last_said_is_asked_when_nothing_is_broken_yet(home: Home) -> None:
    seen: list[Any] = []

    def look(fault_id: str, targets: list[Any]) -> None:
        seen.append(([t.name for t in targets], home.as_it_was(), home.ledger.open_entries(), home.kinds()))
        raise OSError("and what it raises changes nothing")

    engine = Engine(home.ledger, home.timeline, run="r", experiment="toy-1", before_act=look)
    engine.inject(home.fault())
    assert seen == [(["door-1", "door-2"], True, [], ["planned"])]
    assert home.kinds() == ["planned", "injecting", "injected", "effective"]


def not_healed(home: Home) -> dict[str, Any]:
    (event,) = [event for event in home.events() if event["kind"] == "fault.not_healed"]
    return dict(event["data"])


def test_whose_failure_it_is_that_nothing_healed_is_told(home: Home) -> None:
    """A stack that does not get over a fault has failed; a fault that was not undone is the harness's failure."""
    fault = home.fault()
    home.engine().inject(fault)
    (entry,) = home.engine().mine()

    def jam(step: str) -> None:
        if step == "heal.begin":
            raise OSError("jammed")

    home.hook = jam
    with pytest.raises(OSError, match="jammed"):
        home.engine().heal(home.fault(), entry)
    assert (not_healed(home)["undone"], not_healed(home)["evidence"]) == (False, "jammed")


def test_what_is_undone_and_yet_not_whole_is_the_stack_s(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenDoors, "healed", lambda self, targets: None)
    with pytest.raises(NotHealed):
        home.break_and_heal()
    assert not_healed(home)["undone"] is True


def test_what_nobody_can_tell_is_not_undone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenDoors, "healed", lambda self, targets: None)

    def away(step: str) -> None:
        if step == "undone":
            raise OSError("the API server is away")

    home.hook = away
    with pytest.raises(NotHealed):
        home.break_and_heal()
    assert not_healed(home)["undone"] is False


def test_a_fault_wrapped_so_that_it_is_not_healed_stays_on_the_ledger_as_itself(home: Home) -> None:
    engine, fault = home.engine(), home.fault()
    engine.inject(fault)
    (entry,) = engine.mine()
    with pytest.raises(NotHealed, match="no evidence that OpenDoors"):
        engine.heal(Unhealed(None, fault), entry)
    (certificate,) = certificates(timelines.read(home.folder))
    assert certificate.effective is not None
    assert certificate.healed is None, "the events of its healing named another fault, so that there was no certificate"
    assert "healed" not in home.kinds()
    assert not home.as_it_was()
    home.mend()
    assert home.as_it_was()
    assert home.ledger.open_entries() == []


def test_a_fault_that_wraps_another_is_made_again_with_it(home: Home) -> None:
    wrapped = Unhealed(home.hook, home.fault("door-2"))
    home.engine().inject(wrapped)
    assert fault_of(home.ledger.open_entries()[0], home.hook) == wrapped


def test_only_the_sabotage_of_healing_wraps_a_fault(home: Home) -> None:
    fault = home.fault()
    for sabotage, experiment in (("", "worker-node-kill"), ("no-heal", "gateway-pod-kill"), ("other", "e")):
        assert as_sabotaged(fault, None, sabotage=sabotage, experiment=experiment) is fault
    assert as_sabotaged(fault, None, sabotage="no-heal", experiment="worker-node-kill") == Unhealed(None, fault)


def test_a_timeline_that_cannot_be_written_never_keeps_a_fault_in(home: Home) -> None:
    """A full disk: what is broken is healed, and there is no certificate for it."""
    home.engine().inject(home.fault())
    record, full = home.timeline.event, HarnessError("No space left on device")

    def event(source: str, kind: str, subject: str, **data: Any) -> float:
        raise full

    home.timeline.event = event  # type: ignore[method-assign]
    (entry,) = home.ledger.open_entries()
    with pytest.raises(HarnessError, match="No space"):
        home.engine().heal(home.fault(), entry)
    assert home.as_it_was()
    assert len(home.ledger.open_entries()) == 1, "it is not certified, so it stays on record"
    home.mend()
    with pytest.raises(HarnessError, match="No space"):
        home.engine().inject(home.fault())
    assert home.as_it_was(), "nothing is broken that the timeline cannot tell of"
    planned = [0]

    def fills_up(source: str, kind: str, subject: str, **data: Any) -> float:
        planned[0] += 1
        if planned[0] > 2:
            raise full
        return record(source, kind, subject, **data)

    home.timeline.event = fills_up  # type: ignore[method-assign]
    with pytest.raises(HarnessError, match="No space"):
        home.engine().inject(home.fault())
    assert home.as_it_was(), "broken, untold, and healed"


def test_a_fault_is_made_again_from_the_ledger(home: Home) -> None:
    fault = home.fault("door-2")
    home.engine().inject(fault)
    assert fault_of(home.ledger.open_entries()[0], home.hook) == fault


def die_at(home_folder: Path, step: str, occurrence: int) -> int:
    """Break and heal in a child that kills itself, as power loss would, at the n-th time of a step."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    left = [occurrence]

    def hook(now: str) -> None:
        if now == step:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        home = Home(home_folder, hook)
        record = home.timeline.event

        def event(source: str, kind: str, subject: str, **data: Any) -> float:
            hook(f"before {kind}")
            t = record(source, kind, subject, **data)
            hook(f"after {kind}")
            return t

        home.timeline.event = event  # type: ignore[method-assign]
        home.break_and_heal()
    finally:
        os._exit(0)


POINTS = [(step, 1) for step in STEPS] + [("inject.one", 2), ("heal.one", 2)]
POINTS += [(f"{when} fault.{kind}", 1) for kind in EVENTS for when in ("before", "after")]


@pytest.mark.parametrize(("step", "occurrence"), POINTS)
def test_killed_at_any_step_the_ledger_mends_it(tmp_path: Path, step: str, occurrence: int) -> None:
    Home(tmp_path).furnish()
    assert os.WTERMSIG(die_at(tmp_path, step, occurrence)) == signal.SIGKILL, "the step was never reached"
    home = Home(tmp_path)
    home.mend()
    home.mend()
    assert home.as_it_was()
    assert home.ledger.open_entries() == []


@settings(max_examples=30, deadline=None)
@given(failures=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 2)), max_size=4))
def test_whatever_fails_in_whatever_order_is_mended(
    failures: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    seen: dict[str, int] = {}

    def hook(step: str) -> None:
        seen[step] = seen.get(step, 0) + 1
        if (step, seen[step]) in failures:
            raise OSError(step)

    home = Home(tmp_path_factory.mktemp("house"), hook).furnish()
    try:
        home.break_and_heal()
    except (OSError, NotEffective, NotHealed):
        proven = {"effective", "healed"} <= set(home.kinds())
        assert not proven or home.as_it_was()
    home.mend()
    assert home.as_it_was()
    assert home.ledger.open_entries() == []
