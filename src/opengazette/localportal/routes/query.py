"""/api/v3/views: reads after SODA 3, in pages and in exports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_json
from opengazette.localportal.forms import SUFFIXES, body_in
from opengazette.localportal.portal import portal_of, split_suffix
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.reading import ask
from opengazette.localportal.routes.resource import row_source
from opengazette.localportal.sending import rows_response
from opengazette.localportal.soql.grammar import Query, malformed, parse_query
from opengazette.localportal.store import close_session
from opengazette.localportal.views import View
from opengazette.localportal.wire import (
    MEDIA_TYPE,
    Answer,
    Format,
    entity_tag,
    page_body,
    soda_headers,
)

router = APIRouter(prefix="/api/v3/views")
_LARGEST_PAGE: Final = 50_000
_EVERYTHING: Final = 2**62


class Page(BaseModel):
    """A page of an answer, counted from one."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    pageNumber: int = Field(default=1, ge=1, le=2**40)  # noqa: N815 - the API's name
    pageSize: int = Field(default=1000, ge=1, le=_LARGEST_PAGE)  # noqa: N815


class Question(BaseModel):
    """The body of a query; what an export does not take stays at its default."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    query: str = "SELECT *"
    page: Page = Page()
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    includeSystem: bool = True  # noqa: N815
    includeSynthetic: bool = True  # noqa: N815


@dataclass(frozen=True)
class Asked:
    """A request of this API: the dataset, the form, and the page or everything."""

    dataset: str
    form: Format
    question: Question
    paged: bool


@router.api_route("/{dataset}/query.json", methods=["GET", "POST"], response_model=None)
async def query(request: Request, dataset: str) -> Response:
    """Answer one page, with the system fields unless they are turned off."""
    asked = Asked(dataset, "json", await _question(request), paged=True)
    return await run_in_threadpool(_answer, request, asked)


@router.api_route("/{dataset}/{export}", methods=["GET", "POST"], response_model=None)
async def export(request: Request, dataset: str, export: str) -> Response:
    """Answer everything, in the form that the suffix names."""
    name, suffix = split_suffix(export, SUFFIXES)
    if name != "export" or not suffix:
        raise Problem(404, "not_found", "Not found")
    form = next(one for one in SUFFIXES if one == suffix)
    asked = Asked(dataset, form, await _question(request), paged=False)
    return await run_in_threadpool(_answer, request, asked)


async def _question(request: Request) -> Question:
    if request.method == "POST":
        sent = await sent_json(request)
    else:
        given = request.query_params
        page = {
            name: int(given[name]) for name in Page.model_fields if given.get(name, "").isdigit()
        }
        sent = {"page": {**page}, **({"query": given["query"]} if "query" in given else {})}
    try:
        question = Question.model_validate(sent or {})
    except ValidationError as invalid:
        names = ", ".join(".".join(map(str, error["loc"])) for error in invalid.errors())
        raise bad_request(f"These parts of the query are malformed: {names}.") from None
    if question.parameters:
        raise malformed("This portal's queries take no parameters.")
    return question


def _answer(request: Request, asked: Asked) -> Response:
    portal = portal_of(request)
    session = portal.store.open_session()
    try:
        view = row_source(request, session, asked.dataset)
        answer = ask(session, view, _compiled(asked))
        address = f"{request.base_url}resource/{view.id}"
        body = page_body(answer) if asked.form == "json" else body_in(asked.form, answer, address)
    except BaseException:
        close_session(session)
        raise
    tag = entity_tag(view, asked.question.model_dump_json(), f"v3 {asked.form} {asked.paged}")
    headers = _headers(view, answer) | {"ETag": tag}
    return rows_response(session, answer, body, MEDIA_TYPE[asked.form], headers)


def _compiled(asked: Asked) -> Query:
    """Take the page out of what the query itself limits."""
    query = parse_query(asked.question.query)
    most = _EVERYTHING if query.limit is None else query.limit
    if not asked.paged:
        return replace(query, limit=most)
    size, before = asked.question.page.pageSize, _skipped(asked.question.page)
    page = max(0, min(size, most - before))
    with_system = asked.question.includeSystem and query.is_plain()
    return replace(
        query, limit=page, offset=query.offset + before, system_fields=with_system, versions=True
    )


def _skipped(page: Page) -> int:
    return (page.pageNumber - 1) * page.pageSize


def _headers(view: View, answer: Answer) -> dict[str, str]:
    headers = soda_headers(view, answer.columns)
    headers["X-SODA2-Data-Out-Of-Date"] = "[]"
    return headers | {"X-SODA2-Secondary": "opengazette", "X-SODA2-Cached": "false"}
