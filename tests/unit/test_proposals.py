"""A proposal is the least generalisation that leaves nothing to withhold."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from opengazette.disclosure.assessment.assessment import assess
from opengazette.disclosure.generalisation.coarser import Form, forms
from opengazette.disclosure.generalisation.proposals import coarsened, least_generalisation
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Bands, Categories, Period
from opengazette.model.publication import Dimension
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack

ROOT = Path(__file__).parents[2]


def yaml(path: str) -> Any:
    return YAML(typ="safe").load(ROOT / "config" / path)


PACK = RulePack.model_validate(yaml("rulepacks/calhhs-ddg-2.0.yaml"))
PEOPLE = PopulationTable.model_validate(yaml("standards/populations/california_counties_2010.yaml"))
POPULATIONS = {PEOPLE.id: PEOPLE}
ENCOUNTERS = Contract.model_validate_json(
    json.dumps(yaml("datasets/emergency_encounters.yaml"), default=str)
)
AGES = ("0 to 17", "18 to 44", "45 to 64", "65 or Older")


def dimension(name: str) -> Dimension:
    return next(d for d in ENCOUNTERS.publication.dimensions if d.name == name)


def base(
    counties: tuple[str, ...] = ("Los Angeles", "Alpine"), small: int = 3, years: int = 4
) -> pd.DataFrame:
    rows = product([str(2019 + n) for n in range(years)], counties, AGES, ("Female", "Male"))
    frame = pd.DataFrame(rows, columns=["year", "county", "age_group", "sex"])
    frame["encounters"] = [900 if c == "Los Angeles" else small for c in frame["county"]]
    return frame.astype({"encounters": "Int64"})


def changed(found: tuple[Form, ...]) -> dict[str, str]:
    return {form.dimension: form.what for form in found}


def test_a_table_without_small_counts_stays_as_it_is() -> None:
    search = least_generalisation(ENCOUNTERS, base(small=500), POPULATIONS, PACK)
    assert search.proposal is not None
    assert search.proposal.forms == ()
    assert search.tried == 1


def test_a_mean_of_money_lets_no_small_count_pass_whatever_the_score() -> None:
    told = ENCOUNTERS.model_dump(mode="json", exclude_none=True)
    told["columns"]["cost"] = {"type": "integer", "role": "measure", "label": "Cost"}
    cost = {"kind": "mean", "name": "cost", "label": "Cost", "unit": "dollars", "column": "cost"}
    cost |= {"definition": "Mean cost.", "over": "encounters"}
    told["publication"]["dimensions"] = [
        d for d in told["publication"]["dimensions"] if d["name"] in ("year", "sex")
    ]
    told["disclosure"]["denominator"] = {"kind": "people", "people": 39_000_000, "basis": "Census."}
    table = pd.DataFrame({"year": ["2022", "2023"] * 2, "sex": ["Female"] * 2 + ["Male"] * 2})
    table["encounters"] = pd.array([9, 8, 40, 50], dtype="Int64")
    changes = {}
    for financial in (False, True):
        told["publication"]["measures"] += [
            cost | {"financial": financial, "unit": "dollars" if financial else "points"}
        ]
        asked = Contract.model_validate(told)
        told["publication"]["measures"].pop()
        found = least_generalisation(asked, table.assign(cost=100.0), POPULATIONS, PACK).proposal
        assert found is not None
        changes[financial] = len(found.forms)
    assert changes[False] == 0
    assert changes[True] > 0


def test_what_is_proposed_passes_and_nothing_that_loses_less_does() -> None:
    table = base()
    search = least_generalisation(ENCOUNTERS, table, POPULATIONS, PACK)
    found = search.proposal
    assert found is not None
    assert found.forms
    ladders = [
        forms(
            d,
            tuple(dict.fromkeys(table[d.name])),
            {},
            PEOPLE.people if d.name == "county" else None,
            needed=d.name in ("year", "county"),
        )
        for d in ENCOUNTERS.publication.dimensions
    ]
    for chosen in product(*ladders):
        if round(sum(form.loss for form in chosen), 4) < found.loss:
            coarse = coarsened(ENCOUNTERS, table, POPULATIONS, chosen)
            verdict = assess(coarse.contract, coarse.base, coarse.populations, PACK)
            assert verdict.must_withhold_small
            assert coarse.base["encounters"].between(1, 10).any()


def test_the_search_says_where_it_gave_up() -> None:
    search = least_generalisation(ENCOUNTERS, base(), POPULATIONS, PACK, most_tried=1)
    assert (search.proposal, search.tried, search.complete) == (None, 1, False)


def test_merged_areas_have_the_people_of_their_parts() -> None:
    table = base(("Alpine", "Sierra", "Kern"))
    ladders = forms(
        dimension("county"), ("Alpine", "Sierra", "Kern"), {}, PEOPLE.people, needed=True
    )
    one = next(form for form in ladders if form.what == "one area")
    same = [
        Form(d.name, "as it is", {v: v for v in table[d.name]}, None, 0.0)
        for d in ENCOUNTERS.publication.dimensions
    ]
    coarse = coarsened(ENCOUNTERS, table, POPULATIONS, (same[0], one, *same[2:]))
    people = coarse.populations[PEOPLE.id].people
    assert people["California"] == sum(PEOPLE.people[n] for n in ("Alpine", "Sierra", "Kern"))
    assert coarse.base["encounters"].sum() == table["encounters"].sum()
    assert PEOPLE.people.get("California") is None


def test_counties_become_their_regions() -> None:
    labels = tuple(PEOPLE.people)
    found = forms(dimension("county"), labels, {}, PEOPLE.people, needed=True)
    regions = next(form for form in found if form.what == "the 6 groups")
    assert isinstance(regions.rule, Categories)
    assert set(regions.rule.groups) == set(dimension("county").groups)
    assert regions.labels is not None
    assert regions.labels["Alpine"] == "Northern and Sierra Region"


def test_small_counties_are_joined_until_they_reach_a_floor() -> None:
    labels = tuple(PEOPLE.people)
    found = forms(dimension("county"), labels, {}, PEOPLE.people, needed=True)
    floor = next(form for form in found if "fewer than 50,001" in form.what)
    assert floor.labels is not None
    for county, people in PEOPLE.people.items():
        assert (floor.labels[county] == "Smaller Areas") == (people < 50_001)


def test_bands_are_joined_side_by_side_and_keep_their_ends() -> None:
    found = forms(dimension("age_group"), AGES, {}, None, needed=False)
    wide = next(form for form in found if form.what == "2 wider bands")
    assert isinstance(wide.rule, Bands)
    assert [band.label for band in wide.rule.bands] == ["0 to 44", "45 or Older"]
    assert [band.high for band in wide.rule.bands] == [44, None]
    assert found[-1].what == "left out"


@pytest.mark.parametrize(
    ("unit", "labels", "what", "into"),
    [
        ("month", ("2024-01", "2024-06", "2024-07"), "by half-year", {"2024-H1", "2024-H2"}),
        ("month", ("2023-11", "2023-12", "2024-06"), "by quarter", {"2023-Q4", "2024-Q2"}),
        ("quarter", ("2023-Q3", "2023-Q4", "2024-Q2"), "by year", {"2023", "2024"}),
        ("year", ("2019", "2020", "2021", "2022"), "2 years together", {"2019-2020", "2021-2022"}),
    ],
)
def test_periods_become_longer_ones(
    unit: str, labels: tuple[str, ...], what: str, into: set[str]
) -> None:
    time = dimension("year").model_copy(
        update={"generalise": Period.model_validate({"rule": "period", "unit": unit})}
    )
    found = forms(time, labels, {}, None, needed=True)
    form = next((form for form in found if form.what == what), None)
    assert form is not None
    assert form.labels is not None
    assert set(form.labels.values()) == into


def test_years_are_only_joined_where_no_period_lacks_one() -> None:
    labels = tuple(str(year) for year in range(2019, 2024))
    found = forms(dimension("year"), labels, {}, None, needed=True)
    assert [form.what for form in found] == ["as it is", "5 years together"]


def test_the_smallest_categories_become_other_first() -> None:
    payer = dimension("sex").model_copy(update={"name": "payer"})
    weights = {"a": 500, "b": 3, "c": 40, "d": 7}
    found = forms(payer, tuple(weights), weights, None, needed=False)
    assert found[1].labels == {"a": "a", "b": "Other", "c": "c", "d": "Other"}
    assert isinstance(found[1].rule, Categories)
    assert found[1].rule.groups["Other"] == ("b", "d")
