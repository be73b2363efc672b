"""Copies of the state, asked of each pod: who is asked, how often, and every line that is kept."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from urllib3.exceptions import HTTPError

from fixtures.kubernetes.api import ApiError
from fixtures.selection_input import copies
from fixtures.selection_input.copies import take_copies, write_copies
from fixtures.stack.map import Role

Item = dict[str, Any]
ROLE = Role.model_validate({
    "name": "keeper", "kind": "StatefulSet", "workload": "keep", "namespace": "acd", "selector": {"app": "keep"},
    "replicas": 2, "recovery_s": 30, "ports": {"main": 80, "state": 81},
    "copy_of_state": {"port": "state", "path": "/v1/s"},
})  # fmt: skip


def pod(name: str, *, ready: bool = True, app: str = "keep", owner: str = "keep") -> Item:
    owners = [{"kind": "StatefulSet", "name": owner, "controller": True}]
    about = {"name": name, "namespace": "acd", "uid": f"u-{name}", "labels": {"app": app}, "ownerReferences": owners}
    return {"metadata": about, "status": {"conditions": [{"type": "Ready", "status": str(ready)}]}}


class Clock:
    """Moves only by sleeping."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def monotonic(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return 7_000_000_999_999

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += 5.0


class Cluster:
    """Answers for pods in turn, the last answer for ever."""

    def __init__(self, pods: list[Item] | Exception, **answers: list[Any]) -> None:
        self.pods, self.answers, self.asked = pods, answers, list[str]()

    def get(self, path: str) -> Any:
        self.asked.append(path)
        if path == "/api/v1/namespaces/acd/pods":
            if isinstance(self.pods, Exception):
                raise self.pods
            return {"items": self.pods}
        answers = self.answers[path.rsplit("/", 4)[1].split(":", maxsplit=1)[0]]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(copies, "time", found)
    return found


def at(offset: Any, **paths: Any) -> Item:
    return {"offset": offset, "paths": paths}


def line(name: str, offset: int, *, error: str = "", **paths: Any) -> Item:
    about = {"role": "keeper", "pod": name, "uid": f"u-{name}", "at_ms": 7_000_000}
    return about | {"offset": offset, "paths": paths, "error": error}


def road(name: str) -> str:
    return f"/api/v1/namespaces/acd/pods/{name}:81/proxy/v1/s"


def take(cluster: Cluster) -> Any:
    return take_copies(cluster, ROLE, log_end=10)  # type: ignore[arg-type]


def test_each_ready_pod_of_the_workload_tells_what_it_holds() -> None:
    pods = [pod("b"), pod("waits", ready=False), pod("other", app="x"), pod("theirs", owner="others"), pod("a")]
    cluster = Cluster(pods, b=[at("9", k=1)], a=[at(12)])
    assert take(cluster) == [line("b", 9, k=1), line("a", 12)]
    assert cluster.asked[0] == "/api/v1/namespaces/acd/pods"
    assert sorted(cluster.asked[1:]) == [road("a"), road("b")]
    assert take(Cluster([])) == []


def test_one_that_is_behind_is_asked_again_until_the_time_for_all_is_over(clock: Clock) -> None:
    cluster = Cluster([pod("a")], a=[HTTPError("late"), at(8), at(9)])
    assert take(cluster) == [line("a", 9)]
    assert clock.slept == [0.2, 0.2]
    assert len(cluster.asked) == 4
    clock.slept.clear()
    assert take(Cluster([pod("a")], a=[at(8, k=2)])) == [line("a", 8, k=2)]
    assert clock.slept == [0.2] * 3, "at ten seconds it is asked once more, beyond them no more"


def test_one_whose_time_is_over_at_once_is_asked_twice(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "CAUGHT_UP_WITHIN_S", -1.0)
    assert take(Cluster([pod("a")], a=[at(7), at(8), at(9)])) == [line("a", 8)]
    assert clock.slept == [0.2]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ApiError("GET", "/x", 503, "m" * 300), f"ApiError: GET /x: HTTP 503: {'m' * 300}"[:200]),
        (HTTPError("late"), "HTTPError: late"), ({"paths": {}}, "KeyError: 'offset'"),
        ({"offset": 9}, "KeyError: 'paths'"), (at("x"), "ValueError: invalid literal for int() with base 10: 'x'"),
        ([1], "TypeError: list indices must be integers or slices, not str"),
    ],
)  # fmt: skip
def test_one_that_does_not_tell_is_told_by_its_error(answer: Any, said: str) -> None:
    assert take(Cluster([pod("a")], a=[answer])) == [line("a", -1, error=said)]


@pytest.mark.parametrize("error", [ApiError("GET", "/pods", 503, "no"), HTTPError("late")])
def test_pods_that_cannot_be_listed_are_an_error_in_the_log(
    error: Exception, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.ERROR, "crucible"):
        assert take(Cluster(error)) is None
    said = f"the pods of keeper cannot be listed, so their copies are not asked for: {error}"
    assert [record.getMessage() for record in caplog.records] == [said]
    write_copies(Cluster(error), ROLE, tmp_path, "l", before=[], log_end=10)  # type: ignore[arg-type]
    write_copies(Cluster([]), ROLE, tmp_path, "l", before=None, log_end=10)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_what_was_held_before_and_now_stands_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    before = [line("a", 4), line("c", -1, error="e")]
    cluster = Cluster([pod("a")], a=[at(9, k=1)])
    write_copies(cluster, ROLE, tmp_path, "l", before=before, log_end=10)  # type: ignore[arg-type]
    (file,) = (tmp_path / "kafka").iterdir()
    assert file.name == "copies-keeper-l.jsonl"
    assert [json.loads(each) for each in file.read_text().splitlines()] == [
        *({"what": "before"} | each for each in before), {"what": "copy"} | line("a", 9, k=1),
        {"what": "end", "before": 2, "copies": 1, "log_end": 10},
    ]  # fmt: skip
    assert file.read_text().endswith("\n")
