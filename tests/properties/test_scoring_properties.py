"""Whatever is shown, showing it more coarsely never scores higher."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from opengazette.disclosure.assessment.scoring import TableFacts, Variable, score
from opengazette.model.rulepack import RulePack, TimeUnit

FOLDER = Path(__file__).parents[2] / "config" / "rulepacks"
V1, V2 = (
    RulePack.model_validate(YAML(typ="safe").load(FOLDER / f"calhhs-ddg-{edition}.yaml"))
    for edition in ("1.0", "2.0")
)
PACKS = pytest.mark.parametrize("pack", [V1, V2], ids=["v1", "v2"])

PEOPLE = st.integers(0, 20_000_000)
COARSER: tuple[TimeUnit | int, ...] = (
    "week",
    "month",
    "quarter",
    "half_year",
    "year",
    1,
    2,
    4,
    5,
    9,
)


def variables() -> st.SearchStrategy[Variable]:
    return st.one_of(
        st.builds(Variable, st.just("age"), st.just("age"), st.just(5), width=st.integers(1, 100)),
        st.builds(Variable, st.just("sex"), st.just("sex"), st.integers(1, 8)),
        st.builds(
            Variable,
            st.just("race"),
            st.just("race_ethnicity"),
            st.integers(1, 30),
            st.sampled_from([None, "broad", "omb", "hispanic", "detailed", "unlisted"]),
            st.none() | PEOPLE,
        ),
        st.builds(
            Variable,
            st.just("payer"),
            st.just("expected_payer"),
            st.integers(1, 9),
            st.sampled_from([None, "insurance_coverage"]),
            st.none() | PEOPLE,
        ),
        st.builds(
            Variable,
            st.just("trait"),
            st.just("other"),
            st.integers(1, 30),
            st.sampled_from([None, "language_broad", "language_detailed"]),
            st.none() | PEOPLE,
        ),
    )


FACTS = st.builds(
    TableFacts,
    smallest_count=st.none() | st.integers(1, 5_000),
    periods=st.lists(st.sampled_from(COARSER), min_size=1, max_size=2).map(tuple),
    has_zeros=st.booleans(),
    variables=st.lists(variables(), max_size=4, unique_by=lambda v: v.name).map(tuple),
    residence_population=PEOPLE,
    service_population=st.none() | PEOPLE,
)


@PACKS
@given(facts=FACTS, wider=st.integers(0, 100))
def test_wider_ages_never_score_higher(pack: RulePack, facts: TableFacts, wider: int) -> None:
    coarse = tuple(
        replace(v, width=v.width + wider) if v.width is not None else v for v in facts.variables
    )
    assert score(replace(facts, variables=coarse), pack).total <= score(facts, pack).total


@PACKS
@given(facts=FACTS, more=PEOPLE)
def test_larger_areas_never_score_higher(pack: RulePack, facts: TableFacts, more: int) -> None:
    larger = (facts.residence_population or 0) + more
    without_plan = tuple(v for v in facts.variables if v.kind != "expected_payer")
    small = replace(facts, variables=without_plan)
    large = replace(small, residence_population=larger)
    assert score(large, pack).total <= score(small, pack).total


@PACKS
@given(facts=FACTS, fine=st.sampled_from(COARSER), coarse=st.sampled_from(COARSER))
def test_longer_periods_never_score_higher(
    pack: RulePack, facts: TableFacts, fine: TimeUnit | int, coarse: TimeUnit | int
) -> None:
    if COARSER.index(coarse) < COARSER.index(fine):
        fine, coarse = coarse, fine
    longer = score(replace(facts, periods=(coarse,)), pack)
    assert longer.total <= score(replace(facts, periods=(fine,)), pack).total


@PACKS
@given(facts=FACTS, more=st.integers(0, 5_000))
def test_larger_counts_never_score_higher(pack: RulePack, facts: TableFacts, more: int) -> None:
    larger = replace(facts, smallest_count=(facts.smallest_count or 1) + more)
    small = replace(facts, smallest_count=facts.smallest_count or 1)
    assert score(larger, pack).total <= score(small, pack).total


@PACKS
@given(facts=FACTS)
def test_showing_one_variable_less_never_scores_higher_by_its_line(
    pack: RulePack, facts: TableFacts
) -> None:
    for variable in facts.variables:
        if variable.level == "insurance_coverage":
            continue
        rest = tuple(v for v in facts.variables if v is not variable)
        assert score(replace(facts, variables=rest), pack).total <= score(facts, pack).total


@PACKS
@given(facts=FACTS)
def test_the_order_of_variables_does_not_matter(pack: RulePack, facts: TableFacts) -> None:
    turned = replace(facts, variables=facts.variables[::-1])
    assert score(turned, pack).total == score(facts, pack).total


@PACKS
@given(facts=FACTS, other=FACTS)
def test_no_fact_less_ever_scores_lower(
    pack: RulePack, facts: TableFacts, other: TableFacts
) -> None:
    unknown = tuple(replace(v, level=None, population=None) for v in other.variables)
    known = replace(facts, variables=other.variables)
    scored = {line.variable: line.points for line in score(known, pack).lines}
    for line in score(replace(facts, variables=unknown), pack).lines:
        plain = {v.name for v in other.variables if v.kind in ("race_ethnicity", "age")}
        assert line.variable not in plain or line.points >= scored[line.variable]
