"""A whole life of an informer, told by a script: what it asks, what it tells its listeners, and when it looks again."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.errors import HarnessError
from fixtures.kubernetes import informer as module
from fixtures.kubernetes.informer import Informer

Item = dict[str, Any]


def pod(name: str, version: int, **more: Any) -> Item:
    return {"metadata": {"name": name, "uid": f"u-{name}", "resourceVersion": str(version)}, **more}


def listed(version: int, *items: Item, kind: str = "PodList") -> Item:
    return {"kind": kind, "metadata": {"resourceVersion": version}, "items": list(items)}


def line(change: str, item: Item) -> bytes:
    return json.dumps({"type": change, "object": item}).encode() + b"\n"


class Stop:
    """An event that never waits, and keeps for how long it was to."""

    def __init__(self) -> None:
        self.is_over, self.waits = False, list[float]()

    def is_set(self) -> bool:
        return self.is_over

    def set(self) -> None:
        self.is_over = True

    def wait(self, within_s: float) -> bool:
        self.waits.append(within_s)
        return self.is_over


class Answer:
    """An open watch that sends these pieces."""

    def __init__(self, *pieces: bytes, status: int = 200, last: Any = None) -> None:
        self.pieces, self.status, self.last, self.closed = pieces, status, last, 0

    def stream(self, size: int, *, decode_content: bool) -> Iterator[bytes]:
        assert (size, decode_content) == (65536, False)
        yield from self.pieces
        if self.last:
            self.last()

    def close(self) -> None:
        self.closed += 1


class Script:
    """Answers lists and watches in turn; an exception is raised, a function called for its answer."""

    def __init__(self) -> None:
        self.lists: list[Any] = []
        self.watches: list[Any] = []
        self.asked: list[tuple[Any, ...]] = []

    def get(self, path: str, **query: Any) -> Any:
        self.asked.append(("list", path, query))
        return self._next(self.lists)

    def watch(self, path: str, **query: Any) -> Any:
        self.asked.append(("watch", path, query))
        return self._next(self.watches)

    def _next(self, answers: list[Any]) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


class Life:
    """An informer that runs in the test's own thread, by a clock that ticks at each look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, selector: str | None = "app=x") -> None:
        clock = itertools.count(100)
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic_ns=lambda: next(clock)))
        self.script, self.stop, self.heard = Script(), Stop(), list[tuple[Any, ...]]()
        self.informer = Informer(self.script, "/pods", selector)
        self.informer._stop = self.stop  # type: ignore[assignment]
        self.informer.listen(
            lambda change, item, now: self.heard.append((change, self.short(item), now, self.informer.last_contact_ns))
        )
        self.informer.listen_contact(lambda there, now: self.heard.append((there, now)))

    @staticmethod
    def short(item: Item) -> str:
        return f"{item['metadata']['name']}{item['metadata']['resourceVersion']} {item.get('kind', 'without')}"

    def begin(self) -> None:
        self.informer._version = self.informer._list()

    def raise_over(self) -> Any:
        self.stop.set()
        raise ConnectionError("over")


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Life:
    return Life(monkeypatch)


def test_through_changes_an_expired_watch_and_an_outage(life: Life) -> None:
    bytes_of_c = line("ADDED", pod("c", 6, kind="Pod"))
    first = Answer(
        bytes_of_c[:9], bytes_of_c[9:-1], b"\n\n" + line("BOOKMARK", pod("", 7)),
        line("MODIFIED", pod("a", 8)) + line("DELETED", pod("b", 9)) + b'{"type"',
    )  # fmt: skip
    expired = Answer(line("ADDED", pod("e", 10)), line("ERROR", {"code": 410, "message": "too old"}))
    life.script.lists = [
        listed(5, pod("b", 2), pod("a", 1, kind="Special")),
        OSError("away"),
        listed(20, pod("c", 6), pod("a", 18), pod("d", 19)),
        listed(30, pod("d", 19), kind="Pod"),
    ]
    life.script.watches = [first, expired, refused := Answer(status=500), lambda: (life.stop.set(), Answer(b"x"))[1]]
    life.begin()
    life.informer._run()
    query = {"labelSelector": "app=x"}
    versions = ["5", "9", "20", "30"]
    asked: list[tuple[Any, ...]] = [("list", "/pods", query)]
    asked += [("watch", "/pods", {"resourceVersion": version, **query}) for version in versions]
    asked[3:3] = [("list", "/pods", query)] * 2
    asked[6:6] = [("list", "/pods", query)]
    assert life.script.asked == asked
    assert life.heard == [
        ("ADDED", "b2 Pod", 100, 0), ("ADDED", "a1 Special", 100, 0),
        ("ADDED", "c6 Pod", 103, 103), ("MODIFIED", "a8 without", 104, 104), ("DELETED", "b9 without", 104, 104),
        ("ADDED", "e10 without", 105, 105), (False, 107),
        ("DELETED", "e10 without", 108, 105), ("MODIFIED", "a18 Pod", 108, 105), ("ADDED", "d19 Pod", 108, 105),
        (True, 109), (False, 110),
        ("DELETED", "a18 Pod", 111, 108), ("DELETED", "c6 Pod", 111, 108), (True, 112),
    ]  # fmt: skip
    assert life.stop.waits == [0.2, 0.2, 0.2]
    assert (first.closed, expired.closed, refused.closed) == (1, 1, 1)
    assert [life.short(item) for item in life.informer.objects()] == ["d19 Pod"]
    assert life.informer.last_contact_ns == 111


def test_one_that_is_stopped_asks_and_tells_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(monkeypatch, selector=None)
    life.script.lists = [listed(1)]
    life.begin()
    life.script.watches = [Answer(line("ADDED", pod("a", 2)), last=life.stop.set)]
    life.informer._run()
    assert life.heard == [("ADDED", "a2 without", 101, 101)]
    life.stop.is_over = False
    life.script.watches = [life.raise_over]
    life.informer._run()
    life.informer._run()
    watch = ("watch", "/pods", {"resourceVersion": "1"}), ("watch", "/pods", {"resourceVersion": "2"})
    assert life.script.asked == [("list", "/pods", {}), *watch]
    assert len(life.heard) == 1
    assert life.stop.waits == []


def test_a_stop_between_two_pieces_ends_the_watch(life: Life) -> None:
    life.script.lists = [listed(1)]
    life.begin()
    answer = Answer(line("ADDED", pod("a", 2)), line("ADDED", pod("b", 3)))
    life.script.watches = [answer]
    life.informer.listen(lambda change, item, now: life.stop.set())
    life.informer._run()
    assert life.heard == [("ADDED", "a2 without", 101, 101)]
    assert answer.closed == 1


def test_an_outage_at_whose_end_it_is_stopped_is_not_told_as_over(life: Life) -> None:
    life.script.lists = [listed(1), life.raise_over]
    life.script.watches = [OSError("away")]
    life.begin()
    life.informer._run()
    assert life.heard == [(False, 101)]
    assert life.stop.waits == [0.2, 0.2]


@pytest.mark.parametrize(("told", "said"), [({"message": "m", "code": 1}, "m"), ({"code": 1}, "{'code': 1}")])
def test_an_error_of_the_watch_is_told_in_its_words(life: Life, told: Item, said: str) -> None:
    with pytest.raises(ConnectionError) as error:
        life.informer._event({"type": "ERROR", "object": told}, 1)
    assert str(error.value) == said
    life.script.watches = [Answer(status=503)]
    life.informer._version = "1"
    with pytest.raises(ConnectionError, match=r"^HTTP 503$"):
        life.informer._watch()


def test_a_listener_that_fails_is_called_no_more_and_its_error_is_raised_at_the_end(life: Life) -> None:
    calls: list[str] = []

    def failing(change: str, item: Item, now: int) -> None:
        calls.append(change)
        raise KeyError("wrong")

    life.informer._listeners.insert(0, failing)
    life.script.lists = [listed(1, pod("b", 1), pod("a", 1))]
    life.begin()
    assert calls == ["ADDED"]
    assert [name for _, name, *_ in life.heard] == ["b1 Pod", "a1 Pod"], "others hear all the same"
    assert [life.short(item) for item in life.informer.objects()] == ["a1 Pod", "b1 Pod"]
    life.informer._thread.start()  # it finds itself stopped
    life.stop.set()
    with pytest.raises(HarnessError) as raised:
        life.informer.__exit__(None, None, None)
    assert raised.value.message == "a listener of /pods failed: KeyError('wrong')"
    assert isinstance(raised.value.__cause__, KeyError)
    life.informer.__exit__(ValueError, ValueError(), None)  # the error of the block is not replaced


@pytest.mark.parametrize("error", [None, RuntimeError("ended"), ValueError("closed")])
def test_leaving_shuts_the_watch_down_and_ends_the_thread(error: Exception | None) -> None:
    shut = threading.Event()

    class Open(Answer):
        def shutdown(self) -> None:
            shut.set()
            if error:
                raise error

    opened = threading.Event()
    answer = Open(last=lambda: (opened.set(), shut.wait(5)))
    script = Script()
    script.lists, script.watches = [listed(1)], [answer]
    informer = Informer(script, "/pods", None)
    assert (informer._thread.name, informer._thread.daemon) == ("informer /pods", True)
    with informer as entered:
        assert entered is informer
        assert opened.wait(5)
    assert not informer._thread.is_alive()
    assert script.asked == [("list", "/pods", {}), ("watch", "/pods", {"resourceVersion": "1"})]
    assert answer.closed == 1
