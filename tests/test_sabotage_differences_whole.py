"""What differs between a good file and its spoilt copy, for each kind of file, and which looks may have seen it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports.event import Event
from reports.sabotage.differences import TORN, Difference, difference
from reports.sabotage.looks import Looks, key, said, watched
from reports.timeline import Timeline


def lines(*entries: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


A, B, C = {"t": 1, "k": "a"}, {"t": 2, "k": "b"}, {"t": 3, "k": "c"}


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("x.jsonl", lines(A, B), lines(A, B), Difference((), (), doubles=True)),
        ("x.jsonl", lines(A, B), lines(A, C), Difference((B,), (C,), doubles=False)),
        ("x.jsonl", lines(A, B), lines(A, B, B, A), Difference((), (A, B), doubles=True)),
        ("x.jsonl", lines(A, B, B), lines(A, B), Difference((B,), (), doubles=False)),
        ("x.jsonl", lines(A, B), lines(A) + b'{"t": 2,\n[1]\n\n  \n', Difference((B,), (TORN, TORN), doubles=False)),
        ("x.csv", b"a,b\n1,2\n", b"a,b\n1,3\n4\n",
         Difference(({"a": "1", "b": "2"},), ({"a": "1", "b": "3"}, TORN), doubles=False)),
        ("x.csv", b"\xffa,b\n1,2\n", b"", Difference(({"\ufffda": "\ufffda", "b": "b"}, {"\ufffda": "1", "b": "2"}), (),
                                                     doubles=False)),
        ("x.csv", b"a\n1\n", b"a\n\xff\n", Difference(({"a": "1"},), ({"a": "\ufffd"},), doubles=False)),
        ("diff.txt", b"one\ntwo\n", b"one\n\xff\n",
         Difference(({"line": "two"},), ({"line": "\ufffd"},), doubles=False)),
        ("x.json", b'{"a": [1, {"b": null}], "c": {}}', b'{"a": [2, {"b": null}], "c": 0}', Difference(
            ({"path": ["a", "0"], "value": 1}, {"path": ["c"], "value": {}}),
            ({"path": ["a", "0"], "value": 2}, {"path": ["c"], "value": 0}), doubles=False)),
        ("x.json", b'{"a": []}', b'{"a": 1}', Difference(
            ({"path": ["a"], "value": []},), ({"path": ["a"], "value": 1},), doubles=False)),
        ("x.json", b'{"a": 1}', b'{"a": ', Difference(({"path": ["a"], "value": 1},), (TORN,), doubles=False)),
        ("x.json", b'{}', b'"x"',
         Difference(({"path": [], "value": {}},), ({"path": [], "value": "x"},), doubles=False)),
    ],
)  # fmt: skip
def test_the_entries_that_only_one_file_holds(file: str, before: bytes, after: bytes, told: Difference) -> None:
    found = difference(file, before, after)
    assert found == told
    assert found.entries == told.lost + told.new


def event(kind: str, *, t: float = 1.0, line: int = 1, uid: str | None = None, **data: Any) -> Event:
    return Event(t, 0.0, "watch", kind, "acd/pod/x", uid, data, line)


def test_an_event_says_the_same_wherever_it_stands_and_whatever_the_order_of_its_keys() -> None:
    told = {"err": 9, "subject": "acd/pod/x", "kind": "pod.ready", "t": 1, "data": {"b": 1, "a": 2}, "uid": "u"}
    text = '[1.0, "pod.ready", "acd/pod/x", "u", {"a": 2, "b": 1}]'
    assert said(told) == text == key(1.0, "pod.ready", "acd/pod/x", "u", {"a": 2, "b": 1})
    assert said(told | {"data": None, "uid": None}) == '[1.0, "pod.ready", "acd/pod/x", null, {}]'
    without = {name: value for name, value in told.items() if name != "uid"}
    assert said(without) == '[1.0, "pod.ready", "acd/pod/x", null, {"a": 2, "b": 1}]'
    for spoilt in ({"t": "soon"}, {"t": None}):
        assert said(told | spoilt) == '[0, ""]'
    assert said({name: value for name, value in told.items() if name != "kind"}) == '[0, ""]'


READY, LOST = said({"t": 1, "kind": "pod.ready", "subject": "acd/pod/x", "data": {}}), '[0, ""]'


@pytest.mark.parametrize(
    ("looks", "differing", "may"),
    [
        (Looks(), {LOST}, True),
        (Looks(queried=True), {LOST}, False),
        (Looks(queried=True), set(), False),
        (Looks(queried=True), {'[0.0, "run.started", "run", null, {}]'}, True),
        (Looks(queried=True), {'[0.0, "run", "run.started", null, {}]'}, False),
        (Looks(queried=True, everything=True), set(), True),
        (Looks({1: event("pod.ready")}, queried=True), {READY, LOST}, True),
        (Looks({1: event("pod.ready", t=1.5)}, queried=True), {READY}, False),
        (Looks({1: event("pod.ready", uid="u")}, queried=True), {READY}, False),
        (Looks({1: event("pod.ready", role="web")}, queried=True), {READY}, False),
    ],
)
def test_what_may_have_been_seen(looks: Looks, differing: set[str], may: bool) -> None:
    assert looks.may_see(differing) is may


def seen(*events: Event) -> Timeline:
    return Timeline(events, torn=False, start_ns=0, unix_ns=0)


def test_a_query_gives_out_what_it_found_and_no_more() -> None:
    one, two = event("pod.ready", line=1), event("pod.deleted", line=2, t=2.0)
    run = seen(one, two)
    plain = Timeline.query
    with watched() as looks:
        assert not looks.queried
        assert run.query("pod.ready") == [one]
        assert (looks.events, looks.everything, looks.queried) == ({1: one}, False, True)
        assert run.query("pod.*", since=2.0) == [two]
        assert run.query("pod.*", since=9.0) == []
    assert (looks.events, looks.everything, looks.queried) == ({1: one, 2: two}, False, True)
    assert looks.keys == {said({"t": 1, "kind": "pod.ready", "subject": "acd/pod/x", "data": {}}),
                          said({"t": 2, "kind": "pod.deleted", "subject": "acd/pod/x", "data": {}})}  # fmt: skip
    assert Timeline.query is plain
    assert "__getattribute__" not in vars(Timeline)


@pytest.mark.parametrize("taken", ["events", "torn"])
def test_what_is_taken_without_a_query_is_everything_also_after_a_query_that_failed(taken: str) -> None:
    run = seen(event("pod.ready"))
    with watched() as at_once:
        assert not at_once.everything
        assert getattr(run, taken) in ((event("pod.ready"),), False)
    assert at_once.everything
    with watched() as looks:
        assert run.start_ns == 0
        assert not looks.everything
        with pytest.raises(TypeError):
            run.query(since="late")  # type: ignore[arg-type]
        assert not looks.everything
        assert getattr(run, taken) in ((event("pod.ready"),), False)
        assert looks.everything
    with pytest.raises(ZeroDivisionError), watched():
        raise ZeroDivisionError
    assert "__getattribute__" not in vars(Timeline)
