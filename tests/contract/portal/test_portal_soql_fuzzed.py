"""Whatever is asked of a dataset, nothing of another is told, nothing changes, nothing breaks.

`QUERIES=20000 pytest tests/contract/portal/test_portal_soql_fuzzed.py` asks as often.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opengazette.localportal import PortalSettings, create_app

QUERIES = int(os.environ.get("QUERIES", "300"))
ANN = ("ann", "correct horse")
CANARY = "canary7f3e"
#: The codes that the reference names, and those of the older family.
CODES = {
    f"query.soql.{name}"
    for name in (
        *("no-such-column", "no-such-function", "type-mismatch", "bad-parse", "unexpected-eof"),
        *("unterminated-string", "ambiguous-call", "aggregate-in-ungrouped-context"),
        *("column-not-in-group-bys", "duplicate-alias", "non-boolean-where"),
        *("un-orderable-order",),
    )
} | {"query.compiler.malformed", "query.no-geometry"}
COLUMNS = [
    {"name": name.title(), "fieldName": name, "dataTypeName": kind}
    for name, kind in {
        "place": "text",
        "amount": "number",
        "day": "calendar_date",
        "moment": "date",
        "is_open": "checkbox",
        "spot": "point",
        "site": "url",
        "order": "text",
    }.items()
]
ROWS = [
    {
        "place": "a'b%_",
        "amount": "98765432109876543210.125",
        "day": "2020-02-29",
        "moment": "2020-01-01T00:00:00Z",
        "is_open": True,
        "site": {"url": "https://x.gov"},
        "spot": {"type": "Point", "coordinates": [-122.3, 47.5]},
    },
    {"place": "b", "amount": "-0.1", "day": "9999-12-31", "order": "1e400"},
    {},
]
FIELDS = [
    *("place", "amount", "day", "moment", "is_open", "spot", "site", "`order`", ":id"),
    *(":created_at", ":updated_at", ":version", ":*", "*", "nowhere", "c1", "number", "sid"),
    *("row_key", "secret", "views", "kept", "o0", "$p0", "?", "$1"),
]
LITERALS = [
    *("0", "1", "-2.5", "1e400", "1e-400", "9" * 60, "0.1", ".5", "1_000", "0x1F", "1e", "''"),
    *("'a'", '"b"', "'2020-01-01'", "'99999-13-41'", "'it''s'", "'%'", "'\\'", "true", "null"),
    *("'2020-01-01T00:00:00Z'", "interval '1' day", "date '2020-01-01'", "[1, 2]", "{'a': 1}"),
    *("'POINT (1 2)'", "x'00'", "e'\\n'", "current_date", "'" + "a" * 300 + "'"),
]
OPERATORS = [
    *("=", "==", "!=", "<>", "<", ">=", "+", "-", "*", "/", "%", "||", "and", "or", "like", "^"),
    *("not like", "ilike", "is", "is not", "~", "->", "->>", "::", "collate", "div", "xor", "??"),
    *("similar to", "in", "not in", "between", "escape", "glob", "union all", "|>", "join", ";"),
]
FUNCTIONS = [
    *("count", "sum", "avg", "min", "max", "upper", "lower", "starts_with", "date_trunc_ym"),
    *("date_extract_y", "date_extract_dow", "case", "cast", "coalesce", "if", "try_cast", "trim"),
    *("median", "stddev_pop", "within_circle", "read_csv", "read_text", "glob", "getenv"),
    *("duckdb_tables", "current_setting", "list", "string_agg", "repeat", "sleep", "query", "any"),
    *("trim_leading", "unaccent", "length", "substring", "abs", "ceil", "floor", "ln", "round"),
    *("greatest", "least", "stddev_samp", "distinct", "search"),
    *("row_number", "exists", "unnest", "regexp_matches", "format", "printf", "chr", "pragma_x"),
]
TAILS = [
    *("over ()", "over (partition by place)", "filter (where true)", "as x", "as `x y`", "asc"),
    *("desc nulls first", "is null", "is not null", "limit 1", "from views", "union select kept"),
    *("from (select * from views)", "with ties", "using sample 1", "-- ", "/* */", "into t", "; "),
    *("order by 1", "group by 1", "group by all", "group by cube (place)", "having 1 = 1"),
]


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    listed = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(" ".join),
        st.tuples(st.sampled_from(FUNCTIONS), listed).map(lambda part: f"{part[0]}({part[1]})"),
        st.tuples(inner, st.sampled_from(TAILS)).map(" ".join),
        st.tuples(inner, listed).map(lambda part: f"{part[0]} in ({part[1]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"{p[0]} between {p[1]} and {p[2]}"),
        st.tuples(inner, inner, inner).map(
            lambda p: f"case when {p[0]} then {p[1]} else {p[2]} end"
        ),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"not {one}"),
        inner.map(lambda one: f"(select {one} from views)"),
        inner.map(lambda one: f"count(distinct {one})"),
    )


EXPRESSIONS = st.recursive(st.sampled_from(FIELDS + LITERALS), grown, max_leaves=8)
LISTS = st.lists(EXPRESSIONS, min_size=1, max_size=3).map(", ".join)
CLAUSES = {
    "$select": LISTS,
    "$where": EXPRESSIONS,
    "$group": LISTS,
    "$having": EXPRESSIONS,
    "$order": LISTS,
    "$q": EXPRESSIONS,
    "$limit": st.one_of(st.integers(-1, 2**70).map(str), EXPRESSIONS),
    "$offset": st.one_of(st.integers(-1, 2**70).map(str), EXPRESSIONS),
    "place": EXPRESSIONS,
    "amount": EXPRESSIONS,
    ":id": EXPRESSIONS,
}


def of_types(depth: int) -> dict[str, st.SearchStrategy[str]]:
    """Make expressions whose types agree, so that most of them reach the database."""
    if not depth:
        return {
            "number": st.sampled_from(["amount", "0", "-2.5", "1e300", "9" * 38, "'7'"]),
            "text": st.sampled_from(["place", "`order`", "'a'", "'%'", "''", "'\\'"]),
            "day": st.sampled_from(["day", "'2020-02-29'", "'0001-01-01'", "'9999-12-31'"]),
            "moment": st.sampled_from(["moment", ":created_at", "'2020-01-01T00:00:00Z'"]),
            "truth": st.sampled_from(["is_open", "true", "spot is null", "site is not null"]),
        }
    inner = of_types(depth - 1)
    same = [st.tuples(inner[kind], inner[kind]) for kind in inner if kind != "truth"]
    compared = st.sampled_from(["=", "!=", "<", ">=", "<>"])
    number, text, truth = inner["number"], inner["text"], inner["truth"]
    return {
        "number": st.one_of(
            number,
            st.tuples(number, st.sampled_from("+-*/%"), number).map(lambda p: f"({' '.join(p)})"),
            number.map(lambda one: f"-{one}"),
            st.tuples(truth, number, number).map(lambda p: f"case({p[0]}, {p[1]}, true, {p[2]})"),
            st.tuples(number, number).map(lambda p: f"coalesce({p[0]}, {p[1]})"),
            st.one_of(inner["day"], inner["moment"]).map(lambda one: f"date_extract_y({one})"),
        ),
        "text": st.one_of(
            text,
            st.tuples(text, text).map(" || ".join),
            st.tuples(truth, text).map(lambda p: f"case when {p[0]} then {p[1]} end"),
            st.tuples(st.sampled_from(["upper", "lower"]), text).map(lambda p: f"{p[0]}({p[1]})"),
        ),
        "day": st.one_of(inner["day"], inner["day"].map(lambda one: f"date_trunc_ym({one})")),
        "moment": st.one_of(inner["moment"], inner["moment"].map(lambda m: f"date_trunc_y({m})")),
        "truth": st.one_of(
            truth,
            st.tuples(st.one_of(same), compared).map(lambda p: f"{p[0][0]} {p[1]} {p[0][1]}"),
            st.one_of(same).map(lambda p: f"{p[0]} in ({p[1]}, {p[0]})"),
            st.one_of(same).map(lambda p: f"{p[0]} not between {p[1]} and {p[0]}"),
            st.tuples(text, text).map(lambda p: f"{p[0]} like {p[1]}"),
            st.tuples(text, text).map(lambda p: f"starts_with({p[0]}, {p[1]})"),
            st.tuples(text, text).map(lambda p: f"contains({p[0]}, {p[1]})"),
            st.tuples(truth, st.sampled_from(["and", "or"]), truth).map(" ".join),
            truth.map(lambda one: f"not ({one})"),
        ),
    }


TYPED = of_types(2)
VALUES = st.one_of(*TYPED.values())
AGGREGATED = st.one_of(
    st.just("count(*)"),
    st.tuples(st.sampled_from(["sum", "avg"]), TYPED["number"]).map(lambda p: f"{p[0]}({p[1]})"),
    st.tuples(st.sampled_from(["min", "max", "count"]), VALUES).map(lambda p: f"{p[0]}({p[1]})"),
)
SENSIBLE = st.one_of(
    st.fixed_dictionaries(
        {"$select": VALUES, "$where": TYPED["truth"], "$order": VALUES},
        optional={"$limit": st.integers(0, 9).map(str), "$q": st.text(max_size=5)},
    ),
    st.tuples(VALUES, AGGREGATED, TYPED["truth"]).map(
        lambda p: {"$select": f"{p[0]}, {p[1]}", "$group": p[0], "$having": f"{p[1]} is not null"}
    ),
)
WHOLE = st.tuples(LISTS, EXPRESSIONS, LISTS, st.sampled_from(TAILS)).map(
    lambda part: f"select {part[0]} where {part[1]} order by {part[2]} {part[3]}"
)
PARAMETERS = st.one_of(
    st.fixed_dictionaries({}, optional=CLAUSES),
    WHOLE.map(lambda text: {"$query": text}),
)
OFTEN = settings(
    max_examples=QUERIES,
    deadline=None,
    derandomize=QUERIES <= 600,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Asked:
    """A public dataset beside a private one, at a portal that strangers ask."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.public = self._made(COLUMNS, ROWS)
        client.post(f"/api/views/{self.public}/publication.json", auth=ANN)
        path = f"/api/views/{self.public}.json?method=setPermission&value=public.read"
        client.put(path, auth=ANN)
        secret = [{"name": "Secret", "fieldName": "secret", "dataTypeName": "text"}]
        self.private = self._made(secret, [{"secret": CANARY}])
        self.before = self.everything()

    def _made(self, columns: object, rows: object) -> str:
        body = {"name": "Places", "columns": columns, "description": CANARY}
        body["description"] = "" if rows is ROWS else CANARY
        dataset = str(self.client.post("/api/views.json", json=body, auth=ANN).json()["id"])
        written = self.client.put(f"/resource/{dataset}.json", json=rows, auth=ANN)
        assert written.status_code == 200, written.text
        return dataset

    def everything(self) -> list[str]:
        """Return all that the portal holds, as its publisher sees it."""
        query = "$select=:*,*&$order=:id"
        paths = [f"/resource/{one}.json?{query}" for one in (self.public, self.private)]
        answers = [self.client.get(path, auth=ANN) for path in ("/api/views.json", *paths)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        return [answer.text for answer in answers]

    def fault(self, question: str, form: str = "json") -> str:
        """Say what is wrong with the answer to a question, or nothing."""
        return wrong(self.client.get(f"/resource/{self.public}.{form}?{question}"))


def sent(parameters: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(text)}" for name, text in parameters.items())


def wrong(answer: httpx.Response) -> str:
    if answer.status_code not in (200, 400):
        return f"status {answer.status_code}"
    if CANARY in answer.text:
        return "tells of a private dataset"
    known = answer.status_code == 200 or answer.json()["code"] in CODES
    return "" if known else f"an unknown code: {answer.text}"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder: Path = tmp_path_factory.mktemp("fuzzed")
    app = create_app(PortalSettings(folder=folder, users=dict([ANN])))
    with TestClient(app, raise_server_exceptions=False) as client:
        made = Asked(client)
        yield made
        assert made.everything() == made.before


@example(parameters={"$group": ":id", "$order": ":id"}, form="json")
@example(parameters={"$select": "max(:id)", "$order": "max(:id)"}, form="json")
@given(parameters=PARAMETERS, form=st.sampled_from(["json", "csv", "tsv", "xml", "geojson"]))
@OFTEN
def test_a_question_of_any_shape(asked: Asked, parameters: dict[str, str], form: str) -> None:
    assert asked.fault(sent(parameters), form) == ""


@given(parameters=SENSIBLE)
@OFTEN
def test_a_question_whose_types_agree(asked: Asked, parameters: dict[str, str]) -> None:
    assert asked.fault(sent(parameters)) == ""


@given(
    clause=st.sampled_from([*CLAUSES, "$query"]),
    given_bytes=st.binary(max_size=80),
)
@OFTEN
def test_a_question_of_any_bytes(asked: Asked, clause: str, given_bytes: bytes) -> None:
    assert asked.fault(f"{clause}={quote_from_bytes(given_bytes)}") == ""


@given(text=WHOLE)
@OFTEN
def test_a_question_after_soda_3(asked: Asked, text: str) -> None:
    answer = asked.client.post(f"/api/v3/views/{asked.public}/query.json", json={"query": text})
    assert wrong(answer) == ""


@given(
    pieces=st.lists(
        st.sampled_from([*FIELDS, *LITERALS, *OPERATORS, *FUNCTIONS, *TAILS, "(", ")", ",", " "]),
        max_size=14,
    ),
    clause=st.sampled_from([*CLAUSES, "$query"]),
)
@OFTEN
def test_a_question_of_words_in_any_order(asked: Asked, pieces: list[str], clause: str) -> None:
    assert asked.fault(f"{clause}={quote(' '.join(pieces))}") == ""
