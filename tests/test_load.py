"""The load: its plan, what its rows prove, and one real Locust run against a server that stalls."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import HarnessError, UsageError
from fixtures.settings import Settings
from fixtures.timeline import Timeline
from fixtures.wait import wait_for
from loadtests import runner
from loadtests.answer import Answer, DataStoreKey, write_outcome
from loadtests.runner import Load
from loadtests.schedule import starts
from reports.pace import Pace
from reports.requests import read_requests
from reports.timeline import read

REFUSED = Answer(0, error="connect: refused", sent=False)


@given(
    users=st.integers(1, 12),
    rate=st.floats(0.5, 500, allow_nan=False),
    duration=st.floats(0, 20),
    seed=st.integers(0, 2**32),
)
def test_each_slot_holds_exactly_one_planned_start(users: int, rate: float, duration: float, seed: int) -> None:
    pace = Pace([(duration, rate)])
    plans = [list(starts(u, users=users, pace=pace, seed=seed)) for u in range(users)]
    slots = sorted(entry for plan in plans for entry in plan)
    assert [slot for slot, _ in slots] == list(range(int(rate * duration + 1e-9)))
    assert all(slot / rate <= at <= (slot + 1) / rate for slot, at in slots)
    assert all(plan == sorted(plan) for plan in plans)
    assert plans[0] == list(starts(0, users=users, pace=pace, seed=seed))
    assert not list(starts(users, users=users, pace=pace, seed=seed))


def test_another_seed_is_another_plan() -> None:
    def plan(seed: int) -> list[tuple[int, float]]:
        return list(starts(0, users=1, pace=Pace([(5, 10)]), seed=seed))

    assert plan(1) != plan(2)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(201), "ok"),
        (Answer(204), "ok"),
        (Answer(400), "fail"),
        (Answer(404), "fail"),
        (REFUSED, "fail"),
        (Answer(408), "info"),
        (Answer(500), "info"),
        (Answer(502), "info"),
        (Answer(503), "info"),
        (Answer(302), "info"),
        (Answer(0, error="read: timed out"), "info"),
        (Answer(0, error="read: closed without an answer"), "info"),
    ],
)
def test_a_write_failed_only_when_the_answer_proves_it(answer: Answer, outcome: str) -> None:
    assert write_outcome(answer) == outcome


def test_a_data_store_key_must_exist_only_while_nothing_left_it_open() -> None:
    sure, unsure, hasty = DataStoreKey("a"), DataStoreKey("b"), DataStoreKey("c")
    for key, error in ((sure, ""), (unsure, "status 503")):
        assert key.next_step() == ("POST", (201,))
        key.answered(error)
    assert sure.next_step() == ("GET", (200,))
    assert unsure.next_step() == ("GET", (200, 404))
    sure.answered("")
    unsure.answered("")
    assert sure.next_step() == ("PUT", (200,))
    assert unsure.next_step() == ("PUT", (200, 404))
    assert hasty.next_step() == ("POST", (201,))
    assert hasty.next_step() == ("GET", (200, 404))
    assert hasty.next_step() == ("PUT", (200, 404))


class Director:
    """A server that redirects, until told to stall."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self.port = 0

    async def _answer(self, _: web.Request) -> web.Response:
        await self._flowing.wait()
        return web.Response(status=302, headers={"Location": "http://edge-1/"})

    def __enter__(self) -> Director:
        ready = threading.Event()

        async def start() -> None:
            app = web.Application()
            app.router.add_get("/live/{channel}/manifest", self._answer)
            self._runner = web.AppRunner(app)
            await self._runner.setup()
            site = web.TCPSite(self._runner, "127.0.0.1", 0)
            await site.start()
            self.port = self._runner.addresses[0][1]
            self._flowing.set()
            ready.set()

        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(start(), self._loop)
        assert ready.wait(5)
        return self

    def stall(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.set)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    timeline = Timeline(tmp_path)
    yield Load(Settings(), tmp_path, timeline)
    timeline.close()


def test_a_stalled_server_meets_the_full_planned_rate(load: Load, tmp_path: Path) -> None:
    with (
        Director() as director,
        load("viewers", 60, users=4, host=f"http://127.0.0.1:{director.port}", options=("--any-location",)) as viewers,
    ):
        viewers.wait_until_steady(60)
        director.stall()
        stalled_ns = time.monotonic_ns()
        wait_for(lambda: time.monotonic_ns() - stalled_ns > 8e8, what="0.8 s of stall", within_s=2)
        director.flow()
        flowing_ns = time.monotonic_ns()
        wait_for(lambda: time.monotonic_ns() - flowing_ns > 3e8, what="0.3 s of service", within_s=2)
    timeline = read(tmp_path)
    requests = read_requests(tmp_path, "viewers", timeline)
    since, until = timeline.seconds(stalled_ns), timeline.seconds(flowing_ns)
    during = (requests.planned_s >= since + 0.1) & (requests.planned_s < until)
    assert during.sum() == pytest.approx(60 * (until - since - 0.1), abs=2)
    assert requests.sent[during].all()
    assert not requests.generator_fault[during].any()
    assert requests.latency_s[during].max() > 0.5
    assert requests.good(5.0)[requests.sent].all()
    (finished,) = timeline.query("load.finished", subject="viewers")
    assert finished.data["sent"] == finished.data["ok"] == requests.sent.sum()


def test_a_load_that_dies_says_its_last_words(load: Load) -> None:
    with (
        pytest.raises(HarnessError, match=r"(?s)ended by itself with status 2.*load goes only to http://127\.0\.0\.1"),
        load("viewers", 10, host="http://192.0.2.1:80") as viewers,
    ):
        viewers.wait_until_steady(60)


def test_a_load_that_does_not_exist_is_refused(load: Load) -> None:
    with pytest.raises(UsageError, match="there are manager_load, operators, viewers"):
        load("nobody", 10)
    with pytest.raises(UsageError, match="sends nothing"):
        load("viewers", 0)


def test_names_are_not_used_twice_in_a_dossier(load: Load, tmp_path: Path) -> None:
    assert load("viewers", 10).name == "viewers"
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "viewers.log").touch()
    assert load("viewers", 10).name == "viewers-2"


def test_locust_does_not_outlive_a_killed_harness(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from loadtests.runner import Load; from fixtures.settings import Settings\n"
        "from fixtures.timeline import Timeline\n"
        "d = Path(sys.argv[1]); load = Load(Settings(), d, Timeline(d))\n"
        "load = load('viewers', 10, host='http://127.0.0.1:9', options=('--any-location',))\n"
        "load.__enter__(); sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE)
    rows = tmp_path / "load" / "requests-viewers.csv"
    wait_for(lambda: rows.exists() and rows.read_text().count("\n") > 2, what="rows", within_s=60)
    (started,) = read(tmp_path).query("load.started")
    if os.geteuid() == 0:
        assert os.getpriority(os.PRIO_PROCESS, started.data["pid"]) == runner.FIRST, "it is on time before the stack is"
        of_session = Path(f"/proc/{started.data['pid']}/autogroup")
        assert not of_session.exists() or of_session.read_text().endswith(f"nice {runner.FIRST}\n")
    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=60)
    wait_for(lambda: not _alive(started.data["pid"]), what="Locust to be gone", within_s=60)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
