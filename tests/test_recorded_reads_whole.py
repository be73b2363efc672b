"""Which ways to open, list or write below a folder count as having read there, each through the interpreter itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reports import reading
from reports.reading import Reads, recorded


@pytest.fixture(autouse=True)
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python hides what an audit hook runs from whoever traces, coverage too, unless the hook says otherwise."""
    monkeypatch.setattr(reading._heard, "__cantrace__", True, raising=False)


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A folder with a file, a folder in it with another, and neighbours whose names begin like its own."""
    folder = tmp_path / "run"
    (folder / "load").mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    (folder / "load/b.csv").write_text("")
    (tmp_path / "run-2").mkdir()
    (tmp_path / "run-2" / "a.json").write_text("{}")
    (tmp_path / "c").write_text("")
    return folder


def opened(path: str | bytes | Path, mode: str) -> None:
    with open(path, mode):
        pass


def opened_below(path: Path, flags: int) -> None:
    os.close(os.open(path, flags, 0o600))


def missing(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        path.read_text()


def of_a_number(folder: Path, look: Callable[[int], object]) -> None:
    fd = os.open(folder / "a.json" if look is by_number else folder, os.O_RDONLY)
    try:
        look(fd)
    finally:
        os.close(fd)


def by_number(fd: int) -> None:
    with open(fd, closefd=False):
        pass


WAYS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "text": (lambda f: opened(f / "a.json", "r"), ("a.json",)),
    "bytes": (lambda f: opened(f / "load/b.csv", "rb"), ("load/b.csv",)),
    "path of bytes": (lambda f: opened(os.fsencode(f / "a.json"), "r"), ("a.json",)),
    "to read and write": (lambda f: opened(f / "a.json", "r+"), ("a.json",)),
    "emptied, to read back": (lambda f: opened(f / "a.json", "w+"), ("a.json",)),
    "written": (lambda f: opened(f / "a.json", "w"), ()),
    "appended": (lambda f: opened(f / "a.json", "ab"), ()),
    "made": (lambda f: opened(f / "new", "x"), ()),
    "not there": (lambda f: missing(f / "load/none"), ("load/none",)),
    "low level": (lambda f: opened_below(f / "a.json", os.O_RDONLY), ("a.json",)),
    "low level to read and write": (lambda f: opened_below(f / "a.json", os.O_RDWR), ("a.json",)),
    "low level written": (lambda f: opened_below(f / "a.json", os.O_WRONLY | os.O_CREAT), ()),
    "listed": (lambda f: os.listdir(f / "load"), ("load/",)),
    "scanned": (lambda f: list(os.scandir(f / "load")), ("load/",)),
    "a pattern": (lambda f: list((f / "load").glob("*.csv")), ("load/",)),
    "itself listed": (os.listdir, ("./",)),
    "by a number": (lambda f: of_a_number(f, by_number), ("a.json",)),
    "listed by a number": (lambda f: of_a_number(f, os.listdir), (".",)),
    "beside it": (lambda f: opened(f.parent / "c", "r"), ()),
    "in a neighbour": (lambda f: opened(f.parent / "run-2" / "a.json", "r"), ()),
    "above it listed": (lambda f: os.listdir(f.parent), ()),
    "by a detour": (lambda f: opened(f.parent / "run-2" / ".." / "run" / "a.json", "r"), ("a.json",)),
    "asked about": (lambda f: (f / "a.json").stat(), ()),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_open_counts_or_does_not(inside: Path, way: str) -> None:
    do, expected = WAYS[way]
    with recorded(inside) as reads:
        do(inside)
    assert reads.files == expected


def test_paths_below_the_working_folder_and_none_at_all_are_found(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inside / "load")
    with recorded(inside) as reads:
        opened("b.csv", "r")
        os.listdir()
        opened("../a.json", "r")
    assert reads.files == ("load/b.csv", "load/", "a.json")


def test_a_link_counts_as_what_it_leads_to(inside: Path) -> None:
    (inside / "link").symlink_to(inside / "load" / "b.csv")
    (inside / "out").symlink_to(inside.parent / "c")
    (inside.parent / "latest").symlink_to(inside)
    with recorded(inside.parent / "latest") as reads:
        opened(inside / "link", "r")
        opened(inside / "out", "r")
        opened(inside.parent / "latest" / "a.json", "r")
    assert reads.files == ("load/b.csv", "a.json")


def test_each_is_told_once_in_the_order_of_the_first_time(inside: Path) -> None:
    with recorded(inside) as reads:
        for name in ("load/b.csv", "a.json", "load/b.csv"):
            opened(inside / name, "r")
    assert reads.files == ("load/b.csv", "a.json")


def test_recordings_within_each_other_each_see_what_lies_below_their_own_folder(inside: Path) -> None:
    with recorded(inside) as outer:
        opened(inside / "a.json", "r")
        with recorded(inside / "load") as inner, recorded(inside.parent / "run-2") as elsewhere:
            opened(inside / "load/b.csv", "r")
            opened(inside / "a.json", "r")
        opened(inside / "load" / "b.csv", "rb")
        os.listdir(inside / "load")
    assert outer.files == ("a.json", "load/b.csv", "load/")
    assert (inner.files, elsewhere.files) == (("b.csv",), ())


def test_after_the_block_nothing_is_taken_in_even_when_it_failed(inside: Path) -> None:
    with pytest.raises(FileNotFoundError), recorded(inside) as reads:
        opened(inside / "none", "r")
    opened(inside / "load/b.csv", "r")
    assert reads.files == ("none",)
    assert reading._open == []


def test_what_opens_files_outside_python_can_say_so(inside: Path) -> None:
    with recorded(inside) as reads:
        sys.audit("open", str(inside / "x.parquet"), "rb", 0)
        sys.audit("open", str(inside / "y.parquet"), "wb", 0)
        sys.audit("os.mkdir", str(inside / "z"), 0o777, -1)
    assert reads.files == ("x.parquet",)


def test_a_path_is_taken_in_relative_to_its_folder(inside: Path) -> None:
    reads = Reads(inside)
    reads.see(str(inside / "load"), listed=False)
    reads.see(str(inside / "load"), listed=True)
    reads.see(str(inside), listed=True)
    reads.see(str(inside.parent), listed=True)
    reads.see(str(inside) + "-2", listed=True)
    assert reads.files == ("load", "load/", "./")
    assert reads._found == {"load": None, "load/": None, "./": None}
