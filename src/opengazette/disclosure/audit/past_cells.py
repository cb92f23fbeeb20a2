"""Facts about withheld counts as further cells of a published table, so that they are attacked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.knowledge import PublishedSum, PublishedTable
from opengazette.disclosure.audit.past import Fact, Reading, Sum, Tie, Together
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.releases.seen import Quantity
from opengazette.disclosure.tables.linear_system import Dimension

Number = Quantity | int

#: The further dimension of the joined table; what a cell has instead of a code of another's.
SAID, NONE = "said elsewhere", ""


@dataclass
class PastCells:
    """Tonight's cells and those of facts about withheld counts, as they are added: private.

    Counts that tonight's table does not have are columns too, in which tonight's cells are 0.

    A number of people that is not `known` is withheld in every cell that holds it, and these
    cells are the same. One that is small and known is pinned by an equation: shown, it would
    look like a leak.
    """

    new: Reading
    rule: SmallCountRule
    known: Collection[Quantity]
    rows: list[dict[str, Number]] = field(default_factory=list)
    trees: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[Quantity, int] = field(default_factory=dict)
    pairs: list[tuple[str, int, int]] = field(default_factory=list)
    pinned: set[Quantity] = field(default_factory=set)
    ties: dict[Tie, list[int]] = field(default_factory=dict)
    far: int = 0

    def __post_init__(self) -> None:
        """Begin with tonight's withheld cells, and a number beyond all that is attacked."""
        self.places.update(self.new.withheld())
        self.far = 1000 + 10 * max(int(np.max(c, initial=0)) for c in self.new.true.values())

    def add(self, fact: Fact) -> None:
        """Add the cells of a fact, unless nothing in it is withheld."""
        match fact:
            case Sum():
                if any(self._is_open(number) for number in (fact.whole, *fact.parts)):
                    self._sum(fact.measure, fact.whole, [*fact.parts, fact.rest])
            case Together():
                if any(self._is_open(number) for _, number in fact.cells):
                    self._tied(fact)

    def pin(self, number: Quantity) -> None:
        """Say what a withheld number is."""
        if number not in self.pinned:
            self.pinned.add(number)
            self._sum(number.measure, number.value + self.far, [number, self.far])

    def joined(self, told: Mapping[Quantity, int]) -> PublishedTable:
        """Return the published table with all that was added; `told` are annotation codes."""
        table, n = self.new.table, len(self.new.table.keys)
        width, measures = n + len(self.rows), self._measures()
        number = {m: i * width for i, m in enumerate(measures)}
        codes = tuple(str(i) for i in range(len(self.rows)))
        nowhere = (NONE,) * len(table.dimensions)
        lacking = np.zeros(n)
        values = {
            m: np.concatenate([table.values.get(m, lacking), self._shown(m)]) for m in measures
        }
        pad: NDArray[np.float64] = np.full(len(self.rows), np.nan)
        ours = [(a // n * width + a % n, b // n * width + b % n) for a, b in table.same]
        return PublishedTable(
            dimensions=(
                *(
                    Dimension(d.name, d.total, d.children, (*d.codes, NONE))
                    for d in table.dimensions
                ),
                Dimension(SAID, None, self.trees, (NONE, *codes)),
            ),
            keys=(*((*key, NONE) for key in table.keys), *((*nowhere, code) for code in codes)),
            values=values,
            parts=table.parts,
            rates=tuple(replace(r, values=np.concatenate([r.values, pad])) for r in table.rates),
            reasons=self._reasons(told),
            absent=table.absent,
            sums=(
                *table.sums,
                *(PublishedSum(t.whole, t.parts, rows, t.exact) for t, rows in self.ties.items()),
            ),
            same=(*ours, *((number[m] + a, number[m] + b) for m, a, b in self.pairs)),
        )

    def names(self) -> dict[str, tuple[Quantity | None, ...]]:
        """Name the number of people in each cell that is not known, by measure."""
        found: dict[str, list[Quantity | None]] = {}
        for m in self._measures():
            found[m] = [None] * len(self.new.table.keys)
            found[m] += [n if isinstance(n, Quantity) else None for n in self._column(m)]
        for name, place in self.new.withheld():
            found[name.measure][place] = name
        return {
            m: tuple(None if name in self.pinned else name for name in names)
            for m, names in found.items()
        }

    def true(self) -> dict[str, NDArray[np.int64]]:
        """Return the true number of people in each cell, by measure."""
        lacking = np.zeros(len(self.new.table.keys), dtype=np.int64)
        return {
            m: np.concatenate(
                [
                    self.new.true[m] if m in self.new.table.values else lacking,
                    np.array([_value(n) for n in self._column(m)], dtype=np.int64),
                ]
            )
            for m in self._measures()
        }

    def _measures(self) -> list[str]:
        """List tonight's counts, then those that other releases tie to them."""
        return list(dict.fromkeys([*self.new.table.values, *(m for row in self.rows for m in row)]))

    def _tied(self, fact: Together) -> None:
        """Add the counts of one cell, and what the table's own parts do not say of them."""
        row, parts = dict(fact.cells), self.new.table.parts
        for measure in tuple(row):
            row = {**self._with_room(measure, row[measure], 1), **row}
        place = len(self.new.table.keys) + int(self._cell(row))
        for tie in fact.ties:
            if tie.exact or any(parts.get(part) != tie.whole for part in tie.parts):
                self.ties.setdefault(tie, []).append(place)

    def _sum(self, measure: str, whole: Number, parts: list[Number]) -> None:
        below = [part for part in parts if part]
        code = self._cell(self._with_room(measure, whole, len(below)))
        self.trees[code] = tuple(self._cell(self._with_room(measure, part, 1)) for part in below)

    def _with_room(self, measure: str, number: Number, times: int) -> dict[str, Number]:
        """Give the wholes of a measure so large a value that it says nothing."""
        row, above = {measure: number}, measure
        while above in self.new.table.parts:
            above = self.new.table.parts[above]
            row[above] = times * self.far
        return row

    def _cell(self, row: dict[str, Number]) -> str:
        kept = {measure: self._written(measure, number) for measure, number in row.items()}
        at = len(self.new.table.keys) + len(self.rows)
        for measure, number in kept.items():
            if isinstance(number, Quantity):
                home = self.places.setdefault(number, at)
                if home != at:
                    self.pairs.append((measure, home, at))
        self.rows.append(kept)
        return str(at - len(self.new.table.keys))

    def _written(self, measure: str, number: Number) -> Number:
        """Return a number as it stands in a cell: withheld, shown, or withheld and pinned."""
        if self._is_open(number):
            return number
        if not (self.rule.applies_to(measure) and self._is_small(_value(number))):
            return _value(number)
        known = Quantity(measure, "known", 0, (_value(number),))
        self.pin(known)
        return known

    def _is_small(self, value: int) -> bool:
        return self.rule.least <= value < self.rule.threshold

    def _is_open(self, number: Number) -> bool:
        if not isinstance(number, Quantity):
            return False
        return number in self.pinned or not (number.value == 0 or number in self.known)

    def _column(self, measure: str) -> list[Number]:
        return [row.get(measure, 0) for row in self.rows]

    def _shown(self, measure: str) -> NDArray[np.float64]:
        column = self._column(measure)
        return np.array([np.nan if isinstance(n, Quantity) else n for n in column], dtype=float)

    def _reasons(self, told: Mapping[Quantity, int]) -> dict[str, NDArray[np.int64]]:
        reasons = {}
        for m, names in self.names().items():
            codes = np.array([told.get(q, 0) if q else 0 for q in names], dtype=np.int64)
            now = self.new.table.reasons.get(m)
            if now is not None:
                codes[: len(now)] = np.where(now, now, codes[: len(now)])
            reasons[m] = codes
        return reasons if any(codes.any() for codes in reasons.values()) else {}


def _value(number: Number) -> int:
    return number.value if isinstance(number, Quantity) else number
