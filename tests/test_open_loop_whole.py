"""The open loop with a Locust made by hand, for the real one patches its whole process: its options and its plan."""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from fixtures.errors import CrucibleError
from fixtures.settings import ROOT
from reports.layout import REQUEST_HEADER

S = 10**9
HOST = "http://127.0.0.1:18080"
LOADS = ("open_loop", "viewers", "operators", "manager_load")


class StopUser(Exception):
    """What Locust is told by a user that has nothing to do."""


class User:
    """Locust's user: knows where it runs."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment


@pytest.fixture
def locust() -> Iterator[ModuleType]:
    """The loads are imported anew in the test, by name; what they import as Locust is this."""
    fake, errors = ModuleType("locust"), ModuleType("locust.exception")
    names = ("init_command_line_parser", "init", "test_start", "spawning_complete", "test_stop")
    hook = SimpleNamespace(add_listener=lambda listener: listener)
    fake.__dict__.update(User=User, task=lambda f: f, events=SimpleNamespace(**dict.fromkeys(names, hook)))
    errors.__dict__.update(StopUser=StopUser)
    mine = {"locust": fake, "locust.exception": errors}
    replaced = {name: sys.modules.pop(name, None) for name in (*mine, *(f"loadtests.{load}" for load in LOADS))}
    sys.modules.update(mine)
    yield fake
    for name, module in replaced.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.ns = int(now_s * S)

    def monotonic_ns(self) -> int:
        return self.ns

    def strftime(self, format: str) -> str:
        return f"at {format}"


@pytest.fixture
def loop(locust: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    found: Any = importlib.import_module("loadtests.open_loop")
    settings = SimpleNamespace(gateway_url=HOST, seed=None, run_dir=None)
    found.updated = []
    monkeypatch.setattr(found, "time", Clock(100.0))
    monkeypatch.setattr(found, "load_settings", lambda: settings)
    monkeypatch.setattr(found, "get_hub", lambda: SimpleNamespace(
        loop=SimpleNamespace(update_now=lambda: found.updated.append(1))))  # fmt: skip
    found.settings = settings
    return found


def environment(host: str | None = None, shape: Any = None, **options: Any) -> Any:
    told = {"seed": None, "num_users": None, "run_time": None, "spawn_rate": None, "headless": False, "rate": 0.0,
            "dossier": None, "parent_pid": 0, "load_name": None} | options  # fmt: skip
    return SimpleNamespace(parsed_options=SimpleNamespace(**told), host=host, shape_class=shape,
                           parsed_locustfiles=["loadtests/viewers.py", "loadtests/steps.py"])  # fmt: skip


HELP = """\
usage: load [--web-host WEB_HOST] [--rate RATE] [--seed SEED] [--dossier DOSSIER] [--load-name LOAD_NAME] \
[--parent-pid PARENT_PID]

options:
  --web-host WEB_HOST
  --rate RATE           requests/s of all users, at most; default 2.5 each
  --seed SEED           decides starts and payloads (CRUCIBLE_SEED)

Crucible:
  --dossier DOSSIER     folder for the rows (CRUCIBLE_RUN_DIR, or a new one)
  --load-name LOAD_NAME
                        name of this load in the dossier; default the file's
  --parent-pid PARENT_PID
                        stop when this process is gone
"""


def test_the_options_of_every_load(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    parser = argparse.ArgumentParser(prog="load", add_help=False)
    parser.add_argument("--web-host", default="everywhere")
    loop.add_options(parser)
    assert parser.format_help() == HELP
    none = {"web_host": "127.0.0.1", "rate": 0.0, "seed": None, "dossier": None, "load_name": None, "parent_pid": 0}
    assert vars(parser.parse_args([])) == none
    words = ["--rate", "1.5", "--seed", "3", "--dossier", "d", "--load-name", "n", "--parent-pid", "4"]
    given = {"web_host": "127.0.0.1", "rate": 1.5, "seed": 3, "dossier": "d", "load_name": "n", "parent_pid": 4}
    assert vars(parser.parse_args(words)) == given


def prepared(loop: Any, **told: Any) -> dict[str, Any]:
    where = environment(**told)
    loop.prepare(where, other="ignored")
    options = vars(where.parsed_options)
    assert options["spawn_rate"] == options["num_users"]
    assert (where.stop_timeout, loop.run.host, loop.updated) == (7.0, where.host, [1])
    loop.updated.clear()
    return {name: options[name] for name in ("num_users", "run_time", "seed")} | {
        "host": where.host, "dossier": loop.run.dossier
    }  # fmt: skip


def test_what_is_not_said_comes_from_the_settings(loop: Any, tmp_path: Path) -> None:
    own = ROOT / "reports" / "out" / "at locust-%Y%m%d-%H%M%S"
    assert prepared(loop) == {"num_users": 1, "run_time": None, "seed": 0, "host": HOST, "dossier": own}
    loop.settings.seed, loop.settings.run_dir = 7, tmp_path
    plain = {"num_users": 1, "run_time": 3600, "seed": 7, "host": HOST, "dossier": tmp_path}
    assert prepared(loop, headless=True) == plain
    assert prepared(loop, headless=True, run_time=5000) == plain
    other = "http://localhost:9"
    said = {"num_users": 5, "run_time": 60, "seed": 0, "host": other, "dossier": Path("there")}
    assert prepared(loop, host=other, run_time=60, num_users=5, seed=0, dossier="there") == said
    assert prepared(loop, run_time=0.75)["run_time"] == 0.75


def test_a_shape_decides_users_and_time(loop: Any, tmp_path: Path) -> None:
    ticks = iter([(2, 1), (2, 1), (6, 1), None])
    shape = SimpleNamespace(tick=lambda: next(ticks))
    found = prepared(loop, shape=shape, num_users=50, run_time=99, dossier=str(tmp_path))
    assert (found["num_users"], found["run_time"]) == (6, 3.0)
    assert loop.run.shaped.stages == [(2.0, 2), (1.0, 6)]
    shape.get_run_time = lambda: 2.9
    assert shape.tick() == (6, 6.0)
    forever = SimpleNamespace(tick=lambda: (1, 1))
    assert prepared(loop, shape=forever)["run_time"] == 3600


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"headless": True, "run_time": 0.5}, "--rate 0 and -t 0.5 s leave nothing to send"),
        ({"run_time": 0.5, "rate": 2.5}, "--rate 2.5 and -t 0.5 s leave nothing to send"),
        ({"headless": True, "rate": -1.0}, "--rate -1 and -t 3600 s leave nothing to send"),
        ({"host": "http://10.0.0.1"},
         "load goes only to http://127.0.0.1:<port>, the gateway of a stack on this machine; not to 'http://10.0.0.1'"),
        ({"parent_pid": 1 << 30}, f"--parent-pid {1 << 30} is not the process that started this load"),
    ],
)  # fmt: skip
def test_a_wrong_option_ends_locust_before_anything_is_sent(
    loop: Any, told: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "ctypes", SimpleNamespace(CDLL=lambda *_, **__: SimpleNamespace(prctl=lambda *_: 0)))
    with pytest.raises(SystemExit) as ended:
        loop.prepare(environment(**told))
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[0] == f"error: {said}"
    assert loop.updated == []


def test_a_load_dies_with_who_started_it(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def library(*name: Any, **how: Any) -> Any:
        asked.append((name, how))
        return SimpleNamespace(prctl=lambda *words: asked.append(words))

    monkeypatch.setattr(loop, "ctypes", SimpleNamespace(CDLL=library))
    loop.prepare(environment(parent_pid=os.getppid()))
    assert asked == [((None,), {"use_errno": True}), (1, signal.SIGTERM)]
    with pytest.raises(SystemExit) as ended:
        loop._refuse(CrucibleError("no"))
    assert ended.value.code == CrucibleError.exit_code


def started(loop: Any, folder: Path, **options: Any) -> dict[str, Any]:
    where = environment(HOST, **{"num_users": 4, "spawn_rate": 4, "seed": 3} | options)
    loop.run.host, loop.run.dossier, loop.run.numbers = HOST, folder, itertools.count(9)
    loop.start_plan(where, other="ignored")
    assert next(loop.run.numbers) == 0
    plan = loop.run.plan
    assert (folder / f"load/requests-{plan.load}.csv").read_text() == REQUEST_HEADER + "\n"
    loop.run.rows.line("mine")
    assert (folder / f"load/requests-{plan.load}.csv").read_text().endswith("\nmine\n")
    return json.loads((folder / f"load/{plan.load}.plan.json").read_text())


def test_the_plan_is_left_before_anything_is_sent(loop: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="crucible")
    assert started(loop, tmp_path, rate=20.0, run_time=10.5) == {
        "load": "viewers", "users": 4, "stages": [[10.0, 20.0]], "start_ns": 100 * S + 3 * S // 10, "seed": 3,
        "rate_per_s": 20.0, "duration_s": 10.0, "planned": 200,
    }  # fmt: skip
    assert caplog.messages == [f"200 requests planned; rows go to {tmp_path}/load"]
    slow = started(loop, tmp_path, num_users=10, spawn_rate=5, run_time=10.5)
    assert slow == {
        "load": "viewers-2", "users": 10, "stages": [[8.0, 25.0]], "start_ns": 102 * S + 3 * S // 10, "seed": 3,
        "rate_per_s": 25.0, "duration_s": 8.0, "planned": 200,
    }  # fmt: skip
    assert started(loop, tmp_path)["load"] == "viewers-3"
    assert started(loop, tmp_path, load_name="mine", spawn_rate=3)["stages"] == [[3600 - 0.5 - 4 / 3, 10.0]]
    assert started(loop, tmp_path, load_name="mine")["load"] == "mine-2"


def test_a_shapes_stages_share_the_rate_and_the_last_ends_early(loop: Any, tmp_path: Path) -> None:
    loop.run.shaped = SimpleNamespace(stages=[(2.0, 1), (1.0, 4), (3.0, 2)])
    plan = started(loop, tmp_path, rate=8.0)
    assert (plan["stages"], plan["duration_s"], plan["planned"]) == ([[2.0, 2.0], [1.0, 8.0], [2.5, 4.0]], 5.5, 22)
    loop.run.shaped = SimpleNamespace(stages=[(2.0, 1), (0.25, 4)])
    assert started(loop, tmp_path)["stages"] == [[2.0, 2.5], [0.0, 10.0]]
    loop.run.shaped = None
    assert loop._stages(SimpleNamespace(rate=1, run_time=0.25), 4, 0.0) == [(0.0, 1.0)]


def test_a_load_for_another_host_is_refused(loop: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loop.run.host, loop.run.dossier = HOST, tmp_path
    loop.start_plan(environment("http://127.0.0.1:1"))
    told = f"nothing is sent to http://127.0.0.1:1: this load was started for {HOST}, give it --host"
    assert (loop.run.refused, caplog.messages, list(tmp_path.iterdir())) == (True, [told], [])
    loop.compare_users(user_count=9)
    with pytest.raises(StopUser):
        loop.OpenLoopUser(environment(HOST)).on_start()
    started(loop, tmp_path)
    assert loop.run.refused is False
