"""The doctor's table, from machines made by hand."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fixtures.docker.engine import Engine
from fixtures.doctor import cli
from fixtures.doctor import fix as mend
from fixtures.doctor.facts import FREE, OURS, Facts, ports_held
from fixtures.doctor.rows import Row, State, is_usable, judge
from fixtures.errors import HarnessError
from fixtures.settings import ImageSource, Settings

GOOD = Facts(
    is_root=True, can_install=True, engine=Engine("context current", "27.1"), runtime="runc", has_sys_resource=True,
    cgroup="v2", netem=True, disk_free_gib=100, memory_gib=20, cores=2, ports={18080: FREE, 19092: OURS}, registry=True,
    limits={"fs.inotify.max_user_instances": 512, "fs.inotify.max_user_watches": 200000},
    versions={"python": "3.11.7", "docker": "27.1", "go": "1.26.8"},
)  # fmt: skip


def rows(**changes: Any) -> dict[str, Row]:
    """The table of the good machine with some facts changed, by what was looked at."""
    return {row.what: row for row in judge(dataclasses.replace(GOOD, **changes), Settings())}


def test_a_good_machine_is_usable_and_every_row_is_fine() -> None:
    assert {row.state for row in rows().values()} == {State.OK}
    assert is_usable(list(rows().values()))


@pytest.mark.parametrize(
    ("changes", "what", "state", "says"),
    [
        ({"engine": None}, "Docker Engine", State.MISSING, "--fix installs docker.io"),
        ({"engine": None, "is_root": False}, "Docker Engine", State.BAD, "only root"),
        ({"engine": None, "can_install": False}, "Docker Engine", State.BAD, "no apt-get"),
        ({"has_sys_resource": False}, "CAP_SYS_RESOURCE", State.BAD, "the running daemon uses 'runc'"),
        ({"disk_free_gib": 9.5}, "disk", State.BAD, "9.5 GiB free"),
        ({"disk_free_gib": 3, "images_made": True}, "disk", State.BAD, "3.0 GiB free, 8 GiB needed to run"),
        ({"memory_gib": 2, "ports": {18080: FREE}}, "memory", State.BAD, "2.0 GiB available"),
        ({"ports": {18080: "nginx (pid 4)"}}, "port 18080", State.BAD, "held by nginx (pid 4)"),
    ],
)
def test_what_is_in_the_way_makes_the_machine_unusable(
    changes: dict[str, Any], what: str, state: State, says: str
) -> None:
    table = rows(**changes)
    assert table[what].state is state
    assert says in f"{table[what].found} {table[what].remedy}"
    assert not is_usable(list(table.values()))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"netem": False}, "netem"),
        ({"netem": None}, "netem"),
        ({"registry": False}, "registry"),
        ({"cgroup": "hybrid"}, "cgroup"),
        ({"versions": {"go": ""}}, "go"),
        ({"limits": {}}, "fs.inotify.max_user_instances"),
        ({"limits": {}, "is_root": False}, "fs.inotify.max_user_instances"),
        ({"engine": None, "has_sys_resource": False}, "CAP_SYS_RESOURCE"),
    ],
)
def test_what_has_another_road_is_only_noted(changes: dict[str, Any], what: str) -> None:
    assert rows(**changes)[what].state is State.NOTE


def test_the_withheld_capability_is_fine_with_our_runtime() -> None:
    assert rows(has_sys_resource=False, runtime="crucible")["CAP_SYS_RESOURCE"].state is State.OK


def test_images_that_are_there_need_less_disk() -> None:
    assert rows(disk_free_gib=9.5, images_made=True)["disk"].state is State.OK


def test_a_running_cluster_of_ours_is_not_short_of_the_memory_it_holds() -> None:
    assert rows(memory_gib=2, ports={18080: OURS})["memory"].state is State.OK


def test_a_registry_that_is_demanded_must_answer() -> None:
    facts = dataclasses.replace(GOOD, registry=False)
    table = {row.what: row for row in judge(facts, Settings(images=ImageSource.PULL))}
    assert table["registry"].state is State.BAD


def test_only_what_the_table_announces_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(mend, "ensure_engine", lambda settings, fix: done.append("engine"))
    monkeypatch.setattr(mend, "run", lambda words: done.append(words[-1]))
    assert not mend.fix_machine(list(rows().values()), Settings())
    assert mend.fix_machine(list(rows(engine=None, limits={}).values()), Settings())
    assert done == ["engine", "fs.inotify.max_user_instances=512", "fs.inotify.max_user_watches=131072"]


def test_ports_are_told_apart() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        held = ports_held([port, 1], {1})
    assert held[1] == OURS
    assert held[port] not in (FREE, OURS)
    assert ports_held([port], set())[port] == FREE


def test_the_command_exits_with_3_and_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "gather", lambda settings: dataclasses.replace(GOOD, disk_free_gib=1))
    done = CliRunner().invoke(cli.doctor, [])
    assert isinstance(done.exception, HarnessError)
    assert done.exception.exit_code == 3
    assert "disk: 1.0 GiB free, 30 GiB needed" in str(done.exception)
    assert "disk" in done.output


def test_the_command_is_silent_about_a_good_machine_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "gather", lambda settings: GOOD)
    done = CliRunner().invoke(cli.doctor, ["--quiet"])
    assert (done.exit_code, done.output) == (0, "")
    assert '"usable": true' in CliRunner().invoke(cli.doctor, ["--json"]).output


def test_memory_and_disk_are_read_from_this_machine(tmp_path: Path) -> None:
    from fixtures.doctor import facts

    assert facts.memory_available() > 0
    assert facts._disk_free(tmp_path / "not" / "yet" / "there") > 0
