"""/api/publishing/v1/revision: changes to datasets, from open to public."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_file_name, sent_json, sent_object, spool
from opengazette.localportal.portal import Portal, insider, portal_of, publisher
from opengazette.localportal.problems import bad_request
from opengazette.localportal.publishing.drafts import Revision
from opengazette.localportal.publishing.kept import (
    find_revision,
    keep_revision,
    missing,
    revisions_of,
    sources_of,
    upload_folder,
)
from opengazette.localportal.publishing.revising import (
    begin_job,
    change_revision,
    discard_revision,
    open_on_new_view,
    open_restoring,
    open_revision,
    output_to_apply,
    refuse_fixed,
    restored,
    submit,
)
from opengazette.localportal.publishing.shown import approval_json, job_json, revision_json
from opengazette.localportal.store import Asset, Session

router = APIRouter(prefix="/api/publishing/v1/revision")
_STEPS: Final = (
    "prepare_draft_for_import",
    "set_schema",
    "apply_metadata",
    "upsert_task",
    "set_display_type",
    "publish",
    "wait_for_replication",
)


@router.post("", response_model=None)
async def create_with_view(request: Request) -> Response:
    """Make a dataset and open its first revision."""
    owner = publisher(request)
    if "deleted_at" in request.query_params:
        raise bad_request("This portal deletes no dataset by itself: leave deleted_at out.")
    sent = await sent_object(request)

    def work() -> Revision:
        with portal_of(request).store.writing() as session:
            return open_on_new_view(session, owner, sent)

    return JSONResponse(revision_json(await run_in_threadpool(work)), 201)


@router.post("/{dataset}", response_model=None)
async def create(request: Request, dataset: str) -> Response:
    """Open a revision on a dataset."""
    owner = publisher(request)
    sent = await sent_json(request)
    given = sent if isinstance(sent, dict) else {}

    def work() -> Revision:
        with portal_of(request).store.writing() as session:
            return open_revision(session, session.view(dataset), owner, given)

    return JSONResponse(revision_json(await run_in_threadpool(work)), 201)


@router.get("/{dataset}", response_model=None)
def list_revisions(request: Request, dataset: str) -> Response:
    """List the revisions of a dataset."""
    insider(request)
    with portal_of(request).store.reading() as session:
        session.view(dataset)
        return JSONResponse([revision_json(one) for one in revisions_of(session, dataset)])


@router.get("/{dataset}/{seq}", response_model=None)
def show(request: Request, dataset: str, seq: int) -> Response:
    """Show a revision."""
    insider(request)
    with portal_of(request).store.reading() as session:
        return JSONResponse(revision_json(find_revision(session, dataset, seq)))


@router.api_route("/{dataset}/{seq}", methods=["PUT", "PATCH"], response_model=None)
async def update(request: Request, dataset: str, seq: int) -> Response:
    """Change what an open revision will say and do."""
    publisher(request)
    sent = await sent_object(request)

    def work() -> Revision:
        with portal_of(request).store.writing() as session:
            revision = find_revision(session, dataset, seq)
            return change_revision(session, revision, session.view(dataset), sent)

    return JSONResponse(revision_json(await run_in_threadpool(work)))


@router.delete("/{dataset}/{seq}", response_model=None)
def discard(request: Request, dataset: str, seq: int) -> Response:
    """Close a revision without applying it; a closed one stays as it is."""
    publisher(request)
    store = portal_of(request).store
    with store.writing() as session:
        before = find_revision(session, dataset, seq)
        sources = sources_of(session, before.key) if before.closed_at is None else []
        revision = discard_revision(session, before)
    for source in sources:
        shutil.rmtree(upload_folder(store, source.id), ignore_errors=True)
    for asset_id in before.uploaded_assets if sources or revision is not before else ():
        (store.files / asset_id).unlink(missing_ok=True)
    return JSONResponse(revision_json(revision))


@router.get("/{dataset}/{seq}/plan", response_model=None)
def plan(request: Request, dataset: str, seq: int) -> Response:
    """List the steps that applying takes."""
    insider(request)
    with portal_of(request).store.reading() as session:
        revision = find_revision(session, dataset, seq)
    steps = [*_STEPS, *(["set_permission"] if revision.permission else [])]
    if revision.output_schema_id is None:
        steps = [step for step in steps if step not in ("set_schema", "upsert_task")]
    return JSONResponse({"resource": [{"type": step} for step in steps], "links": {}})


@router.put("/{dataset}/{seq}/apply", response_model=None)
async def apply(request: Request, dataset: str, seq: int) -> Response:
    """Begin to make a revision public, or let it wait for a second person."""
    owner = publisher(request)
    sent = await sent_json(request)
    given = sent if isinstance(sent, dict) else {}
    shown = await run_in_threadpool(_apply, portal_of(request), dataset, seq, owner, given)
    return JSONResponse(shown, 201)


def _apply(
    portal: Portal, dataset: str, seq: int, owner: str, sent: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    with portal.store.writing() as session:
        revision = find_revision(session, dataset, seq)
        output_id = output_to_apply(session, revision, sent)
        if portal.settings.approve_public and _becomes_public(session, revision):
            held = submit(session, revision, owner, output_id)
            if held.approval is not None:
                return approval_json(held, held.approval)
        job = begin_job(session, revision, owner, output_id)
    portal.workshop.begin(partial(portal.workshop.apply, revision.key, job.id))
    return job_json(revision, job)


def _becomes_public(session: Session, revision: Revision) -> bool:
    if revision.permission is None:
        return session.view(revision.view_id).public
    return revision.permission == "public"


@router.get("/{dataset}/{seq}/apply/{job_id}", response_model=None)
def show_job(request: Request, dataset: str, seq: int, job_id: int) -> Response:
    """Show how far applying has come."""
    insider(request)
    with portal_of(request).store.reading() as session:
        revision = find_revision(session, dataset, seq)
    job = revision.job(job_id)
    if job is None:
        raise missing("job")
    return JSONResponse(job_json(revision, job))


@router.post("/{dataset}/{seq}/restore", response_model=None)
def restore(request: Request, dataset: str, seq: int) -> Response:
    """Open a revision that brings back the rows an applied one left."""
    owner = publisher(request)
    portal = portal_of(request)
    with portal.store.writing() as session:
        opened, source = open_restoring(session, restored(session, dataset, seq), owner)
    portal.workshop.start(partial(portal.workshop.copy_of_rows, source.id))
    with portal.store.reading() as session:
        opened = find_revision(session, dataset, opened.seq)
    return JSONResponse(revision_json(opened), 201)


@router.post("/{dataset}/{seq}/attachment", response_model=None)
async def attach(request: Request, dataset: str, seq: int) -> Response:
    """Take a file; it shows once the revision's attachments list it and it is applied."""
    publisher(request)
    name = sent_file_name(request)
    media_type = request.headers.get("content-type", "application/octet-stream")
    store = portal_of(request).store
    staged = store.staging_file()
    try:
        size = await spool(request, staged)

        def work() -> Asset:
            with store.writing() as session:
                revision = find_revision(session, dataset, seq)
                refuse_fixed(revision)
                asset_id = store.place_file(staged)
                asset = Asset(asset_id, dataset, name, media_type, size, store.files / asset_id)
                session.keep_asset(asset)
                uploaded = {"uploaded_assets": (*revision.uploaded_assets, asset_id)}
                keep_revision(session, revision.model_copy(update=uploaded))
                return asset

        asset = await run_in_threadpool(work)
    finally:
        staged.unlink(missing_ok=True)
    return JSONResponse({"file_id": asset.id, "filename": asset.file_name}, 201)
