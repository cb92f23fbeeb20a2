"""The population term of a score: residence, service or insurance, exactly one of them."""

from __future__ import annotations

from collections.abc import Iterator

from opengazette.disclosure.assessment.facts import TableFacts, Variable
from opengazette.disclosure.assessment.score_lines import ScoreLine, on_ladder
from opengazette.errors import DisclosureRisk
from opengazette.model.rulepack import Ladder, RulePack


def population_term(facts: TableFacts, members: list[Variable], pack: RulePack) -> ScoreLine:
    """Return the one line of residence, service or insurance that counts; `members` are plans.

    The highest counts. A plan counts only where it has fewer people than the area.

    Raises:
        DisclosureRisk: none of them is known.

    Source: CalHHS Data De-Identification Guidelines, 16.2; Appendix I, order of rules, 3.
    """
    people = [p for p in (facts.residence_population, facts.service_population) if p is not None]
    ladder = pack.scores.insurance
    smaller = [plan for plan in members if _is_smaller(plan, people)]
    plans = [_members(plan, ladder, pack) for plan in smaller if ladder is not None]
    instead = bool(plans) and pack.readings.plan_in_area == "plan"
    terms = [*plans, *([] if instead else _areas(facts, pack)), *_places(facts, pack)]
    if not terms:
        raise _unscored(pack)
    return max(terms, key=lambda line: line.points)


def _unscored(pack: RulePack) -> DisclosureRisk:
    if pack.scores.insurance is None:
        return DisclosureRisk(
            "The table has no population term, so it cannot be scored: rule pack "
            f"{pack.name!r} has no table for insurance coverage.",
            "Give the population of its residence or service area.",
        )
    return DisclosureRisk(
        "The table has no population term, so it cannot be scored.",
        "Give the population of its residence or service area, or the members of its plan.",
    )


def _is_smaller(plan: Variable, people: list[int]) -> bool:
    return plan.population is None or not people or plan.population < min(people)


def _members(plan: Variable, ladder: Ladder, pack: RulePack) -> ScoreLine:
    if plan.population is None:
        found = "members not known: highest score"
        return ScoreLine(plan.name, found, ladder.highest, ladder.source)
    return on_ladder(plan.name, "members", plan.population, ladder, pack)


def _areas(facts: TableFacts, pack: RulePack) -> Iterator[ScoreLine]:
    residence, service = pack.scores.residence, pack.scores.service
    if facts.residence_population is not None:
        yield on_ladder(
            "residence", "smallest area's people", facts.residence_population, residence, pack
        )
    if facts.service_population is not None:
        what, people = "smallest region's people", facts.service_population
        yield on_ladder("service", what, people, service.population, pack)


def _places(facts: TableFacts, pack: RulePack) -> Iterator[ScoreLine]:
    service = pack.scores.service
    if facts.service_place is not None:
        place = service.places.get(facts.service_place)
        if place is not None:
            yield ScoreLine("service", place.means, place.points, place.source)
        else:
            highest = max(p.points for p in service.places.values())
            yield ScoreLine(
                "service",
                "kind of place not listed: highest score",
                highest,
                service.population.source,
            )
