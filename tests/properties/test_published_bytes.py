"""Whatever the table: no byte of the published file is made from a withheld count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.contracts import load_rule_pack
from opengazette.disclosure.masking.withholding import withhold
from opengazette.disclosure.primary.marks import marked, marks_of, miscoded, uncoded
from opengazette.disclosure.tables.margins import with_margins
from opengazette.documentation.canonical import read_table_csv, table_csv
from opengazette.model.publication import PublicationTable

PACK = load_rule_pack(Path(__file__).parents[2], "calhhs-ddg-2.0")
WORDS = {"unit": "people", "definition": "People."}
TABLE = PublicationTable.model_validate(
    {
        "row": "one group",
        "combinations": "observed",
        "dimensions": [
            {"name": "g", "label": "G", "column": "g", "characteristic": {"kind": "other"}}
        ],
        "measures": [
            WORDS | {"kind": "count", "name": "asked", "label": "A"},
            WORDS | {"kind": "count", "name": "ill", "label": "I", "part_of": "asked"},
            WORDS
            | {
                "kind": "rate",
                "name": "percent",
                "label": "P",
                "numerator": "ill",
                "denominator": "asked",
            },
            WORDS | {"kind": "mean", "name": "days", "label": "D", "column": "d", "over": "ill"},
            WORDS | {"kind": "sum", "name": "paid", "label": "$", "column": "p", "over": "ill"},
        ],
        "reliability": {"survey": "unlisted", "sample": "asked", "basis": "A sample."},
        "incomplete": [{"where": {"g": "g0"}, "reason": "Reports are still coming in."}],
    }
)
DECIMALS = {
    name + suffix: 1 if name in ("percent", "days") and not suffix else 0
    for name in TABLE.value_columns()
    for suffix in ("", "_annotation")
}
MADE_OF = {
    "ill": ["ill"],
    "percent": ["ill", "asked"],
    "days": ["ill"],
    "paid": ["ill", "paid"],
    "asked": ["asked"],
}
Cell = tuple[int, int, int, bool, bool, bool]
CELLS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(0, 60),
        st.integers(0, 900),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def published(cells: list[Cell]) -> tuple[list[dict[str, str]], pd.DataFrame]:
    ill, more, paid = (np.array([cell[i] for cell in cells]) for i in range(3))
    base = pd.DataFrame(
        {
            "g": [f"g{i}" for i in range(len(cells))],
            "asked": pd.array(ill + more, dtype="Int64"),
            "ill": pd.array(ill, dtype="Int64"),
            "days": 3.0 * ill,
            "paid": pd.array(np.where(ill > 0, paid, 0), dtype="Int64"),
        }
    )
    true = with_margins(base, TABLE)
    gone = {name: np.array([cell[3 + i] for cell in cells]) for i, name in enumerate(HIDDEN)}
    marks = marks_of(true, TABLE, PACK)
    public = marked(withhold(true, TABLE, gone), TABLE, marks)
    assert miscoded(public, true, TABLE, marks) == {}
    header, rows = read_table_csv(table_csv(public, {"g": 0} | DECIMALS))
    assert uncoded(header, rows, TABLE.value_columns()) == {}
    return [dict(zip(header, row, strict=True)) for row in rows], true


HIDDEN = ("asked", "ill", "paid")


@given(CELLS)
def test_what_is_made_from_a_withheld_count_is_blank_and_says_so(cells: list[Cell]) -> None:
    rows, _ = published(cells)
    for row, cell in zip(rows, cells, strict=True):
        hidden = {name for name, gone in zip(HIDDEN, cell[3:], strict=True) if gone}
        for name, parts in MADE_OF.items():
            if hidden & set(parts):
                assert (row[name], row[f"{name}_annotation"]) == ("", "1")


@given(CELLS)
def test_a_true_zero_that_is_not_withheld_is_printed(cells: list[Cell]) -> None:
    rows, true = published(cells)
    for row, cell, ill in zip(rows, cells, true["ill"], strict=True):
        if ill == 0 and not cell[4]:
            assert row["ill"] == "0"
            assert row["ill_annotation"] in ("", "5")


@given(CELLS)
def test_no_code_tells_how_steady_a_withheld_rate_is(cells: list[Cell]) -> None:
    rows, true = published(cells)
    for row, cell, percent in zip(rows, cells, true["percent"], strict=True):
        if (cell[3] or cell[4]) and not pd.isna(percent):
            assert row["percent_annotation"] == "1"
