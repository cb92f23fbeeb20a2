"""The types of a column: what each accepts, how it is stored and how it leaves.

Numbers stay text, exactly as precise as they came, and are cast where a query computes.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal
from unicodedata import is_normalized, normalize

from pydantic import JsonValue

Kind = Literal[
    "text",
    "number",
    "boolean",
    "floating_timestamp",
    "fixed_timestamp",
    "url",
    "point",
    "multipoint",
    "line",
    "multiline",
    "polygon",
    "multipolygon",
    "location",
]
Stored = str | bool | datetime | None


class NotOfThisType(ValueError):
    """The value is not of the column's type; the value is not repeated."""


class JsonNumber(str):
    """A number of a JSON body, in the digits it was written with."""

    __slots__ = ()


#: dataTypeName of the views API, with the names of the row API as synonyms.
KIND_OF_TYPE_NAME: Final[dict[str, Kind]] = {
    "text": "text",
    "number": "number",
    "checkbox": "boolean",
    "boolean": "boolean",
    "calendar_date": "floating_timestamp",
    "floating_timestamp": "floating_timestamp",
    "date": "fixed_timestamp",
    "fixed_timestamp": "fixed_timestamp",
    "url": "url",
    "point": "point",
    "multipoint": "multipoint",
    "line": "line",
    "multiline": "multiline",
    "polygon": "polygon",
    "multipolygon": "multipolygon",
    "location": "location",
}
TYPE_NAME: Final[dict[Kind, str]] = {
    "text": "text",
    "number": "number",
    "boolean": "checkbox",
    "floating_timestamp": "calendar_date",
    "fixed_timestamp": "date",
    "url": "url",
    "point": "point",
    "multipoint": "multipoint",
    "line": "line",
    "multiline": "multiline",
    "polygon": "polygon",
    "multipolygon": "multipolygon",
    "location": "location",
}
#: The types of GeoJSON, and how deep their coordinates lie in lists.
GEOMETRIES: Final[dict[Kind, tuple[str, int]]] = {
    "point": ("Point", 0),
    "multipoint": ("MultiPoint", 1),
    "line": ("LineString", 1),
    "multiline": ("MultiLineString", 2),
    "polygon": ("Polygon", 2),
    "multipolygon": ("MultiPolygon", 3),
}
#: The types whose values have no order and equal nothing.
UNORDERED: Final = frozenset({"url", "location", *GEOMETRIES})
SQL_TYPE: Final[dict[Kind, str]] = {
    "text": "VARCHAR",
    "number": "VARCHAR",
    "boolean": "BOOLEAN",
    "floating_timestamp": "TIMESTAMP",
    "fixed_timestamp": "TIMESTAMP",
    "url": "VARCHAR",
    "location": "VARCHAR",
    **dict.fromkeys(GEOMETRIES, "VARCHAR"),
}

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,15})?")
_ANY_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_US_DATE = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?)?"
)
_ISO_DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?"
)


def plain_text(cell: object) -> str:
    """Accept text, or a number as its digits; Unicode leaves in form NFC."""
    if not isinstance(cell, str):
        raise NotOfThisType
    try:
        cell.encode()
    except UnicodeEncodeError:
        raise NotOfThisType from None
    return cell if is_normalized("NFC", cell) else normalize("NFC", cell)


def plain_number(cell: object) -> str:
    """Accept a number or its text; return plain notation, scientific beyond 20 places."""
    if not isinstance(cell, str):
        raise NotOfThisType
    if _PLAIN_NUMBER.fullmatch(cell) and cell != "-0":
        return str(cell)
    if not _ANY_NUMBER.fullmatch(cell):
        raise NotOfThisType
    return write_decimal(Decimal(cell))


def write_decimal(number: Decimal) -> str:
    """Write a number as Socrata does: no exponent unless it has more than 20 places."""
    if not number:
        number = abs(number)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and abs(exponent) <= 20:
        return format(number, "f")
    return str(number)


def plain_boolean(cell: object) -> bool:
    """Accept true and false; their names only reach here from CSV."""
    if isinstance(cell, bool):
        return cell
    raise NotOfThisType


def floating_time(cell: object) -> datetime:
    """Accept a date with an optional time and no offset, ISO or American."""
    moment = _moment(cell)
    if moment.tzinfo is not None:
        raise NotOfThisType
    return moment


def fixed_time(cell: object) -> datetime:
    """Accept a date and time with its offset (UTC where there is none); return UTC."""
    moment = _moment(cell)
    try:
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise NotOfThisType from None


def _moment(cell: object) -> datetime:
    if not isinstance(cell, str) or isinstance(cell, JsonNumber):
        raise NotOfThisType
    text = cell.strip()
    try:
        if american := _US_DATE.fullmatch(text):
            return _american(american)
        if iso := _ISO_DATE.fullmatch(text):
            day, clock, offset = iso.groups()
            return datetime.fromisoformat(f"{day}T{(clock or '00:00')[:15]}{offset or ''}")
    except (ValueError, OverflowError):
        raise NotOfThisType from None
    raise NotOfThisType


def _american(found: re.Match[str]) -> datetime:
    month, day, year, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    half = (found.group(7) or "").lower()
    if half and not 1 <= hour <= 12:
        raise NotOfThisType
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - floating


def web_address(cell: object) -> str | None:
    """Accept {"url", "description"} or an address; another object becomes null, as on Socrata."""
    if isinstance(cell, str) and not isinstance(cell, JsonNumber):
        link: dict[str, JsonValue] = {"url": plain_text(cell)}
    elif isinstance(cell, dict):
        link = {k: plain_text(v) for k, v in cell.items() if k in {"url", "description"} and v}
    else:
        raise NotOfThisType
    return json.dumps(link, ensure_ascii=False, separators=(",", ":")) if link else None
