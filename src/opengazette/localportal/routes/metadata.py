"""/api/views/metadata/v1: what datasets say of themselves, read and changed field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_object
from opengazette.localportal.editing import update_view
from opengazette.localportal.portal import asker, portal_of, publisher, readable_view
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.routes.discovery import iso_moment
from opengazette.localportal.views import LICENCES, View

router = APIRouter(prefix="/api/views/metadata/v1")
_READ: Final = ["GET", "HEAD"]
_TEXTS: Final = (
    *("name", "description", "category", "attribution", "attributionLink"),
    "externalId",
)
_READ_ONLY: Final = frozenset(
    (
        *("id", "domain", "dataUri", "webUri", "createdAt", "updatedAt", "dataUpdatedAt"),
        *("metadataUpdatedAt", "provenance", "hideFromCatalog", "hideFromDataJson"),
    )
)
_MOST_LISTED: Final = 1_000


@dataclass
class Findings:
    """What is wrong with a change, and what of it is passed over."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def body(self) -> dict[str, JsonValue]:
        """Show both."""
        return {"errors": list(self.errors), "warnings": list(self.warnings)}


def metadata_json(request: Request, view: View) -> dict[str, JsonValue]:
    """Show a dataset's metadata as this API does; the licence goes by its name."""
    base = str(request.base_url)
    custom = view.section("metadata").get("custom_fields")
    texts: dict[str, JsonValue] = {key: view.text(key) or None for key in _TEXTS}
    return {
        "id": view.id,
        "domain": request.url.netloc,
        "dataUri": f"{base}resource/{view.id}",
        "webUri": f"{base}d/{view.id}",
        "createdAt": iso_moment(view.created_at),
        "updatedAt": iso_moment(max(view.modified_at, view.rows_updated_at)),
        "dataUpdatedAt": iso_moment(view.rows_updated_at),
        "metadataUpdatedAt": iso_moment(view.modified_at),
        "provenance": "official",
        "hideFromCatalog": view.flag("hideFromCatalog"),
        "hideFromDataJson": view.flag("hideFromDataJson"),
        **texts,
        "tags": list(view.tags()),
        "license": view.licence()[0] or None,
        "customFields": custom if isinstance(custom, dict) else {},
    }


@router.api_route("", methods=_READ, response_model=None)
def list_metadata(request: Request) -> Response:
    """List the metadata of the datasets that the asker may see, page by page."""
    logged_in = asker(request) is not None
    with portal_of(request).store.reading() as session:
        views = [view for view in session.views() if view.visible or logged_in]
    limit, page = _whole(request, "limit", 100), _whole(request, "page", 1)
    size = min(limit, _MOST_LISTED)
    first = max(page - 1, 0) * size
    return JSONResponse([metadata_json(request, view) for view in views[first : first + size]])


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_request(f"{name} takes a whole number.")
    return int(text)


@router.api_route("/{name}", methods=_READ, response_model=None)
def show(request: Request, name: str) -> Response:
    """Show the metadata of a dataset."""
    with portal_of(request).store.reading() as session:
        view = readable_view(request, session, name.removesuffix(".json"))
    return JSONResponse(metadata_json(request, view))


@router.patch("/{name}", response_model=None)
async def change(request: Request, name: str) -> Response:
    """Change the fields that are sent; with `validateOnly` say what would be wrong.

    Fields that nobody can set are passed over with a warning, which `strict` makes an error.
    """
    publisher(request)
    sent = await sent_object(request)
    strict, only_look = (_yes(request, key) for key in ("strict", "validateOnly"))

    def work() -> dict[str, JsonValue]:
        with portal_of(request).store.writing() as session:
            view = session.view(name.removesuffix(".json"))
            document, findings = _checked(view, sent)
            if strict:
                findings = Findings([*findings.errors, *findings.warnings])
            if only_look:
                return findings.body()
            if findings.errors:
                raise Problem(400, "invalid_request", findings.errors[0], findings.body())
            return metadata_json(request, update_view(session, view, document))

    return JSONResponse(await run_in_threadpool(work))


def _yes(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() == "true"


def _checked(view: View, sent: dict[str, JsonValue]) -> tuple[dict[str, JsonValue], Findings]:
    findings = Findings()
    document: dict[str, JsonValue] = {}
    for key, value in sent.items():
        if key in _READ_ONLY:
            findings.warnings.append(f"{key} cannot be set.")
        elif (key in _TEXTS and isinstance(value, str | None)) or (
            key == "tags" and _is_tags(value)
        ):
            document[key] = value
        elif key == "license" and isinstance(value, str | None):
            document["licenseId"] = _licence_of(value, findings)
        elif key == "customFields" and isinstance(value, dict | None):
            document["metadata"] = _with_custom_fields(view, value, findings)
        elif key in (*_TEXTS, "tags", "license", "customFields"):
            findings.errors.append(f"{key} does not have the form of a {key}.")
        else:
            findings.warnings.append(f"{key[:80]} is not known.")
    if "name" in document and not str(document["name"] or "").strip():
        findings.errors.append("A dataset needs a name.")
    return document, findings


def _is_tags(value: JsonValue) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(tag, str) for tag in value))


def _licence_of(name: str | None, findings: Findings) -> str | None:
    if name is None:
        return None
    found = next((key for key, (title, _) in LICENCES.items() if name in (title, key)), None)
    if found is None:
        findings.errors.append("The license is not known by this name.")
    return found


def _with_custom_fields(
    view: View, sent: dict[str, JsonValue] | None, findings: Findings
) -> dict[str, JsonValue]:
    """Merge field by field; null erases a field, a set, or everything."""
    metadata = view.section("metadata")
    before = metadata.get("custom_fields")
    kept = dict(before) if isinstance(before, dict) and sent is not None else {}
    for name, fields in (sent or {}).items():
        if isinstance(fields, dict):
            old = kept.get(name)
            merged = {**(old if isinstance(old, dict) else {}), **fields}
            kept[name] = {key: value for key, value in merged.items() if value is not None}
        elif fields is None:
            kept.pop(name, None)
        else:
            findings.errors.append("A set of customFields is an object.")
    return {**metadata, "custom_fields": kept}
