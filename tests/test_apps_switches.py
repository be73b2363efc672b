"""Every word of SWITCHES, over real sockets: what a client gets, and what had an effect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from test_apps_manager import AWAY, with_manager

from fixtures.stack.data_settings import producer_settings
from fixtures.stack.services.environment import BadEnvironment, read_environment
from fixtures.stack.services.exposition import Metrics
from fixtures.stack.services.manager import Manager
from fixtures.stack.services.serving import Listener, Serving, serve
from fixtures.stack.services.switch_rules import SERVICES, WORDS, BadSwitches
from fixtures.stack.services.switches import Switches


@dataclass(frozen=True)
class At:
    offset: int


class Counter:
    """A service whose state is a number: POST raises it, GET tells it, /go redirects."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.value, self.metrics = 0, Metrics()
        environment = read_environment({"SWITCHES": json.dumps(rules)})
        self.app = Serving(environment, self.metrics).application(
            [web.get("/n", self.read), web.post("/n", self.write), web.get("/go", self.go)]
        )

    async def read(self, _request: web.Request) -> web.Response:
        return web.json_response({"n": self.value}, headers={"X-Applied-Offset": str(self.value)})

    async def write(self, request: web.Request) -> web.Response:
        self.value += 1
        return web.json_response(await request.json(), status=201)

    async def go(self, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://right.example/go"})


def ask(counter: Counter, story: Callable[[TestClient[Any, Any]], Awaitable[Any]]) -> Any:
    async def play() -> Any:
        async with TestClient(TestServer(counter.app)) as client:
            return await story(client)

    return asyncio.run(play())


def rule(do: str, **more: Any) -> dict[str, Any]:
    return {"at": "http", "do": do, **more}


def test_a_share_gets_another_status_by_count_and_nobody_else() -> None:
    counter = Counter(rule("status", route="POST /n", share=0.25, status=503))

    async def story(client: TestClient[Any, Any]) -> list[int]:
        assert (await client.get("/n")).status == 200
        return [(await client.post("/n", json={})).status for _ in range(8)]

    assert ask(counter, story) == [201, 201, 201, 503] * 2
    assert counter.value == 6
    assert 'switch_hits{at="http",do="status",rule="0"} 2' in counter.metrics.text()


def test_a_late_answer_is_the_true_one() -> None:
    async def story(client: TestClient[Any, Any]) -> tuple[int, float]:
        began = asyncio.get_running_loop().time()
        return (await client.get("/n")).status, asyncio.get_running_loop().time() - began

    status, took_s = ask(Counter(rule("delay", ms=200)), story)
    assert status == 200
    assert took_s >= 0.2


def test_what_starts_cold_is_bad_in_its_first_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("fixtures.stack.services.switch_rules.time.monotonic", lambda: clock[0])
    rules = Switches.read('[{"at": "http", "do": "status", "status": 503, "young_s": 20}]')
    rules.rules[0].since = 100.0
    hit = []
    for clock[0] in (100.0, 119.0, 121.0, 1000.0):
        hit.append(bool(rules.taken("http", "GET", "/n")))
    assert hit == [True, True, False, False]


def test_an_old_answer_is_the_first_one_with_its_headers() -> None:
    async def story(client: TestClient[Any, Any]) -> Any:
        await client.get("/n")
        await client.post("/n", json={})
        late = await client.get("/n")
        return await late.json(), late.headers["X-Applied-Offset"]

    assert ask(Counter(rule("old", route="GET *")), story) == ({"n": 0}, "0")


def test_a_wrong_answer_keeps_its_status() -> None:
    async def story(client: TestClient[Any, Any]) -> Any:
        body = await (await client.get("/n")).json()
        gone = await client.get("/go", allow_redirects=False)
        return body, gone.status, gone.headers["Location"]

    assert ask(Counter(rule("wrong")), story) == ({"wrong": True}, 302, "http://wrong.example/")
    assert ask(Counter(rule("wrong", body=[1])), story)[0] == [1]


@pytest.mark.parametrize(("do", "effect"), [("no-effect", 0), ("twice", 2)])
def test_an_effect_that_does_not_happen_or_happens_twice(do: str, effect: int) -> None:
    counter = Counter(rule(do, route="POST *"))

    async def story(client: TestClient[Any, Any]) -> Any:
        answer = await client.post("/n", json={"a": 1})
        return answer.status, await answer.json()

    assert ask(counter, story) == (201, {"a": 1})
    assert counter.value == effect


def test_silence_accepts_and_never_answers_and_a_cut_closes() -> None:
    async def silent(client: TestClient[Any, Any]) -> None:
        with pytest.raises(asyncio.TimeoutError):
            await client.get("/n", timeout=aiohttp.ClientTimeout(total=0.3))

    async def cut(client: TestClient[Any, Any]) -> None:
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get("/n")

    ask(Counter(rule("silence")), silent)
    ask(Counter(rule("cut")), cut)


def test_a_refused_port_is_not_listened_on() -> None:
    refusal = {"at": "listen", "do": "refuse", "port": 28911}

    async def story() -> list[bool]:
        environment = read_environment({"HOST": "127.0.0.1", "SWITCHES": json.dumps([refusal])})
        serving = Serving(environment, Metrics())
        listeners = [Listener(serving.application([]), port) for port in (28911, 28912)]
        running = asyncio.create_task(serve(serving, listeners, background=[]))
        await asyncio.sleep(0.2)
        found = []
        for port in (28911, 28912):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                found.append(True)
            except ConnectionRefusedError:
                found.append(False)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return found

    assert asyncio.run(story()) == [False, True]


@pytest.mark.parametrize(("do", "truth", "said"), [("never", True, False), ("always", False, True)])
def test_readiness_says_otherwise(do: str, truth: bool, said: bool) -> None:
    assert Switches.read(json.dumps([{"at": "ready", "do": do}])).ready(truth) is said


class Log:
    """Stands in for the producer: what was appended, in order."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.last_offset = -1

    async def append(self, _key: str, value: bytes, _ts_ms: int) -> int:
        self.records.append(value)
        self.last_offset += 1
        return self.last_offset


@pytest.mark.parametrize(("do", "at_once", "later"), [("no-effect", 0, 0), ("twice", 2, 2), ("before-log", 0, 1)])
def test_a_write_that_does_not_go_into_the_log_as_it_is_answered(do: str, at_once: int, later: int) -> None:
    more = {"ms": 100} if do == "before-log" else {}
    switches = json.dumps([{"at": "log", "do": do, "route": "POST /api/v1/selection_input/*", **more}])

    async def play() -> tuple[int, int, int]:
        manager = Manager(read_environment({**AWAY, "SWITCHES": switches}))
        log = Log()
        manager.producer.append = log.append  # type: ignore[method-assign]
        manager.health._by_name["kafka"].trouble = None
        async with TestClient(TestServer(manager.application())) as client:
            status = (await client.post("/api/v1/selection_input/a/b", json={"x": 1})).status
            first = len(log.records)
            await asyncio.sleep(0.3 if do == "before-log" else 0)
        await manager.redis.close()
        return status, first, len(log.records)

    assert asyncio.run(play()) == (201, at_once, later)


@pytest.mark.parametrize(
    ("rules", "acks", "idempotent"),
    [("", "-1", "1"), ('[{"at": "producer", "do": "acks", "acks": 1}]', "1", "0"),
     ('[{"at": "producer", "do": "acks", "acks": 0}]', "0", "0")],
)  # fmt: skip
def test_the_manager_says_what_it_produces_with(rules: str, acks: str, idempotent: str) -> None:
    class Proxy:
        def get(self, path: str, **_query: object) -> str:
            assert path == "/api/v1/namespaces/acd/pods/acd-manager-x:8080/proxy/metrics"
            return text

    async def play() -> str:
        manager = Manager(read_environment({**AWAY, "SWITCHES": rules}))
        async with TestClient(TestServer(manager.application())) as client:
            found = await (await client.get("/metrics")).text()
        await manager.redis.close()
        return found

    text = asyncio.run(play())
    found = producer_settings(Proxy(), "acd", "acd-manager-x", 8080)
    assert found == {"log_producer_acks": acks, "log_producer_idempotent": idempotent}
    text = "up 1\n"
    with pytest.raises(LookupError):
        producer_settings(Proxy(), "acd", "acd-manager-x", 8080)


def test_records_are_chosen_by_their_offset_and_none_is_lost() -> None:
    text = '[{"at": "record", "do": "%s", "share": 0.2, "seed": 3}]'
    records = [At(i) for i in range(500)]
    doubled = Switches.read(text % "twice").fold(records)
    assert doubled == Switches.read(text % "twice").fold(records)
    assert 560 < len(doubled) < 640
    assert sorted({r.offset for r in doubled}) == list(range(500))
    swapped = [r.offset for r in Switches.read(text % "swap").fold(records)]
    assert sorted(swapped) == list(range(500))
    assert swapped != sorted(swapped)
    assert 360 < len(Switches.read(text % "ignore").fold(records)) < 440
    pretending = Switches.read(text % "pretend")
    assert 60 < sum(pretending.pretends(r) for r in records) < 140
    assert pretending.fold(records) == records


@pytest.mark.parametrize(
    "text",
    [
        "{}", "[1]", "nonsense", '[{"at": "http"}]', '[{"at": "moon", "do": "status"}]',
        '[{"at": "http", "do": "explode"}]', '[{"at": "http", "do": "status"}]',
        '[{"at": "http", "do": "status", "status": 99}]', '[{"at": "http", "do": "status", "status": true}]',
        '[{"at": "http", "do": "old", "share": 0}]', '[{"at": "http", "do": "old", "share": 1.5}]',
        '[{"at": "http", "do": "old", "route": "/n"}]', '[{"at": "record", "do": "twice", "route": "GET /n"}]',
        '[{"at": "ready", "do": "never", "share": 0.5}]', '[{"at": "http", "do": "old", "colour": "red"}]',
        '[{"at": "record", "do": "stop"}]', '[{"at": "producer", "do": "acks", "acks": "one"}]',
        '[{"at": "http", "do": "old", "young_s": 0}]', '[{"at": "start", "do": "empty", "young_s": 5}]',
        '[{"at": "producer", "do": "acks", "acks": 1, "share": 0.5}]', '[{"at": "http", "do": "old", "seed": -1}]',
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_at_start(text: str) -> None:
    with pytest.raises(BadEnvironment, match="SWITCHES"):
        read_environment({"SWITCHES": text})


def test_a_rule_for_a_place_that_a_service_does_not_have_is_refused() -> None:
    """It would do nothing, and the sabotage would look as if it had escaped."""
    with pytest.raises(BadSwitches, match="acd-manager has nothing at 'record'"):
        Switches.read('[{"at": "record", "do": "twice"}]').check("acd-manager")
    assert set().union(*SERVICES.values()) == set(WORDS)


def test_bodies_that_no_store_can_keep_are_refused() -> None:
    """Both were once answered 201; the first stopped the worker for ever, the second changed nothing."""

    async def story(client: TestClient[Any, Any], _manager: Manager) -> None:
        deep = '{"a":' * 32 + "1" + "}" * 32
        for body in (r'{"\ud800":1}', '{"a":1e400}', '{"a":-1e999}', r'{"a":["\udfff"]}', '{"a":' + deep + "}"):
            async with client.post("/api/v1/selection_input/a/b", data=body) as answer:
                assert answer.status == 400, body
        async with client.post("/api/v1/metrics", data='{"h":{"m":1e400}}') as answer:
            assert answer.status == 400

    with_manager(story)
