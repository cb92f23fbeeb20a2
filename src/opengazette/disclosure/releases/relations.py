"""What releases say of counts that are still withheld, as equations: for the masker.

The audit collects the same facts anew and by other means: see `disclosure.audit.memory`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from opengazette.disclosure.releases.seen import Key, Quantity
from opengazette.disclosure.releases.sheets import Sheet, Term
from opengazette.disclosure.tables.linear_system import Dimension


class Equation(NamedTuple):
    """A number of people, counted by `measure`, is the sum of others."""

    measure: str
    whole: Term
    parts: tuple[Term, ...]


class Beside(NamedTuple):
    """Counts of one cell, of which some are parts of others."""

    terms: tuple[tuple[str, Term], ...]


Relation = Equation | Beside


def told_by(sheet: Sheet, parts: Mapping[str, str]) -> Iterator[Relation]:
    """List what totals, sums and parts of a sheet say of the cells that not everybody knows."""
    if not any(mask.any() for mask in sheet.open.values()):
        return
    places, above = sheet.places(), [_parents(d) for d in sheet.dimensions]
    for measure, mask in sheet.open.items():
        totals: dict[tuple[int, int], None] = {}
        for i in np.flatnonzero(mask).tolist():
            totals |= dict.fromkeys(_totals_with(sheet, i, places, above))
        for axis, parent in totals:
            yield from _total(sheet, measure, axis, parent, places)
    for whole, names in sheet.sums:
        opened = np.logical_or.reduce([sheet.open[m] for m in (whole, *names)])
        for i in np.flatnonzero(opened).tolist():
            yield _equation(whole, sheet.term(whole, i), [sheet.term(m, i) for m in names])
    yield from _beside(sheet, parts)


def added_to(sheet: Sheet) -> Iterator[Equation]:
    """Say of each count in a sheet of growth that it is the one before and what was added."""
    for measure, mask in sheet.grown.items():
        for i in np.flatnonzero(mask).tolist():
            then, now, added = sheet.before(measure, i), sheet.after(measure, i), sheet.term
            if then.name != now.name:
                more = (added(measure, i),) if now.value > then.value else ()
                yield Equation(measure, now, (then, *more))


def reached(relations: Iterable[Relation], start: Iterable[Quantity]) -> list[Relation]:
    """Keep the relations from which there is a way to one of the starting numbers.

    The others say nothing together with tonight's table that they did not say before.
    """
    kept = list(dict.fromkeys(relations))
    holding: dict[Quantity, list[int]] = {}
    for i, relation in enumerate(kept):
        for name in _names(relation):
            holding.setdefault(name, []).append(i)
    todo, found = list(start), set[int]()
    seen = set(todo)
    while todo:
        for i in holding.get(todo.pop(), ()):
            if i not in found:
                found.add(i)
                fresh = set(_names(kept[i])) - seen
                seen |= fresh
                todo.extend(fresh)
    return [kept[i] for i in sorted(found)]


def _names(relation: Relation) -> Iterator[Quantity]:
    match relation:
        case Equation():
            terms: tuple[Term, ...] = (relation.whole, *relation.parts)
        case Beside():
            terms = tuple(term for _, term in relation.terms)
    yield from (term.name for term in terms if term.name is not None)


def _parents(dimension: Dimension) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for parent, children in dimension.children.items():
        for child in children:
            found.setdefault(child, []).append(parent)
    return found


def _totals_with(
    sheet: Sheet, i: int, places: Mapping[Key, int], above: list[dict[str, list[str]]]
) -> Iterator[tuple[int, int]]:
    key = sheet.keys[i]
    for axis, dimension in enumerate(sheet.dimensions):
        if dimension.children.get(key[axis]):
            yield axis, i
        for parent in above[axis].get(key[axis], ()):
            place = places.get((*key[:axis], parent, *key[axis + 1 :]))
            if place is not None:
                yield axis, place


def _total(
    sheet: Sheet, measure: str, axis: int, parent: int, places: Mapping[Key, int]
) -> Iterator[Equation]:
    key = sheet.keys[parent]
    codes = sheet.dimensions[axis].children[key[axis]]
    found = [places.get((*key[:axis], code, *key[axis + 1 :])) for code in codes]
    children = [i for i in found if i is not None]
    if not all(sheet.grown[measure][i] for i in (parent, *children)):
        return
    yield _equation(
        measure, sheet.term(measure, parent), [sheet.term(measure, i) for i in children]
    )


def _equation(measure: str, whole: Term, below: Sequence[Term]) -> Equation:
    """Say that a number is the sum of others, those that everybody knows as one."""
    parts = tuple(term for term in below if term.name is not None)
    known = sum(term.value for term in below if term.name is None)
    if whole.name is None:
        return Equation(measure, Term(whole.value - known, None), parts)
    return Equation(measure, whole, (*parts, Term(known, None)) if known else parts)


def _beside(sheet: Sheet, parts: Mapping[str, str]) -> Iterator[Beside]:
    kept = {p: w for p, w in parts.items() if p in sheet.open and w in sheet.open}
    measures = [m for m in sheet.open if m in kept or m in kept.values()]
    if not measures:
        return
    rows = np.logical_or.reduce([sheet.open[m] for m in measures])
    rows &= np.logical_and.reduce([sheet.grown[m] for m in measures])
    for part, whole in kept.items():
        rows &= sheet.values[part] <= sheet.values[whole]
    for i in np.flatnonzero(rows).tolist():
        yield Beside(tuple((m, sheet.term(m, i)) for m in measures))
