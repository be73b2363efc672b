"""Putting Selection Input back, compared whole: who is asked, what is told apart, and each write in its turn."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from fixtures.errors import HarnessError
from fixtures.selection_input import put_back as module
from fixtures.selection_input.put_back import Differences, differences, held, put_back
from fixtures.settings import Settings
from fixtures.stack.map import Role
from fixtures.wait import WaitTimeout

HERE = Settings(gateway_port=1234)
CLUSTER: Any = object()
ABOUT = {"kind": "Deployment", "workload": "w", "namespace": "acd", "selector": {"a": "b"}, "recovery_s": 30}
ONE, TWO = (Role.model_validate({"name": name, "replicas": n} | ABOUT) for name, n in (("one", 2), ("two", 0)))
Paths = dict[str, Any]


class Stage:
    """A log that ends at 10, a Manager, and copies by role; keeps each write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, paths: Paths) -> None:
        self.manager = {"offset": 9, "at_ms": 1, "paths": paths}
        self.copies: dict[str, Any] = {
            "one": [self.copy("a", paths), self.copy("b", paths)],
            "two": [self.copy("c", paths)],
        }
        self.writes: list[tuple[Any, ...]] = []
        self.mounted: list[Any] = []
        self.refuses = ""
        monkeypatch.setattr(module, "held", lambda settings: (self.manager, 10) if settings is HERE else None)
        monkeypatch.setattr(module, "take_copies", self.taken)
        monkeypatch.setattr(requests, "Session", lambda: self)

    @staticmethod
    def copy(pod: str, paths: Paths, *, offset: int = 9, error: str = "") -> dict[str, Any]:
        return {"pod": pod, "offset": offset, "paths": paths, "error": error}

    def taken(self, cluster: Any, role: Role, *, log_end: int) -> Any:
        assert (cluster, log_end) == (CLUSTER, 10)
        return self.copies[role.name]

    def mount(self, prefix: str, adapter: Any) -> None:
        self.mounted.append((prefix, adapter.max_retries, adapter._pool_maxsize))

    def request(self, method: str, url: str, *, data: str | None, timeout: int) -> Any:
        assert timeout == 10
        path = url.removeprefix("http://127.0.0.1:1234/api/v1/selection_input/")
        self.writes.append((method, path, None if data is None else json.loads(data)))
        answer = requests.Response()
        answer.status_code, answer.url = (409 if path == self.refuses else 204), "u"
        return answer

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None: ...


def keys(*values: Any, **named: Any) -> dict[str, Any]:
    return {f"k{n}": {"v": value} for n, value in enumerate(values)} | {
        name: {"v": value} for name, value in named.items()
    }


LENT = {"k": {"v": 1, "x": 99}}


def compare(before: Paths | None, *roles: Role) -> Differences:
    return differences(HERE, CLUSTER, roles, before)


def test_each_that_holds_something_else_is_named_and_all_that_is_held_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {
        "same": keys(1),
        "true": keys(1),
        "gone": keys({"b": 1, "a": 2}),
        "lent": LENT,
        "order": keys({"a": 1, "b": 2}),
    }
    stage = Stage(
        monkeypatch, {"same": keys(1), "true": keys(1), "gone": before["gone"], "order": keys({"b": 2, "a": 1})}
    )
    mine = stage.manager["paths"]
    stage.copies["one"][1] = stage.copy(
        "b", {"same": keys(1, 2) | LENT, "true": keys(True), "order": keys({"a": 1, "b": 2})}
    )
    stage.copies["two"][0] = stage.copy("c", mine | {"new": keys(3), "lent": LENT})
    found = compare(before, ONE, TWO)
    assert found.unknown == []
    assert found.paths == {
        "same": "b holds same otherwise", "true": "b holds true otherwise", "gone": "b holds gone otherwise",
        "new": "c holds new otherwise",
    }  # fmt: skip
    assert found.held == mine | {"same": keys(1, 2) | LENT, "new": keys(3), "lent": LENT}
    assert found.words() == [found.paths[path] for path in ("gone", "new", "same", "true")]
    assert compare(None, ONE, TWO).paths == found.paths, "compared with the Manager"
    stage.manager["paths"] = mine | {"same": keys(5)}
    assert compare(before).paths == {"same": "the Manager holds same otherwise"}


def test_those_of_whom_nothing_is_known_are_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, {"p": keys(1)})
    other = {"p": keys(2)}
    stage.copies["one"] = [
        stage.copy("a", other, offset=8),
        stage.copy("b", other, error="away"),
        stage.copy("d", other),
    ]
    stage.copies["two"] = None
    found = compare({"p": keys(1)}, ONE, TWO)
    assert found == Differences(
        {"p": "d holds p otherwise"},
        ["0 of 0 two pods tell what they hold", "a: stands at offset 8 of 9", "b: away"],
        {"p": keys(1)},
    )
    assert found.words() == [*found.unknown, "d holds p otherwise"]
    stage.copies["one"] = [stage.copy("a", other)]
    stage.manager["offset"] = 8
    assert compare({"p": keys(1)}, ONE).unknown == [
        "1 of 2 one pods tell what they hold", "the Manager: stands at offset 8 of 9",
    ]  # fmt: skip


def test_the_worker_is_told_first_then_what_is_new_goes_then_what_was_there_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {
        "a b": keys(1),
        "up": keys(new=7),
        "up/lent": LENT | keys(1),
        "kept": keys(1),
        "lent": LENT,
        "in": keys(4),
        "deep/er": keys(9),
    }
    now = before | {"a b": keys(2, 3), "up/new": keys(5), "lent/new": keys(6), "up/lent": keys(2), "top": keys(8),
                    "deep/er/new": keys(7), "mixed": LENT | keys(1)}  # fmt: skip
    del now["in"]
    stage = Stage(monkeypatch, now)
    put_back(HERE, CLUSTER, [ONE], before)
    learn = [
        ("PUT", "a%20b", {"k0": 2, "k1": 3}), ("PUT", "deep/er/new", {"k0": 7}), ("PUT", "in", {"k0": 4}),
        ("PUT", "lent/new", {"k0": 6}), ("PUT", "top", {"k0": 8}), ("PUT", "up/new", {"k0": 5}),
    ]  # fmt: skip
    gone = [("DELETE", path, None) for path in ("deep/er/new", "lent/new", "top", "up/new")]
    again = [("PUT", "a%20b", {"k0": 1}), ("PUT", "deep/er", {"k0": 9}), ("PUT", "in", {"k0": 4}),
             ("PUT", "up", {"new": 7})]  # fmt: skip
    order = stage.writes
    assert [sorted(order[:6]), sorted(order[6:10]), sorted(order[10:])] == [learn, gone, again]
    assert stage.mounted == [("http://", module.RETRY, 8)]
    stage.refuses = "a%20b"
    with pytest.raises(HarnessError) as error:
        put_back(HERE, CLUSTER, [ONE], before)
    assert error.value.message == "a b of Selection Input cannot be put back: 409 Client Error: None for url: u"


def test_nothing_is_written_where_nothing_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, {"p": keys(1), "lent": LENT})
    put_back(HERE, CLUSTER, [ONE, TWO], {"p": keys(1)})
    assert stage.writes == []


@pytest.mark.parametrize("times_out", [False, True])
def test_the_manager_is_given_its_time(times_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    applied = iter([8, 9, 10])

    def wait(condition: Any, **more: Any) -> None:
        told.append(([condition() for _ in range(3)], more))
        if times_out:
            raise WaitTimeout("late", last=None)

    settings = SimpleNamespace(kafka_bootstrap="b:1")
    monkeypatch.setattr(module, "end_of_topic", {"b:1": {0: 10, 1: 99}}.__getitem__)
    monkeypatch.setattr(module, "applied_offset", lambda asked: next(applied) if asked is settings else None)
    monkeypatch.setattr(module, "read_whole", lambda asked: ("whole", asked))
    monkeypatch.setattr(module, "wait_for", wait)
    assert held(settings) == (("whole", settings), 10)  # type: ignore[arg-type]
    assert told == [([False, True, True], {"what": "offset 9 to be applied", "within_s": 30.0})]
