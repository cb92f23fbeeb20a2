"""Releases, and what was added from one to the next, as sheets of numbers of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from opengazette.disclosure.releases.seen import (
    BETWEEN,
    COUNT,
    OVER,
    Growing,
    Index,
    Key,
    Mask,
    Quantity,
)
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.disclosure.tables.measure_sums import MeasureSums


class Term(NamedTuple):
    """One number of people; without a name it is known to everybody."""

    value: int
    name: Quantity | None


@dataclass(frozen=True)
class Sheet:
    """The cells of a release, or what was added to each of them.

    Shape: one entry per key. `told` numbers what each cell counts; `open` marks what not everybody
    knows. A sheet of growth has the counts `then` and `now` of which `values` are the differences;
    `grown` marks the cells of which the count did not fall. `sums` are the counts of a release
    that others add up to in every cell.
    """

    dimensions: tuple[Dimension, ...]
    keys: tuple[Key, ...]
    told: Index
    values: Mapping[str, Index]
    open: Mapping[str, Mask]
    grown: Mapping[str, Mask]
    kind: str = COUNT
    ends: Mapping[str, tuple[Ends, Ends]] | None = None
    sums: MeasureSums = ()

    def places(self) -> dict[Key, int]:
        """Return the place of each key."""
        return {key: i for i, key in enumerate(self.keys)}

    def term(self, measure: str, i: int) -> Term:
        """Return one number of people, by its name unless everybody knows it."""
        value = int(self.values[measure][i])
        if not self.open[measure][i]:
            return Term(value, None)
        if self.ends is None:
            return Term(value, Quantity(measure, COUNT, int(self.told[i]), (value,)))
        then, now = (int(end.values[i]) for end in self.ends[measure])
        if then == 0:
            return self.after(measure, i)
        return Term(value, Quantity(measure, self.kind, int(self.told[i]), (then, now)))

    def before(self, measure: str, i: int) -> Term:
        """Return the count before."""
        return self._end(measure, 0, i)

    def after(self, measure: str, i: int) -> Term:
        """Return the count after."""
        return self._end(measure, 1, i)

    def _end(self, measure: str, which: int, i: int) -> Term:
        if self.ends is None:
            return self.term(measure, i)
        end = self.ends[measure][which]
        value = int(end.values[i])
        name = Quantity(measure, COUNT, int(end.told[i]), (value,)) if end.open[i] else None
        return Term(value, name)


@dataclass(frozen=True)
class Ends:
    """Counts before or after a growth: one per key of the sheet of growth."""

    told: Index
    values: Index
    open: Mask


def release_sheet(
    table: CellTable,
    told: Index,
    withheld: Mapping[str, Mask],
    public: set[Quantity],
    sums: MeasureSums = (),
) -> Sheet:
    """Read a release: what it withholds is open unless another release shows it."""
    everywhere = np.ones(len(table.keys), dtype=np.bool_)
    values = {m: np.asarray(c, dtype=np.int64) for m, c in table.counts.items()}
    opened = {m: withheld[m].copy() for m in values}
    for m, mask in opened.items():
        for i in np.flatnonzero(mask).tolist():
            mask[i] = Quantity(m, COUNT, int(told[i]), (int(values[m][i]),)) not in public
    grown = dict.fromkeys(values, everywhere)
    return Sheet(table.dimensions, table.keys, told, values, opened, grown, sums=sums)


def growths(releases: list[Sheet], growing: Growing) -> Iterator[Sheet]:
    """List what was added along each release and from each to the next, in order of time."""
    if growing.over is not None:
        over = growing.over
        alike = [s for s in releases if any(d.name == over for d in s.dimensions)]
        yield from (_along(sheet, over) for sheet in alike)
    if growing.between_releases:
        yield from (_between(before, after) for before, after in pairwise(releases))


def _between(before: Sheet, after: Sheet) -> Sheet:
    alike = [d.name for d in before.dimensions] == [d.name for d in after.dimensions]
    at = {int(meaning): i for i, meaning in enumerate(before.told)}
    places = np.array([at.get(int(meaning), -1) for meaning in after.told], dtype=np.int64)
    absent = np.full(len(places), alike)
    return _growth(before, after, places, absent, BETWEEN)


def _along(sheet: Sheet, over: str) -> Sheet:
    axis = [d.name for d in sheet.dimensions].index(over)
    last = {code: before for before, code in pairwise(sheet.dimensions[axis].codes)}
    at = sheet.places()
    back = [at.get((*k[:axis], last.get(k[axis], ""), *k[axis + 1 :]), -1) for k in sheet.keys]
    absent = np.array([key[axis] in last for key in sheet.keys], dtype=np.bool_)
    return _growth(sheet, sheet, np.array(back, dtype=np.int64), absent, OVER)


def _growth(before: Sheet, after: Sheet, places: Index, absent: Mask, kind: str) -> Sheet:
    """Subtract cell by cell; where a combination is `absent` before, there was nobody."""
    there, ends, values, grown, opened = places >= 0, {}, {}, {}, {}
    for m in after.values:
        if m not in before.values:
            continue
        then = Ends(
            np.where(there, before.told[places], -1),
            np.where(there, before.values[m][places], 0),
            there & before.open[m][places],
        )
        now = Ends(after.told, after.values[m], after.open[m])
        added = now.values - then.values
        ends[m], grown[m] = (then, now), (there | absent) & (added >= 0)
        values[m] = np.maximum(added, 0)
        opened[m] = grown[m] & (then.open | now.open) & (added > 0)
    return Sheet(after.dimensions, after.keys, after.told, values, opened, grown, kind, ends)
