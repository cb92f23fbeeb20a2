"""Construct a safe pattern for a very large table: cover every equation, then prove each cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.blocks import proved_in_blocks, proved_together
from opengazette.disclosure.complementary.cover import cover
from opengazette.disclosure.complementary.network import Columns
from opengazette.disclosure.complementary.product_moves import MoveSpace
from opengazette.disclosure.complementary.proving import Demanded, Proving, Way, Witness
from opengazette.disclosure.complementary.pursuit import (
    ANYWHERE,
    NEARBY,
    WIDE,
    pursue,
    straight,
)
from opengazette.disclosure.complementary.strides import stride
from opengazette.disclosure.tables.linear_system import CellTable

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
# Withholds more cells so that nothing near some demands gives them away.
Closing = Callable[[Mask, list[Demanded]], Mask]

# A table that leaves out more of the combinations than this has no room for product moves.
SPARSEST = 20
# What a cell costs that cannot be withheld: on the way to a witness, and in a pattern.
PASSING, NEVER_SHOWN = 4.0, 1e4
# So many demands are not looked at one by one: to prove them in blocks takes more cells and less
# time; where more than one step is asked that takes too long as well, and simple moves are made.
MANY = 10_000
# So many, or such a share of all, are met by withholding more before others are met together anew.
EXTENSIONS, SHARE = 20, 40
# When time is up no more than so many are pursued, which takes long; more are met by strides.
FURTHER = 1000
# One by one is given up once so many misses are not made up for by hits, each worth two.
PATIENCE, HIT = 30, 2


@dataclass(frozen=True)
class Construction:
    """A pattern, with proof for every demand that it meets.

    Shape: `withheld` has one flag per cell, in the order of the keys. A witness holds cells and
    by how much each moves, in whole numbers, for a cell and a direction (+1 up, -1 down, 0
    either way). `unmet` are the demands without a witness.
    """

    withheld: Mask
    witnesses: dict[Demanded, Witness]
    unmet: tuple[Demanded, ...]


def construct(
    table: CellTable,
    columns: Columns,
    *,
    close: Closing = lambda withheld, _: withheld,
    stop: Callable[[], bool] = lambda: False,
) -> Construction | None:
    """Choose cells so that every demand is met by a witness, where moves can be found.

    Shape: `columns` begins with the cells of the table in the order of its keys. `close` is given
    one flag per cell and the demands without a witness, where these are not very many.
    The same input gives the same pattern, unless `stop` asks to end soon: then more cells are
    withheld than need be. None where the table is not of the kind: one measure,
    a missing cell is a zero, no cells known to be equal, dimensions that are trees.
    """
    if len(table.counts) != 1 or table.absent != "zero" or table.parts or table.same:
        return None
    if np.prod([float(len(d.codes)) for d in table.dimensions]) > SPARSEST * len(table.keys):
        return None
    space = MoveSpace.of(table)
    if space is None:
        return None
    cells = _cells(columns, len(table.keys))
    made = list[Proving]()
    plain = Proving(table, space, cells, cells.hidden.copy())
    if plain.is_far:
        _prove_simply(plain)
        made.append(plain)
    if not (plain.is_far and _has_many(plain)):
        careful = Proving(table, space, cells, cover(table, cells))
        _Careful(careful, close, stop).prove()
        made.append(careful)
    for proving in made:
        proving.give_back()
    best = min(made, key=lambda proving: (proving.n_unmet, proving.cost))
    return Construction(best.withheld, best.witnesses, tuple(best.unmet()))


def _has_many(proving: Proving) -> bool:
    """Tell whether there are more demands than can be looked at one by one."""
    return len(proving.demands) > MANY


def _prove_simply(proving: Proving) -> None:
    """Withhold for what is left whatever simple moves need, as far as there is room."""
    for within in WIDE:
        for demand in proving.unmet():
            asked = proving.amount(demand)
            how = partial(stride, asked=asked, within=within, limit=NEVER_SHOWN)
            able = list(proving.trails(demand, how, fixed=NEVER_SHOWN, reach=1))
            if able:
                proving.adopt(min(able, key=lambda trail: trail.wrong))


@dataclass(frozen=True)
class _Careful:
    """Prove a pattern: the simple witnesses first, more withheld where there are none."""

    proving: Proving
    close: Closing
    stop: Callable[[], bool]

    def prove(self) -> None:
        """Find witnesses for all demands for which that can be done."""
        self._walk(straight)
        if _has_many(self.proving):
            self._prove_in_blocks()
        else:
            self._meet_together()
            self._close_nearby()
            self._meet_together()
            self._walk(partial(pursue, reaches=NEARBY), patience=PATIENCE)
            self._extend_few()
        tried = set[Demanded]()
        while not self.stop() and self._extend(FURTHER, tried):
            pass
        if self.proving.n_unmet <= FURTHER:
            self._extend(np.inf, tried)
        _prove_simply(self.proving)
        self._extend(np.inf, set(), NEVER_SHOWN)

    def _walk(self, how: Way, patience: float = np.inf) -> None:
        """Seek a witness for one demand after the other, while that is worth its while."""
        for demand in self.proving.unmet():
            patience += HIT if self._met(demand, how) else -1
            if patience < 0:
                return

    def _met(self, demand: Demanded, how: Way) -> bool:
        for trail in self.proving.trails(demand, how, fixed=PASSING):
            if not trail.faults:
                self.proving.adopt(trail)
                return True
        return False

    def _meet_together(self) -> None:
        proving = self.proving
        proving.witnesses |= proved_together(
            proving.table, proving.columns, proving.withheld, list(proving.unmet())
        )

    def _close_nearby(self) -> None:
        proving = self.proving
        closed = self.close(proving.withheld, list(proving.unmet()))
        proving.withhold(np.flatnonzero(closed & ~proving.withheld))

    def _prove_in_blocks(self) -> None:
        proving = self.proving
        withheld, found = proved_in_blocks(
            proving.table, proving.columns, proving.withheld, list(proving.unmet())
        )
        proving.withhold(np.flatnonzero(withheld & ~proving.withheld))
        proving.witnesses |= found

    def _extend_few(self) -> None:
        """Withhold more for a few demands, then see which others that meets, time and again."""
        few = max(EXTENSIONS, self.proving.n_unmet // SHARE)
        tried = set[Demanded]()
        while self._extend(few, tried) and not self.stop():
            self._meet_together()

    def _extend(self, most: float, tried: set[Demanded], fixed: float = PASSING) -> bool:
        """Withhold more for so many demands not yet tried; tell whether any of these is left."""
        for demand in self.proving.unmet():
            if demand in tried:
                continue
            if most <= 0:
                return True
            self._extended(demand, fixed)
            tried.add(demand)
            most -= 1
        return False

    def _extended(self, demand: Demanded, fixed: float) -> None:
        """Withhold what the best trail moves besides, if it may be withheld."""
        for reaches in (NEARBY, ANYWHERE):
            trails = self.proving.trails(demand, partial(pursue, reaches=reaches), fixed=fixed)
            able = [trail for trail in trails if self.proving.can_withhold(trail)]
            if able:
                self.proving.adopt(min(able, key=lambda trail: trail.wrong))
                return


def _cells(columns: Columns, n_cells: int) -> Columns:
    return Columns(**{each.name: getattr(columns, each.name)[:n_cells] for each in fields(columns)})
