"""What a draft would say otherwise: names, descriptions, columns, files and who may read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from opengazette.localportal.pages.sides import Side
from opengazette.localportal.showing import plain_type
from opengazette.localportal.views import Column

_TITLES: Final = {
    "name": "Title",
    "description": "Description",
    "category": "Topic",
    "tags": "Tags",
    "attribution": "Source",
    "attributionLink": "Address of the source",
    "licenseId": "Licence",
}


@dataclass(frozen=True)
class Word:
    """One thing that is said, before and after; empty where it is not said."""

    title: str
    before: str
    after: str


def words_changed(before: Side, after: Side) -> list[Word]:
    """Return what is said otherwise, in the order of the page of a dataset."""
    said = [*_pairs(before, after)]
    return [Word(title, then, now) for title, then, now in said if then != now]


def _pairs(before: Side, after: Side) -> Iterator[tuple[str, str, str]]:
    yield "Who may read", _audience(before), _audience(after)
    for key, title in _TITLES.items():
        yield title, _text(before.document.get(key)), _text(after.document.get(key))
    then, now = _custom(before.document), _custom(after.document)
    for title in dict.fromkeys([*then, *now]):
        yield title, then.get(title, ""), now.get(title, "")
    yield "Files", ", ".join(before.files), ", ".join(after.files)
    fields = dict.fromkeys(column.field_name for column in (*before.columns, *after.columns))
    for field in fields:
        old, new = before.column(field), after.column(field)
        yield f"Column {field}", _column(old), _column(new)


def _audience(side: Side) -> str:
    return "Everyone" if side.public else "Only people with an account"


def _text(value: JsonValue) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)


def _custom(document: Mapping[str, JsonValue]) -> dict[str, str]:
    metadata = document.get("metadata")
    sets = metadata.get("custom_fields") if isinstance(metadata, dict) else None
    return {
        f"{name}: {field}": _text(value)
        for name, fields in (sets.items() if isinstance(sets, dict) else ())
        if isinstance(fields, dict)
        for field, value in fields.items()
    }


def _column(column: Column | None) -> str:
    if column is None:
        return ""
    described = f": {column.description}" if column.description else ""
    return f"{column.name} ({plain_type(column.kind).lower()}){described}"
