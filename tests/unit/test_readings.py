"""Each reading of a place where the guidelines contradict themselves or fall silent."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from opengazette.adapters.contracts import load_rule_pack
from opengazette.disclosure.assessment.facts import TableFacts, Variable
from opengazette.disclosure.assessment.scoring import score
from opengazette.disclosure.generalisation.remedies import cheapest_remedies
from opengazette.governance.overlays import overlaid
from opengazette.model.overlay import Overlay
from opengazette.model.readings import Readings
from opengazette.model.rulepack import RulePack

ROOT = Path(__file__).parents[2]
V1, V2 = (load_rule_pack(ROOT, f"calhhs-ddg-{edition}.0") for edition in (1, 2))
STATE = 39_000_000


def reading(**chosen: str) -> RulePack:
    return V2.model_copy(update={"readings": V2.readings.model_copy(update=chosen)})


def points(pack: RulePack, line: str, smallest: int = 2, **facts: Any) -> int:
    known: dict[str, Any] = {"periods": (1,), "residence_population": STATE} | facts
    found = score(TableFacts(smallest_count=smallest, **known), pack)
    return next(each.points for each in found.lines if each.variable == line)


def age(width: int) -> tuple[Variable, ...]:
    return (Variable("age", "age", 9, width=width),)


def payer(people: int) -> tuple[Variable, ...]:
    return (Variable("payer", "expected_payer", 2, None, people),)


def plan(members: int) -> tuple[Variable, ...]:
    return (Variable("plan", "expected_payer", 1, "insurance_coverage", members),)


def traits(number: int) -> tuple[Variable, ...]:
    return tuple(Variable(f"trait{i}", "other", 2) for i in range(number))


@pytest.mark.parametrize(("width", "printed", "by_population"), [(5, 5, 5), (6, 3, 5), (7, 3, 3)])
def test_a_band_of_six_years(width: int, printed: int, by_population: int) -> None:
    strict = reading(six_year_band="by_population")
    assert points(V2, "age", variables=age(width)) == printed
    assert points(strict, "age", variables=age(width)) == by_population


@pytest.mark.parametrize(
    ("people", "figure", "table"), [(4_000_000, 2, 2), (4_000_001, 1, 2), (4_000_002, 1, 1)]
)
def test_enrolment_at_the_edge(people: int, figure: int, table: int) -> None:
    milder = reading(enrolment_edge="figure_6")
    assert points(milder, "payer", variables=payer(people)) == figure
    assert points(V2, "payer", variables=payer(people)) == table


def test_a_remedy_names_an_enrolment_that_scores_less() -> None:
    facts = TableFacts(2, (1,), variables=payer(4_000_000), residence_population=50_001)
    milder = reading(enrolment_edge="figure_6")
    for pack, people in ((V2, "4,000,002"), (milder, "4,000,001")):
        changes = {change for each in cheapest_remedies(facts, pack) for change in each.changes}
        assert f"payer: no programme of fewer than {people} people" in changes


@pytest.mark.parametrize(("years", "as_five", "as_four"), [(4, -3, -3), (5, -5, -5), (6, -5, -3)])
def test_periods_longer_than_five_years(years: int, as_five: int, as_four: int) -> None:
    assert points(V2, "time", periods=(years,)) == as_five
    assert points(reading(long_periods="as_four"), "time", periods=(years,)) == as_four


@pytest.mark.parametrize(
    ("number", "as_three", "more"), [(2, 2, 2), (3, 4, 4), (4, 4, 5), (6, 4, 7)]
)
def test_more_than_three_variables(number: int, as_three: int, more: int) -> None:
    strict = reading(many_variables="one_more_each")
    assert points(V2, "interactions", variables=traits(number)) == as_three
    assert points(strict, "interactions", variables=traits(number)) == more


def test_credits_for_a_minimum() -> None:
    strict = reading(minimum_credits="never")
    assert [points(V2, "interactions", smallest=n) for n in (2, 3, 5)] == [0, -3, -5]
    assert [points(strict, "interactions", smallest=n) for n in (2, 3, 5)] == [0, 0, 0]


def test_a_small_plan_in_a_smaller_table_than_its_area() -> None:
    literal = reading(plan_in_area="plan")
    alpine: dict[str, Any] = {"variables": plan(900), "residence_population": 1_163}
    assert points(V2, "residence", **alpine) == 7
    assert points(literal, "plan", **alpine) == 5
    larger: dict[str, Any] = {"variables": plan(30_000), "residence_population": 30_000}
    assert points(V2, "residence", **larger) == points(literal, "residence", **larger) == 4


def test_an_address_still_counts_beside_a_plan() -> None:
    literal = reading(plan_in_area="plan")
    clinic: dict[str, Any] = {"variables": plan(30_000), "service_place": "address_frontier"}
    assert points(literal, "service", **clinic) == 7


def test_every_reading_names_its_contradiction_and_stands_in_the_manual() -> None:
    manual = (ROOT / "docs/stewards/rules.md").read_text("utf-8")
    for name, field in Readings.model_fields.items():
        assert (field.description or "").startswith(("2.6-", "2.3-"))
        assert f"| `{name}` |" in manual


def test_a_department_changes_a_reading_that_stands_at_its_default() -> None:
    change = {"path": "readings.long_periods", "was": "as_five", "to": "as_four"}
    overlay = Overlay.model_validate(
        {
            "name": "own",
            "base": "calhhs-ddg-2.0",
            "department": "vital_records",
            "reference": "Own guideline, 4.3",
            "filing": {
                "kind": "prt_approval",
                "on": date(2026, 1, 5),
                "record": "PRT 7",
                "covers": ["readings.long_periods"],
            },
            "changes": [change | {"reason": "Nine years are not five."}],
        }
    )
    changed = overlaid(V2, overlay)
    assert changed.readings.long_periods == "as_four"
    assert points(changed, "time", periods=(9,)) == -3


def test_the_fingerprint_tells_a_chosen_reading_and_not_the_default() -> None:
    assert reading(six_year_band="printed").fingerprint() == V2.fingerprint()
    assert reading(six_year_band="by_population").fingerprint() != V2.fingerprint()
