"""Downloads: the rows that the page shows, whole, as CSV, JSON, Excel or Parquet."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal
from unicodedata import normalize

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from opengazette.localportal.pages.dataset_page import Opened, opened
from opengazette.localportal.pages.filters import filter_query
from opengazette.localportal.pages.parquet import write_parquet
from opengazette.localportal.pages.said import citation, department, disclosure
from opengazette.localportal.pages.workbook import MOST_ROWS, write_workbook
from opengazette.localportal.portal import portal_of
from opengazette.localportal.problems import Problem
from opengazette.localportal.reading import ask
from opengazette.localportal.showing import long_date
from opengazette.localportal.store import close_session, then_close
from opengazette.localportal.views import View
from opengazette.localportal.wire import (
    MEDIA_TYPE,
    csv_body,
    entity_tag,
    http_date,
    json_body,
    not_modified,
)

router = APIRouter()
Form = Literal["csv", "json", "xlsx", "parquet"]
_MEDIA: Final[dict[Form, str]] = {
    "csv": MEDIA_TYPE["csv"],
    "json": MEDIA_TYPE["json"],
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_EVERYTHING: Final = 2**62
_PIECE: Final = 1 << 18
#: A workbook or a Parquet file takes a processor while it is made; others wait.
_MAKING: Final = threading.Semaphore(2)


@router.api_route("/d/{dataset}/download.{form}", methods=["GET", "HEAD"], response_model=None)
def download(request: Request, dataset: str, form: Form) -> Response:
    """Answer with the rows that the filter of the address leaves, in their order.

    CSV and JSON are streamed from the table. The others are made in a file that goes when it
    has been sent.
    """
    session = portal_of(request).store.open_session()
    try:
        found = opened(request, session, dataset)
        headers = _headers(request, found.view, form)
        if not_modified(request, headers["ETag"], found.view.rows_updated_at):
            close_session(session)
            return Response(status_code=304, headers={"ETag": headers["ETag"]})
        if request.method == "HEAD":
            close_session(session)
            return Response(media_type=_MEDIA[form], headers=headers)
        body = _body(request, found, form)
    except BaseException:
        close_session(session)
        raise
    streamed = then_close(body, session)
    return StreamingResponse(streamed, media_type=_MEDIA[form], headers=headers)


def _headers(request: Request, view: View, form: Form) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{file_name(view)}.{form}"',
        "ETag": entity_tag(view, request.url.query, f"download {form} {view.modified_at}"),
        "Last-Modified": http_date(view.rows_updated_at),
        "Cache-Control": "public, must-revalidate" if view.visible else "private, no-store",
        "Vary": "Cookie, Authorization",
    }


def file_name(view: View) -> str:
    """Name a download after the dataset, in letters that every system has."""
    plain = normalize("NFKD", view.text("name")).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return f"{words[:60].rstrip('-') or 'rows'}-{view.id}"


def _body(request: Request, found: Opened, form: Form) -> Iterator[bytes]:
    query = replace(filter_query(found.view, found.asked), limit=_EVERYTHING)
    if form in ("csv", "json"):
        answer = ask(found.session, found.view, query)
        return csv_body(answer) if form == "csv" else json_body(answer)
    if form == "xlsx" and found.total() > MOST_ROWS:
        raise Problem(413, "too_large", "A workbook holds fewer rows than these.")
    staged = portal_of(request).store.staging_file()
    about = _about(request, found.view)
    try:
        with _MAKING:
            answer = ask(found.session, found.view, query)
            if form == "xlsx":
                write_workbook(staged, found.view, answer, list(about.items()))
            else:
                write_parquet(staged, found.view, answer, about)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    return _then_gone(staged)


def _then_gone(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as made:
            while piece := made.read(_PIECE):
                yield piece
    finally:
        file.unlink(missing_ok=True)


def _about(request: Request, view: View) -> dict[str, str]:
    place = f"{request.base_url}d/{view.id}"
    told = {
        "Title": view.text("name"),
        "Publisher": department(view),
        "Version": f"{view.data_version}, {long_date(view.rows_updated_at)}",
        "Address": place,
        "Licence": view.licence()[0],
        "How to cite": citation(view, portal_of(request).settings.title, place).text,
        "Description": view.text("description"),
        "Withheld numbers": disclosure(view).get("legend", ""),
    }
    return {name: text for name, text in told.items() if text}
