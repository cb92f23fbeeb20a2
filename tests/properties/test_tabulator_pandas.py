"""The tabulation in the database, compared with a plain one in memory."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opengazette.adapters.tabulator import IbisTabulator
from opengazette.model.contract import Contract
from opengazette.model.publication import PublicationTable

BANDS = [(0, 17, "young"), (18, 64, "middle"), (65, None, "old")]
PAYERS = {"Public": ["medicare", "medi-cal"], "Own": ["self"]}
PUBLICATION = PublicationTable.model_validate(
    {
        "row": "one cell",
        "dimensions": [
            {
                "name": "age_group",
                "label": "Age",
                "column": "age",
                "characteristic": {"kind": "age"},
                "missing": "Unknown",
                "generalise": {
                    "rule": "bands",
                    "bands": [{"label": n, "low": lo, "high": hi} for lo, hi, n in BANDS],
                },
            },
            {
                "name": "payer",
                "label": "Payer",
                "column": "payer",
                "characteristic": {"kind": "expected_payer"},
                "missing": "Unknown",
                "generalise": {"rule": "categories", "groups": PAYERS, "other": "Other"},
            },
            {
                "name": "week",
                "label": "Week",
                "column": "seen",
                "characteristic": {"kind": "time"},
                "generalise": {"rule": "period", "unit": "week"},
            },
        ],
        "measures": [
            {"kind": "count", "name": "n", "label": "N", "unit": "x", "definition": "All."},
            {
                "kind": "count",
                "name": "positives",
                "label": "P",
                "unit": "x",
                "definition": "Positives.",
                "where": {"result": ["positive", "detected"]},
                "part_of": "n",
            },
            {
                "kind": "count",
                "name": "cases",
                "label": "C",
                "unit": "x",
                "definition": "Cases.",
                "column": "cases",
            },
            {
                "kind": "mean",
                "name": "cost",
                "label": "Cost",
                "unit": "x",
                "definition": "Cost.",
                "column": "cost",
                "over": "positives",
            },
        ],
    }
)
record = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(0, 99),
        "payer": st.sampled_from([None, "", "medicare", "medi-cal", "self", "'; --", "Ünknown"]),
        "seen": st.dates(dt.date(2019, 12, 20), dt.date(2021, 1, 10)),
        "result": st.sampled_from([None, "positive", "detected", "negative"]),
        "cases": st.integers(0, 1000),
        "cost": st.integers(-9999, 9999).map(lambda cents: cents / 100),
    }
)
SCHEMA = pa.schema(
    {
        "age": pa.int64(),
        "payer": pa.string(),
        "seen": pa.date32(),
        "result": pa.string(),
        "cases": pa.int64(),
        "cost": pa.float64(),
    }
)


def plainly(records: list[dict[str, Any]]) -> dict[tuple[str, ...], list[float]]:
    """Tabulate record by record, with nothing in common with the code under test."""
    cells: dict[tuple[str, ...], list[float]] = {}
    for r in records:
        age = "Unknown" if r["age"] is None else next(
            label for low, high, label in BANDS if low <= r["age"] <= (high or 999)
        )  # fmt: skip
        named = [label for label, values in PAYERS.items() if r["payer"] in values]
        payer = "Unknown" if not r["payer"] else (named or ["Other"])[0]
        year, week, _ = r["seen"].isocalendar()
        cell = cells.setdefault((age, payer, f"{year:04d}-W{week:02d}"), [0, 0, 0, 0.0])
        positive = r["result"] in ("positive", "detected")
        cell[0] += 1
        cell[1] += positive
        cell[2] += r["cases"]
        cell[3] += r["cost"] if positive else 0
    return cells


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(record, max_size=30))
def test_it_agrees_with_a_plain_tabulation(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    file = Path(tmp_path_factory.mktemp("tabulate")) / "extract.parquet"
    pq.write_table(pa.Table.from_pylist(records, schema=SCHEMA), file)
    contract = Contract.model_construct(id="visits", publication=PUBLICATION)
    table = IbisTabulator().tabulate(file, contract)
    expected = plainly(records)
    found = {
        (row.age_group, row.payer, row.week): [row.n, row.positives, row.cases, row.cost]
        for row in table.itertuples()
    }
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key][:3] == values[:3]
        assert math.isclose(found[key][3], values[3], abs_tol=1e-9)
    assert list(table.columns) == ["age_group", "payer", "week", "n", "positives", "cases", "cost"]
    assert table.equals(table.sort_values(["age_group", "payer", "week"], ignore_index=True))
    assert isinstance(table["n"].dtype, pd.Int64Dtype)
