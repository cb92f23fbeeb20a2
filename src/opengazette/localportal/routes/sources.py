"""/api/publishing/v1/source: where the rows of a change come from, and their bytes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_object, spool
from opengazette.localportal.portal import Portal, insider, portal_of, publisher
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing.drafts import ParseOptions, RevisionKey, Source
from opengazette.localportal.publishing.kept import (
    find_config,
    find_revision,
    find_source,
    keep_revision,
    keep_source,
    sources_of,
    upload_folder,
)
from opengazette.localportal.publishing.parse_options import changed_options
from opengazette.localportal.publishing.revising import refuse_closed
from opengazette.localportal.publishing.shown import source_json
from opengazette.localportal.publishing.sources import TAB_SEPARATED
from opengazette.localportal.publishing.uploads import (
    CHUNK_BYTES,
    PARALLEL,
    begin,
    put_chunk,
    put_together,
    take_whole,
)
from opengazette.localportal.store import Session, now

router = APIRouter(prefix="/api/publishing/v1")
_TYPES: Final = "This portal takes sources of the types upload and view."


@router.get("/revision/{dataset}/{seq}/source", response_model=None)
def list_sources(request: Request, dataset: str, seq: int) -> Response:
    """List the sources of a revision."""
    insider(request)
    with portal_of(request).store.reading() as session:
        revision = find_revision(session, dataset, seq)
        return JSONResponse([source_json(one) for one in sources_of(session, revision.key)])


@router.post("/revision/{dataset}/{seq}/source", response_model=None)
async def create(request: Request, dataset: str, seq: int) -> Response:
    """Make a source within a revision; one of a dataset is filled at once."""
    owner = publisher(request)
    sent = await sent_object(request)
    key = RevisionKey(view_id=dataset, seq=seq)
    return await run_in_threadpool(_created, portal_of(request), owner, sent, key)


@router.post("/source", response_model=None)
async def create_alone(request: Request) -> Response:
    """Make a source that is put into a revision later."""
    owner = publisher(request)
    sent = await sent_object(request)
    return await run_in_threadpool(_created, portal_of(request), owner, sent, None)


def _created(
    portal: Portal, owner: str, sent: dict[str, JsonValue], key: RevisionKey | None
) -> Response:
    with portal.store.writing() as session:
        source = keep_source(session, _new_source(session, owner, sent, key))
    if source.type == "view":
        portal.workshop.start(partial(portal.workshop.copy_of_rows, source.id))
    return _shown(portal, source.id, 201)


def _new_source(
    session: Session, owner: str, sent: dict[str, JsonValue], key: RevisionKey | None
) -> Source:
    kind = sent.get("source_type")
    if not isinstance(kind, dict) or kind.get("type") not in ("upload", "view"):
        raise bad_request(_TYPES)
    filename = str(kind.get("filename") or "")
    options = ParseOptions()
    if filename.lower().endswith(".tsv"):
        options = options.model_copy(update={"column_separator": "\t"})
    if key is not None:
        revision = find_revision(session, key.view_id, key.seq)
        refuse_closed(revision)
        if revision.config is not None:
            options = find_config(session, revision.config).parse_options
    fourfour = kind.get("fourfour")
    if kind["type"] == "view":
        session.view(str(fourfour))
    return Source(
        id=session.draw(),
        created_by=owner,
        created_at=now(),
        type="view" if kind["type"] == "view" else "upload",
        filename=filename,
        fourfour=str(fourfour) if kind["type"] == "view" else None,
        revision=key,
        parse_options=changed_options(options, sent.get("parse_options")),
    )


def _shown(portal: Portal, source_id: int, status: int = 200) -> JSONResponse:
    with portal.store.reading() as session:
        return JSONResponse(source_json(find_source(session, source_id)), status)


@router.get("/source/{source_id}", response_model=None)
def show(request: Request, source_id: int) -> Response:
    """Show a source."""
    insider(request)
    return _shown(portal_of(request), source_id)


@router.put("/source/{source_id}/load", response_model=None)
def load(request: Request, source_id: int) -> Response:
    """Answer that a source of a dataset is loaded: here it always is."""
    publisher(request)
    return _shown(portal_of(request), source_id)


@router.post("/source/{source_id}", response_model=None)
async def update(request: Request, source_id: int) -> Response:
    """Change how the bytes are read; what is there already is read again."""
    publisher(request)
    sent = await sent_object(request)
    portal = portal_of(request)

    def work() -> Response:
        with portal.store.writing() as session:
            source = find_source(session, source_id)
            _refuse_closed_for(session, source)
            options = changed_options(source.parse_options, sent.get("parse_options"))
            changes: dict[str, object] = {"parse_options": options}
            again = source.uploaded_at is not None and options.parse_source
            if again:
                changes |= {"finished_at": None, "failed_at": None, "failure": None}
            keep_source(session, source.model_copy(update=changes))
        if again:
            portal.workshop.start(partial(portal.workshop.read, source_id))
        return _shown(portal, source_id)

    return await run_in_threadpool(work)


def _refuse_closed_for(session: Session, source: Source) -> None:
    """Refuse to read bytes again that are gone with their revision."""
    if source.revision is not None:
        refuse_closed(find_revision(session, source.revision.view_id, source.revision.seq))


@router.patch("/source/{source_id}", response_model=None)
async def add_to_revision(request: Request, source_id: int) -> Response:
    """Put a source into a revision."""
    publisher(request)
    given = (await sent_object(request)).get("revision")
    portal = portal_of(request)
    if not isinstance(given, dict) or not isinstance(given.get("revision_seq"), int):
        raise bad_request("revision names a fourfour and a revision_seq.")
    key = RevisionKey(view_id=str(given.get("fourfour")), seq=int(str(given["revision_seq"])))

    def work() -> Response:
        with portal.store.writing() as session:
            refuse_closed(find_revision(session, key.view_id, key.seq))
            source = find_source(session, source_id)
            if source.revision is not None and source.revision != key:
                raise Problem(409, "source.taken", "The source belongs to another revision.")
            keep_source(session, source.model_copy(update={"revision": key}))
        return _shown(portal, source_id)

    return await run_in_threadpool(work)


@router.post("/source/{source_id}/initiate", response_model=None)
async def initiate(request: Request, source_id: int) -> Response:
    """Begin an upload in chunks."""
    publisher(request)
    sent = await sent_object(request)
    await run_in_threadpool(_begun, portal_of(request), source_id, str(sent.get("content_type")))
    answer = {"preferred_chunk_size": CHUNK_BYTES, "preferred_upload_parallelism": PARALLEL}
    return JSONResponse(answer)


def _begun(portal: Portal, source_id: int, content_type: str) -> Path:
    with portal.store.writing() as session:
        source = find_source(session, source_id)
        if source.type != "upload" or source.uploaded_at is not None:
            raise Problem(409, "upload.finished", "The source has its bytes already.")
        options = source.parse_options
        if content_type == TAB_SEPARATED and options.column_separator == ",":
            options = options.model_copy(update={"column_separator": "\t"})
        changes = {"content_type": content_type, "parse_options": options}
        keep_source(session, source.model_copy(update=changes))
    folder = upload_folder(portal.store, source_id)
    begin(folder)
    return folder


@router.post("/source/{source_id}/chunk/{number}/{offset}", response_model=None)
async def chunk(request: Request, source_id: int, number: int, offset: int) -> Response:
    """Take the bytes from an offset on."""
    publisher(request)
    if number < 0 or offset < 0:
        raise bad_request("Chunks and bytes are counted from zero.")
    store = portal_of(request).store
    staged = store.staging_file()
    try:
        size = await spool(request, staged)
        folder = upload_folder(store, source_id)
        await run_in_threadpool(put_chunk, folder, staged, number, offset)
    finally:
        staged.unlink(missing_ok=True)
    answer = {"seq_num": number, "byte_offset": offset, "end_byte_offset": offset + size}
    return JSONResponse(answer, 201)


@router.post("/source/{source_id}/chunk/{number}/{size}/commit", response_model=None)
def commit(request: Request, source_id: int, number: int, size: int) -> Response:
    """End an upload: the chunks are all there and as many bytes as the client says."""
    publisher(request)
    portal = portal_of(request)
    put_together(upload_folder(portal.store, source_id), number, size)
    return _uploaded(portal, source_id, size)


@router.post("/source/{source_id}/bytes", response_model=None)
async def take_bytes(request: Request, source_id: int) -> Response:
    """Take an upload in one piece."""
    publisher(request)
    portal = portal_of(request)
    staged = portal.store.staging_file()
    try:
        size = await spool(request, staged)
        content_type = request.headers.get("content-type", "text/csv")
        folder = await run_in_threadpool(_begun, portal, source_id, content_type)
        take_whole(folder, staged)
    finally:
        staged.unlink(missing_ok=True)
    return await run_in_threadpool(_uploaded, portal, source_id, size)


def _uploaded(portal: Portal, source_id: int, size: int) -> Response:
    with portal.store.writing() as session:
        source = find_source(session, source_id)
        first = source.uploaded_at is None
        parsed = source.parse_options.parse_source
        changes: dict[str, object] = {"uploaded_at": now(), "filesize": size}
        if not parsed:
            changes["finished_at"] = now()
        if first:
            keep_source(session, source.model_copy(update=changes))
        if first and not parsed and source.revision is not None:
            revision = find_revision(session, source.revision.view_id, source.revision.seq)
            keep_revision(session, revision.model_copy(update={"blob_id": source_id}))
    if first and parsed:
        portal.workshop.start(partial(portal.workshop.read, source_id))
    return _shown(portal, source_id)
