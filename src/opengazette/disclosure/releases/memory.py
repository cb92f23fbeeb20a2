"""Tonight's table together with all that the public has seen, as one table to be masked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.releases.relations import (
    Beside,
    Equation,
    Relation,
    added_to,
    reached,
    told_by,
)
from opengazette.disclosure.releases.seen import (
    COUNT,
    STEADY,
    Growing,
    Key,
    Mask,
    Meanings,
    Quantity,
    SeenTable,
    come_back,
    public_already,
)
from opengazette.disclosure.releases.sheets import Sheet, Term, growths, release_sheet
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.disclosure.tables.moves import listed_moves

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

#: The dimension of the cells that stand for what earlier and linked releases say.
PAST = "past"
ELSEWHERE = ""
# Nobody sees these cells again, so withholding them loses nothing.
PRICE_OF_PAST = 1e-3
#: Price of a cell that was withheld before and has not changed, beside 1 for any other.
PRICE_OF_WITHHELD_BEFORE = 0.01


@dataclass(frozen=True)
class Remembered:
    """Tonight's table and what is known beside it: private.

    Shape: tonight's cells, in their order, then those that say how withheld counts of other
    releases, and what was added, hang together. `open` marks, for each measure, the cells that
    not everybody knows; `spared` those that cannot be protected as they were given away before.
    `before` marks tonight's counts that have not changed and were never shown.
    """

    table: CellTable
    n_tonight: int
    open: Mapping[str, Mask]
    spared: Mapping[str, Mask]
    tonights: Mapping[str, Mask]
    before: Mapping[str, Mask]

    def concerns(
        self, tonight: Sequence[Concern], rule: SmallCountRule, protection: Protection
    ) -> list[Concern]:
        """Return what is protected: tonight's counts, and the small ones of other releases.

        A count that stands in tonight's table too is protected by what is decided tonight.
        """
        small = {
            m: primary_cells(c, rule) & rule.applies_to(m) & ~self.tonights[m]
            for m, c in self.table.counts.items()
        }
        found = [Concern(self._whole(c.cells, fill=False), c.demand) for c in tonight]
        if not any(c.demand == protection for c in found):
            found.insert(0, Concern(dict.fromkeys(small, np.zeros(0, dtype=np.bool_)), protection))
        merged = [
            Concern({m: _or(c.cells[m], small[m]) for m in small}, c.demand)
            if c.demand == protection
            else c
            for c in found
        ]
        known = {m: ~self.open[m] | self.spared[m] for m in small}
        return [c for c in (each.without(known) for each in merged) if c.any]

    def prices(self, tonight: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return the prices of all cells: what was withheld before goes rather than others."""
        past = np.full(len(self.table.keys) - self.n_tonight, PRICE_OF_PAST)
        ours = {m: tonight.get(m, np.ones(self.n_tonight)) for m in self.table.measures}
        return {
            m: np.concatenate([np.where(self.before[m], PRICE_OF_WITHHELD_BEFORE * p, p), past])
            for m, p in ours.items()
        }

    def must_publish(self, kept: Mapping[str, Mask]) -> dict[str, Mask]:
        """Mark the cells that stay: what everybody knows, and what a person wants shown."""
        return {m: mask | ~self.open[m] for m, mask in self._whole(kept, fill=False).items()}

    def codes(self, tonight: Mapping[str, Codes]) -> dict[str, Codes]:
        """Return annotation codes for all cells; nothing was told of those that stand beside."""
        n, nothing = len(self.table.keys), np.zeros(self.n_tonight, dtype=np.int64)
        past = np.zeros(n - self.n_tonight, dtype=np.int64)
        return {m: np.concatenate([tonight.get(m, nothing), past]) for m in self.table.measures}

    def tonight(self, masks: Mapping[str, Mask]) -> dict[str, Mask]:
        """Return the flags of tonight's cells alone."""
        return {m: np.asarray(mask[: self.n_tonight], dtype=np.bool_) for m, mask in masks.items()}

    def tonights_moves(self, moves: sparse.csr_array) -> pd.DataFrame:
        """List the moves that move tonight's cells alone."""
        return listed_moves(moves, self.table.measures, len(self.table.keys), self.n_tonight)

    def _whole(self, tonight: Mapping[str, Mask], *, fill: bool) -> dict[str, Mask]:
        past = np.full(len(self.table.keys) - self.n_tonight, fill)
        nothing = np.zeros(self.n_tonight, dtype=np.bool_)
        return {m: np.concatenate([tonight.get(m, nothing), past]) for m in self.table.measures}


def remember(
    tonight: CellTable,
    seen: Sequence[SeenTable],
    growing: Growing = STEADY,
    *,
    rule: SmallCountRule | None = None,
    given_away: Collection[Quantity] = (),
    meanings: Meanings | None = None,
) -> Remembered:
    """Join tonight's true table with every release that the public has seen, newest first.

    A count has not changed where both the cell and the number are the same: the public is taken
    to know that, and so to know each count that some release shows. What releases say of counts
    that none of them shows is added as cells and equations, if there is a way from them to
    tonight's cells; counts that tonight's table lacks are then further measures of no people
    tonight. With `growing`, what was added is a count too. Counts `given_away` by earlier
    releases together are not to be protected again. A count that is small by the `rule`, was
    another number the night before and is now what an older release has shown is not known.
    """
    names = meanings or Meanings()
    public = public_already(seen, names)
    if rule is not None:
        public -= come_back(tonight, seen, rule, names)
    sheets = [_sheet(table, names, public) for table in seen]
    new = release_sheet(
        tonight,
        names.of(tonight.dimensions, tonight.keys),
        {m: np.asarray(counts) > 0 for m, counts in tonight.counts.items()},
        public,
    )
    own = [sheet for sheet, table in zip(sheets, seen, strict=True) if table.own][::-1]
    added = list(growths([*own, new], growing))
    relations = chain.from_iterable(
        chain(told_by(sheet, tonight.parts), added_to(sheet) if sheet.ends else ())
        for sheet in (*sheets, *added)
    )
    start = _names(new)
    cells = _Cells(tonight, {name: (name.measure, i) for name, i in start.items()}, given_away)
    found = reached(relations, start)
    known = set(told_by(new, tonight.parts)) if found else set()
    for relation in found:
        if relation not in known:
            cells.add(relation)
    hidden = {name for sheet in sheets for name in _names(sheet)}
    return cells.remembered(new.open, hidden)


def _sheet(seen: SeenTable, names: Meanings, public: set[Quantity]) -> Sheet:
    table = seen.true
    withheld = {m: seen.withheld(m) for m in table.measures}
    told = names.of(table.dimensions, table.keys)
    sums = tuple((added.whole, added.parts) for added in seen.public.sums)
    return release_sheet(table, told, withheld, public, sums)


def _names(sheet: Sheet) -> dict[Quantity, int]:
    found = {}
    for m, mask in sheet.open.items():
        for i in np.flatnonzero(mask).tolist():
            value = int(sheet.values[m][i])
            found[Quantity(m, COUNT, int(sheet.told[i]), (value,))] = i
    return found


def _or(one: Mask, other: Mask) -> Mask:
    return one | other if len(one) else other


@dataclass
class _Cells:
    """The cells beside tonight's, as they are added."""

    tonight: CellTable
    homes: dict[Quantity, tuple[str, int]]
    given_away: Collection[Quantity]
    children: dict[str, tuple[str, ...]] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    rows: list[dict[str, Term]] = field(default_factory=list)
    same: list[tuple[tuple[str, int], tuple[str, int]]] = field(default_factory=list)

    def add(self, relation: Relation) -> None:
        """Add the cells of a relation; each is tied to the first of the same name."""
        match relation:
            case Equation():
                whole = self._cell(self._filled(relation.measure, relation.whole, len(relation[2])))
                self.children[whole] = tuple(
                    self._cell(self._filled(relation.measure, term, 1)) for term in relation.parts
                )
            case Beside():
                self._cell(dict(relation.terms))

    def remembered(self, opened: Mapping[str, Mask], hidden: set[Quantity]) -> Remembered:
        """Return tonight's cells with all that were added."""
        n, names = len(self.tonight.keys), self._measures()
        past = {m: [row.get(m, Term(0, None)) for row in self.rows] for m in names}
        flags = {m: np.array([t.name is not None for t in past[m]], dtype=bool) for m in names}
        spared = {m: np.zeros(n + len(self.rows), dtype=np.bool_) for m in names}
        tonights = {m: np.arange(n + len(self.rows)) < n for m in names}
        before = {m: np.zeros(n, dtype=np.bool_) for m in names}
        lacking = np.zeros(n, dtype=np.bool_)
        for name, (measure, home) in self.homes.items():
            if home < n and name in hidden:
                before[measure][home] = True
            if home < n and name in self.given_away:
                spared[measure][home] = True
        for m in names:
            spared[m][n:] = [term.name in self.given_away for term in past[m]]
            homes = [n if t.name is None else self.homes[t.name][1] for t in past[m]]
            tonights[m][n:] = np.array(homes, dtype=np.int64) < n
        return Remembered(
            table=self._table(past) if self.rows else self.tonight,
            n_tonight=n,
            open={m: np.concatenate([opened.get(m, lacking), flags[m]]) for m in names},
            spared=spared,
            tonights=tonights,
            before=before,
        )

    def _cell(self, row: dict[str, Term]) -> str:
        at = len(self.tonight.keys) + len(self.rows)
        for measure, term in row.items():
            if term.name is not None:
                home = self.homes.setdefault(term.name, (measure, at))
                if home != (measure, at):
                    self.same.append((home, (measure, at)))
        self.codes.append(str(len(self.rows)))
        self.rows.append(row)
        return self.codes[-1]

    def _filled(self, measure: str, term: Term, times: int) -> dict[str, Term]:
        """Give the wholes of a measure room, so that the cell says nothing of them."""
        row, most, part = {measure: term}, times * self._room, measure
        while part in self.tonight.parts:
            part = self.tonight.parts[part]
            row[part] = Term(term.value + most, None)
        return row

    def _measures(self) -> tuple[str, ...]:
        """List tonight's counts, then those that other releases tie to them."""
        further = (measure for row in self.rows for measure in row)
        return tuple(dict.fromkeys([*self.tonight.measures, *further]))

    @property
    def _room(self) -> int:
        return 10 * max(int(np.max(c, initial=1)) for c in self.tonight.counts.values())

    def _table(self, past: Mapping[str, list[Term]]) -> CellTable:
        old, width = self.tonight, len(self.tonight.keys) + len(self.rows)
        dimensions = [Dimension(d.name, d.total, d.children, _with_none(d)) for d in old.dimensions]
        nowhere = (ELSEWHERE,) * len(dimensions)
        keys: list[Key] = [(*key, ELSEWHERE) for key in old.keys]
        keys += [(*nowhere, code) for code in self.codes]
        number = {m: i * width for i, m in enumerate(past)}
        n, lacking = len(old.keys), np.zeros(len(old.keys), dtype=np.int64)
        ours = [(i // n * width + i % n, j // n * width + j % n) for i, j in old.same]
        return CellTable(
            (*dimensions, Dimension(PAST, None, self.children, (ELSEWHERE, *self.codes))),
            tuple(keys),
            {
                m: np.concatenate(
                    [old.counts.get(m, lacking), np.array([t.value for t in terms], dtype=np.int64)]
                )
                for m, terms in past.items()
            },
            old.parts,
            old.absent,
            (*ours, *((number[a] + i, number[b] + j) for (a, i), (b, j) in self.same)),
        )


def _with_none(dimension: Dimension) -> tuple[str, ...]:
    return (*dimension.codes, ELSEWHERE)
