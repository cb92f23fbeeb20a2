"""What an attacker can still tell under a pattern: the masker's own check, demand by demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.least import LeastMoves, Stuck, whole_multiple
from opengazette.disclosure.complementary.network import Network, connected
from opengazette.disclosure.complementary.program import Program
from opengazette.disclosure.complementary.witnesses import (
    CLOSE,
    Demand,
    Shortfall,
    Witnesses,
    fractional,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Solve = Callable[[Floats, Index, Floats, Floats], Floats]

# Demands are met many at a time while that meets this share of them, and one by one in the end.
WORTH, FEW = 0.05, 3
# Fewer than one to so many cells are met singly, in whole numbers, sooner than by branching.
SINGLY = 16
# Where others are met by other means, that has to be a share like this.
MANY = 0.3
# Of many demands in whole numbers, a fair share soon is better than most of them late.
FEW_NODES = 5


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
        self._by_column = sparse.csc_array(matrix)
        self._least: LeastMoves | None = None
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
        self._least = None

    def meet(self, demands: list[Demand], witnesses: Witnesses) -> None:
        """Meet demands in whole numbers, as long as that meets many at once."""
        waiting = dict.fromkeys(demands)
        if self._worth_branching(waiting):
            self._pushed(waiting, witnesses, self._branched, whole=True, worth=MANY)
        else:
            self._each(waiting, witnesses)

    def check(
        self, demands: list[Demand], witnesses: Witnesses, *, whole: bool
    ) -> Iterator[Shortfall]:
        """Meet the demands, in whole numbers if so asked, or yield those that cannot be met."""
        waiting = dict.fromkeys(demands)
        self._many(waiting, witnesses, whole=whole)
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
            short = self._shortest(demand, way)
            if short is not None:
                self._note(short, waiting, witnesses, whole=True)
            if demand not in waiting:
                return None
            found = self._whole(demand, way)
            if found is not None:
                self._note(found, waiting, witnesses, whole=True)
                return None
        return Shortfall(column, direction, self._rows, {} if reached else prices)

    def _many(self, waiting: dict[Demand, None], witnesses: Witnesses, *, whole: bool) -> None:
        """Meet many demands at once, some cells going up while others come down.

        Sides are chosen anew as long as that meets a fair share of what is still waiting.
        """
        if not whole or self._worth_branching(waiting):
            self._pushed(waiting, witnesses, self._branched if whole else self._linear, whole=whole)

    def _worth_branching(self, waiting: dict[Demand, None]) -> bool:
        return SINGLY * len(waiting) > len(self._columns)

    def _each(self, waiting: dict[Demand, None], witnesses: Witnesses) -> None:
        """Meet one demand after the other by the least total of moves, where that is whole."""
        for demand in list(waiting):
            for way in self._network.ways(*demand):
                if demand in waiting:
                    short = self._shortest(demand, way)
                    if short is not None:
                        self._note(short, waiting, witnesses, whole=True)

    def _pushed(
        self,
        waiting: dict[Demand, None],
        witnesses: Witnesses,
        solve: Solve,
        *,
        whole: bool,
        worth: float = WORTH,
    ) -> None:
        random, tried = np.random.default_rng(len(waiting)), dict[int, int]()
        while len(waiting) > FEW:
            before, (at, sides, asked) = len(waiting), self._sides(waiting, tried, random)
            cost = np.zeros(len(self._columns))
            cost[at] = -sides / asked
            point = solve(
                cost,
                at,
                np.where(sides < 0, -asked, self._low[at]),
                np.where(sides > 0, asked, self._high[at]),
            )
            self._note(point, waiting, witnesses, whole=whole)
            if before - len(waiting) < max(2.0, worth * before):
                return

    def _sides(
        self, demands: Iterable[Demand], tried: dict[int, int], random: np.random.Generator
    ) -> tuple[Index, Floats, Floats]:
        """Choose a side for the column of every demand; return places, sides and amounts.

        A column that may go either way goes the other way than it was `tried` last.
        """
        sides = dict[int, tuple[int, float]]()
        for column, direction in demands:
            ways = self._network.ways(column, direction)
            if column not in sides or random.integers(2):
                way = ways[int(random.integers(len(ways)))]
                if not direction and -tried.get(column, 0) in ways:
                    way = -tried[column]
                sides[column] = (way, self._network.demand(column, direction))
        tried.update({column: way for column, (way, _) in sides.items()})
        side, asked = np.array(list(sides.values())).T
        return np.array([self._at[column] for column in sides]), side, asked

    def _linear(self, cost: Floats, at: Index, low: Floats, high: Floats) -> Floats:
        """Move no further than asked, in fractions."""
        self._program.bound(at, low, high)
        point = self._solve(cost)
        self._program.bound(at, self._low[at], self._high[at])
        return point

    def _branched(self, cost: Floats, at: Index, low: Floats, high: Floats) -> Floats:
        """Move no further than asked, in whole numbers."""
        lowest, highest = self._low.copy(), self._high.copy()
        lowest[at], highest[at] = low, high
        point = Program(
            self._matrix, lowest, highest, work=self._network.work, whole=True, nodes=FEW_NODES
        ).minimise(cost)
        return np.zeros(len(cost)) if point is None else point

    def _alone(self, demand: Demand, direction: int) -> Floats:
        at = np.array([self._at[demand[0]]])
        cost = np.zeros(len(self._columns))
        cost[at] = -float(direction)
        asked = np.array([self._network.demand(*demand)])
        if direction > 0:
            return self._linear(cost, at, self._low[at], asked)
        return self._linear(cost, at, -asked, self._high[at])

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

    def _shortest(self, demand: Demand, way: int) -> Floats | None:
        """Meet one demand by the least total of moves, which are mostly whole."""
        if self._least is None:
            self._least = LeastMoves(self._matrix, self._low, self._high, work=self._network.work)
        at, by = self._at[demand[0]], way * self._network.demand(*demand)
        found = self._least.of(at, by)
        if isinstance(found, Stuck):
            return None
        if not fractional(found):
            return found
        whole = self._least.whole(at, by)
        return found if whole is None else whole

    def _note(
        self, point: Floats, waiting: dict[Demand, None], witnesses: Witnesses, *, whole: bool
    ) -> None:
        """Close every waiting demand that a point meets; fractions count unless barred."""
        for moved in self._apart(np.flatnonzero(np.abs(point) > CLOSE)):
            found = whole_multiple(point[moved], self._low[moved], self._high[moved])
            if whole and found is None:
                continue
            by = point[moved] if found is None else found
            witness = (self._columns[moved], by)
            for demand in self._network.met_by(witness):
                if demand in waiting:
                    del waiting[demand]
                    witnesses.moves[demand] = witness

    def _apart(self, moved: Index) -> list[Index]:
        """Split a move into moves that have no equation in common."""
        if not len(moved):
            return []
        label = connected(sparse.csr_array(self._by_column[:, moved]))
        order = np.argsort(label, kind="stable")
        return np.split(moved[order], np.flatnonzero(np.diff(label[order])) + 1)
