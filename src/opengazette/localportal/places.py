"""Where something is: points and other shapes as GeoJSON, and locations with their addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import InvalidOperation
from typing import Final

from pydantic import JsonValue

from opengazette.localportal.values import (
    GEOMETRIES,
    JsonNumber,
    Kind,
    NotOfThisType,
    plain_number,
    plain_text,
)

#: The parts of a postal address, in the order of the wire.
POSTAL: Final = ("address", "city", "state", "zip")
_ADDRESS = re.compile(r"(.*?)\(\s*([-+]?[0-9.]+)\s*,\s*([-+]?[0-9.]+)\s*\)\s*", re.DOTALL)
_POSTAL = re.compile(r"(.*)\n([^\n]*),[ \t]*([A-Za-z]{2})[ \t]*([0-9-]*)", re.DOTALL)
_WKT_POINT = re.compile(r"POINT\s*\(\s*(\S+)\s+(\S+)\s*\)", re.IGNORECASE)


def place(cell: object) -> str:
    """Accept a GeoJSON point or WKT in degrees; return GeoJSON."""
    if isinstance(cell, dict) and cell.get("type") == "Point":
        ordinates = cell.get("coordinates")
    elif isinstance(cell, str) and (wkt := _WKT_POINT.fullmatch(cell.strip())):
        ordinates = list(wkt.groups())
    else:
        raise NotOfThisType
    if not isinstance(ordinates, list) or len(ordinates) != 2:
        raise NotOfThisType
    try:
        x, y = (float(plain_number(ordinate)) for ordinate in ordinates)
    except InvalidOperation:
        raise NotOfThisType from None
    return json.dumps({"type": "Point", "coordinates": [x, y]}, separators=(",", ":"))


def address_and_place(cell: object) -> str | None:
    """Accept {"latitude", "longitude", "human_address"} or an address that ends in
    `(latitude, longitude)`; another object becomes null, as on Socrata.
    """
    if isinstance(cell, str) and not isinstance(cell, JsonNumber):
        written = _ADDRESS.fullmatch(plain_text(cell))
        if written is None:
            raise NotOfThisType
        street, latitude, longitude = written.groups()
        return location_json(
            latitude, longitude, postal_parts(street) if street.strip(" \n") else None
        )
    if not isinstance(cell, dict):
        raise NotOfThisType
    try:
        return _given_location(cell)
    except (NotOfThisType, ValueError):
        return None


def _given_location(cell: Mapping[str, object]) -> str | None:
    human = cell.get("human_address")
    parts = json.loads(human) if isinstance(human, str) else human
    named = _named(parts) if isinstance(parts, dict) else None
    latitude, longitude = cell.get("latitude"), cell.get("longitude")
    if (latitude is None or longitude is None) and named is None:
        return None
    if latitude is None or longitude is None:
        return location_json(None, None, named)
    return location_json(plain_number(latitude), plain_number(longitude), named)


def _named(parts: Mapping[str, object]) -> dict[str, str]:
    return {key: plain_text(parts.get(key) or "") for key in POSTAL}


def postal_parts(text: str) -> dict[str, str]:
    """Take `street, then "city, state zip" on a line of its own` apart; else it is all street."""
    street = text.strip(" \n")
    found = _POSTAL.fullmatch(street)
    if found is None:
        return dict(zip(POSTAL, (re.sub(r"[ \t\r\n\f]+", " ", street), "", "", ""), strict=True))
    return {key: part.strip(" ") for key, part in zip(POSTAL, found.groups(), strict=True)}


def location_json(
    latitude: str | None, longitude: str | None, human: Mapping[str, str] | None
) -> str:
    """Write a location as it is stored and sent: numbers are text, and so is the address."""
    place = {} if latitude is None else {"latitude": latitude, "longitude": longitude}
    address = {} if human is None else {"human_address": json.dumps(human, ensure_ascii=False)}
    return json.dumps({**place, **address}, ensure_ascii=False, separators=(",", ":"))


def shape(kind: Kind) -> Callable[[object], str]:
    """Make the reader of a GeoJSON geometry of one type, in degrees."""
    named, depth = GEOMETRIES[kind]

    def read(cell: object) -> str:
        if not isinstance(cell, dict) or cell.get("type") != named:
            raise NotOfThisType
        coordinates = _ordinates(cell.get("coordinates"), depth)
        return json.dumps({"type": named, "coordinates": coordinates}, separators=(",", ":"))

    return read


def _ordinates(found: object, depth: int) -> list[JsonValue]:
    if not isinstance(found, list):
        raise NotOfThisType
    if depth:
        return [_ordinates(part, depth - 1) for part in found]
    if len(found) not in (2, 3):
        raise NotOfThisType
    return [float(plain_number(ordinate)) for ordinate in found[:2]]
