"""Finding and starting a Docker Engine: decisions, stale pid files, and the runtime that asks for less."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from fixtures.docker import daemon
from fixtures.docker import engine as docker
from fixtures.docker.runtime import is_granted, write_runtime
from fixtures.errors import HarnessError, UsageError
from fixtures.settings import Settings


def stub(folder: Path, name: str, script: str) -> Path:
    """Put a program of that name into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def only_stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing of Docker but what the test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "sed"):
        (folder / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(folder))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_an_engine_that_answers_in_the_current_context_is_taken(only_stubs: Path) -> None:
    stub(only_stubs, "docker", """echo '{"Version": "27.1"}'""")
    engine = docker.find_engine()
    assert engine == docker.Engine("context current", "27.1")


def test_docker_host_is_the_users_choice_and_nothing_else_is_tried(
    only_stubs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    stub(only_stubs, "docker", """[ "$DOCKER_HOST" = unix:///nowhere.sock ] && exit 1; echo '{"Version": "1"}'""")
    assert docker.find_engine() is None


def test_a_socket_is_tried_when_the_context_does_not_answer(
    only_stubs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import socket

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "docker.sock"))
        here = f"unix://{tmp_path}/docker.sock"
        stub(only_stubs, "docker", f"""[ "$DOCKER_HOST" = {here} ] || exit 1; echo '{{"Version": "20.10"}}'""")
        engine = docker.find_engine()
    assert engine is not None
    assert engine.env == {"DOCKER_HOST": here}


@pytest.mark.parametrize("answer", ["echo null", "echo Podman", "exit 1", "echo '{}'"])
def test_an_engine_that_does_not_say_its_version_is_none(only_stubs: Path, answer: str) -> None:
    stub(only_stubs, "docker", answer)
    assert docker.find_engine() is None


@pytest.mark.usefixtures("only_stubs")
def test_without_a_docker_command_there_is_no_engine() -> None:
    assert docker.find_engine() is None


@pytest.mark.usefixtures("only_stubs")
def test_no_root_and_no_docker_is_said_with_the_next_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UsageError, match="only root can install") as caught:
        daemon.ensure_engine(Settings(), fix=True)
    assert caught.value.exit_code == 2
    assert "make doctor" in str(caught.value)


@pytest.mark.usefixtures("only_stubs")
def test_root_without_fix_is_sent_to_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(UsageError, match="no Docker Engine answers") as caught:
        daemon.ensure_engine(Settings(), fix=False)
    assert caught.value.next_command == "crucible doctor --fix"


def test_a_daemon_that_ends_at_once_is_reported_with_its_last_words(
    only_stubs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub(only_stubs, "docker", "exit 1")
    stub(only_stubs, "runc", "exit 0")
    stub(only_stubs, "dockerd", "echo the disk is on fire >&2; exit 5")
    monkeypatch.setattr(daemon, "clear_stale_pids", list)
    monkeypatch.setattr(daemon, "CPU_OF_CONTAINERS", tmp_path / "none" / "docker")
    with pytest.raises(HarnessError, match="dockerd ended with 5:\nthe disk is on fire"):
        daemon.start_daemon(Settings(home=tmp_path))


def test_a_foreign_daemon_without_our_runtime_is_refused_where_the_capability_is_withheld(
    only_stubs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "is_granted", lambda: False)
    stub(only_stubs, "docker", "echo runc")
    with pytest.raises(HarnessError, match="found 'runc' in a daemon that Crucible did not start"):
        daemon.check_runtime(docker.Engine("x", "1"))
    stub(only_stubs, "docker", "echo crucible")
    daemon.check_runtime(docker.Engine("x", "1"))


def test_pid_files_of_dead_or_other_processes_are_removed_and_those_of_the_living_kept(tmp_path: Path) -> None:
    own = Path("/proc/self/comm").read_text().strip()
    contents = {"dead": "4194000", "reused": str(os.getpid()), "alive": str(os.getpid()), "empty": "", "odd": "x"}
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
    files = {tmp_path / name: own if name == "alive" else "dockerd" for name in [*contents, "missing"]}
    assert daemon.clear_stale_pids(files) == [tmp_path / "dead", tmp_path / "reused", tmp_path / "empty"]
    assert (tmp_path / "alive").exists()


@pytest.mark.parametrize(
    ("bounding", "granted"), [("000001ffffffffff", True), ("000001fffeffffff", False), ("0000000001000000", True)]
)
def test_the_capability_is_read_from_the_bounding_set(bounding: str, granted: bool) -> None:
    assert is_granted(f"Name:\tx\nCapBnd:\t{bounding}\n") is granted


CAPABILITIES = [
    ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_SYS_TIME"],
    ["CAP_SYS_RESOURCE", "CAP_CHOWN"],
    ["CAP_CHOWN", "CAP_SYS_RESOURCE"],
    ["CAP_SYS_RESOURCE"],
    ["CAP_CHOWN"],
    [],
]


@pytest.mark.parametrize("given", CAPABILITIES)
@pytest.mark.parametrize("indent", [None, 2])
def test_the_runtime_takes_the_capability_out_of_a_bundle(tmp_path: Path, given: list[str], indent: int | None) -> None:
    before = {"process": {"capabilities": {"bounding": given, "effective": given}, "args": ["CAP_X"]}, "root": {}}
    config = tmp_path / "bundle/config.json"
    config.parent.mkdir()
    config.write_text(json.dumps(before, indent=indent))
    runc = stub(tmp_path / "real", "runc", 'echo "$@"')
    wrapper = write_runtime(tmp_path / "engine", str(runc))
    words = ["--root", "/run", "create", "--bundle", str(config.parent), "name"]
    done = subprocess.run([wrapper, *words], capture_output=True, text=True, check=True)
    assert done.stdout.split() == words  # handed over as they were
    left = [name for name in given if name != "CAP_SYS_RESOURCE"]
    after = json.loads(config.read_text())
    assert after["process"]["capabilities"] == {"bounding": left, "effective": left}
    assert after["process"]["args"] == ["CAP_X"]


@pytest.mark.parametrize("form", ["--process {}", "-p {}", "--process={}"])
def test_the_runtime_takes_the_capability_out_of_the_process_file_of_an_exec(tmp_path: Path, form: str) -> None:
    process = tmp_path / "process.json"
    process.write_text(json.dumps({"capabilities": {"bounding": ["CAP_SYS_RESOURCE", "CAP_KILL"]}}))
    wrapper = write_runtime(tmp_path / "engine", str(stub(tmp_path / "real", "runc", "exit 7")))
    status = subprocess.run([wrapper, "exec", *form.format(process).split(), "name"], check=False).returncode
    assert status == 7  # runc's own
    assert json.loads(process.read_text()) == {"capabilities": {"bounding": ["CAP_KILL"]}}


@pytest.mark.usefixtures("only_stubs")
def test_without_runc_no_runtime_is_written(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="expected runc"):
        write_runtime(tmp_path / "engine")


def test_containers_weigh_more_than_one_thread_of_the_load(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    group = tmp_path / "cpu" / "docker"
    daemon._weigh(group)
    assert not group.exists(), "no cgroup v1"
    group.parent.mkdir()
    daemon._weigh(group)
    assert int((group / "cpu.shares").read_text()) == 4 * 1024
    (group / "cpu.shares").unlink()
    (group / "cpu.shares").mkdir()
    daemon._weigh(group)
    assert "containers keep the weight of one thread" in caplog.text
