"""The evidence of an ordering test, step by step: what each is told, in which order, and the history at its end."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.selection_input import evidence
from fixtures.selection_input.evidence import LogBegin, gather, log_begin
from fixtures.selection_input.history import write_history
from fixtures.settings import Settings
from fixtures.stack.map import Role
from fixtures.wait import WaitTimeout

HERE = Settings(kafka_port=29092)
CLUSTER: Any = object()
ABOUT = {
    "kind": "Deployment",
    "workload": "w",
    "namespace": "acd",
    "selector": {"a": "b"},
    "replicas": 2,
    "recovery_s": 30,
}
KEEPERS = [Role.model_validate({"name": name} | ABOUT) for name in ("one", "two")]


class Steps:
    """Every step that gathering takes, with what it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.ends, self.applied, self.times_out = [10, 12], 11, False
        for name in ("journal_length", "read_whole", "take_copies", "write_copies", "write_states", "read_topic",
                     "fetch_journal", "write_history"):  # fmt: skip
            monkeypatch.setattr(evidence, name, self.step(name))
        monkeypatch.setattr(evidence, "end_of_topic", self.end)
        monkeypatch.setattr(evidence, "wait_for", self.wait)
        monkeypatch.setattr(evidence, "applied_offset", lambda settings: self.applied if settings is HERE else -5)
        clock = SimpleNamespace(monotonic_ns=lambda: 70, time_ns=lambda: 8_000_000_999_999)
        monkeypatch.setattr(evidence, "time", clock)

    def step(self, name: str) -> Any:
        def taken(*args: Any, **more: Any) -> str:
            self.told.append((name, *args, more))
            return f"{name} {len(self.told)}"

        return taken

    def end(self, bootstrap: str) -> dict[int, int]:
        self.told.append(("end", bootstrap))
        return {0: self.ends.pop(0), 1: 99}

    def wait(self, condition: Any, **more: Any) -> None:
        looks = []
        for self.applied in (8, 9, 10, 11, 12):
            looks.append(condition())
        self.told.append(("wait", looks, more))
        if self.times_out:
            raise WaitTimeout("late", last=None)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


END = ("end", "127.0.0.1:29092,127.0.0.1:29093,127.0.0.1:29094")


def waited(end: int) -> tuple[Any, ...]:
    looks = [applied >= end - 1 for applied in (8, 9, 10, 11, 12)]
    return ("wait", looks, {"what": f"the worker to have applied all below offset {end}", "within_s": 60.0})


def test_a_beginning_is_marked_when_all_is_applied(steps: Steps) -> None:
    found = log_begin(HERE, cluster=CLUSTER, keepers=KEEPERS)
    copies = {"one": "take_copies 3", "two": "take_copies 4"}
    assert found == LogBegin({0: 10, 1: 99}, "journal_length 5", "read_whole 6", copies, 8_000_000)  # type: ignore[arg-type]
    assert steps.told == [
        END, waited(10), *(("take_copies", CLUSTER, keeper, {"log_end": 10}) for keeper in KEEPERS),
        ("journal_length", HERE, {}), ("read_whole", HERE, {}),
    ]  # fmt: skip
    steps.times_out, steps.ends = True, [10]
    with pytest.raises(WaitTimeout, match="late"):
        log_begin(HERE, cluster=CLUSTER, keepers=KEEPERS)


@pytest.mark.parametrize("times_out", [False, True])
def test_all_is_gathered_in_its_order_whether_the_worker_gets_there_or_not(
    steps: Steps, tmp_path: Path, times_out: bool
) -> None:
    steps.times_out = times_out
    before: Any = {"one": ["a"], "two": None}
    since = LogBegin({0: 4, 1: 5}, 3, {"a": 1}, before, 1_000)
    gather(HERE, tmp_path, "l", since, cluster=CLUSTER, keepers=KEEPERS)
    assert steps.told == [
        END, waited(10), ("write_states", HERE, tmp_path, "l", {"before": {"a": 1}, "log_end": 10}),
        *(("write_copies", CLUSTER, keeper, tmp_path, "l", {"before": before[keeper.name], "log_end": 10})
          for keeper in KEEPERS),
        ("read_topic", END[1], tmp_path / "kafka/topic-l.jsonl", {"begin": {0: 4, 1: 5}}), END, waited(12),
        ("fetch_journal", HERE, tmp_path / "kafka/journal-l.jsonl", {"begin": 3}),
        ("write_history", tmp_path, "l", {"read_ns": 70, "began_unix_ms": 1_000}),
    ]  # fmt: skip
    assert (tmp_path / "kafka").is_dir()
    steps.ends = [10, 12]
    gather(HERE, tmp_path, "l", since, cluster=CLUSTER, keepers=[])


def lines(folder: Path, name: str, *rows: dict[str, Any]) -> None:
    (folder / "kafka").mkdir(exist_ok=True)
    (folder / f"kafka/{name}-l.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write(name: str, start: int, end: int, outcome: str = "ok", **more: Any) -> dict[str, Any]:
    return {"id": name, "start_ns": start, "end_ns": end, "outcome": outcome} | more


def record(offset: int, name: Any, *, partition: int = 0, stamped: int = 500) -> dict[str, Any]:
    value = name if name is None or isinstance(name, str) else {"id": name[0]}
    return {"partition": partition, "offset": offset, "key": None, "value": value, "timestamp": stamped}


KEY = "selection_input/0"


def sent(number: int, name: str, start: int, end: int, outcome: str, told: Any) -> list[dict[str, Any]]:
    about = {"process": f"writer-{number}", "f": "send"}
    return [
        about | {"time": start, "type": "invoke", "value": [["send", KEY, name]]},
        about | {"time": end, "type": outcome, "value": [["send", KEY, told]]},
    ]


def read(process: str, *polls: list[list[Any]]) -> list[dict[str, Any]]:
    about = {"process": process, "time": 900}
    begun = about | {"f": "assign", "value": [KEY], "seek_to_beginning": True}
    found = [begun | {"type": "invoke"}, begun | {"type": "ok"}]
    for some in polls:
        found.append(about | {"type": "invoke", "f": "poll", "value": [["poll"]]})
        found.append(about | {"type": "ok", "f": "poll", "value": [["poll", {KEY: some}]]})
    return found


def written(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    file = write_history(folder, "l", read_ns=900, began_unix_ms=500)
    assert file == folder / "kafka/history-l.jsonl"
    first, *rest = (json.loads(line) for line in file.read_text().splitlines())
    assert [each.pop("index") for each in rest] == [*range(len(rest))]
    return first, rest


CONFIG = {"acks": "all", "idempotence": True, "isolation": "read_committed", "consumer": "assign", "min_isr": 2}


def test_a_history_holds_every_write_every_record_and_every_line_of_the_journal(tmp_path: Path) -> None:
    lines(
        tmp_path,
        "writes",
        write("a", 30, 60, offset=2),
        write("b", 20, 50, "info"),
        write("c", 40, 45, "fail", offset=9),
    )
    lines(
        tmp_path, "topic", record(0, ("early",), stamped=499), record(1, None, stamped=499),
        record(2, ("a",), stamped=499), record(3, '{"id": "b"}'), record(4, ("phantom",)),
        record(7, ("other",), partition=1, stamped=1), {"begin": {"0": 0}, "end": {"0": 5}},
    )  # fmt: skip
    lines(
        tmp_path,
        "journal",
        {"seq": 0, "offset": 2, "id": "a"},
        {"seq": 1, "offset": 3, "id": "b"},
        {"begin": 0, "end": 2},
    )
    first, rest = written(tmp_path)
    events = [
        *sent(1, "a", 30, 60, "ok", [2, "a"]), *sent(2, "b", 20, 50, "info", "b"), *sent(3, "c", 40, 45, "fail", "c"),
        *sent(4, "early", 20, 20, "info", "early"), *sent(5, "nameless at 1", 20, 20, "info", "nameless at 1"),
        *read("topic", [[0, "early"], [1, "nameless at 1"], [2, "a"], [3, "b"], [4, "phantom"]]),
        *read("journal", [[2, "a"], [3, "b"]]),
    ]  # fmt: skip
    assert first == {"run": tmp_path.name, "config": CONFIG, "events": len(events)}
    assert rest == sorted(events, key=lambda event: event["time"])


@pytest.mark.parametrize(("count", "polls"), [(0, 0), (1, 1), (100, 1), (101, 2), (201, 3)])
def test_records_are_polled_a_hundred_at_a_time(tmp_path: Path, count: int, polls: int) -> None:
    lines(tmp_path, "writes")
    lines(tmp_path, "topic", *(record(n, (f"r{n}",)) for n in range(count)))
    lines(tmp_path, "journal")
    _, rest = written(tmp_path)
    some = [[n, f"r{n}"] for n in range(count)]
    parts = [some[at : at + 100] for at in range(0, count, 100)]
    assert len(parts) == polls
    assert rest == read("topic", *parts) + read("journal")


def test_a_late_record_where_nothing_was_written_is_of_the_beginning_of_time(tmp_path: Path) -> None:
    lines(tmp_path, "writes")
    lines(tmp_path, "topic", record(0, ("early",), stamped=499))
    lines(tmp_path, "journal")
    _, rest = written(tmp_path)
    assert rest[:2] == sent(1, "early", 0, 0, "info", "early")
