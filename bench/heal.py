"""How long `crucible heal` takes after a run was killed with SIGKILL while a worker node was down."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.cluster_up import timed
from bench.figure import Figure
from fixtures.command import run
from fixtures.errors import HarnessError
from fixtures.process_group import kill_group
from fixtures.settings import ROOT, Settings
from fixtures.wait import wait_for

EXPERIMENT = ROOT / "chaos" / "experiments" / "worker-node-kill.yaml"
BAR_S = 30.0
EFFECT_WITHIN_S, HEAL_WITHIN_S = 120.0, 300.0


def measure(settings: Settings) -> list[Figure]:
    """Kill a worker by its experiment, kill the experiment, and time the healing; then nothing may differ.

    Raises:
        HarnessError: the node did not go down, or the stack is not as it was after the healing.
        CommandError: `crucible heal` failed.
    """
    commands = Path(sys.executable).parent
    with tempfile.TemporaryDirectory(prefix="crucible-bench-") as folder:
        _leave_node_down(commands / "chaos", Path(folder))
        seconds = timed("heal", within_s=HEAL_WITHIN_S)
    left = run([commands / "crucible", "status", "--diff"], within_s=HEAL_WITHIN_S, check=False)
    if left.returncode:
        raise HarnessError(f"after `crucible heal` the stack is not as it was: {left.stdout}{left.stderr}")
    what = "`crucible heal` after SIGKILL while a worker was down, diff empty"
    bar = f"\N{LESS-THAN OR EQUAL TO} {BAR_S:g} s"
    return [Figure("heal", what, bar, f"{seconds:.1f} s", seconds, seconds <= BAR_S)]


def _leave_node_down(chaos: Path, folder: Path) -> None:
    """Run the experiment until its fault has taken effect, and let it die there, and its lock with it."""
    timeline = folder / "timeline.jsonl"
    with (folder / "chaos.log").open("wb") as log:
        child = subprocess.Popen(
            [chaos, "--log-file", folder / "chaostoolkit.log", "run", EXPERIMENT],
            cwd=folder, env=os.environ | {"CRUCIBLE_RUN_DIR": str(folder)}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(
            lambda: timeline.exists() and '"fault.effective"' in timeline.read_text(),
            what="a worker node to be down",
            within_s=EFFECT_WITHIN_S,
            every_s=0.2,
            fail_if=lambda: (folder / "chaos.log").read_text()[-500:] if child.poll() is not None else None,
        )
    finally:
        kill_group(child)
