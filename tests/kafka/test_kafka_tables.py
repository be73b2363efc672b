"""A history in columns: what comes back from Parquet and Arrow, what may be left out, and why one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports.checkers.kafka.columns import PLAIN_BELOW, Batch, Names, Reset, join
from reports.checkers.kafka.formats.events import Columns
from reports.checkers.kafka.formats.tables import read_table, write_table
from reports.checkers.kafka.operation import BadHistory
from tests.kafka.notation import history

HISTORY = (
    "0 ok send x=1@0 y=2@0 | 1 ok assign* x | 2 ok subscribe y | 1 info poll x=1@0,1@0 | "
    "0 info send y=7 | 0 fail send x=8"
)
RECORD = {"send": True, "key": "x", "offset": 0, "value": 1}
ROW: dict[str, Any] = {"index": 0, "time": 5, "process": 0, "type": "ok", "f": "send", "records": [RECORD]}


def batch_of(text: str, names: Names) -> Batch:
    collected = Columns(names)
    for event in history(text):
        collected.add(event)
    return collected.take()


def read(path: Path, names: Names | None = None, number: int = 3) -> tuple[Batch, list[Any]]:
    headers: list[Any] = []
    batches = list(read_table(path, names or Names(), number, lambda told, where: headers.append((told, where))))
    return join(batches), headers


def made(path: Path, rows: list[dict[str, Any]], **types: Any) -> Path:
    """A table of these rows as another tool may write it."""
    table = pa.Table.from_pylist(rows)
    for name, kind in types.items():
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind))
    pq.write_table(table, path)
    return path


def refused(path: Path) -> str:
    with pytest.raises(BadHistory) as caught:
        read(path)
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_what_was_written_comes_back(suffix: str, tmp_path: Path) -> None:
    names = Names()
    whole = batch_of(HISTORY, names)
    parts = [whole.select(np.arange(4)), whole.select(np.arange(4, len(whole)))]
    path = tmp_path / f"history.{suffix}"
    write_table(path, parts, names, run="r1", config={"acks": "all"})
    again, headers = read(path, names)
    assert headers == [({"run": "r1", "config": {"acks": "all"}}, path)]
    for name in ("index", "time", "process", "type", "f", "bare", "first", "flags", "key", "offset", "value"):
        column, back = getattr(whole, name), getattr(again, name)
        assert back.tolist() == column.tolist(), name
        assert back.dtype == column.dtype, name
    assert again.resets == whole.resets
    assert again.line.tolist() == list(range(1, len(whole) + 1))
    assert set(again.file.tolist()) == {3}


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_without_a_run_there_is_no_header(suffix: str, tmp_path: Path) -> None:
    names = Names()
    write_table(tmp_path / f"h.{suffix}", [batch_of(HISTORY, names)], names)
    assert read(tmp_path / f"h.{suffix}")[1] == []


def test_a_run_without_its_configuration_has_an_empty_one(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([ROW]).replace_schema_metadata({"run": "r2"})
    pq.write_table(table, tmp_path / "h.parquet")
    assert read(tmp_path / "h.parquet")[1] == [({"run": "r2", "config": {}}, tmp_path / "h.parquet")]


def test_nothing_to_write_writes_no_file(tmp_path: Path) -> None:
    write_table(tmp_path / "h.parquet", [], Names())
    assert not (tmp_path / "h.parquet").exists()


@pytest.mark.parametrize(
    "values", [["a", "b"], [PLAIN_BELOW, 1], [-PLAIN_BELOW, 1], [PLAIN_BELOW - 1, 1 - PLAIN_BELOW]]
)
def test_values_that_are_no_small_numbers_are_told_apart_as_well(values: list[Any], tmp_path: Path) -> None:
    names = Names()
    rows = [ROW | {"index": i, "records": [RECORD | {"value": value}]} for i, value in enumerate(values)]
    batch, _ = read(made(tmp_path / "h.parquet", rows), names)
    assert [names.value_of(code) for code in batch.value.tolist()] == values


def test_processes_may_have_names_and_a_column_may_be_a_dictionary(tmp_path: Path) -> None:
    names = Names()
    rows = [ROW | {"index": i, "process": who} for i, who in enumerate(["p", "q", "p"])]
    batch, _ = read(made(tmp_path / "h.parquet", rows, process=pa.dictionary(pa.int8(), pa.string())), names)
    assert [list(names.processes)[code] for code in batch.process.tolist()] == ["p", "q", "p"]
    write_table(tmp_path / "again.arrow", [batch], names)
    assert read(tmp_path / "again.arrow", names)[0].process.tolist() == batch.process.tolist()


def test_marks_of_a_record_may_be_there_and_empty(tmp_path: Path) -> None:
    marks = [{"corrupt": None, "rebalanced": True}, {"corrupt": True, "rebalanced": None}, {}]
    rows = [ROW | {"f": "poll", "records": [RECORD | {"send": False} | mark for mark in marks]}]
    batch, _ = read(made(tmp_path / "h.parquet", rows))
    assert batch.flags.tolist() == [4, 2, 0]


def test_an_unknown_offset_is_empty_and_only_a_send_may_have_it(tmp_path: Path) -> None:
    rows = [ROW | {"type": "info", "records": [RECORD | {"offset": None}, RECORD]}]
    batch, _ = read(made(tmp_path / "h.parquet", rows))
    assert batch.offset.tolist() == [-1, 0]
    message = "FILE: an offset is a whole number from 0 to 2^63-1, and every polled record has one"
    for record in ({"send": False, "offset": None}, {"offset": -2}):
        rows = [ROW | {"records": [RECORD | record, RECORD]}]
        assert refused(made(tmp_path / "bad.parquet", rows)) == message


def test_an_event_without_records_is_bare_and_one_with_none_is_not(tmp_path: Path) -> None:
    rows = [ROW, ROW | {"index": 1, "f": "poll", "records": None}, ROW | {"index": 2, "f": "poll", "records": []}]
    batch, _ = read(made(tmp_path / "h.parquet", rows))
    assert batch.bare.tolist() == [False, True, False]
    assert batch.first.tolist() == [0, 1, 1, 1]
    assert batch.resets == {}


@pytest.mark.parametrize("seek", [True, False, None])
def test_an_assign_has_its_keys_and_where_it_seeks(seek: bool | None, tmp_path: Path) -> None:
    rows = [ROW | {"keys": None}, ROW | {"index": 1, "f": "assign", "records": None, "keys": ["x", "y"]}]
    rows[1] |= {} if seek is None else {"seek_to_beginning": seek}
    batch, _ = read(made(tmp_path / "h.parquet", rows[::-1] if seek is not None else rows))
    ((row, reset),) = batch.resets.items()
    assert (row, reset) == (0 if seek is not None else 1, Reset("assign", ("x", "y"), bool(seek)))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["time"], "FILE: missing column time"),
        (["f", "index"], "FILE: missing columns index, f"),
        (["records", "type", "process"], "FILE: missing columns process, type, records"),
    ],
)
def test_a_missing_column_is_named(names: list[str], message: str, tmp_path: Path) -> None:
    assert refused(made(tmp_path / "h.parquet", [{k: v for k, v in ROW.items() if k not in names}])) == message


@pytest.mark.parametrize("name", ["index", "time", "process", "type", "f"])
def test_an_empty_cell_is_refused(name: str, tmp_path: Path) -> None:
    assert refused(made(tmp_path / "h.parquet", [ROW, ROW | {name: None}])) == f"FILE: column {name} has empty cells"


def test_an_empty_value_is_refused(tmp_path: Path) -> None:
    rows = [ROW | {"records": [RECORD, RECORD | {"value": None}]}]
    assert refused(made(tmp_path / "h.parquet", rows)) == "FILE: column records.value has empty cells"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "maybe"}, "FILE: type is one of ok, info, fail, invoke; found 'maybe'"),
        ({"f": "push"}, "FILE: f is one of "),
    ],
)
def test_a_word_that_no_event_has_is_refused(change: dict[str, str], message: str, tmp_path: Path) -> None:
    assert refused(made(tmp_path / "h.parquet", [ROW | change])).startswith(message)


@pytest.mark.parametrize("name", ["h.parquet", "h.arrow"])
def test_what_is_no_table_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"no table")
    message = refused(tmp_path / name)
    assert message.startswith("FILE: not a history in columns: ")
    assert "\n" not in message
