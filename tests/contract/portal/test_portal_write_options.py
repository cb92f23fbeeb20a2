"""What a write may ask for besides its rows."""

from __future__ import annotations

from typing import Any

import pytest

CSV = "county,year,visits\nAlameda,2020,120\nButte,2020,35\n"
BUTTE = {"county": "Butte", "year": "2020", "visits": "35"}
ALAMEDA = {"county": "Alameda", "year": "2020", "visits": "120"}


@pytest.fixture
def dataset(desk: Any) -> str:
    """A dataset whose rows are identified by their county."""
    return str(desk.published(CSV, key="county"))


def written(desk: Any, dataset: str, options: str, rows: object) -> Any:
    answer = desk.client.post(f"/resource/{dataset}.json?{options}", json=rows, auth=desk.auth)
    return answer.status_code, answer.json()


def test_truncate_takes_all_other_rows_away(desk: Any, dataset: str) -> None:
    status, counters = written(desk, dataset, "truncate=true", [{"county": "Colusa"}])
    assert (status, counters["Rows Created"]) == (200, 1)
    assert desk.table(dataset) == [{"county": "Colusa"}]


@pytest.mark.parametrize("options", ["", "truncate=true", "errorsAreFatal=true"])
def test_no_rows_at_all_are_a_write_too(desk: Any, dataset: str, options: str) -> None:
    status, counters = written(desk, dataset, options, [])
    assert (status, sum(counters.values())) == (200, 0)
    left = [] if options == "truncate=true" else [ALAMEDA, BUTTE]
    assert desk.table(dataset) == left


def test_a_truncate_that_fails_leaves_the_rows(desk: Any, dataset: str) -> None:
    status, _ = written(desk, dataset, "truncate=true", [{"county": "A"}, {"visits": "1"}])
    assert status == 400
    assert desk.table(dataset) == [ALAMEDA, BUTTE]


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ("", {**BUTTE, "visits": "36"}),
        ("mergeInsteadOfReplace=true", {**BUTTE, "visits": "36"}),
        ("mergeInsteadOfReplace=false", {"county": "Butte", "visits": "36"}),
    ],
)
def test_a_field_that_is_not_named_keeps_its_value_or_is_cleared(
    desk: Any, dataset: str, options: str, after: dict[str, str]
) -> None:
    assert written(desk, dataset, options, [{"county": "Butte", "visits": 36}])[0] == 200
    assert desk.table(dataset) == [ALAMEDA, after]


def versions(desk: Any, dataset: str) -> dict[str, str]:
    rows = desk.ask("GET", f"/resource/{dataset}.json?$select=county,:version")
    return {row["county"]: row[":version"] for row in rows}


def test_a_row_is_changed_only_at_the_version_it_names(desk: Any, dataset: str) -> None:
    seen = versions(desk, dataset)
    row = {"county": "Butte", "visits": 36, ":version": seen["Butte"]}
    assert written(desk, dataset, "", [row])[1]["Rows Updated"] == 1
    status, answer = written(desk, dataset, "", [{**row, "visits": 37}])
    assert (status, answer["code"]) == (409, "update.row-version-mismatch")
    gone = {"county": "Butte", ":deleted": True, ":version": seen["Butte"]}
    assert written(desk, dataset, "", [gone])[0] == 409
    assert desk.table(dataset) == [ALAMEDA, {**BUTTE, "visits": "36"}]
    assert versions(desk, dataset)["Alameda"] == seen["Alameda"]
    csv = f"county,visits,:version\nButte,38,{versions(desk, dataset)['Butte']}\nAlameda,1,\n"
    kind = {"Content-Type": "text/csv"}
    sent = desk.ask("POST", f"/resource/{dataset}.csv", content=csv.encode(), headers=kind)
    assert sent["Rows Updated"] == 2
    assert (
        written(desk, dataset, "", [{**gone, ":version": versions(desk, dataset)["Butte"]}])[1][
            "Rows Deleted"
        ]
        == 1
    )


def test_rows_at_other_versions_are_left_as_they_are_where_that_is_tolerated(
    desk: Any, dataset: str
) -> None:
    seen = versions(desk, dataset)
    rows = [
        {"county": "Alameda", "visits": 1, ":version": "rv-aaaa.aaaa~aaaa"},
        {"county": "Butte", "visits": 2, ":version": seen["Butte"]},
        {"county": "Butte", "visits": 3, ":version": seen["Butte"]},
        {"county": "Colusa", "visits": 4, ":version": seen["Butte"]},
    ]
    new = written(desk, dataset, "nonFatalRowErrors[]=version_mismatch", rows)
    assert (new[0], new[1]["code"]) == (400, "update.version-on-new-row")
    tolerated = "nonFatalRowErrors[]=version_mismatch&nonFatalRowErrors[]=version_on_new_row"
    status, counters = written(desk, dataset, tolerated, rows)
    assert (status, counters["Rows Updated"], counters["Errors"]) == (200, 1, 3)
    assert desk.table(dataset) == [ALAMEDA, {**BUTTE, "visits": "2"}]


GONE = {"county": "Nowhere", ":deleted": True}
LOST = {":id": "row-aaaa.aaaa.aaaa", "visits": 1}
UNNAMED = {"visits": 1}


@pytest.mark.parametrize(
    ("options", "row", "code"),
    [
        ("", GONE, None),
        ("", LOST, None),
        ("", UNNAMED, "soda.row.no-primary-key"),
        ("errorsAreFatal=true", GONE, "soda.row.no-such-id"),
        ("errorsAreFatal=true", LOST, "soda.row.no-such-id"),
        ("errorsAreFatal=true&nonFatalRowErrors[]=no_such_row_to_delete", GONE, None),
        ("nonFatalRowErrors[]=no_such_row_to_update", GONE, "soda.row.no-such-id"),
        ("nonFatalRowErrors[]=no_such_row_to_delete", LOST, "soda.row.no-such-id"),
        ("nonFatalRowErrors[]=no_primary_key", UNNAMED, None),
        ("nonFatalRowErrors[]=no_primary_key", {":deleted": True}, None),
        ("nonFatalRowErrors[]=bad_weather", GONE, "invalid_request"),
        ("truncate=perhaps", GONE, "invalid_request"),
    ],
)
def test_an_error_of_a_row_is_counted_or_refuses_the_request(
    desk: Any, dataset: str, options: str, row: dict[str, object], code: str | None
) -> None:
    status, answer = written(desk, dataset, options, [{"county": "Butte", "visits": 36}, row])
    changed = [ALAMEDA, {**BUTTE, "visits": "36"}]
    if code is None:
        assert (status, answer["Rows Updated"], answer["Errors"]) == (200, 1, 1)
        assert desk.table(dataset) == changed
    else:
        assert (status, answer["code"]) == (400, code)
        assert desk.table(dataset) == [ALAMEDA, BUTTE]
