"""The true publication table: margins, order, populations, rates and means."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from opengazette.disclosure.tables.margins import with_margins
from opengazette.errors import ContractInvalid, StandardsNotMet
from opengazette.model.publication import PublicationTable

CASES = {
    "kind": "count",
    "name": "cases",
    "label": "Cases",
    "unit": "cases",
    "definition": "Cases.",
}
PEOPLE = {"kind": "population", "name": "people", "label": "People", "definition": "Residents."}
RATE = {
    "kind": "rate",
    "name": "rate",
    "label": "Rate",
    "unit": "per 1,000",
    "definition": "Cases in a thousand.",
    "numerator": "cases",
    "denominator": "people",
    "per": 1000,
}
STAY = {
    "kind": "mean",
    "name": "stay",
    "label": "Stay",
    "unit": "days",
    "definition": "Mean days.",
    "over": "cases",
}


def dimension(name: str, kind: str, **more: Any) -> dict[str, Any]:
    basis = {"basis": "It is what is counted."} if kind == "event" else {}
    characteristic = {"kind": kind} | basis
    return {"name": name, "label": name, "column": name, "characteristic": characteristic} | more


def publication(
    *dimensions: dict[str, Any],
    measures: tuple[dict[str, Any], ...] = (CASES,),
    combinations: str = "complete",
) -> PublicationTable:
    columns = [
        m | {"column": m["name"]} if m["kind"] in ("population", "mean") else m for m in measures
    ]
    return PublicationTable.model_validate(
        {
            "row": "one cell",
            "dimensions": list(dimensions),
            "measures": columns,
            "combinations": combinations,
        }
    )


def base(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=columns.split())
    whole = [c for c in ("cases", "people") if c in frame]
    return frame.astype(dict.fromkeys(whole, "Int64"))


STATE = dimension("state", "residence", total="All", groups={"West": ("A", "B"), "East": ("C",)})
TWO_STATES = dimension("state", "residence", total="All", groups={"West": ("A",), "East": ("C",)})
YEAR = dimension("year", "time")
DISEASE = dimension("disease", "event", total="Any")


def shown(table: pd.DataFrame, measure: str) -> dict[Any, Any]:
    keys = [c for c in ("year", "disease", "state") if c in table]
    values = [None if pd.isna(v) else v for v in table[measure]]
    names = [tuple(row) if len(row) > 1 else row[0] for row in table[keys].to_numpy()]
    return dict(zip(names, values, strict=True))


def test_every_subtotal_and_total_is_added_up() -> None:
    table = with_margins(base("state cases", ("A", 1), ("B", 2), ("C", 4)), publication(STATE))
    assert shown(table, "cases") == {"All": 7, "West": 3, "East": 4, "A": 1, "B": 2, "C": 4}


def test_groups_of_groups_are_added_up_to_any_depth() -> None:
    nested = dimension(
        "state",
        "residence",
        total="All",
        groups={"Coast": ("North", "South"), "North": ("A", "B"), "South": ("C",)},
    )
    table = with_margins(
        base("state cases", ("A", 1), ("B", 2), ("C", 4), ("D", 8)), publication(nested)
    )
    found = shown(table, "cases")
    assert [found[c] for c in ("All", "Coast", "North", "South", "D")] == [15, 7, 3, 4, 8]


def test_totals_cross_with_totals() -> None:
    table = with_margins(
        base("disease state cases", ("flu", "A", 1), ("flu", "C", 2), ("mumps", "A", 4)),
        publication(DISEASE, STATE),
    )
    found = shown(table, "cases")
    assert found["Any", "All"] == 7
    assert found["Any", "A"] == 5
    assert found["flu", "All"] == 3
    assert found["mumps", "East"] == 0


def test_complete_shows_absent_combinations_as_zero_and_observed_leaves_them_out() -> None:
    rows = base("disease state cases", ("flu", "A", 1), ("mumps", "C", 2))
    complete = with_margins(rows, publication(DISEASE, STATE))
    observed = with_margins(rows, publication(DISEASE, STATE, combinations="observed"))
    assert shown(complete, "cases")["flu", "C"] == 0
    assert len(complete) == 3 * 6
    assert ("flu", "C") not in shown(observed, "cases")
    assert ("flu", "East") not in shown(observed, "cases")
    assert shown(observed, "cases")["Any", "All"] == 3


def test_codes_stand_in_the_order_of_the_contract() -> None:
    ages = dimension(
        "disease",
        "age",
        total="Any",
        missing="Unknown",
        generalise={
            "rule": "bands",
            "bands": [
                {"label": "9 to 17", "low": 9, "high": 17},
                {"label": "18 or Older", "low": 18},
            ],
        },
    )
    table = with_margins(
        base("disease cases", ("Unknown", 1), ("18 or Older", 2)), publication(ages)
    )
    assert list(table["disease"]) == ["Any", "9 to 17", "18 or Older", "Unknown"]


def test_categories_keep_their_order_with_the_rest_last() -> None:
    payers = dimension(
        "disease",
        "expected_payer",
        generalise={"rule": "categories", "groups": {"Z": ["z"], "B": ["b"]}, "other": "A Rest"},
    )
    table = with_margins(base("disease cases", ("A Rest", 1), ("B", 2)), publication(payers))
    assert list(table["disease"]) == ["Z", "B", "A Rest"]


def test_other_codes_are_sorted_numbers_by_size() -> None:
    table = with_margins(base("year cases", (10, 1), (9, 2), (100, 3)), publication(YEAR))
    assert list(table["year"]) == ["9", "10", "100"]


def test_a_population_repeats_over_events_and_adds_up_over_areas() -> None:
    table = with_margins(
        base(
            "disease state cases people",
            ("flu", "A", 1, 100),
            ("flu", "C", 2, 300),
            ("mumps", "A", 4, 100),
            ("mumps", "C", 8, 300),
        ),
        publication(DISEASE, TWO_STATES, measures=(CASES, PEOPLE, RATE)),
    )
    people = shown(table, "people")
    assert people["Any", "A"] == people["flu", "A"] == 100
    assert people["Any", "All"] == people["mumps", "All"] == 400
    assert shown(table, "rate")["Any", "All"] == 37.5


def test_a_total_over_observed_areas_has_the_people_of_those_areas() -> None:
    table = with_margins(
        base(
            "disease state cases people",
            ("flu", "A", 1, 100),
            ("flu", "C", 2, 300),
            ("mumps", "A", 4, 100),
        ),
        publication(DISEASE, STATE, measures=(CASES, PEOPLE), combinations="observed"),
    )
    people = shown(table, "people")
    assert people["mumps", "All"] == 100
    assert people["Any", "All"] == 400


def test_a_complete_table_knows_the_people_of_a_combination_without_records() -> None:
    table = with_margins(
        base(
            "disease state cases people",
            ("flu", "A", 1, 100),
            ("flu", "C", 2, 300),
            ("mumps", "A", 4, 100),
        ),
        publication(DISEASE, STATE, measures=(CASES, PEOPLE, RATE)),
    )
    assert shown(table, "people")["mumps", "C"] == 300
    assert shown(table, "people")["mumps", "B"] is None
    assert shown(table, "people")["mumps", "All"] is None
    assert shown(table, "rate")["mumps", "C"] == 0


def test_an_unknown_population_makes_its_sums_and_rates_unknown() -> None:
    rows = base("state cases people", ("A", 1, 100), ("B", 2, None), ("C", 3, 200))
    table = with_margins(rows, publication(STATE, measures=(CASES, PEOPLE, RATE)))
    assert shown(table, "people") == {
        "All": None,
        "West": None,
        "East": 200,
        "A": 100,
        "B": None,
        "C": 200,
    }
    assert shown(table, "rate")["West"] is None
    assert shown(table, "rate")["East"] == 15.0


def test_a_population_that_changes_along_another_total_is_refused() -> None:
    rows = base("disease state cases people", ("flu", "A", 1, 100), ("mumps", "A", 2, 200))
    with pytest.raises(ContractInvalid, match="'people' changes along dimension 'disease'"):
        with_margins(rows, publication(DISEASE, STATE, measures=(CASES, PEOPLE)))


def test_a_population_may_change_along_a_dimension_without_totals() -> None:
    rows = base("year state cases people", (2020, "A", 1, 100), (2021, "A", 2, 200))
    table = with_margins(rows, publication(YEAR, STATE, measures=(CASES, PEOPLE)))
    assert shown(table, "people")["2021", "West"] is None
    assert shown(table, "people")["2021", "A"] == 200


def test_means_are_those_of_the_margin_not_means_of_means() -> None:
    rows = base("state cases stay", ("A", 1, 10.0), ("B", 3, 6.0), ("C", 0, None))
    table = with_margins(rows, publication(STATE, measures=(CASES, STAY)))
    assert shown(table, "stay") == {
        "All": 4.0,
        "West": 4.0,
        "East": None,
        "A": 10.0,
        "B": 2.0,
        "C": None,
    }


def test_a_mean_with_an_unknown_part_is_unknown() -> None:
    rows = base("state cases stay", ("A", 1, 10.0), ("B", 3, None))
    table = with_margins(rows, publication(STATE, measures=(CASES, STAY)))
    assert shown(table, "stay")["West"] is None
    assert shown(table, "stay")["A"] == 10.0


def test_rates_are_rounded_half_to_even_and_missing_for_no_denominator() -> None:
    percent = RATE | {"per": 100, "decimals": 0}
    rows = base("state cases people", ("A", 1, 200), ("B", 3, 200), ("C", 0, 0))
    table = with_margins(rows, publication(STATE, measures=(CASES, PEOPLE, percent)))
    found = shown(table, "rate")
    assert (found["A"], found["B"], found["C"]) == (0.0, 2.0, None)


def test_columns_follow_the_contract_and_have_published_types() -> None:
    rows = base("state cases people stay", ("A", 1, 100, 2.0))
    table = with_margins(rows, publication(STATE, measures=(STAY, RATE, PEOPLE, CASES)))
    assert list(table.columns) == ["state", "stay", "rate", "people", "cases"]
    assert [str(t) for t in table.dtypes] == ["str", "Float64", "Float64", "Int64", "Int64"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (base("state cases", (None, 1)), "1 have no label"),
        (base("state cases", ("A", None)), "1 a missing or negative count"),
        (base("state cases", ("A", -1)), "1 a missing or negative count"),
        (base("state cases", ("A", 1), ("A", 1)), "1 repeat"),
    ],
    ids=["no label", "no count", "negative", "repeated"],
)
def test_broken_base_cells_are_refused(rows: pd.DataFrame, problem: str) -> None:
    with pytest.raises(StandardsNotMet, match=problem):
        with_margins(rows, publication(STATE))


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"total": "A"}, "stand both for a total"),
        ({"groups": {"A": ("B",)}}, "stand both for a total"),
        ({"total": "W", "groups": {"W": ("A",)}}, "stand both for a total"),
        ({"groups": {"W": ("W", "A")}}, "contains itself"),
        ({"groups": {"W": ("X", "A"), "X": ("W",)}}, "contains itself"),
        ({"groups": {"W": ("X", "A"), "X": ("A",)}}, "counts a label twice"),
    ],
    ids=["total", "group", "total is group", "itself", "circle", "twice"],
)
def test_ambiguous_codes_are_refused(more: dict[str, Any], problem: str) -> None:
    table = publication(dimension("state", "residence", **more))
    with pytest.raises(ContractInvalid, match=problem):
        with_margins(base("state cases", ("A", 1), ("B", 2)), table)


def test_a_table_of_too_many_combinations_is_refused() -> None:
    many = [dimension(f"d{i}", "event") for i in range(4)]
    rows = base("d0 d1 d2 d3 cases", *[(i, i, i, i, 1) for i in range(100)])
    with pytest.raises(ContractInvalid, match="100,000,000 combinations"):
        with_margins(rows, publication(*many))
    assert len(with_margins(rows, publication(*many, combinations="observed"))) == 100
