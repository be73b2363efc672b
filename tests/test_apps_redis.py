"""The parts of the reference services that stand on Redis, against a real redis-server on a free loopback port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from apps_servers import needs_redis, redis_server  # noqa: F401 - a fixture
from redis.exceptions import RedisError

from fixtures.stack.services.applied_state import (
    FENCE,
    JOURNAL,
    JOURNAL_BEGIN,
    JOURNAL_BYTES,
    AppliedState,
    Fenced,
    Held,
    Hold,
    Moved,
)
from fixtures.stack.services.environment import Address, read_environment
from fixtures.stack.services.host_metrics import HostMetrics
from fixtures.stack.services.manager import Manager
from fixtures.stack.services.record import Record
from fixtures.stack.services.redis_clients import CONNECTIONS, RedisClients, connect
from fixtures.stack.services.state import Entry, State

pytestmark = needs_redis


@pytest.fixture
def store(redis_server) -> AppliedState:  # noqa: F811
    fresh = AppliedState(redis_server.address, journal_max=5)
    fresh.redis.flushall()
    return fresh


def put(offset: int, **value: object) -> Record:
    return Record(offset, "put", "a/b", value, None, f"id-{offset}", 1000 + offset, "d1")


def apply(
    store: AppliedState, state: State, *records: Record, previous: int, hold: Hold | None = None, guard: bool = True
) -> None:
    """Apply with a hold, or with one of its own."""
    if hold is None:
        store.load(hold := Hold())
    changes = [change for record in records for change in state.apply(record)]
    store.apply(list(records), changes, hold=hold, previous=previous, guard=guard)


def offsets(store: AppliedState) -> list[int]:
    return [json.loads(line)["offset"] for line in store.journal(0, 100)]


class TestAppliedState:
    def test_state_offset_and_journal_change_together(self, store):
        applied, state = store.load(Hold())
        assert (applied, state.paths) == (-1, {})
        apply(store, state, put(0, x=1, y={"z": []}), put(1, x={}), previous=-1)
        applied, again = store.load(Hold())
        assert (applied, again.paths) == (1, {"a/b": {"x": Entry({})}})
        lines = [json.loads(line) for line in store.journal(0, 100)]
        assert [(line["seq"], line["offset"], line["id"], line["op"], line["path"]) for line in lines] == [
            (0, 0, "id-0", "put", "a/b"),
            (1, 1, "id-1", "put", "a/b"),
        ]
        assert lines[0]["at_ns"] > 0

    def test_a_path_without_keys_is_forgotten(self, store):
        _, state = store.load(Hold())
        apply(store, state, put(0, x=1), previous=-1)
        apply(store, state, Record(1, "delete", "a/b", {}, None, "d", 0), previous=0)
        assert store.load(Hold())[1].paths == {}
        assert store.redis.keys("si:state:*") == []

    def test_a_record_is_never_applied_twice_nor_after_a_hole(self, store):
        _, state = store.load(Hold())
        apply(store, state, put(0, x=1), previous=-1)
        for previous, record in ((-1, put(0, x=1)), (1, put(2, x=3))):
            with pytest.raises(Moved):
                apply(store, State(), record, previous=previous)
        assert offsets(store) == [0]

    def test_with_the_guard_off_it_is_applied_twice(self, store):
        apply(store, State(), put(0, x=1), previous=-1)
        apply(store, State(), put(0, x=1), previous=-1, guard=False)
        assert offsets(store) == [0, 0]

    def test_an_earlier_token_is_refused_once_a_later_one_was_drawn(self, store):
        store.load(old := Hold())
        apply(store, State(), put(0, x=1), previous=-1, hold=old)
        assert store.load(new := Hold())[0] == 0
        assert (old.token, new.token) == (1, 2)
        for refused in (
            lambda: apply(store, State(), put(1, x=2), previous=0, hold=old),
            lambda: store.load(old),
            lambda: store.confirm(old),
        ):
            with pytest.raises(Fenced, match="token 2 has taken over from 1"):
                refused()
        store.release(old)  # of what it has not
        assert store.confirm(new) == 0
        assert offsets(store) == [0]

    def test_loading_again_draws_no_second_token(self, store):
        store.load(hold := Hold())
        store.load(hold)
        store.load(asked_again := Hold(name=hold.name))  # the answer was lost
        assert (hold.token, asked_again.token) == (1, 1)

    def test_a_token_that_a_redis_gives_twice_is_not_taken_for_the_same(self, store):
        store.load(old := Hold())
        store.redis.flushall()
        for lost in (lambda: store.load(old), lambda: store.confirm(old)):
            with pytest.raises(Fenced, match="lost data: it knows token 0, and 1 was drawn"):
                lost()
        store.load(new := Hold())
        assert new.token == old.token
        with pytest.raises(Fenced):
            apply(store, State(), put(0, x=1), previous=-1, hold=old)
        apply(store, State(), put(0, x=1), previous=-1, hold=new)

    def test_who_waits_for_silence_fences_nobody_alive_and_nobody_who_has_let_go_is_waited_for(self, store):
        store.load(one := Hold())
        for _ in range(2):
            with pytest.raises(Held, match="token 1 is alive"):
                store.load(Hold(after_silence_s=60.0))
            store.confirm(one)
        store.release(one)
        store.load(two := Hold(after_silence_s=60.0))
        assert two.token == 2
        store.redis.hincrby(FENCE, "at", -60_000)
        with pytest.raises(Held):
            store.load(Hold(after_silence_s=61.0))
        store.load(three := Hold(after_silence_s=60.0))
        assert three.token == 3
        store.redis.hincrby(FENCE, "at", 10_000)  # a clock that was put back is no sign of life
        store.load(Hold(after_silence_s=60.0))

    def test_a_full_redis_lets_a_worker_take_over(self, store):
        store.redis.config_set("maxmemory", 1)
        try:
            store.load(hold := Hold())
            assert store.confirm(hold) == -1
            store.release(hold)
        finally:
            store.redis.config_set("maxmemory", 0)

    def test_a_full_journal_drops_its_oldest_and_says_so(self, store):
        _, state = store.load(Hold())
        for offset in range(8):
            apply(store, state, put(offset, x=offset), previous=offset - 1)
        assert [json.loads(line)["seq"] for line in store.journal(0, 100)] == [3, 4, 5, 6, 7]
        assert [json.loads(line)["seq"] for line in store.journal(6, 1)] == [6]


MAXMEMORY = 144 << 20
"""That of the stack's Redis."""


def patient(address: Address, **bounds: int) -> AppliedState:
    """A store that waits for a busy machine: what is asked here is what Redis holds, not how soon."""
    store = AppliedState(address, **bounds)
    store.redis.connection_pool.connection_kwargs["socket_timeout"] = 60.0
    return store


@pytest.fixture
def small_redis(redis_server) -> Iterator[AppliedState]:  # noqa: F811
    """A Redis that refuses what would need more memory than the stack's has."""
    fresh = patient(redis_server.address)
    fresh.redis.flushall()
    fresh.redis.config_set("maxmemory", MAXMEMORY)
    yield fresh
    fresh.redis.config_set("maxmemory", 0)
    fresh.redis.flushall()


def many(store: AppliedState, first: int, end: int, *, path: str) -> None:
    """Apply records in batches, as a worker does that has much to catch up with."""
    _, state = store.load(hold := Hold())
    for offset in range(first, end, 500):
        batch = [
            Record(i, "merge", f"{path}/{i % 50}", {"k": i}, None, f"id-{i:032}", 1, "0123456789abcdef")
            for i in range(offset, offset + 500)
        ]
        apply(store, state, *batch, previous=offset - 1, hold=hold)


def test_after_300_000_writes_all_are_applied_and_journaled_and_redis_has_room(small_redis):
    """Ten minutes of 500 writes a second once stopped the worker for good, at its journal's 250,000th entry."""
    many(small_redis, 0, 300_000, path="cdn/hosts")
    assert small_redis.applied() == 299_999
    assert small_redis.redis.llen(JOURNAL) == 300_000
    assert [json.loads(line)["offset"] for line in small_redis.journal(299_998, 5)] == [299_998, 299_999]
    assert small_redis.redis.info("memory")["used_memory"] < MAXMEMORY / 2


def test_long_paths_do_not_fill_redis_with_journal(small_redis, redis_server):  # noqa: F811
    """As many entries as it may hold by number would be 400 MB of such paths, and a full Redis takes no write."""
    small_redis.redis.config_set("maxmemory", 24 << 20)
    bounded = patient(redis_server.address, journal_max_bytes=8 << 20)
    many(bounded, 0, 25_000, path="x" * 1000)
    lines, begin = bounded.redis.lrange(JOURNAL, 0, -1), int(bounded.redis.get(JOURNAL_BEGIN))
    assert [json.loads(line)["seq"] for line in lines] == list(range(begin, 25_000))
    assert (7 << 20) < sum(map(len, lines)) == int(bounded.redis.get(JOURNAL_BYTES)) <= 8 << 20


def test_a_redis_that_the_journal_of_an_earlier_worker_has_filled_takes_writes_again(small_redis, redis_server):  # noqa: F811
    small_redis.redis.config_set("maxmemory", 24 << 20)
    with pytest.raises(RedisError, match="maxmemory"):
        many(small_redis, 0, 50_000, path="x" * 1000)
    small_redis.redis.delete(JOURNAL_BYTES)  # an earlier worker did not count them
    bounded, applied = patient(redis_server.address, journal_max_bytes=8 << 20), small_redis.applied()
    many(bounded, applied + 1, applied + 501, path="x" * 1000)
    assert bounded.applied() == applied + 500
    lines = bounded.redis.lrange(JOURNAL, 0, -1)
    assert json.loads(lines[-1])["seq"] == json.loads(lines[-1])["offset"] == applied + 500
    assert sum(map(len, lines)) == int(bounded.redis.get(JOURNAL_BYTES)) <= 8 << 20


def test_a_metric_that_is_reported_no_more_goes_whatever_else_its_host_reports(redis_server, store):  # noqa: F811
    address = str(redis_server.address)
    environment = read_environment({"REDIS_MASTER": address, "REDIS_REPLICAS": address})

    async def story() -> None:
        app, clients = web.Application(), RedisClients(environment)
        app.add_routes(HostMetrics(clients).routes())
        async with TestClient(TestServer(app)) as client:

            async def age(name: str, seconds: int) -> None:
                value, at = (await clients.master.hget("metric:h", name)).split()
                await clients.master.hset("metric:h", name, f"{value} {int(at) - seconds}")

            async def reported() -> dict[str, dict[str, float]]:
                return await (await client.get("/api/v1/metrics")).json()

            for name in ("old", "young", "new"):
                await client.post("/api/v1/metrics", data=json.dumps({"h": {name: 1.5}}))
            await age("old", 301)
            await age("young", 290)
            assert await reported() == {"h": {"young": 1.5, "new": 1.5}}
            await client.post("/api/v1/metrics", data='{"h": {"new": 2}, "g": {"m": 1}}')
            assert await reported() == {"g": {"m": 1}, "h": {"young": 1.5, "new": 2}}
            assert set(await clients.master.hkeys("metric:h")) == {"young", "new"}  # and takes no memory any more
            await age("young", 20)
            await age("new", 301)
            assert await reported() == {"g": {"m": 1}}
        await clients.close()

    asyncio.run(story())


def test_a_burst_waits_for_the_connections_there_are(redis_server, store):  # noqa: F811
    """Three hundred requests at once once were as many connections, of which the pool refused all but a hundred."""
    client = connect(redis_server.address)

    async def story() -> tuple[list[Any], int]:
        answers = await asyncio.gather(*(client.set(f"k{n}", "v", nx=True) for n in range(300)))
        clients = await client.client_list()
        await client.aclose()
        return answers, len(clients)

    answers, connections = asyncio.run(story())
    assert all(answers)
    assert connections <= CONNECTIONS + 1, "and one of the test itself"


def test_the_manager_over_redis(redis_server, store):  # noqa: F811
    apply(store, State(), put(0, b=1, a={"n": 2}), Record(1, "merge", "old", {"k": 1}, 1, "i", 0), previous=-1)
    address = redis_server.address
    nobody = {"KAFKA_BOOTSTRAP": "127.0.0.1:1", "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1"}
    environment = read_environment({**nobody, "REDIS_MASTER": str(address), "REDIS_REPLICAS": "127.0.0.1:1"})

    async def story() -> None:
        manager = Manager(environment)
        async with TestClient(TestServer(manager.application())) as client:

            async def ask(method: str, path: str, data: str | None = None) -> tuple[int, str]:
                async with client.request(method, "/api/v1/" + path, data=data) as response:
                    return response.status, await response.text()

            async with client.get("/api/v1/selection_input/a/b?sort=desc&limit=1") as response:
                assert (response.status, response.headers["X-Applied-Offset"]) == (200, "1")
                assert await response.json() == {"b": 1}
            assert await ask("GET", "selection_input/a/b/a") == (200, '{"n":2}')
            assert (await ask("GET", "selection_input/a/b/a/n"))[0] == 404
            assert (await ask("GET", "selection_input/old"))[0] == 404
            assert json.loads((await ask("GET", "selection_input/"))[1]) == {"a/b": {"a": {"n": 2}, "b": 1}}
            status, text = await ask("GET", "selection_input_journal?from=1")
            assert (status, [json.loads(line)["seq"] for line in text.splitlines()]) == (200, [1])

            assert (await ask("PUT", "datastore/k", "1"))[0] == 404
            assert await ask("POST", "datastore/k?ttl=1h", '{"a": 1}') == (201, '{"a":1}')
            assert store.redis.pttl("ds:k") > 3_500_000
            assert (await ask("POST", "datastore/k", "2"))[0] == 409
            assert await ask("PUT", "datastore/k", "[2]") == (200, "[2]")
            assert await ask("GET", "datastore/k") == (200, "[2]")
            assert (await ask("PUT", "subnets", '{"10.0.0.0/8":"blocked","10.1.0.0/16":"inside"}'))[0] == 200
            assert await ask("GET", "datastore") == (200, '["k"]')
            assert await ask("GET", "datastore?show_hidden=true") == (200, '["_subnets","k"]')
            assert await ask("GET", "routing/validate?ip=10.2.0.1") == (403, "Access Denied")
            assert await ask("GET", "routing/validate?ip=10.1.0.1") == (200, "")
            assert await ask("GET", "subnets/byKey/10.1") == (200, '{"10.1.0.0/16":"inside"}')
            assert (await ask("DELETE", "subnets/byValue/blocked"))[0] == 204
            assert await ask("GET", "subnets") == (200, '{"10.1.0.0/16":"inside"}')
            assert [(await ask("DELETE", "datastore/k"))[0] for _ in range(2)] == [204, 204]
            assert (await ask("GET", "datastore/k"))[0] == 404

            assert await ask("GET", "metrics") == (200, "{}")
            assert (await ask("POST", "metrics", '{"h":{"m":100,"n":1.5}}'))[0] == 200
            assert await ask("GET", "metrics") == (200, '{"h":{"m":100,"n":1.5}}')
            assert 290 < store.redis.ttl("metric:h") <= 300

            assert await manager.redis.check_master() is None
            redis_server.pause()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(manager.redis.check_master(), 0.2)
            redis_server.go_on()
            assert await manager.redis.check_master() is None
        await manager.redis.close()

    asyncio.run(story())
