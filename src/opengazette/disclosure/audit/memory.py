"""What a reader of every release knows of the counts that tonight's table withholds.

The facts are collected anew, from what was published; nothing is shared with the masker but the
names of what cells count. Which counts have not changed is taken from the true tables: the
public is taken to know it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.audit.audit import attack
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.knowledge import SMALL, PublishedTable
from opengazette.disclosure.audit.past import (
    Fact,
    Reading,
    Settled,
    connected_facts,
    facts_of,
    growth_facts,
    names_of,
    resolved,
)
from opengazette.disclosure.audit.past_cells import PastCells
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.releases.seen import (
    STEADY,
    Growing,
    Mask,
    Meanings,
    Quantity,
    SeenTable,
    come_back,
    public_already,
)
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.disclosure.tables.moves import read_moves

Counts = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Reader:
    """Somebody who has kept every release, before tonight's table: private.

    Shape: `published` holds tonight's cells, then what other releases say; `true` the counts.
    `names` gives, for each measure, the number of people in each cell that is not known.
    `already` marks tonight's counts that the public knows from another release. `compared`
    numbers the releases that were read, `facts` what they say beyond tonight's table.
    """

    published: PublishedTable
    true: Counts
    n_tonight: int
    names: Mapping[str, tuple[Quantity | None, ...]]
    already: Mapping[str, Mask]
    compared: int
    facts: int

    def concerns(self, tonight: Sequence[Concern]) -> list[Concern]:
        """Return what is protected tonight, without what everybody knows already."""
        n = len(self.published.keys) - self.n_tonight
        past = np.zeros(n, dtype=np.bool_)
        return [
            Concern(
                {m: np.concatenate([mask & ~self.already[m], past]) for m, mask in c.cells.items()},
                c.demand,
            )
            for c in tonight
        ]

    def small(self, rule: SmallCountRule) -> dict[str, Mask]:
        """Mark every small count, tonight's and those of other releases."""
        return {m: primary_cells(c, rule) & rule.applies_to(m) for m, c in self.true.items()}

    def past(self, rule: SmallCountRule, protection: Protection) -> Concern:
        """Return the small counts of other releases, and small growths, that tonight may tell.

        Each number of people is protected once, wherever it stands; tonight's own are not here.
        """
        cells = {}
        for m, names in self.names.items():
            mask = _once(names, lambda name: _is_small(name, rule))
            mask[: self.n_tonight] = False
            cells[m] = mask
        return Concern(cells, protection)

    def guess(self, proof: pd.DataFrame | None = None) -> Guess:
        """Return the true counts: where a search for counts that fit can begin, and no more.

        `proof` lists moves of tonight's counts that may lead from there to others.
        """
        measures, cells = list(self.published.values), len(self.published.keys)
        moves = None if proof is None else read_moves(proof, measures, cells)
        return Guess.of_counts(measures, self.true, moves)

    def named(self, wanted: Collection[Quantity]) -> dict[str, Mask]:
        """Mark one cell of each of some numbers of people."""
        return {m: _once(names, wanted.__contains__) for m, names in self.names.items()}

    def intervals(
        self, cells: Mapping[str, Mask], protection: Protection, rule: SmallCountRule
    ) -> dict[Quantity, tuple[float, float]]:
        """Bound numbers of people as far as they must be uncertain; all that do not pass."""
        at = {key: i for i, key in enumerate(self.published.keys)}
        found = {}
        for finding in attack(self.published, cells, protection, rule, guess=self.guess()):
            name = self.names[finding.measure][at[finding.key]]
            if name is not None and not (finding.covered and finding.proved):
                found[name] = (
                    max(finding.low, protection.low),
                    min(finding.high, protection.high),
                )
        return found


def reader_of(
    tonight: PublishedTable,
    true: Counts,
    seen: Sequence[SeenTable],
    rule: SmallCountRule,
    growing: Growing = STEADY,
    *,
    meanings: Meanings | None = None,
) -> Reader:
    """Give tonight's public table to somebody who has kept every release, newest first.

    Shape: `true` holds tonight's counts in the order of the keys.
    """
    numbers = meanings or Meanings()
    now = CellTable(tonight.dimensions, tonight.keys, true)
    public = public_already(seen, numbers) - come_back(now, seen, rule, numbers)
    new = Reading.of(tonight, true, numbers)
    settled, past = _settled(public), _read(seen, numbers)
    own = [reading for reading, table in zip(past, seen, strict=True) if table.own]
    facts = [fact for reading in past for fact in facts_of(reading, settled)]
    facts += growth_facts([*own[::-1], new], growing, settled)
    reached = connected_facts(facts, list(new.named()), settled)
    known = _settled({*public, *new.shown()})
    said = set(facts_of(new, known)) if reached else set()
    further = dict.fromkeys(resolved(fact, known) for fact in reached)
    told = [fact for fact in further if fact not in said and any(names_of(fact))]
    return _reader(new, told, public, _told(past, rule), rule, len(seen))


def given_away_before(
    tonight: PublishedTable,
    true: Counts,
    seen: Sequence[SeenTable],
    rule: SmallCountRule,
    protection: Protection,
    growing: Growing = STEADY,
    *,
    meanings: Meanings | None = None,
) -> dict[Quantity, tuple[float, float]]:
    """Find small counts that the earlier releases give away together, without tonight's table.

    Returns how narrow each is. Such a count cannot be protected any more.
    """
    numbers = meanings or Meanings()
    now = CellTable(tonight.dimensions, tonight.keys, true)
    public = public_already(seen, numbers) - come_back(now, seen, rule, numbers)
    settled, past = _settled(public), _read(seen, numbers)
    blank = Reading.of(_unseen(tonight, true), true, numbers)
    own = [reading for reading, table in zip(past, seen, strict=True) if table.own]
    facts = [fact for reading in past for fact in facts_of(reading, settled)]
    facts += growth_facts(own[::-1], growing, settled)
    reader = _reader(blank, facts, public, _told(past, rule), rule, len(seen))
    small = {m: _once(names, lambda q: _is_small(q, rule)) for m, names in reader.names.items()}
    return reader.intervals(small, protection, rule)


def _once(names: Sequence[Quantity | None], wanted: Callable[[Quantity], bool]) -> Mask:
    """Mark the first cell of each number of people that is wanted."""
    first = {name: i for i, name in reversed(list(enumerate(names))) if name is not None}
    mask = np.zeros(len(names), dtype=np.bool_)
    mask[[i for name, i in first.items() if wanted(name)]] = True
    return mask


def _is_small(number: Quantity, rule: SmallCountRule) -> bool:
    return rule.applies_to(number.measure) and rule.least <= number.value < rule.threshold


def _settled(known: Collection[Quantity]) -> Settled:
    return lambda number: number.value == 0 or number in known


def _read(seen: Sequence[SeenTable], meanings: Meanings) -> list[Reading]:
    return [Reading.of(table.public, table.true.counts, meanings) for table in seen]


def _unseen(tonight: PublishedTable, true: Counts) -> PublishedTable:
    """Return tonight's cells before tonight: nothing but the true zeros is known of them."""
    alone = tuple(Dimension(d.name, d.total, {}, d.codes) for d in tonight.dimensions)
    values = {m: np.where(true[m] == 0, 0.0, np.nan) for m in tonight.values}
    return replace(tonight, dimensions=alone, values=values, rates=(), reasons={}, same=())


def _told(past: Sequence[Reading], rule: SmallCountRule) -> dict[Quantity, int]:
    """Collect what annotation codes have said of withheld counts, where it is still right."""
    return {
        name: code
        for reading in reversed(past)
        for name, code in reading.codes()
        if (name.value < rule.threshold) == (code == SMALL)
    }


def _reader(
    new: Reading,
    facts: Sequence[Fact],
    public: Collection[Quantity],
    told: Mapping[Quantity, int],
    rule: SmallCountRule,
    compared: int,
) -> Reader:
    cells = PastCells(new, rule, {*public, *new.shown()})
    already = {m: np.zeros(len(new.table.keys), dtype=np.bool_) for m in new.table.values}
    for name, place in new.withheld():
        if name in public:
            already[name.measure][place] = True
            cells.pin(name)
    for fact in facts:
        cells.add(fact)
    published, names, n = cells.joined(told), cells.names(), len(new.table.keys)
    return Reader(published, cells.true(), n, names, already, compared, len(facts))
