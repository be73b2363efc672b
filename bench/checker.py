"""How fast the checker is, and how much memory it takes: `python -m bench.checker 1e5 1e6 1e7 1e8`.

Each size runs in a process of its own, so that its peak memory is its own. Time is that of the processor, because a
machine that does other things too would otherwise be measured instead; the checker uses one core.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.checker_histories import made
from reports.checkers.kafka.check.checker import Checker
from reports.checkers.kafka.check.partition import Rows

BESIDE_UP_TO = 3_000_000  # records; plain Python takes minutes and gigabytes beyond


def measure(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """One row per size: records, operations, seconds, records_per_s, peak_mib, and the same of plain Python and SQL.

    Args:
        sizes: about how many records (sent or polled) each history has.

    Raises:
        RuntimeError: a measurement ended without a figure, or the checker did not pass a correct history.
    """
    rows = []
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-m", "bench.checker", "--row", str(size)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"measuring {size} records ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        rows.append(json.loads(done.stdout))
    return rows


def row(size: int) -> dict[str, Any]:
    """Measure one size in this process."""
    before = _peak_mib()
    checker = Checker()
    seconds = 0.0
    for batch in made(checker.names, size):
        start = time.process_time()
        checker.feed(batch)
        seconds += time.process_time() - start
    start = time.process_time()
    result = checker.verdict()
    seconds += time.process_time() - start
    if result.verdict != "PASS":
        raise RuntimeError(f"{result.verdict} of a correct history: {result.reason}")
    records = result.counts["records"]
    peak = _peak_mib()
    measured = {
        "records": records, "operations": result.counts["operations"], "seconds": round(seconds, 3),
        "records_per_s": round(records / seconds), "peak_mib": round(peak),
        "bytes_per_record": round((peak - before) * 2**20 / records, 1),
    }  # fmt: skip
    return measured | (_beside(checker, records) if records <= BESIDE_UP_TO else {})


def _beside(checker: Checker, records: int) -> dict[str, Any]:
    from bench import checker_plain as bench_plain

    rows = Rows(checker._store, checker.names, atomic=True)
    sends, polls = bench_plain.rows_of(checker._store, rows)
    start = time.process_time()
    by_python = bench_plain.in_python(sends, polls)
    python_s = time.process_time() - start
    connection = bench_plain.tables(checker._store, rows)
    start = time.process_time()
    by_sql = bench_plain.in_sql(connection)
    sql_s = time.process_time() - start
    if +by_python or +by_sql:
        raise RuntimeError(f"plain checkers found {by_python} and {by_sql} in a correct history")
    return {"python_records_per_s": round(records / python_s), "sql_records_per_s": round(records / sql_s)}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: list[str]) -> None:
    """Print rows as a table; with `--row SIZE` one row as JSON."""
    if arguments[:1] == ["--row"]:
        sys.stdout.write(json.dumps(row(int(arguments[1]))))
        return
    for size in arguments or ["1e5", "1e6", "1e7"]:
        for measured in measure([int(float(size))]):
            sys.stdout.write("  ".join(f"{name}={value:,}" for name, value in measured.items()) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
