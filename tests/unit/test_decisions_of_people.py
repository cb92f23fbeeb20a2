"""What people have decided of a table, and what the six steps make of it."""

from __future__ import annotations

from typing import Any

import pytest
from examples.assessed import (
    BY_COUNTY,
    COUNTY,
    EVERYBODY,
    FOLDER,
    SEX,
    V2,
    assessed,
    contract,
    dimension,
)
from examples.contracts import cells
from pydantic import ValidationError
from ruamel.yaml import YAML

from opengazette.disclosure.assessment.assessment import declared_by
from opengazette.errors import DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.rulepack import RulePack


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
