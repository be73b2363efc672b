"""Operators writing and reading Selection Input and the Data Store through the gateway.

Each Selection Input write carries its id in `X-Operation-Id` and leaves one line in `kafka/writes.jsonl`: `ok` with the
offset the Manager named, `fail` only when the answer proves that nothing was written, else `info`.

Alone::

    locust -f loadtests/operators.py --headless -u 10 -t 30s --rate 15
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from locust import events

from loadtests.exchange import Answer
from loadtests.open_loop import OpenLoopUser, judge, run
from loadtests.rows import WriteOutcomes

API = "/api/v1"
JSON = {"Content-Type": "application/json"}
PATHS_PER_USER = 20
Sent = tuple[str, Answer, str]

outcomes: WriteOutcomes


@events.test_start.add_listener
def open_outcomes(**_: Any) -> None:
    """One file for the run, whichever load writes to it."""
    global outcomes  # noqa: PLW0603
    outcomes = WriteOutcomes(run.dossier)


def write_outcome(answer: Answer) -> str:
    """What is known of a write: `ok`, `fail` (the answer, or an unopened connection, proves it absent) or `info`."""
    if 200 <= answer.status < 300:
        return "ok"
    if not answer.sent or (400 <= answer.status < 500 and answer.status != 408):
        return "fail"
    return "info"


class DataStoreKey:
    """One Data Store key, created, read, replaced and deleted in turn; knows whether it must exist.

    After an answer that leaves it open (or while one is outstanding) both answers to the next question are good ones.
    """

    STEPS = (("POST", 201, 409), ("GET", 200, 404), ("PUT", 200, 404), ("DELETE", 204, 204))

    def __init__(self) -> None:
        self.step = 0
        self.certain = True
        self.waiting = 0

    def next_step(self) -> tuple[str, tuple[int, ...]]:
        """Method and the good answers."""
        method, normal, other = self.STEPS[self.step % 4]
        self.certain = (self.certain or self.step % 4 == 0) and not self.waiting
        self.step += 1
        self.waiting += 1
        return method, (normal,) if self.certain and method != "GET" else (normal, other)

    def answered(self, error: str) -> None:
        """An error leaves open what became of the key."""
        self.waiting -= 1
        self.certain = self.certain and not error


class Operator(OpenLoopUser):
    """Half writes of Selection Input, some deletes, reads of both, and a Data Store key's life over and over."""

    keep_connections = True

    def on_start(self) -> None:
        super().on_start()
        self._draw = random.Random(f"operator:{run.plan.seed}:{self.number}")
        self._key, self._life, self._store = "", 0, DataStoreKey()

    def request(self, slot: int) -> Callable[[], Sent]:
        kind, path = self._draw.random(), f"{run.plan.load}/{self.number}/{self._draw.randrange(PATHS_PER_USER)}"
        operation = str(uuid.uuid4())  # never seeded: the topic remembers the ids of earlier runs
        if kind < 0.5:
            value = {"streamer": f"edge-{self._draw.randrange(8)}", "slot": slot}
            return partial(self._write, "POST", path, operation, json.dumps(value).encode(), (200, 201))
        if kind < 0.6:
            return partial(self._write, "DELETE", path, operation, b"", (200, 204, 404))
        if kind < 0.8:
            return partial(self._read, path)
        if self._store.step % 4 == 0:
            self._life += 1
            self._key = f"{run.plan.load}-{self.number}-{operation[:8]}"
            self._store = DataStoreKey()
        method, good = self._store.next_step()
        return partial(self._keep, self._store, method, self._key, good)

    def _write(self, method: str, path: str, operation: str, body: bytes, good: tuple[int, ...]) -> Sent:
        headers = {"X-Operation-Id": operation, **(JSON if body else {})}
        start_ns = time.monotonic_ns()
        answer = self.connections.exchange(method, f"{API}/selection_input/{path}", headers, body)
        offset = answer.headers.get("x-log-offset")
        outcomes.outcome(
            id=operation, op=method, path=path, start_ns=start_ns, end_ns=time.monotonic_ns(),
            outcome=write_outcome(answer), status=answer.status,
            offset=int(offset) if offset is not None and offset.isdigit() else None,
        )  # fmt: skip
        return f"{method} selection_input", answer, judge(answer, *good)

    def _read(self, path: str) -> Sent:
        answer = self.connections.exchange("GET", f"{API}/selection_input/{path}")
        return "GET selection_input", answer, judge(answer, 200, 404)

    def _keep(self, store: DataStoreKey, method: str, key: str, good: tuple[int, ...]) -> Sent:
        body = json.dumps({"life": key}).encode() if method in {"POST", "PUT"} else b""
        answer = self.connections.exchange(method, f"{API}/datastore/{key}", JSON if body else None, body)
        error = judge(answer, *good)
        store.answered(error)
        return f"{method} datastore", answer, error
