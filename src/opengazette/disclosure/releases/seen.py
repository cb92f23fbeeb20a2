"""Releases that the public has seen, and which of their cells stand for the same count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.knowledge import PublishedTable
from opengazette.disclosure.primary.counts import SmallCountRule, primary_cells
from opengazette.disclosure.tables.linear_system import CellTable, Dimension

Key = tuple[str, ...]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

COUNT, OVER, BETWEEN = "count", "added along the table", "added between releases"


class Quantity(NamedTuple):
    """A number of people, equal wherever it stands: private.

    `kind` is COUNT, or the way in which counts grow; `meaning` numbers what is counted. `values`
    holds the count, or for a growth the counts before and after.
    """

    measure: str
    kind: str
    meaning: int
    values: tuple[int, ...]

    @property
    def value(self) -> int:
        """Return the number of people."""
        return self.values[-1] - (self.values[0] if len(self.values) > 1 else 0)


@dataclass(frozen=True)
class SeenTable:
    """A release that the public has seen: private, for it holds the true counts beside.

    `own` tells an earlier release of tonight's dataset from one of a linked dataset. Dimensions
    and measures have tonight's names where they are the same.
    """

    true: CellTable
    public: PublishedTable
    own: bool = True

    def withheld(self, measure: str) -> Mask:
        """Mark the cells that are blank."""
        return np.isnan(np.asarray(self.public.values[measure], dtype=np.float64))


@dataclass(frozen=True)
class Growing:
    """In which way tonight's counts grow: along a dimension, or from release to release."""

    over: str | None = None
    between_releases: bool = False


#: The counts may fall as well as rise: their differences are no counts of people.
STEADY = Growing()


@dataclass
class Meanings:
    """Numbers what cells count: the same number for the same codes in all but the totals.

    A total says the same as a table without the dimension.
    """

    numbers: dict[frozenset[tuple[str, str]], int] = field(default_factory=dict)
    by_form: dict[tuple[tuple[str, str | None], ...], dict[Key, int]] = field(default_factory=dict)

    def of(self, dimensions: tuple[Dimension, ...], keys: tuple[Key, ...]) -> Index:
        """Return the number of what each cell counts, in the order of the keys."""
        form = tuple((d.name, d.total) for d in dimensions)
        known = self.by_form.setdefault(form, {})
        for key in keys:
            if key not in known:
                pairs = zip(form, key, strict=True)
                told = frozenset((name, code) for (name, total), code in pairs if code != total)
                known[key] = self.numbers.setdefault(told, len(self.numbers))
        return np.fromiter((known[key] for key in keys), dtype=np.int64, count=len(keys))


def public_already(seen: Iterable[SeenTable], meanings: Meanings) -> set[Quantity]:
    """Collect the counts that some release shows: no later one can take them back."""
    found: set[Quantity] = set()
    last: dict[str, dict[int, int]] = defaultdict(dict)
    for table in seen:
        told = meanings.of(table.true.dimensions, table.true.keys)
        for measure, counts in table.true.counts.items():
            shown, before = np.flatnonzero(~table.withheld(measure)), last[measure]
            pairs = zip(told[shown].tolist(), np.asarray(counts)[shown].tolist(), strict=True)
            for meaning, value in pairs:
                if before.get(meaning) != value:
                    before[meaning] = value
                    found.add(Quantity(measure, COUNT, meaning, (value,)))
    return found


def come_back(
    tonight: CellTable, seen: Iterable[SeenTable], rule: SmallCountRule, meanings: Meanings
) -> set[Quantity]:
    """Collect tonight's small counts that were another number in the release before.

    That they are again what an older release has shown is known to nobody.
    """
    told = meanings.of(tonight.dimensions, tonight.keys).tolist()
    before: dict[str, dict[int, int]] = defaultdict(dict)
    for table in seen:
        if table.own:
            there = meanings.of(table.true.dimensions, table.true.keys).tolist()
            for m, counts in table.true.counts.items():
                for meaning, value in zip(there, np.asarray(counts).tolist(), strict=True):
                    before[m].setdefault(meaning, value)
    return {
        Quantity(m, COUNT, told[i], (int(counts[i]),))
        for m, counts in tonight.counts.items()
        if rule.applies_to(m)
        for i in np.flatnonzero(primary_cells(counts, rule)).tolist()
        if before[m].get(told[i], counts[i]) != counts[i]
    }
