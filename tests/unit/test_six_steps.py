"""What each step says, from what, and who must act."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opengazette.adapters.contracts import load_rule_pack
from opengazette.disclosure.assessment.facts import TableFacts, Variable, meets_safe_harbor
from opengazette.disclosure.assessment.six_steps import Declared, StepDecision, take_steps

V1, V2 = (load_rule_pack(Path(__file__).parents[2], f"calhhs-ddg-{n}.0") for n in (1, 2))
DECLARED = Declared(
    personal=True, personal_basis="Cases are counted.", high_risk=False, regimes=("ipa",)
)
STATE = TableFacts(4, (1,), residence_population=39_000_000, statewide=True)
COUNTY = TableFacts(4, ("month",), residence_population=3_000)


def steps(
    facts: TableFacts, declared: Declared = DECLARED, denominator: int | None = 1_000
) -> dict[int, StepDecision]:
    return {s.number: s for s in take_steps(declared, facts, denominator, V2).steps}


def test_each_step_names_who_must_act() -> None:
    found = steps(COUNTY)
    actors = [found[n].actor for n in range(1, 7)]
    assert actors == ["contract", "software", "software", "software", "legal", "approver"]


def test_other_variables_are_for_the_expert_to_review() -> None:
    found = steps(STATE, replace(DECLARED, others=("trait",)))
    assert found[3].actor == "expert"
    assert "The expert must review other variables: trait." in found[3].reason


@pytest.mark.parametrize(
    ("smallest", "denominator", "reason"),
    [
        (10, 20_001, "A numerator is below 11."),
        (11, 20_000, "A denominator is below 20,001."),
        (11, None, "A denominator is not known."),
        (10, 20_000, "A numerator is below 11 and a denominator is below 20,001."),
        (11, 20_001, "Every numerator is 0 or at least 11, every denominator at least 20,001."),
    ],
)
def test_step_2_says_what_is_too_small(smallest: int, denominator: int | None, reason: str) -> None:
    found = steps(replace(STATE, smallest_count=smallest), denominator=denominator)
    assert found[2].reason == reason


def test_masking_says_why_it_is_needed() -> None:
    assert "because the score demands it" in steps(COUNTY)[4].reason
    high = replace(DECLARED, high_risk=True)
    assert "because a high-risk population is present" in steps(STATE, high)[4].reason
    assert "small counts are always withheld" in steps(STATE, high)[3].reason
    assert "score" not in steps(COUNTY, high)[3].reason
    assert "score" not in steps(COUNTY, high)[4].reason


def test_a_mitigation_is_the_expert_s_and_quoted() -> None:
    allowed = replace(DECLARED, mitigation="Public by law (the expert, 2026-01-15)")
    found = steps(COUNTY, allowed)[4]
    assert (found.actor, "Public by law" in found.reason) == ("expert", True)
    high = steps(COUNTY, replace(allowed, high_risk=True))[4]
    assert (high.actor, "Public by law" in high.reason) == ("software", False)


def test_hipaa_asks_for_the_expert_determination_unless_safe_harbor_is_met() -> None:
    hipaa = replace(DECLARED, regimes=("hipaa",))
    assert "164.514(b)(1)" in steps(COUNTY, hipaa)[5].reason
    assert "164.514(b)(1)" not in steps(STATE, hipaa)[5].reason
    assert "164.514(b)(1)" not in steps(COUNTY)[5].reason


@pytest.mark.parametrize(
    ("facts", "met"),
    [
        (STATE, True),
        (replace(STATE, periods=("year",)), True),
        (replace(STATE, periods=("quarter",)), False),
        (replace(STATE, periods=(1, "month")), False),
        (replace(STATE, periods=()), False),
        (replace(STATE, statewide=False), False),
        (replace(STATE, variables=(Variable("sex", "sex", 2),)), False),
        (replace(STATE, service_population=30_000), False),
        (replace(STATE, service_place="address"), False),
    ],
)
def test_s19_safe_harbor_is_met_by_statewide_annual_events_alone(
    facts: TableFacts, *, met: bool
) -> None:
    assert meets_safe_harbor(facts) == met


def test_the_inputs_name_methods_and_variables_and_no_count() -> None:
    found = steps(COUNTY, replace(DECLARED, characteristics=("county (residence)",)))
    assert found[1].inputs == ("Personal characteristics in the table: county (residence)",)
    assert found[3].inputs[2] == "Scored: events +7, residence +7, time +5, interactions -3"
    assert found[4].inputs == ("Score 16, limit 12",)
    assert found[5].inputs == ("Regimes: ipa", "Steps 1 to 4")
    assert "3,000" not in str(found)


def test_a_high_risk_population_without_small_counts_is_not_masked() -> None:
    high = replace(DECLARED, high_risk=True)
    found = take_steps(high, replace(STATE, smallest_count=11), 1_000, V2)
    assert [step.number for step in found.steps] == [1, 2, 3, 5, 6]
    assert not found.needs_masking
    assert not take_steps(high, replace(STATE, smallest_count=None), 1_000, V2).needs_masking


def test_step_3_compares_the_score_with_the_limit() -> None:
    assert "The score is above 12." in steps(COUNTY)[3].reason
    assert "The score is not above 12." in steps(STATE)[3].reason
    assert steps(COUNTY)[3].inputs[1] == "Score 16, limit 12"


def test_a_table_without_a_named_characteristic_says_none() -> None:
    assert steps(STATE)[1].inputs == ("Personal characteristics in the table: none",)


def test_what_a_person_has_recorded_stands_among_the_inputs() -> None:
    decided = replace(DECLARED, decisions=("trait: visible to nobody (the expert, 2026)",))
    assert steps(STATE, decided)[3].inputs[-1] == (
        "Recorded: trait: visible to nobody (the expert, 2026)"
    )


def test_each_step_has_its_question_and_names_what_it_was_decided_from() -> None:
    found = steps(COUNTY, replace(DECLARED, denominator_basis="Census of 2020"))
    assert [found[n].question for n in range(1, 7)] == [
        "Do the data give personal characteristics of individuals?",
        "Is any numerator or denominator too small?",
        "Is there a potential risk?",
        "Statistical masking",
        "Legal review",
        "Departmental release procedures",
    ]
    assert found[2].inputs == (
        "Numerators: the counts of the table",
        "Denominators: Census of 2020",
    )
    assert found[3].inputs[0] == "Method: publication scoring criteria"
    assert found[6].inputs == ("All earlier steps",)
    assert found[6].reason == "The approval on file lets the release go out."


def test_several_things_in_one_sentence_are_listed() -> None:
    several = replace(
        DECLARED,
        characteristics=("age (age)", "sex (sex)"),
        others=("trait", "class"),
        regimes=("ipa", "hipaa"),
    )
    found = steps(COUNTY, several)
    assert found[1].inputs == ("Personal characteristics in the table: age (age), sex (sex)",)
    assert found[3].reason == (
        "The score is above 12. The expert must review other variables: trait, class."
    )
    assert found[5].reason == (
        "Legal services decide whether a review is needed (regimes: ipa, hipaa). They check the "
        "expert determination against 45 CFR 164.514(b)(1)."
    )


def test_step_3_says_every_reason_in_order() -> None:
    high = replace(DECLARED, high_risk=True)
    assert steps(STATE, high)[3].reason == (
        "Statewide events of whole years alone count as meeting Safe Harbor. A high-risk "
        "population is present: small counts are always withheld."
    )


def test_sexes_that_a_reviewer_must_reassess_are_listed() -> None:
    sexes = tuple(Variable(name, "sex", 3) for name in ("sex", "sex_at_birth"))
    facts = replace(STATE, variables=(*sexes, Variable("trait", "other", 9)))
    (found,) = [s for s in take_steps(DECLARED, facts, 1_000, V1).steps if s.number == 3]
    assert found.reason.endswith(
        "A reviewer must reassess what else than male and female shows: sex, sex_at_birth."
    )


def test_masking_says_which_counts_go_and_what_goes_with_them() -> None:
    assert steps(COUNTY)[4].reason == (
        "Counts from 1 to 10 are withheld because the score demands it, with further cells so "
        "that none can be worked out, and all that is derived from them."
    )


def test_a_table_that_passes_step_2_goes_on_to_the_lawyers() -> None:
    hipaa = replace(DECLARED, regimes=("hipaa",))
    passed = replace(COUNTY, smallest_count=11)
    found = take_steps(hipaa, passed, 20_001, V2).steps
    assert [(s.number, s.actor, s.next_step) for s in found] == [
        (1, "contract", 2),
        (2, "software", 5),
        (5, "legal", 6),
        (6, "approver", None),
    ]
    assert found[1].inputs[0].startswith("Numerators")
    assert "164.514(b)(1)" in found[2].reason
    alone = take_steps(hipaa, replace(STATE, smallest_count=11), 20_001, V2).steps
    assert "164.514(b)(1)" not in alone[2].reason


def test_a_mitigation_is_required_reading_at_step_4() -> None:
    allowed = replace(DECLARED, mitigation="Public by law (the expert, 2026-01-15)")
    found = steps(COUNTY, allowed)[4]
    assert (found.decision, found.inputs) == ("required", ("Score 16, limit 12",))


def test_what_is_recorded_of_a_special_class_stands_at_step_1() -> None:
    budget = replace(DECLARED, special="Caseload budget")
    assert steps(STATE, budget)[1].inputs[-1] == "Special class: Caseload budget"
    assert len(steps(STATE)[1].inputs) == 1
