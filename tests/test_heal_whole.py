"""Replaying the ledger: what is done, in which order, and every word that is said."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_fault import OpenDoors

from chaos import heal
from chaos.heal import Healed, end_leftovers, heal_all, heal_open, replay
from fixtures.errors import HarnessError
from fixtures.ledger import Entry, Ledger, process_start
from fixtures.settings import Settings
from fixtures.wait import WaitTimeout


def entry(name: str, **changes: Any) -> Entry:
    given: dict[str, Any] = {"pid": 10**9, "pid_start": 1, **changes}
    return Entry(name, {"module": "m", "type": "T", "args": {"sabotage": given.pop("sabotage", "")}}, [], **given)


@pytest.fixture
def did(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What healing does, with a world and replays that only tell."""
    done: list[Any] = []

    class Here:
        """A world that tells what it was made of."""

        def __init__(self, *words: Any, **how: Any) -> None:
            done.append(("world", *words, how))

        def __enter__(self) -> str:
            return "world"

        def __exit__(self, *_: object) -> None:
            done.append("world closes")

    def replayed(ledger: Ledger, one: Entry, world: Any) -> None:
        done.append(("replay", ledger.path, one.id, world))
        if one.id == "jammed":
            raise HarnessError("jammed", next_command="look")
        if one.id == "odd":
            raise KeyError("uid")

    monkeypatch.setattr(heal, "World", Here)
    monkeypatch.setattr(heal, "stack_map_of", lambda settings: ("map of", settings))
    monkeypatch.setattr(heal, "replay", replayed)
    monkeypatch.setattr(heal, "end_leftovers", lambda entries: done.append(("end", [one.id for one in entries])))
    return done


def test_what_is_open_is_healed_newest_first_and_each_trouble_is_told(
    tmp_path: Path, did: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(home=tmp_path, sabotage="planted")
    ledger = Ledger(settings.cluster_home)
    assert heal_open(settings) == heal_all(settings) == did == []
    opened = [entry("jammed", unix_ns=1, run="r1"), entry("p", unix_ns=9, sabotage="planted", run="r1"),
              entry("fine", unix_ns=3, run="r2"), entry("odd", unix_ns=2, run="r1", sabotage="other")]  # fmt: skip
    for one in opened:
        ledger.open(one)
    found = heal_open(settings)
    assert found == [
        Healed(opened[2], ""), Healed(opened[3], "KeyError: 'uid'"), Healed(opened[0], "jammed\n  next: look"),
    ]  # fmt: skip
    whole = [
        ("end", ["jammed", "fine", "odd"]),
        ("world", settings, ("map of", settings), {"seed": 0, "experiment": "heal"}),
        *(("replay", ledger.path, name, "world") for name in ("fine", "odd", "jammed")),
        "world closes",
    ]
    assert did == whole
    assert [record.getMessage() for record in caplog.records] == [
        "odd is not healed: 'uid'", "jammed is not healed: jammed\n  next: look",
    ]  # fmt: skip
    did.clear()
    assert [one.entry.id for one in heal_open(settings, run="r1")] == ["odd", "jammed"]
    assert heal_open(settings, run="r9") == []
    with pytest.raises(HarnessError) as left:
        heal_all(settings)
    assert str(left.value) == "not healed: odd: KeyError: 'uid'; jammed: jammed\n  next: look\n  next: crucible heal"


def test_a_replay_undoes_waits_for_the_proof_and_takes_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Any] = []
    made = Entry("f1", {"module": "fake_fault", "type": "OpenDoors",
                        "args": {"folder": str(tmp_path), "healed_within_s": 7.5}},
                 [{"kind": "Door", "name": "door-1", "uid": "u", "facts": {"paint": "red"}}])  # fmt: skip
    ledger = Ledger(tmp_path)
    ledger.open(made)
    monkeypatch.setattr(
        heal, "wait_until_healed", lambda fault, targets, *, within_s: steps.append((fault, targets, within_s))
    )
    replay(ledger, made, steps.append)
    assert (tmp_path / "door-1").read_text() == "red"
    fault = OpenDoors(steps.append, str(tmp_path), healed_within_s=7.5)
    assert steps == ["heal.begin", "heal.one", "heal.end", (fault, made.pinned(), 7.5)]
    assert ledger.open_entries() == []


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Processes as `/proc` would tell of them, and the signals that are sent."""
    told: dict[str, Any] = {"starts": {}, "words": {}, "sent": [], "waits": [], "stays": set()}
    ours = os.getpid()
    monkeypatch.setattr(heal, "process_start", told["starts"].get)
    monkeypatch.setattr(
        heal, "os",
        SimpleNamespace(kill=lambda pid, number: told["sent"].append((pid, number)), getpid=lambda: ours,
                        fsdecode=os.fsdecode),
    )  # fmt: skip

    class Proc:
        """A path that reads from what is told here."""

        def __init__(self, path: str) -> None:
            self.path = path
            self.name = Path(path).name

        def read_bytes(self) -> bytes:
            pid = int(self.path.split("/")[2])
            if pid not in told["words"]:
                raise FileNotFoundError(self.path)
            assert self.path == f"/proc/{pid}/cmdline"
            return "\0".join([*told["words"][pid], ""]).encode()

        def read_text(self) -> str:
            assert self.path.startswith("/proc/")
            found = told["stat"]
            if isinstance(found, Exception):
                raise found
            return str(found)

    def wait_for(condition: Callable[[], Any], **how: Any) -> None:
        pid = int(how["what"].split()[2])
        told["waits"].append((how, condition()))
        if pid in told["stays"]:
            raise WaitTimeout("waited", last=None)

    monkeypatch.setattr(heal, "Path", Proc)
    monkeypatch.setattr(heal, "wait_for", wait_for)
    told["stat"] = "7 (a) b) S 1"
    return told


def test_only_a_chaos_process_that_is_still_the_same_is_ended_and_killed_when_it_stays(
    processes: dict[str, Any],
) -> None:
    words = {
        1: ["/venv/bin/chaos", "run"], 2: ["python", "/venv/bin/chaos", "run"], 3: ["python", "-m", "chaos.child", "9"],
        4: ["python", "x", "/venv/bin/chaos"], 5: ["python", "-m", "x", "chaos.child"], 6: ["chaos", "run"],
        os.getpid(): ["chaos", "run"],
    }  # fmt: skip
    processes["words"].update(words)
    processes["starts"].update({**dict.fromkeys(words, 100), 7: 100})
    entries = [entry("e", pid=pid, pid_start=99 if pid == 6 else 100) for pid in (3, 2, 1, 4, 5, 6, 7, 8, os.getpid())]
    processes["stays"].add(2)
    assert end_leftovers([*entries, entries[0]]) == [1, 2, 3]
    term, kill = signal.SIGTERM, signal.SIGKILL
    assert processes["sent"] == [(3, term), (2, term), (2, kill), (1, term)]
    assert processes["waits"] == [
        ({"what": f"leftover process {pid} to end", "within_s": 20.0}, False) for pid in (3, 2, 1)
    ]
    assert process_start(10**9) is None


@pytest.mark.parametrize(
    ("stat", "is_over"),
    [("7 (a) b) Z 1", True), ("7 (Z) S 1", False), ("7 (a)", True), (FileNotFoundError(), True), ("7 (a) ZZ", False)],
)
def test_a_process_that_has_ended_or_is_a_zombie_is_over(processes: dict[str, Any], stat: Any, is_over: bool) -> None:
    processes["words"][1], processes["starts"][1], processes["stat"] = ["chaos"], 100, stat
    end_leftovers([entry("e", pid=1, pid_start=100)])
    assert [over for _, over in processes["waits"]] == [is_over]
