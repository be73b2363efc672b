"""CPU load on the Manager, to move its autoscaler: many cheap reads and Data Store writes, nothing for Kafka.

New connections for each request, so that pods which join later get their share.

Alone::

    locust -f loadtests/manager_load.py --headless -u 20 -t 60s --rate 150
"""

from __future__ import annotations

import random
from collections.abc import Callable

from loadtests.answer import Answer, judge
from loadtests.open_loop import OpenLoopUser, run

KEYS = 50
BODY = b'{"load": true}'


class Caller(OpenLoopUser):
    """Three reads to one write."""

    def on_start(self) -> None:
        super().on_start()
        self._draw = random.Random(f"caller:{run.plan.seed}:{self.number}")

    def request(self, slot: int) -> Callable[[], tuple[str, Answer, str]]:
        key = f"load-{self._draw.randrange(KEYS)}"
        if self._draw.random() < 0.25:
            return lambda: self._ask("POST", f"/api/v1/datastore/{key}", "POST datastore", BODY, 201, 409)
        return lambda: self._ask("GET", f"/api/v1/selection_input/{key}", "GET selection_input", b"", 200, 404)

    def _ask(self, method: str, path: str, name: str, body: bytes, *good: int) -> tuple[str, Answer, str]:
        headers = {"Content-Type": "application/json"} if body else None
        answer = self.connections.exchange(method, path, headers, body)
        return name, answer, judge(answer, *good)
