"""The page of a dataset, the rows that its table asks for as it is scrolled, and its chart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter, Request, Response

from opengazette.localportal.changes import changes_of
from opengazette.localportal.pages.chart_choice import Choice, axes, choose
from opengazette.localportal.pages.chart_drawing import WIDTHS, Size, draw, measures
from opengazette.localportal.pages.chart_paint import Theme
from opengazette.localportal.pages.chart_points import Points, points_of
from opengazette.localportal.pages.chart_words import (
    chart_text,
    chart_title,
    number_text,
    slice_text,
)
from opengazette.localportal.pages.console import Place, examples, query_text
from opengazette.localportal.pages.filters import (
    Filter,
    filter_query,
    noted_columns,
    read_filter,
    soda_parameters,
)
from opengazette.localportal.pages.profile import Profile, profile_of, version_of
from opengazette.localportal.pages.readers import page_view
from opengazette.localportal.pages.remembered import Remembered
from opengazette.localportal.pages.rendering import address, render
from opengazette.localportal.pages.said import (
    attachments,
    citation,
    coverage,
    department,
    disclosure,
    frequency,
    geography,
    history,
)
from opengazette.localportal.portal import portal_of
from opengazette.localportal.problems import Problem
from opengazette.localportal.publishing.kept import revisions_of
from opengazette.localportal.reading import ask, count_rows
from opengazette.localportal.routes.discovery import contact_email
from opengazette.localportal.showing import Cell, Mark, Shown, legend, shown_columns, shown_rows
from opengazette.localportal.soql.grammar import Query, parse_clause
from opengazette.localportal.store import Session
from opengazette.localportal.views import View
from opengazette.localportal.wire import entity_tag, not_modified

router = APIRouter()
PAGE_ROWS: Final = 50
MOST_ROWS: Final = 200
_READ: Final = ["GET", "HEAD"]
_MOST_TOLD: Final = 400
_LEGENDS: Final[Remembered[list[tuple[Mark, int]]]] = Remembered(most=64)
_POINTS: Final[Remembered[Points]] = Remembered(most=256)
_COUNTS: Final[Remembered[int]] = Remembered(most=256)


@dataclass(frozen=True)
class Opened:
    """A dataset as one reader reads it: the rows asked for, and what divides them."""

    session: Session
    view: View
    folder_id: str
    asked: Filter

    @property
    def version(self) -> tuple[object, ...]:
        """Return what changes with the dataset."""
        return version_of(self.folder_id, self.view)

    def profile(self) -> Profile:
        """Return what divides and measures the rows."""
        return profile_of(self.session, self.view, self.folder_id)

    def total(self) -> int:
        """Count the rows that the filter leaves."""
        if not self.asked.narrows():
            return self.view.row_count
        query = filter_query(self.view, self.asked)
        question = (*self.version, replace(self.asked, sort=""))
        return _COUNTS.get(question, lambda: count_rows(self.session, self.view, query))

    def marks(self, columns: list[Shown]) -> list[tuple[Mark, int]]:
        """Count the cells under each mark."""
        return _LEGENDS.get(self.version, lambda: legend(self.session, self.view, columns))

    def rows(self, columns: list[Shown], first: int, count: int) -> list[list[Cell]]:
        """Read some rows as cells of the page's table; from the end where that is nearer."""
        total = self.total()
        first = min(max(first, 0), total)
        count = min(count, total - first)
        query = filter_query(self.view, self.asked)
        if self.asked.sort or first <= total // 2:
            return self._read(columns, replace(query, limit=count, offset=first))
        backwards = parse_clause("order", ":id DESC")
        query = replace(query, order=backwards, limit=count, offset=total - first - count)
        return self._read(columns, query)[::-1]

    def _read(self, columns: list[Shown], query: Query) -> list[list[Cell]]:
        answer = ask(self.session, self.view, query)
        found = [row for batch in answer.batches for row in batch]
        return shown_rows(columns, answer.columns, found)


def opened(request: Request, session: Session, dataset: str) -> Opened:
    """Open a dataset for the reader, with the filter of the address.

    Raises:
        Problem: 404 where the reader sees none, 400 for a filter that is none.
    """
    view = page_view(request, session, dataset)
    folder_id = portal_of(request).store.folder_id
    return Opened(session, view, folder_id, read_filter(view, request.query_params))


@router.api_route("/d/{dataset}", methods=_READ, response_model=None)
def dataset_page(request: Request, dataset: str, page: int = 1) -> Response:
    """Show one dataset: chart, rows, columns, legend, downloads, code, history, citation."""
    with portal_of(request).store.reading() as session:
        found = opened(request, session, dataset)
        shown = {"view": found.view, **_table(found, page)}
        shown |= {**_chart(found, request), **_words(request, found)}
        return render(request, "dataset.html", shown)


def _table(found: Opened, page: int) -> dict[str, object]:
    view, total = found.view, found.total()
    pages = max(1, -(-total // PAGE_ROWS))
    here = min(max(page, 1), pages)
    columns = shown_columns(view)
    first = (here - 1) * PAGE_ROWS
    given = found.asked.parameters()
    return {
        "columns": columns,
        "rows": found.rows(columns, first, PAGE_ROWS),
        "marks": found.marks(columns),
        "total": total,
        "here": here,
        "pages": pages,
        "first": first + 1 if total else 0,
        "last": min(first + PAGE_ROWS, total),
        "asked": found.asked,
        "given": {name: text for name, text in given.items() if text},
        "can_be_withheld": bool(noted_columns(view)),
        "profile": found.profile(),
        "rows_at": address(f"/d/{view.id}/rows", given),
        "download_at": lambda form: address(f"/d/{view.id}/download.{form}", given),
        "address": lambda **changes: address(f"/d/{view.id}", {**given, **changes}) + "#rows",
        "with_all_rows": f"/d/{view.id}#rows",
    }


def chart_of(found: Opened, request: Request) -> tuple[Choice, Points] | None:
    """Choose the chart that the address asks for and read its points."""
    choice = choose(found.profile(), request.query_params)
    if choice is None:
        return None
    question = (*found.version, choice.kind, *choice.parameters().items())
    points = _POINTS.get(question, lambda: points_of(found.session, found.view, choice))
    return choice, points


def _chart(found: Opened, request: Request) -> dict[str, object]:
    chart = chart_of(found, request)
    sent = {name: text for name, text in request.query_params.items() if name[:6] == "chart."}
    if chart is None:
        return {"chart": None, "chart_asked": {}}
    choice, points = chart
    place = f"/d/{found.view.id}/chart.svg"
    given = {**choice.parameters(), "v": found.view.data_version}
    told = points.points[:_MOST_TOLD]
    return {
        "chart": choice,
        "chart_axes": axes(found.profile()),
        "chart_title": chart_title(choice),
        "chart_slice": slice_text(choice),
        "chart_text": chart_text(choice, points),
        "chart_notes": points.notes,
        "chart_points": [(p.at, p.series, number_text(p.number), p.missing) for p in told],
        "chart_points_left": len(points.points) - len(told),
        "chart_gaps": any(point.number is None for point in points.points),
        "chart_sizes": {size: measures(choice, points, size) for size in WIDTHS},
        "chart_at": lambda theme, size: address(place, {**given, "theme": theme, "size": size}),
        "chart_asked": sent,
    }


def _words(request: Request, found: Opened) -> dict[str, object]:
    view, portal = found.view, portal_of(request)
    base = str(request.base_url).rstrip("/")
    soda = soda_parameters(view, found.asked)
    place = Place(base, request.url.scheme, request.url.netloc)
    return {
        "department": department(view),
        "frequency": frequency(view),
        "coverage": coverage(view),
        "geography": geography(view),
        "contact": contact_email(view),
        "files": attachments(view),
        "disclosure": disclosure(view),
        "history": history(
            view, revisions_of(found.session, view.id), changes_of(found.session, view.id)
        ),
        "citation": citation(view, portal.settings.title, f"{base}/d/{view.id}"),
        "examples": examples(view, place, soda),
        "query_text": query_text(soda, 10),
        "soda": soda,
        "base": base,
    }


@router.api_route("/d/{dataset}/rows", methods=_READ, response_model=None)
def some_rows(request: Request, dataset: str, first: int = 0, count: int = 100) -> Response:
    """Answer some rows as rows of the page's table, for the script that scrolls it."""
    with portal_of(request).store.reading() as session:
        found = opened(request, session, dataset)
        columns = shown_columns(found.view)
        asked = min(max(count, 1), MOST_ROWS)
        rows = found.rows(columns, first, asked)
    shown = {"columns": columns, "rows": rows, "first": max(first, 0)}
    return render(request, "rows.html", shown)


@router.api_route("/d/{dataset}/chart.svg", methods=_READ, response_model=None)
def chart(request: Request, dataset: str, theme: str = "light", size: str = "wide") -> Response:
    """Draw the chart that the address asks for."""
    painted: Theme = "dark" if theme == "dark" else "light"
    sized: Size = "phone" if size == "phone" else "wide"
    with portal_of(request).store.reading() as session:
        found = opened(request, session, dataset)
        view = found.view
        tag = entity_tag(view, request.url.query, f"chart {view.modified_at}")
        headers = {"ETag": tag, "Vary": "Cookie, Authorization"}
        kept = "public, max-age=300" if view.visible else "private, no-store"
        headers["Cache-Control"] = kept
        if not_modified(request, tag, view.rows_updated_at):
            return Response(status_code=304, headers=headers)
        drawn = chart_of(found, request)
    if drawn is None:
        raise Problem(404, "not_found", "There is nothing to draw.")
    svg = draw(*drawn, painted, sized)
    return Response(svg, media_type="image/svg+xml", headers=headers)
