"""The six steps, and what is measured in a table for them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from opengazette.disclosure.assessment import Assessment, assess, declared_by
from opengazette.disclosure.denominators import smallest_denominator
from opengazette.disclosure.facts import table_facts
from opengazette.disclosure.margins import with_margins
from opengazette.errors import ContractInvalid, DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack

FOLDER = Path(__file__).parents[2] / "config" / "rulepacks"
V2 = RulePack.model_validate(YAML(typ="safe").load(FOLDER / "calhhs-ddg-2.0.yaml"))
COUNTIES = PopulationTable(
    id="counties",
    title="Residents of counties",
    source="A census of the tests",
    as_of=date(2020, 4, 1),
    people={"Alpine": 1_163, "Amador": 37_853, "Kern": 841_146},
)
POPULATIONS = {"counties": COUNTIES}
COUNTY = {"kind": "residence", "reference": "counties"}
BANDS = [
    {"label": "0 to 11", "low": 0, "high": 11},
    {"label": "12 to 14", "low": 12, "high": 14},
    {"label": "15 to 18", "low": 15, "high": 18},
    {"label": "19 or Older", "low": 19},
]
PEOPLE = {
    "kind": "population",
    "name": "people",
    "label": "People",
    "definition": "Residents.",
    "column": "c_people",
}
EVERYBODY = {"kind": "people", "people": 39_000_000, "basis": "Census of the tests."}
BY_COUNTY = {
    "kind": "reference",
    "dimension": "county",
    "reference": "counties",
    "basis": "Census of the tests.",
}


def dimension(name: str, characteristic: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "column": f"c_{name}",
        "characteristic": characteristic,
    } | more


def contract(
    *dimensions: dict[str, Any],
    personal: bool = True,
    high_risk: bool = False,
    denominator: dict[str, Any] | None = EVERYBODY,
    period: dict[str, Any] | None = None,
    measures: tuple[dict[str, Any], ...] = (),
) -> Contract:
    count = {
        "kind": "count",
        "name": "cases",
        "label": "C",
        "unit": "cases",
        "definition": "Cases.",
    }
    columns = {d["column"]: {"type": "text", "role": "dimension", "label": "C"} for d in dimensions}
    columns["c_people"] = {"type": "integer", "role": "measure", "label": "People"}
    return Contract.model_validate(
        {
            "id": "example",
            "title": "An example of a table",
            "summary": "Cases in an example.",
            "department": "health",
            "classification": {"level": 1, "basis": "Nobody is named."},
            "legal": {"regimes": ["ipa"], "authority": "A law of the tests."},
            "source": {"database": "db", "table": "cases", "fewest_rows": 1},
            "columns": columns,
            "publication": {
                "row": "one cell",
                "dimensions": list(dimensions),
                "measures": [count, *measures],
                "combinations": "observed",
            },
            "disclosure": {
                "personal_characteristics": {"present": personal, "basis": "Read by a lawyer."},
                "high_risk": {"present": high_risk, "basis": "Read by an expert."},
                "denominator": denominator,
                "reporting_period": period or {"years": 1},
            },
            "documentation": {
                "description": "Cases.",
                "limitations": "An example.",
                "topic": "Demographics",
                "tags": ["cases"],
                "frequency": "annual",
                "coverage": {"start": "2020-01-01", "end": "2020-12-31"},
                "geography": "California",
                "contact": {"name": "Data desk", "email": "data@example.org"},
                "attribution": "Department",
            },
            "schedule": {"cron": "0 3 * * *"},
        }
    )


def cells(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=columns.split())
    whole = [c for c in ("cases", "people") if c in frame]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def assessed(agreed: Contract, base: pd.DataFrame, pack: RulePack = V2) -> Assessment:
    return assess(agreed, with_margins(base, agreed.publication), POPULATIONS, pack)


def way(found: Assessment) -> list[tuple[int, str]]:
    return [(step.number, step.decision) for step in found.steps]


SEX = dimension("sex", {"kind": "sex"}, total="All")


def test_n7_without_personal_characteristics_step_6_follows_step_1() -> None:
    agreed = contract(dimension("clinic", {"kind": "facility"}), personal=False, denominator=None)
    found = assessed(agreed, cells("clinic cases", ("a", 1)))
    assert way(found) == [(1, "no"), (6, "required")]
    assert (found.needs_masking, found.must_withhold_small, found.score) == (False, False, None)


@pytest.mark.parametrize(
    "kind", ["age", "sex", "race_ethnicity", "residence", "expected_payer", "other"]
)
def test_m12_a_contract_cannot_deny_a_personal_characteristic(kind: str) -> None:
    agreed = contract(dimension("trait", {"kind": kind}), personal=False, denominator=None)
    with pytest.raises(DisclosureRisk, match=r"'example' says .* 'trait' is one"):
        assessed(agreed, cells("trait cases", ("a", 100)))


def test_a_high_risk_population_cannot_come_without_personal_characteristics() -> None:
    agreed = contract(
        dimension("clinic", {"kind": "facility"}),
        personal=False,
        high_risk=True,
        denominator=None,
    )
    with pytest.raises(DisclosureRisk, match="high-risk population"):
        assessed(agreed, cells("clinic cases", ("a", 1)))


def test_n6_large_numerators_and_denominators_need_no_score() -> None:
    found = assessed(contract(SEX), cells("sex cases", ("f", 11), ("m", 0)))
    assert way(found) == [(1, "yes"), (2, "no"), (5, "required"), (6, "required")]
    assert found.score is None
    assert not found.must_withhold_small


@pytest.mark.parametrize(("people", "decision"), [(20_000, "yes"), (20_001, "no")])
def test_a_denominator_of_exactly_the_limit_fails(people: int, decision: str) -> None:
    agreed = contract(SEX, denominator=EVERYBODY | {"people": people})
    assert way(assessed(agreed, cells("sex cases", ("f", 500))))[1] == (2, decision)


@pytest.mark.parametrize(("cases", "decision"), [(0, "no"), (1, "yes"), (10, "yes"), (11, "no")])
def test_a_numerator_below_eleven_fails_and_zero_does_not(cases: int, decision: str) -> None:
    found = assessed(contract(SEX), cells("sex cases", ("f", cases), ("m", 900)))
    assert way(found)[1] == (2, decision)


def test_small_counts_with_a_low_score_are_released() -> None:
    found = assessed(contract(SEX), cells("sex cases", ("f", 4), ("m", 900)))
    assert way(found) == [(1, "yes"), (2, "yes"), (3, "no"), (5, "required"), (6, "required")]
    assert found.score is not None
    assert found.score.total == 7 + 1 - 5 + 0 + 1
    assert not found.must_withhold_small


def test_s34_small_counts_of_a_high_risk_population_are_always_withheld() -> None:
    found = assessed(contract(SEX, high_risk=True), cells("sex cases", ("f", 4), ("m", 900)))
    assert found.score is not None
    assert not found.score.exceeds_limit
    assert (3, "yes") in way(found)
    assert (4, "required") in way(found)
    assert found.needs_masking
    assert found.must_withhold_small


def test_a_high_risk_population_without_small_counts_needs_no_masking() -> None:
    found = assessed(contract(SEX, high_risk=True), cells("sex cases", ("f", 40)))
    assert (4, "required") not in way(found)
    assert (found.needs_masking, found.must_withhold_small) == (False, True)


def test_s6_a_small_county_is_masked() -> None:
    agreed = contract(dimension("county", COUNTY, total="California"), denominator=BY_COUNTY)
    found = assessed(agreed, cells("county cases", ("Alpine", 2), ("Kern", 900)))
    assert found.score is not None
    assert found.score.total == 14
    assert [step.number for step in found.steps] == [1, 2, 3, 4, 5, 6]
    assert found.needs_masking
    assert found.must_withhold_small


def test_only_the_areas_in_the_table_count() -> None:
    agreed = contract(dimension("county", COUNTY, total="California"), denominator=BY_COUNTY)
    found = assessed(agreed, cells("county cases", ("Amador", 2), ("Kern", 900)))
    assert found.score is not None
    assert found.score.total == 11


def test_an_area_without_a_population_is_refused_with_the_way_out() -> None:
    agreed = contract(dimension("county", {"kind": "residence"}))
    with pytest.raises(DisclosureRisk, match=r"'example'.*'county' is not known.*reference"):
        assessed(agreed, cells("county cases", ("Kern", 2)))


def test_a_population_table_must_exist_and_list_every_area() -> None:
    agreed = contract(dimension("county", COUNTY))
    with pytest.raises(ContractInvalid, match="1 of the 2 labels of dimension 'county'"):
        assessed(agreed, cells("county cases", ("Kern", 2), ("Atlantis", 3)))
    missing = contract(dimension("county", COUNTY | {"reference": "no_such"}))
    with pytest.raises(ContractInvalid, match="no population table 'no_such'"):
        assessed(missing, cells("county cases", ("Kern", 2)))


def test_no_reason_quotes_a_count_or_a_label() -> None:
    agreed = contract(dimension("county", COUNTY, total="California"), denominator=BY_COUNTY)
    found = assessed(agreed, cells("county cases", ("Alpine", 7), ("Kern", 913)))
    text = " ".join(step.reason for step in found.steps)
    assert "Alpine" not in text
    assert "913" not in text


def facts(agreed: Contract, base: pd.DataFrame) -> Any:
    return table_facts(agreed, with_margins(base, agreed.publication), POPULATIONS)


def test_s1_the_narrowest_band_in_the_table_is_measured() -> None:
    ages = dimension("age", {"kind": "age"}, generalise={"rule": "bands", "bands": BANDS})
    base = cells("age cases", ("0 to 11", 2), ("12 to 14", 3), ("15 to 18", 4))
    (variable,) = facts(contract(ages), base).variables
    assert (variable.width, variable.opens_at) == (3, None)
    (variable,) = facts(contract(ages), cells("age cases", ("19 or Older", 5))).variables
    assert (variable.width, variable.opens_at) == (None, 19)


@pytest.mark.parametrize(
    ("generalise", "level", "labels", "width"),
    [
        ({"rule": "as_is"}, None, ("17", "18"), 1),
        ({"rule": "as_is"}, "10", ("17", "18"), 1),
        ({"rule": "as_is"}, "10", ("10-19", "20-29"), 10),
        ({"rule": "as_is"}, "10", ("10-19", "Ages 18 to 19"), 2),
        ({"rule": "as_is"}, None, ("10-19", "20-29"), 1),
        (
            {"rule": "categories", "groups": {"Teens": [13, 14, 15], "Rest": [16, 17]}},
            None,
            ("Teens",),
            3,
        ),
        ({"rule": "categories", "groups": {"Teens": [13, 14, 19]}}, None, ("Teens",), 1),
        ({"rule": "categories", "groups": {"Teens": ["x", "y"]}}, None, ("Teens",), 1),
    ],
    ids=["single", "denied", "recorded", "finer", "text", "whole years", "gap", "words"],
)
def test_ages_that_cannot_be_measured_count_as_one_year(
    generalise: dict[str, Any], level: str | None, labels: tuple[str, ...], width: int
) -> None:
    ages = dimension("age", {"kind": "age", "level": level}, generalise=generalise)
    (variable,) = facts(contract(ages), cells("age cases", *[(x, 5) for x in labels])).variables
    assert variable.width == width


@pytest.mark.parametrize("label", ["95+", "95 and over", "95 years or older", "95 or more"])
def test_an_open_band_among_labels_of_ages_is_measured_from_where_it_begins(label: str) -> None:
    ages = dimension("age", {"kind": "age", "level": "10"})
    base = cells("age cases", ("85-94", 5), (label, 5))
    (variable,) = facts(contract(ages), base).variables
    assert (variable.width, variable.opens_at) == (10, 95)


@pytest.mark.parametrize(
    ("labels", "level", "expected"),
    [
        (("2020", "2021"), None, ("year",)),
        (("2020-H1",), None, ("half_year",)),
        (("2020-Q3",), None, ("quarter",)),
        (("2020-07",), "year", ("month",)),
        (("2015-2019",), None, (5,)),
        (("Monday",), None, ("week",)),
        (("FY20",), "year", ("year",)),
    ],
)
def test_periods_are_read_from_the_labels(
    labels: tuple[str, ...], level: str | None, expected: tuple[Any, ...]
) -> None:
    time = dimension("time", {"kind": "time", "level": level})
    agreed = contract(time, period={"dimension": "time"})
    assert facts(agreed, cells("time cases", *[(x, 5) for x in labels])).periods == expected


def test_a_declared_period_does_not_hide_a_finer_one_in_the_table() -> None:
    month = dimension("month", {"kind": "time"}, generalise={"rule": "period", "unit": "month"})
    agreed = contract(month, period={"years": 5})
    assert facts(agreed, cells("month cases", ("2020-07", 5))).periods == (5, "month")


def test_what_is_counted_scores_unless_a_person_has_recorded_why_not() -> None:
    base = cells("disease cases", *[(f"d{i}", 5) for i in range(9)])
    plain = contract(dimension("disease", {"kind": "event"}))
    decided = contract(dimension("disease", {"kind": "event", "basis": "It is the event."}))
    (variable,) = facts(plain, base).variables
    assert (variable.kind, variable.groups) == ("other", 9)
    assert facts(decided, base).variables == ()
    assert "expert must review" in assessed(plain, base).steps[2].reason


def test_facilities_and_totals_are_no_variables() -> None:
    agreed = contract(
        dimension("clinic", {"kind": "facility"}), dimension("sex", {"kind": "sex"}, total="All")
    )
    found = facts(agreed, cells("clinic sex cases", ("a", "f", 3), ("a", "m", 0), ("b", "f", 9)))
    assert [(v.name, v.groups) for v in found.variables] == [("sex", 2)]
    assert (found.smallest_count, found.has_zeros) == (3, True)


def test_s33_service_for_residents_alone_is_measured_as_both() -> None:
    service = {"kind": "service_location", "level": "residents_only", "reference": "counties"}
    found = facts(contract(dimension("county", service)), cells("county cases", ("Amador", 3)))
    assert (found.residence_population, found.service_population) == (37_853, 37_853)


def test_s32_an_address_needs_no_population() -> None:
    service = {"kind": "service_location", "level": "address_rural"}
    found = facts(contract(dimension("clinic", service)), cells("clinic cases", ("a", 3)))
    assert (found.service_place, found.service_population) == ("address_rural", None)


def test_a_table_without_areas_takes_its_smallest_denominator_as_its_people() -> None:
    found = facts(
        contract(SEX, denominator=EVERYBODY | {"people": 12_344}), cells("sex cases", ("f", 3))
    )
    assert found.residence_population == 12_344


def test_n1_a_measured_denominator_is_the_smallest_of_all_cells() -> None:
    measured = {"kind": "measure", "measure": "people", "basis": "The table itself."}
    agreed = contract(
        dimension("year", {"kind": "time"}), SEX, denominator=measured, measures=(PEOPLE,)
    )
    base = cells(
        "year sex cases people",
        ("2022", "f", 8_625_954, 16_280_260),
        ("2022", "m", 7_654_306, 16_280_260),
        ("2021", "f", 8_140_645, 15_298_822),
        ("2021", "m", 7_158_177, 15_298_822),
    )
    table = with_margins(base, agreed.publication)
    assert table.loc[table["year"].eq("2022"), "people"].unique().tolist() == [16_280_260]
    assert smallest_denominator(agreed, table, POPULATIONS) == 15_298_822
    assert way(assessed(agreed, base))[1:3] == [(2, "no"), (5, "required")]


def test_an_unknown_denominator_of_a_cell_with_events_does_not_pass() -> None:
    measured = {"kind": "measure", "measure": "people", "basis": "The table itself."}
    agreed = contract(dimension("year", {"kind": "time"}), denominator=measured, measures=(PEOPLE,))
    with_events = cells("year cases people", ("2020", 50, None), ("2021", 60, 90_000))
    without = cells("year cases people", ("2020", 0, None), ("2021", 60, 90_000))
    assert way(assessed(agreed, with_events))[1] == (2, "yes")
    assert way(assessed(agreed, without))[1] == (2, "no")


def test_the_steps_are_the_same_with_and_without_margins() -> None:
    agreed = contract(dimension("county", COUNTY, total="California"), denominator=BY_COUNTY)
    base = cells("county cases", ("Alpine", 2), ("Kern", 900))
    assert assess(agreed, base, POPULATIONS, V2) == assessed(agreed, base)


def decided(agreed: Contract, **more: Any) -> Contract:
    rules = agreed.model_dump(mode="json")["disclosure"] | more
    return Contract.model_validate(agreed.model_dump(mode="json") | {"disclosure": rules})


MITIGATION = {"reason": "The counts are public by law.", "expert": "The expert", "on": "2026-01-15"}


def test_a_table_above_the_limit_is_released_unmasked_where_a_person_has_recorded_why() -> None:
    by_county = contract(dimension("county", COUNTY, total="California"), denominator=BY_COUNTY)
    base = cells("county cases", ("Alpine", 2), ("Kern", 900))
    found = assessed(decided(by_county, mitigation=MITIGATION), base)
    assert (found.needs_masking, found.must_withhold_small) == (True, False)
    assert "The counts are public by law. (The expert, 2026-01-15)" in found.steps[3].reason
    assert assessed(by_county, base).must_withhold_small


def test_a_mitigation_never_lets_out_small_counts_of_a_high_risk_population() -> None:
    agreed = decided(contract(SEX, high_risk=True), mitigation=MITIGATION)
    assert assessed(agreed, cells("sex cases", ("f", 4), ("m", 900))).must_withhold_small


@pytest.mark.parametrize("field", ["statewide", "mitigation"])
def test_a_decision_on_people_needs_people(field: str) -> None:
    agreed = contract(dimension("clinic", {"kind": "facility"}), personal=False, denominator=None)
    said = MITIGATION if field == "mitigation" else "The registry covers the state."
    with pytest.raises(ValidationError, match=f"{field} is for tables with personal"):
        decided(agreed, **{field: said})


STATEWIDE = {"statewide": "The registrar: births of the whole state are registered."}


def test_s19_a_contract_of_statewide_annual_events_counts_as_safe_harbor() -> None:
    year = dimension("year", {"kind": "time"})
    few = contract(year, period={"dimension": "year"}, denominator=EVERYBODY | {"people": 5_000})
    base = cells("year cases", ("2020", 4), ("2021", 900))
    unsaid, said = assessed(few, base), assessed(decided(few, **STATEWIDE), base)
    assert unsaid.score is not None
    assert said.score is not None
    assert (unsaid.score.total, said.score.total) == (9, -1)
    assert "meeting Safe Harbor" in said.steps[2].reason
    assert "meeting Safe Harbor" not in unsaid.steps[2].reason
    assert any("The registrar" in line for line in said.steps[2].inputs)


def test_statewide_events_by_facility_or_sex_are_not_safe_harbor() -> None:
    for more in (dimension("clinic", {"kind": "facility"}), SEX):
        agreed = decided(contract(more), **STATEWIDE)
        found = assessed(agreed, cells(f"{more['name']} cases", ("a", 4), ("b", 900)))
        assert "Safe Harbor" not in found.steps[2].reason


@pytest.mark.parametrize("kind", ["residence", "service_location"])
def test_a_table_with_smaller_areas_is_not_statewide(kind: str) -> None:
    agreed = contract(dimension("county", {"kind": kind, "reference": "counties"}))
    with pytest.raises(ValidationError, match="'county' shows other areas"):
        decided(agreed, **STATEWIDE)


V1 = RulePack.model_validate(YAML(typ="safe").load(FOLDER / "calhhs-ddg-1.0.yaml"))


@pytest.mark.parametrize(
    ("pack", "basis", "asked"),
    [(V1, None, True), (V1, "Unknown is 2 percent (the expert).", False), (V2, None, False)],
    ids=["v1", "v1, decided", "v2"],
)
def test_edition_1_asks_a_reviewer_to_reassess_sex_with_unknown(
    pack: RulePack, basis: str | None, *, asked: bool
) -> None:
    sex = dimension("sex", {"kind": "sex", "level": "male_female", "basis": basis})
    found = assessed(contract(sex), cells("sex cases", ("f", 4), ("m", 9), ("x", 1)), pack)
    step = found.steps[2]
    assert ("A reviewer must reassess" in step.reason) == asked
    assert step.actor == ("expert" if asked else "software")
    assert any(str(basis) in line for line in step.inputs) == (basis is not None)


def test_two_sexes_need_no_reassessment() -> None:
    found = assessed(contract(SEX), cells("sex cases", ("f", 4), ("m", 9)), V1)
    assert "reassess" not in found.steps[2].reason


def test_what_a_contract_declares_is_told_word_for_word() -> None:
    race = dimension("race", {"kind": "race_ethnicity", "basis": "Decided by the expert."})
    disease = dimension("disease", {"kind": "event"})
    clinic = dimension("clinic", {"kind": "facility"})
    trait = dimension("trait", {"kind": "other"})
    found = declared_by(decided(contract(race, disease, clinic, trait), **STATEWIDE))
    assert found.characteristics == ("race (race_ethnicity)", "disease (event)", "trait (other)")
    assert found.others == ("disease", "trait")
    assert found.decisions == (
        "race: Decided by the expert.",
        f"the whole state as the only area: {STATEWIDE['statewide']}",
    )
    assert found.denominator_basis == "Census of the tests."
    nobody = contract(clinic, personal=False, denominator=None)
    assert declared_by(nobody).denominator_basis == "not recorded"


@pytest.mark.parametrize(
    ("kind", "high_risk", "problem", "remedy"),
    [
        (
            "sex",
            False,
            (
                "Dataset 'example' says that it gives no personal characteristics, but its "
                "dimension 'trait' is one (sex)."
            ),
            (
                "Set personal_characteristics.present to true and add a denominator, or drop the "
                "dimension."
            ),
        ),
        (
            "facility",
            True,
            (
                "Dataset 'example' counts a high-risk population, but says that it gives no "
                "personal characteristics: its small counts would be shown."
            ),
            "Set personal_characteristics.present to true and add a denominator.",
        ),
    ],
)
def test_a_contradiction_says_what_to_change(
    kind: str, high_risk: bool, problem: str, remedy: str
) -> None:
    trait = dimension("trait", {"kind": kind})
    agreed = contract(trait, personal=False, high_risk=high_risk, denominator=None)
    with pytest.raises(DisclosureRisk) as refused:
        assessed(agreed, cells("trait cases", ("a", 1)))
    assert (refused.value.problem, refused.value.remedy) == (problem, remedy)


REPORT = {"kind": "mandated_report", "law": "Health and Safety Code 1", "reason": "It says so."}


def test_a_law_that_requires_characteristics_is_a_mitigation_and_one_that_does_not_is_none() -> (
    None
):
    required = REPORT | {"requires_characteristics": True, "decided_by": "Legal Services"}
    found = declared_by(decided(contract(SEX), special_class=required))
    assert found.mitigation is not None
    assert found.mitigation.endswith("requires these personal characteristics (Legal Services)")
    assert found.special is not None
    assert found.special.startswith("Report demanded by Health and Safety Code 1")
    plain = REPORT | {"requires_characteristics": False}
    assert declared_by(decided(contract(SEX), special_class=plain)).mitigation is None
    assert declared_by(contract(SEX)).special is None
