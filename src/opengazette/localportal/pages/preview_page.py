"""A draft beside what is public, for those who may see drafts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, get_args
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from opengazette.localportal.pages.differences import (
    Compared,
    Counts,
    Part,
    Row,
    compare,
    differing_rows,
)
from opengazette.localportal.pages.readers import page_view, sees_drafts
from opengazette.localportal.pages.rendering import address, render
from opengazette.localportal.pages.sides import (
    Side,
    output_of,
    rows_are_coming,
    side_of_revision,
    side_of_view,
)
from opengazette.localportal.pages.words_changed import words_changed
from opengazette.localportal.portal import portal_of
from opengazette.localportal.problems import view_missing
from opengazette.localportal.publishing.drafts import Revision
from opengazette.localportal.publishing.kept import find_revision
from opengazette.localportal.showing import Mark, Shown, shown_columns
from opengazette.localportal.store import Session
from opengazette.localportal.views import View

router = APIRouter()
_READ: Final = ["GET", "HEAD"]
_PAGE: Final = 50
_PARTS: Final[dict[Part, str]] = {
    "shown": "Newly shown",
    "withheld": "Newly withheld",
    "changed": "Changed",
    "added": "Added",
    "removed": "Removed",
}


@dataclass(frozen=True)
class Facing:
    """Two sides, and what the page says above them."""

    view: View
    before: Side
    after: Side
    title: str
    state: str
    place: str
    notes: str = ""
    left_out: int = 0
    coming: bool = False


@router.api_route("/d/{dataset}/compare", methods=_READ, response_model=None)
def compare_copy(request: Request, dataset: str, part: str = "", page: int = 1) -> Response:
    """Show a working copy, or a dataset that is not public yet, against what is public."""
    with portal_of(request).store.reading() as session:
        draft = page_view(request, session, dataset)
        _insiders_only(request)
        original = session.find(draft.working_copy_of) if draft.working_copy_of else None
        before = side_of_view(original) if original else _nothing()
        state = "Working copy" if original else "Draft"
        view = original or draft
        place = f"/d/{draft.id}/compare"
        title = draft.text("name")
        # Publishing a working copy leaves who may read it as it was.
        after = replace(side_of_view(draft), public=view.public)
        facing = Facing(view, before, after, title, state, place)
        return _answer(request, session, facing, part, page)


@router.api_route("/d/{dataset}/revisions/{seq}", methods=_READ, response_model=None)
def compare_revision(
    request: Request, dataset: str, seq: int, part: str = "", page: int = 1
) -> Response:
    """Show what a revision would change, against what is public."""
    with portal_of(request).store.reading() as session:
        view = page_view(request, session, dataset)
        _insiders_only(request)
        revision = find_revision(session, dataset, seq)
        place = f"/d/{view.id}/revisions/{seq}"
        title = str(revision.metadata.get("name") or view.text("name"))
        state = f"Revision {seq}, {_state(revision)}"
        before = side_of_view(view)
        if revision.closed_at is not None:
            words = Facing(view, before, before, title, state, place, revision.notes or "")
            return _closed(request, words)
        output = output_of(session, revision)
        after = side_of_revision(view, revision, output)
        left_out = output.error_rows if output else 0
        coming = rows_are_coming(session, revision)
        notes = revision.notes or ""
        facing = Facing(view, before, after, title, state, place, notes, left_out, coming)
        return _answer(request, session, facing, part, page)


@router.api_route("/d/{dataset}/revisions/{seq}/{_part:path}", methods=_READ, response_model=None)
def part_of_revision(dataset: str, seq: int) -> Response:
    """Lead the addresses that Publishing API clients open for a source to its revision."""
    return RedirectResponse(f"/d/{quote(dataset)}/revisions/{seq}")


def _insiders_only(request: Request) -> None:
    """Let nobody see a draft who neither writes nor reviews.

    Raises:
        Problem: 404, so that a stranger does not learn that there is a draft.
    """
    if not sees_drafts(request):
        raise view_missing("")


def _nothing() -> Side:
    return Side({}, (), "SELECT NULL AS nothing WHERE FALSE", public=False)


def _state(revision: Revision) -> str:
    if revision.discarded:
        return "discarded"
    if revision.closed_at is not None:
        return "applied"
    if revision.approval is not None:
        return {
            "pending": "waiting for approval",
            "approved": "approved",
            "rejected": "sent back",
        }[revision.approval.state]
    return "open"


def _closed(request: Request, facing: Facing) -> Response:
    return render(request, "compare.html", {"facing": facing, "view": facing.view, "open": False})


def _answer(request: Request, session: Session, facing: Facing, part: str, page: int) -> Response:
    view = facing.view
    identifier = view.identifier()
    field = identifier.field_name if identifier else None
    compared = compare(session, facing.before, facing.after, field)
    chosen = _part(part, compared.counts)
    columns = _columns(view, compared)
    total = _count(compared.counts, chosen)
    pages = max(1, -(-total // _PAGE))
    here = min(max(page, 1), pages)
    rows = differing_rows(compared, columns, chosen, (here - 1) * _PAGE, _PAGE)
    keyed = [shown for shown in columns if shown.column in compared.keys]
    shown = {
        "facing": facing,
        "view": view,
        "open": True,
        "counts": compared.counts,
        "parts": [(name, title, _count(compared.counts, name)) for name, title in _PARTS.items()],
        "part": chosen,
        "part_title": _PARTS[chosen],
        "keys": keyed,
        "others": [one for one in columns if one not in keyed],
        "rows": rows,
        "marks": _marks(rows),
        "here": here,
        "pages": pages,
        "words": words_changed(facing.before, facing.after),
        "address": lambda **changes: address(facing.place, {"part": chosen, **changes}) + "#rows",
    }
    return render(request, "compare.html", shown)


def _marks(rows: list[Row]) -> list[Mark]:
    """List the marks under which some cell of these rows has no number, in the order of codes."""
    sides = [cell for row in rows for pair in row.cells for cell in pair if cell is not None]
    found = {cell.mark.code: cell.mark for cell in sides if cell.mark and not cell.text}
    return [found[code] for code in sorted(found)]


def _part(asked: str, counts: Counts) -> Part:
    """Return the part that was asked for, else the first that has a row."""
    for name in get_args(Part):
        if name == asked:
            return name  # type: ignore[no-any-return]
    return next((name for name in _PARTS if _count(counts, name)), "changed")


def _count(counts: Counts, part: Part) -> int:
    found: int = getattr(counts, part)
    return found


def _columns(view: View, compared: Compared) -> list[Shown]:
    """Return the columns of both sides; annotations speak through the cells that they mark."""
    return shown_columns(view.model_copy(update={"columns": compared.fields}))
