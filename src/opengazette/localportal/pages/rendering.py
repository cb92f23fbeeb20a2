"""From values to pages: the templates, and the page that refuses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from opengazette.localportal.pages.readers import reader_name
from opengazette.localportal.portal import portal_of
from opengazette.localportal.routes.discovery import iso_moment
from opengazette.localportal.showing import (
    ago,
    grouped_number,
    long_date,
    paragraphs,
    plain_type,
    summary,
)

_REFUSALS: Final = {
    400: (
        "The address asks for something else",
        "A part of it is not a filter, an order or a page of this table.",
    ),
    404: (
        "Nothing is published here",
        "The address may be mistyped, or what it named was withdrawn.",
    ),
    403: ("This is not public", "The dataset is not published, or not yet."),
    413: (
        "That is too much for one workbook",
        "Excel holds 1,048,575 rows. Filter the table first, or take CSV or Parquet.",
    ),
    429: ("Too many attempts", "Wait a minute, then try again."),
}


@cache
def _templates() -> Jinja2Templates:
    made = Jinja2Templates(directory=Path(__file__).parent.parent / "templates")
    made.env.trim_blocks = made.env.lstrip_blocks = True
    made.env.filters.update(
        ago=ago,
        long_date=long_date,
        grouped=grouped_number,
        paragraphs=paragraphs,
        summary=summary,
        plain_type=plain_type,
        iso_moment=iso_moment,
    )
    return made


def render(request: Request, name: str, shown: Mapping[str, object], status: int = 200) -> Response:
    """Fill a template; every page knows the portal's title and who reads."""
    reader = reader_name(request)
    told = {"portal_title": portal_of(request).settings.title, "reader": reader, **shown}
    answer = _templates().TemplateResponse(request, name, told, status_code=status)
    answer.headers["Cache-Control"] = "private, no-store" if reader else "no-cache"
    answer.headers["Vary"] = "Cookie, Authorization"
    return answer


def refusal(request: Request, status: int) -> Response:
    """Answer with a page that says what is wrong and where to go on."""
    heading, advice = _REFUSALS.get(status, ("This did not work", "Go back and try again."))
    shown = {"heading": heading, "advice": advice, "code": status}
    return render(request, "refusal.html", shown, status)


def address(path: str, parameters: dict[str, object]) -> str:
    """Write an address; parameters without a value are left out."""
    kept = {name: value for name, value in parameters.items() if value not in ("", None)}
    return f"{path}?{urlencode(kept)}" if kept else path
