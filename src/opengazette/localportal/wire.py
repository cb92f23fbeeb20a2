"""Rows on the wire, byte for byte as Socrata writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final, Literal

from fastapi import Request

from opengazette.localportal.soql.compile import OutColumn
from opengazette.localportal.values import GEOMETRIES, UNORDERED
from opengazette.localportal.views import View

Format = Literal["json", "csv", "tsv", "geojson", "xml"]
MEDIA_TYPE: Final[dict[Format, str]] = {
    "json": "application/json;charset=utf-8",
    "csv": "text/csv; charset=UTF-8",
    "tsv": "text/tab-separated-values; charset=UTF-8",
    "geojson": "application/vnd.geo+json; charset=UTF-8",
    "xml": "application/xml; charset=UTF-8",
}
HEADER_LIMIT: Final = 5000
_REPEATING: Final = {str, type(None)}
#: Different cells of a column whose texts are remembered at a time.
_MOST_WRITTEN: Final = 1 << 13
# An encoder that is made once: one for every cell would take longer than the cells.
_quoted: Final = json.JSONEncoder(ensure_ascii=False).encode
Row = Sequence[object]


@dataclass(frozen=True)
class Answer:
    """Rows to send: their columns, and the rows in batches; `whole` where one batch holds all.

    `lines` are rows that are written as lines of CSV already; then there are no batches.
    """

    columns: tuple[OutColumn, ...]
    batches: Iterator[list[tuple[object, ...]]]
    whole: bool = False
    lines: Iterator[bytes] | None = None


def json_body(answer: Answer) -> Iterator[bytes]:
    """Write `[{…}\\n,{…}]\\n`; nulls are left out, numbers are text."""
    writers = [_Written(_json_member(column)) for column in answer.columns]
    opening = "["
    for batch in answer.batches:
        objects = ("{" + ",".join(filter(None, row)) + "}" for row in _by_row(batch, writers))
        text = opening + "\n,".join(objects)
        opening = "\n,"
        yield text.encode()
    yield b"[]\n" if opening == "[" else b"]\n"


def page_body(answer: Answer) -> Iterator[bytes]:
    """Write `[\\n{…},\\n{…}\\n]\\n`, as SODA 3 does; an empty page is `[\\n]\\n`."""
    writers = [(json.dumps(column.name), json_writer(column)) for column in answer.columns]
    yield b"[\n"
    opening = ""
    for batch in answer.batches:
        yield (opening + ",\n".join(_json_object(row, writers) for row in batch)).encode()
        opening = ",\n"
    yield b"\n]\n" if opening else b"]\n"


def json_object(answer: Answer) -> bytes | None:
    """Write the first row alone, or nothing where there is none."""
    writers = [(json.dumps(column.name), json_writer(column)) for column in answer.columns]
    for batch in answer.batches:
        return (_json_object(batch[0], writers) + "\n").encode()
    return None


class _Written(dict[object, str]):
    """The texts of a column's cells, which repeat; null is nothing."""

    def __init__(self, write: Callable[[object], str]) -> None:
        super().__init__()
        self._write = write

    def each(self, cells: Sequence[object]) -> Iterator[str]:
        """Write cells in order. Other values may be equal and not written alike: -0.0 and 0.0."""
        if set(map(type, cells)) <= _REPEATING:
            return map(self.__getitem__, cells)
        return ("" if cell is None else self._write(cell) for cell in cells)

    def __missing__(self, cell: object) -> str:
        if len(self) >= _MOST_WRITTEN:
            self.clear()
        self[cell] = written = "" if cell is None else self._write(cell)
        return written


def _by_row(batch: Sequence[Row], writers: Sequence[_Written]) -> Iterator[tuple[str, ...]]:
    columns = zip(*batch, strict=True)
    return zip(*(w.each(cells) for w, cells in zip(writers, columns, strict=True)), strict=True)


def _json_member(column: OutColumn) -> Callable[[object], str]:
    name, write = json.dumps(column.name), json_writer(column)
    return lambda cell: f"{name}:{write(cell)}"


def _json_object(row: Row, writers: list[tuple[str, Callable[[object], str]]]) -> str:
    cells = (
        f"{name}:{write(cell)}"
        for (name, write), cell in zip(writers, row, strict=True)
        if cell is not None
    )
    return "{" + ",".join(cells) + "}"


def json_writer(column: OutColumn) -> Callable[[object], str]:
    """Make the writer of the cells of a column that are not null."""
    if column.kind == "boolean":
        return lambda cell: "true" if cell else "false"
    if column.kind in UNORDERED:
        return str
    return lambda cell: _quoted(cell if type(cell) is str else cell_text(cell, column))


def csv_body(
    answer: Answer, header: Sequence[str] | None = None, separator: str = ","
) -> Iterator[bytes]:
    """Write a header of field names and every cell quoted; nulls are empty."""
    names = header or [column.name for column in answer.columns]
    yield (separator.join(map(_csv_quoted, names)) + "\n").encode()
    if answer.lines is not None:
        yield from answer.lines
        return
    writers = [_Written(_csv_writer(column)) for column in answer.columns]
    for batch in answer.batches:
        lines = map(separator.join, _by_row(batch, writers))
        yield ("\n".join(lines) + "\n").encode()


def _csv_writer(column: OutColumn) -> Callable[[object], str]:
    return lambda cell: _csv_quoted(csv_text(cell, column))


def _csv_quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def csv_text(cell: object, column: OutColumn) -> str:
    """Write one cell that is not null as it stands in CSV."""
    if column.kind in GEOMETRIES:
        return well_known_text(json.loads(str(cell)))
    if column.kind == "location":
        return location_text(json.loads(str(cell)))
    if column.kind == "url":
        link = json.loads(str(cell))
        described = f"{link.get('description', '')} ({link.get('url', '')})"
        return described if "description" in link else str(link.get("url", ""))
    if column.kind == "boolean":
        return "true" if cell else "false"
    return cell_text(cell, column)


def location_text(found: Mapping[str, str]) -> str:
    """Write a location as lines: street, town, and latitude and longitude in brackets."""
    human: dict[str, str] = json.loads(found.get("human_address", "{}"))
    town = ", ".join(part for part in (human.get("city"), human.get("state")) if part)
    lines = [human.get("address", ""), f"{town} {human.get('zip', '')}".strip()]
    if "latitude" in found:
        lines.append(f"({found['latitude']}, {found['longitude']})")
    return "\n".join(line for line in lines if line)


def well_known_text(shape: Mapping[str, object]) -> str:
    """Write a GeoJSON geometry as WKT."""
    named = str(shape["type"])
    inner = _wkt(shape["coordinates"])
    return f"{named.upper()} {inner if inner.startswith('(') else f'({inner})'}"


def _wkt(found: object) -> str:
    if isinstance(found, list) and found and isinstance(found[0], list):
        return "(" + ", ".join(_wkt(part) for part in found) + ")"
    ordinates = found if isinstance(found, list) else []
    return " ".join(_trimmed(format(Decimal(repr(float(part))), "f")) for part in ordinates)


def cell_text(cell: object, column: OutColumn) -> str:
    """Write one cell that is not null as text."""
    if isinstance(cell, datetime):
        written = cell.isoformat(timespec="milliseconds")
        return written + "Z" if column.kind == "fixed_timestamp" else written
    if isinstance(cell, float):
        return _trimmed(format(Decimal(repr(cell)), "f"))
    if isinstance(cell, Decimal):
        return _trimmed(format(cell, "f"))
    return str(cell)


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def soda_headers(view: View, columns: Sequence[OutColumn]) -> dict[str, str]:
    """Return the headers of a read; fields and types only while they are short."""
    changed = http_date(view.rows_updated_at)
    headers = {
        "Last-Modified": changed,
        "X-SODA2-Data-Out-Of-Date": "false",
        "X-SODA2-Truth-Last-Modified": changed,
        "X-SODA2-Secondary-Last-Modified": changed,
        **version_headers(view),
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, must-revalidate" if view.visible else "private, no-store",
    }
    fields = json.dumps([column.name for column in columns], separators=(",", ":"))
    types = json.dumps([column.kind for column in columns], separators=(",", ":"))
    if len(fields) + len(types) < HEADER_LIMIT:
        return headers | {"X-SODA2-Fields": fields, "X-SODA2-Types": types}
    return headers | {"X-SODA2-Warning": "X-SODA2-Fields and X-SODA2-Types are too long to send."}


def version_headers(view: View) -> dict[str, str]:
    """Return the headers that say which rows and which columns these are."""
    return {
        "X-SODA2-Truth-Version": str(view.data_version),
        "X-SODA2-Truth-Shape-Version": str(view.shape_version()),
    }


def entity_tag(view: View, question: str, form: str) -> str:
    """Return the ETag: it changes with the rows, the columns, the question and the form."""
    columns = ",".join(f"{column.field_name}:{column.kind}" for column in view.columns)
    parts = [view.id, str(view.data_version), view.table, columns, question, form]
    return '"' + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32] + '"'


def not_modified(request: Request, tag: str, changed_at: int) -> bool:
    """Say whether the client already has this answer; its ETag decides before its date."""
    if sent := request.headers.get("if-none-match"):
        tags = [one.strip().removeprefix("W/") for one in sent.split(",")]
        return tag in tags or "*" in tags
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (ValueError, TypeError):
        return False
    return since.timestamp() >= changed_at


def http_date(seconds: int) -> str:
    """Write a moment as HTTP does."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)
