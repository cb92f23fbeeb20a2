"""What tells clients what is here: the catalogue, who am I, health."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from opengazette.localportal.accounts import RIGHTS
from opengazette.localportal.portal import account_asking, asker, portal_of
from opengazette.localportal.problems import bad_request, login_needed
from opengazette.localportal.values import TYPE_NAME
from opengazette.localportal.views import View

router = APIRouter()
_READ: Final = ["GET", "HEAD"]
_MOST_RESULTS: Final = 10_000
_OPEN: Final = {"Access-Control-Allow-Origin": "*"}
_TYPE_TITLE: Final = {
    "text": "Text",
    "number": "Number",
    "checkbox": "Checkbox",
    "calendar_date": "Calendar date",
    "date": "Date",
    "url": "URL",
    "point": "Point",
    "location": "Location",
    "multipoint": "MultiPoint",
    "line": "Line",
    "multiline": "MultiLine",
    "polygon": "Polygon",
    "multipolygon": "MultiPolygon",
}


@router.api_route("/health", methods=_READ, response_model=None)
def health(request: Request) -> Response:
    """Say that a portal listens, and on which folder."""
    folder_id = portal_of(request).store.folder_id
    return JSONResponse({"service": "opengazette-portal", "folder_id": folder_id})


@router.get("/api/users/current.json", response_model=None)
def current_user(request: Request) -> Response:
    """Say who asks."""
    account = account_asking(request)
    if account is None:
        raise login_needed()
    return JSONResponse(
        {
            "id": account.name,
            "displayName": account.name,
            "screenName": account.name,
            "userType": "interactive",
            "roleName": account.role,
            "rights": sorted(RIGHTS[account.role]),
            "flags": ["admin"] if account.role == "administrator" else [],
        }
    )


def visible_views(request: Request) -> list[View]:
    """Return the datasets that the asker may see; drafts never show in a catalogue."""
    logged_in = asker(request) is not None
    with portal_of(request).store.reading() as session:
        views = session.views()
    return [v for v in views if v.stage == "published" and (v.public or logged_in)]


def found_views(views: list[View], words: str, category: str = "", tag: str = "") -> list[View]:
    """Keep the datasets that hold every word, and the category and tag where given."""
    wanted = words.lower().split()
    return [
        view
        for view in views
        if all(word in _searchable(view) for word in wanted)
        and (not category or view.text("category") == category)
        and (not tag or tag in view.tags())
    ]


def _searchable(view: View) -> str:
    texts = [view.text(key) for key in ("name", "description", "category", "attribution")]
    columns = [f"{column.name} {column.field_name}" for column in view.columns]
    return " ".join([view.id, *texts, *view.tags(), *columns]).lower()


@router.api_route("/api/catalog/v1", methods=_READ, response_model=None)
def catalogue(request: Request) -> Response:
    """Answer a search of the catalogue."""
    asked = request.query_params
    domains = {part for sent in asked.getlist("domains") for part in sent.split(",")}
    views = found_views(visible_views(request), asked.get("q", ""))
    if domains and request.url.netloc not in domains:
        views = []
    views = [view for view in views if not view.flag("hideFromCatalog") and _chosen(request, view)]
    views, offset = _ordered(request, views), _whole(request, "offset", 0)
    limit = _whole(request, "limit", 100)
    total, views = len(views), _scrolled(request, views)
    page = views[offset : offset + min(limit, _MOST_RESULTS)]
    results: list[JsonValue] = [_result(request, view) for view in page]
    body: dict[str, JsonValue] = {"results": results, "resultSetSize": total, "timings": {}}
    return JSONResponse(body, headers=_OPEN)


def _chosen(request: Request, view: View) -> bool:
    own = {
        "ids": {view.id},
        "categories": {view.text("category")},
        "tags": set(view.tags()),
        "only": {"dataset", "datasets"},
        "column_names": {column.name for column in view.columns},
        "attribution": {view.text("attribution")},
    }
    for name, values in own.items():
        sent = request.query_params.getlist(name)
        asked = {
            part for text in sent for part in ([text] if name == "attribution" else text.split(","))
        }
        if asked and not asked & values:
            return False
    return True


def _ordered(request: Request, views: list[View]) -> list[View]:
    """Put datasets in the order that was asked for; in that of their ids for those who scroll."""
    if "scroll_id" in request.query_params:
        return sorted(views, key=lambda view: view.id)
    name, _, way = request.query_params.get("order", "relevance").partition(" ")
    if name not in _ORDERS or way not in ("", "ASC", "DESC"):
        raise bad_request(f"order is one of {', '.join(_ORDERS)}, with ASC or DESC.")
    key, descending = _ORDERS[name]
    if key is None:
        return views
    return sorted(views, key=key, reverse=way == "DESC" if way else descending)


def _scrolled(request: Request, views: list[View]) -> list[View]:
    after = request.query_params.get("scroll_id")
    return views if after is None else [view for view in views if view.id > after]


_ORDERS: Final[dict[str, tuple[Callable[[View], str | int] | None, bool]]] = {
    "relevance": (None, False),
    "name": (lambda view: view.text("name").casefold(), False),
    "dataset_id": (lambda view: view.id, False),
    "createdAt": (lambda view: view.created_at, True),
    "updatedAt": (lambda view: max(view.modified_at, view.rows_updated_at), True),
    "data_updated_at": (lambda view: view.rows_updated_at, True),
    "metadata_updated_at": (lambda view: view.modified_at, True),
}


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_request(f"{name} takes a whole number.")
    return int(text)


def iso_moment(seconds: int) -> str:
    """Write a moment as the catalogue does."""
    return (
        datetime.fromtimestamp(seconds, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def _result(request: Request, view: View) -> JsonValue:
    address = f"{request.base_url}d/{view.id}"
    columns = view.columns
    resource: dict[str, JsonValue] = {
        "id": view.id,
        "name": view.text("name"),
        "description": view.text("description"),
        "attribution": view.text("attribution") or None,
        "type": "dataset",
        "createdAt": iso_moment(view.created_at),
        "updatedAt": iso_moment(max(view.modified_at, view.rows_updated_at)),
        "data_updated_at": iso_moment(view.rows_updated_at),
        "metadata_updated_at": iso_moment(view.modified_at),
        "publication_date": iso_moment(view.published_at or view.created_at),
        "columns_name": [column.name for column in columns],
        "columns_field_name": [column.field_name for column in columns],
        "columns_datatype": [_TYPE_TITLE[TYPE_NAME[column.kind]] for column in columns],
        "columns_description": [column.description for column in columns],
        "columns_format": [dict(column.format) for column in columns],
        "contact_email": contact_email(view) or None,
        "parent_fxf": [],
        "provenance": "official",
    }
    metadata: dict[str, JsonValue] = {"domain": request.url.netloc}
    if view.licence()[0]:
        metadata["license"] = view.licence()[0]
    return {
        "resource": resource,
        "classification": {
            "categories": [],
            "tags": [],
            "domain_category": view.text("category"),
            "domain_tags": list(view.tags()),
            "domain_metadata": _custom_fields(view),
        },
        "metadata": metadata,
        "permalink": address,
        "link": address,
        "owner": {"id": view.owner, "user_type": "interactive", "display_name": view.owner},
    }


def _custom_fields(view: View) -> list[JsonValue]:
    sets = view.section("metadata").get("custom_fields")
    return [
        {"key": f"{name}_{field}".replace(" ", "-"), "value": value}
        for name, fields in (sets.items() if isinstance(sets, dict) else ())
        if isinstance(fields, dict)
        for field, value in fields.items()
    ]


def contact_email(view: View) -> str:
    """Return the address for questions about the dataset; empty where there is none."""
    email = view.section("privateMetadata").get("contactEmail")
    return email if isinstance(email, str) else ""
