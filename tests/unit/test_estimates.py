"""When a rate or mean is too unsteady: each survey's own rule, on both sides of its limit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from opengazette.adapters.contracts import load_rule_pack
from opengazette.disclosure.masking.withholding import withhold
from opengazette.disclosure.primary.estimates import relative_error_percent, unsteady
from opengazette.disclosure.primary.marks import (
    Marks,
    codes_used,
    marked,
    marks_of,
    miscoded,
    uncoded,
)
from opengazette.model.publication import PublicationTable
from opengazette.model.reliability import ReliabilityRules

PACK = load_rule_pack(Path(__file__).parents[2], "calhhs-ddg-2.0")
COUNT = {"kind": "count", "unit": "people", "definition": "People."}


def rules() -> ReliabilityRules:
    assert PACK.reliability is not None
    return PACK.reliability


def publication(**reliability: Any) -> PublicationTable:
    group = {"name": "g", "label": "G", "column": "g", "characteristic": {"kind": "other"}}
    return PublicationTable.model_validate(
        {
            "row": "one group",
            "dimensions": [group],
            "measures": [
                COUNT | {"name": "asked", "label": "A"},
                COUNT | {"name": "yes", "label": "Y", "part_of": "asked"},
                {
                    "kind": "rate",
                    "name": "percent",
                    "label": "P",
                    "unit": "percent",
                    "definition": "Share.",
                    "numerator": "yes",
                    "denominator": "asked",
                    "decimals": 3,
                },
                {
                    "kind": "mean",
                    "name": "age",
                    "label": "M",
                    "unit": "years",
                    "definition": "Mean age.",
                    "column": "age",
                    "over": "asked",
                },
            ],
            "reliability": {"basis": "A sample."} | reliability,
        }
    )


def table(*cells: tuple[int, int]) -> pd.DataFrame:
    yes, asked = (pd.array(numbers, dtype="Int64") for numbers in zip(*cells, strict=True))
    true = pd.DataFrame({"g": [f"g{i}" for i in range(len(cells))], "asked": asked, "yes": yes})
    below = true["asked"].astype("Float64").mask(true["asked"].eq(0))
    return true.assign(percent=100 * true["yes"] / below, age=(40.0 * below) / below)


def withheld(survey: str, *cells: tuple[int, int], effect: float = 1.0) -> list[bool]:
    asked = publication(survey=survey, sample="asked", design_effect=effect)
    found = unsteady(table(*cells), asked, rules())["percent"]
    return [bool(gone) for gone in found.withheld]


@pytest.mark.parametrize(
    ("survey", "refused", "allowed"),
    [
        ("unlisted", (15, 29), (15, 30)),
        ("chis", (19, 80), (20, 80)),
        ("cahps", (50, 99), (50, 100)),
        ("brfss", (25, 49), (25, 50)),
        ("meps", (35, 69), (35, 70)),
        ("meps", (9, 100), (10, 100)),
        ("mtf", (50, 99), (50, 100)),
        ("mtf", (4, 10_000), (5, 10_000)),
        ("namcs", (29, 1_000), (30, 1_000)),
        ("ncvs", (10, 1_000), (11, 1_000)),
        ("nhis", (25, 49), (25, 50)),
        ("nhis", (11, 2_000), (12, 2_000)),
        ("nhanes", (15, 29), (15, 30)),
        ("csfii", (14, 29), (15, 30)),
        ("csfii", (993, 1_000), (992, 1_000)),
        ("nhds", (29, 1_000), (30, 1_000)),
        ("nsduh", (31, 1_000), (32, 1_000)),
        ("nsduh", (19_999, 20_000), (19_998, 20_000)),
        ("nsfg", (25, 49), (25, 50)),
        ("shpps", (15, 29), (15, 30)),
        ("yrbss", (50, 99), (50, 100)),
    ],
)
def test_each_survey_has_its_own_limit(
    survey: str, refused: tuple[int, int], allowed: tuple[int, int]
) -> None:
    assert withheld(survey, refused, allowed) == [True, False]


def test_a_wider_design_needs_a_larger_sample() -> None:
    assert withheld("csfii", (29, 58), (30, 60), effect=2.0) == [True, False]
    assert withheld("csfii", (15, 200), (16, 200), effect=2.0) == [True, True]
    assert withheld("csfii", (23, 200), (25, 200), effect=2.0) == [False, False]


def test_few_answers_of_a_discharge_survey_are_marked_up_to_fifty_nine() -> None:
    asked = publication(survey="nhds", sample="asked")
    found = unsteady(table((59, 1_000), (60, 1_000)), asked, rules())["percent"]
    assert (found.flagged.tolist(), found.withheld.tolist()) == ([True, False], [False, False])


def test_a_mean_needs_its_sample_too() -> None:
    asked = publication(survey="unlisted", sample="asked")
    found = unsteady(table((1, 29), (1, 30)), asked, rules())["age"]
    assert found.withheld.tolist() == [True, False]


def test_outside_a_survey_a_mean_is_not_judged() -> None:
    found = unsteady(table((1, 2), (1, 30)), publication(), rules())["age"]
    assert not (found.withheld | found.flagged).any()


def test_what_has_no_value_is_neither_withheld_nor_marked() -> None:
    asked = publication(survey="unlisted", sample="asked", unstable="withheld")
    for found in unsteady(table((0, 0)), asked, rules()).values():
        assert not (found.withheld | found.flagged).any()


def test_without_the_question_nothing_is_judged() -> None:
    asked = publication().model_copy(update={"reliability": None})
    assert unsteady(table((1, 1)), asked, rules()) == {}


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(1, 20))
def test_the_error_of_a_share_is_that_of_the_binomial_law(yes: int, no: int, effect: float) -> None:
    above, below = np.array([float(yes)]), np.array([float(yes + no)])
    share = yes / (yes + no)
    expected = 100 * math.sqrt(effect * share * (1 - share) / (yes + no)) / share
    assert relative_error_percent(above, below, effect)[0] == pytest.approx(expected, abs=1e-6)
    assert relative_error_percent(above, below, None)[0] == pytest.approx(100 / math.sqrt(yes))


def test_figure_4_marks_eighteen_events_and_not_nineteen() -> None:
    events, residents = np.array([0.0, 1.0, 18.0, 19.0]), np.full(4, 1e6)
    error = relative_error_percent(events, residents, None)
    assert (error >= rules().unstable_from_percent).tolist() == [True, True, True, False]


TRUE = table((12, 25), (15, 40), (300, 600), (0, 0))
ASKED = publication(survey="unlisted", sample="asked")
PRIVATE = {"yes": np.array([False, True, False, False])}


def published() -> tuple[pd.DataFrame, Marks]:
    marks = marks_of(TRUE, ASKED, PACK)
    return marked(withhold(TRUE, ASKED, PRIVATE), ASKED, marks), marks


def test_every_code_of_a_marked_table_is_true() -> None:
    public, marks = published()
    assert public["percent_annotation"].tolist() == ["4", "1", "", "3"]
    assert public["percent"].isna().tolist() == [True, True, False, True]
    assert miscoded(public, TRUE, ASKED, marks) == {}
    assert codes_used(public, ASKED) == ("1", "3", "4")


@pytest.mark.parametrize(
    ("column", "row", "lie"),
    [
        ("percent_annotation", 0, "3"),
        ("percent_annotation", 1, ""),
        ("percent_annotation", 1, "4"),
        ("percent_annotation", 2, "1"),
        ("percent_annotation", 2, "5"),
        ("percent_annotation", 3, "1"),
        ("yes_annotation", 1, "3"),
        ("asked_annotation", 0, "4"),
    ],
)
def test_a_code_that_is_not_true_is_found(column: str, row: int, lie: str) -> None:
    public, marks = published()
    public.loc[row, column] = lie
    assert miscoded(public, TRUE, ASKED, marks) == {column.removesuffix("_annotation"): 1}


def test_an_estimate_that_should_be_blank_is_found() -> None:
    public, marks = published()
    public.loc[0, "percent"] = 48.0
    public.loc[0, "percent_annotation"] = ""
    assert miscoded(public, TRUE, ASKED, marks) == {"percent": 1}


def test_a_file_whose_cells_and_codes_disagree_is_found() -> None:
    header = ["g", "n", "n_annotation"]
    sound = [["a", "0", ""], ["b", "", "1"], ["c", "", "2"], ["d", "", "3"], ["e", "", "4"]]
    marks = [["f", "7", "4"], ["g", "7", "5"]]
    assert uncoded(header, [*sound, *marks], ["n"]) == {}
    broken = [["h", "", ""], ["i", "7", "1"], ["j", "7", "x"], ["k", "", "5"]]
    assert uncoded(header, [*sound, *broken], ["n"]) == {"n": 4}


def test_unstable_rates_are_blank_where_the_contract_wants_it_but_a_rate_of_nobody_stays() -> None:
    asked = publication(unstable="withheld")
    found = unsteady(table((0, 900), (18, 900), (19, 900)), asked, rules())["percent"]
    assert found.withheld.tolist() == [False, True, False]
    assert found.flagged.tolist() == [True, False, False]


def test_an_amount_for_each_is_judged_by_its_sample_and_not_by_its_amount() -> None:
    told = publication(survey="unlisted", sample="asked").model_dump(mode="json")
    paid = {"kind": "sum", "name": "paid", "label": "$", "column": "p", "over": "asked"}
    rate = {"kind": "rate", "name": "each", "label": "E", "numerator": "paid"}
    told["measures"] += [COUNT | paid, COUNT | rate | {"denominator": "asked"}]
    true = table((15, 29), (15, 30)).assign(paid=[3, 3], each=[0.1, 0.1])
    found = unsteady(true, PublicationTable.model_validate(told), rules())["each"]
    assert found.withheld.tolist() == [True, False]
    assert not found.flagged.any()


def test_a_share_of_nobody_has_no_error_and_is_marked() -> None:
    asked = publication(survey="chis", sample="asked")
    found = unsteady(table((0, 500)), asked, rules())["percent"]
    assert (found.withheld.tolist(), found.flagged.tolist()) == ([False], [True])


def test_what_is_incomplete_is_marked_in_the_rows_and_measures_that_are_named() -> None:
    told = publication().model_dump(mode="json", exclude={"reliability"})
    entries = [
        {"where": {"g": "g0"}, "measures": ["yes", "percent"], "reason": "Late reports."},
        {"where": {"g": "g2"}, "reason": "Late reports."},
    ]
    late = PublicationTable.model_validate(told | {"incomplete": entries})
    true = table((12, 25), (15, 40), (300, 600))
    public = marked(withhold(true, late, {}), late, marks_of(true, late, PACK))
    codes = {name: list(public[f"{name}_annotation"]) for name in late.value_columns()}
    assert codes == {
        "asked": ["", "", "5"],
        "yes": ["5", "", "5"],
        "percent": ["5", "", "5"],
        "age": ["", "", "5"],
    }


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"where": {"h": "g0"}}, "'h' is not one of the dimensions g"),
        ({"where": {"g": "g0"}, "measures": ["no"]}, "'no' is not one of the measures asked, yes"),
    ],
)
def test_incomplete_cells_that_the_table_cannot_have_are_refused(
    entry: dict[str, Any], problem: str
) -> None:
    told = publication().model_dump(mode="json")
    with pytest.raises(ValidationError, match=problem):
        PublicationTable.model_validate(told | {"incomplete": [entry | {"reason": "Late."}]})
