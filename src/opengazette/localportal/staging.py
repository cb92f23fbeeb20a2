# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Where the rows of a request wait, read and checked, until all of them are there."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

import pyarrow.lib as pa

from opengazette.localportal.bodies import ABSENT, Batch
from opengazette.localportal.cells import from_csv, from_json
from opengazette.localportal.feeding import INCOMING, insert_batches
from opengazette.localportal.problems import column_missing, maltyped
from opengazette.localportal.store import Session
from opengazette.localportal.values import (
    SQL_TYPE,
    TYPE_NAME,
    Kind,
    NotOfThisType,
    Stored,
)
from opengazette.localportal.views import Column, View, row_name

_ARROW_TYPE = {"VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "TIMESTAMP": pa.timestamp("us")}
_SYSTEM_FIELDS = {":id", ":deleted", ":created_at", ":updated_at", ":version"}


def make_stage(session: Session, view: View) -> None:
    """Make the empty table that a request's rows wait in, until `drop_stage`.

    It is no temporary table: those are kept in memory as they come, this one is compressed
    and goes to disk while it grows.
    """
    held = "".join(
        f", {column.physical} {SQL_TYPE[column.kind]}, given_{column.physical} BOOLEAN"
        for column in view.columns
    )
    session.cursor.execute(
        "CREATE TABLE stage (number BIGINT, sid VARCHAR, given VARCHAR, version VARCHAR,"
        f" removed BOOLEAN, row_key VARCHAR{held})"
    )


def drop_stage(session: Session) -> None:
    """Drop the rows that waited."""
    session.cursor.execute("DROP TABLE stage")


def stage_rows(session: Session, view: View, batches: Iterable[Batch], *, is_csv: bool) -> int:
    """Read the rows of a request and put them in a new stage; return how many there are.

    Raises:
        Problem: a field or a value does not fit the dataset.
    """
    make_stage(session, view)
    schema = _schema(view)
    names = ", ".join(schema.names)
    return insert_batches(
        session,
        f"INSERT INTO stage ({names}, row_key) SELECT {names}, {row_key_sql(view)} FROM {INCOMING}",
        schema,
        _staged(view, batches, schema, is_csv=is_csv),
    )


def row_key_sql(view: View) -> str:
    """Return the text that identifies a row of the dataset, null where no column does."""
    identifier = view.identifier()
    return "NULL" if identifier is None else key_sql(identifier)


def key_sql(column: Column) -> str:
    """Return the text that identifies a row by this column; equal numbers are equal keys."""
    name = column.physical
    if column.kind == "number":
        return (
            f"CASE WHEN contains({name}, '.') THEN rtrim(rtrim({name}, '0'), '.') ELSE {name} END"
        )
    return f"CAST({name} AS VARCHAR)"


def _schema(view: View) -> pa.Schema:
    fields = [
        ("number", pa.int64()),
        ("sid", pa.string()),
        ("given", pa.string()),
        ("version", pa.string()),
        ("removed", pa.bool_()),
    ]
    for column in view.columns:
        fields.append((column.physical, _ARROW_TYPE[SQL_TYPE[column.kind]]))
        fields.append((f"given_{column.physical}", pa.bool_()))
    return pa.schema(fields)


def _staged(
    view: View, batches: Iterable[Batch], schema: pa.Schema, *, is_csv: bool
) -> Iterator[pa.RecordBatch]:
    before = 0
    for batch in batches:
        for field in batch.cells:
            if field not in _SYSTEM_FIELDS and view.column(field) is None:
                raise column_missing(field)
        arrays = [
            *_named(view, batch, before, is_csv=is_csv),
            *_cells(view, batch, before, is_csv=is_csv),
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        before += batch.count


def _named(view: View, batch: Batch, before: int, *, is_csv: bool) -> list[pa.Array]:
    seed, first = zlib.crc32(view.id.encode()), view.next_row + before
    numbers = range(first, first + batch.count)
    return [
        pa.array(numbers, pa.int64()),
        pa.array([row_name(number, seed) for number in numbers], pa.string()),
        pa.array(_texts(batch, ":id"), pa.string()),
        pa.array(_texts(batch, ":version"), pa.string()),
        pa.array(_removals(batch, is_csv=is_csv), pa.bool_()),
    ]


def _cells(view: View, batch: Batch, before: int, *, is_csv: bool) -> Iterator[pa.Array]:
    absent = pa.repeat(pa.scalar(value=False), batch.count)
    for column in view.columns:
        kind = _ARROW_TYPE[SQL_TYPE[column.kind]]
        cells = batch.cells.get(column.field_name)
        if cells is None:
            yield pa.nulls(batch.count, kind)
            yield absent
        else:
            yield pa.array(_read_cells(cells, column, before, is_csv=is_csv), kind)
            yield pa.array([cell is not ABSENT for cell in cells], pa.bool_())


def _texts(batch: Batch, field: str) -> list[str | None]:
    cells = batch.cells.get(field, [None] * batch.count)
    return [cell if isinstance(cell, str) and cell else None for cell in cells]


def _removals(batch: Batch, *, is_csv: bool) -> list[bool]:
    cells = batch.cells.get(":deleted", [False] * batch.count)
    if is_csv:
        return [isinstance(cell, str) and cell.strip().lower() == "true" for cell in cells]
    return [cell is True for cell in cells]


def _read_cells(cells: list[object], column: Column, before: int, *, is_csv: bool) -> list[Stored]:
    read = _read_csv_cell if is_csv else _read_json_cell
    try:
        if is_csv:
            known = {cell: read(cell, column.kind) for cell in set(cells)}
            return [known[cell] for cell in cells]
        return [read(cell, column.kind) for cell in cells]
    except NotOfThisType:
        row = before + _first_misfit(cells, column.kind, read)
        raise maltyped(column.field_name, TYPE_NAME[column.kind], row) from None


def _read_csv_cell(cell: object, kind: Kind) -> Stored:
    return from_csv(str(cell), kind)


def _read_json_cell(cell: object, kind: Kind) -> Stored:
    return None if cell is ABSENT else from_json(cell, kind)


def _first_misfit(cells: list[object], kind: Kind, read: Callable[[object, Kind], Stored]) -> int:
    for number, cell in enumerate(cells, start=1):
        try:
            read(cell, kind)
        except NotOfThisType:
            return number
    return len(cells)
