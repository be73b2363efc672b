"""CPU load on the Manager, to move its autoscaler: large Data Store writes and small reads, nothing for Kafka.

Few requests that each cost the Manager much: what many small ones cost is mostly the gateway's, the kernel's and the
generator's, and a machine that these use up serves nobody, which then looks like the Manager's failure. New connections
for each request, so that pods which join later get their share.

Alone::

    locust -f loadtests/manager_load.py --headless -u 20 -t 60s --rate 40
"""

from __future__ import annotations

import random
from collections.abc import Callable

from loadtests.answer import Answer, judge
from loadtests.cost import BODY
from loadtests.open_loop import OpenLoopUser, run

KEYS = 50


class Caller(OpenLoopUser):
    """Three writes to one read."""

    def on_start(self) -> None:
        super().on_start()
        self._draw = random.Random(f"caller:{run.plan.seed}:{self.number}")

    def request(self, slot: int) -> Callable[[], tuple[str, Answer, str]]:
        key = f"load-{self._draw.randrange(KEYS)}"
        if self._draw.random() < 0.75:
            return lambda: self._ask("POST", f"/api/v1/datastore/{key}", "POST datastore", BODY, 201, 409)
        return lambda: self._ask("GET", f"/api/v1/selection_input/{key}", "GET selection_input", b"", 200, 404)

    def _ask(self, method: str, path: str, name: str, body: bytes, *good: int) -> tuple[str, Answer, str]:
        headers = {"Content-Type": "application/json"} if body else None
        answer = self.connections.exchange(method, path, headers, body)
        return name, answer, judge(answer, *good)
