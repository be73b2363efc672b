"""Operators writing and reading Selection Input and the Data Store through the gateway.

Each Selection Input write carries its id in `X-Operation-Id` and leaves one line in `kafka/writes-<load>.jsonl`: `ok`
with the offset the Manager named, `fail` only when the answer proves that nothing was written, else `info`.

Alone::

    locust -f loadtests/operators.py --headless -u 10 -t 30s --rate 15
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from locust import events

from loadtests.answer import Answer, DataStoreKey, judge, write_outcome
from loadtests.evenly import place
from loadtests.open_loop import OpenLoopUser, run
from loadtests.rows import WriteOutcomes
from loadtests.shadow import Shadow

API = "/api/v1"
JSON = {"Content-Type": "application/json"}
FRESH_S = 1.0
"""A confirmed write is read back within a second; an answer without it is late, and its row says how late."""

HOT_PATHS = 6
HOT_WRITES, HOT_READS = 0.3, 0.9
"""Shares that go to a few paths which all operators use: only who writes and reads a path again and again can see that
it stands still. Most writes go to paths of their own, where no later one hides what became of them."""
PATHS_PER_USER = 20
Sent = tuple[str, Answer, str]

outcomes: WriteOutcomes
shadows: defaultdict[str, Shadow]
root: str


@events.test_start.add_listener
def open_outcomes(**_: Any) -> None:
    """One file for all users of this load, and paths that no earlier load has written."""
    global outcomes, shadows, root  # noqa: PLW0603
    if run.refused:
        return
    outcomes = WriteOutcomes(run.dossier, run.plan.load)
    shadows = defaultdict(lambda: Shadow(FRESH_S))
    root = f"{run.plan.load}/{uuid.uuid4().hex[:8]}"


class Operator(OpenLoopUser):
    """Half writes of Selection Input, some deletes, reads of both, and a Data Store key's life over and over."""

    keep_connections = True

    def on_start(self) -> None:
        super().on_start()
        self._draw = random.Random(f"operator:{run.plan.seed}:{self.number}")
        self._store = self._new_key()

    def request(self, slot: int) -> Callable[[], Sent]:
        kind = place(slot, run.plan.seed)
        path = self._path(HOT_READS if 0.6 <= kind < 0.8 else HOT_WRITES)
        operation = str(uuid.uuid4())  # never seeded: the topic remembers the ids of earlier runs
        if kind < 0.5:
            value = {"streamer": f"edge-{self._draw.randrange(8)}", "slot": slot}
            return partial(self._write, "POST", path, operation, value, (200, 201))
        if kind < 0.6:
            return partial(self._write, "DELETE", path, operation, None, (200, 204, 404))
        if kind < 0.8:
            return partial(self._read, path)
        if self._store.done:
            self._store = self._new_key()
        return partial(self._keep, self._store, *self._store.next_step())

    def _path(self, hot: float) -> str:
        if self._draw.random() < hot:
            return f"{root}/all/{self._draw.randrange(HOT_PATHS)}"
        return f"{root}/{self.number}/{self._draw.randrange(PATHS_PER_USER)}"

    def _new_key(self) -> DataStoreKey:
        return DataStoreKey(f"{run.plan.load}-{self.number}-{uuid.uuid4().hex[:8]}")

    def _write(
        self, method: str, path: str, operation: str, value: dict[str, Any] | None, good: tuple[int, ...]
    ) -> Sent:
        write = shadows[path].begin(value, "slot")
        body = b"" if value is None else json.dumps(value).encode()
        path = path if value is not None else f"{path}/slot"
        headers = {"X-Operation-Id": operation, **(JSON if body else {})}
        start_ns = time.monotonic_ns()
        answer = self.connections.exchange(method, f"{API}/selection_input/{path}", headers, body)
        named, end_ns = answer.headers.get("x-log-offset"), time.monotonic_ns()
        offset = int(named) if named is not None and named.isdigit() else None
        write.answered(write_outcome(answer), offset, end_ns)
        outcomes.outcome(
            id=operation, op=method, path=path, start_ns=start_ns, end_ns=end_ns,
            outcome=write_outcome(answer), status=answer.status, offset=offset,
        )  # fmt: skip
        return f"{method} selection_input", answer, judge(answer, *good)

    def _read(self, path: str) -> Sent:
        """What was written must be read back, of the state that the answer says it stands at."""
        asked_ns = time.monotonic_ns()
        answer = self.connections.exchange("GET", f"{API}/selection_input/{path}")
        return "GET selection_input", answer, shadows[path].judge(answer, asked_ns)

    def _keep(self, store: DataStoreKey, method: str, good: tuple[int, ...]) -> Sent:
        body = json.dumps(store.value).encode() if method in {"POST", "PUT"} else b""
        answer = self.connections.exchange(method, f"{API}/datastore/{store.key}", JSON if body else None, body)
        error = judge(answer, *good) or (store.other_value(answer) if method == "GET" else "")
        store.answered(error)
        return f"{method} datastore", answer, error
