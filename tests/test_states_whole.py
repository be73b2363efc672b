"""State and journal as the gateway tells them: each request, each answer kept, and the whole files they become."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from fixtures.errors import HarnessError
from fixtures.selection_input import states
from fixtures.selection_input.journal import applied_offset, fetch_journal, journal_length
from fixtures.selection_input.states import read_whole, write_states
from fixtures.settings import Settings

HERE = Settings(gateway_port=1234)
URL = "http://127.0.0.1:1234/api/v1/selection_input"


def answer(status: int, body: Any = None, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code, made.url = status, "u"
    made._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    made.headers.update({f"X-{name.replace('_', '-')}": value for name, value in headers.items()})
    return made


class Gateway:
    """Answers each request in turn, by its path where `by_path` knows it; stands in for a session too."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[Any] = []
        self.by_path: dict[str, list[Any]] = {}

    def get(self, url: str, **more: Any) -> requests.Response:
        self.asked.append((url, more))
        answers = self.by_path.get(url.removeprefix(URL), self.answers)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, requests.Response)
        return found

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_: object) -> None: ...


class Clock:
    """Moves only by sleeping, two hundred times as fast."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def monotonic(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return 5_000_000_999_999

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += 10.0


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    found = Gateway()
    monkeypatch.setattr(requests, "get", found.get)
    monkeypatch.setattr(requests, "Session", lambda: found)
    return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(states, "time", found)
    return found


@pytest.mark.usefixtures("clock")
def test_all_that_is_held_is_read_at_one_offset(gateway: Gateway) -> None:
    gateway.answers = [answer(200, {"offset": "7", "paths": {"a": {}}, "more": 1})]
    assert read_whole(HERE) == {"offset": 7, "at_ms": 5_000_000, "paths": {"a": {}}}
    assert gateway.asked == [(f"{URL}_state", {"timeout": 20})]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (answer(503), "503 Server Error: None for url: u"), (answer(200, {"paths": {}}), "'offset'"),
        (answer(200, {"offset": 1}), "'paths'"), (answer(200, b"{"), "Expecting property name"),
        (answer(200, {"offset": "x", "paths": {}}), "invalid literal for int()"), (answer(200, [1]), "list indices"),
        (requests.ConnectionError("away"), "away"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(gateway: Gateway, found: Any, said: str) -> None:
    gateway.answers = [found]
    with pytest.raises(HarnessError) as error:
        read_whole(HERE)
    assert error.value.message.startswith(f"what Selection Input holds cannot be read: {said}")
    assert error.value.__cause__ is not None


def test_each_written_path_is_read_until_it_stands_at_the_end_of_the_log(
    gateway: Gateway, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "kafka").mkdir()
    paths = ["soon", "gone", "behind", "gone", "away", "odd"]
    writes = "".join(json.dumps({"path": path}) + "\n" for path in paths)
    (tmp_path / "kafka/writes-l.jsonl").write_text(writes)
    gateway.by_path = {
        "_state": [answer(200, {"offset": 9, "paths": {"p": 1}})],
        "/soon": [answer(503, Applied_Offset="9"), answer(200, {"k": 0}, Applied_Offset="8"),
                  answer(200, {"k": 1}, Applied_Offset="9")],
        "/gone": [answer(404, {"k": 2}, Applied_Offset="10")],
        "/behind": [answer(200, {"k": 3})], "/odd": [answer(200, b"{", Applied_Offset="9")],
        "/away": [requests.ConnectionError("away")],
    }  # fmt: skip
    file = write_states(HERE, tmp_path, "l", before={"offset": 1, "at_ms": 2, "paths": {}}, log_end=10)
    assert file == tmp_path / "kafka/states-l.jsonl"
    away = {"status": 0, "offset": -1, "at_ms": 5_000_000, "value": None}
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        {"what": "before", "offset": 1, "at_ms": 2, "paths": {}},
        {"what": "whole", "offset": 9, "at_ms": 5_000_000, "paths": {"p": 1}},
        {"what": "read", "path": "away", **away},
        {"what": "read", "path": "behind", "status": 200, "offset": -1, "at_ms": 5_000_000, "value": {"k": 3}},
        {"what": "read", "path": "gone", "status": 404, "offset": 10, "at_ms": 5_000_000, "value": None},
        {"what": "read", "path": "odd", **away},
        {"what": "read", "path": "soon", "status": 503, "offset": 9, "at_ms": 5_000_000, "value": None},
        {"what": "end", "reads": 5, "log_end": 10},
    ]
    asked = [*["/away"] * 5, "/behind", "/gone", "/odd", "/soon"]
    assert gateway.asked == [(f"{URL}_state", {"timeout": 20}), *((URL + path, {"timeout": 5}) for path in asked)]
    assert clock.slept == [0.05] * 4, "thirty seconds for all together"


def test_a_path_is_asked_for_again_until_it_is_there(gateway: Gateway, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka/writes-l.jsonl").write_text('{"path": "s"}\n{"path": "gone"}\n')
    gateway.by_path = {
        "_state": [answer(200, {"offset": 9, "paths": {}})],
        "/gone": [answer(404, Applied_Offset="9")],
        "/s": [answer(503, Applied_Offset="9"), answer(200, 1, Applied_Offset="8"), answer(200, 2, Applied_Offset="9")],
    }
    file = write_states(HERE, tmp_path, "l", before={}, log_end=10)
    read = {"what": "read", "path": "s", "status": 200, "offset": 9, "at_ms": 5_000_000, "value": 2}
    gone = read | {"path": "gone", "status": 404, "value": None}
    assert [json.loads(line) for line in file.read_text().splitlines()[2:4]] == [gone, read]
    assert clock.slept == [0.05, 0.05]


@pytest.mark.parametrize(
    ("found", "offset"),
    [
        (answer(200, Applied_Offset="7"), 7), (answer(200, Applied_Offset="0"), 0), (answer(503), -1),
        (answer(200, Applied_Offset=""), -1), (requests.Timeout("late"), -1),
    ],
)  # fmt: skip
def test_the_offset_applied_last_is_in_a_header(gateway: Gateway, found: Any, offset: int) -> None:
    gateway.answers = [found]
    assert applied_offset(HERE) == offset
    assert gateway.asked == [(f"{URL}/", {"timeout": 3, "params": {"limit": 1}})]


def page(first: int, limit: int) -> tuple[str, dict[str, Any]]:
    return f"{URL}_journal", {"params": {"from": first, "limit": limit}, "timeout": 10}


def test_how_long_the_journal_is(gateway: Gateway) -> None:
    gateway.answers = [answer(200, Journal_Length="12")]
    assert journal_length(HERE) == 12
    assert gateway.asked == [page(0, 1)]


@pytest.mark.parametrize("last", [0, 2, 999])
def test_the_journal_is_written_page_by_page_and_its_last_line_says_from_where_to_where(
    gateway: Gateway, tmp_path: Path, last: int
) -> None:
    lines = [f'{{"seq": {n}}}\n' for n in range(1000 + last)]
    gateway.answers = [
        answer(200, "".join(lines[:1000]).encode()),
        answer(200, ("\n" + "".join(lines[1000:])).encode()),
    ]
    assert fetch_journal(HERE, tmp_path / "j", begin=7) == 1000 + last
    assert (tmp_path / "j").read_text() == "".join(lines) + f'{{"begin": 7, "end": {1007 + last}}}\n'
    assert gateway.asked == [page(7, 1000), page(1007, 1000)]
    gateway.answers = [answer(200, b"")]
    assert fetch_journal(HERE, tmp_path / "j") == 0
    assert (tmp_path / "j").read_text() == '{"begin": 0, "end": 0}\n'


def test_a_journal_that_is_not_handed_out_or_torn_is_no_evidence(gateway: Gateway, tmp_path: Path) -> None:
    asks: list[Callable[[], Any]] = [lambda: journal_length(HERE), lambda: fetch_journal(HERE, tmp_path / "j")]
    for found, said in ((answer(500), "500 Server Error: None for url: u"), (requests.Timeout("late"), "late")):
        gateway.answers = [found]
        for ask in asks:
            with pytest.raises(HarnessError) as error:
                ask()
            assert error.value.message == f"the worker's journal cannot be fetched: {said}"
    gateway.answers = [answer(200, b'{"seq": 1}\n{"se')]
    with pytest.raises(ValueError, match="Unterminated"):
        fetch_journal(HERE, tmp_path / "j")
    assert "end" not in (tmp_path / "j").read_text()
