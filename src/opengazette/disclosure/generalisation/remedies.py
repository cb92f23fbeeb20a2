"""What would bring a score to the limit: the cheapest sets of coarser variables, searched for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from opengazette.disclosure.assessment.facts import TableFacts
from opengazette.disclosure.assessment.scoring import (
    Crossing,
    crossing,
    interaction_points,
    is_insurance,
    score,
)
from opengazette.disclosure.generalisation.coarser_forms import (
    Option,
    coarser_variable,
    larger_areas,
    longer_periods,
    regions_not_addresses,
)
from opengazette.model.rulepack import RulePack


@dataclass(frozen=True)
class Remedy:
    """Changes that bring a score to the limit together; `steps` is how much detail they cost.

    A step is one band of a ladder or one level of a table; leaving a variable out costs one
    more than its coarsest form.
    """

    changes: tuple[str, ...]
    steps: int
    total: int


def cheapest_remedies(facts: TableFacts, pack: RulePack, at_most: int = 5) -> tuple[Remedy, ...]:
    """Return the cheapest sets of changes with which a table scores no more than the limit.

    No set of fewer steps exists. The smallest count is taken to stay what it is, although coarser
    cells hold more. Empty where the score is within the limit, or no changes bring it there.

    Raises:
        DisclosureRisk: the table cannot be scored.
    """
    now = score(facts, pack)
    if not now.exceeds_limit:
        return ()
    found: _Sums = {(now.lines[0].points, Crossing()): [_Way(0, ())]}
    for part in _parts(facts, pack):
        found = _joined(found, part, at_most)
    totals = {
        key: key[0] + interaction_points(facts, key[1], pack)
        for key in found
        if key[0] + interaction_points(facts, key[1], pack) <= pack.thresholds.score
    }
    ways = [
        Remedy(way.words, way.steps, total) for key, total in totals.items() for way in found[key]
    ]
    fewest = min((remedy.steps for remedy in ways), default=0)
    best = [remedy for remedy in ways if remedy.steps == fewest]
    return tuple(sorted(best, key=lambda r: (len(r.changes), r.total, r.changes))[:at_most])


@dataclass(frozen=True)
class _Way:
    steps: int
    words: tuple[str, ...]


_Sums = dict[tuple[int, Crossing], list[_Way]]
"""The cheapest ways to each sum of points and numbers of variables."""


def _joined(found: _Sums, part: _Sums, at_most: int) -> _Sums:
    together: _Sums = {}
    for (points, crossed), ways in found.items():
        for (more, beside), options in part.items():
            key = (points + more, crossed + beside)
            together.setdefault(key, []).extend(
                _Way(way.steps + option.steps, way.words + option.words)
                for way in ways
                for option in options
            )
    return {key: _cheapest(ways, at_most) for key, ways in together.items()}


def _cheapest(ways: Sequence[_Way], at_most: int) -> list[_Way]:
    fewest = min(way.steps for way in ways)
    least = [way for way in ways if way.steps == fewest]
    return sorted(least, key=lambda way: (len(way.words), way.words))[:at_most]


def _parts(facts: TableFacts, pack: RulePack) -> Iterator[_Sums]:
    """Yield what each variable, the time and the population term can come to.

    Their points add up whatever the others are: only the number of crossed variables is shared.
    """
    plans = tuple(v for v in facts.variables if is_insurance(v, pack))
    bare = replace(facts, variables=plans)
    for variable in facts.variables:
        if variable not in plans:
            alone = replace(facts, variables=(*plans, variable))
            yield _sums(alone, [list(coarser_variable(variable, pack))], pack, slice(1, -3))
    yield _sums(bare, [list(longer_periods(facts, pack))], pack, slice(-2, -1))
    areas = [list(coarser_variable(plan, pack)) for plan in plans]
    areas += [list(larger_areas(facts, pack)), list(regions_not_addresses(facts, pack))]
    yield _sums(bare, areas, pack, slice(-3, -2))


def _sums(
    facts: TableFacts, several: Sequence[Sequence[Option]], pack: RulePack, lines: slice
) -> _Sums:
    """Score every choice of at most one option of each list; `lines` are those that count."""
    found: _Sums = {}
    for chosen in product(*((None, *options) for options in several)):
        options = [option for option in chosen if option is not None]
        changed = facts
        for option in options:
            changed = option.apply(changed)
        points = sum(line.points for line in score(changed, pack).lines[lines])
        way = _Way(sum(o.steps for o in options), tuple(o.words for o in options))
        found.setdefault((points, crossing(changed, pack)), []).append(way)
    return {key: _cheapest(ways, len(ways)) for key, ways in found.items()}
