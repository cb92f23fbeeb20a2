"""The publication score: the worked cases of the guidelines, by their ids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from opengazette.disclosure.assessment.scoring import (
    Score,
    TableFacts,
    Variable,
    score,
    smallest_cell,
)
from opengazette.errors import DisclosureRisk
from opengazette.model.rulepack import RulePack

FOLDER = Path(__file__).parents[2] / "config" / "rulepacks"
V1, V2 = (
    RulePack.model_validate(YAML(typ="safe").load(FOLDER / f"calhhs-ddg-{edition}.yaml"))
    for edition in ("1.0", "2.0")
)
STATE = 39_000_000


def scored(pack: RulePack = V2, smallest: int | None = 5, **facts: Any) -> Score:
    known: dict[str, Any] = {"periods": (1,), "residence_population": STATE} | facts
    return score(TableFacts(smallest_count=smallest, **known), pack)


def points(found: Score, variable: str) -> int:
    return next(line.points for line in found.lines if line.variable == variable)


def payer(enrolment: int | None, level: str | None = None) -> Variable:
    return Variable("payer", "expected_payer", 3, level, enrolment)


def other(groups: int, population: int | None = None, level: str | None = None) -> Variable:
    return Variable("trait", "other", groups, level, population)


def race(groups: int, level: str | None, population: int | None = None) -> Variable:
    return Variable("race", "race_ethnicity", groups, level, population)


def age(width: int | None = None, opens_at: int | None = None) -> Variable:
    return Variable("age", "age", 4, width=width, opens_at=opens_at)


@pytest.mark.parametrize("pack", [V1, V2], ids=["v1", "v2"])
def test_s1_the_narrowest_age_band_counts(pack: RulePack) -> None:
    assert points(scored(pack, variables=(age(3),)), "age") == 5


def test_s2_the_smallest_race_group_counts() -> None:
    assert points(scored(variables=(race(4, "detailed", 20_000),)), "race") == 7


@pytest.mark.parametrize("pack", [V1, V2], ids=["v1", "v2"])
def test_s3_weekly_time_takes_the_highest_listed_score(pack: RulePack) -> None:
    assert points(scored(pack, periods=("week",)), "time") == 5


@pytest.mark.parametrize(
    ("smallest", "credit"),
    [(1, 0), (2, 0), (3, -3), (4, -3), (5, -5), (10, -5), (None, 0)],
)
def test_s4_s5_a_minimum_is_credited_where_nothing_else_is_shown(
    smallest: int | None, credit: int
) -> None:
    assert points(scored(smallest=smallest), "interactions") == credit


def test_a_minimum_is_not_credited_beside_another_variable() -> None:
    assert points(scored(smallest=10, variables=(age(40),)), "interactions") == 1


@pytest.mark.parametrize(
    ("people", "v1", "v2"), [(1_163, 12, 14), (10_000, 12, 12), (30_000, 11, 11)]
)
def test_s6_s7_small_counties_with_few_events(people: int, v1: int, v2: int) -> None:
    assert scored(V1, smallest=2, residence_population=people).total == v1
    assert scored(V2, smallest=2, residence_population=people).total == v2


@pytest.mark.parametrize(
    ("enrolment", "total"),
    [(14_000_000, 2), (2_752_067, 5), (5_500_000, 4), (1_000_000, 5), (13_000, 10)],
    ids=["S8 Medi-Cal", "S9 uninsured", "S10 CalFresh", "S11 WIC", "S12 housing support"],
)
def test_s8_to_s12_statewide_programmes(enrolment: int, total: int) -> None:
    assert scored(smallest=2, variables=(payer(enrolment),)).total == total


@pytest.mark.parametrize(("members", "total"), [(3_999, 12), (10_000, 12), (30_000, 11)])
@pytest.mark.parametrize("area", [STATE, None], ids=["S14 statewide", "S15 no geography"])
def test_s14_s15_health_plans_score_by_their_members(
    members: int, total: int, area: int | None
) -> None:
    plan = payer(members, "insurance_coverage")
    assert scored(smallest=2, variables=(plan,), residence_population=area).total == total


def test_a_plan_larger_than_the_area_leaves_the_area_to_decide() -> None:
    plan = payer(3_000_000, "insurance_coverage")
    found = scored(smallest=2, variables=(plan,), residence_population=30_000)
    assert found.total == 11
    assert [line.variable for line in found.lines][1] == "residence"


def test_a_plan_of_unknown_size_takes_the_highest_score() -> None:
    plan = payer(None, "insurance_coverage")
    assert points(scored(variables=(plan,), residence_population=STATE), "payer") == 5


def test_s19_statewide_annual_events_are_far_below_the_limit() -> None:
    found = scored(smallest=2)
    assert found.total == 2
    assert not found.exceeds_limit


def test_s21_side_by_side_breakdowns_score_as_tables_of_their_own() -> None:
    sex = scored(smallest=13, variables=(Variable("sex", "sex", 2),))
    ages = scored(smallest=11, variables=(age(8),))
    assert sex.total - points(sex, "residence") == 7
    assert ages.total - points(ages, "residence") == 9


def test_s23_exclusive_race_and_ethnicity_before_geography() -> None:
    found = scored(smallest=95, variables=(race(4, "broad"),))
    assert found.total - points(found, "residence") - points(found, "time") == 8


def test_s25_veterans_score_by_their_number() -> None:
    assert points(scored(variables=(other(2, 1_467_026),)), "trait") == 2


@pytest.mark.parametrize(("groups", "smallest", "expected"), [(7, 1_893_671, 2), (2, 9_713_189, 1)])
def test_s26_education_scores_by_its_smallest_group(
    groups: int, smallest: int, expected: int
) -> None:
    assert points(scored(variables=(other(groups, smallest),)), "trait") == expected


@pytest.mark.parametrize("pack", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize(("groups", "expected"), [(2, 3), (4, 3), (5, 5), (6, 5), (9, 5), (10, 7)])
def test_s27_a_class_of_unknown_size_scores_by_its_groups(
    pack: RulePack, groups: int, expected: int
) -> None:
    assert points(scored(pack, variables=(other(groups),)), "trait") == expected


def test_version_1_has_no_population_ladder_for_other_variables() -> None:
    assert points(scored(V1, variables=(other(6, 5_000_000),)), "trait") == 5


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (4_000, 7),
        (4_001, 5),
        (20_000, 5),
        (20_001, 4),
        (50_000, 4),
        (50_001, 3),
        (100_000, 3),
        (100_001, 1),
        (250_000, 1),
        (250_001, 0),
        (560_000, 0),
        (560_001, -1),
        (1_000_000, -1),
        (1_000_001, -3),
        (2_000_000, -3),
        (2_000_001, -5),
    ],
)
def test_s29_residence_by_the_smallest_area(people: int, expected: int) -> None:
    assert points(scored(residence_population=people), "residence") == expected


@pytest.mark.parametrize(
    ("smallest", "expected"), [(10, 7), (11, 5), (99, 5), (100, 3), (999, 3), (1000, 2)]
)
def test_s30_events_by_the_smallest_count(smallest: int, expected: int) -> None:
    assert points(scored(smallest=smallest), "events") == expected


def test_s31_twelve_is_released_and_thirteen_is_masked() -> None:
    twelve = scored(smallest=2, residence_population=10_000)
    thirteen = scored(smallest=2, residence_population=30_000, variables=(age(40),))
    assert (twelve.total, twelve.exceeds_limit) == (12, False)
    assert (thirteen.total, thirteen.exceeds_limit) == (13, True)


@pytest.mark.parametrize(
    ("place", "expected"),
    [("address", 3), ("address_rural", 5), ("address_frontier", 7), ("address_hospital", 3)],
)
def test_s32_service_addresses(place: str, expected: int) -> None:
    found = scored(residence_population=None, service_place=place)
    assert points(found, "service") == expected


def test_an_unlisted_kind_of_place_takes_the_highest_listed_score() -> None:
    found = scored(residence_population=None, service_place="somewhere")
    assert points(found, "service") == 7
    old = scored(V1, residence_population=None, service_place="address_frontier")
    assert points(old, "service") == 3


def test_s33_service_for_residents_alone_scores_as_the_higher_of_both() -> None:
    found = scored(residence_population=30_000, service_population=30_000)
    assert points(found, "residence") == 4


@pytest.mark.parametrize(
    ("enrolment", "expected"), [(2_752_067, 2), (6_100_000, 1), (5_500_000, 1), (14_000_000, 0)]
)
def test_s35_expected_payers_score_by_enrolment(enrolment: int, expected: int) -> None:
    assert points(scored(variables=(payer(enrolment),)), "payer") == expected


def test_a_payer_of_unknown_enrolment_takes_the_highest_score() -> None:
    found = scored(variables=(payer(None),))
    assert (points(found, "payer"), points(found, "interactions")) == (7, 1)


def test_version_1_scores_a_payer_as_another_variable() -> None:
    assert points(scored(V1, variables=(payer(14_000_000),)), "payer") == 3


@pytest.mark.parametrize(("number", "expected"), [(0, 0), (1, 1), (2, 2), (3, 4), (4, 4)])
def test_crossed_variables_add_up_to_the_highest_listed_score(number: int, expected: int) -> None:
    crossed = tuple(Variable(f"trait{i}", "other", 2) for i in range(number))
    assert points(scored(smallest=1, variables=crossed), "interactions") == expected


@pytest.mark.parametrize(
    ("opens_at", "expected"),
    [(65, 1), (70, 1), (71, 2), (85, 2), (90, 3), (95, 5), (98, 7), (105, 7)],
)
def test_an_open_ended_age_band_is_taken_to_end_at_ninety_nine(
    opens_at: int, expected: int
) -> None:
    assert points(scored(variables=(age(30, opens_at),)), "age") == expected


def test_an_age_of_unknown_width_takes_the_highest_score() -> None:
    assert points(scored(variables=(age(),)), "age") == 7


def test_two_sexes_need_no_recorded_level_and_three_do() -> None:
    assert points(scored(variables=(Variable("sex", "sex", 2),)), "sex") == 1
    assert points(scored(variables=(Variable("sex", "sex", 3),)), "sex") == 5
    assert points(scored(variables=(Variable("sex", "sex", 3, "male_female"),)), "sex") == 1


def test_a_level_that_the_groups_do_not_fit_takes_the_highest_score() -> None:
    assert points(scored(variables=(race(4, "hispanic"),)), "race") == 1
    assert points(scored(variables=(race(9, "hispanic"),)), "race") == 7


@pytest.mark.parametrize(
    ("level", "population", "expected"),
    [(None, None, 7), ("misspelt", None, 7), ("detailed", None, 7), (None, 250_000, 3)],
)
def test_an_unknown_level_of_race_takes_the_highest_score(
    level: str | None, population: int | None, expected: int
) -> None:
    assert points(scored(variables=(race(4, level, population),)), "race") == expected


def test_detailed_citizenship_has_no_score_and_is_always_protected() -> None:
    found = scored(variables=(other(6, None, "immigration_detailed"),))
    assert points(found, "trait") == 0
    assert found.always_protected == ("trait",)


def test_the_riskiest_of_several_periods_counts() -> None:
    assert points(scored(periods=(5, "quarter", 1)), "time") == 4
    assert points(scored(periods=(7,)), "time") == -5
    assert points(scored(periods=()), "time") == 5


@pytest.mark.parametrize(
    ("period", "found"),
    [(1, "one year"), (3, "3 years"), ("half_year", "one half year"), ("week", "one week")],
)
def test_the_period_is_said_in_words(period: int | str, found: str) -> None:
    line = next(line for line in scored(periods=(period,)).lines if line.variable == "time")
    assert line.found == f"{found} in one cell"


def test_an_edition_without_a_level_scores_it_no_lower_than_another_variable() -> None:
    identity = Variable("gender", "sex", 5, "gender_identity")
    assert points(scored(V1, variables=(identity,)), "gender") == 5
    assert points(scored(V2, variables=(replace(identity, groups=3),)), "gender") == 3


def test_a_table_without_any_event_takes_the_highest_score_for_events() -> None:
    assert points(scored(smallest=None), "events") == 7


def test_zeros_are_no_smallest_cell_unless_the_pack_reads_them_so() -> None:
    readings = V2.readings.model_copy(update={"zeros": "smallest_cell"})
    strict = V2.model_copy(update={"readings": readings})
    assert points(scored(V2, smallest=40, has_zeros=True), "events") == 5
    assert points(scored(strict, smallest=40, has_zeros=True), "events") == 7
    assert points(scored(strict, smallest=40, has_zeros=True), "interactions") == 0
    zeros = TableFacts(40, (1,), has_zeros=True, residence_population=STATE)
    assert (smallest_cell(zeros, V2), smallest_cell(zeros, strict)) == (40, 0)


def test_a_table_without_a_population_term_is_refused() -> None:
    with pytest.raises(DisclosureRisk, match="no population term"):
        scored(residence_population=None)


@pytest.mark.parametrize(
    ("facts", "v1", "v2"),
    [
        ({"variables": (age(30),)}, 2, 1),
        ({"variables": (race(2, "hispanic"),)}, 2, 1),
        ({"variables": (race(9, "detailed", 5_000),)}, 4, 7),
        ({"variables": (race(9, "detailed", 5_000_000),)}, 4, 1),
        ({"variables": (other(3, None, "language_broad"),)}, 2, 1),
        ({"variables": (other(9, 5_000, "language_detailed"),)}, 4, 7),
        ({"variables": (race(6, "omb"),)}, 3, 3),
        ({"variables": (age(5),)}, 5, 5),
    ],
)
def test_the_editions_differ_where_the_change_table_says(
    facts: dict[str, Any], v1: int, v2: int
) -> None:
    assert scored(V1, **facts).lines[1].points == v1
    assert scored(V2, **facts).lines[1].points == v2


def test_the_lines_add_up_and_quote_no_count() -> None:
    found = scored(smallest=8, variables=(age(5), race(6, "omb")), residence_population=7_777)
    assert sum(line.points for line in found.lines) == found.total
    text = " ".join(f"{line.variable} {line.found}" for line in found.lines)
    assert "smallest count: 1 to 10" in text
    assert "7,777" not in text
    assert all(line.source.startswith("DDG 2.0") for line in found.lines)


@pytest.mark.parametrize(
    "variable",
    [
        payer(10_000_000),
        race(9, "hispanic"),
        race(9, "detailed"),
        race(9, "detailed", 50_000),
        other(6, None, "immigration_detailed"),
    ],
)
def test_every_kind_of_variable_counts_as_crossed(variable: Variable) -> None:
    assert points(scored(smallest=10, variables=(variable,)), "interactions") == 1


def test_a_plan_larger_than_the_smaller_area_does_not_take_its_place() -> None:
    plan = payer(50_000, "insurance_coverage")
    found = scored(variables=(plan,), residence_population=30_000, service_population=90_000)
    assert points(found, "residence") == 4
    assert [line.variable for line in found.lines][1] == "residence"
