"""The ledger keeps what must be undone, through crashes and several writers."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.errors import HarnessError
from fixtures.ledger import FILE, Entry, Ledger


def entry(name: str) -> Entry:
    return Entry(
        name, {"module": "m", "type": "T", "args": {}}, [{"kind": "Pod", "name": "p", "uid": "u"}], "run", "e-1"
    )


def test_an_open_fault_is_on_record_until_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    ledger.open(entry("b"))
    ledger.done("a")
    assert [e.id for e in Ledger(tmp_path).open_entries()] == ["b"]
    assert Ledger(tmp_path).open_entries()[0].pinned()[0].uid == "u"


def test_the_file_is_emptied_when_all_is_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    ledger.done("a")
    assert (tmp_path / FILE).read_bytes() == b""


def test_a_torn_last_line_is_dropped_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"state": "open", "id": "b", "fau')
    assert [e.id for e in ledger.open_entries()] == ["a"]
    assert "cut off" in caplog.text
    ledger.open(entry("c"))
    assert [e.id for e in ledger.open_entries()] == ["a", "c"]


@given(cut=st.integers(min_value=0, max_value=2000))
def test_wherever_power_fails_a_finished_record_is_kept(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    ledger = Ledger(folder)
    ledger.open(entry("first"))
    synced = (folder / FILE).stat().st_size
    ledger.open(entry("second"))
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[: max(synced, min(cut, len(content)))])
    assert "first" in [e.id for e in ledger.open_entries()]


def test_a_damaged_line_in_the_middle_is_never_skipped(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    content = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text("\0\0\0\n" + content)
    with pytest.raises(HarnessError, match=r"ledger.jsonl:1 cannot be read"):
        ledger.open_entries()


def _many(folder: Path, number: int) -> None:
    for i in range(20):
        Ledger(folder).open(entry(f"{number}-{i}"))


def test_several_processes_write_whole_lines(tmp_path: Path) -> None:
    workers = [multiprocessing.get_context("fork").Process(target=_many, args=(tmp_path, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(Ledger(tmp_path).open_entries()) == 60
    assert all(json.loads(line)["state"] == "open" for line in (tmp_path / FILE).read_text().splitlines())


def test_a_line_that_is_not_whole_on_disk_is_refused_before_the_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nearly full disk takes a part of a line and says so by its answer alone."""
    ledger = Ledger(tmp_path)
    ledger.open(entry("a"))
    before, real, left = ledger.path.read_bytes(), os.write, [60]

    def nearly_full(fd: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = data[: left[0]]
        left[0] -= len(taken)
        return real(fd, taken)

    monkeypatch.setattr(os, "write", nearly_full)
    with pytest.raises(HarnessError, match="cannot be written"):
        ledger.open(entry("b"))
    assert ledger.path.read_bytes() == before
    left[0] = 0
    with pytest.raises(HarnessError, match="No space left"):
        ledger.done("a")
    assert [e.id for e in ledger.open_entries()] == ["a"], "what cannot be noted as undone is undone once more"


def test_a_write_in_pieces_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:7]))
    Ledger(tmp_path).open(entry("a"))
    assert [e.id for e in Ledger(tmp_path).open_entries()] == ["a"]


def test_each_line_is_synced_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, done, real_write, real_sync = Ledger(tmp_path), list[str](), os.write, os.fsync

    def write(fd: int, data: bytes) -> int:
        done.append("write")
        return real_write(fd, data)

    def sync(fd: int) -> None:
        done.append("sync folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "sync")
        real_sync(fd)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "fsync", sync)
    ledger.open(entry("a"))
    assert done == ["write", "sync", "sync folder"], "a new file's name must survive too"
    done.clear()
    ledger.open(entry("b"))
    ledger.done("b")
    assert done == ["write", "sync", "write", "sync"]
    done.clear()
    ledger.done("a")
    assert done == ["write", "sync", "sync"], "the emptied file is synced as well"


def test_a_name_that_a_dead_process_did_not_sync_is_synced_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).touch()  # killed between making the file and syncing its folder
    folders: list[Path] = []
    monkeypatch.setattr("fixtures.ledger.sync_folder", folders.append)
    Ledger(tmp_path).open(entry("a"))
    assert folders == [tmp_path]
    Ledger(tmp_path).open(entry("b"))
    assert folders == [tmp_path], "once is enough while it holds lines"


def test_a_disk_that_cannot_sync_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(HarnessError, match="Input/output error"):
        Ledger(tmp_path).open(entry("a"))
    assert Ledger(tmp_path).open_entries() == []
