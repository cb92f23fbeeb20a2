"""Construct a safe pattern for a very large table: cover every equation, then prove each cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary_cover import cover
from opengazette.disclosure.complementary_network import Columns
from opengazette.disclosure.complementary_pursuit import Ground, Trail, pursue, straight
from opengazette.disclosure.linear_system import CellTable
from opengazette.disclosure.product_moves import MoveSpace

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Demanded = tuple[int, int]
Way = Callable[[Ground, int, int], Trail | None]

# A table that leaves out more of the combinations than this has no room for product moves.
SPARSEST = 20
# What a cell costs that cannot be withheld: on the way to a witness, and in a pattern.
PASSING, NEVER_SHOWN = 4.0, 1e4


@dataclass(frozen=True)
class Construction:
    """A pattern, with proof for every demand that it meets.

    Shape: `withheld` has one flag per cell, in the order of the keys. A witness holds cells and
    by how much each moves, in whole numbers, for a cell and a direction (+1 up, -1 down, 0
    either way). `unmet` are the demands without a witness.
    """

    withheld: Mask
    witnesses: dict[Demanded, tuple[Index, Index]]
    unmet: tuple[Demanded, ...]


def construct(table: CellTable, columns: Columns) -> Construction | None:
    """Choose cells so that every demand is met by a witness, where moves can be found.

    Shape: `columns` begins with the cells of the table in the order of its keys.
    The same input gives the same pattern. None where the table is not of the kind: one measure,
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
    proof = _Proof(space, cells, cover(table, cells))
    proof.prove()
    proof.give_back()
    return Construction(proof.withheld, proof.witnesses, tuple(proof.unmet()))


@dataclass
class _Proof:
    """A pattern in work: what is withheld, and the witnesses found so far."""

    space: MoveSpace
    columns: Columns
    withheld: Mask
    witnesses: dict[Demanded, tuple[Index, Index]] = field(default_factory=dict)

    def amount(self, demand: Demanded) -> int:
        cell, way = demand
        asked = (self.columns.either, self.columns.up, self.columns.down)[way]
        return int(np.ceil(asked[cell]))

    def demands(self) -> list[Demanded]:
        """List the demands, those of the largest amounts first."""
        asked = ((+1, self.columns.up), (-1, self.columns.down), (0, self.columns.either))
        every = [(int(i), way) for way, amount in asked for i in np.flatnonzero(amount > 0)]
        return sorted(every, key=lambda demand: (-self.amount(demand), demand))

    def unmet(self) -> Iterator[Demanded]:
        return (demand for demand in self.demands() if demand not in self.witnesses)

    def prove(self) -> None:
        """Find witnesses, the simple ones first; withhold more where there are none."""
        hard: list[Demanded] = []
        for demand, ground in self._grounds(self.demands()):
            if not self._tried(demand, ground, straight):
                hard.append(demand)
        hard = [d for d, ground in self._grounds(hard) if not self._tried(d, ground, pursue)]
        for fixed in (PASSING, NEVER_SHOWN):
            for demand, ground in self._grounds(hard, fixed):
                self._extended(demand, ground)

    def give_back(self) -> None:
        """Publish the cells that no witness needs."""
        used = self.columns.hidden.copy()
        for cells, _ in self.witnesses.values():
            used[cells] = True
        self.withheld &= used

    def _grounds(
        self, demands: list[Demanded], fixed: float = PASSING
    ) -> Iterator[tuple[Demanded, Ground]]:
        """Give each demand without a witness the ground of its amount."""
        amount, ground = 0, None
        for demand in demands:
            if demand in self.witnesses:
                continue
            if ground is None or self.amount(demand) != amount:
                amount = self.amount(demand)
                ground = self._ground(amount, fixed)
            yield demand, ground

    def _ground(self, reach: int, fixed: float) -> Ground:
        places, size = self.space.places, len(self.space.cells)
        fall, withheld, worth = np.zeros(size), np.zeros(size, dtype=np.bool_), np.full(size, fixed)
        fall[places] = self.columns.fall
        withheld[places] = self.withheld
        worth[places[self.columns.free]] = 1.0
        return Ground(self.space, reach, fall, withheld, worth)

    def _signs(self, demand: Demanded, ground: Ground) -> tuple[int, ...]:
        cell, way = demand
        if way:
            return (way,)
        return (1, -1) if ground.fall[self.space.places[cell]] >= ground.reach else (1,)

    def _tried(self, demand: Demanded, ground: Ground, how: Way) -> bool:
        for sign in self._signs(demand, ground):
            trail = how(ground, int(self.space.places[demand[0]]), sign)
            if trail is not None and not trail.faults:
                self._kept(trail)
                return True
        return False

    def _extended(self, demand: Demanded, ground: Ground) -> None:
        """Withhold what the best trail moves besides, if it may be withheld."""
        place = int(self.space.places[demand[0]])
        trails = [pursue(ground, place, sign) for sign in self._signs(demand, ground)]
        able = [t for t in trails if t is not None and self._able(ground, t)]
        if not able:
            return
        trail = min(able, key=lambda t: t.wrong)
        faults = np.array(trail.faults, dtype=np.int64)
        if len(faults):
            ground.withhold(faults)
            self.withheld[self.space.cells[faults]] = True
        self._kept(trail)

    def _able(self, ground: Ground, trail: Trail) -> bool:
        cells = self.space.cells[np.array(trail.faults, dtype=np.int64)]
        by = np.array([trail.moved[at] for at in trail.faults], dtype=np.int64)
        free = (cells >= 0) & self.columns.free[cells] & ~self.withheld[cells]
        return bool((free & (by >= -ground.fall[np.array(trail.faults, np.int64)])).all())

    def _kept(self, trail: Trail) -> None:
        """Keep a witness, for all demands that it meets."""
        moved = {self.space.cells[at]: by for at, by in trail.moved.items() if by}
        cells = np.array(sorted(moved), dtype=np.int64)
        by = np.array([moved[cell] for cell in cells], dtype=np.int64)
        either = self.columns.either[cells]
        met = (
            (+1, (self.columns.up[cells] > 0) & (by >= self.columns.up[cells])),
            (-1, (self.columns.down[cells] > 0) & (-by >= self.columns.down[cells])),
            (0, (either > 0) & (abs(by) >= either)),
        )
        witness = cells, by
        for way, reached in met:
            for cell in cells[reached].tolist():
                self.witnesses.setdefault((cell, way), witness)


def _cells(columns: Columns, n_cells: int) -> Columns:
    return Columns(**{each.name: getattr(columns, each.name)[:n_cells] for each in fields(columns)})
