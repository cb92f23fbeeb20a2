"""What goes over the wire, byte for byte and case for case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from unicodedata import normalize

import pytest
import requests

pytestmark = pytest.mark.servers

COLUMNS = [
    {"name": "Place name", "fieldName": "place", "dataTypeName": "text"},
    {"name": "Amount", "fieldName": "amount", "dataTypeName": "number"},
    {"name": "Open", "fieldName": "is_open", "dataTypeName": "checkbox"},
    {"name": "Day", "fieldName": "day", "dataTypeName": "calendar_date"},
    {"name": "Moment", "fieldName": "moment", "dataTypeName": "date"},
    {"name": "Site", "fieldName": "site", "dataTypeName": "url"},
    {"name": "Spot", "fieldName": "spot", "dataTypeName": "point"},
]
ROW = {
    "place": 'The "Old" Mill, east',
    "amount": "1204.50",
    "is_open": True,
    "day": "2014-10-13",
    "moment": "2014-10-14T00:00:00-07:00",
    "site": {"url": "https://example.gov", "description": "Home"},
    "spot": {"type": "Point", "coordinates": [-122.3, 47.5]},
}


class Served(Protocol):
    host: str
    url: str
    user: str
    password: str


class Asked:
    """A dataset of the test, asked by its publisher."""

    def __init__(self, portal: Served, **document: Any) -> None:
        self.url = portal.url
        self.session = requests.Session()
        self.session.auth = (portal.user, portal.password)
        body = {"name": "Places", "columns": COLUMNS, **document}
        made = self.session.post(f"{portal.url}/api/views.json", json=body, timeout=10)
        assert made.status_code == 200, made.text
        self.id = made.json()["id"]

    def open_to_all(self) -> None:
        self.views("POST", "/publication.json")
        self.views("PUT", ".json?method=setPermission&value=public.read")

    def rows(self, method: str = "GET", suffix: str = ".json", **given: Any) -> requests.Response:
        url = f"{self.url}/resource/{self.id}{suffix}"
        return self.session.request(method, url, timeout=20, **given)

    def views(self, method: str, suffix: str = "", **given: Any) -> requests.Response:
        url = f"{self.url}/api/views/{self.id}{suffix}"
        return self.session.request(method, url, timeout=20, **given)


@pytest.fixture
def places(shared_portal: Served) -> Iterator[Asked]:
    asked = Asked(shared_portal)
    yield asked
    asked.session.close()


def test_json_is_written_as_socrata_writes_it(places: Asked) -> None:
    assert places.rows("PUT", json=[ROW, {"place": "B"}]).status_code == 200
    found = places.rows()
    assert found.headers["Content-Type"] == "application/json;charset=utf-8"
    assert found.content == (
        b'[{"place":"The \\"Old\\" Mill, east","amount":"1204.50","is_open":true,'
        b'"day":"2014-10-13T00:00:00.000","moment":"2014-10-14T07:00:00.000Z",'
        b'"site":{"url":"https://example.gov","description":"Home"},'
        b'"spot":{"type":"Point","coordinates":[-122.3,47.5]}}\n,{"place":"B"}]\n'
    )


def test_csv_quotes_every_cell_but_null_under_field_names(places: Asked) -> None:
    places.rows("PUT", json=[ROW, {"place": "B"}])
    found = places.rows(suffix=".csv")
    assert found.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert found.text == (
        '"place","amount","is_open","day","moment","site","spot"\n'
        '"The ""Old"" Mill, east","1204.50","true","2014-10-13T00:00:00.000",'
        '"2014-10-14T07:00:00.000Z","Home (https://example.gov)","POINT (-122.3 47.5)"\n'
        '"B",,,,,,\n'
    )


def test_an_empty_dataset_is_an_empty_array_and_a_bare_header(places: Asked) -> None:
    assert places.rows().text == "[]\n"
    assert places.rows(suffix=".csv").text.count("\n") == 1


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("7", "7"),
        ("007", "7"),
        ("-0", "0"),
        ("1e3", "1000"),
        ("1.10", "1.10"),
        ("0.1", "0.1"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
        ("1e30", "1E+30"),
        ("-.5", "-0.5"),
    ],
)
def test_numbers_keep_every_digit(places: Asked, sent: str, written: str) -> None:
    places.rows("PUT", json=[{"amount": sent}])
    assert places.rows().json() == [{"amount": written}]
    places.rows("PUT", data=f"amount\n{sent}\n", headers={"Content-Type": "text/csv"})
    assert places.rows().json() == [{"amount": written}]


def test_a_json_number_is_as_exact_as_its_digits(places: Asked) -> None:
    places.rows("PUT", data='[{"amount": 12345678901234567890.12, "place": 1.50}]')
    assert places.rows().json() == [{"amount": "12345678901234567890.12", "place": "1.50"}]


def test_text_comes_back_in_form_nfc(places: Asked) -> None:
    places.rows("PUT", json=[{"place": normalize("NFD", "Ñandú é")}])
    assert places.rows().json() == [{"place": normalize("NFC", "Ñandú é")}]


def test_a_bad_row_in_the_middle_leaves_the_old_rows(places: Asked) -> None:
    places.rows("PUT", json=[{"place": "old", "amount": 1}])
    rows = [{"place": f"p{at}", "amount": at} for at in range(30_000)]
    rows[29_000]["amount"] = "many"
    refused = places.rows("PUT", json=rows)
    assert refused.status_code == 400
    assert refused.json()["code"] == refused.json()["errorCode"] == "soda.column.maltyped"
    assert refused.json()["data"] == {"field": "amount", "expected": "number", "row": 29_001}
    assert "many" not in refused.text
    assert places.rows().json() == [{"place": "old", "amount": "1"}]


def test_an_unknown_column_refuses_the_whole_request(places: Asked) -> None:
    refused = places.rows("POST", json=[{"place": "a"}, {"nowhere": 1}])
    assert refused.status_code == 400
    assert "Illegal field name sent: nowhere" in refused.json()["message"]
    assert places.rows().json() == []


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"is_open": "true"}, "is_open"),
        ({"is_open": 1}, "is_open"),
        ({"day": "2014-10-13T00:00:00Z"}, "day"),
        ({"day": "tomorrow"}, "day"),
        ({"amount": "12,5"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": ""}, "amount"),
        ({"place": {"a": 1}}, "place"),
        ({"place": "\ud800"}, "place"),
        ({"spot": "nowhere"}, "spot"),
    ],
)
def test_a_value_of_another_type_is_refused(
    places: Asked, row: dict[str, object], field: str
) -> None:
    refused = places.rows("POST", json=[row])
    assert (refused.status_code, refused.json()["data"]["field"]) == (400, field)


@pytest.mark.parametrize(
    "body",
    [
        "[{]",
        "[1]",
        '{"place": "a"}',
        '[{"amount": NaN}]',
        "",
        '[{"place": "a"}',
        "[" * 5000,
        "[] 1",
    ],
)
def test_a_body_that_is_no_array_of_rows_is_refused(places: Asked, body: str) -> None:
    refused = places.rows("PUT", data=body.encode())
    assert (refused.status_code, refused.json()["code"]) == (400, "req.body.malformed-json")


@pytest.mark.parametrize(
    "body", ["", "place,place\na,b\n", "place\na,b\n", 'place\n"a\n', b"place\n\xff\n"]
)
def test_a_body_that_is_no_csv_is_refused(places: Asked, body: str | bytes) -> None:
    refused = places.rows("PUT", ".csv", data=body, headers={"Content-Type": "text/csv"})
    assert (refused.status_code, refused.json()["code"]) == (400, "req.body.malformed-csv")


def test_partial_rows_merge_blanks_and_nulls_clear(shared_portal: Served) -> None:
    asked = Asked(shared_portal, metadata={"rowIdentifier": "place"})
    asked.rows("PUT", json=[{"place": "a", "amount": 1, "day": "2020-01-01"}])
    asked.rows("POST", json=[{"place": "a", "amount": 2}])
    assert asked.rows().json()[0] == {
        "place": "a",
        "amount": "2",
        "day": "2020-01-01T00:00:00.000",
    }
    asked.rows("POST", json=[{"place": "a", "day": None}])
    assert asked.rows().json() == [{"place": "a", "amount": "2"}]
    asked.rows("POST", ".csv", data="place,amount\na,\n", headers={"Content-Type": "text/csv"})
    assert asked.rows().json() == [{"place": "a"}]


def test_rows_of_one_request_apply_in_their_order(shared_portal: Served) -> None:
    asked = Asked(shared_portal, metadata={"rowIdentifier": "amount"})
    sent = [
        {"amount": 1, "place": "first"},
        {"amount": "1.0", "place": "second"},
        {"amount": 1, ":deleted": True},
        {"amount": 1, "day": "2020-01-01"},
        {"amount": 2},
    ]
    counted = asked.rows("PUT", json=sent).json()
    assert [counted[f"Rows {did}"] for did in ("Created", "Updated", "Deleted")] == [3, 1, 1]
    assert asked.rows().json() == [
        {"amount": "1", "day": "2020-01-01T00:00:00.000"},
        {"amount": "2"},
    ]


def test_rows_are_addressed_by_their_system_id(places: Asked) -> None:
    places.rows("PUT", json=[{"place": "a"}, {"place": "b"}])
    first, second = (row[":id"] for row in places.rows(params={"$select": ":id, place"}).json())
    assert len({first, second}) == 2
    counted = places.rows(
        "POST", json=[{":id": first, "place": "z"}, {":id": second, ":deleted": True}]
    )
    assert [counted.json()[f"Rows {did}"] for did in ("Created", "Updated", "Deleted")] == [0, 1, 1]
    assert places.rows(suffix=f"/{first}.json").json() == {"place": "z"}
    assert places.rows("POST", json=[{":id": second, "place": "y"}]).json()["Errors"] == 1
    refused = places.rows("POST", json=[{":deleted": True}])
    assert refused.json()["code"] == "soda.row.delete-without-primary-key"


@pytest.mark.parametrize(
    ("suffix", "content_type", "body", "status"),
    [
        (".json", None, b'[{"place": "a"}]', 200),
        (".json", "text/csv", b"place\na\n", 200),
        (".csv", None, b"place\na\n", 200),
        ("", "application/json; charset=utf-8", b'{"place": "a"}', 200),
        ("", None, b'[{"place": "a"}]', 400),
        (".json", "application/xml", b"<a/>", 415),
    ],
)
def test_the_content_type_decides_then_the_suffix(
    places: Asked, suffix: str, content_type: str | None, body: bytes, status: int
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answered = places.rows("POST", suffix, data=body, headers=headers)
    assert answered.status_code == status
    assert len(places.rows().json()) == (1 if status == 200 else 0)


def test_fields_and_types_are_announced_while_they_are_short(shared_portal: Served) -> None:
    headers = Asked(shared_portal).rows().headers
    assert json.loads(headers["X-SODA2-Fields"])[:2] == ["place", "amount"]
    assert json.loads(headers["X-SODA2-Types"]) == [
        "text", "number", "boolean", "floating_timestamp", "fixed_timestamp", "url", "point",
    ]  # fmt: skip
    wide = [
        {
            "name": f"A rather long name {at}",
            "fieldName": f"a_rather_long_name_{at}",
            "dataTypeName": "text",
        }
        for at in range(200)
    ]
    headers = Asked(shared_portal, columns=wide).rows().headers
    assert "X-SODA2-Fields" not in headers
    assert "too long" in headers["X-SODA2-Warning"]


def test_an_unchanged_answer_is_not_sent_twice(places: Asked) -> None:
    places.rows("PUT", json=[ROW])
    first = places.rows()
    known = {"If-None-Match": first.headers["ETag"]}
    assert places.rows(headers=known).status_code == 304
    assert places.rows(params={"$limit": 1}, headers=known).status_code == 200
    dated = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert places.rows(headers=dated).status_code == 304
    places.rows("POST", json=[{"place": "new"}])
    assert places.rows(headers=known).status_code == 200
    assert places.rows(headers=dated).status_code == 200


def test_a_replace_makes_every_row_new(places: Asked) -> None:
    places.rows("PUT", json=[{"place": "a"}])
    asked = {"$select": ":id, :updated_at"}
    before = places.rows(params=asked).json()[0]
    places.rows("PUT", json=[{"place": "a"}])
    after = places.rows(params=asked).json()[0]
    assert before[":id"] != after[":id"]
    assert before[":updated_at"] < after[":updated_at"]


def test_what_is_missing_has_two_shapes(shared_portal: Served) -> None:
    rows = requests.get(f"{shared_portal.url}/resource/aaaa-bbbb.json", timeout=10)
    assert rows.status_code == 404
    assert rows.json()["code"] == "dataset.missing"
    assert (rows.json()["error"], rows.json()["message"]) == (True, "Not found")
    assert rows.json()["data"] == {"id": "aaaa-bbbb"}
    view = requests.get(f"{shared_portal.url}/api/views/aaaa-bbbb.json", timeout=10)
    assert (view.status_code, view.json()["code"]) == (404, "not_found")
    assert view.headers["X-Error-Code"] == "not_found"


def test_strangers_neither_write_nor_see_what_is_private(places: Asked) -> None:
    url = f"{places.url}/resource/{places.id}.json"
    for auth in (None, ("publisher", "wrong"), ("nobody", "a-password-of-the-tests")):
        assert requests.get(url, auth=auth, timeout=10).status_code == 403
        assert requests.put(url, auth=auth, json=[], timeout=10).status_code == 403
        created = requests.post(
            f"{places.url}/api/views.json", auth=auth, json={"name": "x"}, timeout=10
        )
        assert created.status_code == 403
    assert requests.get(f"{places.url}/d/{places.id}", timeout=10).status_code == 404
    places.open_to_all()
    assert requests.get(url, timeout=10).status_code == 200
    assert requests.put(url, json=[], timeout=10).status_code == 403
    shown = requests.get(f"{places.url}/api/views/{places.id}.json", timeout=10).json()
    assert shown["rights"] == ["read"]


def test_private_metadata_stays_private(shared_portal: Served) -> None:
    asked = Asked(shared_portal, privateMetadata={"note": "for us"})
    asked.open_to_all()
    assert "for us" in asked.views("GET").text
    assert "for us" not in requests.get(f"{asked.url}/api/views/{asked.id}.json", timeout=10).text


def test_a_published_dataset_changes_its_columns_through_a_working_copy(places: Asked) -> None:
    places.rows("PUT", json=[ROW])
    places.open_to_all()
    column = {"name": "More", "fieldName": "more", "dataTypeName": "text"}
    for method, suffix in (("POST", "/columns"), ("DELETE", "/columns/amount")):
        refused = places.views(method, suffix, json=column)
        assert refused.status_code == 409
        assert refused.json()["code"] == "soda.dataset.incorrect-lifecycle-stage"
    copy = places.views("POST", "/publication.json?method=copy").json()["id"]
    work = f"{places.url}/api/views/{copy}"
    places.session.post(f"{work}/columns", json=column, timeout=10)
    places.session.delete(f"{work}/columns/amount", timeout=10)
    assert "amount" in places.rows().json()[0]
    back = places.session.post(f"{work}/publication.json", timeout=10).json()
    assert back["id"] == places.id
    stranger = requests.get(f"{places.url}/resource/{places.id}.json", timeout=10)
    assert "amount" not in stranger.json()[0]
    assert "more" in json.loads(stranger.headers["X-SODA2-Fields"])
    assert places.session.get(work, timeout=10).status_code == 404


def test_columns_are_added_described_and_taken_out_of_a_draft(places: Asked) -> None:
    made = places.views(
        "POST", "/columns", json={"name": "More Names", "dataTypeName": "text"}
    ).json()
    assert made["fieldName"] == "more_names"
    places.views("PUT", "/columns/more_names", json={"description": "Several"})
    places.rows("PUT", json=[{"more_names": "x"}])
    assert places.rows().json() == [{"more_names": "x"}]
    assert places.views("GET", "/columns").json()[-1]["description"] == "Several"
    assert places.views("DELETE", "/columns/more_names").status_code == 200
    assert places.rows().json() == [{}]


@pytest.mark.parametrize(
    "document",
    [
        {"name": " "},
        {"tags": "one"},
        {"columns": [{"name": "A", "dataTypeName": "document"}]},
        {"columns": [{"name": "A", "fieldName": "a b", "dataTypeName": "text"}]},
        {"columns": [{"name": "A", "dataTypeName": "text"}, {"name": "a", "dataTypeName": "text"}]},
        {"metadata": {"rowIdentifier": "nowhere"}},
    ],
)
def test_a_document_that_cannot_be_is_refused(
    shared_portal: Served, document: dict[str, Any]
) -> None:
    body = {"name": "Places", **document}
    auth = (shared_portal.user, shared_portal.password)
    before = requests.get(f"{shared_portal.url}/api/views.json", auth=auth, timeout=10).json()
    answered = requests.post(
        f"{shared_portal.url}/api/views.json", json=body, auth=auth, timeout=10
    )
    assert answered.status_code == 400
    listed = requests.get(f"{shared_portal.url}/api/views.json", auth=auth, timeout=10)
    assert listed.json() == before


def test_an_attached_file_is_served_as_it_came(places: Asked) -> None:
    sent = b"column,meaning\nplace,Ort\n"
    headers = {"X-File-Name": "dictionary.csv", "Content-Type": "text/csv"}
    made = places.views("POST", "/files.txt", data=sent, headers=headers).json()
    assert made["nameForOutput"] == "dictionary.csv"
    url = f"{places.url}/api/views/{places.id}/files/{made['file']}"
    assert requests.get(url, timeout=10).status_code == 403
    places.open_to_all()
    got = requests.get(url, timeout=10)
    assert got.content == sent
    assert 'filename="dictionary.csv"' in got.headers["Content-Disposition"]
    assert places.views("POST", "/files.txt", data=sent).status_code == 400


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"$where": "nowhere = 1"}, "query.soql.no-such-column"),
        ({"nowhere": "1"}, "query.soql.no-such-column"),
        ({"$where": "sleep(1) = 2"}, "query.soql.no-such-function"),
        ({"$where": "place > 5"}, "query.soql.type-mismatch"),
        ({"$where": "amount = 'many'"}, "query.soql.type-mismatch"),
        ({"$where": "place"}, "query.soql.non-boolean-where"),
        ({"$where": "place = 'a"}, "query.soql.unterminated-string"),
        ({"$where": ""}, "query.soql.unexpected-eof"),
        ({"$where": "place = 'a' ORDER BY place"}, "query.soql.bad-parse"),
        ({"$where": "place in (select place)"}, "query.soql.bad-parse"),
        ({"$where": "place = 'a'; drop table views"}, "query.soql.bad-parse"),
        ({"$select": "* from views"}, "query.soql.bad-parse"),
        ({"$select": "place, count(*)"}, "query.soql.column-not-in-group-bys"),
        ({"$select": "place as a, day as a"}, "query.soql.duplicate-alias"),
        ({"$where": "count(*) > 1"}, "query.soql.aggregate-in-ungrouped-context"),
        ({"$order": "spot"}, "query.soql.un-orderable-order"),
        ({"$limit": "-1"}, "query.compiler.malformed"),
        ({"$join": "x"}, "query.compiler.malformed"),
    ],
)
def test_a_query_outside_the_subset_has_its_own_error(
    places: Asked, parameters: dict[str, str], code: str
) -> None:
    answered = places.rows(params=parameters)
    assert (answered.status_code, answered.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"$select": "place", "$where": "amount between 2 and '3'"}, ["b", "c"]),
        ({"$select": "place", "$where": "place not in ('a', \"b\")"}, ["c", "d"]),
        ({"$select": "place", "$where": "amount is null"}, ["d"]),
        ({"$select": "place", "$where": "amount >= 2 and not amount = 3"}, ["b"]),
        ({"$select": "place", "$where": "place like 'a%' or amount > 10/4"}, ["a", "c"]),
        ({"$select": "place", "$where": "day > '2020-01-02'"}, ["b", "c"]),
        ({"$select": "place", "is_open": "true"}, ["a"]),
        ({"$select": "place", "amount": "2.0"}, ["b"]),
        ({"$select": "place", "$order": "amount DESC", "$limit": "2"}, ["c", "b"]),
        ({"$select": "place", "$order": "place", "$offset": "3"}, ["d"]),
        ({"$select": "upper(place) as place", "$limit": "1"}, ["A"]),
    ],
)
def test_the_subset_finds_what_it_says(
    places: Asked, parameters: dict[str, str], found: list[str]
) -> None:
    places.rows("PUT", json=[
        {"place": "a", "amount": 1, "is_open": True, "day": "2020-01-01"},
        {"place": "b", "amount": 2.0, "is_open": False, "day": "2020-02-01"},
        {"place": "c", "amount": 3, "day": "2021-02-01"},
        {"place": "d"},
    ])  # fmt: skip
    assert [row["place"] for row in places.rows(params=parameters).json()] == found


def test_groups_have_implicit_names(places: Asked) -> None:
    places.rows("PUT", json=[
        {"place": "a", "amount": 1, "day": "2020-01-05"},
        {"place": "a", "amount": 2.25, "day": "2020-01-09"},
        {"place": "b", "amount": 3, "day": "2020-02-01"},
    ])  # fmt: skip
    parameters = {
        "$select": "date_trunc_ym(day), count(*), count(:id), "
        "sum(amount), avg(amount), max(amount)",
        "$group": "date_trunc_ym(day)",
    }
    assert places.rows(params=parameters).json() == [
        {
            "date_trunc_ym_day": "2020-01-01T00:00:00.000",
            "count": "2",
            "count_id": "2",
            "sum_amount": "3.25",
            "avg_amount": "1.625",
            "max_amount": "2.25",
        },
        {
            "date_trunc_ym_day": "2020-02-01T00:00:00.000",
            "count": "1",
            "count_id": "1",
            "sum_amount": "3",
            "avg_amount": "3",
            "max_amount": "3",
        },
    ]


def test_readers_see_the_old_table_or_the_new_one(places: Asked) -> None:
    sizes = (20_000, 30_000)
    bodies = [("place\n" + f"p{size}\n" * size).encode() for size in sizes]
    csv = {"Content-Type": "text/csv"}
    places.rows("PUT", ".csv", data=bodies[0], headers=csv)
    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(places.rows, params={"$limit": 50_000}) for _ in range(4)]
        writes = [
            pool.submit(places.rows, "PUT", ".csv", data=body, headers=csv) for body in bodies * 2
        ]
        reads += [pool.submit(places.rows, params={"$limit": 50_000}) for _ in range(4)]
        seen = [read.result().json() for read in reads]
    assert {write.result().status_code for write in writes} == {200}
    for table in seen:
        assert {row["place"] for row in table} == {f"p{len(table)}"}


def test_data_json_says_only_what_is_known(shared_portal: Served) -> None:
    plain = Asked(shared_portal)
    plain.open_to_all()
    private = {"contactEmail": "data@example.gov"}
    full = Asked(shared_portal, licenseId="CC0_10", attribution="Health", privateMetadata=private)
    full.open_to_all()
    catalogue = requests.get(f"{shared_portal.url}/data.json", timeout=10).json()
    assert catalogue["conformsTo"].endswith("/v1.1/schema")
    said = {entry["identifier"][-9:]: entry for entry in catalogue["dataset"]}
    assert "license" not in said[plain.id]
    assert "contactPoint" not in said[plain.id]
    assert said[full.id]["license"].startswith("https://creativecommons.org/")
    assert said[full.id]["contactPoint"]["hasEmail"] == "mailto:data@example.gov"
    for part in said[full.id]["distribution"]:
        assert requests.get(part["downloadURL"], timeout=10).status_code == 200
