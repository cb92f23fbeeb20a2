"""Files that are datasets of their own: made and replaced as Socrata's older clients do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from opengazette.localportal.bodies import plain_file_name, spool
from opengazette.localportal.editing import create_view
from opengazette.localportal.portal import portal_of, publisher, split_suffix
from opengazette.localportal.problems import bad_request, wrong_stage
from opengazette.localportal.publishing.applying import with_blob
from opengazette.localportal.store import Asset, Session, Store
from opengazette.localportal.views import View, view_json

router = APIRouter(prefix="/api")
_BYTES: Final = "application/octet-stream"


@dataclass(frozen=True)
class _Sent:
    """A file of a request, whose bytes lie in the folder of what comes in."""

    name: str
    media_type: str


@router.post("/imports2", response_model=None)
@router.post("/imports2/", response_model=None)
async def create_blob(request: Request, method: str = "") -> Response:
    """Make a draft of a file that stays as it is, or let it be what a draft is."""
    owner = publisher(request)
    if method == "setBlobForDraft":
        return await _keep(request, lambda session, _sent: _draft(request, session))
    if method != "blob":
        raise bad_request("The method is blob; rows come by a revision or by /resource.")
    return await _keep(
        request, lambda session, sent: create_view(session, owner, {"name": sent.name})
    )


def _draft(request: Request, session: Session) -> View:
    view = session.view(request.query_params.get("saveUnderViewUid", "")[:40])
    if view.stage == "published":
        raise wrong_stage("A published dataset is no draft; replace its file.")
    return view


@router.post("/views/{name}", response_model=None)
async def replace_blob(request: Request, name: str, method: str = "") -> Response:
    """Put another file in the place of the one that a dataset is."""
    publisher(request)
    if method != "replaceBlob":
        raise bad_request("The method is replaceBlob.")
    dataset, _ = split_suffix(name, ("txt", "json"))
    return await _keep(request, lambda session, _sent: session.view(dataset))


async def _keep(request: Request, dataset: Callable[[Session, _Sent], View]) -> Response:
    store = portal_of(request).store
    staged = store.staging_file()
    try:
        sent = await _take(request, staged)
        view = await run_in_threadpool(_kept, store, staged, sent, dataset)
    finally:
        staged.unlink(missing_ok=True)
    return JSONResponse(view_json(view, owner_sees=True))


async def _take(request: Request, staged: Path) -> _Sent:
    """Write the file of a request to the staged one: the first of a form, or the whole body."""
    named = request.query_params.get("fileName") or request.headers.get("x-file-name", "")
    kind = request.headers.get("content-type", _BYTES)
    if not kind.startswith("multipart/form-data"):
        await spool(request, staged)
        return _Sent(plain_file_name(named), kind)
    async with request.form(max_files=1) as form:
        file = next((part for part in form.values() if isinstance(part, UploadFile)), None)
        if file is None:
            raise bad_request("The form holds no file.")
        await run_in_threadpool(partial(_copy, file, staged))
        return _Sent(plain_file_name(named or file.filename or ""), file.content_type or _BYTES)


def _copy(file: UploadFile, staged: Path) -> None:
    with staged.open("wb") as out:
        shutil.copyfileobj(file.file, out)


def _kept(
    store: Store, staged: Path, sent: _Sent, dataset: Callable[[Session, _Sent], View]
) -> View:
    with store.writing() as session:
        view = dataset(session, sent)
        size = staged.stat().st_size
        asset_id = store.place_file(staged)
        place = store.files / asset_id
        asset = Asset(asset_id, view.id, sent.name, sent.media_type, size, place)
        return session.keep(with_blob(session, view, asset))
