"""How fast the Kafka history checker is and what memory it takes, from 10⁵ to 10⁸ records in which nothing is wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from bench.figure import Figure
from fixtures.doctor.facts import memory_available
from fixtures.errors import HarnessError
from fixtures.settings import Settings

logger = logging.getLogger("crucible")
SIZES = (100_000, 1_000_000, 10_000_000, 100_000_000)  # records, sent or polled
LARGEST = SIZES[-1]
BARS_FROM = 1_000_000  # records; below it the fixed costs of a verdict show
PER_S, FLAT, GIB = 1_000_000, 1.5, 8.0
SPARE_GIB = 2.0  # left to whatever else runs here


def measure(settings: Settings) -> Iterator[Figure]:
    """Records per second of processor time at each size, how flat the cost per record is, and the peak memory.

    Raises:
        HarnessError: the checker did not pass a history, so its speed on it means nothing; or the largest does not fit
            into the memory that is free, and nothing is said about it or about flatness.
    """
    logger.info("four histories, the largest of %d M records: about two minutes", LARGEST // 1_000_000)
    rows = []
    for size in SIZES:
        free = memory_available() / 2**30
        if size == LARGEST and free < GIB + SPARE_GIB:
            raise HarnessError(
                f"{size / 1e6:g} M records may take {GIB:g} GiB, and {free:.1f} GiB are free: at least "
                f"{GIB + SPARE_GIB:g} are needed, so neither its speed nor its memory nor flatness was measured",
                next_command="crucible down && crucible bench --only history",
            )
        rows.append(row(size))
        yield _speed(size, rows[-1])
    costs = [row["seconds"] / row["records"] for row in rows if row["records"] >= 0.9 * BARS_FROM]
    flat = max(costs) / min(costs)
    yield Figure("history", "history checker, dearest record over cheapest, from 1 M to 100 M records",
                 f"≤ {FLAT:g}", f"{flat:.2f}", flat, flat <= FLAT)  # fmt: skip
    peak = rows[-1]["peak_mib"] / 1024
    yield Figure("history", "history checker, peak memory at 100 M records",
                 f"≤ {GIB:g} GiB", f"{peak:.1f} GiB", peak, peak <= GIB)  # fmt: skip


def row(size: int) -> dict[str, Any]:
    """One size, measured in a process of its own."""
    from bench import checker as bench

    try:
        return bench.measure([size])[0]
    except RuntimeError as error:
        raise HarnessError(str(error)) from None


def _speed(size: int, row: dict[str, Any]) -> Figure:
    rate = row["records_per_s"]
    text = f"{rate / 1e6:.2f} M records/s ({row['operations'] / row['seconds'] / 1e6:.2f} M operations/s)"
    text += f" of processor time, peak {row['peak_mib']:,} MiB"
    if "python_records_per_s" in row:
        others = " and ".join(f"plain {name} {row[f'{name.lower()}_records_per_s'] / 1e6:.2f} M/s"
                              for name in ("Python", "SQL"))  # fmt: skip
        text += f"; for 8 of its 22 classes {others}"
    barred = size >= BARS_FROM
    what = f"history checker, all classes, one core, 10^{len(str(size)) - 1} records"
    return Figure("history", what, f"≥ {PER_S / 1e6:g} M records/s" if barred else "", text, rate,
                  rate >= PER_S if barred else None)  # fmt: skip
