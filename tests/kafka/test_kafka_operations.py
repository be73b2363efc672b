"""Events joined into operations, the words of the second opinion: nothing of either event is lost in between."""

from __future__ import annotations

import math

from reports.checkers.kafka.operation import BadHistory, Operation, Polled, Sent, operations, topic_of
from tests.kafka.notation import Event, history


def one(text: str) -> Operation:
    (operation,) = operations(history(text))
    return operation


def asked(text: str, **answer: object) -> Operation:
    """The operation whose answer is that of `text` with these fields instead."""
    invoke, completion = history(text)
    (operation,) = operations([invoke, completion | answer])
    return operation


def test_an_operation_has_the_place_of_its_answer() -> None:
    found = operations(history("0 invoke send x=1 | 1 ok poll | 0 ok send x=1@0 | 2 invoke poll"))
    assert [(each.process, each.type, each.index) for each in found] == [(1, "ok", 2), (0, "ok", 3), (2, "info", 4)]
    assert [(each.invoke_time, each.time) for each in found] == [(10, 20), (0, 30), (40, math.inf)]


def test_an_answer_without_a_value_is_about_what_was_asked() -> None:
    assert asked("0 info send x=1", value=None).sends == [Sent("x/0", None, 1)]
    assert asked("0 info assign x y", value=None).keys == ["x/0", "y/0"]
    invoke, completion = history("0 info send x=1")
    del completion["value"]
    assert operations([invoke, completion])[0].sends == [Sent("x/0", None, 1)]


def test_where_an_assign_seeks_may_be_said_by_the_request_or_by_the_answer() -> None:
    def seeks(*, request: bool, answer: bool) -> bool:
        events: list[Event] = history("0 ok assign x")
        for event, said in zip(events, (request, answer), strict=True):
            event.update({"seek_to_beginning": True} if said else {})
        return operations(events)[0].seek_to_beginning

    told = [(request, answer) for request in (False, True) for answer in (False, True)]
    assert [seeks(request=request, answer=answer) for request, answer in told] == [False, True, True, True]


def test_more_than_an_offset_and_a_value_of_a_send_is_not_looked_at() -> None:
    assert asked("0 ok send x=1@0", value=[["send", "x/0", [4, 1, "more"]]]).sends == [Sent("x/0", 4, 1)]


def test_a_record_is_corrupt_when_two_checksums_differ() -> None:
    records = [[0, 1], [1, 2, 7], [2, 3, 7, 7], [3, 4, 7, 8]]
    polled = asked("0 ok poll", value=[["poll", {"x/0": records}]]).polls
    assert polled == [
        Polled("x/0", 0, 1), Polled("x/0", 1, 2), Polled("x/0", 2, 3), Polled("x/0", 3, 4, corrupt=True)
    ]  # fmt: skip


def test_a_topic_may_have_slashes_in_its_name() -> None:
    assert topic_of("a/b/7") == "a/b"
    subscribed = Operation(0, "ok", "subscribe", 0, 0, 0, keys=["a/b"])
    assert subscribed.keeps_position("a/b/7")
    assert not subscribed.keeps_position("a/7")


def test_what_cannot_be_read_says_so_to_whoever_catches_it() -> None:
    assert BadHistory("no such thing").args == ("no such thing",)
    assert str(BadHistory("no such thing", where="f:3")) == "f:3: no such thing"
