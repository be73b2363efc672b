"""Refuses a history before it takes more memory than there is, instead of being killed half-way without a word."""

from __future__ import annotations

from pathlib import Path

from reports.checkers.kafka.columns import Batch
from reports.checkers.kafka.operation import BadHistory

# Bytes at the peak of a verdict. `bench` measures 82 per record at 10^8, where each record has 0.7 events and is named
# 1.3 times, because an invocation names what it sends.
EVENT, RECORD = 30, 48
MERGED_EVENT, MERGED_RECORD = 110, 65  # more where several files are sorted into one history
SPARE = 1 << 30  # bytes left to everything else
SURE_FROM = 64 << 20  # bytes needed so far, below which nothing is foretold
MEMINFO = Path("/proc/meminfo")


def available() -> int | None:
    """Bytes that can still be had without swapping; None where the system does not say."""
    try:
        lines = MEMINFO.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


class Room:
    """The memory that was free at the start, and what a history needs of it.

    Args:
        files: how many files the history consists of.
    """

    def __init__(self, files: int) -> None:
        self._free = available()
        merged = files > 1
        self._event = EVENT + merged * MERGED_EVENT
        self._record = RECORD + merged * MERGED_RECORD
        self._needed = 0

    def take(self, batch: Batch, share: float, where: str) -> Batch:
        """Count a batch in and give it back.

        Args:
            batch: what was read.
            share: how much of the history has been read, above 0; the rest is taken to be like it.
            where: the file.

        Raises:
            BadHistory: the whole history needs more memory than is free.
        """
        self._needed += len(batch) * self._event + len(batch.key) * self._record
        whole = self._needed / share if self._needed > SURE_FROM else self._needed
        if self._free is not None and whole > self._free - SPARE:
            raise BadHistory(
                f"judging it takes about {whole / 2**30:.1f} GiB of memory, and {self._free / 2**30:.1f} GiB are free, "
                f"of which {SPARE >> 30} stays so; judge it where there is more, or record less in one run",
                where=where,
            )
        return batch
