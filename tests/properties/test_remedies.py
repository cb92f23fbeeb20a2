"""What is proposed really brings the score to the limit, and nothing cheaper does."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from opengazette.disclosure.assessment.scoring import TableFacts, Variable, score
from opengazette.disclosure.generalisation.coarser_forms import (
    coarser_variable,
    larger_areas,
    longer_periods,
)
from opengazette.disclosure.generalisation.remedies import cheapest_remedies
from opengazette.model.rulepack import RulePack

FOLDER = Path(__file__).parents[2] / "config" / "rulepacks"
V1, V2 = (
    RulePack.model_validate(YAML(typ="safe").load(FOLDER / f"calhhs-ddg-{edition}.yaml"))
    for edition in ("1.0", "2.0")
)
VARIABLES = (
    Variable("age", "age", 5, width=2),
    Variable("ages", "age", 5, width=20, opens_at=90),
    Variable("race", "race_ethnicity", 9, "detailed", 15_000),
    Variable("programme", "expected_payer", 3, None, 90_000),
    Variable("trait", "other", 12),
    Variable("class", "other", 3, None, 50_000),
    Variable("language", "other", 9, "language_detailed", 30_000),
)
FACTS = st.builds(
    TableFacts,
    smallest_count=st.sampled_from([1, 4, 30]),
    periods=st.sampled_from([("week",), ("quarter",), (1,), (5,)]),
    variables=st.lists(st.sampled_from(VARIABLES), max_size=3, unique_by=lambda v: v.name).map(
        tuple
    ),
    residence_population=st.sampled_from([900, 15_000, 60_000, 700_000]),
)
PACKS = pytest.mark.parametrize("pack", [V1, V2], ids=["v1", "v2"])


@PACKS
@settings(max_examples=30, deadline=None)
@given(facts=FACTS)
def test_remedies_are_given_where_the_score_is_above_the_limit(
    pack: RulePack, facts: TableFacts
) -> None:
    found = cheapest_remedies(facts, pack)
    assert bool(found) == score(facts, pack).exceeds_limit
    assert all(remedy.total <= 12 and remedy.changes for remedy in found)
    assert len({remedy.steps for remedy in found}) <= 1


def fewest_steps_of_all(facts: TableFacts, pack: RulePack) -> int | None:
    """Try every choice of changes by scoring the whole table each time."""
    parts = [list(coarser_variable(v, pack)) for v in facts.variables]
    parts += [list(longer_periods(facts, pack)), list(larger_areas(facts, pack))]
    enough: list[int] = []
    for chosen in product(*((None, *options) for options in parts)):
        changed, steps = facts, 0
        for option in chosen:
            changed = option.apply(changed) if option else changed
            steps += option.steps if option else 0
        if score(changed, pack).total <= 12:
            enough.append(steps)
    return min(enough, default=None)


@PACKS
@settings(max_examples=15, deadline=None)
@given(facts=FACTS.filter(lambda f: len(f.variables) <= 2))
def test_nothing_brings_the_score_down_in_fewer_steps(pack: RulePack, facts: TableFacts) -> None:
    found = cheapest_remedies(facts, pack)
    if score(facts, pack).exceeds_limit:
        assert found[0].steps == fewest_steps_of_all(facts, pack)


def county(people: int, *variables: Variable, period: int = 1) -> TableFacts:
    return TableFacts(2, (period,), variables=variables, residence_population=people)


def test_one_larger_area_is_enough_for_a_tiny_county() -> None:
    (time, area) = cheapest_remedies(county(1_163), V2)
    assert area.changes == ("area: none of fewer than 4,001 people",)
    assert time.changes == ("time: 2 years or longer in each count",)
    assert (area.total, time.total, area.steps, time.steps) == (12, 11, 1, 1)


def test_a_table_within_the_limit_needs_no_remedy() -> None:
    assert cheapest_remedies(county(10_000), V2) == ()


def test_an_address_can_give_way_to_its_region() -> None:
    facts = TableFacts(2, ("month",), service_place="address_frontier")
    found = cheapest_remedies(facts, V2)
    assert any("service: no address" in remedy.changes[0] for remedy in found)


def test_a_detailed_group_can_give_way_to_larger_or_listed_ones() -> None:
    race = Variable("race", "race_ethnicity", 9, "detailed", 50_000)
    found = cheapest_remedies(county(30_000, race), V2)
    words = {change for remedy in found for change in remedy.changes}
    assert any(change.startswith("race: no group of fewer than") for change in words)


def test_many_fine_variables_at_once_still_find_their_way() -> None:
    facts = TableFacts(1, ("week",), variables=VARIABLES, residence_population=0)
    for pack in (V1, V2):
        found = cheapest_remedies(facts, pack)
        assert found
        assert all(remedy.total <= 12 for remedy in found)


@PACKS
@settings(max_examples=30, deadline=None)
@given(facts=FACTS)
def test_leaving_out_what_a_remedy_leaves_out_scores_no_more_than_before(
    pack: RulePack, facts: TableFacts
) -> None:
    for remedy in cheapest_remedies(facts, pack):
        gone = [
            v
            for v in facts.variables
            if any(change.startswith(f"{v.name}: leave it out") for change in remedy.changes)
        ]
        rest = tuple(v for v in facts.variables if v not in gone)
        left = score(replace(facts, variables=rest), pack)
        assert left.total <= score(facts, pack).total
        if len(gone) == len(remedy.changes):
            assert left.total == remedy.total
