"""The ways to show less: each variable, period and area in coarser forms, the nearest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from opengazette.disclosure.assessment.facts import TableFacts, Variable
from opengazette.disclosure.assessment.scoring import enrolled
from opengazette.model.described import INSURANCE
from opengazette.model.rulepack import (
    FixedLevel,
    Ladder,
    Level,
    PopulationLevel,
    RulePack,
    TimeUnit,
)

COARSER = {
    "detailed": ("omb", "broad"),
    "omb": ("broad",),
    "detailed_ethnicity": ("hispanic",),
    "gender_identity_detailed": ("gender_identity",),
    "language_detailed": ("language_broad",),
    "immigration_detailed": ("immigration_citizenship",),
}
"""Levels of a score table that hold the same variable with fewer groups, the finest first."""


@dataclass(frozen=True)
class Option:
    """One change: how many steps of detail it costs, in words, and as facts."""

    steps: int
    words: str
    apply: Callable[[TableFacts], TableFacts]


def coarser_variable(variable: Variable, pack: RulePack) -> Iterator[Option]:
    """Yield what a variable can be made, each time coarser, and last its being left out."""
    coarser = list(_coarser(variable, pack))
    for steps, (words, changed) in enumerate(coarser, start=1):
        yield Option(steps, words, _put(variable.name, changed))
    if variable.level != INSURANCE or variable.kind != "expected_payer":
        words = f"{variable.name}: leave it out, or show it in a table of its own"
        yield Option(len(coarser) + 1, words, _put(variable.name, None))


def _put(name: str, changed: Variable | None) -> Callable[[TableFacts], TableFacts]:
    def apply(facts: TableFacts) -> TableFacts:
        kept = [changed if v.name == name else v for v in facts.variables]
        return replace(facts, variables=tuple(v for v in kept if v is not None))

    return apply


def _coarser(variable: Variable, pack: RulePack) -> Iterator[tuple[str, Variable]]:
    name, tables = variable.name, pack.scores
    if variable.kind == "age":
        yield from _wider(variable, pack)
    elif variable.kind == "expected_payer" and variable.level == INSURANCE and tables.insurance:
        for people in _bands_above(tables.insurance, variable.population):
            yield (
                f"{name}: no plan of fewer than {people:,} members",
                _larger_group(variable, people),
            )
    elif variable.kind == "expected_payer" and tables.payer is not None:
        known = variable.population
        number = None if known is None else enrolled(known, pack)
        for least in _bands_above(tables.payer.enrolment, number):
            people = least if enrolled(least, pack) == least else least + 1
            words = f"{name}: no programme of fewer than {people:,} people"
            yield words, _larger_group(variable, people)
    else:
        yield from _larger_groups(variable, pack)


def _larger_groups(variable: Variable, pack: RulePack) -> Iterator[tuple[str, Variable]]:
    name, levels = variable.name, _levels(variable, pack)
    level = levels.get(variable.level or "")
    ladder: Ladder | None = None
    if isinstance(level, PopulationLevel):
        ladder = level.ladder
    elif variable.kind == "other" and level is None and variable.population is not None:
        ladder = pack.scores.other.population
    for people in _bands_above(ladder, variable.population) if ladder else ():
        yield f"{name}: no group of fewer than {people:,} people", _larger_group(variable, people)
    if variable.kind == "other" and level is None and ladder is None:
        yield from _fewer_groups(variable, pack.scores.other.groups)
    for coarse in COARSER.get(variable.level or "", ()):
        listed = levels.get(coarse)
        if isinstance(listed, FixedLevel):
            groups = min(variable.groups, listed.groups or variable.groups)
            words = f"{name}: level {coarse} ({listed.means})"
            yield words, replace(variable, level=coarse, groups=groups, population=None)


def _fewer_groups(variable: Variable, ladder: Ladder) -> Iterator[tuple[str, Variable]]:
    now = ladder.points(variable.groups)
    for band in reversed(ladder.bands):
        if band.points < now and band.high is not None:
            words = f"{variable.name}: no more than {band.high} groups"
            yield words, replace(variable, groups=band.high)


def _levels(variable: Variable, pack: RulePack) -> dict[str, Level]:
    match variable.kind:
        case "sex":
            return dict(pack.scores.sex.levels)
        case "race_ethnicity":
            return dict(pack.scores.race_ethnicity.levels)
        case _:
            return dict(pack.scores.other.levels)


def _larger_group(variable: Variable, people: int) -> Variable:
    return replace(variable, population=people)


def _wider(variable: Variable, pack: RulePack) -> Iterator[tuple[str, Variable]]:
    oldest = pack.readings.oldest_age
    open_width = None if variable.opens_at is None else oldest - variable.opens_at + 1
    widths = [w for w in (variable.width, open_width) if w is not None]
    for years in _bands_above(pack.scores.age, min(widths, default=None)):
        opens = variable.opens_at
        if open_width is not None and open_width < years:
            opens = oldest - years + 1
        end = "" if opens is None else f", the last open from {opens} or younger"
        words = f"{variable.name}: no band narrower than {years} years{end}"
        width = None if variable.width is None and opens is not None else years
        kept = max(width, variable.width or 0) if width is not None else None
        yield words, replace(variable, width=kept, opens_at=opens)


def _bands_above(ladder: Ladder, number: int | None) -> Iterator[int]:
    """Yield the least number of each band that scores less, the nearest first."""
    points = ladder.highest + 1 if number is None else ladder.points(number)
    for band in ladder.bands:
        if band.points < points and (number is None or band.low > number):
            points = band.points
            yield band.low


def longer_periods(facts: TableFacts, pack: RulePack) -> Iterator[Option]:
    """Yield the longer periods that one count can cover."""
    table = pack.scores.time
    units: tuple[TimeUnit, ...] = ("month", "quarter", "half_year", "year")
    longer: list[tuple[int, int | TimeUnit]] = [(table.units[u], u) for u in units]
    longer += [(band.points, band.low) for band in table.years.bands if band.low > 1]
    scored = [
        table.years.points(p) if isinstance(p, int) else table.units[p] for p in facts.periods
    ]
    points, steps = max(scored, default=max(table.units.values()) + 1), 0
    for score_of, period in longer:
        if score_of >= points:
            continue
        points, steps = score_of, steps + 1
        length = f"{period} years" if isinstance(period, int) else f"one {period}"
        words = f"time: {length.replace('_', ' ')} or longer in each count"
        yield Option(steps, words, _over(period))


def _over(period: int | TimeUnit) -> Callable[[TableFacts], TableFacts]:
    return lambda facts: replace(facts, periods=(period,))


def larger_areas(facts: TableFacts, pack: RulePack) -> Iterator[Option]:
    """Yield the larger areas that a table can show."""
    known = (facts.residence_population, facts.service_population)
    people = min((p for p in known if p is not None), default=None)
    service = facts.residence_population is None
    ladder = pack.scores.service.population if service else pack.scores.residence
    if people is None:
        return
    for steps, least in enumerate(_bands_above(ladder, people), start=1):
        words = f"area: none of fewer than {least:,} people"
        yield Option(steps, words, _with_people(least))


def _with_people(least: int) -> Callable[[TableFacts], TableFacts]:
    def apply(facts: TableFacts) -> TableFacts:
        home, served = facts.residence_population, facts.service_population
        return replace(
            facts,
            residence_population=None if home is None else max(home, least),
            service_population=None if served is None else max(served, least),
        )

    return apply


def regions_not_addresses(facts: TableFacts, pack: RulePack) -> Iterator[Option]:
    """Yield the regions that can stand for an address."""
    service = pack.scores.service
    if facts.service_place is None:
        return
    place = service.places.get(facts.service_place)
    points, steps = service.population.highest + 1 if place is None else place.points, 0
    for band in service.population.bands:
        if band.points < points:
            points, steps = band.points, steps + 1
            words = f"service: no address, but regions of {band.low:,} people or more"
            yield Option(steps, words, _in_regions(band.low))


def _in_regions(least: int) -> Callable[[TableFacts], TableFacts]:
    def apply(facts: TableFacts) -> TableFacts:
        known = facts.service_population
        people = least if known is None else min(known, least)
        return replace(facts, service_place=None, service_population=people)

    return apply
