"""Conformance cases 12 and 22, and the reads in tab-separated values, GeoJSON and XML."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from typing import Any

import pytest

CSV = "county,visits,spot\nAlameda,120,POINT (-122.25 37.75)\nButte,35.5,\n<Ñ & co>,,POINT (1 2)\n"


@pytest.fixture
def dataset(desk: Any) -> str:
    return str(desk.published(CSV))


def read(desk: Any, path: str, **headers: str) -> Any:
    answer = desk.client.get(path, auth=desk.auth, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def test_case_12_a_write_that_expects_another_version_is_refused(desk: Any, dataset: str) -> None:
    version = int(read(desk, f"/resource/{dataset}.json").headers["X-SODA2-Truth-Version"])
    path = f"/resource/{dataset}.json?expectedDataVersion="
    refused = desk.ask("PUT", f"{path}{version - 1}", 409, json=[])
    assert refused["code"] == "soda.row.dataset-version-mismatch"
    assert len(desk.table(dataset)) == 3
    written = desk.client.put(f"{path}{version}", json=[{"county": "Colusa"}], auth=desk.auth)
    assert written.headers["X-SODA2-Truth-Version"] == str(version + 1)
    assert desk.ask("POST", f"{path}{version}", 409, json=[])["data"] == {"version": version + 1}
    desk.ask("POST", f"{path}soon", 400, json=[])


def test_the_shape_version_changes_with_the_columns_alone(desk: Any, dataset: str) -> None:
    def shape() -> str:
        headers = read(desk, f"/resource/{dataset}.json").headers
        return str(headers["X-SODA2-Truth-Shape-Version"])

    before = shape()
    desk.ask("PUT", f"/resource/{dataset}.json", json=[])
    assert shape() == before
    revision = desk.revise(dataset)
    desk.apply(revision, desk.output(desk.upload(revision, "county\nColusa\n")))
    assert shape() != before


def test_a_row_without_an_identifier_is_sent_back_as_it_was_written(
    desk: Any, dataset: str
) -> None:
    sent = desk.ask("POST", f"/resource/{dataset}", json={"county": "Butte"})
    assert sent == {"county": "Butte"}
    assert len(desk.table(dataset)) == 4


def test_case_22_a_page_of_soda_3_byte_for_byte(desk: Any, dataset: str) -> None:
    body = {"query": "SELECT county, visits", "page": {"pageNumber": 1, "pageSize": 2}}
    path = f"/api/v3/views/{dataset}/query.json"
    first = desk.client.post(path, json=body, auth=desk.auth)
    assert first.content == (
        b'[\n{"county":"Alameda","visits":"120"},\n{"county":"Butte","visits":"35.5"}\n]\n'
    )
    assert first.headers["x-soda2-data-out-of-date"] == "[]"
    body["page"] = {"pageNumber": 2, "pageSize": 2}
    second = desk.client.post(path, json=body, auth=desk.auth)
    assert second.content == '[\n{"county":"<Ñ & co>"}\n]\n'.encode()
    body["page"] = {"pageNumber": 3, "pageSize": 2}
    assert desk.client.post(path, json=body, auth=desk.auth).content == b"[\n]\n"


def test_case_22_system_fields_come_unless_they_are_turned_off(desk: Any, dataset: str) -> None:
    path = f"/api/v3/views/{dataset}/query.json"
    rows = read(desk, path).json()
    assert list(rows[1]) == [":id", ":version", ":created_at", ":updated_at", "county", "visits"]
    assert rows[0][":version"].startswith("rv-")
    body = {"query": "SELECT * WHERE visits > 100", "includeSystem": False}
    plain = desk.ask("POST", path, json=body)
    assert [list(row) for row in plain] == [["county", "visits", "spot"]]
    desk.ask("POST", f"/resource/{dataset}.json", json=[{":id": rows[1][":id"], "visits": 36}])
    after = read(desk, path).json()
    changed = [new[":version"] != old[":version"] for new, old in zip(after, rows, strict=True)]
    assert changed == [False, True, False]


def test_case_22_a_limit_of_the_query_bounds_the_pages(desk: Any, dataset: str) -> None:
    path = f"/api/v3/views/{dataset}/query.json?query=SELECT county LIMIT 2 OFFSET 1&pageSize=1"
    found = [read(desk, f"{path}&pageNumber={page}").json() for page in (1, 2, 3)]
    assert found == [[{"county": "Butte"}], [{"county": "<Ñ & co>"}], []]


def test_case_22_an_export_has_everything_and_malformed_questions_are_400(
    desk: Any, dataset: str
) -> None:
    at = f"/api/v3/views/{dataset}"
    exported = read(desk, f"{at}/export.csv?query=SELECT county")
    assert exported.text == '"county"\n"Alameda"\n"Butte"\n"<Ñ & co>"\n'
    assert len(read(desk, f"{at}/export.json").json()) == 3
    for body in [
        {"page": {"pageNumber": 0}},
        {"page": {"pageSize": 60_000}},
        {"query": "SELECT nowhere"},
        {"query": "DROP TABLE x"},
        {"parameters": {"a": 1}},
        ["SELECT *"],
    ]:
        desk.ask("POST", f"{at}/query.json", 400, json=body)
    desk.ask("GET", f"{at}/export.pdf", 404)
    desk.ask("GET", "/api/v3/views/zzzz-9999/query.json", 404)
    assert desk.client.get(f"{at}/query.json").status_code == 403


def test_tabs_separate_quoted_cells(desk: Any, dataset: str) -> None:
    expected = '"county"\t"visits"\n"Alameda"\t"120"\n"Butte"\t"35.5"\n"<Ñ & co>"\t\n'
    by_suffix = read(desk, f"/resource/{dataset}.tsv?$select=county,visits")
    assert by_suffix.text == expected
    assert by_suffix.headers["Content-Type"].startswith("text/tab-separated-values")
    by_accept = read(
        desk, f"/resource/{dataset}?$select=county,visits", Accept="text/tab-separated-values"
    )
    assert by_accept.text == expected


@pytest.mark.parametrize(("asked", "mark"), [("true", b"\xef\xbb\xbf"), ("false", b"")])
def test_a_mark_of_utf_8_comes_first_where_it_is_asked_for(
    desk: Any, dataset: str, asked: str, mark: bytes
) -> None:
    path = f"/resource/{dataset}.csv"
    plain = desk.client.get(path, auth=desk.auth).content
    assert desk.client.get(f"{path}?$$bom={asked}", auth=desk.auth).content == mark + plain


def test_features_have_the_first_shape_as_geometry(desk: Any, dataset: str) -> None:
    found = read(desk, f"/resource/{dataset}.geojson")
    assert found.headers["Content-Type"].startswith("application/vnd.geo+json")
    features = found.json()["features"]
    assert features[0] == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [-122.25, 37.75]},
        "properties": {"county": "Alameda", "visits": "120"},
    }
    assert features[1]["geometry"] is None
    assert features[2]["properties"] == {"county": "<Ñ & co>", "visits": None}
    desk.ask("GET", f"/resource/{dataset}.geojson?$select=county", 400)
    nothing = read(desk, f"/resource/{dataset}.geojson?$where=visits > 1000").json()
    assert nothing["features"] == []


def test_elements_carry_the_names_of_their_rows(desk: Any, dataset: str) -> None:
    found = read(desk, f"/resource/{dataset}.xml")
    rows = ET.fromstring(found.content).findall("row/row")  # noqa: S314 - our own answer
    ids = [row[":id"] for row in desk.ask("GET", f"/resource/{dataset}.json?$select=:id")]
    assert [row.get("_id") for row in rows] == ids
    assert rows[1].get("_address", "").endswith(f"/resource/{dataset}/{ids[1]}")
    assert [row.findtext("county") for row in rows] == ["Alameda", "Butte", "<Ñ & co>"]
    assert rows[2].find("visits") is None
    grouped = read(desk, f"/resource/{dataset}.xml?$select=count(*)")
    assert b'<row _position="0"><count>3</count></row>' in grouped.content


def test_a_browser_that_asks_for_pages_gets_json(desk: Any, dataset: str) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    found = read(desk, f"/resource/{dataset}", Accept=accept)
    assert found.headers["Content-Type"] == "application/json;charset=utf-8"


def test_case_6_a_location_is_sent_as_numbers_and_an_address_in_text(desk: Any) -> None:
    columns = [{"name": "Site", "fieldName": "site", "dataTypeName": "location"}]
    dataset = desk.ask("POST", "/api/views.json", json={"name": "Sites", "columns": columns})["id"]
    human = '{"address": "1 Main", "city": "Town", "state": "NY", "zip": "12345"}'
    rows = [
        {"site": {"latitude": "47.59", "longitude": "-122.3", "human_address": human}},
        {"site": {"latitude": 47.6, "longitude": -122.3}},
        {"site": "2 Main\nTown, NY 12345\n(47.5, -122.1)"},
        {"site": {"latitude": "far"}},
    ]
    desk.ask("PUT", f"/resource/{dataset}.json", json=rows)
    found = read(desk, f"/resource/{dataset}.json")
    assert found.text.splitlines()[0] == (
        '[{"site":{"latitude":"47.59","longitude":"-122.3","human_address":'
        r'"{\"address\": \"1 Main\", \"city\": \"Town\", \"state\": \"NY\", \"zip\": \"12345\"}"}}'
    )
    assert found.json()[2]["site"]["latitude"] == "47.5"
    assert found.json()[3] == {}
    csv = read(desk, f"/resource/{dataset}.csv")
    assert csv.text.startswith('"site"\n"1 Main\nTown, NY 12345\n(47.59, -122.3)"\n')
    headers = {"Content-Type": "text/csv"}
    path = f"/resource/{dataset}.csv"
    desk.ask("PUT", path, content=csv.content, headers=headers)
    assert read(desk, f"/resource/{dataset}.csv").content == csv.content
    page = desk.client.get(f"/d/{dataset}", auth=desk.auth)
    assert "1 Main, Town, NY 12345, (47.59, -122.3)" in page.text


def test_many_rows_are_written_as_csv_just_as_few_are(desk: Any) -> None:
    odd = ['say "hi"', "a\nb\r\nc", "José, Muñoz", "", " x ", "\u2028"]
    cells = [(odd[n % 6], str(n - 7) if n % 5 else "", f"{n}.50") for n in range(6_000)]
    quoted = [[cell.replace('"', '""') for cell in row] for row in cells]
    lines = [",".join(f'"{cell}"' if cell else "" for cell in row) + "\n" for row in quoted]
    header = '"county","visits","share"\n'
    made = desk.published("county,visits,share\n" + "".join(lines))
    whole = read(desk, f"/resource/{made}.csv?$order=:id&$limit=10000").content.decode()
    few = read(desk, f"/resource/{made}.csv?$order=:id&$limit=20&$select=*,true as yes").text
    assert whole.count("\n") > len(cells)
    assert whole.startswith(header)
    assert few.replace(',"true"\n', "\n").splitlines()[1:20] == whole.splitlines()[1:20]
    shown = read(desk, f"/resource/{made}.json?$order=:id&$limit=10000").json()
    assert [*csv.DictReader(io.StringIO(whole, newline=""))] == [
        {name: row.get(name, "") for name in ("county", "visits", "share")} for row in shown
    ]
