"""Files that are written whole or not at all: what stands on disk, what is left over, and what an error says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.errors import HarnessError
from fixtures.whole import append_whole, sync_folder, write_whole


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was synced, in order; it is synced all the same."""
    told: list[str] = []
    sync = os.fsync

    def kept(fd: int) -> None:
        told.append(Path(os.readlink(f"/proc/self/fd/{fd}")).name)
        sync(fd)

    monkeypatch.setattr(os, "fsync", kept)
    return told


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fresh(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def test_text_and_bytes_are_written_and_private_unless_told_otherwise(tmp_path: Path) -> None:
    write_whole(tmp_path / "text", "größer\n")
    write_whole(tmp_path / "bytes", b"\xff\x00", mode=0o644)
    assert {path.name: (path.read_bytes(), mode(path)) for path in tmp_path.iterdir()} == {
        "text": ("größer\n".encode(), 0o600), "bytes": (b"\xff\x00", 0o644),
    }  # fmt: skip


def test_a_file_is_replaced_with_its_mode_and_synced_before_its_folder(tmp_path: Path, syncs: list[str]) -> None:
    path = tmp_path / "a"
    path.write_text("old and longer")
    before = path.stat().st_ino
    write_whole(path, "new")
    assert (path.read_text(), mode(path), path.stat().st_ino != before) == ("new", 0o600, True)
    assert syncs == [fresh(path).name, tmp_path.name]
    assert [*tmp_path.iterdir()] == [path]


def test_nothing_of_what_a_crash_left_gets_into_the_next_file(tmp_path: Path) -> None:
    fresh(tmp_path / "a").write_text("half of something much longer")
    write_whole(tmp_path / "a", "short")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "short"}


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"^\[Errno 28\] No space left on device$"):
        write_whole(tmp_path / "a", "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


def test_the_first_error_is_told_when_somebody_took_the_new_file_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(fd: int) -> None:
        fresh(tmp_path / "a").unlink()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", lost)
    with pytest.raises(OSError, match=r"^\[Errno 5\] Input/output error$"):
        write_whole(tmp_path / "a", "new")
    assert [*tmp_path.iterdir()] == []


def appended(path: Path, line: bytes, *, flags: int = os.O_WRONLY | os.O_APPEND, sync: bool = False) -> None:
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        append_whole(fd, line, path=path, sync=sync)
    finally:
        os.close(fd)


def refused(path: Path, line: bytes, **more: Any) -> HarnessError:
    with pytest.raises(HarnessError) as caught:
        appended(path, line, **more)
    return caught.value


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"first\n")
    return path


def test_a_line_is_appended_and_synced_when_asked(log: Path, syncs: list[str]) -> None:
    appended(log, b"second\n")
    assert syncs == []
    appended(log, b"third\n", sync=True)
    assert (log.read_bytes(), syncs) == (b"first\nsecond\nthird\n", ["log.jsonl"])


def taking(monkeypatch: pytest.MonkeyPatch, *most: int) -> list[bytes]:
    """Let each write take so many bytes at most; returns what each was given."""
    given: list[bytes] = []
    write, left = os.write, iter(most)

    def some(fd: int, data: bytes) -> int:
        given.append(data)
        return write(fd, data[: next(left)])

    monkeypatch.setattr(os, "write", some)
    return given


def test_a_line_that_is_taken_in_parts_becomes_whole(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = taking(monkeypatch, 3, 1, 9)
    appended(log, b"second\n")
    assert given == [b"second\n", b"ond\n", b"nd\n"]
    assert log.read_bytes() == b"first\nsecond\n"


def test_a_line_of_which_only_a_part_is_taken_is_taken_back(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taking(monkeypatch, 3, 1, 0)
    error = refused(log, b"second\n")
    assert error.message == f"{log} cannot be written (only 4 of 7 bytes were taken)"
    assert error.next_command == f"df -h {log.parent}"
    assert log.read_bytes() == b"first\n"


def test_a_line_that_cannot_be_synced_is_taken_back(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    error = refused(log, b"second\n", sync=True)
    assert str(error) == f"{log} cannot be written (Input/output error)\n  next: df -h {log.parent}"
    assert isinstance(error.__cause__, OSError)
    assert log.read_bytes() == b"first\n"


def test_a_file_that_can_neither_be_written_nor_cut_is_told_the_same(log: Path) -> None:
    error = refused(log, b"second\n", flags=os.O_RDONLY)
    assert str(error) == f"{log} cannot be written (Bad file descriptor)\n  next: df -h {log.parent}"
    assert log.read_bytes() == b"first\n"


def test_a_folder_is_synced_and_nothing_stays_open(tmp_path: Path, syncs: list[str]) -> None:
    before = os.listdir("/proc/self/fd")
    sync_folder(tmp_path)
    assert (syncs, len(os.listdir("/proc/self/fd"))) == ([tmp_path.name], len(before))
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "none")
