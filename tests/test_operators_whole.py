"""What operators ask, whole, with a Locust made by hand and answers told in advance, and the line of each write."""

from __future__ import annotations

import importlib
import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_load_users_whole import JSON, Draw, Wire, user
from test_open_loop_whole import Clock, S, locust, loop  # noqa: F401 - fixtures

from loadtests.answer import Answer


@pytest.fixture
def operators(loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: F811
    """Operators whose ids count up, with an operator in `one`, at 100 s."""
    module, one = user(loop, "operators", "Operator", tmp_path)
    ids = (f"id-{number}" for number in range(99))

    class Id(str):
        hex = "0123456789"

    monkeypatch.setattr(module, "uuid", SimpleNamespace(uuid4=lambda: Id(next(ids))))
    monkeypatch.setattr(module, "time", Clock(100.0))
    module.open_outcomes(other="ignored")
    module.one = one
    monkeypatch.setattr(module, "place", lambda *slot_and_seed: {(5, 3): one._draw.random}[slot_and_seed]())
    return module


def sent(operators: Any, *draws: float, answers: tuple[Answer, ...] = ()) -> tuple[list[Any], list[Any], list[int]]:
    """What was sent, what was said of each, and among how many was drawn."""
    one = operators.one
    one.connections, one._draw = Wire(*answers), Draw(*draws)
    said = []
    while one._draw.answers:
        said.append(one.request(5)())
    return one.connections.sent, said, one._draw.among


PLACE = "ops/01234567"


def test_an_operator_has_its_own_chance_and_keeps_its_connections(operators: Any) -> None:
    assert operators.one._draw.random() == random.Random("operator:3:0").random()
    assert (operators.one.keep_connections, operators.root) == (True, PLACE)
    assert operators.one._store.key.startswith("ops-0-")
    assert len(operators.one._store.key) == len("ops-0-01234567")
    assert operators.one._new_key().key == "ops-0-01234567"


@pytest.mark.parametrize(
    ("draws", "method", "path", "among"),
    [
        ((0.0, 0.29, 4, 7), "POST", f"{PLACE}/all/4", [6, 8]),
        ((0.49, 0.3, 4, 7), "POST", f"{PLACE}/0/4", [20, 8]),
        ((0.5, 0.29, 4), "DELETE", f"{PLACE}/all/4/slot", [6]),
        ((0.59, 0.3, 4), "DELETE", f"{PLACE}/0/4/slot", [20]),
        ((0.6, 0.89, 4), "GET", f"{PLACE}/all/4", [6]),
        ((0.79, 0.9, 4), "GET", f"{PLACE}/0/4", [20]),
    ],
)
def test_what_an_operator_asks_of_selection_input(
    operators: Any, draws: tuple[float, ...], method: str, path: str, among: list[int]
) -> None:
    asked, said, drawn = sent(operators, *draws)
    body = b'{"streamer": "edge-7", "slot": 5}' if method == "POST" else b""
    headers = {"POST": {"X-Operation-Id": "id-1", **JSON}, "DELETE": {"X-Operation-Id": "id-1"}, "GET": None}[method]
    assert asked == [(method, f"/api/v1/selection_input/{path}", headers, body)]
    assert (said[0][0], drawn) == (f"{method} selection_input", among)


@pytest.mark.parametrize(
    ("kind", "status", "named", "outcome", "offset", "error"),
    [
        (0.1, 201, "17", "ok", 17, ""), (0.1, 200, None, "ok", None, ""), (0.1, 204, "x", "ok", None, "status 204"),
        (0.1, 404, None, "fail", None, "status 404"), (0.1, 503, "-1", "info", None, "status 503"),
        (0.55, 204, "18", "ok", 18, ""), (0.55, 404, None, "fail", None, ""), (0.55, 200, None, "ok", None, ""),
        (0.55, 201, None, "ok", None, "status 201"),
    ],
)  # fmt: skip
def test_each_write_leaves_a_line(
    operators: Any, tmp_path: Path, kind: float, status: int, named: str | None, outcome: str, offset: int | None,
    error: str,
) -> None:  # fmt: skip
    clock = operators.time

    class Slow(Answer):
        @property
        def headers(self) -> Any:
            clock.ns = 101 * S
            return {} if named is None else {"x-log-offset": named}

        @headers.setter
        def headers(self, value: Any) -> None:
            del value

    made = Slow.__new__(Slow)
    for field, value in (("status", status), ("body", b""), ("error", ""), ("sent", True)):
        object.__setattr__(made, field, value)
    _, said, _ = sent(operators, kind, 0.1, 4, *((7,) if kind < 0.5 else ()), answers=(made,))
    assert said[0][2] == error
    written = (tmp_path / "kafka/writes-ops.jsonl").read_text().splitlines()
    path, op = (f"{PLACE}/all/4", "POST") if kind < 0.5 else (f"{PLACE}/all/4/slot", "DELETE")
    assert [json.loads(line) for line in written] == [
        {"id": "id-1", "op": op, "path": path, "start_ns": 100 * S, "end_ns": 101 * S, "outcome": outcome,
         "status": status, "offset": offset},
    ]  # fmt: skip
    write = operators.shadows[f"{PLACE}/all/4"]._writes[0]
    value = {"streamer": "edge-7", "slot": 5} if kind < 0.5 else None
    assert (write.value, write.key, write.outcome, write.offset) == (value, "slot", outcome, offset)
    assert write.done_ns == 101 * S


def test_what_was_written_must_be_read_back_within_a_second(operators: Any) -> None:
    written = Answer(201, {"x-log-offset": "17"})
    value = json.dumps({"streamer": "edge-7", "slot": 5}).encode()
    sent(operators, 0.1, 0.1, 4, 7, answers=(written,))
    same, old = Answer(200, {"x-applied-offset": "17"}, value), Answer(404, {"x-applied-offset": "16"})
    other = Answer(200, {"x-applied-offset": "17"}, b"{}")
    operators.time.ns = 101 * S
    said = [sent(operators, 0.7, 0.1, 4, answers=(answer,))[1][0][2] for answer in (same, old)]
    operators.time.ns += 1
    said += [sent(operators, 0.7, 0.1, 4, answers=(answer,))[1][0][2] for answer in (same, old)]
    assert said == ["", "", "", "old-answer of 1.000 s ago: stands at 16; offset 17 was confirmed"]
    assert sent(operators, 0.7, 0.1, 4, answers=(other,))[1][0][2].startswith("wrong-answer: ")


def test_a_data_store_key_lives_again_and_again(operators: Any) -> None:
    operators.one._store = operators.DataStoreKey("k")
    value, other = b'{"life": "k"}', b'{"life": "x"}'
    statuses = (Answer(201), Answer(200, body=value), Answer(200), Answer(204), Answer(500), Answer(200, body=other))
    asked, said, _ = sent(operators, *(0.8, 0.9, 0) * 6, answers=statuses)
    again = "ops-0-01234567"
    assert asked == [
        ("POST", "/api/v1/datastore/k", JSON, value), ("GET", "/api/v1/datastore/k", None, b""),
        ("PUT", "/api/v1/datastore/k", JSON, value), ("DELETE", "/api/v1/datastore/k", None, b""),
        ("POST", f"/api/v1/datastore/{again}", JSON, b'{"life": "ops-0-01234567"}'),
        ("GET", f"/api/v1/datastore/{again}", None, b""),
    ]  # fmt: skip
    methods = ("POST", "GET", "PUT", "DELETE", "POST", "GET")
    assert [name for name, *_ in said] == [f"{method} datastore" for method in methods]
    assert [error for *_, error in said] == ["", "", "", "", "status 500", "wrong-answer: not what was stored"]
    assert operators.one._store.next_step() == ("PUT", (200, 404))


def test_a_load_that_is_refused_opens_nothing(loop: Any, tmp_path: Path) -> None:  # noqa: F811
    module: Any = importlib.import_module("loadtests.operators")
    loop.run.refused, loop.run.dossier = True, tmp_path
    module.open_outcomes()
    assert (list(tmp_path.iterdir()), hasattr(module, "outcomes")) == ([], False)
