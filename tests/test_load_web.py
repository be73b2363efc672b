"""Locust's own ways: its web UI shows a load live, and its shapes drive the rate; the plan stays fixed by the seed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from test_load import Director

from fixtures.errors import UsageError
from fixtures.settings import ROOT
from fixtures.timeline import Timeline
from fixtures.wait import wait_for
from loadtests.schedule import starts
from loadtests.shaping import Shaped, hold, read_shape
from reports.pace import Pace
from reports.requests import Requests, read_requests

stages = st.lists(st.tuples(st.floats(0.1, 30), st.integers(0, 50).map(float)), min_size=1, max_size=5)


@given(stages, st.integers(1, 7), st.integers(0, 99))
def test_each_slot_of_a_staged_pace_holds_one_start(told: list[tuple[float, float]], users: int, seed: int) -> None:
    pace = Pace(told)
    found = sorted(entry for user in range(users) for entry in starts(user, users=users, pace=pace, seed=seed))
    assert [slot for slot, _ in found] == list(range(pace.slots))
    for slot, at in found:
        assert slot - 1e-6 <= pace.slot_at(at) <= slot + 1 + 1e-6
        assert 0 <= at <= sum(seconds for seconds, _ in told) + 1e-6


@given(stages, st.floats(0, 1))
def test_a_moment_and_its_slot_are_each_others_inverse(told: list[tuple[float, float]], part: float) -> None:
    pace = Pace(told)
    if pace.counts[-1]:
        assert pace.slot_at(pace.at(part * pace.counts[-1])) == pytest.approx(part * pace.counts[-1], abs=1e-6)


class Shape:
    """What read_shape needs of a LoadTestShape."""

    def __init__(self, *ticks: int) -> None:
        self._ticks, self.start = ticks, 0.0

    def get_run_time(self) -> float:
        return self.start

    def get_current_user_count(self) -> int:
        raise AssertionError("asked of a runner that is not there")

    def tick(self) -> tuple[int, float] | None:
        second = int(self.get_run_time())
        return (self._ticks[second], 1.0) if second < len(self._ticks) else None


def test_a_shape_is_asked_once_for_all_its_stages_and_then_holds_all_users() -> None:
    shape = Shape(2, 2, 8, 0, 2)
    shaped = read_shape(shape, longest_s=100)
    assert shaped == Shaped([(2.0, 2), (1.0, 8), (1.0, 0), (1.0, 2)])
    assert (shaped.users, shaped.seconds) == (8, 5.0)
    hold(shape, shaped)
    assert shape.tick() == (8, 8.0)
    shape.start = 5.0
    assert shape.tick() is None
    assert read_shape(Shape(*[3] * 50), longest_s=10).seconds == 10
    with pytest.raises(UsageError, match="wants no users"):
        read_shape(Shape(0, 0), longest_s=10)


@contextlib.contextmanager
def locust(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """`locust -f …` with its dossier in a folder."""
    with (folder / "locust.log").open("wb") as log:
        argv = [sys.executable, "-m", "locust", "--dossier", str(folder), "--any-location", "--seed", "7", *words]
        child = subprocess.Popen(
            argv, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def seen(folder: Path) -> Requests:
    """The load's rows, of which all answers were good; its end is told here, as nobody followed it."""
    rows = (folder / "load/requests-viewers.csv").read_text().count("\n") - 1
    with contextlib.closing(Timeline(folder)) as timeline:
        timeline.event("load", "load.started", "viewers")
        timeline.event("load", "load.finished", "viewers", sent=rows, ok=rows)
    return read_requests(folder, "viewers")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_web_ui_opens_on_the_loopback_and_shows_a_load_live(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    host = ("--host",)

    def stats() -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = requests.get(f"{url}/stats/requests", timeout=30).json()
        except requests.RequestException:
            return None
        return found

    def total() -> int:
        return int((stats() or {"stats": [{"num_requests": 0}]})["stats"][-1]["num_requests"])

    def swarm(**form: Any) -> Any:
        return requests.post(f"{url}/swarm", data={"user_count": 3, "spawn_rate": 3, **form}, timeout=30).json()

    with Director() as director:
        host = ("--host", f"http://127.0.0.1:{director.port}", "--web-port", str(port), "--rate", "40")
        with locust(tmp_path, "-f", "loadtests/viewers.py", *host):
            wait_for(lambda: stats() is not None, what="the web UI", within_s=60, every_s=0.2)
            assert total() == 0  # nothing before somebody presses the button
            page = requests.get(url, timeout=30).text
            assert "rate" in page
            assert "parent_pid" not in page
            assert swarm()["success"]
            wait_for(lambda: total() > 20, what="requests in the web UI", within_s=30, every_s=0.1)
            before = total()
            wait_for(lambda: total() > before, what="the numbers to move", within_s=60, every_s=0.1)
            found = stats()
            assert found is not None
            assert found["state"] == "running"
            assert [(row["method"], row["name"]) for row in found["stats"][:-1]] == [("GET", "manifest")]
            assert found["fail_ratio"] == 0
            requests.post(f"{url}/stop", timeout=10)
            wait_for(lambda: (stats() or {}).get("state") == "stopped", what="the end", within_s=60, every_s=0.1)
            swarm(user_count=2, spawn_rate=2, rate=20)  # another start is another load
            wait_for((tmp_path / "load/viewers-2.plan.json").exists, what="a second plan", within_s=60, every_s=0.1)
            requests.post(f"{url}/stop", timeout=10)
            wait_for(lambda: (stats() or {}).get("state") == "stopped", what="the end", within_s=60, every_s=0.1)
            rows = (tmp_path / "load/requests-viewers-2.csv").stat().st_size
            swarm(host="http://192.0.2.1:80")  # not where this load was checked to go
            log = tmp_path / "locust.log"
            wait_for(lambda: "nothing is sent to" in log.read_text(), what="a refusal", within_s=60, every_s=0.1)
            assert not (tmp_path / "load/viewers-3.plan.json").exists()
            assert (tmp_path / "load/requests-viewers-2.csv").stat().st_size == rows
    plans = [json.loads((tmp_path / f"load/{name}.plan.json").read_text()) for name in ("viewers", "viewers-2")]
    assert [(plan["users"], plan["rate_per_s"], plan["seed"]) for plan in plans] == [(3, 40, 7), (2, 20, 7)]
    sent = seen(tmp_path).sent
    assert sent[: sent.nonzero()[0].max() + 1].all()  # the plan was kept until the button was pressed


SHAPE = """
from locust import LoadTestShape

class Short(LoadTestShape):
    def tick(self):
        now = self.get_run_time()
        return (1, 1) if now < 2 else (4, 4) if now < 4 else (1, 1) if now < 6 else None
"""


def test_a_shape_drives_the_rate_and_ends_the_load(tmp_path: Path) -> None:
    shape = tmp_path / "short.py"
    shape.write_text(SHAPE)
    with Director() as director:
        words = ("-f", f"loadtests/viewers.py,{shape}", "--headless", "--only-summary", "--rate", "40")
        with locust(tmp_path, *words, "--host", f"http://127.0.0.1:{director.port}") as child:
            assert child.wait(60) == 0, (tmp_path / "locust.log").read_text()
    plan = json.loads((tmp_path / "load/viewers.plan.json").read_text())
    assert plan["stages"] == [[2.0, 10.0], [2.0, 40.0], [1.5, 10.0]]
    assert (plan["planned"], plan["users"]) == (115, 4)
    found = seen(tmp_path)
    assert found.sent.all()
    at = found.planned_s - found.start_s
    assert [int(((at >= a) & (at < b)).sum()) for a, b in ((0, 2), (2, 4), (4, 6))] == [20, 80, 15]
