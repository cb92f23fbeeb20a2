"""What queries can say of text, of numbers and of rows that are the same."""

from __future__ import annotations

from typing import Any

import pytest

CSV = "place,amount,year\n  Ñuble ,-2.5,2020\nAlameda,7,2020\nAlameda,9,2021\nButte,,2021\n"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory, desk_at: Any) -> Any:
    from fastapi.testclient import TestClient

    from opengazette.localportal import PortalSettings, create_app

    portal = PortalSettings(folder=tmp_path_factory.mktemp("soql"), users={"ann": "correct horse"})
    with TestClient(create_app(portal), raise_server_exceptions=False) as client:
        desk = desk_at(client)
        path = f"/resource/{desk.published(CSV)}.json"
        desk.client.put(
            path, content=CSV.encode(), headers={"Content-Type": "text/csv"}, auth=desk.auth
        )
        yield lambda **asked: desk.client.get(
            path, params={f"${name}": text for name, text in asked.items()}, auth=desk.auth
        )


def column(answer: Any) -> list[object]:
    assert answer.status_code == 200, answer.text
    return [next(iter(row.values()), None) for row in answer.json()]


@pytest.mark.parametrize(
    ("select", "found"),
    [
        ("trim(place)", ["Ñuble", "Alameda", "Alameda", "Butte"]),
        ("unaccent(trim_leading(place))", ["Nuble ", "Alameda", "Alameda", "Butte"]),
        ("length(trim_trailing(place))", ["7", "7", "7", "5"]),
        ("substring(place, 3, 2)", ["Ñu", "am", "am", "tt"]),
        ("substring(place, 5)", ["ble ", "eda", "eda", "e"]),
        ("substring(place, -1e30, 1e30)", ["  Ñuble ", "Alameda", "Alameda", "Butte"]),
        ("abs(amount)", ["2.5", "7", "9", None]),
        ("ceil(amount)", ["-2", "7", "9", None]),
        ("floor(amount)", ["-3", "7", "9", None]),
        ("round(amount)", ["-3", "7", "9", None]),
        ("round(amount / 7, 2)", ["-0.36", "1", "1.29", None]),
        ("round(ln(amount), 3)", [None, "1.946", "2.197", None]),
        ("greatest(amount, 8)", ["8", "8", "9", "8"]),
        ("least(amount, '8')", ["-2.5", "7", "8", "8"]),
        ("median(amount)", ["7"]),
        ("round(stddev_pop(amount), 2)", ["5.02"]),
        ("round(stddev_samp(amount), 2)", ["6.14"]),
        ("distinct trim(place)", ["Alameda", "Butte", "Ñuble"]),
        ("distinct year", ["2020", "2021"]),
    ],
)
def test_a_query_computes(dataset: Any, select: str, found: list[object]) -> None:
    assert column(dataset(select=f"{select} as x" if "distinct" not in select else select)) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("select distinct trim(place) as p order by p desc", ["Ñuble", "Butte", "Alameda"]),
        ("select distinct place where amount > 0 limit 5", ["Alameda"]),
        ("select amount search 'alameda' limit 1", ["7"]),
        ('select amount where year = 2021 order by amount search "ala"', ["9"]),
        ("select sum(amount) where contains('search', 'sea') search 'BUT'", [None]),
    ],
)
def test_a_whole_query_has_distinct_and_search(
    dataset: Any, query: str, found: list[object]
) -> None:
    assert column(dataset(query=query)) == found


def test_words_of_a_query_and_of_q_are_all_looked_for(dataset: Any) -> None:
    found = dataset(query="select amount search 'alameda'", q="2021")
    assert column(found) == ["9"]


@pytest.mark.parametrize(
    ("select", "code"),
    [
        ("trim(amount)", "type-mismatch"),
        ("round(amount, 1, 2)", "no-such-function"),
        ("substring(place)", "no-such-function"),
        ("length()", "no-such-function"),
        ("ln('a')", "type-mismatch"),
        ("median(place)", "type-mismatch"),
        ("distinct year, count(*)", "bad-parse"),
        ("distinct 1", "bad-parse"),
        ("distinct on (year) place", "bad-parse"),
        ("trim(both 'x' from place)", "bad-parse"),
        ("repeat(place, 9)", "no-such-function"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_code(dataset: Any, select: str, code: str) -> None:
    answer = dataset(select=select)
    assert (answer.status_code, answer.json()["code"]) == (400, f"query.soql.{code}")


def test_distinct_rows_are_ordered_by_what_they_show_alone(dataset: Any) -> None:
    answer = dataset(select="distinct place", order="amount")
    assert answer.json()["code"] == "query.soql.column-not-in-group-bys"
    assert column(dataset(select="distinct year", order="year DESC")) == ["2021", "2020"]
