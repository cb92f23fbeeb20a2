# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""From a source to an input schema: its rows in a table of their own, its types guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow.lib as pa

from opengazette.localportal.feeding import INCOMING, insert_batches
from opengazette.localportal.publishing import conversions as sql
from opengazette.localportal.publishing.drafts import InputColumn, InputSchema, Source
from opengazette.localportal.publishing.geography import read_geojson, read_kml, read_shapefile
from opengazette.localportal.publishing.kept import find_revision, missing, upload_folder
from opengazette.localportal.publishing.parsing import Reading, Row, Unreadable, read_separated
from opengazette.localportal.publishing.uploads import whole_file
from opengazette.localportal.publishing.workbooks import read_workbook
from opengazette.localportal.store import Session, Store, now
from opengazette.localportal.values import SQL_TYPE, Kind
from opengazette.localportal.views import Column

_SAMPLE: Final = 1000
_EXCEL: Final = (
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
TAB_SEPARATED: Final = "text/tab-separated-values"


def read_upload(store: Store, source: Source) -> InputSchema:
    """Read an upload into a table of its own.

    Raises:
        Unreadable: the file is not what its content type says.
    """
    file = whole_file(upload_folder(store, source.id))
    if file is None:
        raise Unreadable("The bytes of the upload are not there.")
    reading = _opened(file, source)
    with store.writing() as session:
        table = f"rows_{session.draw()}"
        columns = tuple(
            InputColumn(
                id=session.draw(),
                number=number,
                field_name=heading.field_name,
                display_name=heading.display_name,
                kind=heading.kind,
            )
            for number, heading in enumerate(reading.headings, start=1)
        )
        schema_id = session.draw()
    with store.building() as session:
        _make_input(session, table, columns)
        total = _insert(session, table, reading)
    return InputSchema(
        id=schema_id, created_at=now(), columns=columns, table=table, total_rows=total
    )


def copy_rows(store: Store, source: Source) -> InputSchema:
    """Make an input schema of the rows that a dataset has, or had at an archived revision.

    Raises:
        Problem: the dataset is gone, or the rows were not archived.
    """
    with store.writing() as session:
        table, columns = _rows_to_copy(session, source)
        copied = f"rows_{session.draw()}"
        inputs = tuple(
            InputColumn(
                id=session.draw(),
                number=number,
                field_name=column.field_name,
                display_name=column.name,
                kind=column.kind,
            )
            for number, column in enumerate(columns, start=1)
        )
        schema_id = session.draw()
        _make_input(session, copied, inputs)
        held = "".join(f", {column.physical}" for column in columns)
        session.cursor.execute(
            f"INSERT INTO {copied} SELECT number, NULL{held} FROM {table} ORDER BY number"
        )
        counted = session.cursor.execute(f"SELECT count(*) FROM {copied}").fetchone()
    return InputSchema(
        id=schema_id,
        created_at=now(),
        columns=inputs,
        table=copied,
        total_rows=int(counted[0]) if counted else 0,
    )


def _rows_to_copy(session: Session, source: Source) -> tuple[str, tuple[Column, ...]]:
    view = session.view(source.fourfour or "")
    if source.archived_seq is None:
        return view.table, view.columns
    snapshot = find_revision(session, view.id, source.archived_seq).snapshot
    if snapshot is None:
        raise missing("archived version")
    return snapshot.table, snapshot.columns


def _opened(file: Path, source: Source) -> Reading:
    kind = (source.content_type or "").split(";")[0].strip().lower()
    suffix = source.filename.lower().rpartition(".")[2]
    if kind in _EXCEL or suffix in ("xls", "xlsx"):
        return read_workbook(file, source.parse_options)
    if kind == "application/vnd.geo+json" or suffix == "geojson":
        return read_geojson(file)
    if kind.startswith("application/vnd.google-earth.km") or suffix in ("kml", "kmz"):
        return read_kml(file)
    if kind == "application/zip" or suffix == "zip":
        return read_shapefile(file)
    return read_separated(file, source.parse_options)


def _make_input(session: Session, table: str, columns: tuple[InputColumn, ...]) -> None:
    held = "".join(f", c{column.number} {SQL_TYPE[column.kind]}" for column in columns)
    session.cursor.execute(f"CREATE TABLE {table} (number BIGINT, row_error VARCHAR{held})")


def _insert(session: Session, table: str, reading: Reading) -> int:
    numbers = range(1, len(reading.headings) + 1)
    texts = [f"c{number}" for number in numbers]
    schema = pa.schema(
        [
            ("number", pa.int64()),
            ("row_error", pa.string()),
            *((text, pa.string()) for text in texts),
        ]
    )
    held = "".join(f", nullif(nfc_normalize({text}), '')" for text in texts)
    statement = f"INSERT INTO {table} SELECT number, row_error{held} FROM {INCOMING}"
    return insert_batches(session, statement, schema, _numbered(reading.batches, schema))


def _numbered(batches: Iterable[list[Row]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    first = 0
    for batch in batches:
        cells = zip(*(row.cells for row in batch), strict=True)
        arrays = [
            pa.array(range(first, first + len(batch)), pa.int64()),
            pa.array([row.error for row in batch], pa.string()),
            *(pa.array(column, pa.string()) for column in cells),
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        first += len(batch)


def guessed_kind(session: Session, table: str, column: InputColumn) -> Kind:
    """Guess the type of a column of text: the first that all its values have.

    What begins with a zero that a number would lose is text.
    """
    if column.kind != "text":
        return column.kind
    name = f"c{column.number}"
    for kind, fits in _tests(name).items():
        sample = f"(SELECT * FROM {table} WHERE {name} IS NOT NULL LIMIT {_SAMPLE})"
        found = session.cursor.execute(
            f"SELECT count(*), count_if({fits}) FROM {sample}"
        ).fetchone()
        if found is None or not found[0] or found[0] != found[1]:
            continue
        misfit = f"SELECT 1 FROM {table} WHERE {name} IS NOT NULL AND NOT ({fits}) LIMIT 1"
        if session.cursor.execute(misfit).fetchone() is None:
            return kind
    return "text"


def _tests(name: str) -> dict[Kind, str]:
    number = sql.number_of_text(name)
    return {
        "number": f"({number}) IS NOT NULL"
        f" AND NOT regexp_full_match(trim({name}), '[+-]?0[0-9].*')",
        "boolean": f"lower(trim({name})) IN ('true', 'false')",
        "floating_timestamp": f"({sql.floating_of_text(name)}) IS NOT NULL",
        "fixed_timestamp": f"({sql.fixed_of_text(name)}) IS NOT NULL",
        "point": f"({sql.point_of_text(name)}) IS NOT NULL",
    }
