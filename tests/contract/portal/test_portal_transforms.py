# ruff: noqa: DTZ001 - floating timestamps have no zone
"""The expressions of transforms: what they make of a cell, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opengazette.localportal.places import address_and_place
from opengazette.localportal.problems import Problem
from opengazette.localportal.publishing import conversions
from opengazette.localportal.publishing.transforms import Translation, kind_of_result
from opengazette.localportal.values import (
    NotOfThisType,
    fixed_time,
    floating_time,
    plain_number,
)

COLUMNS = {"a": (1, "text"), "b": (2, "text"), "n": (3, "number"), "d": (4, "floating_timestamp")}
ROW = ["12", "the B road", "2.50", datetime(2020, 3, 4, 5, 6, 7)]
UNFIT = "Unable to convert from text to "


@pytest.fixture(scope="module")
def base() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"enable_external_access": "false"}) as opened:
        opened.execute("CREATE TABLE t (c1 VARCHAR, c2 VARCHAR, c3 VARCHAR, c4 TIMESTAMP)")
        opened.execute("INSERT INTO t VALUES (?, ?, ?, ?), (NULL, NULL, NULL, NULL)", ROW)
        yield opened


def computed(base: duckdb.DuckDBPyConnection, expression: str) -> list[tuple[object, object]]:
    """Compute an expression on a full row and on an empty one: value and error of each."""
    translation = Translation(COLUMNS)  # type: ignore[arg-type]
    value = translation.translate(expression)
    cases = " ".join(f"WHEN {one.when} THEN {one.english}" for one in value.failures)
    error = f"CASE {cases} END" if cases else "NULL"
    question = f"SELECT {value.sql}, {error} FROM t ORDER BY c1 NULLS LAST"
    return base.execute(question, translation.parameters_in(question)).fetchall()


def human_address(street: str, state: str) -> str:
    named = {"address": street, "city": "", "state": state, "zip": ""}
    return json.dumps({"human_address": json.dumps(named)}, separators=(",", ":"))


@pytest.mark.parametrize(
    ("expression", "full", "empty"),
    [
        ("`a`", "12", None),
        ("A", "12", None),
        ("to_text(n)", "2.50", None),
        ("to_text(d)", "2020-03-04T05:06:07.000", None),
        ("to_text(true)", "true", "true"),
        ("to_number(a) + 7", "19", None),
        ("(to_number(`a`) * (9 / 5)) + 32", "53.6", None),
        ("0.1 + 0.2", "0.3", "0.3"),
        ("n", "2.50", None),
        ("-n", "-2.5", None),
        ("to_number('1e20')", "100000000000000000000", "100000000000000000000"),
        ("to_number(true)", "1", "1"),
        ("12 % 5", "2", "2"),
        ("to_boolean('yes')", True, True),
        ("to_floating_timestamp('3/4/2020 1:05 PM')", datetime(2020, 3, 4, 13, 5), ...),
        ("to_floating_timestamp('04.03.2020', '%d.%m.%Y')", datetime(2020, 3, 4), ...),
        ("to_fixed_timestamp('2020-03-04T05:00:00-0700')", datetime(2020, 3, 4, 12), ...),
        ("to_fixed_timestamp('04.03.2020 +0200', '%d.%m.%Y %z')", datetime(2020, 3, 3, 22), ...),
        ("to_point('POINT (-122.3 47.5)')", '{"type":"Point","coordinates":[-122.3,47.5]}', ...),
        (
            "parse_point('1 Main, Town, NY (42.8, -75.5)')",
            '{"type":"Point","coordinates":[-75.5,42.8]}',
            ...,
        ),
        ("to_location('(42.80, -75.5)')", '{"latitude":"42.80","longitude":"-75.5"}', ...),
        (
            "to_location(make_point(42.8, n))",
            '{"latitude":"42.8","longitude":"2.5"}',
            None,
        ),
        (
            "make_location(b, null, 'NY', '')",
            human_address("the B road", "NY"),
            human_address("", "NY"),
        ),
        ("make_point(47.5, -122.3)", '{"type":"Point","coordinates":[-122.3,47.5]}', ...),
        ("point_latitude(make_point(47.5, -122.3))", "47.5", "47.5"),
        ("to_url('https://e.org', 'E')", '{"url":"https://e.org","description":"E"}', ...),
        ("trim('  x ')", "x", "x"),
        ("upper(b)", "THE B ROAD", None),
        ("lower(b)", "the b road", None),
        ("title_case(b)", "The B Road", None),
        ("title_case('department of health')", "Department of Health", ...),
        ("replace(b, ' ', '_')", "the_B_road", None),
        ("regex_replace(b, '[aeiou]', '')", "th B rd", None),
        ("pad_left(a, 5, '0')", "00012", None),
        ("slice(b, 4, 1)", "B", None),
        ("length(b)", "10", None),
        ("b || '!' || n", "the B road!2.50", None),
        ("round(n / 3, 2)", "0.83", None),
        ("date_extract_y(d)", "2020", None),
        ("date_trunc_ym(d)", datetime(2020, 3, 1), None),
        ("coalesce(a, b, 'none')", "12", "none"),
        ("is_null(a)", False, True),
        ("a is not null and n > 2", True, False),
        ("n between 2 and 3", True, None),
        ("a in ('11', '12')", True, None),
        ("b like 'the%' or contains(b, 'x')", True, None),
        ("case(a == '12', 'twelve', true, 'other')", "twelve", "other"),
        ("case when n > 100 then 'many' when a is null then 'none' end", None, "none"),
        ("forgive(to_number(b))", None, None),
    ],
)
def test_expressions_make_what_they_say(
    base: duckdb.DuckDBPyConnection, expression: str, full: object, empty: object
) -> None:
    expected = [(full, None), (full if empty is ... else empty, None)]
    assert computed(base, expression) == expected


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("to_number(b)", UNFIT + "number"),
        ("to_boolean(b)", UNFIT + "checkbox"),
        ("to_floating_timestamp(b)", UNFIT + "calendar_date"),
        ("to_fixed_timestamp(b)", UNFIT + "date"),
        ("to_point(b)", UNFIT + "point"),
        ("make_point(200, n)", "There is no place of this latitude and longitude"),
        ("n / 0", "Division by zero"),
        ("to_number('9e300') * to_number('9e300') * n", "The result is not a number"),
        ("case(true, to_number(b), false, 1)", UNFIT + "number"),
        ("coalesce(to_number(b), 1)", UNFIT + "number"),
        ("case(n > 1, error('no: ' || n), true, null)", "no: 2.50"),
        ("upper(to_text(to_number(b)))", UNFIT + "number"),
    ],
)
def test_a_cell_that_cannot_be_made_is_an_error_of_its_own(
    base: duckdb.DuckDBPyConnection, expression: str, error: str
) -> None:
    assert computed(base, expression)[0][1] == error


@pytest.mark.parametrize(
    "expression",
    [
        "case(false, to_number(b), true, 1)",
        "case(n > 100, to_number(b), n > 2, 1)",
        "coalesce(n, to_number(b))",
    ],
)
def test_what_is_not_taken_does_not_fail(base: duckdb.DuckDBPyConnection, expression: str) -> None:
    assert computed(base, expression)[0][1] is None


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("nowhere", "no-such-column"),
        ("launch(a)", "no-such-function"),
        ("geocode(a)", "no-such-function"),
        ("read_csv('/etc/passwd')", "no-such-function"),
        ("getenv('HOME')", "no-such-function"),
        ("a + 1", "type-mismatch"),
        ("to_number(a, b, n)", "type-mismatch"),
        ("n == a", "type-mismatch"),
        ("case(a, 1)", "type-mismatch"),
        ("case(n > 1, 1, true, 'x')", "type-mismatch"),
        ("upper()", "type-mismatch"),
        ("a b c", "bad-parse"),
        ("a, b", "bad-parse"),
        ("a as b", "bad-parse"),
        ("*", "bad-parse"),
        ("a from t", "bad-parse"),
        ("(select a)", "bad-parse"),
        ("a; drop table t", "bad-parse"),
        ("cast(a as integer)", "bad-parse"),
        ("sum(n) over ()", "bad-parse"),
        ("'open", "unterminated-string"),
        ("", "unexpected-eof"),
        ("(" * 60 + "a" + ")" * 60, "bad-parse"),
        ("pad_left(" * 12 + "a" + ", 9, 'x')" * 12, "bad-parse"),
    ],
)
def test_what_transforms_do_not_have_is_refused_by_its_code(expression: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        Translation(COLUMNS).translate(expression)  # type: ignore[arg-type]
    assert (refused.value.status, refused.value.code) == (400, f"query.soql.{code}")


def test_the_type_of_a_result_is_known_before_it_is_computed() -> None:
    kinds = [
        kind_of_result(Translation(COLUMNS).translate(expression))  # type: ignore[arg-type]
        for expression in ("a", "n + 1", "n > 1", "d", "make_point(1, 2)", "null")
    ]
    assert kinds == ["text", "number", "boolean", "floating_timestamp", "point", "text"]


def one(base: duckdb.DuckDBPyConnection, question: str, text: str) -> object:
    found = base.execute(f"SELECT {question} FROM (SELECT $x::VARCHAR AS x)", {"x": text})
    row = found.fetchone()
    assert row is not None
    return row[0]


@given(st.from_regex(r"\A[+-]?[0-9]{0,25}(\.[0-9]{0,20})?(e-?[0-9])?\Z"))
@settings(max_examples=150, deadline=None)
def test_numbers_are_read_as_the_row_api_reads_them(
    base: duckdb.DuckDBPyConnection, text: str
) -> None:
    try:
        expected = plain_number(text)
    except NotOfThisType:
        expected = None
    found = one(base, conversions.number_of_text("x"), text)
    if expected is None or "e" not in text:
        assert found == expected
    else:
        assert float(str(found)) == pytest.approx(float(expected), rel=1e-14)


@given(
    st.one_of(
        st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).flatmap(
            lambda moment: st.sampled_from(
                [
                    moment.isoformat(timespec="milliseconds"),
                    moment.strftime("%Y-%m-%d %H:%M"),
                    moment.strftime("%m/%d/%Y %I:%M:%S %p"),
                    moment.isoformat(timespec="seconds") + "-07:00",
                ]
            )
        ),
        st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", fullmatch=True),
        st.text(max_size=12),
    )
)
@settings(max_examples=150, deadline=None)
def test_times_are_read_as_the_row_api_reads_them(
    base: duckdb.DuckDBPyConnection, text: str
) -> None:
    for read, question in (
        (floating_time, conversions.floating_of_text("x")),
        (fixed_time, conversions.fixed_of_text("x")),
    ):
        try:
            expected = read(text)
        except NotOfThisType:
            expected = None
        assert one(base, question, text) == expected


WORDS = [
    "a",
    "b",
    "n",
    "d",
    "nowhere",
    "'x'",
    "''",
    "'%d'",
    "'('",
    "1",
    "0",
    "-3.5",
    "1e9",
    "null",
    "true",
]
CALLS = [
    *("to_text", "to_number", "to_boolean", "to_floating_timestamp", "to_fixed_timestamp"),
    *("to_point", "make_point", "parse_point", "to_location", "point_longitude", "to_url"),
    *("trim", "upper", "title_case", "replace", "pad_left", "slice", "length", "contains"),
    *("is_null", "abs", "round", "date_extract_dow", "date_trunc_ymd", "forgive", "error"),
    *("case", "coalesce", "regex_replace", "system", "sqrt"),
]
EXPRESSIONS = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(
        st.builds(
            lambda name, parts: f"{name}({', '.join(parts)})",
            st.sampled_from(CALLS),
            st.lists(inner, max_size=3),
        ),
        st.builds(
            lambda left, sign, right: f"({left} {sign} {right})",
            inner,
            st.sampled_from(["+", "/", "||", "==", "<", "and", "or", "is", "like", "%", ";"]),
            inner,
        ),
    ),
    max_leaves=6,
)


@example("regex_replace(a, '(', a)")
@given(st.one_of(EXPRESSIONS, st.text(max_size=30)))
@settings(max_examples=400, deadline=None)
def test_any_expression_is_refused_before_a_row_is_read_or_computed(
    base: duckdb.DuckDBPyConnection, expression: str
) -> None:
    code = refused_with(base, expression)
    assert code is None or code.startswith("400 query.soql.")
    if code is None:
        assert len(computed(base, expression)) == 2


def refused_with(base: duckdb.DuckDBPyConnection, expression: str) -> str | None:
    """Check an expression as the portal does, without reading a row."""
    translation = Translation(COLUMNS)  # type: ignore[arg-type]
    try:
        value = translation.translate(expression)
        failures = "".join(f", {one.when}, {one.english}" for one in value.failures)
        question = f"SELECT {value.sql}{failures} FROM t LIMIT 0"
        base.execute(question, translation.parameters_in(question))
    except Problem as refused:
        return f"{refused.status} {refused.code}"
    except duckdb.Error:
        return "400 query.soql.bad-parse"
    return None


STREETS = st.text(st.sampled_from('ab "\\,ñ\n1.'), max_size=12)


@given(
    st.one_of(
        st.builds(
            lambda street, town, y, x: f"{street}\n{town}, NY 12345\n({y}, {x})",
            STREETS,
            STREETS,
            st.decimals(-90, 90, places=2),
            st.decimals(-180, 180, places=2),
        ),
        st.builds(lambda street: f"{street} (1.5,  -2.25)", STREETS),
        STREETS,
    )
)
@settings(max_examples=150, deadline=None)
def test_locations_are_read_as_the_row_api_reads_them(
    base: duckdb.DuckDBPyConnection, text: str
) -> None:
    try:
        expected = address_and_place(text)
    except NotOfThisType:
        expected = None
    assert one(base, conversions.location_of_text("x"), text) == expected
