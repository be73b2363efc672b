"""A history in columns, as Parquet or Arrow: one row per event, its records as a list of structs.

The columns are those of the JSON lines, with `records` in place of `value`, because a column has one type:
`index: int64, time: int64, process: int64 or string, type: string, f: string, records: list<struct<send: bool,
key: string, offset: int64 (null where unknown), value: int64 or string, corrupt: bool, rebalanced: bool>>,
keys: list<string>` (of an assign or subscribe; null elsewhere) and `seek_to_beginning: bool`. The schema's metadata may
carry the header's `run` and `config`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reports.checkers.kafka.columns import (
    CORRUPT,
    FUNCTION,
    REBALANCED,
    SEND,
    TYPE,
    UNKNOWN,
    Array,
    Batch,
    Names,
    Reset,
)
from reports.checkers.kafka.operation import FUNCTIONS, TYPES, BadHistory

ROWS = 1 << 18  # read at a time
WHOLE = pa.int64()
Header = Callable[[dict[str, Any], Path], None]


def read_table(path: Path, names: Names, number: int, header: Header) -> Iterator[Batch]:
    """The events of a Parquet or Arrow file, piece by piece.

    Raises:
        BadHistory: not such a file, a column is missing or of another type, or a row is no event.
    """
    try:
        path.open("rb").close()  # Arrow opens files by itself, and nobody would know: see reports.reading
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            groups = range(file.num_row_groups)  # one by one: Arrow cannot join the dictionaries of keys of several
            schema, pieces = file.schema_arrow, (e for n in groups for e in file.iter_batches(ROWS, row_groups=[n]))
        else:
            reader = pa.ipc.open_file(pa.memory_map(str(path)))
            schema, pieces = reader.schema, (reader.get_batch(i) for i in range(reader.num_record_batches))
        metadata = schema.metadata or {}
        if b"run" in metadata:
            config = json.loads(metadata.get(b"config", b"{}"))
            header({"run": metadata[b"run"].decode(), "config": config}, path)
        row = 0
        for piece in pieces:
            yield _batch(piece, names, number, row)
            row += len(piece)
    except BadHistory as error:
        raise BadHistory(error.message, where=error.where or str(path)) from None
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise BadHistory(f"not a history in columns: {str(error).splitlines()[0]}", where=str(path)) from None


def _batch(piece: Any, names: Names, number: int, row: int) -> Batch:
    missing = [n for n in ("index", "time", "process", "type", "f", "records") if n not in piece.schema.names]
    if missing:
        raise BadHistory(f"missing column{'s' * (len(missing) > 1)} {', '.join(missing)}")
    for name in ("index", "time", "process", "type", "f"):
        if piece[name].null_count:
            raise BadHistory(f"column {name} has empty cells")
    lists = piece["records"]
    records = lists.flatten()
    first = np.concatenate(([0], np.cumsum(pc.fill_null(pc.list_value_length(lists), 0).to_numpy()))).astype("i8")
    field = {name: records.field(i) for i, name in enumerate(f.name for f in records.type)}
    for name in ("send", "key", "value"):
        if field[name].null_count:
            raise BadHistory(f"column records.{name} has empty cells")
    offset = pc.fill_null(field["offset"].cast(WHOLE), UNKNOWN).to_numpy()
    sends = _truths(field["send"]).astype("u1")
    if (offset < UNKNOWN).any() or ((offset == UNKNOWN) & (sends == 0)).any():
        raise BadHistory("an offset is a whole number from 0 to 2^63-1, and every polled record has one")
    flags = sends * np.uint8(SEND)
    for name, flag in (("corrupt", CORRUPT), ("rebalanced", REBALANCED)):
        if name in field:
            flags |= _truths(pc.fill_null(field[name], False)).astype("u1") * np.uint8(flag)
    count = len(piece)
    return Batch(
        index=piece["index"].cast(WHOLE).to_numpy(), time=piece["time"].cast(WHOLE).to_numpy(),
        process=_coded(piece["process"], names.process, "i4"), type=_coded(piece["type"], _code(TYPE, "type"), "u1"),
        f=_coded(piece["f"], _code(FUNCTION, "f"), "u1"), bare=_truths(lists.is_null()),
        file=np.full(count, number, "i2"), line=np.arange(row + 1, row + 1 + count, dtype="i4"), first=first,
        flags=flags, key=_coded(field["key"], names.key, "i4"), offset=offset, value=_values(field["value"], names),
        resets=_resets(piece),
    )  # fmt: skip


def _coded(column: Any, code: Callable[[Any], int], dtype: str) -> Array:
    """Each distinct value is coded once, by its dictionary."""
    coded = pc.dictionary_encode(column)
    codes = np.array([code(value) for value in coded.dictionary.to_pylist()], dtype)
    return codes[coded.indices.to_numpy()]


def _truths(column: Any) -> Array:
    truths: Array = column.to_numpy(zero_copy_only=False)
    return truths


def _code(codes: dict[str, int], column: str) -> Callable[[Any], int]:
    def code(value: Any) -> int:
        if value not in codes:
            raise BadHistory(f"{column} is one of {', '.join(codes)}; found {value!r}")
        return codes[value]

    return code


def _values(column: Any, names: Names) -> Array:
    if pa.types.is_integer(column.type):
        values: Array = column.cast(WHOLE).to_numpy()
        if not len(values) or (int(values.max()) < 1 << 62 and int(values.min()) > -(1 << 62)):
            return values
    return _coded(column, names.value, "i8")


def _resets(piece: Any) -> dict[int, Reset]:
    if "keys" not in piece.schema.names:
        return {}
    rows = np.flatnonzero(_truths(piece["keys"].is_valid())).tolist()
    seek = piece["seek_to_beginning"] if "seek_to_beginning" in piece.schema.names else None
    return {
        row: Reset(piece["f"][row].as_py(), tuple(piece["keys"][row].as_py()), bool(seek and seek[row].as_py()))
        for row in rows
    }


def write_table(
    path: Path, batches: Iterable[Batch], names: Names, *, run: str = "", config: dict[str, Any] | None = None
) -> None:
    """Write batches as Parquet (zstd) or Arrow, by the suffix of `path`."""
    writer: Any = None
    for batch in batches:
        table = _table(batch, names)
        if writer is None:
            metadata = {"run": run, "config": json.dumps(config or {})} if run else None
            schema = table.schema.with_metadata(metadata)
            writer = (
                pq.ParquetWriter(path, schema, compression="zstd") if path.suffix == ".parquet"
                else pa.ipc.new_file(str(path), schema)
            )  # fmt: skip
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _table(batch: Batch, names: Names) -> Any:
    def text(codes: Array, known: list[Any]) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype("i4")), pa.array(known))

    processes = list(names.processes)
    if not all(isinstance(process, int) for process in processes):
        processes = [str(process) for process in processes]
    interned = len(batch.value) and int(batch.value.max()) >= 1 << 62
    values = pa.array([str(names.value_of(v)) for v in batch.value.tolist()]) if interned else pa.array(batch.value)
    sends = (batch.flags & SEND) > 0
    record = {
        "send": pa.array(sends), "key": text(batch.key, list(names.keys)).cast(pa.dictionary(pa.int32(), pa.string())),
        "offset": pa.array(batch.offset, mask=batch.offset == UNKNOWN), "value": values,
        "corrupt": pa.array((batch.flags & CORRUPT) > 0), "rebalanced": pa.array((batch.flags & REBALANCED) > 0),
    }  # fmt: skip
    structs = pa.StructArray.from_arrays(list(record.values()), names=list(record))
    lists = pa.ListArray.from_arrays(pa.array(batch.first.astype("i4")), structs, mask=pa.array(batch.bare))
    keys = [list(batch.resets[row].keys) if row in batch.resets else None for row in range(len(batch))]
    seek = np.zeros(len(batch), "?")
    seek[[row for row, reset in batch.resets.items() if reset.seek_to_beginning]] = True
    return pa.table({
        "index": batch.index, "time": batch.time, "process": text(batch.process, processes),
        "type": text(batch.type, list(TYPES)), "f": text(batch.f, list(FUNCTIONS)), "records": lists,
        "keys": pa.array(keys, pa.list_(pa.string())), "seek_to_beginning": seek,
    })  # fmt: skip
