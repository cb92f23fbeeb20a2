"""A description that cannot hold is refused with the field and the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from opengazette.adapters.contracts import load_rule_pack
from opengazette.disclosure.assessment.described_facts import explain_described
from opengazette.disclosure.assessment.described_levels import refuse_unknown_levels
from opengazette.errors import ContractInvalid, DisclosureRisk
from opengazette.model.described import DescribedTable

ROOT = Path(__file__).parents[2]
PACKS = [load_rule_pack(ROOT, f"calhhs-ddg-{edition}.0") for edition in (1, 2)]
BASE: dict[str, Any] = {
    "title": "An example",
    "personal_characteristics": {"present": True, "basis": "People are counted."},
    "events": {"smallest": 2},
    "denominator": 1000,
    "period": {"years": 1},
    "residence": {"statewide": True},
}
NOBODY = {"present": False, "basis": "Licences are counted."}


def table(**more: Any) -> DescribedTable:
    return DescribedTable.model_validate(BASE | more)


def ages(*bands: tuple[int, int | None]) -> dict[str, Any]:
    found = [{"low": low} | ({} if high is None else {"high": high}) for low, high in bands]
    return {"variables": [{"kind": "age", "name": "age", "bands": found}]}


def group(**more: Any) -> dict[str, Any]:
    return {"variables": [{"kind": "other", "name": "trait", "groups": 2} | more]}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (ages((0, 17), (17, 64)), "an age of 17 lies in two bands"),
        (ages((18, 64), (0, 18)), "an age of 18 lies in two bands"),
        (ages((18, None), (65, None)), "an age of 65 lies in two bands"),
        (
            group(groups=1, listed={"table": "languages", "labels": ["Korean", "Hmong"]}),
            "listed names more groups than groups says",
        ),
        (group(reporting="inclusive"), "only race_ethnicity is reported as inclusive"),
        (
            {"personal_characteristics": NOBODY, "residence": {"population": 900}},
            "the table shows where people live",
        ),
        (
            {"personal_characteristics": NOBODY, "insurance": {"members": 900}},
            "the table shows where people live",
        ),
        ({"personal_characteristics": NOBODY} | group(), "the table shows variables"),
        (
            {"insurance": {"members": 900}}
            | group(kind="expected_payer", level="insurance_coverage"),
            "two plans",
        ),
        ({"residence": None}, "one population term is needed"),
        ({"residence": {"statewide": True, "population": 5}}, "give exactly one of"),
        ({"service": {"residents_only": True, "place": "address"}}, "needs the population"),
        ({"period": {"years": 1, "unit": "year"}}, "give either years or unit"),
        (group() | {"side_by_side": [{"crossed": ["sex"]}]}, "sex is not a variable"),
        (group() | {"side_by_side": [{"crossed": []}]}, "trait stands in no table"),
        ({"variables": group()["variables"] * 2}, "a name is used by two variables"),
    ],
)
def test_a_contradiction_is_refused(told: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        table(**told)


@pytest.mark.parametrize(
    ("special", "reason"),
    [
        ({"kind": "facility", "clients": "particular"}, "whom these facilities serve"),
        ({"kind": "budget", "figures": "actual", "tied_to_members": True}, "are assessed"),
        (
            {"kind": "mandated_report", "law": "A law", "requires_characteristics": True}
            | {"decided_by": "Legal Services"},
            "the law is said to require personal characteristics",
        ),
        (
            {"kind": "mandated_report", "law": "A law", "requires_characteristics": True},
            "decided_by names who read the law",
        ),
    ],
)
def test_a_special_class_that_contradicts_step_1_is_refused(
    special: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        table(personal_characteristics=NOBODY, special_class=special | {"reason": "A reason."})


def test_a_special_class_is_quoted_in_step_1() -> None:
    special = {"kind": "facility", "clients": "anyone", "reason": "It treats anyone."}
    told = table(personal_characteristics=NOBODY, residence=None, special_class=special)
    (found,) = explain_described(told, {}, PACKS[1])
    assert any("It treats anyone." in said for said in found.assessment.steps[0].inputs)


def test_the_state_with_its_facilities_is_not_the_state_alone() -> None:
    special = {"kind": "facility", "clients": "anyone", "reason": "It treats anyone."}
    (alone,) = explain_described(table(), {}, PACKS[1])
    (named,) = explain_described(table(special_class=special), {}, PACKS[1])
    reasons = [found.assessment.steps[2].reason for found in (alone, named)]
    assert ["Safe Harbor" in reason for reason in reasons] == [True, False]


def test_a_state_alone_tells_nothing_of_where_people_live() -> None:
    assert table(personal_characteristics=NOBODY).residence is not None


def test_bands_that_meet_and_an_open_last_one_are_taken() -> None:
    assert table(**ages((65, None), (0, 17), (18, 64))).variables


@pytest.mark.parametrize(
    ("told", "named", "instead"),
    [
        (group(level="langauge_broad"), "variables, trait", "language_broad"),
        (group(kind="sex", level="broad"), "variables, trait", "gender_identity"),
        (group(kind="race_ethnicity", level="ombb"), "variables, trait", "omb"),
        (group(kind="expected_payer", level="medi_cal"), "variables, trait", "insurance_coverage"),
        ({"service": {"place": "adress"}}, "service", "address_rural"),
    ],
)
def test_a_misspelt_level_is_refused_with_those_there_are(
    told: dict[str, Any], named: str, instead: str
) -> None:
    with pytest.raises(ContractInvalid) as refused:
        refuse_unknown_levels(table(**told), PACKS)
    assert refused.value.problem.startswith(f"{named}: there is no")
    assert instead in refused.value.remedy


def test_a_level_of_one_edition_is_known_to_all() -> None:
    for told in (group(kind="sex", level="gender_identity"), {"service": {"place": "address"}}):
        assert table(**told).names_levels()
        refuse_unknown_levels(table(**told), PACKS)
    assert not table(**group()).names_levels()


def test_a_part_has_its_own_smallest_count_and_denominator() -> None:
    parts = [{"crossed": []}, {"crossed": ["trait"], "smallest": 40, "denominator": 50_000}]
    told = table(side_by_side=parts, **group())
    whole, part = explain_described(told, {}, PACKS[1])
    assert [step.number for step in whole.assessment.steps] == [1, 2, 3, 5, 6]
    assert [step.number for step in part.assessment.steps] == [1, 2, 5, 6]


def test_inclusive_groups_are_told_and_take_no_points() -> None:
    race = {"kind": "race_ethnicity", "groups": 7, "level": "omb"}
    (alike,), (inclusive,) = (
        explain_described(table(**group(**race, reporting=how)), {}, PACKS[1])
        for how in ("exclusive", "inclusive")
    )
    assert alike.score == inclusive.score
    assert any("every group selected" in line for line in inclusive.assessment.steps[2].inputs)
    assert not any("every group" in line for line in alike.assessment.steps[2].inputs)


def test_a_plan_without_areas_needs_an_edition_that_scores_it() -> None:
    plan = table(residence=None, insurance={"members": 900})
    assert explain_described(plan, {}, PACKS[1])[0].score is not None
    with pytest.raises(DisclosureRisk, match="no table for insurance"):
        explain_described(plan, {}, PACKS[0])
