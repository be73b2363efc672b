"""Which files of a dossier a claim was answered from: seen by the interpreter itself, so no checker can forget one.

A mutation of a file that a claim never opened is irrelevant to it; the saboteur of the evidence rests on this.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

LISTED = ("os.listdir", "os.scandir")


class Reads:
    """What was opened below a folder, in order, each once; a folder that was listed ends with `/`."""

    def __init__(self, folder: Path) -> None:
        self._root = os.path.join(os.path.realpath(folder), "")
        self._found: dict[str, None] = {}

    def see(self, path: str, *, listed: bool) -> None:
        """Take in one path that was opened or listed, if it lies below the folder."""
        real = os.path.realpath(path)
        if (real + os.sep).startswith(self._root):
            name = Path(real).relative_to(self._root).as_posix()
            self._found[f"{name}/" if listed else name] = None

    @property
    def files(self) -> tuple[str, ...]:
        """All of them, relative to the folder."""
        return tuple(self._found)


_open: list[Reads] = []


@contextmanager
def recorded(folder: Path) -> Iterator[Reads]:
    """Record what this process opens for reading below a folder, found or not, until the block ends.

    Code that opens files outside Python (Arrow) must say so itself: `sys.audit("open", path, "rb", 0)`.

    Example::

        with recorded(dossier) as reads:
            finding = checker(dossier)
        reads.files  # ("timeline.jsonl", "load/requests-viewers.csv")
    """
    _listen()
    reads = Reads(folder)
    _open.append(reads)
    try:
        yield reads
    finally:
        _open.remove(reads)


@cache
def _listen() -> None:
    sys.addaudithook(_heard)


def _heard(event: str, args: tuple[Any, ...]) -> None:
    if not _open or (event != "open" and event not in LISTED):
        return
    path = args[0]
    if isinstance(path, int) or (event == "open" and _writes(args[1], args[2])):
        return
    for reads in list(_open):
        reads.see(os.fsdecode(path if path is not None else "."), listed=event in LISTED)


def _writes(mode: str | None, flags: int) -> bool:
    if mode is not None:
        return not ("r" in mode or "+" in mode)
    return bool(flags & os.O_ACCMODE == os.O_WRONLY)
