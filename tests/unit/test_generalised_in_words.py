"""The public reads what detail was given up, and what a column can hold."""

from __future__ import annotations

from pathlib import Path

from opengazette.adapters.contracts import load_contract
from opengazette.documentation.columns import published_columns
from opengazette.documentation.generalised import generalised
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Categories, Generalisation, Period, ZipPrefix

ROOT = Path(__file__).parents[2]
ENCOUNTERS = load_contract(ROOT, "emergency_encounters")


def with_rule(rule: Generalisation) -> Contract:
    first = ENCOUNTERS.publication.dimensions[0].model_copy(update={"generalise": rule})
    publication = ENCOUNTERS.publication.model_copy(update={"dimensions": (first,)})
    return ENCOUNTERS.model_copy(update={"publication": publication})


def told(rule: Generalisation) -> tuple[str, str]:
    made = with_rule(rule)
    (sentence,) = generalised(made)
    return sentence, published_columns(made, {})[0].valid_values


def test_only_what_is_made_coarser_is_told() -> None:
    assert generalised(ENCOUNTERS) == (
        "Year: dates are published as the year that they fall in.",
        "Age Group: numbers are published in 4 bands, the last without an end.",
    )


def test_every_rule_has_its_words_and_its_valid_values() -> None:
    years = Period(rule="period", unit="year", years=5, first=2019)
    assert told(years) == (
        "Year: dates are published as the period of 5 years that they fall in.",
        "5 years, YYYY-YYYY",
    )
    assert "half-year" in told(Period(rule="period", unit="half_year"))[0]
    assert "YYYY-H1" in told(Period(rule="period", unit="half_year"))[1]
    sentence, valid = told(ZipPrefix(rule="zip3", lookup="us_census_2000"))
    assert "as 000 where 20,000 people or fewer" in sentence
    assert valid == "first three digits of a ZIP code, or 000"
    merged = Categories(rule="categories", groups={"North": ("a",), "South": ("b",)}, other="Rest")
    assert told(merged) == (
        "Year: values are published in 2 groups, all others as 'Rest'.",
        "North; South; Rest",
    )
