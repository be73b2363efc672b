"""What a defect did to Selection Input is undone, through the log, so that the Manager and each copy hold the same."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from fixtures.errors import HarnessError
from fixtures.selection_input import put_back as putting
from fixtures.selection_input.put_back import Paths, put_back
from fixtures.settings import Settings
from fixtures.stack.map import load_stack_map

ROLE = load_stack_map().role("director")
CLUSTER = cast(Any, object())
BEFORE: Paths = {"cdn/hosts": {"edge-1": {"v": {"up": True}}, "edge-2": {"v": 1}}, "a b/c": {"k": {"v": "x"}}}


class Told:
    """A Manager and two Directors that take what is written; `refuses` answers 503."""

    def __init__(self) -> None:
        self.manager, self.directors = copy.deepcopy(BEFORE), [copy.deepcopy(BEFORE), copy.deepcopy(BEFORE)]
        self.asked: list[str] = []
        self.refuses = False
        self.error = ""

    def write(self, method: str, path: str, body: Any) -> int:
        self.asked.append(f"{method} {path}")
        if self.refuses:
            return 503
        for held in (self.manager, *self.directors):
            held.pop(path, None)
            if method == "PUT":
                held[path] = {key: {"v": value} for key, value in body.items()}
        return 201 if method == "PUT" else 204

    def copies(self, *_: Any, log_end: int) -> list[dict[str, Any]]:
        assert log_end == 7
        return [{"pod": f"director-{n}", "error": self.error, "paths": held} for n, held in enumerate(self.directors)]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()
    monkeypatch.setattr(putting, "held", lambda _: (told.manager, 7))
    monkeypatch.setattr(putting, "take_copies", told.copies)
    return told


@pytest.fixture
def settings(told: Told, tmp_path: Path) -> Iterator[Settings]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(told.write("PUT", self.at(), body))

        def do_DELETE(self) -> None:
            self.answer(told.write("DELETE", self.at(), None))

        def at(self) -> str:
            return self.path.removeprefix("/api/v1/selection_input/").replace("%20", " ")

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Settings(home=tmp_path, gateway_port=server.server_port)
    server.shutdown()


def test_nothing_is_written_where_nothing_differs(told: Told, settings: Settings) -> None:
    assert put_back(settings, CLUSTER, [ROLE], BEFORE) == []
    assert told.asked == []


def test_what_differs_anywhere_is_as_before_everywhere(told: Told, settings: Settings) -> None:
    told.manager["operators/1"] = {"slot": {"v": 820}}  # applied without the log
    told.directors[1]["operators/2"] = {"slot": {"v": 1}}  # a removal passed over
    del told.directors[0]["cdn/hosts"]["edge-2"]
    told.manager["a b/c"] = {"k": {"v": "y"}}
    assert put_back(settings, CLUSTER, [ROLE], BEFORE) == []
    assert sorted(told.asked) == ["DELETE operators/1", "DELETE operators/2", "PUT a b/c", "PUT cdn/hosts"]
    assert told.manager == told.directors[0] == told.directors[1] == BEFORE


def test_what_runs_out_by_itself_is_left_alone(told: Told, settings: Settings) -> None:
    before = BEFORE | {"lent": {"k": {"v": 1, "x": 5}}}
    told.directors[0]["also"] = {"k": {"v": 1, "x": 9}}
    assert put_back(settings, CLUSTER, [ROLE], before) == []
    assert told.asked == []


def test_a_write_that_is_refused_is_said(told: Told, settings: Settings) -> None:
    told.manager["operators/1"] = {}
    told.refuses = True
    with pytest.raises(HarnessError, match="operators/1 of Selection Input cannot be put back: 503"):
        put_back(settings, CLUSTER, [ROLE], BEFORE)


def test_what_still_differs_is_said(told: Told, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    told.directors[1]["operators/2"] = {"slot": {"v": 1}}
    monkeypatch.setattr(told, "write", lambda *_: 204)
    assert put_back(settings, CLUSTER, [ROLE], BEFORE) == ["director-1 holds operators/2 otherwise"]


def test_copies_that_cannot_be_had_are_said(told: Told, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    told.error = "HTTP 503"
    assert put_back(settings, CLUSTER, [ROLE], BEFORE) == ["director-1: HTTP 503"]
    monkeypatch.setattr(putting, "take_copies", lambda *_, **__: None)
    assert put_back(settings, CLUSTER, [ROLE], BEFORE) == ["no copy of director could be had"]
