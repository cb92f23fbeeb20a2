"""/data.json and its successor: the public datasets for state and federal catalogues."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from opengazette.documentation.metadata import ACCRUAL
from opengazette.localportal.portal import portal_of
from opengazette.localportal.routes.discovery import contact_email, iso_moment, visible_views
from opengazette.localportal.views import View

router = APIRouter()
_READ: Final = ["GET", "HEAD"]
_OPEN: Final = {"Access-Control-Allow-Origin": "*"}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_FORMS: Final = (("csv", "text/csv", "CSV"), ("json", "application/json", "JSON"))


@dataclass(frozen=True)
class Entry:
    """What a publisher said of a dataset that both forms of the catalogue tell."""

    view: View
    address: str

    @property
    def publisher(self) -> str:
        """Return who answers for the dataset."""
        said = self._said("publisher")
        return said or self.view.text("attribution") or self.view.owner

    def contact(self) -> tuple[str, str]:
        """Return the name and the address for questions; both empty where there is none."""
        fields = self.view.fields("Common Core")
        named = re.fullmatch(r"\s*(.*?)\s*<([^<>@\s]+@[^<>@\s]+)>\s*", self._said("contact"))
        name = fields.get("contact name", "") or (named[1] if named else "")
        email = fields.get("contact email", "") or (named[2] if named else contact_email(self.view))
        return (name or self.publisher, email.removeprefix("mailto:")) if email else ("", "")

    def period(self) -> tuple[str, str] | None:
        """Return the first and the last day that the rows tell of, where they are days."""
        days = self._said("coverage", "temporal coverage").split("/")
        if len(days) != 2 or not all(_DAY.fullmatch(day) for day in days):
            return None
        return days[0], days[1]

    def interval(self) -> str:
        """Return how often the dataset is published, in ISO 8601; empty where nobody says."""
        said = self._said("frequency", "update frequency")
        return said if re.match(r"R/P\d", said) else ACCRUAL.get(said.lower(), "")

    def area(self) -> str:
        """Return the area that the rows tell of; empty where nobody says."""
        return self._said("geography", "geographic coverage")

    def tags(self) -> list[str]:
        """Return the tags, or the category where there is none: a catalogue asks for one."""
        return [tag for tag in self.view.tags() if tag] or [
            word for word in [self.view.text("category")] if word
        ]

    def download(self, form: str) -> str:
        """Return where all rows are in one file."""
        if form == "csv":
            return f"{self.address}api/views/{self.view.id}/rows.csv?accessType=DOWNLOAD"
        rows = max(self.view.row_count, 1)
        return f"{self.address}resource/{self.view.id}.{form}?$limit={rows}"

    def _said(self, *names: str) -> str:
        found = self.view.fields("Publication") | self.view.fields("Common Core")
        return next((found[name] for name in names if found.get(name)), "")


def _entries(request: Request) -> list[Entry]:
    public = [view for view in visible_views(request) if view.visible]
    listed = [view for view in public if not view.flag("hideFromDataJson")]
    return [Entry(view, str(request.base_url)) for view in listed]


@router.api_route("/data.json", methods=_READ, response_model=None)
def data_json(request: Request) -> Response:
    """List the public datasets as DCAT-US 1.1; what a publisher did not say is left out."""
    body: dict[str, JsonValue] = {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@id": str(request.url),
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
        "dataset": [_dataset_1(entry) for entry in _entries(request)],
    }
    return JSONResponse(body, headers=_OPEN)


def _dataset_1(entry: Entry) -> JsonValue:
    view, (name, email) = entry.view, entry.contact()
    period = entry.period()
    said: dict[str, JsonValue] = {
        "@type": "dcat:Dataset",
        "identifier": f"{entry.address}d/{view.id}",
        "landingPage": f"{entry.address}d/{view.id}",
        "title": view.text("name"),
        "description": view.text("description"),
        "keyword": list(entry.tags()),
        "theme": [view.text("category")] if view.text("category") else None,
        "issued": iso_moment(view.published_at or view.created_at)[:10],
        "modified": iso_moment(view.rows_updated_at),
        "accessLevel": "public",
        "publisher": {"@type": "org:Organization", "name": entry.publisher},
        "license": view.licence()[1],
        "temporal": "/".join(period) if period else None,
        "spatial": entry.area(),
        "accrualPeriodicity": entry.interval(),
        "contactPoint": _without_gaps(
            {"@type": "vcard:Contact", "fn": name, "hasEmail": f"mailto:{email}"}
        )
        if email
        else None,
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "downloadURL": entry.download(form),
                "mediaType": media_type,
                "format": title,
                "title": title,
            }
            for form, media_type, title in _FORMS
        ],
    }
    return _without_gaps(said)


@router.api_route("/dcat-us/3.0/catalog.json", methods=_READ, response_model=None)
def dcat_us_3(request: Request) -> Response:
    """List the public datasets as DCAT-US 3.0; what a publisher did not say is left out."""
    entries = _entries(request)
    changed = max((entry.view.rows_updated_at for entry in entries), default=None)
    body: dict[str, JsonValue] = {
        "@id": str(request.url),
        "@type": "Catalog",
        "title": portal_of(request).settings.title,
        "conformsTo": {"@type": "Standard", "title": "DCAT-US 3.0"},
        "language": "en",
        "modified": None if changed is None else iso_moment(changed),
        "homepage": {
            "@id": str(request.base_url),
            "@type": "Document",
            "title": portal_of(request).settings.title,
        },
    }
    listed: list[JsonValue] = [_dataset_3(entry) for entry in entries]
    return JSONResponse({**_without_gaps(body), "dataset": listed}, headers=_OPEN)


def _dataset_3(entry: Entry) -> JsonValue:
    view, (name, email) = entry.view, entry.contact()
    period, place = entry.period(), f"{entry.address}d/{entry.view.id}"
    said: dict[str, JsonValue] = {
        "@id": place,
        "@type": "Dataset",
        "identifier": place,
        "title": view.text("name"),
        "description": view.text("description"),
        "keyword": list(entry.tags()),
        "theme": [{"@type": "Concept", "prefLabel": view.text("category")}]
        if view.text("category")
        else None,
        "issued": iso_moment(view.published_at or view.created_at)[:10],
        "modified": iso_moment(view.rows_updated_at),
        "version": str(view.data_version),
        "accessRights": "public",
        "publisher": {"@type": "Organization", "name": entry.publisher},
        "contactPoint": {"@type": "Kind", "fn": name, "hasEmail": f"mailto:{email}"}
        if email
        else None,
        "landingPage": {"@id": place, "@type": "Document", "title": view.text("name")},
        "temporal": [{"@type": "PeriodOfTime", "startDate": period[0], "endDate": period[1]}]
        if period
        else None,
        "spatial": {"@type": "Location", "prefLabel": entry.area()} if entry.area() else None,
        "accrualPeriodicity": entry.interval(),
        "distribution": [
            _without_gaps(
                {
                    "@type": "Distribution",
                    "title": title,
                    "downloadURL": entry.download(form),
                    "mediaType": media_type,
                    "format": title,
                    "characterEncoding": ["UTF-8"],
                    "license": view.licence()[1],
                }
            )
            for form, media_type, title in _FORMS
        ],
    }
    return _without_gaps(said)


def _without_gaps(said: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {key: value for key, value in said.items() if value not in (None, "", [])}
