"""The evidence of an ordering test: it is taken when the worker has applied all, or says that it has not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fixtures.selection_input import evidence
from fixtures.selection_input.evidence import LogBegin, gather, log_begin
from fixtures.settings import Settings
from fixtures.stack.map import load_stack_map
from fixtures.wait import WaitTimeout

CLUSTER: Any = object()


class Stage:
    """A topic that ends at 10 and a worker that applies two more records at each look, up to `stops_at`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.applied, self.stops_at, self.done = -1, 9, list[tuple[str, Any]]()
        monkeypatch.setattr(evidence, "CAUGHT_UP_WITHIN_S", 60.0)
        monkeypatch.setattr(evidence, "end_of_topic", lambda bootstrap: {0: 10})
        monkeypatch.setattr(evidence, "applied_offset", self.look)
        monkeypatch.setattr(evidence, "journal_length", lambda settings: 7)
        monkeypatch.setattr(evidence, "read_topic", lambda _, file, *, begin: self.done.append((file.name, begin)))
        monkeypatch.setattr(evidence, "fetch_journal", self.fetched)
        monkeypatch.setattr(evidence, "read_whole", lambda settings: {"held_at": self.applied})
        monkeypatch.setattr(evidence, "write_states", self.states)
        monkeypatch.setattr(evidence, "take_copies", self.taken)
        monkeypatch.setattr(evidence, "write_copies", self.copies)
        monkeypatch.setattr(evidence, "write_history", lambda dossier, load, **when: self.done.append((load, when)))

    def look(self, settings: Settings) -> int:
        self.applied = min(self.applied + 2, self.stops_at)
        return self.applied

    def states(self, settings: Settings, dossier: Path, load: str, *, before: Any, log_end: int) -> None:
        self.done.append(("states", (before, log_end, self.applied)))

    def taken(self, cluster: Any, role: Any, *, log_end: int) -> Any:
        assert cluster is CLUSTER
        return [f"{role.name} at {log_end}"]

    def copies(self, cluster: Any, role: Any, dossier: Path, load: str, *, before: Any, log_end: int) -> None:
        assert cluster is CLUSTER
        self.done.append(("copies", (role.name, before, log_end)))

    def fetched(self, settings: Settings, file: Path, *, begin: int) -> None:
        self.done.append((file.name, (begin, self.applied)))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


BEGIN = LogBegin({0: 4}, 3, {"a": 1}, {"director": []}, 1_000)


def test_the_journal_is_fetched_when_the_worker_has_applied_the_whole_topic(stage: Stage, tmp_path: Path) -> None:
    keeper = load_stack_map().role("director")
    gather(Settings(home=tmp_path), tmp_path, "operators", BEGIN, cluster=CLUSTER, keepers=[keeper])
    states, copies, topic, journal, history = stage.done
    assert states == ("states", ({"a": 1}, 10, 9)), "states are read when all is applied, before the topic"
    assert copies == ("copies", ("director", [], 10)), "so are copies: a record that comes later is in the topic"
    assert topic == ("topic-operators.jsonl", {0: 4})
    assert journal == ("journal-operators.jsonl", (3, 9))
    assert history[0] == "operators"
    assert history[1]["began_unix_ms"] == 1_000


def test_a_worker_that_never_catches_up_is_told_by_its_journal_as_it_is(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "CAUGHT_UP_WITHIN_S", 0.3)
    stage.stops_at = 1
    gather(Settings(home=tmp_path), tmp_path, "operators", BEGIN, cluster=CLUSTER, keepers=[])
    assert stage.done[0] == ("states", ({"a": 1}, 10, 1))
    assert stage.done[2] == ("journal-operators.jsonl", (3, 1))


def test_what_was_there_before_is_applied_before_a_load_begins(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keepers = [load_stack_map().role("director")]
    begin = log_begin(Settings(home=tmp_path), cluster=CLUSTER, keepers=keepers)
    assert stage.applied == 9
    assert (begin.offsets, begin.journal, begin.held) == ({0: 10}, 7, {"held_at": 9})
    assert begin.copies == {"director": ["director at 10"]}, "what each held when all that was there was applied"
    assert begin.unix_ms > 1_600_000_000_000
    monkeypatch.setattr(evidence, "CAUGHT_UP_WITHIN_S", 0.3)
    stage.applied, stage.stops_at = -1, 8
    with pytest.raises(WaitTimeout, match="below offset 10"):
        log_begin(Settings(home=tmp_path), cluster=CLUSTER, keepers=keepers)
