"""What uploads are read: separated values in their variants, workbooks, shapes."""

from __future__ import annotations

import io
import json
import zipfile
from importlib.util import find_spec
from typing import Any

import pytest

GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-121.5, 38.6, 9.0]},
            "properties": {"Name": "Sacramento", "beds": 12, "open": True},
        },
        {"type": "Feature", "geometry": None, "properties": {"Name": "Nowhere", "more": 1.5}},
    ],
}
AREAS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]],
            },
            "properties": {"name": "One"},
        },
        {
            "type": "Feature",
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [[[[2, 2], [3, 2], [3, 3], [2, 2]]]],
            },
            "properties": {"name": "Two"},
        },
    ],
}
KML = """<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Placemark><name>Sacramento</name><ExtendedData><Data name="beds"><value>12</value></Data>
</ExtendedData><Point><coordinates>-121.5,38.6,0</coordinates></Point></Placemark>
</Document></kml>"""


def names(schema: Any) -> list[str]:
    return [column["field_name"] for column in schema["resource"]["output_columns"]]


@pytest.mark.parametrize(
    ("content", "options", "values"),
    [
        (b"\xef\xbb\xbfName,N\nAnn,1\n", {}, [["Ann", "1"]]),
        ("Name,N\nJosé,1\n".encode("cp1252"), {}, [["José", "1"]]),
        ("Name,N\nJosé,1\n".encode("utf-16"), {}, [["José", "1"]]),
        ("Name,N\nJos\u0065\u0301,1\n".encode(), {}, [["José", "1"]]),
        ("Name,N\nŽofie,1\n".encode("iso8859-15"), {"encoding": "iso-8859-15"}, [["Žofie", "1"]]),
        (b"Name;N\n'a;b';1\n", {"column_separator": ";", "quote_char": "'"}, [["a;b", "1"]]),
        (b'Name,N\r\n"two\r\nlines",1\r\n', {}, [["two\r\nlines", "1"]]),
        (b"\n Name , N \n\n a , 1 \n , \n", {}, [["a", "1"]]),
        (
            b"Made today\nName,N\na,1\n",
            {"header_count": 2, "column_header": 2},
            [["a", "1"]],
        ),
    ],
    ids=[
        "a byte order mark",
        "Windows",
        "UTF-16",
        "decomposed letters",
        "a named encoding",
        "other marks",
        "lines in a cell",
        "blanks",
        "two rows of header",
    ],
)
def test_separated_values_are_read_as_they_are_written(
    desk: Any, content: bytes, options: dict[str, Any], values: list[list[str]]
) -> None:
    source = desk.upload(desk.new(), content, **options)
    output = desk.output(source)
    assert names(output) == ["name", "n"]
    assert desk.values(output) == values


def test_tabs_separate_where_the_file_is_called_so(desk: Any) -> None:
    for name, kind in [("a.tsv", "text/csv"), ("a.txt", "text/tab-separated-values")]:
        source = desk.upload(desk.new(), "a\tb\n1\t2\n", name, kind)
        assert names(desk.output(source)) == ["a", "b"]


def test_types_are_guessed_from_all_values_and_no_zero_is_lost(desk: Any) -> None:
    lines = ["FIPS,n,when,at,ok,spot,mixed,empty"]
    lines += ["06001,1.50,1/31/2020,2020-01-31T08:00:00Z,true,POINT (1 2),1,"] * 1200
    lines += ["06003,-2,2020-02-01,2020-01-31T08:00:00-08:00,FALSE,POINT (3 4),one,"]
    output = desk.output(desk.upload(desk.new(), "\n".join(lines)))
    kinds = [
        column["transform"]["output_soql_type"] for column in output["resource"]["output_columns"]
    ]
    expected = ["text", "number", "calendar_date", "date", "checkbox", "point", "text", "text"]
    assert kinds == expected
    last = desk.rows(output, offset=1200)[0]
    assert [cell["ok"] for cell in last] == [
        "06003",
        "-2",
        "2020-02-01T00:00:00.000",
        "2020-01-31T16:00:00.000Z",
        False,
        {"type": "Point", "coordinates": [3.0, 4.0]},
        "one",
        None,
    ]


def test_a_header_without_rows_is_an_empty_table_and_no_header_is_none(desk: Any) -> None:
    revision = desk.new()
    output = desk.output(desk.upload(revision, "a,b\n"))
    assert (output["resource"]["total_rows"], output["resource"]["error_count"]) == (0, 0)
    assert desk.apply(revision, output)["status"] == "successful"
    assert desk.table(revision["resource"]["fourfour"]) == []
    empty = desk.upload(desk.new(), "\n")["resource"]
    assert empty["failure_details"] == {"message": "The file has no columns."}


def test_rows_of_another_length_are_errors_and_stay_out(desk: Any) -> None:
    revision = desk.new()
    output = desk.output(desk.upload(revision, "a,b\n1,2\n3\n4,5,6\n7,8\n"))
    assert output["resource"]["error_count"] == 4
    messages = [row[0]["error"]["message"]["english"] for row in desk.rows(output, "schema_errors")]
    assert messages == [
        "The row has 1 cells, the header 2",
        "The row has 3 cells, the header 2",
    ]
    assert desk.apply(revision, output)["log"][0]["details"]["Errors"] == 2
    assert len(desk.table(revision["resource"]["fourfour"])) == 2


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        (b'a,b\n"1,2\n', {}, "After row 1: the separated values are malformed."),
        (b"a\n\xff\n", {"encoding": "utf-8"}, "The text is not in its encoding."),
        (b",".join([b"a"] * 2000), {}, "There are 2000 columns; 1600 are the most."),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_quotes_nothing(
    desk: Any, content: bytes, options: dict[str, Any], reason: str
) -> None:
    source = desk.upload(desk.new(), content, **options)["resource"]
    assert source["failed_at"] is not None
    assert source["failure_details"] == {"message": reason}


def test_parse_options_that_cannot_be_are_refused(desk: Any) -> None:
    revision = desk.new()
    for options in [
        {"encoding": "rot13"},
        {"column_separator": ";;"},
        {"quote_char": ","},
        {"header_count": -1},
        {"header_count": 1, "column_header": 2},
        {"trim_whitespace": "yes"},
    ]:
        body = {"source_type": {"type": "upload", "filename": "a.csv"}, "parse_options": options}
        path = revision["links"]["create_source"]
        answer = desk.client.post(path, json=body, auth=desk.auth)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), options


def test_a_file_is_read_again_with_other_options(desk: Any) -> None:
    source = desk.upload(desk.new(), "Made today\na,b\n1,2\n")
    assert names(desk.output(source)) == ["made_today"]
    changed = {"parse_options": {"header_count": 2, "column_header": 2}}
    desk.ask("POST", source["links"]["update"], json=changed)
    source = desk.settled(source)
    assert len(source["resource"]["schemas"]) == 2
    assert names(desk.output(source)) == ["a", "b"]


def test_points_come_from_geojson_with_their_properties(desk: Any) -> None:
    revision = desk.new()
    data = json.dumps(GEOJSON)
    source = desk.upload(revision, data, "a.geojson", "application/vnd.geo+json")
    output = desk.output(source)
    assert names(output) == ["point", "name", "beds", "open", "more"]
    desk.apply(revision, output)
    assert desk.table(revision["resource"]["fourfour"]) == [
        {
            "point": {"type": "Point", "coordinates": [-121.5, 38.6]},
            "name": "Sacramento",
            "beds": "12",
            "open": True,
        },
        {"name": "Nowhere", "more": "1.5"},
    ]


def test_areas_and_groups_of_areas_become_one_column(desk: Any) -> None:
    revision = desk.new()
    source = desk.upload(revision, json.dumps(AREAS), "a.geojson", "application/vnd.geo+json")
    desk.apply(revision, desk.output(source))
    dataset = revision["resource"]["fourfour"]
    found = desk.table(dataset)
    assert [row["multipolygon"]["type"] for row in found] == ["MultiPolygon", "MultiPolygon"]
    csv = desk.client.get(f"/resource/{dataset}.csv", auth=desk.auth).text
    assert csv.splitlines()[1] == '"MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))","One"'
    page = desk.client.get(f"/d/{dataset}", auth=desk.auth)
    assert page.status_code == 200
    again = desk.ask("PUT", f"/resource/{dataset}.json", json=found)
    assert again["Rows Created"] == 2


def test_placemarks_come_from_kml_and_kmz(desk: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("doc.kml", KML)
    for data, name in [(KML.encode(), "a.kml"), (packed.getvalue(), "a.kmz")]:
        kind = "application/vnd.google-earth.kml+xml"
        output = desk.output(desk.upload(desk.new(), data, name, kind))
        assert names(output) == ["point", "name", "beds"]
        spot = {"type": "Point", "coordinates": [-121.5, 38.6]}
        assert desk.values(output) == [[spot, "Sacramento", "12"]]


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("a.geojson", "application/vnd.geo+json", b"[1, 2]"),
        ("a.kml", "application/vnd.google-earth.kml+xml", b"<kml><open></kml>"),
        ("a.zip", "application/zip", b"no zip"),
        ("a.xlsx", "application/vnd.ms-excel", b"no workbook"),
    ],
)
def test_what_is_not_the_file_it_is_called_fails(
    desk: Any, name: str, kind: str, data: bytes
) -> None:
    source = desk.upload(desk.new(), data, name, kind)["resource"]
    assert source["failed_at"] is not None
    assert source["schemas"] == []


@pytest.mark.skipif(find_spec("python_calamine") is not None, reason="workbooks can be read")
def test_without_its_reader_a_workbook_is_refused_by_the_name_of_what_is_missing(
    desk: Any,
) -> None:
    source = desk.upload(desk.new(), b"x", "a.xlsx", "application/vnd.ms-excel")["resource"]
    assert "python-calamine" in source["failure_details"]["message"]


def test_a_file_that_is_no_table_is_kept_as_it_is(desk: Any) -> None:
    revision = desk.new()
    source = desk.source(revision, "plan.pdf", parse_source=False)
    desk.send(source, b"%PDF-1.7", "application/octet-stream")
    shown = desk.show(revision)["resource"]
    assert shown["blob_id"] == source["resource"]["id"]
    assert desk.apply(revision)["status"] == "successful"
    view = desk.view(revision["resource"]["fourfour"])
    assert view["viewType"] == "blobby"
    assert view["blobFilename"] == "plan.pdf"
    path = f"/api/views/{view['id']}/files/{view['blobId']}"
    assert desk.client.get(path, auth=desk.auth).content == b"%PDF-1.7"
