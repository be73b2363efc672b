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
from fixtures.selection_input.put_back import Paths, differences, put_back
from fixtures.settings import Settings
from fixtures.stack.map import load_stack_map
from fixtures.stack.services.record import Record
from fixtures.stack.services.state import Entry, State

ROLE = load_stack_map().role("director")
CLUSTER = cast(Any, object())
BEFORE: Paths = {"cdn/hosts": {"edge-1": {"v": {"up": True}}, "edge-2": {"v": 1}}, "a b/c": {"k": {"v": "x"}}}


class Told:
    """A Manager with the memory of its worker, and two Directors, that fold what is written as the services do.

    `refusals` are answered 503 before anything is taken.
    """

    def __init__(self) -> None:
        self.stored, self.worker = copy.deepcopy(BEFORE), State(entries(BEFORE))
        self.directors = [State(entries(BEFORE)), State(entries(BEFORE))]
        self.asked: list[str] = []
        self.refusals = 0
        self.error, self.behind, self.lock = "", 0, threading.Lock()

    def write(self, method: str, path: str, body: Any) -> int:
        with self.lock:
            self.asked.append(f"{method} {path}")
            if self.refusals:
                self.refusals -= 1
                return 503
            op = {"PUT": "put", "DELETE": "delete"}[method]
            record = Record(0, op, path, body or {}, None, "", 0)
            for where, key, entry in self.worker.apply(record):  # Redis gets the changes of the worker's own fold
                if entry is None:
                    self.stored.get(where, {}).pop(key, None)
                    if not self.stored.get(where, {}):
                        self.stored.pop(where, None)
                else:
                    self.stored.setdefault(where, {})[key] = entry.as_json()
            for director in self.directors:
                director.apply(record)
            return 201 if method == "PUT" else 204

    def manager(self) -> dict[str, Any]:
        return {"offset": 6, "at_ms": 0, "paths": copy.deepcopy(self.stored)}

    def copies(self, *_: Any, log_end: int) -> list[dict[str, Any]]:
        assert log_end == 7
        return [
            {"pod": f"director-{n}", "error": self.error, "offset": 6 - n * self.behind, "paths": paths_of(state)}
            for n, state in enumerate(self.directors)
        ]


def entries(paths: Paths) -> dict[str, dict[str, Entry]]:
    return {path: {key: Entry.from_json(kept) for key, kept in keys.items()} for path, keys in paths.items()}


def paths_of(state: State) -> Paths:
    return {path: {key: entry.as_json() for key, entry in keys.items()} for path, keys in state.paths.items()}


def now(settings: Settings, before: Paths | None = BEFORE) -> list[str]:
    return differences(settings, CLUSTER, [ROLE], before).words()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()
    monkeypatch.setattr(putting, "held", lambda _: (told.manager(), 7))
    monkeypatch.setattr(putting, "RETRY", putting.RETRY.new(backoff_factor=0.01))
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
    put_back(settings, CLUSTER, [ROLE], BEFORE)
    assert told.asked == now(settings) == now(settings, None) == []


def test_what_differs_anywhere_is_as_before_everywhere(told: Told, settings: Settings) -> None:
    told.directors[1].paths["operators/2"] = {"slot": Entry(1)}  # a removal passed over
    del told.directors[0].paths["cdn/hosts"]["edge-2"]
    told.stored["a b/c"] = {"k": {"v": "y"}}
    assert now(settings) == [
        "the Manager holds a b/c otherwise", "director-0 holds cdn/hosts otherwise",
        "director-1 holds operators/2 otherwise",
    ]  # fmt: skip
    put_back(settings, CLUSTER, [ROLE], BEFORE)
    assert told.asked[-3] == "DELETE operators/2"
    assert sorted(told.asked[-2:]) == ["PUT a b/c", "PUT cdn/hosts"]
    assert now(settings) == []
    assert told.stored == paths_of(told.directors[0]) == paths_of(told.directors[1]) == BEFORE


def test_what_came_past_the_log_goes_though_the_worker_does_not_know_of_it(told: Told, settings: Settings) -> None:
    """A delete removes what the worker remembers; so it is told first what there is to remove."""
    told.stored["operators/1"] = {"slot": {"v": 820}}
    told.stored["cdn/hosts"]["edge-9"] = {"v": 9}
    put_back(settings, CLUSTER, [ROLE], BEFORE)
    assert sorted(told.asked) == ["DELETE operators/1", "PUT cdn/hosts", "PUT cdn/hosts", "PUT operators/1"]
    assert told.stored == BEFORE
    assert now(settings) == []


def test_a_delete_takes_no_key_of_the_path_above(told: Told, settings: Settings) -> None:
    told.directors[0].paths["cdn/hosts/edge-1"] = {"k": Entry(1)}
    put_back(settings, CLUSTER, [ROLE], BEFORE)
    assert "DELETE cdn/hosts/edge-1" in told.asked
    assert told.stored == paths_of(told.directors[0]) == BEFORE


def test_what_could_not_be_written_again_is_not_taken(told: Told, settings: Settings) -> None:
    """A key of the path above runs out, so nobody knows how that should be by now; what differs stays, and is said."""
    hosts = {"edge-1": {"v": {"up": True}}, "lent": {"v": 1, "x": 10**15}}
    before = BEFORE | {"cdn/hosts": hosts}
    told.stored, told.worker = copy.deepcopy(before), State(entries(before))
    told.directors = [State(entries(before)), State(entries(before))]
    told.directors[0].paths["cdn/hosts/edge-1"] = {"k": Entry(1)}
    told.directors[0].paths["cdn/hosts/edge-7"] = {"k": Entry(1)}
    put_back(settings, CLUSTER, [ROLE], before)
    assert told.stored["cdn/hosts"] == hosts
    assert told.asked == ["PUT cdn/hosts/edge-7", "DELETE cdn/hosts/edge-7"]
    assert now(settings, before) == ["director-0 holds cdn/hosts/edge-1 otherwise"]


def test_what_runs_out_by_itself_does_not_count_and_what_stands_beside_it_is_not_written(
    told: Told, settings: Settings
) -> None:
    before = BEFORE | {"lent": {"k": {"v": 1, "x": 5}}}
    told.directors[0].paths["also"] = {"k": Entry(1, 9)}
    assert now(settings, before) == []
    del told.directors[0].paths["cdn/hosts"]["edge-2"]
    told.directors[0].paths["cdn/hosts"]["edge-3"] = Entry(1, 9)
    put_back(settings, CLUSTER, [ROLE], before)
    assert told.asked == []
    assert now(settings, before) == ["director-0 holds cdn/hosts otherwise"]


def test_true_is_not_one(told: Told, settings: Settings) -> None:
    told.stored["cdn/hosts"]["edge-2"] = {"v": True}
    assert now(settings) == ["the Manager holds cdn/hosts otherwise"]


def test_a_refused_write_is_tried_again(told: Told, settings: Settings) -> None:
    told.stored["operators/1"] = {"slot": {"v": 1}}
    told.refusals = 3
    put_back(settings, CLUSTER, [ROLE], BEFORE)
    assert now(settings) == []
    told.stored["operators/1"] = {"slot": {"v": 1}}
    told.refusals = 99
    with pytest.raises(HarnessError, match="operators/1 of Selection Input cannot be put back"):
        put_back(settings, CLUSTER, [ROLE], BEFORE)


def test_copies_that_tell_nothing_or_too_little_are_said(
    told: Told, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.behind = 1
    assert now(settings) == ["director-1: stands at offset 5 of 6"]
    told.error = "HTTP 503"
    assert now(settings) == ["director-0: HTTP 503", "director-1: HTTP 503"]
    monkeypatch.setattr(putting, "take_copies", lambda *_, **__: None)
    assert now(settings) == ["0 of 2 director pods tell what they hold"]


def test_a_worker_that_is_behind_is_said(told: Told, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(putting, "held", lambda _: (told.manager() | {"offset": 3}, 7))
    assert now(settings) == ["the Manager: stands at offset 3 of 6"]
