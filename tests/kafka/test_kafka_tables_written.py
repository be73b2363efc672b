"""Histories in columns, to the byte: what is written is of the promised types, and nothing of a row is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports.checkers.kafka.columns import Names, join
from reports.checkers.kafka.formats.events import Columns
from reports.checkers.kafka.formats.tables import read_table, write_table
from reports.checkers.kafka.operation import BadHistory
from tests.kafka.notation import history
from tests.kafka.test_kafka_tables import RECORD, ROW, batch_of, made, read, refused

EVERYTHING = (
    "0 ok send x=1@0 | 0 info send y=7 | 1 ok poll x=1@0,2@1! ~x | 2 ok assign x | 2 invoke poll | 3 ok assign* y"
)


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_nothing_of_a_row_is_forgotten(suffix: str, tmp_path: Path) -> None:
    names = Names()
    collected = Columns(names)
    for event in [*history(EVERYTHING), {"index": 11, "time": 110, "process": 2, "type": "info", "f": "crash"}]:
        collected.add(event)
    whole = collected.take()
    assert set(whole.flags.tolist()) >= {1, 4, 6}, "a send, a moved record, and one that is corrupt as well"
    assert whole.bare.any()
    write_table(tmp_path / f"h.{suffix}", [whole], names)
    again, _ = read(tmp_path / f"h.{suffix}", names)
    for name in ("flags", "offset", "bare", "first", "value"):
        assert getattr(again, name).tolist() == getattr(whole, name).tolist(), name
    assert again.resets == whole.resets


@pytest.mark.parametrize("values", [["one"], ["one", "two"]])
def test_values_that_are_words_are_written_as_words(values: list[str], tmp_path: Path) -> None:
    names, other = Names(), Names()
    columns = Columns(names)
    for n, value in enumerate(values):
        told = {"index": n, "time": n, "process": 0, "type": "invoke", "f": "send", "value": [["send", "x", value]]}
        columns.add(told)
    write_table(tmp_path / "h.arrow", [columns.take()], names)
    batch, _ = read(tmp_path / "h.arrow", other)
    assert [other.value_of(code) for code in batch.value.tolist()] == values


def test_the_columns_have_the_types_that_are_promised(tmp_path: Path) -> None:
    names = Names()
    write_table(tmp_path / "h.parquet", [batch_of(EVERYTHING, names)], names)
    file = pq.ParquetFile(tmp_path / "h.parquet")
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    types = {field.name: field.type for field in file.schema_arrow}
    record = {field.name: field.type for field in types["records"].value_type}
    assert list(record) == ["send", "key", "offset", "value", "corrupt", "rebalanced"]
    assert (types["index"], types["time"], types["seek_to_beginning"]) == (pa.int64(), pa.int64(), pa.bool_())
    assert (record["offset"], record["send"], record["corrupt"], record["rebalanced"]) == (
        pa.int64(), pa.bool_(), pa.bool_(), pa.bool_()
    )  # fmt: skip
    assert types["keys"].value_type == pa.string()
    offsets = [each["offset"] for row in file.read()["records"].to_pylist() for each in row or []]
    assert offsets == [0, 0, None, None, 0, 1], "empty where it is not known"


def test_keys_have_their_type_where_nothing_was_assigned(tmp_path: Path) -> None:
    names = Names()
    write_table(tmp_path / "h.arrow", [batch_of("0 ok send x=1@0", names)], names)
    with pa.memory_map(str(tmp_path / "h.arrow")) as file:
        assert pa.ipc.open_file(file).schema.field("keys").type == pa.list_(pa.string())


def test_rows_are_counted_through_all_pieces_and_stay_small(tmp_path: Path) -> None:
    names = Names()
    whole = batch_of(EVERYTHING, names)
    parts = [whole.select(np.arange(first, first + 2)) for first in range(0, 6, 2)]
    write_table(tmp_path / "h.arrow", parts, names)
    batches = list(read_table(tmp_path / "h.arrow", names, 2, lambda *_: None))
    assert join(batches).line.tolist() == [1, 2, 3, 4, 5, 6]
    assert {(each.line.dtype.str, each.file.dtype.str) for each in batches} == {("<i4", "<i2")}


def test_a_file_without_rows_holds_no_events(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([ROW]).slice(0, 0)
    pq.write_table(table, tmp_path / "h.parquet", row_group_size=1)
    assert list(read_table(tmp_path / "h.parquet", Names(), 0, lambda *_: None)) == []
    with pa.ipc.new_file(str(tmp_path / "h.arrow"), table.schema) as writer:
        writer.write_batch(pa.RecordBatch.from_pylist([], table.schema))
    (batch,) = read_table(tmp_path / "h.arrow", Names(), 0, lambda *_: None)
    assert (len(batch), batch.key.tolist(), batch.key.dtype.str) == (0, [], "<i4")


@pytest.mark.parametrize("column", ["send", "key", "value"])
def test_a_record_without_one_of_its_cells_is_refused(column: str, tmp_path: Path) -> None:
    """A key that was not there was an error of the checker's own."""
    rows: list[dict[str, Any]] = [ROW, ROW | {"index": 1, "records": [RECORD | {column: None}]}]
    assert f"column records.{column} has empty cells" in refused(made(tmp_path / "h.parquet", rows))


def test_what_arrow_says_is_told(tmp_path: Path) -> None:
    (tmp_path / "h.parquet").write_bytes(b"no such thing at all")
    with pytest.raises(BadHistory, match="not a history in columns: Parquet magic bytes not found"):
        read(tmp_path / "h.parquet")


def test_that_a_file_was_opened_is_seen_from_outside(tmp_path: Path) -> None:
    import sys

    opened: list[str] = []
    sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
    path = made(tmp_path / "h.parquet", [ROW])
    opened.clear()
    read(path)
    assert str(path) in opened
