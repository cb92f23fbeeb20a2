"""Datasets and their columns as the portal keeps them, and as the views API shows them."""

from __future__ import annotations

import re
import secrets
import zlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from opengazette.localportal.values import TYPE_NAME, Kind

FOUR_BY_FOUR = re.compile(r"[a-z0-9]{4}-[a-z0-9]{4}")
FIELD_NAME = re.compile(r"[a-z_][a-z0-9_]{0,254}")
_SYLLABLE = "23456789abcdefghijkmnpqrstuvwxyz"
LICENCES = {
    "PUBLIC_DOMAIN": ("Public Domain", ""),
    "USGOV_WORKS": ("U.S. Government Works", "https://www.usa.gov/government-works"),
    "CC0_10": (
        "Creative Commons 1.0 Universal",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "CC_40_BY": (
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "CC_40_BY_SA": (
        "Creative Commons Attribution Share Alike 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/",
    ),
    "PDDL": (
        "Open Data Commons Public Domain Dedication and License",
        "https://opendatacommons.org/licenses/pddl/1-0/",
    ),
    "ODC_BY": (
        "Open Data Commons Attribution License",
        "https://opendatacommons.org/licenses/by/1-0/",
    ),
    "ODBL": ("Open Database License", "https://opendatacommons.org/licenses/odbl/1-0/"),
    "SEE_TERMS_OF_USE": ("See Terms of Use", ""),
}


class Kept(BaseModel):
    """Base of what the portal stores: closed, immutable, silent about values."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Column(Kept):
    """One column. `digits` and `scale` bound the numbers it holds before and after the point."""

    id: int
    name: str
    field_name: str
    kind: Kind
    position: int
    description: str = ""
    format: dict[str, JsonValue] = {}
    digits: int = 0
    scale: int = 0

    @property
    def physical(self) -> str:
        """Name of the column in the store; nothing a client wrote becomes SQL."""
        return f"c{self.id}"


class Blob(Kept):
    """A file that is a dataset of its own: no table, only its bytes."""

    asset_id: str
    file_name: str
    media_type: str
    size: int


class View(Kept):
    """One dataset: what its publisher says of it, its columns, and where its rows are."""

    id: str
    owner: str
    document: dict[str, JsonValue]
    columns: tuple[Column, ...] = ()
    stage: Literal["unpublished", "published"] = "unpublished"
    public: bool = False
    working_copy_of: str | None = None
    row_identifier: int | None = None
    table: str
    row_count: int = 0
    next_row: int = 1
    data_version: int = 1
    created_at: int
    modified_at: int
    rows_updated_at: int
    published_at: int | None = None
    archived: bool = False
    blob: Blob | None = None

    @property
    def visible(self) -> bool:
        """Say whether strangers may see it."""
        return self.public and self.stage == "published"

    def text(self, key: str) -> str:
        """Return a text of the document, empty where there is none."""
        found = self.document.get(key)
        return found if isinstance(found, str) else ""

    def tags(self) -> list[str]:
        """Return the tags."""
        found = self.document.get("tags")
        return [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []

    def flag(self, key: str) -> bool:
        """Say whether a flag of the document is set."""
        return self.document.get(key) is True

    def fields(self, name: str) -> dict[str, str]:
        """Return the texts of a set of custom fields by their names in small letters."""
        sets = self.section("metadata").get("custom_fields")
        found = sets.get(name) if isinstance(sets, dict) else None
        fields = found.items() if isinstance(found, dict) else ()
        return {key.lower(): text for key, text in fields if isinstance(text, str)}

    def section(self, key: str) -> dict[str, JsonValue]:
        """Return an object of the document, empty where there is none."""
        found = self.document.get(key)
        return found if isinstance(found, dict) else {}

    def column(self, field: str) -> Column | None:
        """Find a column by its field name."""
        return next((column for column in self.columns if column.field_name == field), None)

    def identifier(self) -> Column | None:
        """Return the column that identifies a row, if the publisher named one."""
        return next((column for column in self.columns if column.id == self.row_identifier), None)

    def shape_version(self) -> int:
        """Return a number that changes with the names and types of the columns."""
        shape = ",".join(f"{column.field_name}:{column.kind}" for column in self.columns)
        return zlib.crc32(shape.encode())

    def licence(self) -> tuple[str, str]:
        """Return the name and the address of the licence; empty where there is none."""
        licence = self.text("licenseId")
        return LICENCES.get(licence, (licence, ""))


def new_dataset_id() -> str:
    """Draw a 4x4."""
    word = "".join(secrets.choice(_SYLLABLE) for _ in range(8))
    return f"{word[:4]}-{word[4:]}"


def row_name(number: int, seed: int) -> str:
    """Spell a row's number as `row-xxxx.xxxx.xxxx`, one to one, without showing the number."""
    scattered = (number * 0x9E3779B97F4A7C1 + seed) & 0xFFFFFFFFFFFFFFF
    letters = "".join(_SYLLABLE[(scattered >> shift) & 31] for shift in range(55, -1, -5))
    return f"row-{letters[:4]}{'.-_~'[number & 3]}{letters[4:8]}{'~._-'[seed & 3]}{letters[8:]}"


def row_name_sql(number: str, seed: int) -> str:
    """Return the SQL that spells a row's number as `row_name` does."""
    scattered = (
        f"CAST((CAST({number} AS HUGEINT) * {0x9E3779B97F4A7C1} + {seed})"
        f" & CAST({0xFFFFFFFFFFFFFFF} AS HUGEINT) AS BIGINT)"
    )
    letters = [
        f"substr('{_SYLLABLE}', CAST(({scattered} >> {shift}) & 31 AS INTEGER) + 1, 1)"
        for shift in range(55, -1, -5)
    ]
    mark = f"substr('.-_~', CAST({number} & 3 AS INTEGER) + 1, 1)"
    parts = [*letters[:4], mark, *letters[4:8], f"'{'~._-'[seed & 3]}'", *letters[8:]]
    return "'row-' || " + " || ".join(parts)


def column_json(column: Column) -> dict[str, JsonValue]:
    """Show a column as the views API does."""
    kind = TYPE_NAME[column.kind]
    return {
        "id": column.id,
        "name": column.name,
        "fieldName": column.field_name,
        "dataTypeName": kind,
        "renderTypeName": kind,
        "description": column.description,
        "position": column.position,
        "tableColumnId": column.id,
        "format": dict(column.format),
    }


def view_json(view: View, *, owner_sees: bool) -> dict[str, JsonValue]:
    """Show a dataset as the views API does; what is private only to publishers."""
    owner: dict[str, JsonValue] = {
        "id": view.owner,
        "displayName": view.owner,
        "type": "interactive",
    }
    shown: dict[str, JsonValue] = {
        **view.document,
        "id": view.id,
        "assetType": "dataset",
        "viewType": "tabular",
        "displayType": "table",
        "newBackend": True,
        "provenance": "official",
        "publicationStage": view.stage,
        "createdAt": view.created_at,
        "viewLastModified": view.modified_at,
        "rowsUpdatedAt": view.rows_updated_at,
        "owner": owner,
        "tableAuthor": owner,
        "columns": [column_json(column) for column in view.columns],
        "rights": ["read", "write", "delete"] if owner_sees else ["read"],
    }
    _show_what_is_set(shown, view)
    if not owner_sees:
        shown.pop("privateMetadata", None)
    return shown


def _show_what_is_set(shown: dict[str, JsonValue], view: View) -> None:
    name, address = view.licence()
    if name:
        shown["license"] = {"name": name, **({"termsLink": address} if address else {})}
    if view.public:
        shown["grants"] = [{"inherited": False, "type": "viewer", "flags": ["public"]}]
    if view.blob is not None:
        shown |= {
            "viewType": "blobby",
            "displayType": "blob",
            "blobId": view.blob.asset_id,
            "blobFilename": view.blob.file_name,
            "blobMimeType": view.blob.media_type,
            "blobFileSize": view.blob.size,
        }
    shown["permissions"] = {"scope": "public" if view.public else "private"}
    if view.published_at is not None:
        shown["publicationDate"] = view.published_at
    if view.row_identifier is not None:
        shown["rowIdentifierColumnId"] = view.row_identifier
    if view.working_copy_of is not None:
        shown["publishedViewUid"] = view.working_copy_of
