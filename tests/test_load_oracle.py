"""What viewers and operators call a good answer: never one that a stack without its state could give."""

from __future__ import annotations

import json

import pytest

from loadtests.answer import Answer, DataStoreKey
from loadtests.hosts import HOSTS, wrong_location
from loadtests.shadow import Shadow

S = 1_000_000_000


def read(applied: int | None, value: object = None, status: int = 200) -> Answer:
    headers = {} if applied is None else {"x-applied-offset": str(applied)}
    return Answer(404 if value is None else status, headers, b"" if value is None else json.dumps(value).encode())


def written(*writes: tuple[dict[str, int] | None, str, int | None], at_s: int = 10) -> Shadow:
    shadow = Shadow(fresh_s=45)
    for value, outcome, offset in writes:
        write = shadow.begin(value, "slot")
        if outcome != "waits":
            write.answered(outcome, offset, at_s * S)
    return shadow


A, B = {"slot": 1, "n": 1}, {"slot": 2, "n": 2}


@pytest.mark.parametrize(
    ("writes", "answer", "is_good"),
    [
        ([], read(-1), True),
        ([], read(5, A), False),
        ([(A, "ok", 5)], read(5, A), True),
        ([(A, "ok", 5)], read(4), True),
        ([(A, "ok", 5)], read(5), False),
        ([(A, "ok", 5)], read(4, A), False),
        ([(A, "ok", 5), (B, "ok", 7)], read(6, A), True),
        ([(A, "ok", 5), (B, "ok", 7)], read(7, A), False),
        ([(B, "ok", 7), (A, "ok", 5)], read(7, B), True),
        ([(A, "ok", 5), (None, "ok", 6)], read(6, {"n": 1}), True),
        ([(A, "ok", 5), (None, "ok", 6)], read(6, A), False),
        ([(A, "ok", 5), (B, "info", None)], read(9, B), True),
        ([(A, "ok", 5), (B, "waits", None)], read(9, A), True),
        ([(A, "ok", 5), (B, "fail", None)], read(9, B), False),
        ([(A, "ok", 5)], read(5, {"wrong": True}), False),
        ([(A, "ok", 5)], read(5, [1]), False),
        ([(A, "ok", 5)], read(None), True),
    ],
)
def test_a_read_says_what_the_writes_up_to_its_offset_come_to(writes, answer, is_good) -> None:
    error = written(*writes).judge(answer, 11 * S)
    assert (not error) is is_good, error
    assert is_good or error.startswith("wrong-answer")


def test_a_confirmed_write_must_be_read_back_in_time() -> None:
    shadow = written((A, "ok", 5))
    assert not shadow.judge(read(4), 54 * S)
    assert shadow.judge(read(4), 56 * S) == "old-answer of 46.000 s ago: stands at 4; offset 5 was confirmed"
    assert shadow.judge(read(4, A), 56 * S).startswith("wrong-answer"), "an old answer may be wrong as well"
    assert shadow.judge(read(None), 56 * S).startswith("wrong-answer")


def test_an_answer_is_as_old_as_the_first_write_that_it_lacks() -> None:
    shadow = written((A, "ok", 5))
    for offset, at_s in ((7, 20), (8, 30), (9, 100)):
        shadow.begin(B, "slot").answered("ok", offset, at_s * S)
    assert shadow.judge(read(5, A), 101 * S).startswith("old-answer of 81.000 s ago: stands at 5; offset 8 ")
    assert not shadow.judge(read(8, B), 101 * S)


def test_another_status_stays_what_it_is() -> None:
    assert written().judge(Answer(503), S) == "status 503"


@pytest.mark.parametrize(
    ("where", "error"),
    [
        (next(iter(HOSTS.values())) + "/live/a/manifest", ""),
        (next(iter(HOSTS.values())) + "/live/b/manifest", "wrong-location"),
        ("http://edge-default.example/live/a/manifest", "wrong-location"),
        ("http://wrong.example/", "wrong-location"),
        ("", "302 without Location"),
    ],
)
def test_a_viewer_must_be_sent_to_a_host_of_the_log(where: str, error: str) -> None:
    """Every 302 with a Location was once good: a Director that had lost all its state passed."""
    found = wrong_location(Answer(302, {"location": where} if where else {}), "/live/a/manifest")
    assert found.partition(":")[0] == error


@pytest.mark.parametrize(
    ("status", "body", "is_good"),
    [(200, b'{"life": "k"}', True), (404, b"", True), (200, b'{"life": "other"}', False), (200, b"{}", False),
     (200, b"", False), (200, b"[1", False)],
)  # fmt: skip
def test_a_stored_value_is_read_as_it_was_stored(status: int, body: bytes, is_good: bool) -> None:
    error = DataStoreKey("k").other_value(Answer(status, body=body))
    assert error == ("" if is_good else "wrong-answer: not what was stored")
