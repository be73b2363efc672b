"""An experiment as a child process: its whole command and environment, and all that is read from its journal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos import run
from chaos.run import Journal, find, names, read, run_experiment
from fixtures.errors import HarnessError, UsageError
from fixtures.settings import ROOT, Settings

EFFECT = {"fault_id": "f1", "t": 3.0}
OTHER = {"fault_id": "f2", "t": 4.0}


def step(output: Any, *, status: str = "succeeded", kind: str = "action") -> dict[str, Any]:
    return {"status": status, "activity": {"type": kind, "name": "a"}, "output": output}


RAW: dict[str, Any] = {
    "strict": True,
    "status": "completed",
    "deviated": False,
    "run": [
        step(EFFECT),
        step({"fault_id": "of a probe"}, kind="probe"),
        step({"fault_id": "of a failure"}, status="failed"),
        step({"waited": "no fault"}),
        step("a word"),
        step(OTHER),
        {"activity": {"type": "action", "name": "never begun"}, "output": {"fault_id": "none"}},
    ],
    "rollbacks": [
        step([{"fault_id": "f1", "healed": 1}, {"fault_id": "f2"}]), step(["lost"], status="failed"), step(None),
    ],
}  # fmt: skip
OUTPUT = "\n".join(["[x INFO] begun", "[x ERROR] the first", "ERROR] not a level", "[x CRITICAL] the last"]) + "\n"


def folder_with(tmp_path: Path, journal: Any, *, name: str = "gateway-pod-kill-12") -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "journal.json").write_text(journal if isinstance(journal, str) else json.dumps(journal))
    return folder


def test_a_journal_is_read_whole(tmp_path: Path) -> None:
    found = read(folder_with(tmp_path, RAW), exit_code=5, output=OUTPUT)
    assert found == Journal(
        experiment="gateway-pod-kill",
        folder="gateway-pod-kill-12",
        exit_code=5,
        status="completed",
        deviated=False,
        effective=(EFFECT, OTHER),
        healed=({"fault_id": "f1", "healed": 1}, {"fault_id": "f2"}),
        problems=("[x ERROR] the first", "[x CRITICAL] the last"),
    )
    assert (found.fault_ids, found.fault_id) == (("f1", "f2"), "f1")


@pytest.mark.parametrize("deviated", [True, None, 0, "no"])
def test_whatever_is_not_plainly_no_deviation_is_one_and_nothing_said_is_no_problem(
    tmp_path: Path, deviated: Any
) -> None:
    found = read(folder_with(tmp_path, RAW | {"deviated": deviated}), exit_code=0)
    assert (found.deviated, found.problems, found.ok) == (True, (), False)


LONG = "\n".join(f"line {n}" for n in range(1, 11))
TAIL = "\n".join(f"line {n}" for n in range(3, 11))


@pytest.mark.parametrize("text", ["{", None])
def test_no_journal_is_refused_with_the_exit_code_and_the_last_lines(tmp_path: Path, text: str | None) -> None:
    folder = folder_with(tmp_path, text or "")
    if text is None:
        (folder / "journal.json").unlink()
    with pytest.raises(HarnessError) as refused:
        read(folder, exit_code=7, output=LONG)
    assert str(refused.value) == f"experiment gateway-pod-kill-12 left no journal (exit 7):\n{TAIL}"


@pytest.mark.parametrize("strict", [False, None, "dry", 1])
def test_a_journal_without_the_mark_is_refused_with_what_to_type(tmp_path: Path, strict: Any) -> None:
    with pytest.raises(HarnessError) as refused:
        read(folder_with(tmp_path, RAW | {"strict": strict}), exit_code=0, output=LONG)
    assert str(refused.value) == (
        "experiment gateway-pod-kill-12 ran without its strict control, so its journal (completed) proves nothing:\n"
        f"{TAIL}\n  next: chaos validate chaos/experiments/*.yaml"
    )
    unmarked = {key: value for key, value in RAW.items() if key not in ("strict", "status")}
    with pytest.raises(HarnessError, match=r"so its journal \(None\) proves nothing:\n\n  next"):
        read(folder_with(tmp_path, unmarked, name="toy-1"), exit_code=0)


def test_only_a_run_that_completed_and_proved_and_healed_each_fault_counts() -> None:
    def ok(**changes: Any) -> bool:
        good: dict[str, Any] = {
            "experiment": "toy", "folder": "toy-1", "exit_code": 0, "status": "completed", "deviated": False,
            "effective": (EFFECT, OTHER), "healed": (OTHER, EFFECT, EFFECT),
        }  # fmt: skip
        return Journal(**{**good, **changes}).ok

    assert ok() is True
    for change in (
        {"exit_code": 1}, {"exit_code": -15}, {"status": "failed"}, {"deviated": True}, {"healed": (EFFECT,)},
        {"effective": (EFFECT,)}, {"effective": (), "healed": ()},
    ):  # fmt: skip
        assert ok(**change) is False, change
    nothing = Journal("toy", "toy-1", 0, "completed", False, (), ())
    assert (nothing.fault_ids, nothing.fault_id, nothing.problems) == ((), "", ())


def test_an_unknown_experiment_is_refused_whole_and_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        find("gatewy")
    assert str(refused.value) == f"no experiment is called gatewy; there are {', '.join(names())}"
    assert names() == sorted(path.name.removesuffix(".yaml") for path in (ROOT / "chaos/experiments").glob("*.yaml"))
    toy = tmp_path / "toy.yaml"
    toy.touch()
    (tmp_path / "link.yaml").symlink_to(toy)
    assert find(tmp_path / "link.yaml") == toy.resolve()
    with pytest.raises(UsageError, match=f"no experiment is called {tmp_path}; there are"):
        find(tmp_path)


class Child:
    """A `chaos` process that writes what it is told and ends, or does not, as `ends` says."""

    made: list[Child]

    def __init__(self, words: list[str], **how: Any) -> None:
        self.words, self.how, self.waited = words, how, list[float]()
        Child.made.append(self)
        out = how["stdout"]
        assert isinstance(out, io.TextIOBase)
        assert out is how["stderr"]
        out.write(OUTPUT)
        Path(words[words.index("--journal-path") + 1]).write_text(json.dumps(RAW))

    ends: Any = 0

    def wait(self, limit_s: float) -> int:
        self.waited.append(limit_s)
        if isinstance(self.ends, BaseException):
            raise self.ends
        return int(self.ends)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    Child.made, Child.ends = [], 0
    fake = SimpleNamespace(Popen=Child, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired)
    monkeypatch.setattr(run, "subprocess", fake)
    return Child.made


@pytest.mark.parametrize("inherited", ["", "/else/where"])
def test_the_child_is_bound_to_us_in_its_own_folder_with_our_settings(
    tmp_path: Path, children: list[Child], monkeypatch: pytest.MonkeyPatch, inherited: str
) -> None:
    for name in [name for name in os.environ if name.startswith("CRUCIBLE_")]:  # of whoever runs this test
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", inherited)
    monkeypatch.setenv("CRUCIBLE_SEED", "1")
    settings = Settings(home=tmp_path / "home", cluster="other")
    for number in (1, 2):
        found = run_experiment("gateway-pod-kill", tmp_path / "x/../run", settings=settings, seed=81)
        assert (found.folder, found.exit_code, len(found.effective)) == (f"gateway-pod-kill-{number}", 0, 2)
        assert found.problems == ("[x ERROR] the first", "[x CRITICAL] the last")
    (_, child) = children
    folder = tmp_path / "run/experiments/gateway-pod-kill-2"
    assert child.words == [
        sys.executable, "-m", "chaos.child", str(os.getpid()), "--log-file", str(folder / "chaostoolkit.log"),
        "run", "--journal-path", str(folder / "journal.json"), str(ROOT / "chaos/experiments/gateway-pod-kill.yaml"),
    ]  # fmt: skip
    env = child.how["env"]
    assert {name: value for name, value in env.items() if name.startswith("CRUCIBLE_")} == {
        "CRUCIBLE_HOME": str(tmp_path / "home"),
        "CRUCIBLE_CLUSTER": "other",
        "CRUCIBLE_RUN_DIR": str(tmp_path / "run"),
        "CRUCIBLE_SEED": "81",
    }
    assert env["PYTHONPATH"] == (f"{ROOT}:{inherited}" if inherited else str(ROOT))
    assert env["PATH"] == os.environ["PATH"]
    how = {name: value for name, value in child.how.items() if name not in ("env", "stdout", "stderr")}
    assert how == {"cwd": folder, "stdin": subprocess.DEVNULL, "start_new_session": True}
    assert Path(child.how["stdout"].name) == folder / "output.txt"
    assert child.waited == [1800.0]


@pytest.mark.parametrize(
    ("ends", "raised", "said"),
    [
        (subprocess.TimeoutExpired("chaos", 9), HarnessError,
         "experiment worker-node-kill-1 did not end within 1800 s"),
        (KeyboardInterrupt("Ctrl-C"), KeyboardInterrupt, "Ctrl-C"),
        (ValueError("odd"), ValueError, "odd"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("jammed", [False, True])
def test_what_ends_it_early_has_its_rollbacks_run_and_only_its_own_run_healed(
    tmp_path: Path, children: list[Child], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    ends: BaseException, raised: type[BaseException], said: str, jammed: bool,
) -> None:  # fmt: skip
    did: list[Any] = []

    def heal_open(settings: Settings, *, run: str | None = None) -> None:
        did.append(("heal", settings, run))
        if jammed:
            raise OSError("jammed")

    monkeypatch.setattr(run, "heal_open", heal_open)
    monkeypatch.setattr(run, "end_group", lambda child, *, within_s: did.append(("end", child, within_s)))
    Child.ends = ends
    settings = Settings(home=tmp_path / "home")
    with pytest.raises(raised) as caught:
        run_experiment("worker-node-kill", tmp_path / "run-9", settings=settings, seed=1)
    assert str(caught.value) == said
    assert did == [("end", children[0], 300.0), ("heal", settings, "run-9")]
    healing = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert healing == (["worker-node-kill-1 could not be healed: jammed"] if jammed else [])


def test_what_is_no_text_in_its_output_does_not_hide_how_it_ended(
    tmp_path: Path, children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Child, "wait", lambda child, limit_s: child.how["stdout"].buffer.write(b"\xff\xfe") * 2)
    assert run_experiment("gateway-pod-kill", tmp_path / "run", settings=Settings(home=tmp_path), seed=1).exit_code == 4
