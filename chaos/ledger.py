"""The write-ahead ledger: each fault is on disk, synced, before its act; `crucible heal` replays what is open.

One JSON object per line in `ledger.jsonl` of the cluster's folder. Writers of several processes take turns by flock.
A line cut off by a crash was never synced, so its act never happened (open) or will be undone twice (done): both safe.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chaos.fault import Target
from fixtures.errors import HarnessError

logger = logging.getLogger("crucible")
FILE = "ledger.jsonl"


@dataclass(frozen=True)
class Entry:
    """One fault that may have to be undone.

    Args:
        id: the fault's id, as on the timeline.
        fault: `{"module", "type", "args"}`, enough to make the fault again.
        targets: what it hits, with what was true before.
        run: the folder name of the dossier.
        experiment: the experiment's run, such as `gateway-pod-kill-1`.
        pid: the process that injects it.
        pid_start: that process's start in clock ticks, because pids come round again.
        at_ns: CLOCK_MONOTONIC.
        unix_ns: wall clock, for people.
    """

    id: str
    fault: dict[str, Any]
    targets: list[dict[str, Any]]
    run: str = ""
    experiment: str = ""
    pid: int = field(default_factory=os.getpid)
    pid_start: int = field(default_factory=lambda: process_start(os.getpid()) or 0)
    at_ns: int = field(default_factory=time.monotonic_ns)
    unix_ns: int = field(default_factory=time.time_ns)

    def pinned(self) -> list[Target]:
        """Its targets."""
        return [Target(**target) for target in self.targets]


class Ledger:
    """The ledger of one cluster.

    Example::

        ledger = Ledger(settings.cluster_home)
        ledger.open(entry)      # on disk when this returns: now act
        ledger.done(entry.id)
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def open(self, entry: Entry) -> None:
        """Put a fault on record; when this returns it survives power loss."""
        self._append({"state": "open", **asdict(entry)})

    def done(self, fault_id: str) -> None:
        """Take a fault off the record; when nothing is open any more the file is emptied."""
        self._append({"state": "done", "id": fault_id, "pid": os.getpid(), "at_ns": time.monotonic_ns(),
                      "unix_ns": time.time_ns()})  # fmt: skip

    def open_entries(self) -> list[Entry]:
        """The faults on record as not undone, oldest first; a torn last line is cut off and reported.

        Raises:
            HarnessError: a line other than the last cannot be read, so something may be broken that nobody knows of.
        """
        if not self.path.exists():
            return []
        with self._locked() as fd:
            return list(self._read(fd).values())

    def _append(self, line: dict[str, Any]) -> None:
        created = not self.path.exists()
        with self._locked() as fd:
            self._repair(fd)
            os.write(fd, json.dumps(line, default=str).encode() + b"\n")
            os.fsync(fd)
            if line["state"] == "done" and not self._read(fd):
                os.ftruncate(fd, 0)
                os.fsync(fd)
        if created:
            _sync_folder(self.path.parent)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield fd
        finally:
            os.close(fd)

    def _repair(self, fd: int) -> bytes:
        content = os.pread(fd, os.fstat(fd).st_size, 0)
        whole, newline, torn = content.rpartition(b"\n")
        if torn:
            logger.warning("%s: its last line was cut off by a crash and is dropped: %r", self.path, torn[:80])
            os.ftruncate(fd, len(whole) + len(newline))
            os.fsync(fd)
        return whole + newline

    def _read(self, fd: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for number, line in enumerate(self._repair(fd).splitlines(), 1):
            try:
                raw = json.loads(line)
                if raw.pop("state") == "open":
                    entries[raw["id"]] = Entry(**raw)
                else:
                    entries.pop(raw["id"], None)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise HarnessError(
                    f"{self.path}:{number} cannot be read ({error}), so a fault may be open that nobody knows of",
                    next_command="crucible status --diff",
                ) from error
        return entries


def process_start(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None when there is none of that pid."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
