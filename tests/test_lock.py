"""The lock: one run at a time, and a dead holder blocks nobody."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.errors import UsageError
from fixtures.lock import holder, lock, lock_path
from fixtures.settings import Settings

HOLDER = """
import sys, time
from pathlib import Path
from fixtures.lock import lock
from fixtures.settings import Settings
with lock(Settings(home=Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def other(settings: Settings):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(settings.home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_process_is_refused_and_told_who_holds_it(settings: Settings, other: subprocess.Popen[str]) -> None:
    with pytest.raises(UsageError, match=f"process {other.pid} .* since") as refused, lock(settings):
        pass
    assert refused.value.exit_code == 2
    assert "CRUCIBLE_CLUSTER" in str(refused.value)


def test_a_killed_holder_frees_it(settings: Settings, other: subprocess.Popen[str]) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait()
    with lock(settings):
        assert "process" in holder(lock_path(settings))


def test_the_same_process_may_take_it_again_and_keeps_it(settings: Settings) -> None:
    with lock(settings):
        with lock(settings):
            pass
        probe = f"from tests.test_lock import *; lock(Settings(home=Path({str(settings.home)!r}))).__enter__()"
        refused = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert "is in use by process" in refused.stderr


def test_another_cluster_has_another_lock(settings: Settings, other: subprocess.Popen[str]) -> None:
    with lock(settings.model_copy(update={"cluster": "other"})):
        pass


def test_a_damaged_lock_file_is_no_reason_to_fail(settings: Settings) -> None:
    path = lock_path(settings)
    path.parent.mkdir(parents=True)
    path.write_text("{half")
    assert "has not said" in holder(path)
    with lock(settings):
        pass
