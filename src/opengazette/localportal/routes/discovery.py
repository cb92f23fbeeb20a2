"""What tells clients what is here: catalogue, data.json, who am I, health."""

from __future__ import annotations

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
    views = [view for view in views if _chosen(request, view)]
    limit, offset = _whole(request, "limit", 100), _whole(request, "offset", 0)
    page = views[offset : offset + min(limit, _MOST_RESULTS)]
    results: list[JsonValue] = [_result(request, view) for view in page]
    body: dict[str, JsonValue] = {"results": results, "resultSetSize": len(views), "timings": {}}
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


@router.api_route("/data.json", methods=_READ, response_model=None)
def data_json(request: Request) -> Response:
    """List the public datasets as DCAT-US 1.1; what a publisher did not say is left out."""
    public = [view for view in visible_views(request) if view.visible]
    body: dict[str, JsonValue] = {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@id": str(request.url),
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
        "dataset": [_dcat(request, view) for view in public],
    }
    return JSONResponse(body, headers=_OPEN)


def contact_email(view: View) -> str:
    """Return the address for questions about the dataset; empty where there is none."""
    email = view.section("privateMetadata").get("contactEmail")
    return email if isinstance(email, str) else ""


def _dcat(request: Request, view: View) -> JsonValue:
    base = str(request.base_url)
    publisher_name = view.text("attribution") or view.owner
    said: dict[str, JsonValue] = {
        "@type": "dcat:Dataset",
        "identifier": f"{base}d/{view.id}",
        "landingPage": f"{base}d/{view.id}",
        "title": view.text("name"),
        "description": view.text("description"),
        "keyword": list(view.tags()),
        "theme": [view.text("category")] if view.text("category") else None,
        "issued": iso_moment(view.published_at or view.created_at)[:10],
        "modified": iso_moment(view.rows_updated_at),
        "accessLevel": "public",
        "publisher": {"@type": "org:Organization", "name": publisher_name},
        "license": view.licence()[1] or None,
        "contactPoint": (
            {
                "@type": "vcard:Contact",
                "fn": publisher_name,
                "hasEmail": f"mailto:{contact_email(view)}",
            }
            if contact_email(view)
            else None
        ),
        "distribution": [
            _distribution(f"{base}api/views/{view.id}/rows.csv?accessType=DOWNLOAD", "text/csv"),
            _distribution(
                f"{base}resource/{view.id}.json?$limit={view.row_count}", "application/json"
            ),
        ],
    }
    return {key: value for key, value in said.items() if value not in (None, "", [])}


def _distribution(address: str, media_type: str) -> JsonValue:
    return {"@type": "dcat:Distribution", "downloadURL": address, "mediaType": media_type}
