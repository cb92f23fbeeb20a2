"""What an attacker can still tell under a pattern: the masker's own check, demand by demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary_network import Network, connected
from opengazette.disclosure.complementary_program import Program

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Demand = tuple[int, int]

CLOSE = 1e-6


@dataclass(frozen=True)
class Shortfall:
    """A demand that a pattern does not meet, with the row prices that prove it.

    One set of prices for each direction that was tried; none where only whole moves fail.
    """

    column: int
    direction: int
    rows: Index
    prices: dict[int, Floats]


@dataclass
class Witnesses:
    """For each met demand, one move that meets it."""

    moves: dict[Demand, tuple[Index, Floats]] = field(default_factory=dict)

    def using(self, column: int) -> list[Demand]:
        """List the demands whose witness moves a column."""
        return [demand for demand, (at, _) in self.moves.items() if column in at]


def shortfalls(
    network: Network,
    withheld: Mask,
    demands: list[Demand],
    witnesses: Witnesses,
    *,
    whole: bool,
) -> Iterator[Shortfall]:
    """Check demands against a pattern; witnesses of those met are written down.

    Only the withheld part is solved, connected part by connected part.
    """
    if not demands:
        return
    for room in rooms(network, withheld):
        yield from room.check([d for d in demands if d[0] in room], witnesses, whole=whole)


def rooms(network: Network, withheld: Mask) -> list[Room]:
    """Split the withheld cells into connected parts; those without a demand are left out."""
    columns = np.flatnonzero(withheld)
    inner = sparse.csc_array(network.matrix)[:, columns].tocsr()
    rows = np.flatnonzero(np.diff(inner.indptr))
    inner = sparse.csr_array(inner[rows, :])
    label = connected(inner)
    found = []
    asked = np.maximum(np.maximum(network.up, network.down), network.either)[columns] > 0
    for part in np.unique(label[asked]):
        inside = np.flatnonzero(label == part)
        matrix = sparse.csc_array(inner)[:, inside].tocsr()
        touched = np.flatnonzero(np.diff(matrix.indptr))
        found.append(
            Room(network, columns[inside], sparse.csr_array(matrix[touched, :]), rows[touched])
        )
    return found


class Room:
    """One connected part of the withheld cells: how far each can move inside it."""

    def __init__(
        self, network: Network, columns: Index, matrix: sparse.csr_array, rows: Index
    ) -> None:
        self._network, self._columns, self._matrix, self._rows = network, columns, matrix, rows
        self._at = {int(column): i for i, column in enumerate(columns)}
        self._low = -network.fall[columns]
        self._high = np.full(len(columns), np.inf)
        self._program = Program(matrix, self._low, self._high, work=network.work)

    def __contains__(self, column: int) -> bool:
        return column in self._at

    def freeze(self, column: int) -> None:
        """Publish a column after all: it no longer moves."""
        self._limit(column, 0.0, 0.0)

    def thaw(self, column: int) -> None:
        """Withhold a frozen column again."""
        self._limit(column, -float(self._network.fall[column]), np.inf)

    def _limit(self, column: int, low: float, high: float) -> None:
        at = np.array([self._at[column]])
        self._low[at], self._high[at] = low, high
        self._program.bound(at, self._low[at], self._high[at])

    def check(
        self, demands: list[Demand], witnesses: Witnesses, *, whole: bool
    ) -> Iterator[Shortfall]:
        """Meet the demands, in whole numbers if so asked, or yield those that cannot be met."""
        waiting = dict.fromkeys(demands)
        for way in (+1, -1):
            asked = [demand for demand in waiting if demand[1] in (way, 0)]
            if len(asked) > 1:
                self._note(self._together(asked, way), waiting, witnesses, whole=whole)
        while waiting:
            demand = next(iter(waiting))
            miss = self._tried(demand, waiting, witnesses, whole=whole)
            if miss is not None:
                del waiting[demand]
                yield miss

    def _tried(
        self, demand: Demand, waiting: dict[Demand, None], witnesses: Witnesses, *, whole: bool
    ) -> Shortfall | None:
        """Close one waiting demand, in one of its directions, or say what is missing."""
        column, direction = demand
        prices, reached = dict[int, Floats](), list[int]()
        for way in self._network.ways(column, direction):
            point = self._alone(demand, way)
            if way * point[self._at[column]] < self._network.demand(*demand) - CLOSE:
                prices[way] = self._program.prices()
                continue
            reached.append(way)
            self._note(point, waiting, witnesses, whole=whole)
            if demand not in waiting:
                return None
        for way in reached:
            found = self._whole(demand, way)
            if found is not None:
                self._note(found, waiting, witnesses, whole=True)
                return None
        return Shortfall(column, direction, self._rows, {} if reached else prices)

    def _together(self, demands: list[Demand], direction: int) -> Floats:
        """Move all the demands one way at once, each no further than it asks."""
        at = np.array([self._at[column] for column, _ in demands])
        cost = np.zeros(len(self._columns))
        cost[at] = -float(direction)
        if direction < 0:
            return self._solve(cost)
        asked = np.array([self._network.demand(*d) for d in demands])
        self._program.bound(at, self._low[at], asked)
        point = self._solve(cost)
        self._program.bound(at, self._low[at], self._high[at])
        return point

    def _alone(self, demand: Demand, direction: int) -> Floats:
        at = np.array([self._at[demand[0]]])
        cost = np.zeros(len(self._columns))
        cost[at] = -float(direction)
        asked = np.array([self._network.demand(*demand)])
        if direction > 0:
            self._program.bound(at, self._low[at], asked)
        else:
            self._program.bound(at, -asked, self._high[at])
        point = self._solve(cost)
        self._program.bound(at, self._low[at], self._high[at])
        return point

    def _solve(self, cost: Floats) -> Floats:
        point = self._program.minimise(cost)
        return np.zeros(len(self._columns)) if point is None else point

    def _whole(self, demand: Demand, direction: int) -> Floats | None:
        """Meet one demand in whole numbers, by branching."""
        low, high = self._low.copy(), self._high.copy()
        asked, at = self._network.demand(*demand), self._at[demand[0]]
        if direction > 0:
            low[at] = asked
        else:
            high[at] = -asked
        return Program(self._matrix, low, high, work=self._network.work, whole=True).minimise(
            np.zeros(len(low))
        )

    def _note(
        self, point: Floats, waiting: dict[Demand, None], witnesses: Witnesses, *, whole: bool
    ) -> None:
        """Close every waiting demand that a point meets; fractions count unless barred."""
        rounded = np.rint(point)
        if np.abs(rounded - point).max() <= CLOSE and not np.any(self._matrix @ rounded):
            point = rounded
        elif whole:
            return
        moved = np.flatnonzero(np.abs(point) > CLOSE)
        witness = (self._columns[moved], point[moved])
        for demand in list(waiting):
            moved_by = float(point[self._at[demand[0]]])
            reached = demand[1] * moved_by if demand[1] else abs(moved_by)
            if reached >= self._network.demand(*demand) - CLOSE:
                del waiting[demand]
                witnesses.moves[demand] = witness
