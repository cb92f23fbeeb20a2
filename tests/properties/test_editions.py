"""The editions differ where the change table says, and the steps keep to the flow chart."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.contracts import load_rule_pack
from opengazette.disclosure.assessment.facts import TableFacts, Variable
from opengazette.disclosure.assessment.scoring import score
from opengazette.disclosure.assessment.six_steps import Declared, take_steps

ROOT = Path(__file__).parents[2]
V1, V2 = (load_rule_pack(ROOT, f"calhhs-ddg-{edition}") for edition in ("1.0", "2.0"))
PACKS = pytest.mark.parametrize("pack", [V1, V2], ids=["v1", "v2"])
PEOPLE = st.integers(0, 20_000_000)

#: What both editions list alike: no age band of 30 years, no detailed group, no plan or payer.
ALIKE = st.one_of(
    st.builds(Variable, st.just("age"), st.just("age"), st.just(4), width=st.integers(1, 29)),
    st.just(Variable("sex", "sex", 2, "male_female")),
    st.sampled_from(
        [
            Variable("race", "race_ethnicity", 4, "broad"),
            Variable("race", "race_ethnicity", 7, "omb"),
        ]
    ),
    st.builds(Variable, st.just("trait"), st.just("other"), st.integers(1, 30)),
)


def tables(
    variables: st.SearchStrategy[Variable], homes: st.SearchStrategy[int]
) -> st.SearchStrategy[TableFacts]:
    several = st.lists(variables, max_size=4, unique_by=lambda v: v.name).map(tuple)
    return st.builds(
        TableFacts,
        smallest_count=st.none() | st.integers(1, 2_000),
        periods=st.sampled_from([("week",), ("quarter",), ("half_year",), (1,), (3,), (6,)]),
        has_zeros=st.booleans(),
        variables=several,
        residence_population=homes,
    )


@given(facts=tables(ALIKE, st.integers(4_001, 20_000_000)))
def test_what_both_editions_list_alike_scores_alike(facts: TableFacts) -> None:
    assert score(facts, V1).total == score(facts, V2).total


CHANGED: tuple[tuple[Variable, int, int], ...] = (
    (Variable("age", "age", 3, width=30), 2, 1),
    (Variable("ethnicity", "race_ethnicity", 2, "hispanic"), 2, 1),
    (Variable("language", "other", 3, "language_broad"), 2, 1),
    (Variable("race", "race_ethnicity", 9, "detailed", 4_000_001), 4, 1),
    (Variable("race", "race_ethnicity", 9, "detailed", 20_000), 4, 7),
    (Variable("race", "race_ethnicity", 9, "detailed_ethnicity", 100_000), 4, 5),
    (Variable("language", "other", 9, "language_detailed", 300_000), 4, 3),
    (Variable("orientation", "sex", 4, "sexual_orientation"), 3, 2),
    (Variable("status", "other", 3, "immigration_citizenship"), 3, 1),
    (Variable("trait", "other", 3, None, 15_000), 3, 7),
)


@pytest.mark.parametrize(("variable", "v1", "v2"), CHANGED, ids=lambda v: getattr(v, "name", ""))
def test_a_changed_variable_changes_its_own_line_alone(
    variable: Variable, v1: int, v2: int
) -> None:
    facts = TableFacts(5, (1,), variables=(variable,), residence_population=50_000)
    first, second = score(facts, V1), score(facts, V2)
    assert second.total - first.total == v2 - v1
    assert [line.points for line in first.lines if line.variable == variable.name] == [v1]


@pytest.mark.parametrize(("people", "more"), [(0, 2), (4_000, 2), (4_001, 0), (20_000, 0)])
def test_only_an_area_of_four_thousand_people_changes_by_residence(people: int, more: int) -> None:
    facts = TableFacts(5, (1,), residence_population=people)
    assert score(facts, V2).total - score(facts, V1).total == more


ANSWERS = st.builds(
    Declared,
    personal=st.just(True),
    personal_basis=st.just("As recorded."),
    high_risk=st.booleans(),
    regimes=st.sampled_from([("ipa",), ("ipa", "hipaa")]),
    mitigation=st.none() | st.just("Public by law (the expert, 2026-01-15)"),
)


@PACKS
@given(declared=ANSWERS, facts=tables(ALIKE, PEOPLE), people=st.none() | st.integers(0, 60_000))
def test_the_steps_follow_each_other_as_the_flow_chart_says(
    pack: Any, declared: Declared, facts: TableFacts, people: int | None
) -> None:
    found = take_steps(declared, facts, people, pack)
    assert found.steps[0].number == 1
    assert all(before.next_step == after.number for before, after in pairwise(found.steps))
    assert found.steps[-1].next_step is None
    numbers = [step.number for step in found.steps]
    assert numbers in ([1, 2, 5, 6], [1, 2, 3, 5, 6], [1, 2, 3, 4, 5, 6])
    assert (4 in numbers) == found.needs_masking
    assert all(step.inputs and step.reason for step in found.steps)


@PACKS
@given(declared=ANSWERS, facts=tables(ALIKE, PEOPLE), people=st.none() | st.integers(0, 60_000))
def test_a_small_count_is_shown_only_for_a_low_score_or_a_recorded_mitigation(
    pack: Any, declared: Declared, facts: TableFacts, people: int | None
) -> None:
    found = take_steps(declared, facts, people, pack)
    small = facts.smallest_count is not None and facts.smallest_count < 11
    if small and not found.must_withhold_small:
        assert not declared.high_risk
        assert found.score is not None
        assert not found.score.exceeds_limit or declared.mitigation is not None
