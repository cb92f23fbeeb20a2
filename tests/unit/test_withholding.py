"""The public table: what goes with a withheld count, and the bridge to the audit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from opengazette.disclosure.complementary.pattern import protect
from opengazette.disclosure.masking.clearance import derived_from_withheld
from opengazette.disclosure.masking.withholding import withhold
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.tables.margins import with_margins
from opengazette.disclosure.tables.structure import cell_table, published_table
from opengazette.errors import AuditFailed, Fault
from opengazette.model.publication import PublicationTable

TABLE = PublicationTable.model_validate(
    {
        "row": "one county",
        "dimensions": [
            {
                "name": "county",
                "label": "County",
                "column": "county",
                "characteristic": {"kind": "residence"},
                "total": "All",
                "groups": {"North": ["A", "B"], "South": ["C", "D"]},
            }
        ],
        "measures": [
            {"kind": "count", "name": "tests", "label": "T", "unit": "t", "definition": "Tests."},
            {
                "kind": "count",
                "name": "positives",
                "label": "P",
                "unit": "t",
                "definition": "Positives.",
                "part_of": "tests",
            },
            {
                "kind": "population",
                "name": "people",
                "label": "People",
                "definition": "Residents.",
                "column": "people",
            },
            {
                "kind": "rate",
                "name": "positivity",
                "label": "P",
                "unit": "percent",
                "definition": "Positives in a hundred tests.",
                "numerator": "positives",
                "denominator": "tests",
            },
            {
                "kind": "rate",
                "name": "per_person",
                "label": "P",
                "unit": "percent",
                "definition": "Tests of a hundred people.",
                "numerator": "tests",
                "denominator": "people",
            },
            {
                "kind": "mean",
                "name": "wait",
                "label": "W",
                "unit": "days",
                "definition": "Mean days.",
                "column": "days",
                "over": "positives",
            },
        ],
    }
)
BASE = pd.DataFrame(
    {
        "county": ["A", "B", "C", "D"],
        "tests": pd.array([7_500, 1_500, 900, 0], dtype="Int64"),
        "positives": pd.array([3, 15, 0, 0], dtype="Int64"),
        "people": pd.array([90_000, 80_000, 70_000, 60_000], dtype="Int64"),
        "wait": [9.0, 30.0, 0.0, 0.0],
    }
)
TRUE = with_margins(BASE, TABLE)


def row(table: pd.DataFrame, county: str) -> dict[str, object]:
    found = table[table["county"].eq(county)].iloc[0].to_dict()
    return {str(name): None if pd.isna(value) else value for name, value in found.items()}


def withheld(*counties: str) -> pd.DataFrame:
    flags = TRUE["county"].isin(counties).to_numpy()
    return withhold(TRUE, TABLE, {"positives": flags})


def test_m3_a_rate_that_rounds_to_zero_goes_with_its_count_and_a_true_zero_stays() -> None:
    public = withheld("A")
    assert row(TRUE, "A")["positivity"] == 0.0
    assert row(public, "A")["positives"] is None
    assert row(public, "A")["positivity"] is None
    assert row(public, "C")["positives"] == 0
    assert row(public, "C")["positivity"] == 0.0


def test_m8_everything_derived_from_a_withheld_count_goes_with_it() -> None:
    public = withheld("A")
    hidden = row(public, "A")
    assert [hidden[n] for n in ("positives", "positivity", "wait")] == [None, None, None]
    assert [hidden[f"{n}_annotation"] for n in ("positives", "positivity", "wait")] == ["1"] * 3
    assert (hidden["tests"], hidden["people"], hidden["tests_annotation"]) == (7_500, 90_000, "")
    assert hidden["per_person"] == 8.3


def test_a_withheld_denominator_takes_its_rates_along() -> None:
    public = withhold(TRUE, TABLE, {"tests": TRUE["county"].eq("B").to_numpy()})
    hidden = row(public, "B")
    assert [hidden[n] for n in ("tests", "positivity", "per_person")] == [None, None, None]
    assert (hidden["positives"], hidden["wait"]) == (15, 2.0)


def test_m9_zero_is_zero_withheld_is_one_and_no_value_is_three() -> None:
    public = withheld("A")
    assert row(public, "D")["positives_annotation"] == ""
    assert row(public, "D")["positives"] == 0
    assert (row(public, "D")["positivity"], row(public, "D")["positivity_annotation"]) == (
        None,
        "3",
    )
    assert (row(public, "C")["wait"], row(public, "C")["wait_annotation"]) == (None, "3")


def test_every_measure_stands_beside_its_annotation() -> None:
    assert list(withheld().columns) == [
        "county",
        "tests",
        "tests_annotation",
        "positives",
        "positives_annotation",
        "people",
        "people_annotation",
        "positivity",
        "positivity_annotation",
        "per_person",
        "per_person_annotation",
        "wait",
        "wait_annotation",
    ]


def test_withholding_leaves_the_true_table_as_it_was() -> None:
    before = TRUE.copy()
    withheld("A", "All")
    pd.testing.assert_frame_equal(TRUE, before)


@pytest.mark.parametrize(
    "flags", [{"people": np.zeros(7, dtype=bool)}, {"tests": np.zeros(3, dtype=bool)}]
)
def test_flags_that_fit_nothing_are_our_fault(flags: dict[str, np.ndarray]) -> None:
    with pytest.raises(Fault, match="1 sets of flags"):
        withhold(TRUE, TABLE, flags)


def test_the_tree_has_the_total_above_its_groups() -> None:
    cells = cell_table(TABLE, TRUE)
    (county,) = cells.dimensions
    assert county.children == {"All": ("North", "South"), "North": ("A", "B"), "South": ("C", "D")}
    assert county.codes == ("All", "North", "South", "A", "B", "C", "D")
    assert cells.keys[0] == ("All",)
    assert (cells.measures, dict(cells.parts)) == (("tests", "positives"), {"positives": "tests"})
    assert list(cells.counts["positives"]) == [18, 18, 0, 3, 15, 0, 0]


def test_overlapping_groups_leave_the_total_above_the_labels() -> None:
    dimension = TABLE.dimensions[0].model_copy(
        update={"groups": {"X": ("A", "B"), "Y": ("B", "C")}}
    )
    table = TABLE.model_copy(update={"dimensions": (dimension,)})
    cells = cell_table(table, with_margins(BASE, table))
    assert cells.dimensions[0].children["All"] == ("A", "B", "C", "D")


def test_codes_without_observed_cells_are_no_part_of_the_tree() -> None:
    dimension = TABLE.dimensions[0].model_copy(
        update={"groups": {"North": ("A", "B"), "Empty": ("Y", "Z")}}
    )
    table = TABLE.model_copy(update={"dimensions": (dimension,), "combinations": "observed"})
    cells = cell_table(table, with_margins(BASE[BASE["county"].ne("B")], table))
    assert cells.dimensions[0].children == {"All": ("North", "C", "D"), "North": ("A",)}


def test_a_protected_table_reaches_the_attacker_as_the_public_sees_it() -> None:
    pattern = protect(cell_table(TABLE, TRUE), SmallCountRule(), Protection())
    public = withhold(TRUE, TABLE, pattern.withheld)
    published = published_table(TABLE, public)
    assert (
        np.isnan(published.values["positives"]).tolist() == pattern.withheld["positives"].tolist()
    )
    assert [rate.numerator for rate in published.rates] == ["positives"]
    assert dict(published.reasons) == {}


def test_a_rate_shown_beside_its_withheld_count_never_passes() -> None:
    public = withheld("A")
    public["positivity"] = TRUE["positivity"]
    with pytest.raises(AuditFailed, match="1 values of 'positivity'"):
        published_table(TABLE, public)


def test_reasons_that_are_told_reach_the_attacker() -> None:
    public = withheld("A", "B")
    public.loc[public["county"].eq("B"), "positives_annotation"] = "2"
    assert published_table(TABLE, public).reasons["positives"].tolist() == [0, 0, 0, 1, 2, 0, 0]


def test_m9_a_population_that_is_not_known_says_so() -> None:
    unknown = TRUE.assign(people=TRUE["people"].mask(TRUE["county"].eq("A")))
    public = withhold(unknown, TABLE, {})
    assert (row(public, "A")["people"], row(public, "A")["people_annotation"]) == (None, "3")
    assert row(public, "B")["people_annotation"] == ""


def test_an_amount_for_each_goes_with_the_amount_and_with_its_count_and_never_tells_why() -> None:
    told = TABLE.model_dump(mode="json")
    paid = {"kind": "sum", "name": "paid", "label": "$", "column": "p", "over": "tests"}
    each = {"kind": "rate", "name": "each", "label": "E", "numerator": "paid"}
    words = {"unit": "dollars", "definition": "Paid."}
    told["measures"] += [words | paid, words | each | {"denominator": "people"}]
    table = PublicationTable.model_validate(told)
    true = TRUE.assign(paid=pd.array([70] * len(TRUE), dtype="Int64"), each=0.1)
    at = {name: TRUE["county"].eq(name).to_numpy() for name in "ABC"}
    gone = {"paid": at["A"], "tests": at["B"] | at["C"]}
    public = withhold(true, table, gone, small={"tests": at["C"]})
    assert [row(public, name)["each"] for name in "ABCD"] == [None, None, None, 0.1]
    assert [row(public, name)["each_annotation"] for name in "ABCD"] == ["1", "1", "1", ""]
    assert row(public, "B")["tests_annotation"] == "2"
    public.loc[public["county"].eq("A"), "each"] = 0.1
    assert derived_from_withheld(public, table) == {"each": 1}
