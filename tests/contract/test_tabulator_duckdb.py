"""What a tabulator promises: labels as the contract says, sums that are exact, misfits counted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opengazette.adapters.tabulator import IbisTabulator
from opengazette.errors import ContractInvalid, StandardsNotMet
from opengazette.model.contract import Contract
from opengazette.model.publication import PublicationTable

CANARY = "078-05-1120"


def publication(dimensions: list[dict[str, Any]], measures: list[dict[str, Any]]) -> Contract:
    """A contract of which nothing but the publication matters here."""
    table = PublicationTable.model_validate(
        {
            "row": "one cell",
            "dimensions": [
                {"label": d["name"], "column": d["name"], "characteristic": {"kind": "other"}, **d}
                for d in dimensions
            ],
            "measures": [
                {"label": m["name"], "unit": "people", "definition": "People.", **m}
                for m in measures
            ],
        }
    )
    return Contract.model_construct(id="visits", publication=table)


N = {"kind": "count", "name": "n"}


def tabulated(
    tmp_path: Path,
    records: pa.Table,
    dimensions: list[dict[str, Any]],
    measures: list[dict[str, Any]],
) -> pd.DataFrame:
    pq.write_table(records, tmp_path / "extract.parquet")
    return IbisTabulator().tabulate(tmp_path / "extract.parquet", publication(dimensions, measures))


def labels(tmp_path: Path, column: pa.Array, **dimension: Any) -> list[str]:
    records = pa.table({"x": column})
    return list(tabulated(tmp_path, records, [{"name": "x", **dimension}], [N])["x"])


def test_values_are_published_as_text(tmp_path: Path) -> None:
    assert labels(tmp_path, pa.array([2024, -3], pa.int64())) == ["-3", "2024"]
    assert labels(tmp_path, pa.array([2.0, 2.5], pa.float64())) == ["2", "2.5"]
    assert labels(tmp_path, pa.array([True, False])) == ["false", "true"]
    assert labels(tmp_path, pa.array([dt.date(2024, 2, 9)])) == ["2024-02-09"]
    assert labels(tmp_path, pa.array(["06001", " a"])) == [" a", "06001"]


def test_two_spellings_of_one_character_are_one_label(tmp_path: Path) -> None:
    assert labels(tmp_path, pa.array(["Jose\u0301", "Jos\u00e9"])) == ["Jos\u00e9"]


BANDS = {
    "rule": "bands",
    "bands": [
        {"label": "0 to 17", "low": 0, "high": 17},
        {"label": "18 to 64", "low": 18, "high": 64},
        {"label": "65 and over", "low": 65},
    ],
}


def test_both_ends_belong_to_a_band(tmp_path: Path) -> None:
    ages = pd.DataFrame({"x": [0, 17, 18, 64, 65, 120]})
    for age, label in zip(
        ages["x"],
        ["0 to 17", "0 to 17", "18 to 64", "18 to 64", "65 and over", "65 and over"],
        strict=True,
    ):
        assert labels(tmp_path, pa.array([age], pa.int64()), generalise=BANDS) == [label]


@pytest.mark.parametrize("misfit", [-1.0, 17.5])
def test_a_number_in_no_band_is_refused_with_a_count_alone(tmp_path: Path, misfit: float) -> None:
    with pytest.raises(StandardsNotMet, match="'x'.*2 rows fit no band") as refused:
        labels(tmp_path, pa.array([misfit, 3, misfit]), generalise=BANDS)
    assert str(misfit) not in str(refused.value)


def test_bands_of_text_are_a_mistake_of_the_contract(tmp_path: Path) -> None:
    with pytest.raises(ContractInvalid, match="'x'.*needs a number"):
        labels(tmp_path, pa.array(["3"]), generalise=BANDS)


def test_categories_gather_values_and_the_rest_is_other(tmp_path: Path) -> None:
    rule = {"rule": "categories", "groups": {"Public": ["medicaid", 2, True], "Own": ["self"]}}
    assert labels(
        tmp_path, pa.array(["medicaid", "self", "x"]), generalise={**rule, "other": "Other"}
    ) == ["Other", "Own", "Public"]
    assert labels(tmp_path, pa.array([2], pa.int64()), generalise=rule) == ["Public"]
    assert labels(tmp_path, pa.array([True]), generalise=rule) == ["Public"]
    with pytest.raises(StandardsNotMet, match="1 rows fit no category") as refused:
        labels(tmp_path, pa.array(["medicaid", CANARY]), generalise=rule)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("year", ["2020", "2021"]),
        ("quarter", ["2020-Q4", "2021-Q1"]),
        ("month", ["2020-12", "2021-01"]),
        ("week", ["2020-W53", "2021-W01"]),
    ],
)
def test_periods_are_written_as_iso_8601_says(
    tmp_path: Path, unit: str, expected: list[str]
) -> None:
    days = pa.array([dt.date(2020, 12, 31), dt.date(2021, 1, 10)])
    assert labels(tmp_path, days, generalise={"rule": "period", "unit": unit}) == expected


def test_the_first_days_of_january_may_belong_to_the_last_week_of_the_year_before(
    tmp_path: Path,
) -> None:
    week = {"rule": "period", "unit": "week"}
    assert labels(tmp_path, pa.array([dt.date(2021, 1, 3)]), generalise=week) == ["2020-W53"]
    assert labels(tmp_path, pa.array([dt.date(2024, 12, 30)]), generalise=week) == ["2025-W01"]


@pytest.mark.parametrize(
    "column",
    [pa.array(["a", None, "", " "]), pa.array([1.0, None, float("nan"), None])],
    ids=["text", "number"],
)
def test_empty_values_have_a_label_or_are_refused(tmp_path: Path, column: pa.Array) -> None:
    assert "Unknown" in labels(tmp_path, column, missing="Unknown")
    with pytest.raises(StandardsNotMet, match="3 rows are empty"):
        labels(tmp_path, column)


def test_a_label_is_never_read_as_sql(tmp_path: Path) -> None:
    nasty = "'); drop table x; --"
    rule = {"rule": "categories", "groups": {nasty: [nasty]}, "other": "'\"\\%"}
    assert labels(tmp_path, pa.array([nasty, "x"]), generalise=rule) == sorted([nasty, "'\"\\%"])
    assert labels(tmp_path, pa.array([None], pa.string()), missing=nasty) == [nasty]


def test_a_record_labelled_like_a_total_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StandardsNotMet, match="2 rows have the label of a total"):
        labels(tmp_path, pa.array(["All", "All", "b"]), total="All")
    with pytest.raises(StandardsNotMet, match="1 rows have the label of a total"):
        labels(tmp_path, pa.array(["North", "b"]), groups={"North": ["a", "b"]})


RECORDS = pa.table(
    {
        "x": ["a", "a", "a", "b"],
        "result": ["positive", "negative", None, "negative"],
        "cases": [1, 2, 3, 0],
        "people": [100, None, 100, 7],
        "cost": [0.1, 0.2, 0.7, 5.0],
    }
)


def test_counts_populations_and_sums(tmp_path: Path) -> None:
    table = tabulated(
        tmp_path,
        RECORDS,
        [{"name": "x"}],
        [
            N,
            {
                "kind": "count",
                "name": "positives",
                "where": {"result": ["positive"]},
                "part_of": "n",
            },
            {"kind": "count", "name": "cases", "column": "cases"},
            {"kind": "population", "name": "people", "column": "people"},
            {"kind": "mean", "name": "cost", "column": "cost", "over": "n"},
            {"kind": "rate", "name": "r", "numerator": "positives", "denominator": "n"},
        ],
    )
    expected = pd.DataFrame(
        {
            "x": pd.array(["a", "b"], dtype="string"),
            "n": pd.array([3, 1], dtype="Int64"),
            "positives": pd.array([1, 0], dtype="Int64"),
            "cases": pd.array([6, 0], dtype="Int64"),
            "people": pd.array([100, 7], dtype="Int64"),
            "cost": [1.0, 5.0],
        }
    )
    pd.testing.assert_frame_equal(table, expected)


def test_a_mean_looks_at_the_records_of_its_count_alone(tmp_path: Path) -> None:
    negatives = {"kind": "count", "name": "neg", "where": {"result": ["negative"]}}
    mean = {"kind": "mean", "name": "cost", "column": "cost", "over": "neg"}
    assert list(tabulated(tmp_path, RECORDS, [{"name": "x"}], [negatives, mean])["cost"]) == [
        0.2,
        5.0,
    ]


def test_a_mean_over_records_without_a_value_is_refused(tmp_path: Path) -> None:
    records = pa.table({"x": ["a", "a"], "cost": [1.0, None]})
    mean = {"kind": "mean", "name": "cost", "column": "cost", "over": "n"}
    with pytest.raises(StandardsNotMet, match="'cost': 1 rows of its count have no value"):
        tabulated(tmp_path, records, [{"name": "x"}], [N, mean])


@pytest.mark.parametrize("bad", [None, -1.0, 0.5, float("nan")])
def test_a_count_adds_up_whole_numbers_alone(tmp_path: Path, bad: float | None) -> None:
    records = pa.table({"x": ["a", "a"], "cases": pa.array([1.0, bad])})
    cases = {"kind": "count", "name": "cases", "column": "cases"}
    with pytest.raises(StandardsNotMet, match="'cases': 1 rows"):
        tabulated(tmp_path, records, [{"name": "x"}], [cases])


def test_a_cell_has_one_population(tmp_path: Path) -> None:
    records = pa.table({"x": ["a", "a", "b"], "people": [1, 2, 3]})
    people = {"kind": "population", "name": "people", "column": "people"}
    with pytest.raises(StandardsNotMet, match="'people': 1 cells have records with different"):
        tabulated(tmp_path, records, [{"name": "x"}], [N, people])


def test_no_records_give_an_empty_table_of_the_same_types(tmp_path: Path) -> None:
    table = tabulated(tmp_path, RECORDS.slice(0, 0), [{"name": "x"}], [N])
    assert {str(name): str(kind) for name, kind in table.dtypes.items()} == {
        "x": "string",
        "n": "Int64",
    }
    assert len(table) == 0
