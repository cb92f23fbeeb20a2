"""Whatever a query says, the portal answers it or refuses it; nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opengazette.localportal import PortalSettings, create_app

pytestmark = pytest.mark.servers

AUTH = ("ann", "correct horse")
FIELDS = ["place", "amount", "day", "is_open", "`order`", ":id", ":updated_at", "nowhere"]
LITERALS = [
    "1", "-2.5", "1e400", "12345678901234567890123456789012345678901234567890", "0.1",
    "'a'", '"b"', "'2020-01-01'", "'5'", "true", "null", "'it''s'", "'%'",
]  # fmt: skip
COLUMNS = [
    {"name": "Place", "fieldName": "place", "dataTypeName": "text"},
    {"name": "Amount", "fieldName": "amount", "dataTypeName": "number"},
    {"name": "Day", "fieldName": "day", "dataTypeName": "calendar_date"},
    {"name": "Open", "fieldName": "is_open", "dataTypeName": "checkbox"},
    {"name": "Order", "fieldName": "order", "dataTypeName": "text"},
]
ROWS = [
    {"place": "a", "amount": 1, "day": "2020-01-01", "is_open": True, "order": "x"},
    {"place": "b", "amount": "98765432109876543210.125", "day": "9999-12-31"},
    {"amount": -3.5},
]


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    operators = st.sampled_from(
        ["=", "!=", "<", ">=", "+", "-", "*", "/", "%", "||", "and", "or", "like", "not like"]
    )
    functions = st.sampled_from(
        ["count", "sum", "avg", "min", "max", "upper", "lower", "date_trunc_ym", "date_extract_y",
         "count(distinct", "sleep", "-", "not", "(", "abs", "cast"]
    )  # fmt: skip
    return st.one_of(
        st.tuples(inner, operators, inner).map(" ".join),
        st.tuples(functions, inner).map(lambda p: f"{p[0]}({p[1]})" + ")" * p[0].count("(")),
        pair.map(lambda p: f"{p[0]} in ({p[1]}, {p[0]})"),
        pair.map(lambda p: f"{p[0]} between {p[1]} and {p[0]}"),
        pair.map(lambda p: f"starts_with({p[0]}, {p[1]})"),
        inner.map(lambda e: f"{e} is not null"),
        inner.map(lambda e: f"({e})"),
    )


EXPRESSIONS = st.recursive(st.sampled_from(FIELDS + LITERALS), _grown, max_leaves=6)
CLAUSES = st.sampled_from(["$select", "$where", "$group", "$having", "$order", "$query", "$q"])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, str]]:
    folder = tmp_path_factory.mktemp("soql")
    app = create_app(PortalSettings(folder=folder, users=dict([AUTH])))
    with TestClient(app, raise_server_exceptions=False) as client:
        body = {"name": "Places", "columns": COLUMNS}
        dataset = client.post("/api/views.json", json=body, auth=AUTH).json()["id"]
        client.put(f"/resource/{dataset}.json", json=ROWS, auth=AUTH)
        yield client, f"/resource/{dataset}.json"


@given(st.dictionaries(CLAUSES, EXPRESSIONS, min_size=1, max_size=3))
@example({"$select": "amount * amount * amount", "$where": "amount > 1e400"})
@example({"$where": "amount = 12345678901234567890123456789012345678901234567890"})
@example({"$select": "date_trunc_ym(day)", "$group": "date_trunc_ym(day)"})
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_query_of_any_shape_is_answered_or_refused(
    asked: tuple[TestClient, str], parameters: dict[str, str]
) -> None:
    client, rows = asked
    answered = client.get(rows, params=parameters, auth=AUTH)
    assert answered.status_code in (200, 400), (parameters, answered.text)
    if answered.status_code == 400:
        assert answered.json()["code"].startswith("query.")
    else:
        answered.json()


@given(CLAUSES, st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_at_all_is_answered_or_refused(
    asked: tuple[TestClient, str], clause: str, text: str
) -> None:
    client, rows = asked
    sent = text.encode("utf-8", "replace").decode()
    assert client.get(rows, params={clause: sent}, auth=AUTH).status_code in (200, 400)


@pytest.mark.parametrize(
    "attack",
    [
        "place = 'a' or 1=1; drop table views; --",
        "place = 'a' union select kept from views",
        "read_text('/etc/passwd') = 'x'",
        "place in (select kept from views)",
        "exists (select 1)",
        "place = (select kept from views)",
        "pragma_version() = 1",
        "place = $p0",
        "place similar to '.*'",
        "views.kept = 'x'",
        "place::varchar = 'a'",
        "place = 'a' /* */ ; attach 'x' as y",
    ],
)
def test_no_query_reaches_the_database_as_sql(asked: tuple[TestClient, str], attack: str) -> None:
    client, rows = asked
    for clause in ("$where", "$select", "$order", "$group", "$having", "$query"):
        answered = client.get(rows, params={clause: attack}, auth=AUTH)
        assert answered.status_code == 400, clause
    assert len(client.get(rows, auth=AUTH).json()) == len(ROWS)


@pytest.mark.parametrize("name", ["order", "group", "end", "case", "date", "year", "rank", "table"])
def test_columns_may_be_called_like_words_of_the_language(
    asked: tuple[TestClient, str], name: str
) -> None:
    client, _ = asked
    column = {"name": name, "fieldName": name, "dataTypeName": "number"}
    body = {"name": "Words", "columns": [column]}
    dataset = client.post("/api/views.json", json=body, auth=AUTH).json()["id"]
    client.put(f"/resource/{dataset}.json", json=[{name: 2}, {name: 1}], auth=AUTH)
    rows = f"/resource/{dataset}.json"
    asked_for = {"$select": f"`{name}`", "$order": f"`{name}`", "$where": f"`{name}` > 0"}
    assert client.get(rows, params=asked_for, auth=AUTH).json() == [{name: "1"}, {name: "2"}]
    assert client.get(rows, params={name: "2"}, auth=AUTH).json() == [{name: "2"}]
    client.delete(f"/api/views/{dataset}", auth=AUTH)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/resource/x'; drop table views"),
        ("GET", "/resource/..%2f..%2fportal.duckdb"),
        ("GET", "/api/views/aaaa-bbbb/files/..%2f..%2fportal.duckdb"),
        ("GET", "/static/..%2f..%2fsettings.py"),
        ("GET", "/d/%00"),
        ("GET", "/api/views/aaaa-bbbb.json"),
        ("POST", "/api/views/aaaa-bbbb/publication.json"),
        ("DELETE", "/api/views/aaaa-bbbb"),
        ("PUT", "/api/views/aaaa-bbbb/columns/x"),
        ("DELETE", "/resource/aaaa-bbbb/1.json"),
    ],
)
def test_addresses_of_nothing_are_not_found(
    asked: tuple[TestClient, str], method: str, path: str
) -> None:
    client, _ = asked
    body: dict[str, Any] = {"json": {}} if method == "PUT" else {}
    assert client.request(method, path, auth=AUTH, **body).status_code == 404
