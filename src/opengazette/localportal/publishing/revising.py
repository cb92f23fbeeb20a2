"""Opening, changing and closing revisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from opengazette.localportal.editing import create_view, merged_document
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing.drafts import (
    Action,
    Approval,
    Attachment,
    Job,
    LogEntry,
    Permission,
    Revision,
    Source,
)
from opengazette.localportal.publishing.kept import (
    find_config,
    find_revision,
    forget_source,
    keep_revision,
    keep_source,
    output_of_revision,
    revisions_of,
    sources_of,
)
from opengazette.localportal.store import Session, now
from opengazette.localportal.views import View

_ACTIONS: Final[dict[str, Action]] = {"update": "update", "replace": "replace", "delete": "delete"}
_PERMISSIONS: Final[dict[str, Permission]] = {"public": "public", "private": "private"}


def open_on_new_view(session: Session, owner: str, sent: Mapping[str, JsonValue]) -> Revision:
    """Open the first revision of a dataset that is made for it.

    Raises:
        Problem: the metadata has no name, or is malformed.
    """
    metadata = _object(sent.get("metadata"))
    view = create_view(session, owner, {"name": metadata.get("name", "Untitled")})
    return open_revision(session, view, owner, sent)


def open_revision(
    session: Session, view: View, owner: str, sent: Mapping[str, JsonValue]
) -> Revision:
    """Open a revision on a dataset, by an action or by a recipe.

    Raises:
        Problem: the action, the permission or the metadata is not acceptable.
    """
    named = sent.get("config")
    config = find_config(session, named) if isinstance(named, str) else None
    action = _object(sent.get("action"))
    given = config.data_action if config else action.get("type", "update")
    revision = Revision(
        id=session.draw(),
        view_id=view.id,
        seq=_next_seq(session, view.id),
        created_by=owner,
        created_at=now(),
        action=_action(given),
        permission=_permission(action.get("permission")),
        metadata=_metadata(view, {}, sent.get("metadata")),
        config=config.name if config else None,
    )
    return keep_revision(session, revision)


def change_revision(
    session: Session, revision: Revision, view: View, sent: Mapping[str, JsonValue]
) -> Revision:
    """Change an open revision. Attachments are a list that replaces the one before; a change
    of the metadata without them empties the list, as on the platform. What was submitted for
    approval is no longer: nobody approves what they did not see.

    Raises:
        Problem: the revision is closed or being applied, or a change is not acceptable.
    """
    refuse_fixed(revision)
    changes: dict[str, object] = {"approval": None}
    if "metadata" in sent:
        changes["metadata"] = _metadata(view, revision.metadata, sent["metadata"])
        changes["attachments"] = () if revision.attachments else revision.attachments
    if "attachments" in sent:
        changes["attachments"] = _attachments(session, revision, sent["attachments"])
    if "notes" in sent:
        changes["notes"] = str(sent["notes"]) if sent["notes"] is not None else None
    if "output_schema_id" in sent:
        changes["output_schema_id"] = _output_id(session, revision, sent["output_schema_id"])
    if "action" in sent:
        action = _object(sent["action"])
        changes["action"] = _action(action.get("type", revision.action))
        changes["permission"] = _permission(action.get("permission", revision.permission))
    return keep_revision(session, revision.model_copy(update=changes))


def discard_revision(session: Session, revision: Revision) -> Revision:
    """Close a revision without applying it, with all that was uploaded for it."""
    if revision.closed_at is not None:
        return revision
    for source in sources_of(session, revision.key):
        forget_source(session, source)
    for asset_id in revision.uploaded_assets:
        session.cursor.execute("DELETE FROM assets WHERE id = ?", [asset_id])
    closed = {"closed_at": now(), "discarded": True, "output_schema_id": None, "blob_id": None}
    return keep_revision(session, revision.model_copy(update=closed))


def open_restoring(session: Session, revision: Revision, owner: str) -> tuple[Revision, Source]:
    """Open a revision that brings back the rows an applied one left.

    Raises:
        Problem: the rows were not archived (409).
    """
    if revision.snapshot is None:
        raise Problem(409, "revision.not-archived", "The rows of that revision are not archived.")
    restoring = Revision(
        id=session.draw(),
        view_id=revision.view_id,
        seq=_next_seq(session, revision.view_id),
        created_by=owner,
        created_at=now(),
        action="replace",
        metadata=revision.metadata,
    )
    source = Source(
        id=session.draw(),
        created_by=owner,
        created_at=now(),
        type="view",
        fourfour=revision.view_id,
        archived_seq=revision.seq,
        revision=restoring.key,
    )
    return keep_revision(session, restoring), keep_source(session, source)


def begin_job(session: Session, revision: Revision, owner: str, output_id: int | None) -> Job:
    """Begin to apply a revision.

    Raises:
        Problem: it is closed, or is being applied already.
    """
    refuse_fixed(revision)
    job = Job(
        id=session.draw(),
        created_by=owner,
        created_at=now(),
        output_schema_id=output_id,
        log=(LogEntry(stage="started", time=now()),),
    )
    keep_revision(session, revision.model_copy(update={"jobs": (*revision.jobs, job)}))
    return job


def submit(session: Session, revision: Revision, owner: str, output_id: int | None) -> Revision:
    """Let a revision wait for a second person."""
    refuse_fixed(revision)
    approval = Approval(
        id=session.draw(), submitted_by=owner, submitted_at=now(), output_schema_id=output_id
    )
    return keep_revision(session, revision.model_copy(update={"approval": approval}))


def output_to_apply(
    session: Session, revision: Revision, sent: Mapping[str, JsonValue]
) -> int | None:
    """Return the output schema that a request applies: its own, else the revision's."""
    if sent.get("output_schema_id") is None:
        return revision.output_schema_id
    return _output_id(session, revision, sent["output_schema_id"])


def refuse_closed(revision: Revision) -> None:
    """Refuse a change to a closed revision.

    Raises:
        Problem: it is closed (409).
    """
    if revision.closed_at is not None:
        raise Problem(409, "revision.closed", "The revision is closed; open another.")


def refuse_fixed(revision: Revision) -> None:
    """Refuse a change to a revision that is closed or being applied.

    Raises:
        Problem: it is (409).
    """
    refuse_closed(revision)
    if any(job.finished_at is None for job in revision.jobs):
        raise Problem(409, "revision.applying", "The revision is being applied already.")


def restored(session: Session, view_id: str, seq: int) -> Revision:
    """Return the revision to restore.

    Raises:
        Problem: there is none, or it is still open.
    """
    revision = find_revision(session, view_id, seq)
    if revision.closed_at is None:
        raise Problem(409, "revision.open", "Only an applied revision can be restored.")
    return revision


def _next_seq(session: Session, view_id: str) -> int:
    return max((one.seq for one in revisions_of(session, view_id)), default=-1) + 1


def _object(sent: JsonValue) -> dict[str, JsonValue]:
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        raise bad_request("metadata and action are objects.")
    return sent


def _metadata(view: View, before: Mapping[str, JsonValue], sent: JsonValue) -> dict[str, JsonValue]:
    metadata = {**before, **_object(sent)}
    merged_document(view.document, metadata)
    return metadata


def _action(given: JsonValue) -> Action:
    if not isinstance(given, str) or given not in _ACTIONS:
        raise bad_request(f"The action's type is one of {', '.join(_ACTIONS)}.")
    return _ACTIONS[given]


def _permission(given: JsonValue) -> Permission | None:
    if given is None:
        return None
    if not isinstance(given, str) or given not in _PERMISSIONS:
        raise bad_request(f"The permission is one of {', '.join(_PERMISSIONS)}, or null.")
    return _PERMISSIONS[given]


def _output_id(session: Session, revision: Revision, given: JsonValue) -> int | None:
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool):
        raise bad_request("output_schema_id is a whole number.")
    output_of_revision(session, revision.key, given)
    return given


def _attachments(session: Session, revision: Revision, sent: JsonValue) -> tuple[Attachment, ...]:
    if not isinstance(sent, list):
        raise bad_request("attachments is a list.")
    found = []
    for entry in sent:
        given = _object(entry)
        asset_id = given.get("asset_id") or given.get("assetId") or given.get("file_id")
        asset = session.asset(revision.view_id, str(asset_id))
        if asset is None:
            raise bad_request("An attachment was not uploaded to this dataset.")
        name = str(given.get("name") or asset.file_name)
        filename = str(given.get("filename") or asset.file_name)
        found.append(Attachment(name=name, filename=filename, asset_id=asset.id))
    return tuple(found)
