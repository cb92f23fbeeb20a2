"""What each line of a score says: the variable, what was found, its points, where it stands."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from opengazette.adapters.contracts import load_rule_pack
from opengazette.disclosure.assessment.facts import TableFacts, Variable
from opengazette.disclosure.assessment.scoring import Crossing, crossing, interaction_points, score
from opengazette.errors import DisclosureRisk
from opengazette.model.rulepack import RulePack

ROOT = Path(__file__).parents[2]
V1, V2 = (load_rule_pack(ROOT, f"calhhs-ddg-{edition}.0") for edition in (1, 2))
TABLES = V2.scores
STATE = 39_000_000
Line = tuple[str, str, int, str]


def line(name: str, pack: RulePack = V2, smallest: int | None = 5, **facts: Any) -> Line:
    known: dict[str, Any] = {"periods": (1,), "residence_population": STATE} | facts
    found = score(TableFacts(smallest_count=smallest, **known), pack)
    return astuple(next(each for each in found.lines if each.variable == name))  # type: ignore[return-value]


def of(variable: Variable, pack: RulePack = V2) -> Line:
    return line(variable.name, pack, variables=(variable,))


def test_events() -> None:
    source = TABLES.events.source
    assert line("events") == ("events", "smallest count: 1 to 10", 7, source)
    assert line("events", smallest=None) == ("events", "no event at all", 7, source)


def test_time() -> None:
    source = TABLES.time.source
    assert line("time", periods=("half_year",)) == ("time", "one half year in one cell", 3, source)
    unknown = ("time", "period not known: highest score", 5, source)
    assert line("time", periods=()) == unknown


@pytest.mark.parametrize(
    ("smallest", "variables", "found", "points"),
    [
        (2, (), "only events, time and population; no minimum", 0),
        (3, (), "only events, time and population; no count under 3", -3),
        (7, (), "only events, time and population; no count under 5", -5),
        (
            7,
            (Variable("sex", "sex", 2), Variable("age", "age", 2, width=30)),
            "2 dependent variables beside events, time and population",
            2,
        ),
    ],
)
def test_interactions(
    smallest: int, variables: tuple[Variable, ...], found: str, points: int
) -> None:
    said = line("interactions", smallest=smallest, variables=variables)
    assert said == ("interactions", found, points, TABLES.interactions.source)


def test_ages() -> None:
    source = TABLES.age.source
    narrow, unknown = Variable("age", "age", 9, width=5), Variable("age", "age", 9)
    assert of(narrow) == ("age", "narrowest band in years: 3 to 5", 5, source)
    assert of(unknown) == ("age", "width not known: highest score", 7, source)


def test_programmes() -> None:
    assert TABLES.payer is not None
    source = TABLES.payer.enrolment.source
    known, unknown = (Variable("payer", "expected_payer", 2, None, n) for n in (13_000, None))
    assert of(known) == ("payer", "enrolment of the smallest: 0 to 20,000", 7, source)
    assert of(unknown) == ("payer", "enrolment not known: highest score", 7, source)


def test_other_variables() -> None:
    assert TABLES.other.population is not None
    few = Variable("trait", "other", 3, None, 15_000)
    assert of(few) == (
        *("trait", "smallest group's people: 0 to 20,000", 7),
        TABLES.other.population.source,
    )
    groups = Variable("trait", "other", 6)
    assert of(groups) == ("trait", "groups: 5 to 9", 5, TABLES.other.groups.source)


def test_listed_levels() -> None:
    sex = Variable("sex", "sex", 2)
    assert of(sex) == ("sex", "male, female", 1, TABLES.sex.levels["male_female"].source)
    detailed = TABLES.race_ethnicity.levels["detailed"]
    ladder = "DDG 2.0, 16.2, statewide population of the smallest group"
    known, unknown = (Variable("race", "race_ethnicity", 9, "detailed", n) for n in (150_000, None))
    assert of(known) == ("race", "smallest group's people: 100,001 to 300,000", 3, ladder)
    assert of(unknown) == ("race", "population not known: highest score", 7, detailed.source)
    status = Variable("status", "other", 5, "immigration_detailed")
    high = TABLES.other.levels["immigration_detailed"]
    said = "any breakdown of non-citizens: small counts always withheld"
    assert of(status) == ("status", said, 0, high.source)


def test_levels_that_do_not_fit_say_why() -> None:
    source = TABLES.race_ethnicity.source
    unlisted = Variable("race", "race_ethnicity", 4, "misspelt")
    said = "4 groups, no listed level recorded: highest score"
    assert of(unlisted) == ("race", said, 7, source)
    finer = Variable("race", "race_ethnicity", 11, "omb")
    assert of(finer) == ("race", "11 groups, more than its level lists: highest score", 7, source)


def test_a_population_helps_only_where_the_table_scores_by_it() -> None:
    third = Variable("sex", "sex", 3, None, 900_000)
    assert of(third) == (
        *("sex", "3 groups, no listed level recorded: highest score", 5),
        TABLES.sex.source,
    )


def test_another_variable_with_more_groups_than_its_level_lists_scores_as_the_finer_level() -> None:
    language = Variable("language", "other", 6, "language_broad")
    source = TABLES.other.levels["language_detailed"].source
    assert of(language) == ("language", "population not known: highest score", 7, source)


def test_more_statuses_than_listed_are_taken_for_a_breakdown_of_non_citizens() -> None:
    status = Variable("status", "other", 6, "immigration_citizenship")
    facts = TableFacts(2, (1,), variables=(status,), residence_population=STATE)
    assert score(facts, V2).always_protected == ("status",)


def test_a_programme_that_does_not_interact_takes_no_credit_for_a_minimum() -> None:
    medi_cal = Variable("payer", "expected_payer", 1, None, 14_000_000)
    said = "no dependent variable, yet more than events, time and population"
    found = line("interactions", smallest=5, variables=(medi_cal,))
    assert found == ("interactions", said, 0, TABLES.interactions.source)


def test_a_programme_takes_part_in_no_interaction_of_others() -> None:
    medi_cal = Variable("payer", "expected_payer", 1, None, 14_000_000)
    facts = TableFacts(2, (1,), variables=(medi_cal, Variable("sex", "sex", 2)))
    assert crossing(facts, V2) == Crossing(2, 1)
    assert Crossing(2, 1) + Crossing(1, 1) == Crossing(3, 2)


def test_areas() -> None:
    region = line("service", residence_population=None, service_population=30_000)
    source = TABLES.service.population.source
    assert region == ("service", "smallest region's people: 20,001 to 250,000", 0, source)
    home = line("residence", residence_population=30_000)
    said = "smallest area's people: 20,001 to 50,000"
    assert home == ("residence", said, 4, TABLES.residence.source)


def test_addresses() -> None:
    rural = TABLES.service.places["address_rural"]
    clinic = line("service", residence_population=None, service_place="address_rural")
    assert clinic == ("service", "address in a rural area", 5, rural.source)
    unlisted = line("service", residence_population=None, service_place="somewhere")
    said = "kind of place not listed: highest score"
    assert unlisted == ("service", said, 7, TABLES.service.population.source)


def test_plans() -> None:
    assert TABLES.insurance is not None
    source = TABLES.insurance.source
    known, unknown = (
        Variable("plan", "expected_payer", 1, "insurance_coverage", n) for n in (30_000, None)
    )
    assert of(known) == ("plan", "members: 20,001 to 50,000", 4, source)
    assert of(unknown) == ("plan", "members not known: highest score", 5, source)


@pytest.mark.parametrize(
    ("pack", "problem", "remedy"),
    [
        (
            V1,
            (
                "The table has no population term, so it cannot be scored: rule pack "
                "'calhhs-ddg-1.0' has no table for insurance coverage."
            ),
            "Give the population of its residence or service area.",
        ),
        (
            V2,
            "The table has no population term, so it cannot be scored.",
            "Give the population of its residence or service area, or the members of its plan.",
        ),
    ],
)
def test_a_table_without_a_population_term_says_what_to_give(
    pack: RulePack, problem: str, remedy: str
) -> None:
    with pytest.raises(DisclosureRisk) as refused:
        line("events", pack, residence_population=None)
    assert (refused.value.problem, refused.value.remedy) == (problem, remedy)


def test_where_two_bands_of_edition_1_meet_the_reading_decides() -> None:
    lowest = V1.readings.model_copy(update={"overlapping_bands": "lowest"})
    milder = V1.model_copy(update={"readings": lowest})
    assert line("residence", V1, residence_population=250_000)[2] == 1
    assert line("residence", milder, residence_population=250_000)[2] == 0


def test_plans_are_not_crossed_and_the_number_crossed_decides() -> None:
    plan = Variable("plan", "expected_payer", 1, "insurance_coverage", 30_000)
    crossed = (Variable("sex", "sex", 2), Variable("age", "age", 2, width=30))
    facts = TableFacts(2, (1,), variables=(plan, *crossed))
    assert crossing(facts, V2) == Crossing(2, 2)
    assert [interaction_points(facts, Crossing(n, n), V2) for n in (0, 1, 3)] == [0, 1, 4]
