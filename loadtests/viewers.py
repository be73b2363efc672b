"""Viewers asking the Director through the gateway for a manifest; the Director redirects each to a streamer.

Alone::

    locust -f loadtests/viewers.py --headless -u 10 -t 30s --rate 50
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, ClassVar

from locust import events

from loadtests.answer import Answer, judge
from loadtests.hosts import make_known, wrong_location
from loadtests.open_loop import OpenLoopUser, run

CHANNELS = 200


@events.init_command_line_parser.add_listener
def add_options(parser: Any) -> None:
    """For the bench: the same kind of connections as wrk, and a server that knows no hosts."""
    parser.add_argument("--keep-connections", action="store_true", help="keep connections instead of one per request")
    parser.add_argument("--any-location", action="store_true", help="take every redirect for a good one")


@events.init.add_listener
def choose_connections(environment: Any, **_: Any) -> None:
    Viewer.keep_connections = environment.parsed_options.keep_connections
    Viewer.any_location = environment.parsed_options.any_location
    if not Viewer.any_location:
        make_known(environment.host)


class Viewer(OpenLoopUser):
    """Real viewers come and go, so by default each request has a connection of its own.

    One that is sent anywhere but to a host of the log, or to two hosts for one path, got no good answer.
    """

    any_location = False
    _sent_to: ClassVar[dict[str, str]] = {}

    def on_start(self) -> None:
        super().on_start()
        self._draw = random.Random(f"viewer:{run.plan.seed}:{self.number}")

    def request(self, slot: int) -> Callable[[], tuple[str, Answer, str]]:
        path = f"/live/channel-{self._draw.randrange(CHANNELS)}/manifest"
        return lambda: self._ask(path)

    def _ask(self, path: str) -> tuple[str, Answer, str]:
        answer = self.connections.exchange("GET", path)
        return "GET manifest", answer, judge(answer, 302) if self.any_location else self._wrong(answer, path)

    def _wrong(self, answer: Answer, path: str) -> str:
        if error := wrong_location(answer, path):
            return error
        where = str(answer.headers.get("location"))
        before = self._sent_to.setdefault(path, where)
        return "" if where == before else f"wrong-location: {where}; before {before}"
