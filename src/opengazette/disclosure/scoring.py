"""The publication score: what a table shows, in points of a rule pack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opengazette.disclosure.facts import TableFacts, Variable, table_facts
from opengazette.errors import DisclosureRisk
from opengazette.model.rulepack import (
    FixedLevel,
    HighRiskLevel,
    Ladder,
    Level,
    LevelTable,
    PayerTable,
    PopulationLevel,
    RulePack,
    SexTable,
)

__all__ = ["Score", "ScoreLine", "TableFacts", "Variable", "score", "smallest_cell", "table_facts"]

INSURANCE = "insurance_coverage"
"""Level of an expected payer that stands for the members of a plan: a population term."""


@dataclass(frozen=True)
class ScoreLine:
    """The points of one variable: what was found, never a count or a label of the table."""

    variable: str
    found: str
    points: int
    source: str


@dataclass(frozen=True)
class Score:
    """The score of one table, line by line.

    `limit` is the highest total that is released without further masking. `always_protected`
    names the variables without a score, whose small counts are withheld whatever the total.
    """

    total: int
    lines: tuple[ScoreLine, ...]
    limit: int
    always_protected: tuple[str, ...] = ()

    @property
    def exceeds_limit(self) -> bool:
        """Tell whether the table needs masking or a documented mitigation."""
        return self.total > self.limit


@dataclass(frozen=True)
class _Term:
    line: ScoreLine
    crossed: bool
    protected: bool = False


def score(facts: TableFacts, pack: RulePack) -> Score:
    """Add up the publication score of a table.

    The riskiest level of each variable counts. A level that is not recorded or not listed, and
    a population that is not known, takes the highest listed score. Of residence, service and
    insurance one counts: the highest, insurance only where it has fewer people than the area.

    Raises:
        DisclosureRisk: no population term is known.

    Source: CalHHS Data De-Identification Guidelines, 4.3.1 and 16.2; Appendix I for overlaps.
    """
    members = [v for v in facts.variables if is_insurance(v, pack)]
    terms = [_variable(v, pack) for v in facts.variables if v not in members]
    lines = (
        _events(facts, pack),
        *(term.line for term in terms),
        _population(facts, members, pack),
        _time(facts, pack),
        _interactions(facts, sum(term.crossed for term in terms), pack),
    )
    protected = tuple(term.line.variable for term in terms if term.protected)
    total = sum(line.points for line in lines)
    return Score(total, lines, pack.thresholds.score, protected)


def smallest_cell(facts: TableFacts, pack: RulePack) -> int | None:
    """Return the smallest event count of a table; None where every count is zero.

    Whether a true zero is one is a reading of the rule pack.
    """
    if facts.has_zeros and pack.readings.zeros == "smallest_cell":
        return 0
    return facts.smallest_count


def crossed_with(facts: TableFacts, pack: RulePack) -> int:
    """Return how many variables count as crossed beside events, time and population."""
    return sum(_variable(v, pack).crossed for v in facts.variables if not is_insurance(v, pack))


def interaction_points(facts: TableFacts, crossed: int, pack: RulePack) -> int:
    """Return the points for so many crossed variables, or the credit where none is."""
    return _interactions(facts, crossed, pack).points


def _events(facts: TableFacts, pack: RulePack) -> ScoreLine:
    ladder, smallest = pack.scores.events, smallest_cell(facts, pack)
    if smallest is None:
        return ScoreLine("events", "no event at all", ladder.highest, ladder.source)
    return _on_ladder("events", "smallest count", smallest, ladder, pack)


def _time(facts: TableFacts, pack: RulePack) -> ScoreLine:
    table = pack.scores.time
    scored = {
        period: table.years.points(period) if isinstance(period, int) else table.units[period]
        for period in facts.periods
    }
    if not scored:
        highest = max(table.units.values())
        return ScoreLine("time", "period not known: highest score", highest, table.source)
    period = max(scored, key=lambda p: scored[p])
    length = "one year" if period == 1 else f"{period} years"
    found = length if isinstance(period, int) else f"one {period}".replace("_", " ")
    return ScoreLine("time", f"{found} in one cell", scored[period], table.source)


def _interactions(facts: TableFacts, crossed: int, pack: RulePack) -> ScoreLine:
    table, smallest = pack.scores.interactions, smallest_cell(facts, pack)
    if crossed:
        points = table.crossed.points(crossed)
        found = f"{crossed} dependent variables beside events, time and population"
        return ScoreLine("interactions", found, points, table.source)
    for credit in sorted(table.credits, key=lambda c: c.at_least, reverse=True):
        if smallest is not None and smallest >= credit.at_least:
            found = f"only events, time and population; no count under {credit.at_least}"
            return ScoreLine("interactions", found, credit.points, table.source)
    found = "only events, time and population; no minimum"
    return ScoreLine("interactions", found, table.crossed.points(0), table.source)


def _population(facts: TableFacts, members: list[Variable], pack: RulePack) -> ScoreLine:
    people = [p for p in (facts.residence_population, facts.service_population) if p is not None]
    terms = [*_geographies(facts, pack)]
    terms += [_members(plan, pack) for plan in members if _is_smaller(plan, people)]
    if not terms:
        raise DisclosureRisk(
            "The table has no population term, so it cannot be scored.",
            "Give the population of its residence or service area, or the members of its plan.",
        )
    return max(terms, key=lambda line: line.points)


def _is_smaller(plan: Variable, people: list[int]) -> bool:
    return plan.population is None or not people or plan.population < min(people)


def _members(plan: Variable, pack: RulePack) -> ScoreLine:
    ladder = pack.scores.insurance
    if ladder is None:
        raise DisclosureRisk(
            f"Rule pack {pack.name!r} has no table for insurance coverage.",
            f"Give {plan.name!r} another level, or use an edition that has the table.",
        )
    if plan.population is None:
        found = "members not known: highest score"
        return ScoreLine(plan.name, found, ladder.highest, ladder.source)
    return _on_ladder(plan.name, "members", plan.population, ladder, pack)


def _geographies(facts: TableFacts, pack: RulePack) -> Iterator[ScoreLine]:
    residence, service = pack.scores.residence, pack.scores.service
    if facts.residence_population is not None:
        yield _on_ladder(
            "residence", "smallest area's people", facts.residence_population, residence, pack
        )
    if facts.service_population is not None:
        what, people = "smallest region's people", facts.service_population
        yield _on_ladder("service", what, people, service.population, pack)
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


def is_insurance(variable: Variable, pack: RulePack) -> bool:
    """Tell whether a variable stands for the members of a plan, a population term."""
    plan = variable.kind == "expected_payer" and variable.level == INSURANCE
    return plan and pack.scores.insurance is not None


def _variable(variable: Variable, pack: RulePack) -> _Term:
    tables = pack.scores
    match variable.kind:
        case "age":
            return _Term(_age(variable, pack), crossed=True)
        case "sex":
            return _levelled(variable, tables.sex, pack)
        case "race_ethnicity":
            return _levelled(variable, tables.race_ethnicity, pack)
        case "expected_payer" if tables.payer is not None:
            return _payer(variable, tables.payer, pack)
        case _:
            level = tables.other.levels.get(variable.level or "")
            if level is not None and _fits(level, variable):
                return _scored(variable, level, pack)
            return _Term(_other(variable, pack), crossed=True)


def _age(variable: Variable, pack: RulePack) -> ScoreLine:
    widths = [] if variable.width is None else [variable.width]
    if variable.opens_at is not None:
        widths.append(pack.readings.oldest_age - variable.opens_at + 1)
    ladder = pack.scores.age
    if not widths:
        return ScoreLine(
            variable.name, "width not known: highest score", ladder.highest, ladder.source
        )
    return _on_ladder(variable.name, "narrowest band in years", min(widths), ladder, pack)


def _payer(variable: Variable, table: PayerTable, pack: RulePack) -> _Term:
    people, ladder = variable.population, table.enrolment
    if people is None:
        found = "enrolment not known: highest score"
        return _Term(ScoreLine(variable.name, found, ladder.highest, ladder.source), crossed=True)
    line = _on_ladder(variable.name, "enrolment of the smallest", people, ladder, pack)
    return _Term(line, crossed=people <= table.interacts_up_to)


def _other(variable: Variable, pack: RulePack) -> ScoreLine:
    table = pack.scores.other
    if table.population is not None and variable.population is not None:
        return _on_ladder(
            variable.name, "smallest group's people", variable.population, table.population, pack
        )
    return _on_ladder(variable.name, "groups", variable.groups, table.groups, pack)


def _levelled(variable: Variable, table: LevelTable, pack: RulePack) -> _Term:
    level = _level(variable, table)
    if level is not None and _fits(level, variable):
        return _scored(variable, level, pack)
    found = f"{variable.groups} groups, no listed level recorded: highest score"
    points = max(table.highest, pack.scores.other.groups.points(variable.groups))
    return _Term(ScoreLine(variable.name, found, points, table.source), crossed=True)


def _level(variable: Variable, table: LevelTable) -> Level | None:
    if variable.level is not None:
        return table.levels.get(variable.level)
    if isinstance(table, SexTable) and variable.groups <= 2:
        return table.levels[table.two_groups]
    if variable.population is not None:
        ladders = [v for v in table.levels.values() if isinstance(v, PopulationLevel)]
        return next(iter(ladders), None)
    return None


def _fits(level: Level, variable: Variable) -> bool:
    return not isinstance(level, FixedLevel) or level.can_show(variable.groups)


def _scored(variable: Variable, level: Level, pack: RulePack) -> _Term:
    match level:
        case FixedLevel():
            line = ScoreLine(variable.name, level.means, level.points, level.source)
            return _Term(line, crossed=True)
        case HighRiskLevel():
            found = f"{level.means}: small counts always withheld"
            return _Term(
                ScoreLine(variable.name, found, 0, level.source), crossed=True, protected=True
            )
        case PopulationLevel() if variable.population is None:
            found, points = "population not known: highest score", level.ladder.highest
            return _Term(ScoreLine(variable.name, found, points, level.source), crossed=True)
        case PopulationLevel():
            what, people = "smallest group's people", variable.population
            return _Term(_on_ladder(variable.name, what, people, level.ladder, pack), crossed=True)


def _on_ladder(variable: str, what: str, number: int, ladder: Ladder, pack: RulePack) -> ScoreLine:
    band = ladder.band(number, pack.readings.overlapping_bands)
    return ScoreLine(variable, f"{what}: {band.text}", band.points, ladder.source)
