"""Reads a Parquet extract as frames whose columns Great Expectations compares rightly."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.lib as pa
import pyarrow.parquet as pq

#: A float holds every whole number up to this one.
LARGEST_EXACT_FLOAT = 2**53

_WHOLE_NUMBERS = (pa.int64(), pa.uint64())


class Extract:
    """An extract on disk, of which only the named columns enter memory."""

    def __init__(self, path: Path) -> None:
        self._file: Any = pq.ParquetFile(path)
        self.path = path
        self.rows = int(self._file.metadata.num_rows)

    def frame(self, columns: Collection[str] | None) -> pd.DataFrame:
        """Return all rows of the named columns; of every column where None is given."""
        return comparable(self._file.read(self._present(columns)))

    def pieces(self, columns: Collection[str] | None, rows: int) -> Iterator[pd.DataFrame]:
        """Return the rows in pieces of at most that many."""
        for batch in self._file.iter_batches(batch_size=rows, columns=self._present(columns)):
            yield comparable(pa.Table.from_batches([batch]))

    def _present(self, columns: Collection[str] | None) -> list[str]:
        """Return the named columns in the file's order; one at least, so that rows are counted."""
        present = [str(name) for name in self._file.schema_arrow.names]
        if columns is None:
            return present
        return [name for name in present if name in columns] or present[:1]


def comparable(table: pa.Table) -> pd.DataFrame:
    """Return a frame of plain types: days as moments, decimals as floats, codes as their values.

    Empty values are NaN, which compares as false, and not NA, which cannot be compared: two
    columns are held against each other. Whole numbers beside empty values are floats as long as
    that is exact.
    """
    for index, field in enumerate(table.schema):
        kind = _comparable(field.type)
        if kind != field.type:
            table = table.set_column(index, field.name, table.column(index).cast(kind))
    inexact = any(_inexact(column) for column in table.columns)
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, integer_object_nulls=inexact)
    return frame


def _inexact(column: pa.ChunkedArray) -> bool:
    if column.null_count in (0, len(column)) or column.type not in _WHOLE_NUMBERS:
        return False
    values = column.drop_null().to_numpy()
    largest = max(abs(int(values.min())), abs(int(values.max())))
    return largest > LARGEST_EXACT_FLOAT


def _comparable(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.Decimal128Type | pa.Decimal256Type):
        return pa.float64()
    if isinstance(kind, pa.DictionaryType):
        return kind.value_type
    return pa.timestamp("us") if kind in (pa.date32(), pa.date64()) else kind
