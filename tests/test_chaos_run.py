"""Running experiments from the harness: found by name, healed however they end, and by `crucible heal` after that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_fault import OpenDoors

from chaos import session
from chaos.child import ORPHANED
from chaos.engine import Engine
from chaos.heal import end_leftovers
from chaos.run import find, names
from fixtures.errors import UsageError
from fixtures.ledger import Entry, Ledger, process_start
from fixtures.settings import Settings
from fixtures.timeline import Timeline
from fixtures.wait import wait_for

HERE = Path(__file__).parent
CRUCIBLE = [sys.executable, "-c", "from cli import main; main()"]


def test_an_unknown_experiment_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match="gateway-pod-kill, kafka-broker-pod-kill"):
        find("gateway-pod-kil")
    assert find("gateway-pod-kill").name == "gateway-pod-kill.yaml"
    assert "worker-node-kill" in names()


def activity(func: str, **arguments: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": "fake_fault", "func": func, "arguments": arguments}
    return {"name": func, "type": "action", "provider": provider}


def toy(folder: Path) -> Path:
    controls = [{"name": "crucible", "provider": {"type": "python", "module": "chaos.controls.crucible"}}]
    experiment = {
        "version": "1.0.0",
        "title": "A door that opens is shut again",
        "description": "A toy.",
        "configuration": {"experiment": "toy"},
        "runtime": {"hypothesis": {"strategy": "continuously"}, "rollbacks": {"strategy": "always"}},
        "controls": controls,
        "steady-state-hypothesis": {
            "title": "Nothing",
            "probes": [activity("answer") | {"type": "probe", "tolerance": True}],
        },
        "method": [
            activity("open_doors", folder=str(folder / "doors")),
            activity("stay_open", file=str(folder / "go")),
            activity("shut_doors"),
        ],
        "rollbacks": [activity("shut_doors")],
    }
    (folder / "doors").mkdir()
    (folder / "doors" / "door-1").write_text("green")
    (folder / "toy.yaml").write_text(yaml.safe_dump(experiment, sort_keys=False))
    return folder / "toy.yaml"


def harness(folder: Path) -> subprocess.Popen[str]:
    """A process that runs the toy experiment as a suite would, until the doors are open."""
    code = f"""
    import signal
    from pathlib import Path
    from chaos.run import run_experiment
    from fixtures.settings import load_settings
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts in the background
    toy, run_dir = Path({str(toy(folder))!r}), Path({str(folder / "run")!r})
    journal = run_experiment(toy, run_dir, settings=load_settings(), seed=7)
    print(journal.ok, journal.status, journal.folder, len(journal.fault_ids))
    """
    env = {**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parent}", "CRUCIBLE_HOME": str(folder / "home")}
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for((folder / "go.open").exists, what="the doors to be open", within_s=60, every_s=0.02)
    assert not (folder / "doors" / "door-1").exists()
    return child


def test_an_experiment_that_ends_well_is_proven_by_its_journal(tmp_path: Path) -> None:
    child = harness(tmp_path)
    (tmp_path / "go").touch()
    said, _ = child.communicate(timeout=20)
    assert said == "True completed toy-1 1\n"
    journal = json.loads((tmp_path / "run" / "experiments" / "toy-1" / "journal.json").read_text())
    assert "interrupted_by" not in journal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_harness_that_is_interrupted_or_killed_leaves_nothing_broken(tmp_path: Path, number: signal.Signals) -> None:
    child = harness(tmp_path)
    child.send_signal(number)
    child.communicate(timeout=20)
    assert child.returncode != 0
    door = tmp_path / "doors" / "door-1"
    wait_for(door.exists, what="the rollback to shut the door", within_s=60, every_s=0.02)
    ledger = Ledger(tmp_path / "home" / "clusters" / "crucible")
    wait_for(lambda: not ledger.open_entries(), what="nothing to be open", within_s=60, every_s=0.02)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_an_experiment_that_is_interrupted_says_so_in_its_journal(tmp_path: Path, name: str) -> None:
    """Chaos Toolkit tells it only as the failure of the action that was under way."""
    child = harness(tmp_path)
    (entry,) = Ledger(tmp_path / "home" / "clusters" / "crucible").open_entries()
    os.kill(entry.pid, getattr(signal, name))
    said, _ = child.communicate(timeout=20)
    assert said == "False interrupted toy-1 1\n"
    journal = json.loads((tmp_path / "run" / "experiments" / "toy-1" / "journal.json").read_text())
    assert journal["interrupted_by"]["signal"] == name
    assert 0 < journal["interrupted_by"]["monotonic_ns"] < time.monotonic_ns()


def test_crucible_heal_lists_heals_and_says_so(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    (tmp_path / "door-1").write_text("green")
    engine = Engine(Ledger(settings.cluster_home), Timeline(tmp_path / "run"), run="run", experiment="toy-1")
    engine.inject(OpenDoors(None, str(tmp_path)))
    env = {**os.environ, "CRUCIBLE_HOME": str(tmp_path), "PYTHONPATH": f"{HERE}:{HERE.parent}"}

    def crucible(*words: str) -> str:
        return subprocess.run([*CRUCIBLE, *words], env=env, check=True, capture_output=True, text=True).stdout

    assert crucible("heal", "--list").startswith("open: OpenDoors of door door-1, by toy-1 of run run")
    assert not (tmp_path / "door-1").exists(), "--list does nothing"
    assert crucible("heal").startswith("healed: OpenDoors of door door-1")
    assert (tmp_path / "door-1").read_text() == "green"
    assert crucible("heal") == "nothing is open\n"


def test_an_experiment_does_not_begin_on_what_an_earlier_one_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRUCIBLE_HOME", str(tmp_path))
    monkeypatch.delenv("CRUCIBLE_RUN_DIR", raising=False)
    home = Settings(home=tmp_path).cluster_home
    with pytest.raises(UsageError, match="crucible up"):
        session.begin({"experiment": "toy"})
    Ledger(home).open(Entry("gone-1", {}, []))
    (home / "kubeconfig").touch()
    with pytest.raises(UsageError, match="gone-1 of an earlier run is not undone yet"):
        session.begin({"experiment": "toy"})


def test_heal_refuses_while_a_run_holds_the_cluster(tmp_path: Path) -> None:
    from fixtures.lock import lock

    env = {**os.environ, "CRUCIBLE_HOME": str(tmp_path)}
    with lock(Settings(home=tmp_path)):
        refused = subprocess.run([*CRUCIBLE, "heal"], env=env, check=False, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "is in use by process" in refused.stderr
    assert "--force" in refused.stderr


def test_only_the_chaos_process_that_wrote_the_entry_is_ended() -> None:
    with (
        subprocess.Popen(["chaos", "60"], executable="/bin/sleep") as chaos,
        subprocess.Popen(["other", "60"], executable="/bin/sleep") as other,
    ):
        starts = {
            p.pid: wait_for(lambda p=p: process_start(p.pid), what="its start", within_s=60).value
            for p in (chaos, other)
        }
        for child in (chaos, other):  # the kernel sets the words a moment after the new program has begun
            words = Path(f"/proc/{child.pid}/cmdline")
            wait_for(lambda words=words: words.read_bytes().endswith(b"60\0"), what="its words", within_s=60)
        namesake = Entry("a", {}, [], pid=chaos.pid, pid_start=starts[chaos.pid] - 1)
        stranger = Entry("b", {}, [], pid=other.pid, pid_start=starts[other.pid])
        assert end_leftovers([namesake, stranger]) == []
        assert (chaos.poll(), other.poll()) == (None, None)
        assert end_leftovers([Entry("c", {}, [], pid=chaos.pid, pid_start=starts[chaos.pid])]) == [chaos.pid]
        assert chaos.wait(5) == -signal.SIGTERM
        other.terminate()


def test_an_experiment_whose_parent_is_dead_already_does_not_begin() -> None:
    """The parent may die between starting the child and the child's asking to be told."""
    words = [sys.executable, "-m", "chaos.child", str(os.getpid() + 1), "--version"]
    orphan = subprocess.run(words, check=False, capture_output=True, text=True)
    assert (orphan.returncode, orphan.stdout) == (ORPHANED, "")
    words[3] = str(os.getpid())
    mine = subprocess.run(words, check=False, capture_output=True, text=True)
    assert mine.returncode == 0
    assert "version" in mine.stdout


def test_the_bond_comes_before_anything_that_takes_time() -> None:
    """Chaos Toolkit's import takes a second, in which a parent may die."""
    code = "import sys; import chaos.child; print({'chaoslib', 'chaostoolkit'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"
