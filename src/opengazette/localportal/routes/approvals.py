"""Changes that wait for a second person, and what becomes of archived rows."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_object
from opengazette.localportal.portal import Portal, holder, insider, portal_of, publisher
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing.drafts import Job, Revision
from opengazette.localportal.publishing.kept import keep_revision, missing, revisions_of
from opengazette.localportal.publishing.revising import begin_job
from opengazette.localportal.publishing.shown import approval_json, moment
from opengazette.localportal.store import Session, now

router = APIRouter(prefix="/api")


@router.get("/views/{dataset}/approvals", response_model=None)
def list_approvals(request: Request, dataset: str) -> Response:
    """List the changes of a dataset that were submitted."""
    insider(request)
    with portal_of(request).store.reading() as session:
        session.view(dataset)
        found = revisions_of(session, dataset)
    shown = [
        approval_json(one, one.approval)
        for one in found
        if one.approval is not None and not one.discarded
    ]
    return JSONResponse([one["resource"] for one in shown])


@router.put("/views/{dataset}/approvals/{approval_id}", response_model=None)
async def review(request: Request, dataset: str, approval_id: int) -> Response:
    """Approve or reject a submitted change; nobody reviews their own."""
    reviewer = holder(request, "review")
    state = (await sent_object(request)).get("state")
    if state not in ("approved", "rejected"):
        raise bad_request("The state is approved or rejected.")
    portal = portal_of(request)
    answer = await run_in_threadpool(
        _reviewed, portal, dataset, approval_id, reviewer, approved=state == "approved"
    )
    return JSONResponse(answer)


def _reviewed(
    portal: Portal, dataset: str, approval_id: int, reviewer: str, *, approved: bool
) -> object:
    job: Job | None = None
    with portal.store.writing() as session:
        revision = _submitted(session, dataset, approval_id, reviewer)
        if revision.approval is None:
            raise missing("approval")
        decided = revision.approval.model_copy(
            update={
                "state": "approved" if approved else "rejected",
                "reviewed_by": reviewer,
                "reviewed_at": now(),
            }
        )
        revision = keep_revision(session, revision.model_copy(update={"approval": decided}))
        if approved:
            submitter = decided.submitted_by
            job = begin_job(session, revision, submitter, decided.output_schema_id)
    if job is not None:
        portal.workshop.begin(partial(portal.workshop.apply, revision.key, job.id))
    return approval_json(revision, decided)["resource"]


def _submitted(session: Session, dataset: str, approval_id: int, reviewer: str) -> Revision:
    for revision in revisions_of(session, dataset):
        approval = revision.approval
        if approval is None or approval.id != approval_id or revision.discarded:
            continue
        if approval.state != "pending":
            raise Problem(409, "approval.decided", f"The change is {approval.state} already.")
        if approval.submitted_by == reviewer:
            raise Problem(403, "approval.own", "Another person than the submitter reviews.")
        return revision
    raise missing("approval")


@router.post("/archival", response_model=None)
def enroll(request: Request, id: str, method: str) -> Response:  # noqa: A002 - the API's names
    """Keep the rows of a dataset after every revision from now on."""
    publisher(request)
    if method != "enroll":
        raise bad_request("The method is enroll.")
    with portal_of(request).store.writing() as session:
        session.keep(session.view(id).model_copy(update={"archived": True}))
    return JSONResponse({"id": id, "enrolled": True})


@router.get("/views/{dataset}/replication.json", response_model=None)
def replication(request: Request, dataset: str) -> Response:
    """Say how far the copies of a dataset are; here they are always current."""
    insider(request)
    with portal_of(request).store.reading() as session:
        view = session.view(dataset)
    names = ["archival"] if view.archived else []
    version = view.data_version
    return JSONResponse(
        {
            "read_replication_up_to_date": True,
            "truth_data_version": version,
            "truth_last_updated_at": moment(view.rows_updated_at),
            "secondary_versions": [{"name": name, "version": version} for name in names],
        }
    )
