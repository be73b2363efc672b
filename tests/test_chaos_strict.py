"""The strict control: what Chaos Toolkit alone lets end with exit 0 is red here. Each case is a real `chaos run`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.controls.crucible import rollbacks
from chaos.controls.strict import broken_promises, unproven
from chaos.run import read
from fixtures.errors import HarnessError

HERE = Path(__file__).parent


def activity(func: str, kind: str = "action", **arguments: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": "fake_fault", "func": func, "arguments": arguments}
    return {"name": func, "type": kind, "provider": provider} | ({"tolerance": True} if kind == "probe" else {})


def experiment(
    *,
    probe: dict[str, Any] | None = None,
    act: dict[str, Any] | None = None,
    rollback: dict[str, Any] | None = None,
    control: str = "chaos.controls.strict",
) -> dict[str, Any]:
    return {
        "version": "1.0.0",
        "title": "A door stays shut",
        "description": "A toy.",
        "runtime": {"hypothesis": {"strategy": "continuously"}, "rollbacks": {"strategy": "always"}},
        "controls": [{"name": "strict", "provider": {"type": "python", "module": control}}],
        "steady-state-hypothesis": {"title": "It is shut", "probes": [probe or activity("answer", "probe")]},
        "method": [act or activity("act", looks=2)],
        "rollbacks": [rollback or activity("act")],
    }


def chaos_run(folder: Path, toy: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
    (folder / "toy.yaml").write_text(yaml.safe_dump(toy, sort_keys=False))
    words = [Path(sys.executable).with_name("chaos"), "run", "--journal-path", "journal.json", "toy.yaml"]
    env = {**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parent}"}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, json.loads((folder / "journal.json").read_text()), done.stdout + done.stderr


def test_a_run_in_which_everything_held_is_green_and_marked(tmp_path: Path) -> None:
    code, journal, _ = chaos_run(tmp_path, experiment())
    assert (code, journal["status"], journal["deviated"], journal["strict"]) == (0, "completed", False, True)


TRAPS = {
    "an action that raises": ({"act": activity("act", fail=True)}, "interrupted", "not proven"),
    "a rollback that fails": ({"rollback": activity("act", fail=True)}, "failed", "did not succeed"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_red(trap: str, tmp_path: Path) -> None:
    parts, status, said = TRAPS[trap]
    code, journal, output = chaos_run(tmp_path, experiment(**parts))  # type: ignore[arg-type]
    assert (code, journal["status"], journal["strict"]) == (1, status, True)
    assert said in output
    assert journal["rollbacks"], "rollbacks always run"


def test_a_hypothesis_that_fails_only_during_the_fault_is_red(tmp_path: Path) -> None:
    file = str(tmp_path / "fault")
    probe = activity("holds_unless", "probe", file=file)
    code, journal, output = chaos_run(tmp_path, experiment(probe=probe, act=activity("wait_for_look", file=file)))
    assert (code, journal["deviated"]) == (1, True)
    assert journal["steady_states"]["after"]["steady_state_met"] is True, "Chaos Toolkit alone would end with 0"
    assert "did not hold during the fault" in output


def test_a_probe_that_gives_no_answer_after_the_method_is_not_the_stacks_fault(tmp_path: Path) -> None:
    file = str(tmp_path / "over")
    probe, act = activity("silent_once", "probe", file=file), activity("look_then_touch", file=file)
    code, journal, output = chaos_run(tmp_path, experiment(probe=probe, act=act))
    assert (code, journal["deviated"]) == (1, False), "Chaos Toolkit alone calls it a deviation"
    assert journal["status"] not in {"completed", "deviated"}
    assert "gave no answer after the fault" in output


def test_a_missing_control_leaves_no_mark_and_the_journal_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "toy-1"
    folder.mkdir()
    code, journal, output = chaos_run(folder, experiment(control="chaos.controls.stricter"))
    assert code == 0, "this is the trap: Chaos Toolkit carries on"
    assert "strict" not in journal
    with pytest.raises(HarnessError, match="without its strict control"):
        read(folder, exit_code=code, output=output)


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_role_that_matches_nothing_is_red_and_an_old_run_is_not_gone_on_with(tmp_path: Path, by_hand: bool) -> None:
    """Whoever names an old run's dossier by hand would have written on in its timeline, without lock or watch."""
    toy = experiment(act={
        "name": "kill", "type": "action",
        "provider": {"type": "python", "module": "chaos.faults.pods", "func": "kill",
                     "arguments": {"role": "no-such-role"}},
    })  # fmt: skip
    toy["configuration"] = {"experiment": "toy"}
    toy["controls"][0]["provider"]["module"] = "chaos.controls.crucible"
    env = {"CRUCIBLE_RUN_DIR": str(tmp_path / "run"), "CRUCIBLE_HOME": str(tmp_path / "home")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        folder = tmp_path / "run" / "experiments" / "toy-1"  # where a harness runs it
        folder.mkdir(parents=True)
        if by_hand:
            (tmp_path / "run" / "timeline.jsonl").write_text("")
        code, journal, output = chaos_run(tmp_path if by_hand else folder, toy)
    assert code == 1
    assert journal["status"] == "interrupted"
    assert ("holds another run" if by_hand else "no role is called 'no-such-role'; there are") in output
    assert not by_hand or (tmp_path / "run" / "timeline.jsonl").read_text() == ""


def killing(folder: Path, **changes: Any) -> tuple[int, dict[str, Any], str]:
    """`chaos run` of an experiment with a real fault and these keys changed, in a cluster that is not there."""
    toy = experiment(act={
        "name": "kill", "type": "action",
        "provider": {"type": "python", "module": "chaos.faults.pods", "func": "kill", "arguments": {"role": "gateway"}},
    }) | {"configuration": {"experiment": "toy"}} | changes  # fmt: skip
    env = {"CRUCIBLE_RUN_DIR": str(folder / "run"), "CRUCIBLE_HOME": str(folder / "home")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        return chaos_run(folder, toy)


@pytest.mark.parametrize(
    "controls", [[], [{"name": "s", "provider": {"type": "python", "module": "chaos.controls.x"}}]]
)
def test_without_the_control_no_fault_acts(controls: list[Any], tmp_path: Path) -> None:
    """Chaos Toolkit only warns of a control that it cannot import; the fault itself refuses."""
    _, journal, output = killing(tmp_path, controls=controls)
    assert journal["run"][0]["status"] == "failed"
    assert "expected the control chaos.controls.crucible" in output
    assert not (tmp_path / "home").exists(), "nothing was put on a ledger, so nothing was done"


OURS = [{"name": "crucible", "provider": {"type": "python", "module": "chaos.controls.crucible"}}]


@pytest.mark.parametrize(
    "runtime",
    [{}, {"hypothesis": {"strategy": "default"}, "rollbacks": {"strategy": "always"}},
     {"hypothesis": {"strategy": "continuously"}, "rollbacks": {"strategy": "never"}}],
)  # fmt: skip
def test_an_experiment_that_could_end_green_without_proof_does_not_begin(runtime: Any, tmp_path: Path) -> None:
    code, journal, output = killing(tmp_path, controls=OURS, runtime=runtime)
    assert (code, journal["status"], journal["run"]) == (1, "interrupted", [])
    assert "expected `runtime:" in output


def test_each_fault_is_healed_in_the_rollbacks_without_being_written_there() -> None:
    def step(module: str, func: str) -> dict[str, Any]:
        return {"name": func, "type": "action", "provider": {"type": "python", "module": module, "func": func}}

    pods, nodes, wait = (
        step("chaos.faults.pods", "kill"),
        step("chaos.faults.nodes", "kill"),
        step("chaos.waits.a", "b"),
    )
    made = rollbacks({"method": [pods, wait, step("chaos.faults.pods", "heal"), nodes]})
    assert [a["provider"]["module"] for a in made] == ["chaos.faults.nodes", "chaos.faults.pods"], (
        "the last fault first"
    )
    assert {a["provider"]["func"] for a in made} == {"heal"}
    own = step("chaos.faults.pods", "heal")
    assert rollbacks({"method": [pods], "rollbacks": [own]}) == [own]
    assert [a["provider"]["module"] for a in rollbacks({"method": [pods, nodes], "rollbacks": [own]})] == [
        "chaos.faults.pods", "chaos.faults.nodes",
    ]  # fmt: skip


def test_a_look_that_was_never_made_or_never_answered_proves_nothing() -> None:
    held = {"steady_state_met": True, "probes": [{"status": "succeeded"}]}
    mute = {"steady_state_met": False, "probes": [{"status": "failed"}]}
    run = [{"status": "succeeded", "activity": {"type": "action", "name": "a"}}]
    good: dict[str, Any] = {"steady_states": {"before": held, "after": held, "during": [held]}, "run": run}
    assert unproven({}, good) == []
    for when in ("before", "after"):
        missing = good | {"steady_states": good["steady_states"] | {when: None}}
        assert unproven({}, missing) == [f"the hypothesis was never looked at {when} the fault"]
    unwatched = good | {"steady_states": good["steady_states"] | {"during": []}}
    assert unproven({}, unwatched) == ["the hypothesis was never looked at during the fault"]
    unanswered = good | {"steady_states": good["steady_states"] | {"during": [held, mute]}}
    assert unproven({}, unanswered) == ["a probe of the hypothesis gave no answer during the fault"]
    assert broken_promises(unanswered) == [], "no answer is not the stack's fault"
    assert unproven({}, good | {"run": []}) == ["no action was run"]
    assert unproven({"rollbacks": [{}]}, good) == ["not every rollback was run"]
