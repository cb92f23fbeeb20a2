"""Construct a safe pattern for a very large table: cover every equation, then prove each cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.blocks import proved_in_blocks, proved_together
from opengazette.disclosure.complementary.cover import cover
from opengazette.disclosure.complementary.network import Columns
from opengazette.disclosure.complementary.product_moves import MoveSpace
from opengazette.disclosure.complementary.pursuit import (
    ANYWHERE,
    NEARBY,
    WIDE,
    Ground,
    Trail,
    pursue,
    straight,
)
from opengazette.disclosure.complementary.strides import stride
from opengazette.disclosure.tables.linear_system import CellTable

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Demanded = tuple[int, int]
Witness = tuple[Index, Index]
Way = Callable[[Ground, int, int], Trail | None]
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
    begun = partial(_Proof, table, space, cells, table.levels(), close=close, stop=stop)
    made = list[_Proof]()
    plain = begun(cells.hidden.copy())
    if plain.is_far:
        plain.prove_simply()
        made.append(plain)
    if not (plain.is_far and plain.has_many):
        careful = begun(cover(table, cells))
        careful.prove()
        made.append(careful)
    for proof in made:
        proof.give_back()
    best = min(made, key=lambda proof: (proof.n_unmet, proof.cost))
    return Construction(best.withheld, best.witnesses, tuple(best.unmet()))


@dataclass
class _Proof:
    """A pattern in work: what is withheld, and the witnesses found so far."""

    table: CellTable
    space: MoveSpace
    columns: Columns
    levels: Index
    withheld: Mask
    close: Closing
    stop: Callable[[], bool]
    witnesses: dict[Demanded, Witness] = field(default_factory=dict)
    grounds: dict[tuple[int, float], Ground] = field(default_factory=dict)

    def demands(self) -> list[Demanded]:
        """List the demands: the largest amounts first, of these the finest cells."""
        asked = ((+1, self.columns.up), (-1, self.columns.down), (0, self.columns.either))
        every = [(int(i), way) for way, amount in asked for i in np.flatnonzero(amount > 0)]
        return sorted(every, key=lambda d: (-self._amount(d), self.levels[d[0]], d))

    @cached_property
    def is_far(self) -> bool:
        """Tell whether a demand asks for more than one step."""
        return any(self._amount(demand) > 1 for demand in self.demands())

    @cached_property
    def has_many(self) -> bool:
        """Tell whether there are more demands than can be looked at one by one."""
        return len(self.demands()) > MANY

    @property
    def n_unmet(self) -> int:
        """Return how many demands have no witness."""
        return sum(1 for _ in self.unmet())

    @property
    def cost(self) -> float:
        """Return what is withheld besides, as it is priced."""
        return float(self.columns.cost[self.withheld & ~self.columns.hidden].sum())

    def prove(self) -> None:
        """Find witnesses, the simple ones first; withhold more where there are none."""
        self._walk(straight)
        if self.has_many:
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
        if self.n_unmet <= FURTHER:
            self._extend(np.inf, tried)
        self.prove_simply()
        self._extend(np.inf, set(), NEVER_SHOWN)

    def prove_simply(self) -> None:
        """Withhold for what is left whatever simple moves need, as far as there is room."""
        ground = self._ground(1, NEVER_SHOWN)
        for within in WIDE:
            for demand in self.unmet():
                place, asked = self._place(demand), self._amount(demand)
                ways = [
                    stride(ground, place, sign, asked, within=within, limit=NEVER_SHOWN)
                    for sign in self._signs(demand)
                ]
                able = [trail for trail in ways if trail is not None]
                if able:
                    self._adopt(min(able, key=lambda each: each.wrong))

    def _extend_few(self) -> None:
        """Withhold more for a few demands, then see which others that meets, time and again."""
        few = max(EXTENSIONS, self.n_unmet // SHARE)
        tried = set[Demanded]()
        while self._extend(few, tried) and not self.stop():
            self._meet_together()

    def _meet_together(self) -> None:
        waiting = list(self.unmet())
        self.witnesses |= proved_together(self.table, self.columns, self.withheld, waiting)

    def _extend(self, most: float, tried: set[Demanded], fixed: float = PASSING) -> bool:
        """Withhold more for so many demands not yet tried; tell whether any of these is left."""
        for demand in self.unmet():
            if demand in tried:
                continue
            if most <= 0:
                return True
            self._extended(demand, fixed)
            tried.add(demand)
            most -= 1
        return False

    def _walk(self, how: Way, patience: float = np.inf) -> None:
        """Seek a witness for one demand after the other, while that is worth its while."""
        for demand in self.unmet():
            patience += HIT if self._met(demand, how, PASSING) else -1
            if patience < 0:
                return

    def _close_nearby(self) -> None:
        closed = self.close(self.withheld, list(self.unmet()))
        self._withhold(np.flatnonzero(closed & ~self.withheld))

    def _prove_in_blocks(self) -> None:
        waiting = list(self.unmet())
        withheld, found = proved_in_blocks(self.table, self.columns, self.withheld, waiting)
        more = np.flatnonzero(withheld & ~self.withheld)
        self._withhold(more)
        self.witnesses |= found

    def unmet(self) -> Iterator[Demanded]:
        """List the demands that have no witness when their turn comes."""
        return (demand for demand in self.demands() if demand not in self.witnesses)

    def give_back(self) -> None:
        """Publish what no witness needs."""
        used = self.columns.hidden.copy()
        for cells, _ in self.witnesses.values():
            used[cells] = True
        self.withheld &= used

    def _met(self, demand: Demanded, how: Way, fixed: float) -> bool:
        trail = self._found(demand, how, fixed)
        if trail is not None:
            self._keep(trail)
        return trail is not None

    def _found(self, demand: Demanded, how: Way, fixed: float) -> Trail | None:
        ground = self._ground(self._amount(demand), fixed)
        for sign in self._signs(demand):
            trail = how(ground, self._place(demand), sign)
            if trail is not None and not trail.faults:
                return trail
        return None

    def _extended(self, demand: Demanded, fixed: float) -> None:
        """Withhold what the best trail moves besides, if it may be withheld."""
        ground, place = self._ground(self._amount(demand), fixed), self._place(demand)
        for reaches in (NEARBY, ANYWHERE):
            trails = [pursue(ground, place, sign, reaches) for sign in self._signs(demand)]
            able = [trail for trail in trails if trail is not None and self._able(trail)]
            if able:
                self._adopt(min(able, key=lambda each: each.wrong))
                return

    def _adopt(self, trail: Trail) -> None:
        """Withhold what a trail moves besides, and keep it."""
        self._withhold(self.space.cells[np.array(trail.faults, dtype=np.int64)])
        self._keep(trail)

    def _place(self, demand: Demanded) -> int:
        return int(self.space.places[demand[0]])

    def _able(self, trail: Trail) -> bool:
        cells = self.space.cells[np.array(trail.faults, dtype=np.int64)]
        by = np.array([trail.moved[at] for at in trail.faults], dtype=np.int64)
        free = (cells >= 0) & self.columns.free[cells] & ~self.withheld[cells]
        return bool((free & (by >= -self.columns.fall[cells])).all())

    def _keep(self, trail: Trail) -> None:
        witness = self._witness(trail)
        for demand in self._meets(witness):
            self.witnesses.setdefault(demand, witness)

    def _witness(self, trail: Trail) -> Witness:
        moved = {int(self.space.cells[at]): by for at, by in trail.moved.items() if by}
        cells = np.array(sorted(moved), dtype=np.int64)
        return cells, np.array([moved[cell] for cell in cells.tolist()], dtype=np.int64)

    def _meets(self, witness: Witness) -> Iterator[Demanded]:
        cells, by = witness
        asked = [each[cells] for each in (self.columns.up, self.columns.down, self.columns.either)]
        for way, moved, amount in zip((1, -1, 0), (by, -by, abs(by)), asked, strict=True):
            for cell in cells[(amount > 0) & (moved >= amount)].tolist():
                yield cell, way

    def _amount(self, demand: Demanded) -> int:
        cell, way = demand
        asked = (self.columns.either, self.columns.up, self.columns.down)[way]
        return int(np.ceil(asked[cell]))

    def _signs(self, demand: Demanded) -> tuple[int, ...]:
        cell, way = demand
        if way:
            return (way,)
        return (1, -1) if self.columns.fall[cell] >= self._amount(demand) else (1,)

    def _ground(self, reach: int, fixed: float) -> Ground:
        kind = reach, fixed
        if kind not in self.grounds:
            places, size = self.space.places, len(self.space.cells)
            fall, worth = np.zeros(size), np.full(size, fixed)
            withheld = np.zeros(size, dtype=np.bool_)
            fall[places], withheld[places] = self.columns.fall, self.withheld
            worth[places[self.columns.free]] = 1.0
            self.grounds[kind] = Ground(self.space, reach, fall, withheld, worth)
        return self.grounds[kind]

    def _withhold(self, cells: Index) -> None:
        self.withheld[cells] = True
        for ground in self.grounds.values():
            ground.withhold(self.space.places[cells])


def _cells(columns: Columns, n_cells: int) -> Columns:
    return Columns(**{each.name: getattr(columns, each.name)[:n_cells] for each in fields(columns)})
