"""The configuration over a real PostgreSQL: its ETag never names two documents, whatever becomes of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from apps_servers import PostgresServer, needs_postgresql, postgres_server  # noqa: F401 - a fixture

from fixtures.stack.services.environment import read_environment
from fixtures.stack.services.manager import Manager

pytestmark = needs_postgresql
ROOT = "/api/v1/configuration"
NOBODY = {"KAFKA_BOOTSTRAP": "127.0.0.1:1", "REDIS_MASTER": "127.0.0.1:1", "REDIS_REPLICAS": "127.0.0.1:1"}
Answer = tuple[int, str, Any]


class Client:
    """One Manager replica, asked over HTTP."""

    def __init__(self, http: TestClient[Any, Any], manager: Manager) -> None:
        self.http, self.manager = http, manager

    async def ask(self, method: str, body: str | None = None, **headers: str) -> Answer:
        """Status, ETag and document."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, ROOT, data=body, headers=named) as response:
            document = await response.json() if response.status != 304 else None
            return response.status, response.headers.get("ETag", ""), document


@pytest.fixture
def with_replicas(postgres_server: PostgresServer) -> Callable[..., None]:  # noqa: F811
    postgres_server.sql("DROP TABLE IF EXISTS configuration")

    def play(story: Callable[..., Awaitable[None]], *, count: int = 1) -> None:
        async def run() -> None:
            async with AsyncExitStack() as stack:
                replicas = []
                for _ in range(count):
                    manager = Manager(read_environment({**NOBODY, **postgres_server.variables}))
                    http = await stack.enter_async_context(TestClient(TestServer(manager.application())))
                    stack.push_async_callback(manager._used.close)
                    stack.push_async_callback(manager._asked.close)
                    replicas.append(Client(http, manager))
                await asyncio.gather(*(replica.manager.configuration.make_table() for replica in replicas))
                await story(*replicas)

        asyncio.run(run())

    return play


def test_an_etag_names_one_document_in_every_replica(with_replicas):
    async def story(one: Client, other: Client) -> None:
        status, none, body = await one.ask("GET")
        assert (status, body) == (200, {})
        assert await one.ask("GET", If_None_Match=none) == (304, none, None)
        status, first, body = await one.ask("PUT", '{"a": 1}', If_Match=none)
        assert (status, body) == (200, {"a": 1})
        assert await other.ask("GET") == (200, first, {"a": 1})
        assert await other.ask("GET", If_None_Match=f'"x", {first}') == (304, first, None)
        assert await other.ask("GET", If_None_Match=none) == (200, first, {"a": 1})
        assert (await other.ask("PUT", '{"b": 2}', If_Match=none))[0] == 412
        status, second, _ = await other.ask("PUT", '{"b": 2}', If_Match=first)
        assert (status, second != first) == (200, True)
        assert (await one.ask("DELETE", If_Match=first))[0] == 412
        status, third, body = await one.ask("DELETE", If_Match=second)
        assert (status, body) == (200, {})
        assert len({none, first, second, third}) == 4
        assert await other.ask("GET") == (200, third, {})

    with_replicas(story, count=2)


def test_of_two_who_change_the_same_version_one_wins(with_replicas):
    async def story(one: Client, other: Client) -> None:
        for _ in range(10):
            _, etag, _ = await one.ask("GET")
            answers = await asyncio.gather(
                one.ask("PUT", '{"by": "one"}', If_Match=etag), other.ask("PUT", '{"by": "other"}', If_Match=etag)
            )
            assert sorted(status for status, _, _ in answers) == [200, 412]
            won = next(answer for answer in answers if answer[0] == 200)
            assert await one.ask("GET") == won

    with_replicas(story, count=2)


def test_a_weak_or_endless_etag_matches_no_write(with_replicas):
    """RFC 9110, 13.1.1: If-Match compares strongly."""

    async def story(one: Client) -> None:
        _, etag, _ = await one.ask("PUT", '{"a": 1}')
        assert (await one.ask("PUT", "{}", If_Match=f"W/{etag}"))[0] == 412
        assert (await one.ask("PUT", "{}", If_Match='"v' + "9" * 5000 + '"'))[0] == 412
        assert (await one.ask("GET", If_None_Match='"v' + "9" * 5000 + '"'))[0] == 200
        assert await one.ask("GET", If_None_Match=f"W/{etag}") == (304, etag, None)

    with_replicas(story)


def test_document_and_etag_outlive_a_crash_of_the_database(with_replicas, postgres_server):  # noqa: F811
    async def story(one: Client) -> None:
        _, etag, _ = await one.ask("PUT", '{"a": 1}')
        await asyncio.to_thread(postgres_server.crash)
        try:
            status, _, body = await one.ask("PUT", '{"a": 2}', If_Match=etag)
            assert (status, list(body)) == (503, ["message"])
        finally:
            await asyncio.to_thread(postgres_server.start)
        assert await one.ask("GET") == (200, etag, {"a": 1})
        assert (await one.ask("PUT", '{"a": 2}', If_Match=etag))[0] == 200

    with_replicas(story)


def test_a_lost_table_is_made_again_and_no_etag_from_before_names_what_comes_after(
    with_replicas,
    postgres_server,  # noqa: F811
):
    async def story(one: Client, other: Client) -> None:
        old = [(await one.ask("PUT", f'{{"a": {i}}}'))[1] for i in range(3)]
        postgres_server.sql("DROP TABLE configuration")
        assert (await one.ask("GET"))[::2] == (200, {})
        new = [(await other.ask("PUT", f'{{"b": {i}}}'))[1] for i in range(3)]
        assert not set(old) & set(new)
        for etag in old:
            assert (await one.ask("PUT", '{"stale": true}', If_Match=etag))[0] == 412
            assert (await one.ask("GET", If_None_Match=etag))[::2] == (200, {"b": 2})

    with_replicas(story, count=2)


def test_a_table_that_all_find_lost_at_once_is_made_by_one_of_them(with_replicas, postgres_server):  # noqa: F811
    async def story(*replicas: Client) -> None:
        for _ in range(5):
            postgres_server.sql("DROP TABLE configuration")
            answers = await asyncio.gather(*(one.ask("PUT", '{"a": 1}') for one in replicas))
            assert {status for status, _, _ in answers} <= {200, 503}
            assert (await replicas[0].ask("GET"))[0] == 200

    with_replicas(story, count=3)


def test_a_database_that_takes_no_writes_is_away_for_them(with_replicas, postgres_server):  # noqa: F811
    async def story(one: Client) -> None:
        await one.ask("PUT", '{"a": 1}')
        await one.manager._used.close()  # the setting is taken by new connections
        postgres_server.sql("ALTER DATABASE postgres SET default_transaction_read_only = on")
        try:
            assert (await one.ask("PUT", '{"a": 2}'))[0] == 503
            assert (await one.ask("GET"))[::2] == (200, {"a": 1})
        finally:
            postgres_server.sql("ALTER DATABASE postgres RESET ALL")

    with_replicas(story)
