"""/resource/…/…: one row, read, written and deleted by its name."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import Batch, json_batches, spool
from opengazette.localportal.portal import portal_of, publisher, split_suffix
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.reading import ask
from opengazette.localportal.routes.resource import row_source
from opengazette.localportal.rows import USUAL, upsert_rows
from opengazette.localportal.soql.grammar import Query
from opengazette.localportal.store import Session
from opengazette.localportal.views import View
from opengazette.localportal.wire import MEDIA_TYPE, json_object, soda_headers
from opengazette.localportal.write_options import WriteOptions

router = APIRouter()
_READ: Final = ["GET", "HEAD"]


@router.api_route("/resource/{name}/{row}", methods=_READ, response_model=None)
def read_row(request: Request, name: str, row: str) -> Response:
    """Answer with one row, named by its `:id` or by the publisher's identifier."""
    row_id, _ = split_suffix(row)
    with portal_of(request).store.reading() as session:
        view = row_source(request, session, split_suffix(name)[0])
        return _answered(session, view, _key_field(view, row_id), row_id)


def _key_field(view: View, row_id: str) -> str:
    identifier = view.identifier()
    by_name = row_id.startswith("row-") or identifier is None
    return ":id" if by_name or identifier is None else identifier.field_name


def _answered(session: Session, view: View, field: str, row_id: str) -> Response:
    answer = ask(session, view, Query(equals=((field, row_id),), limit=1))
    found = json_object(answer)
    if found is None:
        raise Problem(404, "row.missing", "Not found", {"id": row_id[:80]})
    headers = soda_headers(view, answer.columns)
    return Response(found, media_type=MEDIA_TYPE["json"], headers=headers)


@router.post("/resource/{name}/{row}", response_model=None)
async def write_row(request: Request, name: str, row: str) -> Response:
    """Insert or change one row by its name, and answer with it."""
    return await _write(request, name, row, USUAL)


@router.put("/resource/{name}/{row}", response_model=None)
async def replace_row(request: Request, name: str, row: str) -> Response:
    """Insert or replace one row by its name, and answer with it; what is not named is cleared."""
    return await _write(request, name, row, WriteOptions(merge=False))


async def _write(request: Request, name: str, row: str, options: WriteOptions) -> Response:
    publisher(request)
    row_id, _ = split_suffix(row)
    store = portal_of(request).store
    staged = store.staging_file()
    try:
        await spool(request, staged)

        def work() -> Response:
            batches = list(json_batches(staged, single_allowed=True))
            if len(batches) != 1 or batches[0].count != 1:
                raise bad_request("One row is one object.")
            with store.writing() as session:
                view = row_source(request, session, split_suffix(name)[0])
                return _written(session, view, batches[0], row_id, options)

        return await run_in_threadpool(work)
    finally:
        staged.unlink(missing_ok=True)


def _written(
    session: Session, view: View, batch: Batch, row_id: str, options: WriteOptions
) -> Response:
    field = _key_field(view, row_id)
    named = Batch(1, {**batch.cells, field: [row_id]})
    written, counters = upsert_rows(session, view, [named], options, is_csv=False)
    if counters.errors:
        raise Problem(404, "row.missing", "Not found", {"id": row_id[:80]})
    return _answered(session, written, field, row_id)


@router.delete("/resource/{name}/{row}", response_model=None)
def delete_row(request: Request, name: str, row: str) -> Response:
    """Delete one row, named by its `:id` or by the publisher's identifier."""
    publisher(request)
    row_id, _ = split_suffix(row)
    with portal_of(request).store.writing() as session:
        view = row_source(request, session, split_suffix(name)[0])
        order = Batch(1, {_key_field(view, row_id): [row_id], ":deleted": ["true"]})
        _, counters = upsert_rows(session, view, [order], is_csv=True)
        if not counters.deleted:
            raise Problem(404, "row.missing", "Not found", {"id": row_id[:80]})
    return JSONResponse([{"typ": "delete", "id": row_id}])
