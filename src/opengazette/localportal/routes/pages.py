"""The pages: the catalogue, one page for each dataset, and what to do when nothing is there."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.templating import Jinja2Templates
from sqlglot import exp

from opengazette.localportal.portal import portal_of, readable_view
from opengazette.localportal.problems import Problem
from opengazette.localportal.reading import ask, count_rows
from opengazette.localportal.routes.discovery import (
    contact_email,
    found_views,
    iso_moment,
    visible_views,
)
from opengazette.localportal.showing import (
    Shown,
    grouped_number,
    legend,
    long_date,
    paragraphs,
    plain_type,
    shown_columns,
    shown_rows,
    summary,
)
from opengazette.localportal.soql.grammar import Query
from opengazette.localportal.store import Session
from opengazette.localportal.values import UNORDERED
from opengazette.localportal.views import View

router = APIRouter()
PAGE_ROWS: Final = 50
_READ: Final = ["GET", "HEAD"]
_REFUSALS: Final = {
    404: (
        "Nothing is published here",
        "The address may be mistyped, or what it named was withdrawn.",
    ),
    403: ("This is not public", "The dataset is not published, or not yet."),
}


@cache
def _templates() -> Jinja2Templates:
    made = Jinja2Templates(directory=Path(__file__).parent.parent / "templates")
    made.env.trim_blocks = made.env.lstrip_blocks = True
    made.env.filters.update(
        long_date=long_date,
        grouped=grouped_number,
        paragraphs=paragraphs,
        summary=summary,
        plain_type=plain_type,
        iso_moment=iso_moment,
    )
    return made


def _page(request: Request, name: str, status: int = 200, **shown: object) -> Response:
    title = portal_of(request).settings.title
    return _templates().TemplateResponse(
        request, name, {"portal_title": title, **shown}, status_code=status
    )


def refusal(request: Request, status: int) -> Response:
    """Answer with a page that says what is wrong and where to go on."""
    heading, advice = _REFUSALS.get(status, ("This did not work", "Go back and try again."))
    return _page(request, "refusal.html", status, heading=heading, advice=advice)


@router.api_route("/", methods=_READ, response_model=None)
def catalogue(request: Request, q: str = "", topic: str = "", tag: str = "") -> Response:
    """Show the catalogue, searched and narrowed by topic and tag."""
    public = [view for view in visible_views(request) if view.visible]
    matching = found_views(public, q)
    found = found_views(matching, "", topic, tag)
    return _page(
        request,
        "catalogue.html",
        views=found,
        total=len(public),
        rows=sum(view.row_count for view in public),
        updated=max((view.rows_updated_at for view in public), default=None),
        topics=sorted(Counter(v.text("category") for v in matching if v.text("category")).items()),
        matching=len(matching),
        tags=Counter(tag for view in matching for tag in view.tags()).most_common(12),
        q=q,
        topic=topic,
        tag=tag,
        address=lambda **changes: _address("/", {"q": q, "topic": topic, "tag": tag} | changes),
    )


@router.api_route("/about", methods=_READ, response_model=None)
def about(request: Request) -> Response:
    """Say what this portal is and how to use it."""
    base = str(request.base_url).rstrip("/")
    return _page(request, "about.html", base=base, host=request.url.netloc)


@router.api_route("/d/{dataset}", methods=_READ, response_model=None)
def dataset_page(
    request: Request, dataset: str, page: int = 1, sort: str = "", way: str = "", q: str = ""
) -> Response:
    """Show one dataset: its rows page by page, its columns, its legend, its downloads."""
    with portal_of(request).store.reading() as session:
        try:
            view = readable_view(request, session, dataset)
        except Problem:
            return refusal(request, 404)
        query = _table_query(view, q, sort, descending=way == "desc")
        total = count_rows(session, view, query) if q.strip() else view.row_count
        pages = max(1, -(-total // PAGE_ROWS))
        here = min(max(page, 1), pages)
        columns = shown_columns(view)
        rows = _table_rows(session, view, query, columns, here)
        marks = legend(session, view, columns)
    asked = {"q": q, "sort": sort, "way": way}
    base = str(request.base_url).rstrip("/")
    return _page(
        request,
        "dataset.html",
        view=view,
        columns=columns,
        rows=rows,
        marks=marks,
        total=total,
        here=here,
        pages=pages,
        first=(here - 1) * PAGE_ROWS + 1 if total else 0,
        last=min(here * PAGE_ROWS, total),
        asked=asked,
        address=lambda **changes: _address(f"/d/{view.id}", asked | changes) + "#rows",
        contact=contact_email(view),
        files=_attachments(view),
        disclosure=_disclosure(view),
        base=base,
        host=request.url.netloc,
    )


def _table_query(view: View, words: str, sort: str, *, descending: bool) -> Query:
    column = view.column(sort)
    if column is None or column.kind in UNORDERED:
        return Query(search=words)
    name = exp.Column(this=exp.Identifier(this=column.field_name))
    return Query(search=words, order=(exp.Ordered(this=name, desc=descending, nulls_first=False),))


def _table_rows(
    session: Session, view: View, query: Query, columns: list[Shown], page: int
) -> list[list[object]]:
    wanted = Query(
        search=query.search, order=query.order, limit=PAGE_ROWS, offset=(page - 1) * PAGE_ROWS
    )
    answer = ask(session, view, wanted)
    found = [row for batch in answer.batches for row in batch]
    return shown_rows(columns, answer.columns, found)


def _address(path: str, parameters: dict[str, object]) -> str:
    kept = {name: value for name, value in parameters.items() if value not in ("", None)}
    return f"{path}?{urlencode(kept)}" if kept else path


def _attachments(view: View) -> list[tuple[str, str]]:
    listed = view.section("metadata").get("attachments")
    files: list[tuple[str, str]] = []
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("assetId"), str):
            name = entry.get("name") or entry.get("filename") or "Attached file"
            files.append((str(name), f"/api/views/{view.id}/files/{entry['assetId']}"))
    return files


def _disclosure(view: View) -> dict[str, str]:
    sets = view.section("metadata").get("custom_fields")
    found = sets.get("Disclosure") if isinstance(sets, dict) else None
    fields = found.items() if isinstance(found, dict) else ()
    return {name.lower(): text for name, text in fields if isinstance(text, str)}
