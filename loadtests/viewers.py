"""Viewers asking the Director through the gateway for a manifest; the Director redirects each to a streamer.

Alone::

    locust -f loadtests/viewers.py --headless -u 10 -t 30s --rate 50
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from locust import events

from loadtests.answer import Answer, judge
from loadtests.open_loop import OpenLoopUser, run

CHANNELS = 200


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    """One more option, to measure the generator with the same kind of connections as wrk."""
    parser.add_argument("--keep-connections", action="store_true", help="keep connections instead of one per request")


@events.init.add_listener
def choose_connections(environment: Any, **_: Any) -> None:
    Viewer.keep_connections = environment.parsed_options.keep_connections


class Viewer(OpenLoopUser):
    """Real viewers come and go, so by default each request has a connection of its own."""

    def on_start(self) -> None:
        super().on_start()
        self._draw = random.Random(f"viewer:{run.plan.seed}:{self.number}")

    def request(self, slot: int) -> Callable[[], tuple[str, Answer, str]]:
        path = f"/live/channel-{self._draw.randrange(CHANNELS)}/manifest"
        return lambda: self._ask(path)

    def _ask(self, path: str) -> tuple[str, Answer, str]:
        answer = self.connections.exchange("GET", path)
        error = judge(answer, 302)
        if not error and not answer.headers.get("location"):
            error = "302 without Location"
        return "GET manifest", answer, error
