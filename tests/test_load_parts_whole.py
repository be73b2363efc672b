"""The small parts of a load, whole: its exchange with a server, its oracle, its shape, its plan, and who follows it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.errors import UsageError
from loadtests import cost, exchange, tail
from loadtests.answer import Answer, DataStoreKey, judge, write_outcome
from loadtests.exchange import Connections
from loadtests.rows import Plan, RequestRows, WriteOutcomes
from loadtests.schedule import starts
from loadtests.shadow import Shadow
from loadtests.shaping import Shaped, read_shape
from reports.layout import REQUEST_HEADER
from reports.pace import Pace

S = 10**9


class Sockets:
    """In place of gevent's sockets: each answers with its bytes, or fails with its error; keeps what was done."""

    AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY = "inet", "stream", "tcp", "nodelay"

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *answers: bytes | OSError, refuse: OSError | None = None
    ) -> None:
        self.answers, self.refuse = list(answers), refuse
        self.done: list[Any] = []
        self.readable = False
        monkeypatch.setattr(exchange, "gevent", SimpleNamespace(socket=self))
        monkeypatch.setattr(exchange, "_readable", lambda sock: self.readable)

    def socket(self, *kind: Any) -> Any:
        self.done.append(kind)
        return self

    def __getattr__(self, name: str) -> Any:
        if name not in {"settimeout", "setsockopt", "close"}:
            raise AttributeError(name)
        return lambda *given: self.done.append((name, *given))

    def connect(self, address: Any) -> None:
        self.done.append(("connect", address))
        if self.refuse:
            raise self.refuse

    def sendall(self, raw: bytes) -> None:
        self.done.append(raw)

    def recv_into(self, buffer: Any, *_: Any) -> int:
        raw = self.recv(len(buffer))
        buffer[: len(raw)] = raw
        return len(raw)

    def recv(self, *_: Any) -> bytes:
        found = self.answers.pop(0) if self.answers else b""
        if isinstance(found, OSError):
            raise found
        return found


OPENED = [("inet", "stream"), ("settimeout", 2.0), ("connect", ("127.0.0.1", 81)), ("settimeout", 5.0),
          ("setsockopt", "tcp", "nodelay", 1)]  # fmt: skip
HEAD = b" HTTP/1.1\r\nHost: localhost:81\r\nUser-Agent: crucible-load\r\nConnection: "
GOOD = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Log-Offset: 7\r\n\r\nok"


def test_a_request_of_its_own_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = Sockets(monkeypatch, GOOD)
    found = Connections("http://localhost:81", keep=False).exchange("POST", "/a", {"A": "b"}, b"body")
    assert (found.status, found.body, found.error, found.sent, found.headers.get("x-log-offset")) == (
        201, b"ok", "", True, "7"
    )  # fmt: skip
    sent = b"POST /a" + HEAD + b"close\r\nA: b\r\nContent-Length: 4\r\n\r\nbody"
    assert sockets.done == [*OPENED, sent, ("close",)]
    assert Connections("http://127.0.0.1", keep=False)._address == ("127.0.0.1", 80)


def test_a_kept_connection_is_looked_at_before_it_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = Sockets(monkeypatch, GOOD, GOOD, GOOD.replace(b"\r\nX", b"\r\nConnection: close\r\nX"))
    connections = Connections("http://localhost:81", keep=True)
    get, put = b"GET /a" + HEAD + b"keep-alive\r\n\r\n", b"PUT /b" + HEAD + b"keep-alive\r\nContent-Length: 0\r\n\r\n"
    connections.exchange("GET", "/a")
    connections.exchange("PUT", "/b")
    assert sockets.done == [*OPENED, get, put]
    sockets.done.clear()
    sockets.readable = True
    connections.exchange("GET", "/a")
    assert sockets.done[:7] == [("close",), *OPENED, get]
    assert set(sockets.done[7:]) == {("close",)}


@pytest.mark.parametrize(
    ("answers", "refuse", "error", "sent"),
    [
        ((), TimeoutError(), "connect: timed out", False),
        ((), OSError(111, "Connection refused"), "connect: Connection refused", False),
        ((), OSError("odd"), "connect: odd", False),
        ((TimeoutError(),), None, "read: timed out", True),
        ((b"",), None, "read: closed without an answer", True),
        ((OSError(113, "No route to host"),), None, "read: No route to host", True),
        ((OSError("odd"),), None, "read: odd", True),
    ],
)
def test_why_there_was_no_answer(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[Any, ...], refuse: OSError | None, error: str, sent: bool
) -> None:
    sockets = Sockets(monkeypatch, *answers, refuse=refuse)
    found = Connections("http://localhost:81", keep=True).exchange("GET", "/a")
    assert found == Answer(0, error=error, sent=sent)
    assert sockets.done[-1] == ("close",)


def test_load_goes_nowhere_but_to_the_loopback() -> None:
    for host in ("https://127.0.0.1", "http://example.org", "http://1.127.0.0", "127.0.0.1", "http://127.0.0.1.x"):
        with pytest.raises(UsageError) as error:
            Connections(host, keep=False)
        said = f"load goes only to http://127.0.0.1:<port>, the gateway of a stack on this machine; not to {host!r}"
        assert str(error.value) == f"{said}\n  next: unset LOCUST_HOST, or leave --host out"


def test_what_an_answer_is_and_proves() -> None:
    assert [judge(Answer(200), 200, 404), judge(Answer(500), 200), judge(Answer(200, error="x"), 200)] == [
        "", "status 500", "x"
    ]  # fmt: skip
    fates = {199: "info", 200: "ok", 299: "ok", 300: "info", 399: "info", 400: "fail", 407: "fail", 408: "info",
             409: "fail", 499: "fail", 500: "info", 0: "info"}  # fmt: skip
    assert {status: write_outcome(Answer(status)) for status in fates} == fates
    assert write_outcome(Answer(0, sent=False)) == "fail"
    key = DataStoreKey("k")
    assert [key.next_step(), key.done] == [("POST", (201,)), False]
    key.answered("")
    assert key.next_step() == ("GET", (200,))
    assert key.next_step() == ("PUT", (200, 404))
    key.answered("")
    key.answered("")
    assert [key.next_step(), key.done] == [("DELETE", (204, 204)), True]
    sure = DataStoreKey("k")
    sure.next_step()
    sure.answered("status 500")
    assert sure.next_step() == ("GET", (200, 404))


def read(applied: Any, value: Any = None, status: int = 200) -> Answer:
    return Answer(status, {"x-applied-offset": applied}, json.dumps(value).encode())


def test_a_read_is_compared_with_the_writes_it_may_know() -> None:
    shadow = Shadow(fresh_s=2.0)
    for value, key, outcome, offset, at_s in (
        ({"a": 1, "b": 1}, "", "ok", 5, 10), (None, "a", "ok", 7, 11), ({"a": 9}, "", "fail", None, 11),
        ({"b": 2}, "", "info", None, 11), ({"c": 3}, "", "ok", 9, 12),
    ):  # fmt: skip
        shadow.begin(value, key).answered(outcome, offset, at_s * S)
    ask = 13 * S
    for answer, said in (
        (read("7", {"b": 1}), ""), (read("7", {"b": 2}), ""), (read("9", {"b": 1, "c": 3}), ""),
        (read("5", {"a": 1, "b": 1}), ""),
        (read("7", {"b": 3}), "wrong-answer: b is 3"), (read("9", {"b": 1}), "wrong-answer: c is not there"),
        (read("7", {"b": 1, "x": "y" * 99}), "wrong-answer: x is \"" + "y" * 39),
        (read("x", {"b": 1, "c": 3}), ""), (read(None, {"b": 1}), ""),
        (read("7", [1]), "wrong-answer: not an object"), (Answer(200, {}, b"{"), "wrong-answer: not an object"),
        (Answer(404, {"x-applied-offset": "-1"}), "old-answer of 3.000 s ago: stands at -1; offset 5 was confirmed"),
        (Answer(500), "status 500"),
    ):  # fmt: skip
        assert shadow.judge(answer, ask) == said
    late = shadow.judge(read("5", {"a": 1, "b": 1}), 13 * S + 1)
    assert late == "old-answer of 2.000 s ago: stands at 5; offset 7 was confirmed"


def test_what_a_load_leaves_and_who_follows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan("ops", 2, [(2.0, 1.0), (1.0, 4.0)], 7, 3)
    rows = RequestRows(tmp_path, "ops")
    plan.write(tmp_path)
    assert json.loads((tmp_path / "load/ops.plan.json").read_text()) == {
        "load": "ops", "users": 2, "stages": [[2.0, 1.0], [1.0, 4.0]], "start_ns": 7, "seed": 3, "rate_per_s": 2.0,
        "duration_s": 3.0, "planned": 6,
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "load").iterdir()) == ["ops.plan.json", "requests-ops.csv"]
    follower = tail.Tail(tmp_path / "load/requests-ops.csv")
    rows.row(1, 2, 3 * S, 4, "GET a,b", 200, 5, "")
    RequestRows(tmp_path, "ops").row(2, 2, 4 * S, 4, "GET", 500, 5, "status 500")
    lines = (tmp_path / "load/requests-ops.csv").read_text()
    assert lines == f"{REQUEST_HEADER}\n1,2,{3 * S},4,GET a;b,200,5,\n2,2,{4 * S},4,GET,500,5,status 500\n"
    monkeypatch.setattr(tail, "time", SimpleNamespace(monotonic_ns=lambda: 5 * S))
    tail.Tail(tmp_path / "gone").read()
    follower.read()
    rows.line("torn,")
    with (tmp_path / "load/requests-ops.csv").open("a") as file:
        file.write(f"3,3,{5 * S},1,GET,200")
    follower.read()
    assert (follower.counts(), follower.first_planned_ns) == ({"sent": 2, "ok": 1, "failed": 1}, 1)
    with (tmp_path / "load/requests-ops.csv").open("a") as file:
        file.write(",1,\n")
    follower.read()
    assert follower.counts() == {"sent": 3, "ok": 2, "failed": 1}
    assert [follower.good_in_last(seconds) for seconds in (2.0, 1.5, 9.0)] == [2, 1, 1]
    WriteOutcomes(tmp_path, "ops").outcome(id="a", offset=None)
    assert (tmp_path / "kafka/writes-ops.jsonl").read_text() == '{"id": "a", "offset": null}\n'


def test_each_users_starts_lie_in_its_own_slots() -> None:
    pace = Pace([(4, 2)])
    found = list(starts(1, users=3, pace=pace, seed=5))
    assert [slot for slot, _ in found] == [1, 4, 7]
    assert all(slot / 2 <= at < (slot + 1) / 2 for slot, at in found)
    assert found == list(starts(1, users=3, pace=pace, seed=5)) != list(starts(1, users=3, pace=pace, seed=6))
    assert list(starts(3, users=3, pace=pace, seed=5)) == []


def test_a_shape_is_asked_for_each_second_until_it_ends() -> None:
    asked: list[Any] = []
    ticks = [(2, 1.0), (2, 1.0), (-1, 1.0), (5.9, 1.0), None, (9, 9.0)]

    class Shape:
        def tick(self) -> Any:
            asked.append((self.get_run_time(), self.get_current_user_count()))  # type: ignore[attr-defined]
            return ticks[len(asked) - 1]

    shaped = read_shape(Shape(), longest_s=99)
    assert shaped == Shaped([(2.0, 2), (1.0, 0), (1.0, 5)])
    assert (shaped.users, shaped.seconds) == (5, 4.0)
    assert asked == [(0.0, 0), (1.0, 2), (2.0, 2), (3.0, 0), (4.0, 5)]
    asked.clear()
    assert read_shape(Shape(), longest_s=2).stages == [(2.0, 2)]
    ticks[:] = [(0, 1.0), None]
    asked.clear()
    with pytest.raises(UsageError) as error:
        read_shape(shape := Shape(), longest_s=9)
    assert str(error.value) == "shape Shape wants no users at any time\n  next: read its tick()"
    assert vars(shape) == {}
    assert (Shaped([]).users, Shaped([]).seconds) == (0, 0)


def test_so_many_cores_are_so_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_seconds_of_a_body", lambda: 0.01)
    found = [cost.requests_per_s(cores) for cores in (0.0, 0.05, 0.35, 1.1)]
    assert found == [5.0, 5.0, 30.0, 100.0]
