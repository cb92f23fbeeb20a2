"""GeoJSON, KML and shapefiles as rows: one column of shapes, and the properties as text."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from opengazette.localportal.places import shape
from opengazette.localportal.publishing.parsing import (
    Heading,
    Reading,
    Row,
    Unreadable,
    batches_of,
    headings_of,
)
from opengazette.localportal.values import GEOMETRIES, Kind, NotOfThisType

LARGEST_GEOGRAPHY: Final = 500_000_000
_KIND_OF: Final[dict[str, Kind]] = {named: kind for kind, (named, _) in GEOMETRIES.items()}
_MANY_OF: Final[dict[Kind, Kind]] = {
    "point": "multipoint",
    "line": "multiline",
    "polygon": "multipolygon",
}


@dataclass(frozen=True)
class Feature:
    """A shape in GeoJSON, or none, and what is said of it."""

    geometry: Mapping[str, Any] | None
    properties: Mapping[str, object]


def read_geojson(file: Path) -> Reading:
    """Read a collection of GeoJSON features.

    Raises:
        Unreadable: the file is no such collection, or too large.
    """
    _refuse_large(file.stat().st_size)
    try:
        found = json.loads(file.read_bytes())
        features = [
            Feature(feature.get("geometry"), feature.get("properties") or {})
            for feature in found["features"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable("The file is not a GeoJSON feature collection.") from None
    return _reading(features, name=None)


def read_kml(file: Path) -> Reading:
    """Read the placemarks of a KML file, or of the one in a KMZ.

    Raises:
        Unreadable: the file is no KML, or too large.
    """
    _refuse_large(file.stat().st_size)
    data = file.read_bytes()
    if data[:2] == b"PK":
        data = _only_member(data, ".kml")
    try:
        # Expat bounds what entities may grow to and fetches none from elsewhere.
        root = ET.fromstring(data)  # noqa: S314
        features = [_placemark(mark) for mark in root.iter() if _tag(mark) == "Placemark"]
    except (ET.ParseError, ValueError):
        raise Unreadable("The file is not KML.") from None
    return _reading(features, name=None)


def read_shapefile(file: Path) -> Reading:
    """Read the one shapefile in a zip, whose coordinates are degrees.

    Raises:
        Unreadable: there is none, it is projected, or the reader of shapefiles is not there.
    """
    try:
        reader: Any = import_module("shapefile")
    except ImportError:
        raise Unreadable("To read shapefiles this portal needs the package pyshp.") from None
    data = file.read_bytes()
    if b"PROJCS" in _only_member(data, ".prj", needed=False):
        raise Unreadable("The shapefile is projected; give it in degrees (WGS 84).")
    parts = {part: BytesIO(_only_member(data, f".{part}")) for part in ("shp", "shx", "dbf")}
    try:
        with reader.Reader(**parts) as opened:
            features = [
                Feature(
                    one.shape.__geo_interface__ if one.shape.shapeType else None,
                    one.record.as_dict(),
                )
                for one in opened.iterShapeRecords()
            ]
    except (reader.ShapefileException, ValueError, IndexError, UnicodeDecodeError):
        raise Unreadable("The shapefile cannot be read.") from None
    return _reading(features, name="the_geom")


def _refuse_large(size: int) -> None:
    if size > LARGEST_GEOGRAPHY:
        raise Unreadable(f"The file has {size} bytes; {LARGEST_GEOGRAPHY} are the most.")


def _only_member(data: bytes, suffix: str, *, needed: bool = True) -> bytes:
    try:
        with ZipFile(BytesIO(data)) as archive:
            found = [one for one in archive.infolist() if one.filename.lower().endswith(suffix)]
            if not found and not needed:
                return b""
            if len(found) != 1:
                raise Unreadable(f"The archive holds {len(found)} files *{suffix}, not one.")
            _refuse_large(found[0].file_size)
            return archive.read(found[0])
    except (BadZipFile, NotImplementedError, RuntimeError):
        raise Unreadable("The archive cannot be opened.") from None


def _reading(features: list[Feature], name: str | None) -> Reading:
    kind = _common_kind(features)
    names = list(dict.fromkeys(key for feature in features for key in feature.properties))
    headings = headings_of([name or kind, *map(str, names)])
    first = Heading(headings[0].field_name, headings[0].display_name, kind)
    rows = (_row(feature, kind, names) for feature in features)
    return Reading((first, *headings[1:]), batches_of(rows))


def _common_kind(features: list[Feature]) -> Kind:
    named = {str(one.geometry.get("type")) for one in features if one.geometry is not None}
    kinds: set[Kind] = {_KIND_OF[name] for name in named if name in _KIND_OF}
    if named - set(_KIND_OF):
        raise Unreadable("The file holds shapes of a kind that this portal does not have.")
    if len(kinds) > 1:
        kinds = {_MANY_OF.get(kind, kind) for kind in kinds}
    if len(kinds) > 1:
        raise Unreadable("The file holds shapes of several kinds.")
    return next(iter(kinds), "point")


def _row(feature: Feature, kind: Kind, names: list[str]) -> Row:
    cells = tuple(_text(feature.properties.get(name)) for name in names)
    try:
        return Row((_geometry(feature.geometry, kind), *cells))
    except NotOfThisType:
        return Row((None, *cells), "The shape is malformed")


def _geometry(found: Mapping[str, Any] | None, kind: Kind) -> str | None:
    if found is None:
        return None
    given = json.loads(json.dumps(found), parse_float=str, parse_int=str)
    if _KIND_OF[given["type"]] != kind:
        given = {"type": GEOMETRIES[kind][0], "coordinates": [given.get("coordinates")]}
    return shape(kind)(given)


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _placemark(mark: ET.Element) -> Feature:
    properties: dict[str, object] = {}
    geometry = None
    for element in mark.iter():
        tag = _tag(element)
        if tag == "SimpleData":
            properties[element.get("name", "")] = element.text
        elif tag == "Data":
            properties[element.get("name", "")] = next(iter(element.itertext()), "").strip()
        elif tag in ("name", "description") and element in list(mark):
            properties[tag] = element.text
        elif tag in ("Point", "LineString", "Polygon") and geometry is None:
            geometry = _kml_shape(element, tag)
    many = next((one for one in mark if _tag(one) == "MultiGeometry"), None)
    return Feature(geometry if many is None else _kml_shapes(many), properties)


def _kml_shapes(many: ET.Element) -> Mapping[str, Any]:
    parts = [_kml_shape(one, _tag(one)) for one in many if _tag(one) in _KIND_OF]
    named = {part["type"] for part in parts}
    if len(named) != 1:
        raise Unreadable("A placemark holds shapes of several kinds.")
    kind = _MANY_OF[_KIND_OF[named.pop()]]
    return {"type": GEOMETRIES[kind][0], "coordinates": [part["coordinates"] for part in parts]}


def _kml_shape(element: ET.Element, tag: str) -> Mapping[str, Any]:
    rings = [list(_positions(one)) for one in element.iter() if _tag(one) == "coordinates"]
    if not rings or not rings[0]:
        raise ValueError
    whole: dict[str, Any] = {"Point": rings[0][0], "LineString": rings[0], "Polygon": rings}
    return {"type": tag, "coordinates": whole[tag]}


def _positions(element: ET.Element) -> Iterator[list[float]]:
    for position in (element.text or "").split():
        yield [float(ordinate) for ordinate in position.split(",")[:2]]
