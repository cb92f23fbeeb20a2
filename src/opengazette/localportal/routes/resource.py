"""/resource: the rows of a dataset, read and written."""

from __future__ import annotations

import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import (
    Batch,
    body_is_csv,
    csv_batches,
    is_one_object,
    json_batches,
    spool,
)
from opengazette.localportal.counters import Counters
from opengazette.localportal.forms import SUFFIXES, body_in, form_asked
from opengazette.localportal.portal import Portal, asker, portal_of, publisher, split_suffix
from opengazette.localportal.problems import (
    dataset_missing,
    login_needed,
    version_mismatch,
)
from opengazette.localportal.reading import ask, ask_for_lines, query_of
from opengazette.localportal.ready import ReadyAnswer
from opengazette.localportal.rows import replace_rows, upsert_rows
from opengazette.localportal.sending import rows_response
from opengazette.localportal.soql.grammar import Query
from opengazette.localportal.store import Session, close_session
from opengazette.localportal.views import View, row_name
from opengazette.localportal.wire import (
    MEDIA_TYPE,
    Format,
    entity_tag,
    json_object,
    not_modified,
    soda_headers,
    version_headers,
)
from opengazette.localportal.write_options import WriteOptions, write_options

router = APIRouter()
_READ: Final = ["GET", "HEAD"]


def row_source(request: Request, session: Session, dataset: str) -> View:
    """Return a dataset whose rows the asker may read.

    Raises:
        Problem: 404 where there is none, 403 where it is not for strangers.
    """
    view = session.find(dataset)
    if view is None:
        raise dataset_missing(dataset[:40])
    if not view.visible and asker(request) is None:
        raise login_needed()
    return view


@router.api_route("/resource/{name}", methods=_READ, response_model=None)
@router.api_route("/id/{name}", methods=_READ, response_model=None)
def read_rows(request: Request, name: str) -> Response:
    """Answer a query in the form that the suffix or the client asks for."""
    dataset, suffix = split_suffix(name, SUFFIXES)
    form = form_asked(request, suffix)
    portal = portal_of(request)
    session = portal.store.open_session()
    try:
        view = row_source(request, session, dataset)
        tag = entity_tag(view, request.url.query, form)
        ready = portal.ready.find(tag) if view.visible else None
        if not_modified(request, tag, view.rows_updated_at) or ready is not None:
            close_session(session)
            return _again(request, tag, view, ready)
        return _read(request, session, view, form, tag)
    except BaseException:
        close_session(session)
        raise


def _again(request: Request, tag: str, view: View, ready: ReadyAnswer | None) -> Response:
    """Answer with what the client has already, or with what is ready."""
    if ready is None or not_modified(request, tag, view.rows_updated_at):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(ready.body, headers=dict(ready.headers))


def _read(request: Request, session: Session, view: View, form: Format, tag: str) -> Response:
    query = query_of(request)
    if form == "xml" and query.is_plain():
        query = replace(query, system_fields=True)
    lines = ask_for_lines(session, view, query) if form == "csv" else None
    answer = lines or ask(session, view, query)
    body = body_in(form, answer, f"{request.base_url}resource/{view.id}")
    if form in ("csv", "tsv") and request.query_params.get("$$bom", "").lower() == "true":
        body = chain((BOM_UTF8,), body)
    headers = soda_headers(view, answer.columns) | {"ETag": tag, "Vary": "Accept"}
    response = rows_response(session, answer, body, MEDIA_TYPE[form], headers)
    # XML names the address that it was asked at, which the ETag does not know.
    if answer.whole and view.visible and form != "xml":
        kind = {"Content-Type": MEDIA_TYPE[form]}
        portal_of(request).ready.keep(tag, ReadyAnswer(bytes(response.body), headers | kind))
    return response


async def _write(request: Request, name: str, *, replace: bool) -> Response:
    publisher(request)
    dataset, suffix = split_suffix(name)
    is_csv = body_is_csv(request, suffix)
    options = write_options(request)
    portal = portal_of(request)
    staged = portal.store.staging_file()
    try:
        await spool(request, staged)
        one_row = not (is_csv or replace or suffix) and is_one_object(staged)
        view, counters = await run_in_threadpool(
            _write_rows, portal, dataset, staged, options, is_csv=is_csv, replace=replace
        )
        if one_row:
            return await run_in_threadpool(_row_as_written, portal, view, staged)
    finally:
        staged.unlink(missing_ok=True)
    return JSONResponse(counters.body(), headers=version_headers(view))


def _row_as_written(portal: Portal, view: View, staged: Path) -> Response:
    """Answer with the one row of a request, as Socrata does where the address has no suffix."""
    cells = next(json_batches(staged, single_allowed=True)).cells
    identifier = view.identifier()
    key = identifier.field_name if identifier and identifier.field_name in cells else ":id"
    newest = row_name(view.next_row - 1, zlib.crc32(view.id.encode()))
    named = str(cells.get(key, [None])[0] or newest)
    with portal.store.reading() as session:
        answer = ask(session, view, Query(equals=((key, named),), limit=1))
        found = json_object(answer) or b"{}\n"
    return Response(found, media_type=MEDIA_TYPE["json"], headers=version_headers(view))


def _write_rows(
    portal: Portal,
    dataset: str,
    staged: Path,
    options: WriteOptions,
    *,
    is_csv: bool,
    replace: bool,
) -> tuple[View, Counters]:
    batches: Iterator[Batch] = (
        csv_batches(staged) if is_csv else json_batches(staged, single_allowed=not replace)
    )
    with portal.store.writing() as session:
        view = session.find(dataset)
        if view is None:
            raise dataset_missing(dataset[:40])
        if options.expected not in (None, view.data_version):
            raise version_mismatch(view.data_version)
        write = replace_rows if replace or options.truncate else upsert_rows
        return write(session, view, batches, options, is_csv=is_csv)


@router.post("/resource/{name}", response_model=None)
@router.post("/id/{name}", response_model=None)
async def upsert(request: Request, name: str) -> Response:
    """Insert, update and delete rows in one transaction.

    The answer counts rows; one object sent to an address without a suffix is sent back.
    """
    return await _write(request, name, replace=False)


@router.put("/resource/{name}", response_model=None)
@router.put("/id/{name}", response_model=None)
async def replace_all(request: Request, name: str) -> Response:
    """Replace every row in one transaction."""
    return await _write(request, name, replace=True)
