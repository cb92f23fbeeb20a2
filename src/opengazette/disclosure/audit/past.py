"""What the releases that the public has seen say of counts, for the audit alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from opengazette.disclosure.audit.knowledge import PublishedTable
from opengazette.disclosure.releases.seen import (
    BETWEEN,
    COUNT,
    OVER,
    Growing,
    Index,
    Key,
    Mask,
    Meanings,
    Quantity,
)

Counts = Mapping[str, NDArray[np.int64]]
#: Tells whether a number of people is known.
Settled = Callable[[Quantity], bool]
Pairs = Mapping[str, list[tuple[int, Quantity | None]]]


class Sum(NamedTuple):
    """A number of people is the sum of others and of `rest` people more."""

    measure: str
    whole: Quantity | int
    parts: tuple[Quantity, ...]
    rest: int


class Tie(NamedTuple):
    """Counts of one cell that are, together, another of its counts; or, if not `exact`, a part."""

    whole: str
    parts: tuple[str, ...]
    exact: bool


class Together(NamedTuple):
    """The counts of one cell, and what ties them to each other."""

    cells: tuple[tuple[str, Quantity | int], ...]
    ties: tuple[Tie, ...]


Fact = Sum | Together


@dataclass(frozen=True)
class Reading:
    """A release as it was published, with the true counts: private."""

    table: PublishedTable
    true: Counts
    told_cells: Index

    @classmethod
    def of(cls, table: PublishedTable, true: Counts, meanings: Meanings) -> Reading:
        """Read a release."""
        return cls(table, true, meanings.of(table.dimensions, table.keys))

    def name(self, measure: str, i: int) -> Quantity:
        """Name the count of a cell."""
        return Quantity(measure, COUNT, int(self.told_cells[i]), (int(self.true[measure][i]),))

    def blank(self, measure: str) -> Mask:
        """Mark the cells that are withheld."""
        return np.isnan(np.asarray(self.table.values[measure], dtype=np.float64))

    def named(self) -> Iterator[Quantity]:
        """List the counts of all cells."""
        for measure in self.table.values:
            yield from (self.name(measure, i) for i in range(len(self.table.keys)))

    def shown(self) -> Iterator[Quantity]:
        """List the counts that are shown."""
        for measure in self.table.values:
            places = np.flatnonzero(~self.blank(measure)).tolist()
            yield from (self.name(measure, i) for i in places)

    def withheld(self) -> Iterator[tuple[Quantity, int]]:
        """List the counts that are withheld, each with its place."""
        for measure in self.table.values:
            places = np.flatnonzero(self.blank(measure)).tolist()
            yield from ((self.name(measure, i), i) for i in places)

    def codes(self) -> Iterator[tuple[Quantity, int]]:
        """List the withheld counts of which the annotation tells the reason."""
        for name, i in self.withheld():
            reasons = self.table.reasons.get(name.measure)
            if reasons is not None and reasons[i]:
                yield name, int(reasons[i])


def facts_of(reading: Reading, settled: Settled) -> Iterator[Fact]:
    """List what a release says of the counts that it withholds and that are not settled."""
    table = reading.table
    for measure in table.values:
        marked = reading.blank(measure)
        for i in np.flatnonzero(marked).tolist():
            marked[i] = not settled(reading.name(measure, i))
        for parent, children in _lines(table, marked):
            yield _sum(measure, parent, children, reading.name, settled)
    ties = (*_parts(table.parts), *(Tie(s.whole, s.parts, s.exact) for s in table.sums))
    sided = [m for m in table.values if any(m in (tie.whole, *tie.parts) for tie in ties)]
    if sided:
        blank = np.logical_or.reduce([reading.blank(m) for m in sided])
        for i in np.flatnonzero(blank).tolist():
            names = [(m, reading.name(m, i)) for m in sided]
            yield Together(tuple((m, q.value if settled(q) else q) for m, q in names), ties)


def growth_facts(readings: Sequence[Reading], growing: Growing, settled: Settled) -> Iterator[Fact]:
    """List what follows from counts that only grow; the readings are in order of time."""
    if growing.over is not None:
        for reading in readings:
            if any(d.name == growing.over for d in reading.table.dimensions):
                yield from _grown(reading, _steps(reading, growing.over), OVER, settled)
    if growing.between_releases:
        for before, after in pairwise(readings):
            yield from _grown(after, _matches(before, after), BETWEEN, settled)


def connected_facts(
    facts: Sequence[Fact], start: Collection[Quantity], settled: Settled
) -> tuple[Fact, ...]:
    """Keep the facts that hang together with a number of people to start from."""
    kept = list(dict.fromkeys(facts))
    number: dict[Quantity, int] = {}
    ends: list[tuple[int, int]] = []
    for row, fact in enumerate(kept):
        fresh = [name for name in names_of(fact) if not settled(name)]
        ends += [(row, number.setdefault(name, len(number))) for name in fresh]
    rows, columns = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    n, shape = len(kept), len(kept) + len(number)
    graph = sparse.csr_array((np.ones(len(rows)), (rows, n + columns)), shape=(shape, shape))
    _, label = connected_components(graph, directed=False)
    begun = {int(label[n + number[name]]) for name in start if name in number}
    return tuple(fact for row, fact in enumerate(kept) if int(label[row]) in begun)


def resolved(fact: Fact, settled: Settled) -> Fact:
    """Put in what is settled, so that what says the same looks the same."""

    def put(number: Quantity | int) -> Quantity | int:
        return number.value if isinstance(number, Quantity) and settled(number) else number

    match fact:
        case Together():
            return Together(tuple((m, put(number)) for m, number in fact.cells), fact.ties)
        case Sum():
            whole = put(fact.whole)
            known = fact.rest + sum(part.value for part in fact.parts if settled(part))
            parts = tuple(part for part in fact.parts if not settled(part))
            if isinstance(whole, int):
                return Sum(fact.measure, whole - known, parts, 0)
            return Sum(fact.measure, whole, parts, known)


def names_of(fact: Fact) -> Iterator[Quantity]:
    """List the numbers of people in a fact that are not settled."""
    match fact:
        case Sum():
            named: tuple[Quantity | int, ...] = (fact.whole, *fact.parts)
        case Together():
            named = tuple(cell for _, cell in fact.cells)
    yield from (name for name in named if isinstance(name, Quantity))


def _parts(parts: Mapping[str, str]) -> tuple[Tie, ...]:
    return tuple(Tie(whole, (part,), exact=False) for part, whole in parts.items())


def _sum(
    measure: str,
    parent: int,
    children: Sequence[int],
    name: Callable[[str, int], Quantity],
    settled: Settled,
) -> Fact:
    below = tuple(name(measure, i) for i in children)
    return resolved(Sum(measure, name(measure, parent), below, 0), settled)


def _lines(table: PublishedTable, marked: Mask) -> Iterator[tuple[int, list[int]]]:
    """List the totals, with their parts, that touch a marked cell."""
    for axis, dimension in enumerate(table.dimensions):
        if not dimension.children or not marked.any():
            continue
        lines: dict[Key, dict[str, int]] = defaultdict(dict)
        touched = {_beside(table.keys[i], axis) for i in np.flatnonzero(marked).tolist()}
        for i, key in enumerate(table.keys):
            if _beside(key, axis) in touched:
                lines[_beside(key, axis)][key[axis]] = i
        for line in lines.values():
            for parent, codes in dimension.children.items():
                if parent in line:
                    children = [line[code] for code in codes if code in line]
                    if marked[[line[parent], *children]].any():
                        yield line[parent], children


def _beside(key: Key, axis: int) -> Key:
    return (*key[:axis], *key[axis + 1 :])


def _steps(reading: Reading, over: str) -> Pairs:
    """Pair each cell with the count one step before it; none is before the first step."""
    table = reading.table
    axis = next(i for i, d in enumerate(table.dimensions) if d.name == over)
    place = {code: i for i, code in enumerate(table.dimensions[axis].codes)}
    at = {(_beside(key, axis), place[key[axis]]): i for i, key in enumerate(table.keys)}
    steps = [(i, at.get((line, step - 1))) for (line, step), i in at.items() if step]
    return {
        m: [(i, None if j is None else reading.name(m, j)) for i, j in steps] for m in table.values
    }


def _matches(before: Reading, after: Reading) -> Pairs:
    """Pair each cell with its count in the release before; none is where it was not there."""
    at = {int(meaning): i for i, meaning in enumerate(before.told_cells)}
    alike = [d.name for d in before.table.dimensions] == [d.name for d in after.table.dimensions]
    places = [(i, at.get(int(meaning))) for i, meaning in enumerate(after.told_cells)]
    there = [(i, j) for i, j in places if alike or j is not None]
    return {
        m: [(i, None if j is None else before.name(m, j)) for i, j in there]
        for m in after.table.values
        if m in before.table.values
    }


def _grown(after: Reading, pairs: Pairs, kind: str, settled: Settled) -> Iterator[Fact]:
    """Say of each count that it is the one before and what was added; and add that up too."""
    added: dict[str, dict[int, Quantity | int]] = {}
    for measure, steps in pairs.items():
        grown = added.setdefault(measure, {})
        for i, then in steps:
            now = after.name(measure, i)
            if then is None or then.value == 0:
                grown[i] = now.value if settled(now) else now
            elif then.value <= now.value:
                grown[i] = _difference(then, now, kind, settled)
                if then != now:
                    yield from _step(then, now, grown[i], settled)
        yield from _added_up(after, measure, grown)
    yield from _added_beside(after, added)


def _difference(then: Quantity, now: Quantity, kind: str, settled: Settled) -> Quantity | int:
    added = Quantity(now.measure, kind, now.meaning, (then.value, now.value))
    known = settled(then) and settled(now)
    return added.value if known or not added.value else added


def _step(then: Quantity, now: Quantity, added: Quantity | int, settled: Settled) -> Iterator[Sum]:
    if isinstance(added, int) and settled(then) and settled(now):
        return
    parts = [q for q in (then, added) if isinstance(q, Quantity) and not settled(q)]
    yield Sum(
        now.measure,
        now.value if settled(now) else now,
        tuple(parts),
        then.value if settled(then) else 0,
    )


def _added_up(after: Reading, measure: str, grown: Mapping[int, Quantity | int]) -> Iterator[Sum]:
    marked = np.zeros(len(after.table.keys), dtype=np.bool_)
    marked[[i for i, name in grown.items() if isinstance(name, Quantity)]] = True
    for parent, children in _lines(after.table, marked):
        if all(i in grown for i in (parent, *children)):
            parts = [grown[i] for i in children]
            named = tuple(q for q in parts if isinstance(q, Quantity))
            yield Sum(measure, grown[parent], named, sum(q for q in parts if isinstance(q, int)))


def _added_beside(
    after: Reading, added: Mapping[str, Mapping[int, Quantity | int]]
) -> Iterator[Together]:
    parts = {p: w for p, w in after.table.parts.items() if p in added and w in added}
    sided = [m for m in added if m in parts or m in parts.values()]
    if not sided:
        return
    for i in sorted(set.intersection(*(set(added[m]) for m in sided))):
        numbers = {m: added[m][i] for m in sided}
        kept = all(_value(numbers[p]) <= _value(numbers[w]) for p, w in parts.items())
        if kept and any(isinstance(q, Quantity) for q in numbers.values()):
            yield Together(tuple(numbers.items()), _parts(parts))


def _value(number: Quantity | int) -> int:
    return number.value if isinstance(number, Quantity) else number
