"""A pattern in work: what is withheld, what is demanded, and the witnesses found so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.network import Columns
from opengazette.disclosure.complementary.product_moves import MoveSpace
from opengazette.disclosure.complementary.pursuit import Ground, Trail
from opengazette.disclosure.tables.linear_system import CellTable

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Demanded = tuple[int, int]
Witness = tuple[Index, Index]
# Moves a place up (+1) or down (-1), if it can.
Way = Callable[[Ground, int, int], Trail | None]


@dataclass
class Proving:
    """What is withheld of a table, and the moves which prove that this suffices.

    Shape: `columns` and `withheld` have one entry per cell, in the order of the keys. A demand
    is a cell and a direction (+1 up, -1 down, 0 either way). A witness holds cells and by how
    much each moves, in whole numbers; it moves withheld cells alone, none further than it may.
    """

    table: CellTable
    space: MoveSpace
    columns: Columns
    withheld: Mask
    witnesses: dict[Demanded, Witness] = field(default_factory=dict)
    _grounds: dict[tuple[int, float], Ground] = field(default_factory=dict)

    @cached_property
    def demands(self) -> tuple[Demanded, ...]:
        """List the demands: the largest amounts first, of these the finest cells."""
        asked, levels = ((+1, self.columns.up), (-1, self.columns.down)), self.table.levels()
        every = [
            (int(i), way)
            for way, amount in (*asked, (0, self.columns.either))
            for i in np.flatnonzero(amount > 0)
        ]
        return tuple(sorted(every, key=lambda d: (-self.amount(d), levels[d[0]], d)))

    @property
    def is_far(self) -> bool:
        """Tell whether a demand asks for more than one step."""
        return any(self.amount(demand) > 1 for demand in self.demands)

    @property
    def n_unmet(self) -> int:
        """Return how many demands have no witness."""
        return sum(1 for _ in self.unmet())

    @property
    def cost(self) -> float:
        """Return what is withheld besides, as it is priced."""
        return float(self.columns.cost[self.withheld & ~self.columns.hidden].sum())

    def unmet(self) -> Iterator[Demanded]:
        """List the demands that have no witness when their turn comes."""
        return (demand for demand in self.demands if demand not in self.witnesses)

    def amount(self, demand: Demanded) -> int:
        """Return how far a demand asks its cell to move."""
        cell, way = demand
        asked = (self.columns.either, self.columns.up, self.columns.down)[way]
        return int(np.ceil(asked[cell]))

    def trails(
        self, demand: Demanded, how: Way, *, fixed: float, reach: int | None = None
    ) -> Iterator[Trail]:
        """List how the cell of a demand can move, in each direction that meets it.

        What cannot be withheld costs `fixed` on the way. The ground is priced for moves as far
        as is demanded, or by the `reach`.
        """
        ground = self._ground(reach or self.amount(demand), fixed)
        for sign in self._signs(demand):
            trail = how(ground, int(self.space.places[demand[0]]), sign)
            if trail is not None:
                yield trail

    def can_withhold(self, trail: Trail) -> bool:
        """Tell whether all that a trail moves besides may be withheld and move so far."""
        cells = self.space.cells[np.array(trail.faults, dtype=np.int64)]
        by = np.array([trail.moved[at] for at in trail.faults], dtype=np.int64)
        free = (cells >= 0) & self.columns.free[cells] & ~self.withheld[cells]
        return bool((free & (by >= -self.columns.fall[cells])).all())

    def adopt(self, trail: Trail) -> None:
        """Withhold what a trail moves besides, and keep it for every demand that it meets."""
        self.withhold(self.space.cells[np.array(trail.faults, dtype=np.int64)])
        witness = self._witness(trail)
        for demand in self._met_by(witness):
            self.witnesses.setdefault(demand, witness)

    def withhold(self, cells: Index) -> None:
        """Withhold further cells."""
        self.withheld[cells] = True
        for ground in self._grounds.values():
            ground.withhold(self.space.places[cells])

    def give_back(self) -> None:
        """Publish what no witness needs."""
        used = self.columns.hidden.copy()
        for cells, _ in self.witnesses.values():
            used[cells] = True
        self.withheld &= used

    def _witness(self, trail: Trail) -> Witness:
        moved = {int(self.space.cells[at]): by for at, by in trail.moved.items() if by}
        cells = np.array(sorted(moved), dtype=np.int64)
        return cells, np.array([moved[cell] for cell in cells.tolist()], dtype=np.int64)

    def _met_by(self, witness: Witness) -> Iterator[Demanded]:
        cells, by = witness
        asked = [each[cells] for each in (self.columns.up, self.columns.down, self.columns.either)]
        for way, moved, amount in zip((1, -1, 0), (by, -by, abs(by)), asked, strict=True):
            for cell in cells[(amount > 0) & (moved >= amount)].tolist():
                yield cell, way

    def _signs(self, demand: Demanded) -> tuple[int, ...]:
        cell, way = demand
        if way:
            return (way,)
        return (1, -1) if self.columns.fall[cell] >= self.amount(demand) else (1,)

    def _ground(self, reach: int, fixed: float) -> Ground:
        kind = reach, fixed
        if kind not in self._grounds:
            places, size = self.space.places, len(self.space.cells)
            fall, worth = np.zeros(size), np.full(size, fixed)
            withheld = np.zeros(size, dtype=np.bool_)
            fall[places], withheld[places] = self.columns.fall, self.withheld
            worth[places[self.columns.free]] = 1.0
            self._grounds[kind] = Ground(self.space, reach, fall, withheld, worth)
        return self._grounds[kind]
