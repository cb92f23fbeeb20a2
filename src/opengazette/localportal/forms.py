"""The forms that rows are sent in besides JSON and CSV, and which one a client asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr

from fastapi import Request

from opengazette.localportal.problems import Problem
from opengazette.localportal.values import GEOMETRIES
from opengazette.localportal.wire import (
    Answer,
    Format,
    csv_body,
    csv_text,
    json_body,
    json_writer,
)

SUFFIXES: Final[tuple[Format, ...]] = ("json", "csv", "tsv", "geojson", "xml")
_ACCEPTED: Final[dict[str, Format]] = {
    "text/html": "json",
    "application/json": "json",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/vnd.geo+json": "geojson",
    "application/geo+json": "geojson",
    "application/xml": "xml",
    "text/xml": "xml",
}
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def form_asked(request: Request, suffix: str) -> Format:
    """Return the form a read asks for: by its suffix, else the first it accepts, else JSON."""
    if suffix:
        return next(form for form in SUFFIXES if form == suffix)
    for accepted in request.headers.get("accept", "").split(","):
        form = _ACCEPTED.get(accepted.split(";")[0].strip().lower())
        if form is not None:
            return form
    return "json"


def body_in(form: Format, answer: Answer, address: str) -> Iterator[bytes]:
    """Write rows in a form; `address` is where the dataset's rows are found.

    Raises:
        Problem: GeoJSON was asked for and no column holds shapes.
    """
    if form == "csv":
        return csv_body(answer)
    if form == "tsv":
        return csv_body(answer, separator="\t")
    if form == "geojson":
        return geojson_body(answer)
    return xml_body(answer, address) if form == "xml" else json_body(answer)


def geojson_body(answer: Answer) -> Iterator[bytes]:
    """Write features: the first column of shapes is their geometry, the others properties."""
    at = next((n for n, column in enumerate(answer.columns) if column.kind in GEOMETRIES), None)
    if at is None:
        raise Problem(400, "query.no-geometry", "No column of the answer holds shapes.")
    return _features(answer, at)


def _features(answer: Answer, at: int) -> Iterator[bytes]:
    writers = [
        (n, json.dumps(column.name), json_writer(column))
        for n, column in enumerate(answer.columns)
        if n != at
    ]
    yield b'{"type":"FeatureCollection","features":['
    opening = ""
    for batch in answer.batches:
        features = []
        for row in batch:
            said = ",".join(
                f"{name}:{'null' if row[n] is None else write(row[n])}"
                for n, name, write in writers
            )
            geometry = "null" if row[at] is None else str(row[at])
            features.append(f'{{"type":"Feature","geometry":{geometry},"properties":{{{said}}}}}')
        yield (opening + "\n,".join(features)).encode()
        opening = "\n,"
    crs = '{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}'
    yield f'],"crs":{crs}}}\n'.encode()


def xml_body(answer: Answer, address: str) -> Iterator[bytes]:
    """Write rows as elements; what names a row, where it is known, is in its attributes."""
    names = [column.name for column in answer.columns]
    sid = names.index(":id") if ":id" in names else None
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<response>\n<row>\n'
    position = 0
    for batch in answer.batches:
        lines = []
        for row in batch:
            row_id = None if sid is None else str(row[sid])
            lines.append(
                f"<row{_attributes(row_id, position, address)}>{_cells(answer, row)}</row>\n"
            )
            position += 1
        yield "".join(lines).encode()
    yield b"</row>\n</response>\n"


def _attributes(row_id: str | None, position: int, address: str) -> str:
    if row_id is None:
        return f' _position="{position}"'
    at = f"{address}/{row_id}"
    named = f" _id={quoteattr(row_id)} _uuid={quoteattr(str(uuid5(NAMESPACE_URL, at)).upper())}"
    return f'{named} _position="{position}" _address={quoteattr(at)}'


def _cells(answer: Answer, row: tuple[object, ...]) -> str:
    written = []
    for column, cell in zip(answer.columns, row, strict=True):
        if cell is None or column.name.startswith(":"):
            continue
        name = re.sub(r"[^A-Za-z0-9_]", "_", column.name)
        written.append(f"<{name}>{escape(_NOT_XML.sub('', csv_text(cell, column)))}</{name}>")
    return "".join(written)
