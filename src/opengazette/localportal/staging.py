# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Where the rows of a request wait, read and checked, until all of them are there."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pyarrow.lib as pa

from opengazette.localportal.bodies import ABSENT, Batch
from opengazette.localportal.cells import from_csv, from_json
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
    """Make the empty table that a request's rows wait in."""
    held = "".join(
        f", {column.physical} {SQL_TYPE[column.kind]}, given_{column.physical} BOOLEAN"
        for column in view.columns
    )
    session.cursor.execute(
        "CREATE TEMP TABLE stage (number BIGINT, sid VARCHAR, given VARCHAR, removed BOOLEAN,"
        f" row_key VARCHAR, turn BIGINT DEFAULT 1, target VARCHAR{held})"
    )


def stage_batch(session: Session, view: View, batch: Batch, before: int, *, is_csv: bool) -> None:
    """Read some rows, of which `before` came before in the request, and put them in the stage.

    Raises:
        Problem: a field or a value does not fit the dataset.
    """
    for field in batch.cells:
        if field not in _SYSTEM_FIELDS and view.column(field) is None:
            raise column_missing(field)
    first = view.next_row + before
    seed = zlib.crc32(view.id.encode())
    numbers = range(first, first + batch.count)
    arrays: list[pa.Array] = [
        pa.array(numbers, pa.int64()),
        pa.array([row_name(number, seed) for number in numbers], pa.string()),
        pa.array(_given_ids(batch), pa.string()),
        pa.array(_removals(batch, is_csv=is_csv), pa.bool_()),
    ]
    names = ["number", "sid", "given", "removed"]
    for column in view.columns:
        cells = batch.cells.get(column.field_name)
        if cells is None:
            continue
        given = [cell is not ABSENT for cell in cells]
        stored = _read_cells(cells, column, before, is_csv=is_csv)
        arrays += [
            pa.array(stored, _ARROW_TYPE[SQL_TYPE[column.kind]]),
            pa.array(given, pa.bool_()),
        ]
        names += [column.physical, f"given_{column.physical}"]
    session.cursor.register("incoming", pa.table(arrays, names=names))
    session.cursor.execute(f"INSERT INTO stage ({', '.join(names)}) SELECT * FROM incoming")
    session.cursor.unregister("incoming")


def _given_ids(batch: Batch) -> list[str | None]:
    cells = batch.cells.get(":id", [None] * batch.count)
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
