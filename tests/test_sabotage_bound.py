"""A run under a sabotage does not outlive the process that planted it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fixtures.settings import ROOT, Settings
from fixtures.wait import wait_for
from suites.sabotage import child


def test_a_run_whose_planter_is_killed_ends_in_its_orderly_way(tmp_path: Path) -> None:
    """It had a session of its own and went on for minutes, with the cluster's lock, under a defect nobody undid."""
    told, ready = tmp_path / "told", tmp_path / "ready"
    (tmp_path / "cli.py").write_text(
        "import pathlib, signal, sys, time\n"
        "def main():\n"
        "    def end(*_):\n"
        f"        pathlib.Path({str(told)!r}).write_text(str(sys.argv))\n"
        "        sys.exit(0)\n"
        "    signal.signal(signal.SIGTERM, end)\n"
        f"    pathlib.Path({str(ready)!r}).write_text('1')\n"
        "    time.sleep(60)\n"
    )
    planter = (
        "import os, subprocess, sys, time\n"
        "from suites.sabotage import child\n"
        "from fixtures.settings import Settings\n"
        "env = child.environment(Settings())\n"
        f"env['PYTHONPATH'] = {str(tmp_path)!r} + os.pathsep + env['PYTHONPATH']\n"
        f"subprocess.Popen(child.words_of(['a.b'], 7), env=env, cwd={str(tmp_path)!r}, start_new_session=True)\n"
        "time.sleep(60)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", planter], env=env) as killed:
        try:
            wait_for(ready.exists, what="the run to begin", within_s=60)
        finally:
            killed.kill()
    wait_for(told.exists, what="the run to end", within_s=10)
    assert told.read_text() == str(["crucible", *child.words_of(["a.b"], 7)[4:]])


def test_a_run_whose_planter_is_gone_already_is_not_begun() -> None:
    words = child.words_of(["a.b"], 7)
    words[3] = "1"
    ended = subprocess.run(words, env=child.environment(Settings()), check=False)
    assert ended.returncode == 3
