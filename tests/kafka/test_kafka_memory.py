"""A history that does not fit into memory is refused in words, before it is too late and never with a PASS."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.files import check_files
from reports.checkers.kafka.cli import history as command
from reports.checkers.kafka.columns import Batch, Names
from reports.checkers.kafka.formats import memory
from reports.checkers.kafka.formats.events import Columns
from reports.checkers.kafka.formats.memory import EVENT, MERGED_EVENT, MERGED_RECORD, RECORD, SPARE, Room, available
from reports.checkers.kafka.formats.reading import Reading
from reports.checkers.kafka.formats.tables import write_table
from reports.checkers.kafka.operation import BadHistory
from reports.verdict import Verdict
from tests.kafka.notation import history, write

EVENTS = history("0 ok send x=1@0 x=2@1 | 1 ok poll x=1@0,2@1")  # four events; two records asked, two sent, two polled
NEEDED, NEEDED_MERGED = 4 * EVENT + 6 * RECORD, 4 * (EVENT + MERGED_EVENT) + 6 * (RECORD + MERGED_RECORD)
Free = Callable[[int], None]


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Free:
    """Set how many bytes are free beyond those that stay so."""
    return lambda spare: monkeypatch.setattr(memory, "available", lambda: SPARE + spare)


def batch() -> Batch:
    collected = Columns(Names())
    for event in EVENTS:
        collected.add(event)
    return collected.take()


@pytest.mark.parametrize(("files", "needed"), [(1, NEEDED), (2, NEEDED_MERGED)])
def test_what_just_fits_is_judged_and_a_byte_less_is_refused(files: int, needed: int, free: Free) -> None:
    free(2 * needed)
    room, some = Room(files), batch()
    assert room.take(some, 1, "h.jsonl") is some
    room.take(some, 1, "h.jsonl")
    free(2 * needed - 1)
    room = Room(files)
    room.take(some, 1, "h.jsonl")
    with pytest.raises(BadHistory, match="judging it takes about"):
        room.take(some, 1, "h.jsonl")


def test_the_rest_is_taken_to_be_like_what_was_read(free: Free, monkeypatch: pytest.MonkeyPatch) -> None:
    free(10 * NEEDED)
    Room(1).take(batch(), 0.01, "h.jsonl")  # too little was read to foretell anything
    monkeypatch.setattr(memory, "SURE_FROM", NEEDED)
    Room(1).take(batch(), 0.01, "h.jsonl")
    monkeypatch.setattr(memory, "SURE_FROM", NEEDED - 1)
    Room(1).take(batch(), 0.1, "h.jsonl")
    with pytest.raises(BadHistory):
        Room(1).take(batch(), 0.099, "h.jsonl")
    free(4 << 30)
    with pytest.raises(BadHistory) as refusal:
        Room(1).take(batch(), NEEDED / (7 << 30), "h.jsonl")
    assert str(refusal.value) == (
        "h.jsonl: judging it takes about 7.0 GiB of memory, and 5.0 GiB are free, of which 1 stays so; judge it where "
        "there is more, or record less in one run"
    )


@pytest.mark.parametrize("name", ["h.jsonl", "h.jsonl.gz", "h.parquet"])
def test_a_file_that_does_not_fit_is_refused_with_exit_2(
    name: str, free: Free, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SURE_FROM", 0)
    file = write(tmp_path / "h.jsonl", EVENTS)
    if name.endswith("gz"):
        (tmp_path / name).write_bytes(gzip.compress(file.read_bytes()))
    if name.endswith("parquet"):
        names = Names()
        write_table(tmp_path / name, Reading([file], names).batches(), names)
    free(NEEDED)
    assert check_files([tmp_path / name]).verdict is Verdict.PASS
    free(NEEDED - 1)
    outcome = CliRunner().invoke(command, ["check", str(tmp_path / name)])
    assert outcome.exit_code == 2
    assert outcome.output.startswith(f"Error: {tmp_path / name}: judging it takes about")


def test_how_much_was_read_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []
    monkeypatch.setattr(Room, "take", lambda self, batch, share, where: (shares.append(share), batch)[1])
    a, b = write(tmp_path / "a.jsonl", EVENTS[:2]), write(tmp_path / "b.jsonl", EVENTS[2:])
    size = max(a.stat().st_size, b.stat().st_size)
    for file in (a, b):
        file.write_text(file.read_text().rstrip("\n").ljust(size - 1) + "\n")
    assert check_files([a, b]).verdict is Verdict.PASS
    assert shares == [0.5, 1]


def test_running_out_of_memory_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(self: Checker, dump: object = None) -> None:
        raise MemoryError

    monkeypatch.setattr(Checker, "verdict", too_much)
    file = write(tmp_path / "h.jsonl", EVENTS)
    outcome = CliRunner().invoke(command, ["check", str(file)])
    assert outcome.exit_code == 2
    assert outcome.output == f"Error: {file}: judging it takes more memory than there is; nothing is said about it\n"


def test_what_is_free_is_read_from_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (available() or 0) > 1 << 20
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    assert available() is None
    Room(1).take(batch(), 1, "h.jsonl")  # unknown is not refused
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\n")
    assert available() is None
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   12 kB\nSwapFree: 3 kB\n")
    assert available() == 12 * 1024
