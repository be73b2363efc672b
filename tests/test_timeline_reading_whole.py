"""A timeline read whole from hand-made lines, each question that it answers, and each reason for which it is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.event import Event
from reports.fold import Fold, Held, into
from reports.timeline import Timeline, TimelineError, read
from reports.words import figure_of, shows


def line(t: float, kind: str, subject: str = "s", **more: Any) -> dict[str, Any]:
    return {"t": t, "source": "x", "kind": kind, "subject": subject, "data": {}} | more


CLOCKS = line(0, "run.started", "run", data={"monotonic_ns": "5000000000", "unix_ns": 7_000_000_000})


def left(folder: Path, *lines: Any, torn: str = "") -> Path:
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines) + torn
    (folder / "timeline.jsonl").write_text(text)
    return folder


def test_events_stand_in_order_of_time_with_their_lines(tmp_path: Path) -> None:
    late, early = line(3.5, "a.b", err=-0.25, uid="u"), line(3, "a.c", data=None, extra=1)
    found = read(left(tmp_path, CLOCKS, "", late, early, torn='{"t": 9'))
    start = Event(0.0, 0.0, "x", "run.started", "run", None, CLOCKS["data"], 1)
    events = (start, Event(3.0, 0.0, "x", "a.c", "s", None, {}, 4), Event(3.5, 0.25, "x", "a.b", "s", "u", {}, 3))
    assert found == Timeline(events, torn=True, start_ns=5_000_000_000, unix_ns=7_000_000_000)
    assert (found.seconds(6_500_000_000), found.unix(1.5), found.end) == (1.5, 8.5, 3.5)
    whole = read(left(tmp_path, CLOCKS, late, torn=json.dumps(early)))
    assert (len(whole.events), whole.torn) == (3, False)


IS_NONE = "timeline.jsonl:{}; it contradicts itself, so it is no evidence"


@pytest.mark.parametrize(
    ("lines", "torn", "said"),
    [
        ([CLOCKS, "{"], "", "timeline.jsonl:2 is not an event: Expecting property name enclosed in double quotes: "
         "line 1 column 2 (char 1)"),
        ([CLOCKS, line(1, "a.b") | {"data": [1]}], "",
         "timeline.jsonl:2 is not an event: data is a list, not an object"),
        ([CLOCKS, {"t": 1, "data": {}}], "", "timeline.jsonl:2 is not an event: 'source'"),
        ([CLOCKS, line(1, "a.b"), line(1, "a.b")], "",
         "timeline.jsonl:3 stands there already: no two events are one"),
        ([line(1, "a.b"), CLOCKS], "", "timeline.jsonl:1 is not run.started: the clock of this run is unknown"),
        ([], "{", "timeline.jsonl:1 is not run.started: the clock of this run is unknown"),
        ([line(0, "run.started", data={"monotonic_ns": 1})], "",
         "timeline.jsonl:1 run.started lacks its clocks: 'unix_ns'"),
        ([CLOCKS, line(1, "test.finished", "t")], "", IS_NONE.format("2 test.finished of t without test.started")),
    ],
)  # fmt: skip
def test_what_is_no_timeline(tmp_path: Path, lines: list[Any], torn: str, said: str) -> None:
    with pytest.raises(TimelineError) as error:
        read(left(tmp_path, *lines, torn=torn))
    assert str(error.value) == said
    (tmp_path / "timeline.jsonl").unlink()
    with pytest.raises(TimelineError, match=r"^timeline\.jsonl is missing: nothing was observed$"):
        read(tmp_path)


def event(t: float, kind: str, subject: str = "s", uid: str | None = None, **data: Any) -> Event:
    return Event(t, 0.0, "x", kind, subject, uid, data)


def test_what_matches_everything_that_was_asked() -> None:
    one, two = event(1.0, "pod.ready", "a", "u", role="web", fault_id="f"), event(2.0, "pod.deleted", "b", role="db")
    three = event(3.0, "podium.x", "a")
    seen = Timeline((one, two, three), torn=False, start_ns=0, unix_ns=0)
    assert seen.query() == [one, two, three]
    assert seen.query("pod.*") == [one, two]
    assert seen.query("pod.ready", "podium.x") == [one, three]
    assert seen.query("pod.rea") == seen.query("pod.read*") == []
    for given, found in (({"subject": "a"}, [one, three]), ({"role": "db"}, [two]), ({"fault_id": "f"}, [one]),
                         ({"uid": "u"}, [one]), ({"since": 2.0}, [two, three]), ({"until": 2.0}, [one, two]),
                         ({"since": 1.5, "until": 2.5}, [two]), ({"since": 1.5, "role": "web"}, [])):  # fmt: skip
        assert seen.query(**given) == found


def test_the_span_of_a_test_is_that_of_its_last_start() -> None:
    steps = [event(t, f"test.{what}", name) for t, what, name in (
        (1.0, "started", "t"), (2.0, "finished", "t"), (3.0, "started", "t"), (4.0, "finished", "u"),
        (5.0, "finished", "t"), (6.0, "finished", "t"), (7.0, "started", "v"))]  # fmt: skip
    seen = Timeline(tuple(steps), torn=False, start_ns=0, unix_ns=0)
    assert (seen.span_of_test("t"), seen.span_of_test(None)) == ((3.0, 5.0), (float("-inf"), float("inf")))
    for test, said in (("x", "no test.started for x"), ("v", "no test.finished for v, so it may have been cut off")):
        with pytest.raises(TimelineError) as error:
            seen.span_of_test(test)
        assert str(error.value) == f"timeline.jsonl: {said}"


def record(op: str, path: str, value: Any = None, ttl_ms: Any = None, **more: Any) -> dict[str, Any]:
    return {"v": 1, "op": op, "path": path.split("/"), "value": value, "ttl_ms": ttl_ms, "id": "x"} | more


def test_what_a_log_comes_to() -> None:
    fold = Fold({"a": {"k": Held({"x": 1}), "old": Held(1, 50)}, "none": {}})
    assert (fold.held, dict(fold.ever)) == (
        {"a": {"k": Held({"x": 1}), "old": Held(1, 50)}}, {("a", "k"): {'{"x": 1}'}, ("a", "old"): {"1"}}
    )  # fmt: skip
    fold.take(record("merge", "a", {"k": {"y": 2}, "n": 3}, ttl_ms=10), 49)
    assert fold.held == {"a": {"k": Held({"x": 1, "y": 2}, 59), "old": Held(1, 50), "n": Held(3, 59)}}
    assert fold.ever["a", "k"] == {'{"x": 1}', '{"x": 1, "y": 2}'}
    fold.take(record("merge", "a", {"z": 1}), 59)
    assert fold.held == {"a": {"z": Held(1)}}
    fold.take(record("put", "a", {"w": 1}), 60)
    fold.take(record("put", "a/b", {"c": 1}), 60)
    fold.take(record("put", "a/w", {"c": 1}), 60)
    fold.take(record("delete", "a/w"), 61)
    assert fold.held == {"a/b": {"c": Held(1)}}
    fold.take(record("put", "a/b", {}), 62)
    assert fold.held == {}
    for bad in (None, record("drop", "a", {"k": 1}), record("put", "a", {"k": 1}, v=2), record("put", "a", [1]),
                record("put", "", {"k": 1}), record("put", "a/\n", {"k": 1}), record("put", "a", {"k": 1}, id=7),
                *(record("put", "a", {"k": 1}, ttl_ms=ttl) for ttl in (0, True, 1.5)),
                record("put", "a", {"k": 1}) | {"path": "a"}, record("put", "a", {"k": 1}) | {"path": []}):  # fmt: skip
        fold.take(bad, 70)
    assert (fold.held, Held(1, 5).is_gone(5), Held(1, 5).is_gone(4), Held(1).is_gone(9)) == ({}, True, False, False)
    fold.take(record("put", "a", {"k": 1}, ttl_ms=1), 70)
    assert fold.held == {"a": {"k": Held(1, 71)}}
    assert into({"a": {"b": 1}, "c": 1}, {"a": {"d": 2}, "c": {}}) == {"a": {"b": 1, "d": 2}, "c": {}}


def test_what_things_are_called() -> None:
    assert [shows(file) for file in ("load/requests-ops.csv#t=1", "timeline.jsonl", "strange#1")] == [
        "requests of ops", "events of the run", "strange#1"
    ]  # fmt: skip
    assert [figure_of(name) for name in ("recovery.within", "a.b_c.d_e")] == ["whole again after", "d e"]
