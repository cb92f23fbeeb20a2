"""The pages: the catalogue, what the portal is, and signing in to read drafts."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from opengazette.localportal.pages import dataset_page, download_routes, preview_page
from opengazette.localportal.pages.facets import ORDERS, find
from opengazette.localportal.pages.preparing import drafts
from opengazette.localportal.pages.readers import sees_drafts, sign_in, sign_out
from opengazette.localportal.pages.rendering import address, refusal, render
from opengazette.localportal.pages.said import department, frequency
from opengazette.localportal.portal import portal_of
from opengazette.localportal.problems import Problem
from opengazette.localportal.routes.discovery import visible_views

__all__ = ["refusal", "router"]

router = APIRouter(include_in_schema=False)
for part in (preview_page, download_routes, dataset_page):
    router.include_router(part.router)
_READ: Final = ["GET", "HEAD"]


@router.api_route("/", methods=_READ, response_model=None)
def catalogue(
    request: Request,
    q: str = "",
    topic: str = "",
    department: str = "",
    frequency: str = "",
    tag: str = "",
    sort: str = "",
) -> Response:
    """Show the catalogue, searched, narrowed and ordered."""
    asked = {"q": q, "topic": topic, "department": department, "frequency": frequency}
    asked |= {"tag": tag, "sort": sort}
    return _catalogue(request, asked)


def _catalogue(request: Request, asked: dict[str, str]) -> Response:
    visible = [view for view in visible_views(request) if view.visible]
    public = [view for view in visible if not view.flag("hideFromCatalog")]
    facets = {name: asked[name] for name in ("topic", "department", "frequency")}
    found = find(public, asked["q"], asked["tag"], asked["sort"], facets)
    preparing = []
    if sees_drafts(request):
        with portal_of(request).store.reading() as session:
            preparing = drafts(session)
    shown = {
        "found": found,
        "total": len(public),
        "rows": sum(view.row_count for view in public),
        "updated": max((view.rows_updated_at for view in public), default=None),
        "asked": asked,
        "narrowed": any(text for name, text in asked.items() if name != "sort"),
        "orders": ORDERS,
        "drafts": preparing,
        "department": department,
        "frequency": frequency,
        "address": lambda **changes: address("/", {**asked, **changes}),
    }
    return render(request, "catalogue.html", shown)


@router.api_route("/about", methods=_READ, response_model=None)
def about(request: Request) -> Response:
    """Say what this portal is and how to use it."""
    base = str(request.base_url).rstrip("/")
    return render(request, "about.html", {"base": base, "host": request.url.netloc})


@router.api_route("/sign-in", methods=_READ, response_model=None)
def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the parameter
    """Ask for a name and a password."""
    return render(request, "sign-in.html", {"next": _local(next), "wrong": ""})


@router.post("/sign-in", response_model=None)
def signing_in(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the parameter
) -> Response:
    """Check name and password; the page that was asked for comes next."""
    answer = RedirectResponse(_local(next), 303)
    try:
        sign_in(request, answer, name, password)
    except Problem as problem:
        wrong = _why_not(request, problem)
        return render(
            request, "sign-in.html", {"next": _local(next), "wrong": wrong}, problem.status
        )
    return answer


def _why_not(request: Request, problem: Problem) -> str:
    if problem.status == 429:
        return "Too many attempts. Wait a minute, then try again."
    if portal_of(request).settings.refuse_plain_http and request.url.scheme != "https":
        return "This portal takes passwords over HTTPS only."
    return "Name or password is wrong."


@router.post("/sign-out", response_model=None)
def signing_out() -> Response:
    """Forget who reads."""
    answer = RedirectResponse("/", 303)
    sign_out(answer)
    return answer


def _local(place: str) -> str:
    """Return a place of this portal; anywhere else becomes the catalogue."""
    inside = place.startswith("/") and not place.startswith(("//", "/\\"))
    return place if inside and place.isprintable() else "/"
