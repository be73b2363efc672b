"""The rows file of a load as columns; a row that cannot be true makes the file no evidence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from reports.layout import REQUEST_COLUMNS, REQUEST_HEADER, REQUEST_TEXT

BACK_NS = 1_000_000_000
"""A row is written when its request ends, by one process; a starved one may be so late with it."""


class RequestsError(Exception):
    """The rows or the plan of a load cannot be used; the message names the file and, where there is one, the line."""


def read_rows(path: Path) -> tuple[dict[str, Any], int]:
    """The columns of a rows file, and how many lines at its end were torn (0 or 1).

    Raises:
        RequestsError: the file is missing, its header is another one, or a line is no row or cannot be true; it names
            file and line.
    """
    from pyarrow import csv, lib

    where = f"load/{path.name}"
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise RequestsError(f"{where} is missing: the load left no rows") from error
    whole, newline, rest = raw.rpartition(b"\n")
    if whole.split(b"\n", 1)[0].decode(errors="replace") != REQUEST_HEADER:
        raise RequestsError(f"{where}:1 is not the header {REQUEST_HEADER}")
    types = {key: "string" if key in REQUEST_TEXT else "int64" for key in REQUEST_COLUMNS}
    try:
        table = csv.read_csv(
            io.BytesIO(whole + newline),
            parse_options=csv.ParseOptions(quote_char=False),
            convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except lib.ArrowInvalid as error:
        raise RequestsError(f"{where}:{_bad_line(whole)} is not a request row") from error
    columns = {key: table[key].to_numpy() for key in REQUEST_COLUMNS if key not in REQUEST_TEXT}
    columns |= {key: np.array(table[key].to_pylist(), dtype=np.object_) for key in REQUEST_TEXT}
    for why, wrong in _untrue(columns):
        if wrong.any():
            raise RequestsError(f"{where}:{int(np.argmax(wrong)) + 2} {why}: it contradicts itself")
    return columns, int(bool(rest))


def _untrue(columns: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What no honest writer leaves, and which rows have it."""
    planned, start, end, status = (columns[key] for key in ("planned_ns", "start_ns", "end_ns", "status"))
    good = columns["error"] == ""
    yield "was sent before it was planned, or ended before it was sent", (start < planned) | (end < start)
    yield "finds nothing wrong with no answer", good & ((status < 100) | (status >= 500))
    told = np.array([error.startswith("status ") and error != f"status {code}"
                     for error, code in zip(columns["error"], status, strict=True)], dtype=bool)  # fmt: skip
    yield "names another status than it has", told
    yield "was written after a later one", end < np.maximum.accumulate(end) - BACK_NS


def _bad_line(whole: bytes) -> str:
    for number, line in enumerate(whole.split(b"\n"), 1):
        fields = line.split(b",")
        if number > 1 and (
            len(fields) != len(REQUEST_COLUMNS) or not all(fields[i].isdigit() for i in (0, 1, 2, 3, 5, 6))
        ):
            return str(number)
    return "?"
