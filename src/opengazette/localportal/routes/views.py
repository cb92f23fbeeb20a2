"""/api/views: datasets, their columns, stages, permissions and attached files."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_file_name, sent_json, sent_object, spool
from opengazette.localportal.editing import (
    add_column,
    change_column,
    copy_view,
    create_view,
    drop_column,
    publish_view,
    update_view,
)
from opengazette.localportal.portal import (
    asker,
    may,
    portal_of,
    publisher,
    readable_view,
    split_suffix,
)
from opengazette.localportal.problems import bad_request, view_missing, wrong_stage
from opengazette.localportal.publishing.kept import forget_revisions, upload_folder
from opengazette.localportal.reading import ask
from opengazette.localportal.routes.permissions import refuse_unapproved, set_permission
from opengazette.localportal.soql.grammar import Query
from opengazette.localportal.store import Asset, Session, close_session, then_close
from opengazette.localportal.views import View, column_json, view_json
from opengazette.localportal.wire import MEDIA_TYPE, csv_body, soda_headers

router = APIRouter(prefix="/api/views")
_READ: Final = ["GET", "HEAD"]
_VALIDATE: Final = "validate"


def _kept_or_tried(request: Request) -> AbstractContextManager[Session]:
    """Open a write; one that only asks what would come of it leaves nothing."""
    asked = request.query_params
    only_asks = asked.get("validateOnly") == "true" or asked.get("method") == _VALIDATE
    store = portal_of(request).store
    return store.trying() if only_asks else store.writing()


def _shown(view: View) -> JSONResponse:
    return JSONResponse(view_json(view, owner_sees=True))


@router.post("", response_model=None)
@router.post(".json", response_model=None)
async def create(request: Request) -> Response:
    """Create a draft."""
    owner = publisher(request)
    sent = await sent_object(request)

    def work() -> View:
        with _kept_or_tried(request) as session:
            return create_view(session, owner, sent)

    return _shown(await run_in_threadpool(work))


@router.api_route("", methods=_READ, response_model=None)
@router.api_route(".json", methods=_READ, response_model=None)
def list_views(request: Request) -> Response:
    """List the datasets that the asker may see."""
    logged_in = asker(request) is not None
    owner_sees = may(request, "write")
    with portal_of(request).store.reading() as session:
        views = [view for view in session.views() if view.visible or logged_in]
    return JSONResponse([view_json(view, owner_sees=owner_sees) for view in views])


@router.api_route("/{name}", methods=_READ, response_model=None)
def show(request: Request, name: str) -> Response:
    """Show what a dataset says of itself."""
    with portal_of(request).store.reading() as session:
        view = readable_view(request, session, split_suffix(name)[0])
    return JSONResponse(view_json(view, owner_sees=may(request, "write")))


@router.put("/{name}", response_model=None)
async def update(request: Request, name: str) -> Response:
    """Merge a document into the dataset's, or set who may read it."""
    publisher(request)
    dataset = split_suffix(name)[0]
    method = request.query_params.get("method")
    if method == "setPermission":
        scope = request.query_params.get("value") or await sent_json(request)
        return await run_in_threadpool(set_permission, portal_of(request), dataset, scope)
    if method not in (None, _VALIDATE):
        raise bad_request("The method is not known.")
    sent = await sent_object(request)

    def work() -> View:
        with _kept_or_tried(request) as session:
            return update_view(session, session.view(dataset), sent)

    return _shown(await run_in_threadpool(work))


@router.patch("/{name}", response_model=None)
def prepare(request: Request, name: str, method: str = "") -> Response:
    """Let a draft take rows; here every draft is ready as it is."""
    publisher(request)
    if method != "prepareDraftForImport":
        raise bad_request("The method is prepareDraftForImport.")
    with portal_of(request).store.reading() as session:
        view = session.view(split_suffix(name)[0])
    if view.stage == "published":
        raise wrong_stage("A published dataset is no draft; make a working copy of it.")
    return _shown(view)


@router.delete("/{name}", response_model=None)
def delete(request: Request, name: str) -> Response:
    """Delete the dataset with its rows and files."""
    publisher(request)
    store = portal_of(request).store
    with store.writing() as session:
        view = session.view(split_suffix(name)[0])
        assets = session.asset_ids(view.id)
        uploads = forget_revisions(session, view.id)
        session.forget(view)
    for source_id in uploads:
        shutil.rmtree(upload_folder(store, source_id), ignore_errors=True)
    for asset_id in assets:
        (store.files / asset_id).unlink(missing_ok=True)
    return Response(status_code=200)


@router.post("/{dataset}/publication", response_model=None)
@router.post("/{dataset}/publication.json", response_model=None)
def publication(
    request: Request, dataset: str, method: Literal["copy", "copySchema"] | None = None
) -> Response:
    """Publish a draft, or make a working copy of a published dataset."""
    publisher(request)
    with portal_of(request).store.writing() as session:
        view = session.view(dataset)
        if method is None:
            original = session.find(view.working_copy_of or "")
            if view.public or (original is not None and original.public):
                refuse_unapproved(portal_of(request))
            return _shown(publish_view(session, view))
        return _shown(copy_view(session, view, with_rows=method == "copy"))


@router.api_route("/{dataset}/columns", methods=_READ, response_model=None)
@router.api_route("/{dataset}/columns.json", methods=_READ, response_model=None)
def columns(request: Request, dataset: str) -> Response:
    """List the columns."""
    with portal_of(request).store.reading() as session:
        view = readable_view(request, session, dataset)
    return JSONResponse([column_json(column) for column in view.columns])


@router.post("/{dataset}/columns", response_model=None)
@router.post("/{dataset}/columns.json", response_model=None)
async def add(request: Request, dataset: str) -> Response:
    """Add a column to a draft, or several with `method=multiCreate`."""
    publisher(request)
    sent = await sent_object(request)
    several = request.query_params.get("method") == "multiCreate"
    listed = sent.get("columns") if several else [sent]
    if not isinstance(listed, list):
        raise bad_request("multiCreate takes a list of columns.")

    def work(session: Session) -> View:
        view = session.view(dataset)
        for entry in listed:
            view = add_column(session, view, entry)
        return view

    def transaction() -> View:
        with portal_of(request).store.writing() as session:
            return work(session)

    made = [column_json(c) for c in (await run_in_threadpool(transaction)).columns][-len(listed) :]
    return JSONResponse(made if several else made[0])


@router.put("/{dataset}/columns/{field}", response_model=None)
async def change(request: Request, dataset: str, field: str) -> Response:
    """Change what a column says of itself."""
    publisher(request)
    sent = await sent_object(request)
    field = split_suffix(field)[0]

    def work() -> JsonValue:
        with portal_of(request).store.writing() as session:
            view = session.view(dataset)
            place = (
                [column.field_name for column in view.columns].index(field)
                if view.column(field)
                else 0
            )
            return column_json(change_column(session, view, field, sent).columns[place])

    return JSONResponse(await run_in_threadpool(work))


@router.delete("/{dataset}/columns/{field}", response_model=None)
def drop(request: Request, dataset: str, field: str) -> Response:
    """Take a column out of a draft."""
    publisher(request)
    with portal_of(request).store.writing() as session:
        drop_column(session, session.view(dataset), split_suffix(field)[0])
    return Response(status_code=200)


@router.post("/{dataset}/files.txt", response_model=None)
async def attach(request: Request, dataset: str) -> Response:
    """Take a file; it shows once the dataset's metadata lists it."""
    publisher(request)
    name = sent_file_name(request)
    media_type = request.headers.get("content-type", "application/octet-stream")
    store = portal_of(request).store
    staged = store.staging_file()
    try:
        size = await spool(request, staged)

        def work() -> Asset:
            with store.writing() as session:
                session.view(dataset)
                asset_id = store.place_file(staged)
                asset = Asset(asset_id, dataset, name, media_type, size, store.files / asset_id)
                session.keep_asset(asset)
                return asset

        asset = await run_in_threadpool(work)
    finally:
        staged.unlink(missing_ok=True)
    return JSONResponse({"file": asset.id, "nameForOutput": asset.file_name})


@router.api_route("/{dataset}/files/{asset_id}", methods=_READ, response_model=None)
def attached(request: Request, dataset: str, asset_id: str) -> Response:
    """Answer with an attached file, always as a download."""
    with portal_of(request).store.reading() as session:
        readable_view(request, session, dataset)
        asset = session.asset(dataset, asset_id)
    if asset is None:
        raise view_missing(f"{dataset}/{asset_id}"[:80])
    return FileResponse(
        asset.path,
        filename=asset.file_name,
        media_type=asset.media_type,
        headers={"X-Content-Type-Options": "nosniff"},
    )


@router.api_route("/{dataset}/rows.csv", methods=_READ, response_model=None)
def all_rows(request: Request, dataset: str) -> Response:
    """Answer with every row as CSV under display names."""
    session = portal_of(request).store.open_session()
    try:
        view = readable_view(request, session, dataset)
        answer = ask(session, view, Query(limit=view.row_count))
    except BaseException:
        close_session(session)
        raise
    headers = soda_headers(view, answer.columns)
    headers["Content-Disposition"] = f'attachment; filename="{view.id}.csv"'
    body = csv_body(answer, [column.name for column in view.columns])

    return StreamingResponse(
        then_close(body, session), media_type=MEDIA_TYPE["csv"], headers=headers
    )
