"""The publication score: what a table shows, in points of a rule pack."""

from __future__ import annotations

from dataclasses import dataclass

from opengazette.disclosure.assessment.facts import TableFacts, Variable, table_facts
from opengazette.disclosure.assessment.population_term import population_term
from opengazette.disclosure.assessment.score_lines import ScoreLine, on_ladder
from opengazette.model.described import INSURANCE
from opengazette.model.rulepack import (
    FixedLevel,
    HighRiskLevel,
    Level,
    LevelTable,
    PayerTable,
    PopulationLevel,
    RulePack,
    SexTable,
    TimeUnit,
)

__all__ = ["Score", "ScoreLine", "TableFacts", "Variable", "score", "smallest_cell", "table_facts"]

FIVE_YEARS, SIX_YEARS, ENROLMENT_EDGE = 5, 6, 4_000_001
"""Numbers at which the guidelines fall silent or contradict themselves: readings decide."""

FINER = {
    "language_broad": "language_detailed",
    "immigration_birth": "immigration_detailed",
    "immigration_citizenship": "immigration_detailed",
}
"""What a level of another variable is taken for where it shows more groups than it lists."""


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


@dataclass(frozen=True)
class Crossing:
    """How many variables stand beside events, time and population, and how many interact.

    A programme of more than 10 million people stands there, but does not interact.
    """

    shown: int = 0
    interacting: int = 0

    def __add__(self, other: Crossing) -> Crossing:
        """Add what further variables bring."""
        return Crossing(self.shown + other.shown, self.interacting + other.interacting)


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
        population_term(facts, members, pack),
        _time(facts, pack),
        _interactions(facts, Crossing(len(terms), sum(term.crossed for term in terms)), pack),
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


def crossing(facts: TableFacts, pack: RulePack) -> Crossing:
    """Return how many variables stand, and how many interact, beside events and population."""
    terms = [_variable(v, pack) for v in facts.variables if not is_insurance(v, pack)]
    return Crossing(len(terms), sum(term.crossed for term in terms))


def interaction_points(facts: TableFacts, crossed: Crossing, pack: RulePack) -> int:
    """Return the points for so many crossed variables, or the credit where none is shown."""
    return _interactions(facts, crossed, pack).points


def _events(facts: TableFacts, pack: RulePack) -> ScoreLine:
    ladder, smallest = pack.scores.events, smallest_cell(facts, pack)
    if smallest is None:
        return ScoreLine("events", "no event at all", ladder.highest, ladder.source)
    return on_ladder("events", "smallest count", smallest, ladder, pack)


def _time(facts: TableFacts, pack: RulePack) -> ScoreLine:
    table = pack.scores.time
    scored = {period: period_points(period, pack) for period in facts.periods}
    if not scored:
        highest = max(table.units.values())
        return ScoreLine("time", "period not known: highest score", highest, table.source)
    period = max(scored, key=lambda p: scored[p])
    length = "one year" if period == 1 else f"{period} years"
    found = length if isinstance(period, int) else f"one {period}".replace("_", " ")
    return ScoreLine("time", f"{found} in one cell", scored[period], table.source)


def period_points(period: int | TimeUnit, pack: RulePack) -> int:
    """Return the points of what one count covers: a number of whole years, or a unit."""
    table = pack.scores.time
    if not isinstance(period, int):
        return table.units[period]
    as_four = period > FIVE_YEARS and pack.readings.long_periods == "as_four"
    return table.years.points(FIVE_YEARS - 1 if as_four else period)


def _interactions(facts: TableFacts, beside: Crossing, pack: RulePack) -> ScoreLine:
    table, smallest = pack.scores.interactions, smallest_cell(facts, pack)
    crossed = beside.interacting
    if crossed:
        points = table.crossed.points(crossed)
        if pack.readings.many_variables == "one_more_each":
            points += max(0, crossed - (table.crossed.bands[-1].high or crossed))
        found = f"{crossed} dependent variables beside events, time and population"
        return ScoreLine("interactions", found, points, table.source)
    if beside.shown:
        found = "no dependent variable, yet more than events, time and population"
        return ScoreLine("interactions", found, table.crossed.points(0), table.source)
    given = table.credits if pack.readings.minimum_credits == "by_smallest_count" else ()
    for credit in sorted(given, key=lambda c: c.at_least, reverse=True):
        if smallest is not None and smallest >= credit.at_least:
            found = f"only events, time and population; no count under {credit.at_least}"
            return ScoreLine("interactions", found, credit.points, table.source)
    found = "only events, time and population; no minimum"
    return ScoreLine("interactions", found, table.crossed.points(0), table.source)


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
            if level is not None and not _fits(level, variable):
                level = tables.other.levels.get(FINER.get(variable.level or "", ""))
            if level is not None:
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
    width = min(widths)
    if width == SIX_YEARS and pack.readings.six_year_band == "by_population":
        width -= 1
    return on_ladder(variable.name, "narrowest band in years", width, ladder, pack)


def _payer(variable: Variable, table: PayerTable, pack: RulePack) -> _Term:
    people, ladder = variable.population, table.enrolment
    if people is None:
        found = "enrolment not known: highest score"
        return _Term(ScoreLine(variable.name, found, ladder.highest, ladder.source), crossed=True)
    number = enrolled(people, pack)
    line = on_ladder(variable.name, "enrolment of the smallest", number, ladder, pack)
    return _Term(line, crossed=people <= table.interacts_up_to)


def enrolled(people: int, pack: RulePack) -> int:
    """Return the enrolment that is looked up: at the edge of two prints a reading decides."""
    edge = people == ENROLMENT_EDGE and pack.readings.enrolment_edge == "table_23"
    return people - 1 if edge else people


def _other(variable: Variable, pack: RulePack) -> ScoreLine:
    table = pack.scores.other
    if table.population is not None and variable.population is not None:
        return on_ladder(
            variable.name, "smallest group's people", variable.population, table.population, pack
        )
    return on_ladder(variable.name, "groups", variable.groups, table.groups, pack)


def _levelled(variable: Variable, table: LevelTable, pack: RulePack) -> _Term:
    level = _level(variable, table)
    if level is not None and _fits(level, variable):
        return _scored(variable, level, pack)
    why = "no listed level recorded" if level is None else "more than its level lists"
    found = f"{variable.groups} groups, {why}: highest score"
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
            return _Term(on_ladder(variable.name, what, people, level.ladder, pack), crossed=True)
