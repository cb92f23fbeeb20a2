"""How values look on a page: numbers, dates, and the marks of cells that show no number."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlglot import exp

from opengazette.localportal.reading import ask
from opengazette.localportal.soql.compile import OutColumn
from opengazette.localportal.soql.grammar import Query
from opengazette.localportal.store import Session
from opengazette.localportal.values import GEOMETRIES, UNORDERED, Kind
from opengazette.localportal.views import Column, View
from opengazette.localportal.wire import cell_text, location_text

_ANNOTATION: Final = "_annotation"
_NO_SEPARATORS: Final = re.compile(r"(?:^|_)(?:year|yr|fips|zip|zipcode|code|id|number|no)(?:_|$)")
_PLAIN_TYPE: Final[dict[Kind, str]] = {
    "text": "Text",
    "number": "Number",
    "boolean": "Yes or no",
    "floating_timestamp": "Date",
    "fixed_timestamp": "Date and time",
    "url": "Web address",
    "point": "Place",
    "location": "Place",
    "multipoint": "Places",
    "line": "Line",
    "multiline": "Lines",
    "polygon": "Area",
    "multipolygon": "Areas",
}


_UNITS: Final = (
    ("year", 31_557_600),
    ("month", 2_629_800),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)


@dataclass(frozen=True)
class Mark:
    """What an annotation code says in a cell."""

    code: str
    word: str
    meaning: str
    style: str


MARKS: Final = {
    mark.code: mark
    for mark in (
        Mark("1", "Withheld", "Withheld to protect the privacy of the people counted.", "hatched"),
        Mark(
            "2",
            "Withheld",
            "Withheld as well: a small number nearby could be worked out from this one.",
            "hatched second",
        ),
        Mark("3", "No data", "No data: nothing was reported.", "plain"),
        Mark("4", "Unstable", "Unstable: too few events for a reliable figure.", "plain"),
        Mark("5", "Incomplete", "Incomplete: some reports are missing.", "plain"),
    )
}


@dataclass(frozen=True)
class Shown:
    """A column of the page's table, with the field of its annotation if it has one."""

    column: Column
    annotation: str | None
    numeric: bool
    sortable: bool


@dataclass(frozen=True)
class Cell:
    """A cell of the page's table."""

    text: str
    mark: Mark | None
    link: str = ""


def shown_columns(view: View) -> list[Shown]:
    """Return the columns of the visual table; annotations speak through the cells they mark."""
    notes = {annotation_of(view, column) for column in view.columns}
    return [
        Shown(
            column,
            annotation_of(view, column),
            numeric=column.kind == "number" and not is_a_name(column),
            sortable=column.kind not in UNORDERED,
        )
        for column in view.columns
        if column.field_name not in notes
    ]


def annotation_of(view: View, column: Column) -> str | None:
    """Return the field that annotates a column, or None."""
    field = column.field_name + _ANNOTATION
    return field if view.column(field) is not None else None


def is_a_name(column: Column) -> bool:
    """Say whether the digits name something, as a year does, rather than count it."""
    plain = column.format.get("noCommas") in (True, "true")
    return plain or _NO_SEPARATORS.search(column.field_name) is not None


def shown_rows(
    columns: list[Shown], answered: Sequence[OutColumn], rows: list[tuple[object, ...]]
) -> list[list[Cell]]:
    """Turn rows of an answer into cells of the visual table."""
    place = {column.name: at for at, column in enumerate(answered)}
    return [
        [
            _cell(
                shown,
                answered[place[shown.column.field_name]],
                row[place[shown.column.field_name]],
                row[place[shown.annotation]] if shown.annotation else None,
            )
            for shown in columns
        ]
        for row in rows
    ]


def _cell(shown: Shown, column: OutColumn, cell: object, code: object) -> Cell:
    mark = MARKS.get(str(code).strip()) if code is not None else None
    if cell is None:
        return Cell("", mark)
    if shown.column.kind == "url":
        link = json.loads(str(cell))
        address = str(link.get("url", ""))
        safe = address if address.startswith(("https://", "http://")) else ""
        return Cell(str(link.get("description", address)), mark, safe)
    if shown.column.kind == "boolean":
        return Cell("Yes" if cell else "No", mark)
    if shown.column.kind == "point":
        x, y = json.loads(str(cell))["coordinates"]
        return Cell(f"{y}, {x}", mark)
    if shown.column.kind == "location":
        return Cell(location_text(json.loads(str(cell))).replace("\n", ", "), mark)
    if shown.column.kind in GEOMETRIES:
        return Cell(_PLAIN_TYPE[shown.column.kind], mark)
    text = cell_text(cell, column)
    if shown.numeric:
        return Cell(grouped_number(text), mark)
    if isinstance(cell, datetime):
        text = text.removesuffix("T00:00:00.000").replace(".000", "").replace("T", " ")
    return Cell(text, mark)


def legend(session: Session, view: View, columns: list[Shown]) -> list[tuple[Mark, int]]:
    """Count the cells under each mark, for the marks that occur."""
    counts: dict[str, int] = {}
    for shown in columns:
        if shown.annotation is None:
            continue
        name = exp.Column(this=exp.Identifier(this=shown.annotation))
        count = exp.Alias(this=exp.Count(this=exp.Star()), alias=exp.Identifier(this="cells"))
        for batch in ask(session, view, Query(select=(name, count), group=(name,))).batches:
            for code, cells in batch:
                key = str(code).strip()
                counts[key] = counts.get(key, 0) + (cells if isinstance(cells, int) else 0)
    return [(mark, counts[code]) for code, mark in MARKS.items() if code in counts]


def grouped_number(number: object) -> str:
    """Write a number with separators between thousands."""
    sign, digits = (
        ("\N{MINUS SIGN}", str(number)[1:]) if str(number)[:1] == "-" else ("", str(number))
    )
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}" if whole.isdigit() else str(number)


def long_date(seconds: int) -> str:
    """Write a day as people do."""
    day = datetime.fromtimestamp(seconds, UTC)
    return f"{day.day} {day:%B %Y}"


def ago(seconds: int) -> str:
    """Say how long ago a moment was, in the largest unit that fits."""
    passed = max(0, int(datetime.now(UTC).timestamp()) - seconds)
    for unit, length in _UNITS:
        if passed >= length:
            count = passed // length
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def paragraphs(text: str) -> list[str]:
    """Split a text at its blank lines."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def summary(text: str, length: int = 220) -> str:
    """Shorten a text to its first paragraph, at a word."""
    first = next(iter(paragraphs(text)), "")
    return first if len(first) <= length else first[:length].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"


def plain_type(kind: Kind) -> str:
    """Name a type for people."""
    return _PLAIN_TYPE[kind]
