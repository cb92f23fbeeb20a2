"""Cells of requests, read as values of their columns' types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from opengazette.localportal.places import address_and_place, place, shape
from opengazette.localportal.values import (
    GEOMETRIES,
    Kind,
    NotOfThisType,
    Stored,
    fixed_time,
    floating_time,
    plain_boolean,
    plain_number,
    plain_text,
    web_address,
)

READERS: Final[dict[Kind, Callable[[object], Stored]]] = {
    "text": plain_text,
    "number": plain_number,
    "boolean": plain_boolean,
    "floating_timestamp": floating_time,
    "fixed_timestamp": fixed_time,
    "url": web_address,
    "location": address_and_place,
    "point": place,
    **{kind: shape(kind) for kind in GEOMETRIES if kind != "point"},
}


def from_csv(cell: str, kind: Kind) -> Stored:
    """Read one CSV cell; an empty one is null."""
    if cell == "":
        return None
    if kind == "boolean":
        named = {"true": True, "false": False}.get(cell.strip().lower())
        if named is None:
            raise NotOfThisType
        return named
    return READERS[kind](cell.strip() if kind == "number" else cell)


def from_json(cell: object, kind: Kind) -> Stored:
    """Read one JSON value, whose numbers are `JsonNumber`s."""
    return None if cell is None else READERS[kind](cell)
