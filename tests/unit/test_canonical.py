"""The exact bytes of a published file, and a digest that only a real difference changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from opengazette.documentation.canonical import (
    NotCanonical,
    canonical_cell,
    digest,
    read_table_csv,
    table_csv,
)
from opengazette.errors import Fault


def test_a_file_is_written_to_the_letter() -> None:
    table = pd.DataFrame(
        {
            "county": pd.array(["007", "a,b", 'say "x"', "é\nz"], dtype="string"),
            "cases": pd.array([12, None, 0, 1200000], dtype="Int64"),
            "rate": pd.array([2.5, None, 1e-07, 1e16], dtype="Float64"),
            "note": pd.array(["", None, "1", ""], dtype="string"),
        }
    )
    written = table_csv(table, {"county": 0, "cases": 0, "rate": 2, "note": 0})
    assert written.decode() == (
        "county,cases,rate,note\n"
        "007,12,2.50,\n"
        '"a,b",,,\n'
        '"say ""x""",0,0.00,1\n'
        '"é\nz",1200000,10000000000000000.00,\n'
    )
    header, rows = read_table_csv(written)
    assert header == ["county", "cases", "rate", "note"]
    assert rows[3] == ["é\nz", "1200000", "10000000000000000.00", ""]


def test_a_carriage_return_is_quoted_and_a_lone_empty_cell_is_a_row() -> None:
    written = table_csv(pd.DataFrame({"x": pd.array(["a\rb", None], dtype="string")}), {"x": 0})
    assert written == b'x\n"a\rb"\n""\n'
    assert read_table_csv(written) == (["x"], [["a\rb"], [""]])


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [
        (0.05, 1, "0.1"),
        (2.675, 2, "2.68"),
        (-0.04, 1, "0.0"),
        (3.0, 0, "3"),
        (1e300, 6, "1" + "0" * 300 + ".000000"),
    ],
)
def test_numbers_are_plain_with_their_decimals(number: float, decimals: int, text: str) -> None:
    assert table_csv(pd.DataFrame({"x": [number]}), {"x": decimals}).decode() == f"x\n{text}\n"


def test_what_cannot_be_published_is_a_fault() -> None:
    with pytest.raises(Fault, match="other columns"):
        table_csv(pd.DataFrame({"x": [1.0], "ssn": ["1"]}), {"x": 0})
    with pytest.raises(Fault, match="not finite"):
        table_csv(pd.DataFrame({"x": [float("inf")]}), {"x": 0})
    with pytest.raises(Fault, match="yes or no"):
        table_csv(pd.DataFrame({"x": [True]}), {"x": 0})


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NaT, ""),
        (pd.NA, ""),
        (np.datetime64("NaT"), ""),
        (Decimal("NaN"), ""),
        (Decimal("2.675"), "2.68"),
        (Decimal("1E+2"), "100.00"),
        (np.int64(7), "7"),
        (np.float32(0.5), "0.50"),
        (0.125, "0.13"),
        (12, "12"),
        ("José\r\n", '"José\r\n"'),
        ("0607", "0607"),
        (np.str_("x"), "x"),
    ],
)
def test_a_cell_of_any_kind_of_object_is_cleaned_in_one_place(cell: object, text: str) -> None:
    table = pd.DataFrame({"key": ["a"], "x": pd.Series([cell], dtype=object)})
    assert table_csv(table, {"key": 0, "x": 2}) == f"key,x\na,{text}\n".encode()


@pytest.mark.parametrize(
    "cell",
    [
        True,
        np.bool_(False),
        datetime(2026, 1, 1),  # noqa: DTZ001 - with a zone and without
        datetime(2026, 1, 1, tzinfo=UTC),
        pd.Timestamp("2026-01-01"),
        date(2026, 1, 1),
        b"bytes",
        Decimal("Infinity"),
    ],
    ids=repr,
)
def test_what_has_no_one_form_is_a_fault_and_is_not_quoted(cell: object) -> None:
    with pytest.raises(Fault) as refused:
        table_csv(pd.DataFrame({"x": pd.Series([cell], dtype=object)}), {"x": 2})
    assert str(cell) not in str(refused.value)
    if isinstance(cell, datetime):
        with pytest.raises(Fault, match="neither text nor number"):
            table_csv(pd.DataFrame({"x": pd.Series([pd.Timestamp(cell)])}), {"x": 2})


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "1.0"), ("1", "+1.00"), ("1e3", "1000"), ("-0", "0"), ("0.10", ".1"), ("100", "1E+2")],
)
def test_one_number_has_one_form(one: str, other: str) -> None:
    assert canonical_cell(one, "number") == canonical_cell(other, "number")


def test_text_keeps_its_zeros_and_is_composed() -> None:
    assert canonical_cell("007", "text") == "007"
    assert canonical_cell("Jose\u0301", "text") == canonical_cell("Jos\u00e9", "text")
    assert canonical_cell(None, "text") == canonical_cell("", "number") == ""


@pytest.mark.parametrize("cell", ["078-05-1120", "NaN", "Infinity", "1,5", "0x1"])
def test_what_is_no_number_is_named_by_its_column_alone(cell: str) -> None:
    with pytest.raises(NotCanonical) as refused:
        digest({"cases": "integer"}, [[cell]])
    assert "'cases'" in str(refused.value)
    assert cell not in str(refused.value)


def test_cells_do_not_run_into_each_other() -> None:
    columns = {"a": "text", "b": "text"}
    assert digest(columns, [["x", "yz"]]) != digest(columns, [["xy", "z"]])
    assert digest(columns, [["x", ""]]) != digest(columns, [["", "x"]])


def test_names_and_the_number_of_columns_count() -> None:
    assert digest({"a": "text"}, [["x"]]) != digest({"b": "text"}, [["x"]])
    with pytest.raises(NotCanonical, match="other columns"):
        digest({"a": "text"}, [["x", "y"]])
