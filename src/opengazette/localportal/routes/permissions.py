"""/api/views/…/permissions: who may see a dataset."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_object
from opengazette.localportal.portal import Portal, insider, portal_of, publisher
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.store import now
from opengazette.localportal.views import View

router = APIRouter(prefix="/api/views")
_SCOPES: Final = {"public.read": True, "public": True, "private": False}


@router.get("/{dataset}/permissions", response_model=None)
def permissions(request: Request, dataset: str) -> Response:
    """Show who may see a dataset, and whose it is."""
    insider(request)
    with portal_of(request).store.reading() as session:
        view = session.view(dataset)
    return JSONResponse(permissions_json(view))


@router.put("/{dataset}/permissions", response_model=None)
async def change(request: Request, dataset: str) -> Response:
    """Set who may see a dataset: everybody, or whoever has an account."""
    publisher(request)
    sent = await sent_object(request)
    portal = portal_of(request)

    def work() -> JsonValue:
        with portal.store.reading() as session:
            _refuse_others(session.view(dataset), sent.get("users"))
        set_permission(portal, dataset, sent.get("scope"))
        with portal.store.reading() as session:
            return permissions_json(session.view(dataset))

    return JSONResponse(await run_in_threadpool(work))


def permissions_json(view: View) -> dict[str, JsonValue]:
    """Show the scope of a dataset and its owner."""
    level: JsonValue = {"name": "current_owner", "version": "all"}
    owner: JsonValue = {
        "id": view.owner,
        "displayName": view.owner,
        "type": "user",
        "accessLevels": [level],
    }
    return {"scope": "public" if view.public else "private", "users": [owner]}


def _refuse_others(view: View, users: JsonValue) -> None:
    """Refuse to share one dataset with one user: accounts have roles at the whole portal."""
    if users is not None and not isinstance(users, list):
        raise bad_request("users is a list.")
    for user in users or []:
        if not isinstance(user, dict) or user.get("id") != view.owner:
            raise bad_request("This portal shares with nobody by name: users have roles.")


def set_permission(portal: Portal, dataset: str, scope: JsonValue) -> Response:
    """Make a dataset public or private.

    Raises:
        Problem: the scope is another, or what becomes public is approved first.
    """
    if not isinstance(scope, str) or scope not in _SCOPES:
        raise bad_request(f"The permission is one of {', '.join(_SCOPES)}.")
    with portal.store.writing() as session:
        view = session.view(dataset)
        if _SCOPES[scope] and not view.public:
            refuse_unapproved(portal)
        session.keep(view.model_copy(update={"public": _SCOPES[scope], "modified_at": now()}))
    return Response(status_code=200)


def refuse_unapproved(portal: Portal) -> None:
    """Refuse what would make something public past the second person.

    Raises:
        Problem: what becomes public is approved first.
    """
    if portal.settings.approve_public:
        raise Problem(
            409, "approval.needed", "What becomes public here is approved first: use a revision."
        )
