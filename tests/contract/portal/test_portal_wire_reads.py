"""What reads send over the wire, byte for byte, and what queries find."""

from __future__ import annotations

import json
from unicodedata import normalize

import pytest
from examples.places import ROW, Places, Served

pytestmark = pytest.mark.servers


def test_json_is_written_as_socrata_writes_it(places: Places) -> None:
    assert places.rows("PUT", json=[ROW, {"place": "B"}]).status_code == 200
    found = places.rows()
    assert found.headers["Content-Type"] == "application/json;charset=utf-8"
    assert found.content == (
        b'[{"place":"The \\"Old\\" Mill, east","amount":"1204.50","is_open":true,'
        b'"day":"2014-10-13T00:00:00.000","moment":"2014-10-14T07:00:00.000Z",'
        b'"site":{"url":"https://example.gov","description":"Home"},'
        b'"spot":{"type":"Point","coordinates":[-122.3,47.5]}}\n,{"place":"B"}]\n'
    )


def test_csv_quotes_every_cell_but_null_under_field_names(places: Places) -> None:
    places.rows("PUT", json=[ROW, {"place": "B"}])
    found = places.rows(suffix=".csv")
    assert found.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert found.text == (
        '"place","amount","is_open","day","moment","site","spot"\n'
        '"The ""Old"" Mill, east","1204.50","true","2014-10-13T00:00:00.000",'
        '"2014-10-14T07:00:00.000Z","Home (https://example.gov)","POINT (-122.3 47.5)"\n'
        '"B",,,,,,\n'
    )


def test_an_empty_dataset_is_an_empty_array_and_a_bare_header(places: Places) -> None:
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
def test_numbers_keep_every_digit(places: Places, sent: str, written: str) -> None:
    places.rows("PUT", json=[{"amount": sent}])
    assert places.rows().json() == [{"amount": written}]
    places.rows("PUT", data=f"amount\n{sent}\n", headers={"Content-Type": "text/csv"})
    assert places.rows().json() == [{"amount": written}]


def test_a_json_number_is_as_exact_as_its_digits(places: Places) -> None:
    places.rows("PUT", data='[{"amount": 12345678901234567890.12, "place": 1.50}]')
    assert places.rows().json() == [{"amount": "12345678901234567890.12", "place": "1.50"}]


def test_text_comes_back_in_form_nfc(places: Places) -> None:
    places.rows("PUT", json=[{"place": normalize("NFD", "Ñandú é")}])
    assert places.rows().json() == [{"place": normalize("NFC", "Ñandú é")}]


def test_fields_and_types_are_announced_while_they_are_short(shared_portal: Served) -> None:
    headers = Places(shared_portal).rows().headers
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
    headers = Places(shared_portal, columns=wide).rows().headers
    assert "X-SODA2-Fields" not in headers
    assert "too long" in headers["X-SODA2-Warning"]


def test_an_unchanged_answer_is_not_sent_twice(places: Places) -> None:
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
    places: Places, parameters: dict[str, str], code: str
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
        (
            {"$select": "case(amount > 1, 'more', true, 'less') as place"},
            ["less", "more", "more", "less"],
        ),
        (
            {"$select": "case when amount is null then 'none' else place end as place"},
            ["a", "b", "c", "none"],
        ),
        ({"$select": "coalesce(amount, '7') as place"}, ["1", "2", "3", "7"]),
        ({"$select": "place", "$where": "contains(place || 'x', 'bx')"}, ["b"]),
        ({"$select": "place", "$where": "date_extract_woy(day) = 5"}, ["b", "c"]),
        ({"$select": "place", "$where": "case(amount > 2, is_open is null, true, false)"}, ["c"]),
    ],
)
def test_the_subset_finds_what_it_says(
    places: Places, parameters: dict[str, str], found: list[str]
) -> None:
    places.rows("PUT", json=[
        {"place": "a", "amount": 1, "is_open": True, "day": "2020-01-01"},
        {"place": "b", "amount": 2.0, "is_open": False, "day": "2020-02-01"},
        {"place": "c", "amount": 3, "day": "2021-02-01"},
        {"place": "d"},
    ])  # fmt: skip
    assert [row["place"] for row in places.rows(params=parameters).json()] == found


@pytest.mark.parametrize(
    ("select", "code"),
    [
        ("case(amount > 1)", "bad-parse"),
        ("case()", "bad-parse"),
        ("case(amount, 'a')", "non-boolean-where"),
        ("case(true, 'a', false, amount)", "type-mismatch"),
        ("case amount when 1 then 'a' end", "bad-parse"),
        ("coalesce(place, amount)", "type-mismatch"),
        ("coalesce(spot, spot)", "type-mismatch"),
        ("contains(amount, 'a')", "type-mismatch"),
    ],
)
def test_a_choice_that_does_not_agree_has_its_own_error(
    places: Places, select: str, code: str
) -> None:
    answered = places.rows(params={"$select": select})
    assert (answered.status_code, answered.json()["code"]) == (400, f"query.soql.{code}")


def test_choices_have_implicit_names_and_make_groups(places: Places) -> None:
    places.rows("PUT", json=[{"place": "a", "amount": n} for n in (1, 2, 3)])
    size = "case(amount > 1, 'large', true, 'small')"
    asked = {"$select": f"{size}, count(*)", "$group": size, "$order": "count"}
    found = places.rows(params=asked).json()
    name = next(key for key in found[0] if key != "count")
    assert name.startswith("case_amount_1_large")
    assert [(row[name], row["count"]) for row in found] == [("small", "1"), ("large", "2")]


def test_groups_have_implicit_names(places: Places) -> None:
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
