"""What is being prepared and not public yet, for those who may see it."""

from __future__ import annotations

from dataclasses import dataclass

from opengazette.localportal.publishing.kept import all_revisions
from opengazette.localportal.store import Session
from opengazette.localportal.views import View


@dataclass(frozen=True)
class Draft:
    """Something that waits: a dataset that is not public, or an open change to one."""

    title: str
    place: str
    state: str
    moment: int


def drafts(session: Session) -> list[Draft]:
    """Return everything that is being prepared, newest first."""
    views = {view.id: view for view in session.views()}
    found = [_of_view(view) for view in views.values() if not view.visible]
    for revision in all_revisions(session):
        view = views.get(revision.view_id)
        if revision.closed_at is None and view is not None:
            place = f"/d/{view.id}/revisions/{revision.seq}"
            waits = revision.approval is not None and revision.approval.state == "pending"
            state = f"revision {revision.seq}{', waits for approval' if waits else ''}"
            found.append(Draft(view.text("name"), place, state, revision.created_at))
    return sorted(found, key=lambda draft: (-draft.moment, draft.place))


def _of_view(view: View) -> Draft:
    if view.working_copy_of is not None:
        place, state = f"/d/{view.id}/compare", "working copy"
    else:
        place = f"/d/{view.id}"
        state = "draft" if view.stage == "unpublished" else "published, not public"
    return Draft(view.text("name"), place, state, max(view.modified_at, view.rows_updated_at))
