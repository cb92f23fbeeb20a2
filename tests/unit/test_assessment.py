"""The six steps: what each decides of a table."""

from __future__ import annotations

import pytest
from examples.assessed import (
    BY_COUNTY,
    COUNTY,
    EVERYBODY,
    PEOPLE,
    POPULATIONS,
    SEX,
    V2,
    assessed,
    contract,
    dimension,
    way,
)
from examples.contracts import cells

from opengazette.disclosure.assessment.assessment import assess
from opengazette.disclosure.assessment.denominators import smallest_denominator
from opengazette.disclosure.tables.margins import with_margins
from opengazette.errors import ContractInvalid, DisclosureRisk


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
