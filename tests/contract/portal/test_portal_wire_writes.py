"""What writes take and refuse, case for case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from examples.places import Places, Served

pytestmark = pytest.mark.servers


def test_a_bad_row_in_the_middle_leaves_the_old_rows(places: Places) -> None:
    places.rows("PUT", json=[{"place": "old", "amount": 1}])
    rows = [{"place": f"p{at}", "amount": at} for at in range(30_000)]
    rows[29_000]["amount"] = "many"
    refused = places.rows("PUT", json=rows)
    assert refused.status_code == 400
    assert refused.json()["code"] == refused.json()["errorCode"] == "soda.column.maltyped"
    assert refused.json()["data"] == {"field": "amount", "expected": "number", "row": 29_001}
    assert "many" not in refused.text
    assert places.rows().json() == [{"place": "old", "amount": "1"}]


def test_an_unknown_column_refuses_the_whole_request(places: Places) -> None:
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
    places: Places, row: dict[str, object], field: str
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
def test_a_body_that_is_no_array_of_rows_is_refused(places: Places, body: str) -> None:
    refused = places.rows("PUT", data=body.encode())
    assert (refused.status_code, refused.json()["code"]) == (400, "req.body.malformed-json")


@pytest.mark.parametrize(
    "body", ["", "place,place\na,b\n", "place\na,b\n", 'place\n"a\n', b"place\n\xff\n"]
)
def test_a_body_that_is_no_csv_is_refused(places: Places, body: str | bytes) -> None:
    refused = places.rows("PUT", ".csv", data=body, headers={"Content-Type": "text/csv"})
    assert (refused.status_code, refused.json()["code"]) == (400, "req.body.malformed-csv")


def test_partial_rows_merge_blanks_and_nulls_clear(shared_portal: Served) -> None:
    asked = Places(shared_portal, metadata={"rowIdentifier": "place"})
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
    asked = Places(shared_portal, metadata={"rowIdentifier": "amount"})
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


def test_rows_are_addressed_by_their_system_id(places: Places) -> None:
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
    places: Places, suffix: str, content_type: str | None, body: bytes, status: int
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answered = places.rows("POST", suffix, data=body, headers=headers)
    assert answered.status_code == status
    assert len(places.rows().json()) == (1 if status == 200 else 0)


def test_a_replace_makes_every_row_new(places: Places) -> None:
    places.rows("PUT", json=[{"place": "a"}])
    asked = {"$select": ":id, :updated_at"}
    before = places.rows(params=asked).json()[0]
    places.rows("PUT", json=[{"place": "a"}])
    after = places.rows(params=asked).json()[0]
    assert before[":id"] != after[":id"]
    assert before[":updated_at"] < after[":updated_at"]


def test_readers_see_the_old_table_or_the_new_one(places: Places) -> None:
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
