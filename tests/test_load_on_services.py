"""The loads against the reference services themselves, with a real log and a real Redis: good ones are called good."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web
from apps_servers import KafkaBroker, kafka_broker, needs_redis, redis_server  # noqa: F401 - fixtures

from fixtures.settings import Settings
from fixtures.stack.services.applied_state import AppliedState
from fixtures.stack.services.applying import Worker
from fixtures.stack.services.director import Director
from fixtures.stack.services.environment import read_environment
from fixtures.stack.services.exposition import Metrics
from fixtures.stack.services.following import Follower
from fixtures.stack.services.manager import Manager
from fixtures.stack.services.serving import Serving
from fixtures.timeline import Timeline
from fixtures.wait import wait_for
from loadtests.runner import Load
from reports.requests import read_requests

pytestmark = needs_redis
STARTS_EMPTY = '[{"at": "start", "do": "empty"}, {"at": "record", "do": "ignore"}]'


@contextmanager
def small_stack(variables: dict[str, str], *, director: str = "", manager: str = "") -> Iterator[int]:
    """Manager, worker and one Director behind one port, which is yielded."""
    environment = read_environment(variables | {"SWITCHES": manager})
    loop = asyncio.new_event_loop()
    served = threading.Thread(target=loop.run_forever, daemon=True)
    worker = Worker(environment, AppliedState(environment.redis_master), Metrics())
    follower_environment = read_environment(variables | {"SWITCHES": director})
    follower = Follower(follower_environment, Metrics())

    async def start() -> web.AppRunner:
        one = Manager(environment)
        app = one.application()
        sends = Director(follower_environment, Serving(follower_environment, Metrics()), follower, Metrics())
        app.router.add_get("/live/{path:.*}", sends.redirect)
        one.producer.start()
        for dependency in one.health._by_name.values():  # the mock broker's topic has four partitions
            dependency.trouble = None
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    served.start()
    worker.start()
    follower.start()
    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    wait_for(lambda: worker.trouble is None, what="the worker applies", within_s=120, every_s=0.1)
    yield runner.addresses[0][1]
    worker.stop()
    follower.stop()
    loop.call_soon_threadsafe(loop.stop)
    served.join(5)


@pytest.fixture
def variables(kafka_broker: KafkaBroker, redis_server, tmp_path: Path) -> dict[str, str]:  # noqa: F811
    address = redis_server.address
    store = AppliedState(address)
    store.redis.flushall()
    store.redis.close()
    topic = f"load-{tmp_path.name}"
    kafka_broker.make_topic(topic)
    return {
        "KAFKA_BOOTSTRAP": kafka_broker.bootstrap, "TOPIC": topic, "TOPIC_REPLICATION": "1",
        "STATE_DIR": str(tmp_path / "state"), "REDIS_MASTER": str(address), "REDIS_REPLICAS": str(address),
        "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1", "HOST": "127.0.0.1",
    }  # fmt: skip


def errors(folder: Path, port: int, name: str) -> list[str]:
    """The errors of a load of four seconds, good rows as ''."""
    timeline = Timeline(folder)
    load = Load(Settings(), folder, timeline)
    with load(name, 30, users=3, host=f"http://127.0.0.1:{port}", longest_s=5) as traffic:
        traffic.run_to_end(within_s=60)
    timeline.close()
    found = [str(error) for error in read_requests(folder, name).error]
    assert len(found) > 50
    return found


@pytest.mark.parametrize("name", ["viewers", "operators"])
def test_a_sound_stack_gives_good_answers_only(variables: dict[str, str], tmp_path: Path, name: str) -> None:
    with small_stack(variables) as port:
        assert set(errors(tmp_path, port, name)) == {""}


def test_viewers_see_a_director_that_ignores_its_state(variables: dict[str, str], tmp_path: Path) -> None:
    with small_stack(variables, director=STARTS_EMPTY) as port:
        assert all(error.startswith("wrong-location") for error in errors(tmp_path, port, "viewers"))


def test_operators_see_old_reads(variables: dict[str, str], tmp_path: Path) -> None:
    """A read that says nothing is there, at an offset at which something is."""
    lies = '[{"at": "http", "route": "GET /api/v1/selection_input/*", "do": "wrong"}]'
    with small_stack(variables, manager=lies) as port:
        assert any(error.startswith("wrong-answer") for error in errors(tmp_path, port, "operators"))


def test_operators_see_that_a_path_stands_still(variables: dict[str, str], tmp_path: Path) -> None:
    """Users who hardly read a path twice could not: the first answer for ever looked like a sound stack."""
    lies = '[{"at": "http", "route": "GET /api/v1/selection_input/*", "do": "old"}]'
    with small_stack(variables, manager=lies) as port:
        found = errors(tmp_path, port, "operators")
    assert sum(error.startswith("old-answer of ") for error in found) >= 3


def test_operators_see_that_a_stored_value_is_another(variables: dict[str, str], tmp_path: Path) -> None:
    """Any answer of 200 was a good one."""
    lies = '[{"at": "http", "route": "GET /api/v1/datastore/*", "do": "wrong"}]'
    with small_stack(variables, manager=lies) as port:
        found = errors(tmp_path, port, "operators")
    assert found.count("wrong-answer: not what was stored") >= 1
