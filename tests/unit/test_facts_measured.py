"""What is measured in a table for its score, dimension by dimension."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from examples.contracts import cells, example_contract

from opengazette.disclosure.assessment.denominators import smallest_denominator, smallest_listed
from opengazette.disclosure.assessment.facts import TableFacts, Variable, table_facts
from opengazette.disclosure.tables.margins import with_margins
from opengazette.errors import ContractInvalid, DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.reference import PopulationTable

PLACES = PopulationTable(
    id="places",
    title="Residents of places",
    source="A census of the tests",
    as_of=date(2020, 4, 1),
    people={"Alpine": 1_163, "Amador": 37_853, "Kern": 841_146},
)
GROUPS = PLACES.model_copy(update={"id": "groups", "people": {"a": 90_000, "b": 700, "c": 5_000}})
POPULATIONS = {"places": PLACES, "groups": GROUPS}
EVERYBODY = {"kind": "people", "people": 12_345, "basis": "Census of the tests."}


def dimension(name: str, kind: str, **more: Any) -> dict[str, Any]:
    what = {"kind": kind} | {
        key: more.pop(key)
        for key in ("level", "reference", "smallest_population", "basis")
        if key in more
    }
    made = {"name": name, "label": name, "column": f"c_{name}", "characteristic": what}
    return made | more


def contract(
    *dimensions: dict[str, Any],
    period: str | None = None,
    people: bool = False,
    documentation: dict[str, Any] | None = None,
    **rules: Any,
) -> Contract:
    given = {"kind": "population", "name": "people", "column": "c_people"}
    residents = given | {"label": "People", "definition": "Residents."}
    covered = {"dimension": period} if period else {"years": 1}
    return example_contract(
        *dimensions,
        measures=(residents,) if people else (),
        disclosure={"denominator": EVERYBODY, "reporting_period": covered} | rules,
        documentation=documentation,
    )


def facts(agreed: Contract, *labels: str, cases: int = 5) -> TableFacts:
    (only,) = (d.name for d in agreed.publication.dimensions)
    base = cells(f"{only} cases", *[(label, cases) for label in labels])
    return table_facts(agreed, with_margins(base, agreed.publication), POPULATIONS)


@pytest.mark.parametrize("kind", ["sex", "race_ethnicity", "expected_payer", "other"])
def test_groups_are_counted_with_their_level_and_the_people_of_the_smallest(kind: str) -> None:
    plain = facts(contract(dimension("trait", kind, level="some")), "a", "b", "c").variables
    assert plain == (Variable("trait", kind, 3, "some"),)  # type: ignore[arg-type]
    stated = dimension("trait", kind, smallest_population=4_000)
    assert facts(contract(stated), "a", "b").variables[0].population == 4_000
    listed = dimension("trait", kind, reference="groups")
    assert facts(contract(listed), "a", "c").variables[0].population == 5_000
    both = dimension("trait", kind, reference="groups", smallest_population=800)
    assert facts(contract(both), "a", "c").variables[0].population == 800
    assert facts(contract(both), "b").variables[0].population == 700


def test_groups_that_a_population_table_lacks_are_refused_by_number() -> None:
    with pytest.raises(ContractInvalid, match="1 of the 2 labels of dimension 'trait'") as refused:
        facts(contract(dimension("trait", "other", reference="groups")), "a", "z")
    assert refused.value.remedy == (
        "Add them to config/standards/populations/groups.yaml, or spell them alike."
    )
    with pytest.raises(ContractInvalid, match="'example', dimension 'trait'") as missing:
        facts(contract(dimension("trait", "other", reference="nothing")), "a")
    assert missing.value.remedy == (
        "Add config/standards/populations/nothing.yaml, or correct the name."
    )


def test_ages_are_named_counted_and_measured() -> None:
    bands = [{"label": "0 to 4", "low": 0, "high": 4}, {"label": "5 to 9", "low": 5, "high": 9}]
    ages = dimension(
        "age", "age", level="5", generalise={"rule": "bands", "bands": bands}, total="All"
    )
    assert facts(contract(ages), "0 to 4", "5 to 9").variables == (
        Variable("age", "age", 2, "5", width=5),
    )


@pytest.mark.parametrize(
    ("groups", "labels", "width"),
    [
        ({"Teens": [13, 14], "Rest": [15]}, ("Teens", "Other"), 1),
        ({"Teens": [13, 14, 15]}, ("Other",), 1),
        ({"Flags": [True, 2]}, ("Flags",), 1),
    ],
)
def test_ages_outside_the_named_groups_count_as_one_year(
    groups: dict[str, list[Any]], labels: tuple[str, ...], width: int
) -> None:
    rule = {"rule": "categories", "groups": groups, "other": "Other"}
    ages = dimension("age", "age", generalise=rule)
    assert facts(contract(ages), *labels).variables[0].width == width


def test_ages_of_which_none_is_told_count_as_one_year() -> None:
    rule = {"rule": "categories", "groups": {"Teens": [13, 14, 15]}}
    ages = dimension("age", "age", generalise=rule, missing="Unknown")
    assert facts(contract(ages), "Unknown").variables[0].width == 1


@pytest.mark.parametrize(
    ("rule", "label", "period"),
    [
        ({"unit": "year", "years": 2, "first": 2019}, "2019 to 2020", 2),
        ({"unit": "year"}, "2020", "year"),
        ({"unit": "quarter"}, "2020-Q1", "quarter"),
    ],
)
def test_a_period_covers_what_its_rule_says(rule: dict[str, Any], label: str, period: Any) -> None:
    time = dimension("time", "time", generalise={"rule": "period"} | rule)
    covered = {"coverage": {"start": "2019-01-01", "end": "2020-12-31"}}
    assert facts(contract(time, period="time", documentation=covered), label).periods == (period,)


def band(label: str, low: int, high: int | None) -> dict[str, Any]:
    return {"label": label, "low": low} | ({} if high is None else {"high": high})


@pytest.mark.parametrize(
    ("bands", "periods"),
    [
        ([band("2000 to 2004", 2000, 2004), band("2005 to 2006", 2005, 2006)], (5, 2)),
        ([band("1000 to 1001", 1000, 1001), band("Later", 1002, None)], (2, 1)),
        ([band("Weeks 1 to 3", 1, 3), band("Weeks 4 to 9", 4, 9)], ("month",)),
        ([band("Early", 999, 1200), band("Late", 1201, 1300)], ("month",)),
    ],
    ids=["years", "open end", "weeks", "not years"],
)
def test_bands_of_years_cover_their_years_and_other_bands_what_is_declared(
    bands: list[dict[str, Any]], periods: tuple[Any, ...]
) -> None:
    time = dimension("time", "time", level="month", generalise={"rule": "bands", "bands": bands})
    labels = [each["label"] for each in bands]
    assert facts(contract(time, period="time"), *labels).periods == periods


def test_the_smaller_of_residence_and_of_a_service_for_residents_counts() -> None:
    home = dimension("home", "residence", reference="places")
    clinic = dimension("clinic", "service_location", level="residents_only", reference="places")
    agreed = contract(home, clinic)
    for one, two in (("Kern", "Amador"), ("Amador", "Kern")):
        base = cells("home clinic cases", (one, two, 5))
        assert table_facts(agreed, base, POPULATIONS).residence_population == 37_853
    anybody = dimension("clinic", "service_location", reference="places")
    base = cells("home clinic cases", ("Kern", "Amador", 5))
    found = table_facts(contract(home, anybody), base, POPULATIONS)
    assert (found.residence_population, found.service_population) == (841_146, 37_853)


def test_residence_of_any_level_is_no_service_for_residents() -> None:
    home = dimension("home", "residence", reference="places", level="residents_only")
    clinic = dimension("clinic", "service_location", reference="places")
    base = cells("home clinic cases", ("Kern", "Amador", 5))
    found = table_facts(contract(home, clinic), base, POPULATIONS)
    assert found.residence_population == 841_146


def test_a_table_without_areas_has_the_people_of_its_smallest_denominator() -> None:
    sex = dimension("sex", "sex")
    assert facts(contract(sex), "f").residence_population == 12_345
    measured = {"kind": "measure", "measure": "people", "basis": "The table itself."}
    agreed = contract(sex, people=True, denominator=measured)
    unknown = cells("sex cases people", ("f", 50, None))
    assert table_facts(agreed, unknown, POPULATIONS).residence_population == 0
    by_site = {"kind": "reference", "dimension": "site", "reference": "places"}
    sites = contract(
        dimension("site", "facility"), denominator=by_site | {"basis": "Census of the tests."}
    )
    assert facts(sites, "Kern", "Amador").residence_population == 37_853
    clinic = contract(dimension("clinic", "service_location", level="address"))
    assert facts(clinic, "a").residence_population is None


def test_by_area_the_denominator_s_table_is_looked_up() -> None:
    by_place = {
        "kind": "reference",
        "dimension": "home",
        "reference": "places",
        "basis": "Census of the tests.",
    }
    agreed = contract(dimension("home", "residence"), denominator=by_place)
    assert facts(agreed, "Kern", "Amador").residence_population == 37_853
    other = contract(
        dimension("home", "residence", smallest_population=50_000),
        dimension("place", "facility"),
        denominator=by_place | {"dimension": "place"},
    )
    base = cells("home place cases", ("Somewhere", "Alpine", 5))
    assert table_facts(other, base, POPULATIONS).residence_population == 50_000


def test_the_denominator_of_an_area_can_be_a_column() -> None:
    measured = {"kind": "measure", "measure": "people", "basis": "The table itself."}
    agreed = contract(dimension("home", "residence"), people=True, denominator=measured)
    base = cells("home cases people", ("x", 5, 900), ("y", 5, 700))
    assert table_facts(agreed, base, POPULATIONS).residence_population == 700


def test_an_area_of_unknown_people_is_refused_with_the_way_out() -> None:
    with pytest.raises(DisclosureRisk) as refused:
        facts(contract(dimension("home", "residence")), "Kern")
    assert refused.value.remedy == (
        "Name a population table (reference) or the smallest_population in its characteristic."
    )


def test_one_event_is_enough_to_need_a_denominator() -> None:
    measured = {"kind": "measure", "measure": "people", "basis": "The table itself."}
    agreed = contract(dimension("sex", "sex"), people=True, denominator=measured)
    base = cells("sex cases people", ("f", 1, None), ("m", 60, 90_000))
    assert smallest_denominator(agreed, base, POPULATIONS) is None


def test_a_denominator_that_lacks_labels_is_refused_with_dataset_and_dimension() -> None:
    by_place = {
        "kind": "reference",
        "dimension": "home",
        "reference": "places",
        "basis": "Census of the tests.",
    }
    agreed = contract(dimension("home", "facility"), denominator=by_place)
    with pytest.raises(ContractInvalid, match="'example': 1 of the 1 labels of dimension 'home'"):
        smallest_denominator(agreed, cells("home cases", ("Atlantis", 5)), POPULATIONS)


def test_without_a_denominator_the_place_to_add_it_is_named() -> None:
    nobody = {"present": False, "basis": "Licences are counted."}
    agreed = contract(
        dimension("clinic", "facility"), denominator=None, personal_characteristics=nobody
    )
    with pytest.raises(ContractInvalid) as refused:
        smallest_denominator(agreed, cells("clinic cases", ("a", 5)), POPULATIONS)
    assert refused.value.problem == "Dataset 'example': no denominator is declared."
    assert refused.value.remedy == (
        "Add disclosure.denominator with the population that the events arise from."
    )


def test_a_table_without_rows_has_nobody() -> None:
    agreed = contract(dimension("home", "residence", reference="places"))
    (home,) = agreed.publication.dimensions
    assert smallest_listed(agreed, home, "places", (), POPULATIONS) == 0


def test_a_table_of_zeros_has_no_smallest_count() -> None:
    found = facts(contract(dimension("sex", "sex")), "f", "m", cases=0)
    assert (found.smallest_count, found.has_zeros) == (None, True)
