"""Recorders number what they write: an event that is not there is told, in one file or in several, with its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reports.checkers.kafka.formats import reading
from reports.checkers.kafka.formats.reading import Reading
from reports.checkers.kafka.operation import BadHistory
from tests.kafka.notation import history, write

SENDS = " | ".join(f"0 ok send x={n}@{n}" for n in range(6))


def told(indexes: list[int], *, at: int = 0) -> list[dict[str, Any]]:
    """Events of these numbers, each at its own time from `at` on."""
    events = history(SENDS)
    return [events[n % 12] | {"index": index, "time": at + n} for n, index in enumerate(indexes)]


def read(folder: Path, *files: list[Any]) -> Reading:
    paths = [write(folder / f"history-{n}.jsonl", events) for n, events in enumerate(files)]
    found = Reading(paths, numbered=True)
    list(found.batches())
    return found


def refused(folder: Path, *files: list[Any]) -> str:
    with pytest.raises(BadHistory) as caught:
        read(folder, *files)
    return str(caught.value).replace(f"{folder}/", "")


def test_numbers_go_on_from_piece_to_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LINES", 2)
    read(tmp_path, told(list(range(12))))
    lost = refused(tmp_path, told([0, 1, 2, 3, 4, 5, 7, 8, 9, 10]))
    assert lost == "history-0.jsonl:7: index 6 is not there, the next is 7: events were lost"


@pytest.mark.parametrize(
    ("first", "said"), [(1, "index 0 is not there, the next is 1"), (2, "index 0 is not there, the next is 2")]
)
def test_the_first_must_be_there_as_well(first: int, said: str, tmp_path: Path) -> None:
    assert refused(tmp_path, told(list(range(first, 12)))) == f"history-0.jsonl:1: {said}: events were lost"


def test_several_files_may_be_numbered_together(tmp_path: Path) -> None:
    read(tmp_path, told([0, 2, 4]), told([1, 3, 5]))
    late = told([1, 4], at=1)
    assert refused(tmp_path, told([0, 3]), late) == (
        "history-0.jsonl:2: index 2 is not there, the next is 3: events were lost"
    )
    assert refused(tmp_path, told([1, 3]), told([2, 4])) == (
        "history-0.jsonl:1: index 0 is not there, the next is 1: events were lost"
    )


def test_or_each_for_itself(tmp_path: Path) -> None:
    found = read(tmp_path, told([0, 1, 2]), told([0, 1, 2], at=20))
    assert any("merged by time" in note for note in found.notes)
    assert refused(tmp_path, told([0, 1, 2]), told([0, 2], at=20)) == (
        "history-1.jsonl:2: index 1 is not there, the next is 2: events were lost"
    )
    assert refused(tmp_path, told([0, 1, 2]), told([1, 2], at=20)) == (
        "history-1.jsonl:1: index 0 is not there, the next is 1: events were lost"
    )


@pytest.mark.parametrize("others", [[], [told([0, 1], at=30)]])
def test_a_header_that_counts_is_believed_of_each_file(others: list[list[Any]], tmp_path: Path) -> None:
    header = {"run": "r", "events": 3}
    read(tmp_path, *others, [header, *told([0, 1, 2])])
    said = refused(tmp_path, *others, [header, *told([0, 1])])
    assert said == f"history-{len(others)}.jsonl: 2 events, and its header says 3: it is not whole"


def test_an_event_of_a_torn_file_is_found_again(tmp_path: Path) -> None:
    file = write(tmp_path / "history-0.jsonl", told([0, 1, 2]))
    file.write_text(file.read_text() + '{"index": 3, "ti')
    found = Reading([file])
    list(found.batches())
    assert [found.locate(index) for index in (2, 3)] == [f"{file}:3", ""]
    assert re.search("torn|cut", " ".join(found.notes))
