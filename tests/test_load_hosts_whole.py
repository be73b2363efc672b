"""Making the hosts of viewers known: every request that is made for it, in order, and what is said when it fails."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from loadtests import hosts
from loadtests.answer import Answer
from loadtests.hosts import HOSTS, make_known, wrong_location

PATH = "/api/v1/selection_input/cdn/hosts"
BODY = json.dumps({f"edge-{n}": f"http://edge-{n}.example" for n in (1, 2, 3, 4)}).encode()
ASK, WRITE = ("GET", PATH), ("PUT", PATH, {"Content-Type": "application/json"}, BODY)


class Stack:
    """Answers what it was told to, in order, and each redirect by a rule; keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> None:
        self.answers, self.asked, self.slept = list(answers), list[Any](), list[float]()
        self.now, self.wrong = 50.0, set[int]()
        self.made: list[Any] = []
        monkeypatch.setattr(hosts, "Connections", self.connections)
        monkeypatch.setattr(hosts, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(hosts, "gevent", SimpleNamespace(sleep=self.sleep))

    def connections(self, host: str, **how: Any) -> Stack:
        self.made.append((host, how))
        return self

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += 0.5

    def exchange(self, *told: Any) -> Answer:
        self.asked.append(told)
        if self.answers:
            return self.answers.pop(0)
        place = "http://nobody.example" if len(self.slept) in self.wrong else HOSTS["edge-2"]
        return Answer(302, {"location": place + told[1]})


def looks(*numbers: int) -> list[tuple[str, str]]:
    return [("GET", f"/live/known-{number}/manifest") for number in numbers]


def test_hosts_that_are_known_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack(monkeypatch, Answer(200, body=BODY))
    make_known("http://127.0.0.1:9")
    assert (stack.made, stack.asked) == ([("http://127.0.0.1:9", {"keep": False})], [ASK])


@pytest.mark.parametrize("there", [Answer(404, body=BODY), Answer(200, body=b"{"), Answer(200, body=b"{}")])
@pytest.mark.parametrize("told", [200, 201])
def test_hosts_are_written_and_seen_twenty_times_in_a_row(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, there: Answer, told: int
) -> None:
    stack = Stack(monkeypatch, there, Answer(told))
    make_known("h")
    assert stack.asked == [ASK, WRITE, *looks(*range(20))]
    assert stack.slept == [0.05] * 20
    assert caplog.messages == []


def test_one_wrong_redirect_begins_the_row_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stack = Stack(monkeypatch, Answer(404), Answer(201))
    stack.wrong = {0, 3}
    make_known("h")
    assert stack.asked[2:] == looks(0, 0, 1, 2, *range(20))
    assert caplog.messages == []


def test_hosts_that_do_not_get_known_in_time_are_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stack = Stack(monkeypatch, Answer(404), Answer(201))
    stack.wrong = {10}
    make_known("h")
    assert stack.asked[2:] == looks(*range(11), *range(19))
    assert caplog.messages == ["not every Director knows the hosts after 15 s"]


def test_hosts_that_cannot_be_written_are_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stack = Stack(monkeypatch, Answer(404), Answer(503))
    make_known("h")
    assert (stack.asked, stack.slept) == ([ASK, WRITE], [])
    assert caplog.messages == ["the hosts of viewers cannot be written: status 503"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(302, {"location": "http://edge-4.example/a"}), ""),
        (Answer(302, {"location": "http://edge-5.example/a"}), "wrong-location: http://edge-5.example/a"),
        (Answer(302, {"location": "http://edge-4.example/b"}), "wrong-location: http://edge-4.example/b"),
        (Answer(302, {"location": "x,y" * 40}), "wrong-location: " + ("x y" * 40)[:80]),
        (Answer(302), "302 without Location"),
        (Answer(301, {"location": "http://edge-4.example/a"}), "status 301"),
        (Answer(0, error="read: timed out"), "read: timed out"),
    ],
)
def test_why_a_redirect_is_no_good(answer: Answer, why: str) -> None:
    assert wrong_location(answer, "/a") == why
