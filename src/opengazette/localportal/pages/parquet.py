"""A dataset as Parquet, batch by batch, each column with its type and its meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow.lib as pa

from opengazette.localportal.soql.compile import OutColumn
from opengazette.localportal.views import Column, View
from opengazette.localportal.wire import Answer, csv_text

_MOST_DIGITS: Final = 38
_MOST_WHOLE: Final = 18


@dataclass(frozen=True)
class Packing:
    """The type of a column in the file, and how a cell becomes a value of it."""

    type: Any
    value: Callable[[object], object]


def write_parquet(file: Path, view: View, answer: Answer, about: Mapping[str, str]) -> None:
    """Write the rows of an answer; whole numbers are integers, others exact decimals.

    Places and links are text. `about` goes into the metadata of the file.
    """
    import pyarrow.parquet as pq

    packings = [_packing(view.column(column.name), column) for column in answer.columns]
    fields = [
        pa.field(column.name, packing.type, metadata=_meaning(view, column))
        for column, packing in zip(answer.columns, packings, strict=True)
    ]
    schema = pa.schema(fields, metadata={"about": json.dumps(dict(about), ensure_ascii=False)})
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in answer.batches:
            columns = [
                pa.array(
                    [None if cell is None else packing.value(cell) for cell in cells],
                    type=packing.type,
                )
                for cells, packing in zip(zip(*batch, strict=True), packings, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def _meaning(view: View, column: OutColumn) -> dict[str, str]:
    kept = view.column(column.name)
    return {"description": kept.description, "title": kept.name} if kept else {}


def _packing(column: Column | None, out: OutColumn) -> Packing:
    if column is not None and column.kind == "number":
        return _number(column, out)
    if out.kind == "boolean":
        return Packing(pa.bool_(), lambda cell: cell)
    if out.kind == "floating_timestamp":
        return Packing(pa.timestamp("ms"), lambda cell: cell)
    if out.kind == "fixed_timestamp":
        return Packing(pa.timestamp("ms", tz="UTC"), lambda cell: cell)
    return Packing(pa.string(), lambda cell: csv_text(cell, out))


def _number(column: Column, out: OutColumn) -> Packing:
    if column.digits + column.scale > _MOST_DIGITS:
        return Packing(pa.float64(), lambda cell: float(csv_text(cell, out)))
    if column.scale == 0 and column.digits <= _MOST_WHOLE:
        return Packing(pa.int64(), lambda cell: int(csv_text(cell, out)))
    exact = pa.decimal128(_MOST_DIGITS, column.scale)
    return Packing(exact, lambda cell: Decimal(csv_text(cell, out)))
