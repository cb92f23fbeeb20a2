# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""/api/publishing/v1/source/…/schema: what a source holds and what is made of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Final

import duckdb
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_object
from opengazette.localportal.portal import Portal, insider, portal_of, publisher
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing.drafts import InputSchema, OutputSchema, Source
from opengazette.localportal.publishing.kept import (
    find_source,
    input_schema,
    keep_output,
    missing,
    output_schema,
)
from opengazette.localportal.publishing.outputs import (
    identifies_rows,
    new_output,
    read_sort_bys,
    read_wanted,
)
from opengazette.localportal.publishing.recipes import config_of_output
from opengazette.localportal.publishing.shown import (
    config_json,
    linked_input_schema_json,
    linked_output_schema_json,
    output_schema_json,
)
from opengazette.localportal.store import Session, close_session, then_close
from opengazette.localportal.values import UNORDERED, Kind

router = APIRouter(prefix="/api/publishing/v1/source/{source_id}/schema/{input_id}")
_MOST_ROWS: Final = 10_000
_BATCH: Final = 2_000


@router.get("", response_model=None)
def show_input(request: Request, source_id: int, input_id: int) -> Response:
    """Show an input schema."""
    insider(request)
    with portal_of(request).store.reading() as session:
        source = find_source(session, source_id)
    return JSONResponse(linked_input_schema_json(source, input_schema(source, input_id)))


@router.post("", response_model=None)
async def transform(request: Request, source_id: int, input_id: int) -> Response:
    """Make an output schema of transforms; its rows are computed after the answer."""
    owner = publisher(request)
    sent = await sent_object(request)
    wanted, order = read_wanted(sent.get("output_columns")), read_sort_bys(sent.get("sort_bys"))
    portal = portal_of(request)

    def work() -> Response:
        with portal.store.writing() as session:
            source = find_source(session, source_id)
            schema = input_schema(source, input_id)
            output = new_output(session, schema, wanted, order, owner)
            keep_output(session, source, output)
        computing = partial(portal.workshop.compute, source_id, input_id, output.id)
        portal.workshop.start(computing)
        return _shown(portal, source_id, input_id, output.id, 201)

    return await run_in_threadpool(work)


def _shown(
    portal: Portal, source_id: int, input_id: int, output_id: int, status: int = 200
) -> JSONResponse:
    with portal.store.reading() as session:
        source = find_source(session, source_id)
    output = output_schema(source, input_id, output_id)
    return JSONResponse(linked_output_schema_json(source, output), status)


@router.get("/latest_output", response_model=None)
def latest(request: Request, source_id: int, input_id: int) -> Response:
    """Show the newest output schema of an input schema."""
    insider(request)
    with portal_of(request).store.reading() as session:
        source = find_source(session, source_id)
    outputs = input_schema(source, input_id).outputs
    if not outputs:
        raise missing("output schema")
    return JSONResponse(linked_output_schema_json(source, outputs[-1]))


@router.get("/output/{output_id}", response_model=None)
def show_output(request: Request, source_id: int, input_id: int, output_id: int) -> Response:
    """Show an output schema."""
    insider(request)
    return _shown(portal_of(request), source_id, input_id, output_id)


@router.get("/output/{output_id}/validate_row_id/{transform_id}", response_model=None)
def validate_row_id(
    request: Request, source_id: int, input_id: int, output_id: int, transform_id: int
) -> Response:
    """Say whether a column can identify rows."""
    insider(request)
    portal = portal_of(request)
    output = portal.workshop.computed(source_id, input_id, output_id)
    with portal.store.reading() as session:
        return JSONResponse({"valid": identifies_rows(session, output, transform_id)})


@router.post("/output/{output_id}/config", response_model=None)
async def build_config(request: Request, source_id: int, input_id: int, output_id: int) -> Response:
    """Keep the transforms of an output schema as a recipe."""
    owner = publisher(request)
    sent = await sent_object(request)
    portal = portal_of(request)

    def work() -> Response:
        with portal.store.writing() as session:
            source = find_source(session, source_id)
            output = output_schema(source, input_id, output_id)
            return JSONResponse(
                config_json(config_of_output(session, source, output, owner, sent)), 201
            )

    return await run_in_threadpool(work)


@router.get("/output/{output_id}/rows", response_model=None)
def rows(request: Request, source_id: int, input_id: int, output_id: int) -> Response:
    """Answer with the computed rows, cell for cell a value or an error."""
    return _rows(request, source_id, input_id, output_id, errors_only=False)


@router.get("/output/{output_id}/errors", response_model=None)
def errors(request: Request, source_id: int, input_id: int, output_id: int) -> Response:
    """Answer with the rows that have an error, as JSON or as CSV of the rows as they came."""
    return _rows(request, source_id, input_id, output_id, errors_only=True)


def _rows(
    request: Request, source_id: int, input_id: int, output_id: int, *, errors_only: bool
) -> Response:
    insider(request)
    portal = portal_of(request)
    session = portal.store.open_session()
    try:
        source = find_source(session, source_id)
        schema = input_schema(source, input_id)
        output = output_schema(source, input_id, output_id)
        _refuse_unfinished(output)
        if "text/csv" in request.headers.get("accept", ""):
            written = _errors_csv if errors_only else _rows_csv
            body = written(session, schema, output)
            return StreamingResponse(then_close(body, session), media_type="text/csv")
        found = _page(request, session, source, schema, output, errors_only=errors_only)
    except BaseException:
        close_session(session)
        raise
    close_session(session)
    return JSONResponse(found)


def _refuse_unfinished(output: OutputSchema) -> None:
    if output.table is None:
        raise Problem(409, "output_schema.unfinished", "The rows are still being computed.")


def _whole(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise bad_request(f"{name} is a whole number up to {most}.")
    return int(text)


def _any_error(output: OutputSchema) -> str:
    listed = ", ".join(f"o.e{number}" for number in range(1, len(output.columns) + 1))
    return f"coalesce({listed}) IS NOT NULL"


def _page(
    request: Request,
    session: Session,
    source: Source,
    schema: InputSchema,
    output: OutputSchema,
    *,
    errors_only: bool,
) -> list[JsonValue]:
    limit = _whole(request, "limit", 500, _MOST_ROWS)
    offset = _whole(request, "offset", 0, 2**62)
    numbers = range(1, len(output.columns) + 1)
    held = ", ".join(f"o.c{number}, o.e{number}" for number in numbers)
    inputs = "".join(f", i.c{column.number}" for column in schema.columns)
    found = session.cursor.execute(
        f"SELECT o.number, {held}{inputs} FROM {output.table} AS o"
        f" JOIN {schema.table} AS i USING (number)"
        f" {'WHERE ' + _any_error(output) if errors_only else ''}"
        f" ORDER BY o.number LIMIT {limit:d} OFFSET {offset:d}"
    ).fetchall()
    header: JsonValue = {"output_schema": output_schema_json(output), "source_id": source.id}
    width = len(output.columns)
    return [header, *(_row_json(row, schema, output, width) for row in found)]


def _row_json(
    row: tuple[object, ...], schema: InputSchema, output: OutputSchema, width: int
) -> JsonValue:
    inputs = dict(zip((one.number for one in schema.columns), row[1 + 2 * width :], strict=True))
    names = {one.number: one for one in schema.columns}
    cells: list[JsonValue] = []
    for at, column in enumerate(output.columns):
        value, error = row[1 + 2 * at], row[2 + 2 * at]
        if error is None:
            cells.append({"ok": _cell(value, column.kind)})
            continue
        given: dict[str, JsonValue] = {
            names[number].field_name: {"ok": _cell(inputs[number], names[number].kind)}
            for number in column.reads
        }
        cells.append({"error": {"message": {"english": str(error)}, "inputs": given}})
    return {"row": cells, "offset": int(str(row[0]))}


def _cell(value: object, kind: Kind) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        written = value.isoformat(timespec="milliseconds")
        return written + "Z" if kind == "fixed_timestamp" else written
    if kind in UNORDERED:
        shape: JsonValue = json.loads(str(value))
        return shape
    return str(value)


def _errors_csv(session: Session, schema: InputSchema, output: OutputSchema) -> Iterator[bytes]:
    """Write the rows that have an error as they came, after the first error of each."""
    first = ", ".join(f"o.e{number}" for number in range(1, len(output.columns) + 1))
    held = "".join(f", i.c{column.number}" for column in schema.columns)
    found = session.cursor.execute(
        f"SELECT coalesce({first}), o.number + 1{held} FROM {output.table} AS o"
        f" JOIN {schema.table} AS i USING (number) WHERE {_any_error(output)} ORDER BY o.number"
    )
    kinds: list[Kind] = ["text", "number", *(column.kind for column in schema.columns)]
    yield _csv_line(["error", "row", *(column.field_name for column in schema.columns)])
    yield from _csv_lines(found, kinds)


def _rows_csv(session: Session, _schema: InputSchema, output: OutputSchema) -> Iterator[bytes]:
    """Write the computed rows; a cell that is an error is empty."""
    held = ", ".join(f"c{number}" for number in range(1, len(output.columns) + 1))
    found = session.cursor.execute(f"SELECT {held} FROM {output.table} ORDER BY number")
    yield _csv_line([column.field_name for column in output.columns])
    yield from _csv_lines(found, [column.kind for column in output.columns])


def _csv_lines(found: duckdb.DuckDBPyConnection, kinds: list[Kind]) -> Iterator[bytes]:
    while batch := found.fetchmany(_BATCH):
        yield _csv_rows([[*map(_csv_cell, row, kinds)] for row in batch])


def _csv_rows(rows: list[list[str]]) -> bytes:
    """Write rows; all at once where their text has no comma, quote or line end but our own."""
    text = "\n".join(map(",".join, rows)) + "\n"
    commas = sum(map(len, rows)) - len(rows)
    plain = text.count("\n") == len(rows) and text.count(",") == commas and '"' not in text
    if commas and plain and "\r" not in text:
        return text.encode()
    return b"".join(map(_csv_line, rows))


def _csv_cell(value: object, kind: Kind) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_cell(value, kind))


def _csv_line(cells: list[str]) -> bytes:
    line = io.StringIO(newline="")
    # Python quotes only those line ends that it writes itself.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return f"{line.getvalue().removesuffix(chr(13) + chr(10))}\n".encode()
