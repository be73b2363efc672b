"""Ending a child ends all that it started, in order where it can, and whatever happens meanwhile."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from fixtures.process_group import end_group, kill_group, signal_group
from fixtures.wait import wait_for


def started(folder: Path, script: str, *, trap: str = "") -> subprocess.Popen[bytes]:
    """A shell that has started a sleeper and told its pid."""
    child = subprocess.Popen(
        ["/bin/sh", "-c", f"sleep 60 & {trap} echo $! > {folder}/pid; touch {folder}/up; {script}"],
        start_new_session=True,
    )
    wait_for((folder / "up").exists, what="the child to be up", within_s=60, every_s=0.02)
    return child


def is_alive(folder: Path) -> bool:
    pid = int((folder / "pid").read_text())
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(folder: Path) -> None:
    wait_for(lambda: not is_alive(folder), what="the grandchild to be gone", within_s=60, every_s=0.02)


def test_a_child_may_put_things_in_order_and_its_own_child_ends_with_it(tmp_path: Path) -> None:
    child = started(tmp_path, "wait", trap=f"trap 'touch {tmp_path}/ordered; exit 7' TERM;")
    end_group(child, within_s=20)
    assert child.returncode == 7
    assert (tmp_path / "ordered").exists()
    gone(tmp_path)


def test_one_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    child = started(tmp_path, "while :; do sleep 60; done", trap="trap '' TERM;")
    end_group(child, within_s=0.2)
    assert child.returncode == -signal.SIGKILL
    gone(tmp_path)


def test_what_cuts_the_wait_short_goes_on_when_all_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = started(tmp_path, "while :; do sleep 60; done", trap="trap '' TERM;")
    wait = child.wait

    def interrupted(timeout: float | None = None) -> int:
        if timeout is not None:
            raise KeyboardInterrupt
        return wait()

    monkeypatch.setattr(child, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        end_group(child, within_s=20)
    assert child.returncode == -signal.SIGKILL
    gone(tmp_path)


def test_what_a_child_that_has_ended_left_is_killed_too(tmp_path: Path) -> None:
    child = started(tmp_path, "exit 3")
    child.wait(20)
    end_group(child, within_s=1)
    assert child.returncode == 3
    gone(tmp_path)
    kill_group(child)
    signal_group(child, signal.SIGTERM)
