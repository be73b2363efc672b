"""Invocations and answers: what belongs together, also across pieces, and what no history can contain."""

from __future__ import annotations

from typing import Any

import pytest

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.operation import BadHistory
from tests.kafka.notation import history

Event = dict[str, Any]


def judged(events: list[Event], size: int) -> Result:
    """Fed in pieces of so many events."""
    checker = Checker()
    for start in range(0, len(events), size):
        checker.feed(events[start : start + size])
    return checker.verdict()


def raw(text: str) -> list[Event]:
    """One event each, as it stands: `0 invoke send | 0 ok send`."""
    events: list[Event] = []
    for word in text.split(" | "):
        process, kind, f = word.split()
        at = len(events)
        events.append({"index": at, "time": at, "process": int(process), "type": kind, "f": f, "value": []})
    return events


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 invoke send | 0 info send | 1 invoke poll | 1 ok poll | 2 invoke poll | 2 info poll | 0 invoke poll",
         "process 0 goes on after an info answer; it should come back under a new process id (index 6)"),
        ("2 invoke poll | 2 info poll | 0 invoke send | 0 info send | 0 invoke poll",
         "process 0 goes on after an info answer; it should come back under a new process id (index 4)"),
        ("0 invoke send | 0 info send | 0 ok send",
         "process 0 goes on after an info answer; it should come back under a new process id (index 2)"),
        ("0 invoke send | 1 invoke poll | 1 ok poll | 0 invoke send",
         "process 0 invokes send while another operation of its is open (index 3)"),
        ("0 invoke send | 1 invoke poll | 0 ok send | 1 ok send",
         "ok send of process 1 answers an invoke of something else (index 3)"),
        ("0 invoke send | 0 ok send | 1 invoke poll | 0 fail send",
         "fail send of process 0 without its invoke (index 3)"),
    ],
)  # fmt: skip
def test_refuses_in_words_whatever_the_pieces(size: int, text: str, message: str) -> None:
    with pytest.raises(BadHistory) as refusal:
        judged(raw(text), size)
    assert str(refusal.value) == message


def test_an_answer_without_its_invoke_is_refused_even_as_the_first_of_all() -> None:
    (_, answer) = history("0 ok send x=1@0")
    for events in ([answer], [*history("1 ok poll"), answer | {"index": 2, "time": 20}]):
        with pytest.raises(BadHistory, match=r"^ok send of process 0 without its invoke \(index \d\)$"):
            judged(events, 100)


@pytest.mark.parametrize("size", [1, 100])
def test_an_answer_without_a_value_stands_for_what_was_invoked(size: int) -> None:
    events = history("0 info send x=1 | 1 ok poll x=1@0")
    del events[1]["value"]
    assert judged(events, size).seen == {}
    events[1]["type"] = "fail"
    assert judged(events, size).seen == {"G1a": 1}


@pytest.mark.parametrize(("invoked", "answered"), [(True, False), (False, True), (True, True), (False, False)])
def test_a_seek_to_the_beginning_counts_wherever_it_is_said(invoked: bool, answered: bool) -> None:
    text = "0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0,2@1 | 1 ok assign x | 1 ok poll x=1@0"
    for size in (1, 100):
        events = history(text)
        events[4]["seek_to_beginning"], events[5]["seek_to_beginning"] = invoked, answered
        assert judged(events, size).seen.get("nonmonotonic-poll", 0) == (not invoked and not answered)


def test_an_assign_that_was_not_answered_with_keys_stands_for_those_asked() -> None:
    events = history("0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0,2@1 | 1 info assign y | 2 ok poll x=1@0,2@1")
    del events[5]["value"]
    checker = Checker()
    checker.feed(events)
    assert [(at.process, at.reset.keys) for at in checker._store.resets] == [(1, ("y/0",))]
