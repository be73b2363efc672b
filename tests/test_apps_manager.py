"""acd-manager as it is, over HTTP, with everything that it depends on away."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from fixtures.stack.services.environment import read_environment
from fixtures.stack.services.exposition import Metrics
from fixtures.stack.services.following import Follower
from fixtures.stack.services.health import Dependency, Health
from fixtures.stack.services.log_producer import CLOSE_S
from fixtures.stack.services.manager import Manager
from fixtures.stack.services.serving import LONGEST_EXTRA_S, Listener, Serving, serve
from fixtures.stack.services.snapshot import save
from fixtures.stack.services.state import Entry, State
from fixtures.wait import wait_for
from suites.conformance.looking import promised_nets

NOBODY = "127.0.0.1:1"
AWAY = {
    "KAFKA_BOOTSTRAP": NOBODY,
    "REDIS_MASTER": NOBODY,
    "REDIS_REPLICAS": NOBODY,
    "POSTGRES_HOST": "127.0.0.1",
    "POSTGRES_PORT": "1",
    "HOST": "127.0.0.1",
    "ROUTERS": "edge=10.0.0.1",
}


def with_manager(story: Callable[[TestClient[Any, Any], Manager], Awaitable[None]]) -> None:
    async def play() -> None:
        manager = Manager(read_environment(AWAY))
        async with TestClient(TestServer(manager.application())) as client:
            await story(client, manager)
        await manager.redis.close()

    asyncio.run(play())


async def status_and_body(answer: Any) -> tuple[int, Any]:
    async with answer as response:
        text = await response.text()
        return response.status, json.loads(text) if text.startswith("{") else text


def test_readiness_tells_which_dependency_is_away_and_liveness_stays():
    async def story(client, manager):
        status, body = await status_and_body(client.get("/api/v1/health/ready"))
        assert (status, body["status"]) == (503, "Fail")
        assert body["dependencies"]["kafka"]["trouble"] == "not checked yet"
        await manager.health.look()
        status, body = await status_and_body(client.get("/api/v1/health/ready"))
        assert status == 503
        assert {name: found["ok"] for name, found in body["dependencies"].items()} == {
            "postgresql": False, "kafka": False, "redis": False, "redis-replicas": False,
        }  # fmt: skip
        assert await status_and_body(client.get("/api/v1/health/alive")) == (200, {"status": "Ok"})
        assert 'dependency_up{dependency="kafka"} 0' in (await status_and_body(client.get("/metrics")))[1]

    with_manager(story)


def test_kafka_that_was_never_there_is_away_at_once_and_one_that_was_well_after_its_grace():
    async def story(_client, manager):
        producer = manager.producer
        assert "no broker answers" in await producer.check()
        producer._well_at = time.monotonic() - 14  # as long as it takes a broker's successor to lead
        assert await producer.check() is None
        producer._well_at = time.monotonic() - 16
        assert "no broker answers" in await producer.check()

    with_manager(story)


def test_a_log_that_takes_no_records_is_away_after_its_grace_and_one_of_another_shape_at_once():
    async def story(_client, manager):
        producer, seen = manager.producer, SimpleNamespace(leader=1, isrs=[1, 2])
        topic = SimpleNamespace(error=None, partitions={0: seen})
        metadata = SimpleNamespace(topics={"selection_input": topic})
        producer._producer = SimpleNamespace(list_topics=lambda timeout: metadata, flush=lambda _: None)
        assert await producer.check() is None
        for leader, isrs in ((-1, [1, 2]), (1, [1])):
            seen.leader, seen.isrs = leader, isrs
            assert await producer.check() is None
            producer._well_at -= 16
            assert f"leader {leader}, {len(isrs)} of 2 replicas in sync" in await producer.check()
            seen.leader, seen.isrs = 1, [1, 2]
            assert await producer.check() is None
        topic.partitions[1] = seen
        assert "needs exactly 1" in await producer.check()

    with_manager(story)


def test_what_cannot_be_done_is_answered_503_and_never_as_a_success():
    async def story(client, _manager):
        status, body = await status_and_body(client.post("/api/v1/selection_input/a/b", data="{}"))
        assert (status, body["outcome"]) == (503, "not-written")
        for method, path, data in (
            ("DELETE", "selection_input/a", None),
            ("GET", "selection_input/a", None),
            ("GET", "selection_input_journal", None),
            ("POST", "datastore/k", "1"),
            ("PUT", "datastore/k", "1"),
            ("DELETE", "datastore/k", None),
            ("PUT", "subnets", '{"10.0.0.0/8":"a"}'),
            ("GET", "routing/validate?ip=10.0.0.1", None),
            ("POST", "metrics", '{"h":{"m":1}}'),
            ("GET", "configuration", None),
            ("PUT", "configuration", "{}"),
        ):
            status, body = await status_and_body(client.request(method, f"/api/v1/{path}", data=data))
            assert (status, list(body)[:1]) == (503, ["message"]), (method, path)

    with_manager(story)


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("POST", "selection_input/a", "[1]"),
        ("POST", "selection_input/a", "{"),
        ("PUT", "selection_input/a", '{"x":NaN}'),
        ("POST", "selection_input/", "{}"),
        ("POST", "selection_input/a//b", "{}"),
        ("POST", "selection_input/a%00b", "{}"),
        ("POST", "selection_input/" + "x" * 1025, "{}"),
        ("POST", "selection_input/a?ttl=soon", "{}"),
        ("GET", "selection_input/a?sort=up", None),
        ("GET", "selection_input/a?limit=0", None),
        ("GET", "selection_input_journal?from=-1", None),
        ("POST", "datastore/_k", "1"),
        ("PUT", "datastore/_k", "1"),
        ("DELETE", "datastore/_subnets", None),
        ("POST", "datastore/k", "nope"),
        ("POST", "datastore/k?ttl=1", "1"),
        ("GET", "datastore?show_hidden=yes", None),
        ("PUT", "subnets", '{"10.0.0.1/8":"a"}'),
        ("GET", "routing/geoip?ip=nowhere", None),
        ("GET", "routing/geoip", None),
        ("POST", "metrics", '{"h":{"m":"1"}}'),
        ("PUT", "configuration", "[]"),
    ],
)
def test_a_bad_request_is_400_with_a_message(method, path, data):
    async def story(client, _manager):
        status, body = await status_and_body(client.request(method, f"/api/v1/{path}", data=data))
        assert status == 400
        assert body["message"]

    with_manager(story)


def test_answers_that_need_no_dependency():
    async def story(client, _manager):
        place = await status_and_body(client.get("/api/v1/routing/geoip?ip=192.0.2.1"))
        assert place == (200, {"city": {"name": "Stockholm"}, "asn": 64496})
        assert (await status_and_body(client.get("/api/v1/discovery/hosts")))[
            1
        ] == '[{"name":"edge","address":"10.0.0.1"}]'
        assert (await status_and_body(client.get("/api/v1/discovery/hosts?namespace=x")))[0] == 404
        assert await status_and_body(client.get("/nowhere")) == (404, {"message": "Not Found"})
        assert (await status_and_body(client.patch("/api/v1/configuration")))[0] == 405
        assert (await status_and_body(client.put("/api/v1/configuration", data="x" * 600_000)))[0] == 413
        async with client.options("/api/v1/datastore/k") as preflight:
            assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")

    with_manager(story)


def test_a_dependency_that_hangs_is_away_after_its_own_limit_and_comes_back():
    async def story():
        waits = True

        async def check() -> str | None:
            if waits:
                await asyncio.sleep(60)
            return None

        async def extra() -> str | None:
            return "gone"

        metrics = Metrics()
        checks = [Dependency("db", check), Dependency("spare", extra, required=False)]
        health = Health(checks, every_s=60, metrics=metrics, timeout_s=0.05)
        started = time.monotonic()
        await health.look()
        assert time.monotonic() - started < 30  # of the 60 s that the check would take
        assert (health.ready, health.trouble("db")) == (False, "no answer within 0.05 s")
        waits = False
        await health.look()
        assert health.ready  # the spare one is told, and does not decide
        assert health.as_json()["spare"] == {"ok": False, "required": False, "trouble": "gone"}

    asyncio.run(story())


def test_kafka_that_does_not_answer_in_time_or_breaks_is_waited_out_too():
    async def story(_client, manager):
        async def hangs() -> str | None:
            await asyncio.sleep(60)

        async def breaks() -> str | None:
            raise OSError("told")

        kafka = manager.health._by_name["kafka"]
        manager.health._timeout_s = 0.05
        for check, said in ((hangs, "no answer within 0.05 s"), (breaks, "OSError: told")):
            kafka.check = check
            manager.producer._well_at = time.monotonic()
            await manager.health.look()
            assert kafka.trouble is None
            manager.producer._well_at -= 16
            await manager.health.look()
            assert kafka.trouble == said

    with_manager(story)


def test_draining_answers_on_asks_clients_to_leave_and_waits_for_requests_in_flight():
    async def story():
        serving = Serving(read_environment({"LINGER_S": "0.2"}), Metrics())

        async def slow(_request: web.Request) -> web.Response:
            await asyncio.sleep(0.5)
            return web.Response(text="done")

        async with TestClient(TestServer(serving.application([web.get("/slow", slow)]))) as client:
            first = asyncio.create_task(client.get("/slow"))
            while not serving.in_flight:
                await asyncio.sleep(0.01)
            await serving.drain()
            assert serving.draining.is_set()
            async with await first as response:
                assert (response.status, response.headers["Connection"]) == (200, "close")

    asyncio.run(story())


def test_a_director_is_ready_with_a_saved_state_or_after_its_wait_and_not_before(tmp_path: Path):
    waits = {**AWAY, "WITHOUT_KAFKA_S": "1000", "STATE_DIR": str(tmp_path)}
    assert not Follower(read_environment(waits), Metrics()).ready
    assert Follower(read_environment({**waits, "WITHOUT_KAFKA_S": "0"}), Metrics()).ready
    save(tmp_path, 3, State({"cdn/hosts": {"e": Entry("http://e")}}))
    restored = Follower(read_environment(waits), Metrics())
    assert restored.ready
    assert restored.keys("cdn/hosts") == (3, {"e": "http://e"})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_director_without_kafka_serves_viewers_after_a_while_and_ends_with_0(tmp_path: Path):
    port, rest = free_port(), free_port()
    environment = {**AWAY, "PORT": str(port), "REST_PORT": str(rest), "STATE_DIR": str(tmp_path), "LINGER_S": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "fixtures.stack.services.director"],
        env={**environment, "WITHOUT_KAFKA_S": "0.5", "DEFAULT_HOST": "http://edge"},
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
    )
    try:
        codes: list[int] = []
        deadline = time.monotonic() + 20
        while 200 not in codes and time.monotonic() < deadline:
            codes.append(ask(port, "/readyz")[0])
            time.sleep(0.05)
        assert codes[-1] == 200, codes
        status, head = ask(port, "/film/1?q=%20")
        assert status == 302
        assert "Location: http://edge/film/1?q=%20\r\n" in head
        assert "X-Applied-Offset: -1\r\n" in head
        assert ask(rest, "/v1/selection_input")[0] == 200
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=15)
        assert process.returncode == 0
        assert json.loads(out.splitlines()[-1])["message"] == "stopped"
    finally:
        process.kill()
        process.wait()


def test_the_longest_end_fits_into_the_grace_of_the_pods():
    """Lingering, requests in flight, what is still on its way to Kafka: a killed pod would cut its clients off."""
    environment = read_environment({})
    until_closed = environment.linger_s + LONGEST_EXTRA_S + environment.finish_s
    nets = promised_nets(None)
    assert until_closed + CLOSE_S + 1 < nets["manager"]["grace_s"]
    assert until_closed + 3 < nets["director"]["grace_s"]  # its follower is waited for
    assert max(LONGEST_EXTRA_S + environment.finish_s, 8) + 1 < nets["selection-input"]["grace_s"]


@pytest.mark.parametrize("service", ["manager", "selection_input", "director"])
def test_a_service_whose_dependencies_take_connections_and_never_answer_ends_by_itself(service, tmp_path):
    """How soon is arithmetic, above; here, on however busy a machine, that nothing is waited for without end."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        port, silence = free_port(), str(silent.getsockname()[1])
        hanging = {
            "KAFKA_BOOTSTRAP": f"127.0.0.1:{silence}", "REDIS_MASTER": f"127.0.0.1:{silence}",
            "REDIS_REPLICAS": f"127.0.0.1:{silence}", "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": silence,
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", f"fixtures.stack.services.{service}"],
            env={**hanging, "HOST": "127.0.0.1", "PORT": str(port), "REST_PORT": "0", "STATE_DIR": str(tmp_path)},
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: ask(port, "/metrics")[0] or None, what="it listens", within_s=120, every_s=0.05)
            body = b"PUT /api/v1/configuration HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
            with socket.create_connection(("127.0.0.1", port), timeout=60) as in_flight:
                in_flight.sendall(body)
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=180) == 0
        finally:
            process.kill()
            process.wait()


def ask(port: int, path: str) -> tuple[int, str]:
    """Status and head of one GET; 0 while nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            head = connection.makefile("rb").read().decode().partition("\r\n\r\n")[0] + "\r\n"
            return int(head.split()[1]), head
    except OSError:
        return 0, ""


def test_a_background_task_that_fails_ends_the_service_with_its_failure():
    async def story():
        serving = Serving(read_environment({**AWAY, "LINGER_S": "0"}), Metrics())

        async def fails() -> None:
            raise LookupError("planted")

        with pytest.raises(LookupError, match="planted"):
            await serve(serving, [Listener(serving.application([]), 0)], background=[fails()])

    asyncio.run(story())


def test_a_wrong_environment_is_one_line_and_exit_2():
    done = subprocess.run(
        [sys.executable, "-m", "fixtures.stack.services.director"],
        env={"SWITCHES": '[{"at": "log", "do": "drop-writes"}]'},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        check=False,
        timeout=30,
    )
    line = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (2, b"")
    assert "drop-writes" in line["message"]
