"""What callers and viewers ask, whole, with a Locust made by hand and answers told in advance."""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from test_open_loop_whole import HOST, S, locust, loop  # noqa: F401 - fixtures

from loadtests.answer import Answer
from loadtests.cost import BODY
from loadtests.rows import Plan

JSON = {"Content-Type": "application/json"}


class Wire:
    """In place of the connections: keeps what was sent, and gives the answers that it was told, then 200s."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.sent = list(answers), list[Any]()

    def exchange(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:  # fmt: skip
        self.sent.append((method, path, headers, body))
        return self.answers.pop(0) if self.answers else Answer(200)


class Draw:
    """Chance that is told in advance; keeps among how many was drawn."""

    def __init__(self, *answers: float) -> None:
        self.answers, self.among = list(answers), list[int]()

    def random(self) -> float:
        return self.answers.pop(0)

    def randrange(self, among: int) -> int:
        self.among.append(among)
        return int(self.answers.pop(0))


def user(loop: Any, module: str, name: str, folder: Path) -> tuple[Any, Any]:  # noqa: F811
    """The module and a user of it, number 0 of a plan with seed 3."""
    found: Any = importlib.import_module(f"loadtests.{module}")
    loop.run.plan = Plan("ops", 4, [(20.0, 2.0)], 90 * S, 3)
    loop.run.dossier, loop.run.refused = folder, False
    loop.run.numbers = iter(range(9))
    made = getattr(found, name)(SimpleNamespace(host=HOST, events=None))
    made.on_start()
    return found, made


def test_a_caller_writes_three_times_and_reads_once(loop: Any, tmp_path: Path) -> None:  # noqa: F811
    module, caller = user(loop, "manager_load", "Caller", tmp_path)
    same = random.Random("caller:3:0")
    assert [caller._draw.random() for _ in range(3)] == [same.random() for _ in range(3)]
    caller.connections = wire = Wire(Answer(201), Answer(409), Answer(503), Answer(200), Answer(404), Answer(201))
    caller._draw = draw = Draw(7, 0.74, 8, 0, 9, 0.5, 49, 0.75, 0, 0.99, 1, 0.8)
    found = [caller.request(slot)() for slot in range(6)]
    write, read = "POST datastore", "GET selection_input"
    assert [(name, answer.status, error) for name, answer, error in found] == [
        (write, 201, ""), (write, 409, ""), (write, 503, "status 503"),
        (read, 200, ""), (read, 404, ""), (read, 201, "status 201"),
    ]  # fmt: skip
    assert wire.sent == [
        *(("POST", f"/api/v1/datastore/load-{n}", JSON, BODY) for n in (7, 8, 9)),
        *(("GET", f"/api/v1/selection_input/load-{n}", None, b"") for n in (49, 0, 1)),
    ]
    assert draw.among == [50] * 6
    assert module.Caller.keep_connections is False


def test_a_viewer_asks_for_a_manifest_and_knows_where_it_was_sent(loop: Any, tmp_path: Path) -> None:  # noqa: F811
    module, viewer = user(loop, "viewers", "Viewer", tmp_path)
    assert viewer._draw.random() == random.Random("viewer:3:0").random()
    path = "/live/channel-7/manifest"
    one, two = (f"http://edge-{n}.example{path}" for n in (1, 2))
    places = [one, one, two, one, "http://else.example/"]
    viewer.connections = wire = Wire(*(Answer(302, {"location": where}) for where in places), Answer(502))
    viewer._draw = draw = Draw(*[7] * 9)
    found = [viewer.request(slot)() for slot in range(6)]
    assert [name for name, *_ in found] == ["GET manifest"] * 6
    assert [error for *_, error in found] == [
        "", "", f"wrong-location: {two}; before {one}", "", "wrong-location: http://else.example/", "status 502",
    ]  # fmt: skip
    assert wire.sent == [("GET", path, None, b"")] * 6
    viewer.any_location = True
    wire.answers = [Answer(302, {"location": "anywhere"}), Answer(302), Answer(200)]
    assert [viewer.request(0)()[2] for _ in range(3)] == ["", "", "status 200"]
    assert draw.among == [200] * 9
    known: list[str] = []
    module.make_known = known.append
    for anything, keep in ((True, True), (False, False)):
        options = SimpleNamespace(keep_connections=keep, any_location=anything)
        module.choose_connections(SimpleNamespace(parsed_options=options, host=HOST), other="ignored")
        assert (module.Viewer.keep_connections, module.Viewer.any_location) == (keep, anything)
    assert known == [HOST]


def test_the_options_of_viewers(loop: Any, tmp_path: Path) -> None:  # noqa: F811
    module, _ = user(loop, "viewers", "Viewer", tmp_path)
    added: list[Any] = []
    module.add_options(SimpleNamespace(add_argument=lambda *names, **how: added.append((names, how))))
    assert added == [
        (("--keep-connections",), {"action": "store_true", "help": "keep connections instead of one per request"}),
        (("--any-location",), {"action": "store_true", "help": "take every redirect for a good one"}),
    ]
