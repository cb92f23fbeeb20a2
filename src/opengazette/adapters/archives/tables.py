"""Publication tables in the archive, as Parquet that depends on nothing but the table."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pyarrow.lib as pa
import pyarrow.parquet as pq

from opengazette.adapters.archives.papers import Vault
from opengazette.errors import ArchiveUnavailable, Fault
from opengazette.model.stages import TableRef

_ARROW_TYPE = {
    "string": pa.string(),
    "str": pa.string(),
    "object": pa.string(),
    "Int64": pa.int64(),
    "int64": pa.int64(),
    "Float64": pa.float64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "bool": pa.bool_(),
}
_TYPES_KEY = b"opengazette.types"


class ParquetTables:
    """Tables kept by content address; `save` and `load` are each other's inverse."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def save(self, dataset: str, table: pd.DataFrame) -> TableRef:
        """Keep a table; equal tables have equal addresses. The index is not kept.

        Raises:
            Fault: a column holds a type that a publication table never has.
        """
        arrow = _to_arrow(table)
        with self._vault.staging() as folder:
            file = folder / "table.parquet"
            pq.write_table(
                arrow,
                file,
                compression="zstd",
                compression_level=3,
                version="2.6",
                row_group_size=1 << 20,
            )
            sha256 = self._vault.keep(file)
        return TableRef(dataset, sha256, len(table), tuple(map(str, table.columns)))

    def load(self, table: TableRef) -> pd.DataFrame:
        """Return a table with the types it was saved with.

        Raises:
            ArchiveUnavailable: the table is not in the archive, or is damaged.
        """
        path = self._vault.fetch(table.sha256, verify=True)
        with path.open("rb") as file:
            arrow = pq.read_table(file)
        names = json.loads((arrow.schema.metadata or {}).get(_TYPES_KEY, b"{}"))
        if arrow.num_rows != table.rows or tuple(names) != table.columns:
            raise ArchiveUnavailable(
                f"The archived table of {table.dataset!r} is not the one that was referred to.",
                "Run the dataset again.",
            )
        return pd.DataFrame(
            {name: _series(arrow.column(name), dtype) for name, dtype in names.items()},
            columns=list(names),
            index=pd.RangeIndex(arrow.num_rows),
        )


def _to_arrow(table: pd.DataFrame) -> pa.Table:
    names = {str(name): str(dtype) for name, dtype in table.dtypes.items()}
    for name, dtype in names.items():
        if dtype not in _ARROW_TYPE:
            raise Fault(f"Column {name!r} of a publication table has the type {dtype}.")
    schema = pa.schema(
        [(name, _ARROW_TYPE[dtype]) for name, dtype in names.items()],
        metadata={_TYPES_KEY: json.dumps(names).encode()},
    )
    try:
        columns = [
            pa.array(table[name], type=field.type, from_pandas=True)
            for name, field in zip(table.columns, schema, strict=True)
        ]
        flat = [c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in columns]
        return pa.Table.from_arrays(flat, schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise Fault(
            "A publication table holds values that are not of its columns' types."
        ) from None


def _series(column: Any, dtype: Any) -> pd.Series:  # noqa: ANN401 - Arrow and pandas types
    values: pd.Series = column.to_pandas(types_mapper=_MASKED.get)
    return values.astype(dtype)


_MASKED = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}
