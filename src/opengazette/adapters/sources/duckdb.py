"""A department's database in a DuckDB file, read through one Ibis expression."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from opengazette.adapters.identifier_scan import scan_extract
from opengazette.errors import SchemaDrift, SourceUnavailable
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElements
from opengazette.model.source import ColumnType
from opengazette.ports import ExtractSummary
from opengazette.standards.columns import ResolvedColumn, resolve_columns

if TYPE_CHECKING:
    import ibis.expr.datatypes as dt
    from ibis.backends.duckdb import Backend

#: Ibis's own annotations say too little of its expressions.
Expression: TypeAlias = Any

_ROWS_AT_ONCE = 100_000
_IBIS_TYPE: dict[ColumnType, str] = {
    "text": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "date",
}


class DuckDBSource:
    """Reads the listed columns of a table, and nothing else of the database."""

    def __init__(self, name: str, path: Path, elements: DataElements) -> None:
        self._name = name
        self._path = path
        self._elements = elements

    def extract(self, contract: Contract, into: Path) -> ExtractSummary:
        """Write the listed columns of the contract's table to a Parquet file.

        Rows are put in one order that depends on nothing but their values, so an unchanged
        table gives an unchanged file. Memory is bounded; what must be sorted on disk lies
        beside the file. The connection is read-only and closed before this returns.

        Raises:
            SourceUnavailable: the database is absent, locked or cannot be read.
            SchemaDrift: the table or a listed column is absent, or has another type.
        """
        columns = resolve_columns(contract, self._elements)
        if not self._path.is_file():
            raise SourceUnavailable(
                f"The database {self._name!r} is not there.",
                "Correct its path in config/databases.yaml; for the demonstration run "
                "`opengazette demo load`.",
            )
        with self._saying_nothing_of_values(contract), self._open(into.parent) as connection:
            return self._extract(connection, contract, columns, into)

    def _extract(
        self,
        connection: Backend,
        contract: Contract,
        columns: tuple[ResolvedColumn, ...],
        into: Path,
    ) -> ExtractSummary:
        import ibis

        table = self._table(connection, contract)
        _refuse_drift(contract, table, columns)
        wanted = table.select(
            *(table[c.name].cast(_IBIS_TYPE[c.type]).name(c.name) for c in columns)
        ).order_by([c.name for c in columns])
        query = str(ibis.to_sql(wanted, dialect="duckdb"))
        rows = _stream(connection, wanted, into)
        return ExtractSummary(
            rows=rows,
            columns={c.name: c.type for c in columns},
            query_sha256=hashlib.sha256(query.encode()).hexdigest(),
            identifiers=scan_extract(into, contract),
        )

    def _table(self, connection: Backend, contract: Contract) -> Expression:
        if contract.source.table not in connection.list_tables():
            raise SchemaDrift(
                f"{contract.id}: the database {self._name!r} has no table "
                f"{contract.source.table!r}.",
                "Ask the department whether it was renamed, then correct source.table.",
            )
        return connection.table(contract.source.table)

    @contextmanager
    def _open(self, spill: Path) -> Iterator[Backend]:
        import ibis

        connection: Backend = ibis.duckdb.connect(
            self._path,
            read_only=True,
            temp_directory=str(spill / "spill"),
            autoinstall_known_extensions=False,
        )
        try:
            yield connection
        finally:
            connection.disconnect()

    @contextmanager
    def _saying_nothing_of_values(self, contract: Contract) -> Iterator[None]:
        """Let no message of the database out: it may quote a value."""
        import duckdb

        try:
            yield
        except duckdb.IOException:
            raise SourceUnavailable(
                f"The database {self._name!r} is locked or cannot be read.",
                "Wait until the department's load has ended, then run the dataset again.",
            ) from None
        except (duckdb.ConversionException, duckdb.OutOfRangeException):
            raise SchemaDrift(
                f"{contract.id}: a column of {contract.source.table!r} holds values that do not "
                "fit the type in its contract.",
                "Ask the department what changed.",
            ) from None
        except duckdb.Error as error:
            raise SourceUnavailable(
                f"The database {self._name!r} could not give table {contract.source.table!r} "
                f"({type(error).__name__}).",
                "Look at the database, then run the dataset again.",
            ) from None


def _refuse_drift(
    contract: Contract, table: Expression, columns: tuple[ResolvedColumn, ...]
) -> None:
    found = table.schema()
    for column in columns:
        where = f"{contract.id}: column {column.name!r} of table {contract.source.table!r}"
        remedy = (
            f"Ask the department what changed, then correct config/datasets/{contract.id}.yaml."
        )
        if column.name not in found:
            raise SchemaDrift(f"{where} is missing; expected {column.type}.", remedy)
        if not _holds(found[column.name], column.type):
            kind = str(found[column.name]).removeprefix("!")
            raise SchemaDrift(f"{where} holds {kind}; expected {column.type}.", remedy)


def _holds(found: dt.DataType, expected: ColumnType) -> bool:
    """Tell whether every value of a database type is one of the contract's type.

    A timestamp without a zone is taken for a date: the time of day is left behind.
    """
    match expected:
        case "text":
            return bool(found.is_string() or found.is_uuid())
        case "integer":
            return bool(found.is_integer())
        case "number":
            return bool(found.is_numeric() and not found.is_boolean())
        case "boolean":
            return bool(found.is_boolean())
        case "date":
            plain = found.is_timestamp() and getattr(found, "timezone", None) is None
            return bool(found.is_date() or plain)


def _stream(connection: Backend, wanted: Expression, into: Path) -> int:
    import pyarrow.parquet as pq

    rows = 0
    batches = connection.to_pyarrow_batches(wanted, chunk_size=_ROWS_AT_ONCE)
    schema = wanted.schema().to_pyarrow()
    with pq.ParquetWriter(into, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.cast(schema))
            rows += batch.num_rows
    return rows
