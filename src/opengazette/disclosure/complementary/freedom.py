"""What a pattern lets move, while the pattern changes a little at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.least import LeastMoves, Stuck
from opengazette.disclosure.complementary.network import Network
from opengazette.disclosure.complementary.program import Program
from opengazette.disclosure.complementary.witnesses import CLOSE, Demand, Shortfall, Witness

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Branching that does not find a whole move within so many nodes seldom does soon.
FEW_NODES = 5


class Freedom:
    """How the columns of a network can move under a pattern, found one by one."""

    def __init__(self, network: Network, withheld: Mask) -> None:
        self._network, self._withheld = network, withheld.copy()
        self._rows = np.arange(network.matrix.shape[0])
        self._by_column = sparse.csc_array(network.matrix)
        low, high = np.where(withheld, -network.fall, 0.0), np.where(withheld, np.inf, 0.0)
        self._least = LeastMoves(network.matrix, low, high, work=network.work)

    def under(self, withheld: Mask) -> None:
        """Change the pattern."""
        changed = np.flatnonzero(withheld != self._withheld)
        moves = withheld[changed]
        self._least.allow(
            changed,
            np.where(moves, -self._network.fall[changed], 0.0),
            np.where(moves, np.inf, 0.0),
        )
        self._withheld = withheld.copy()

    def met(self, demand: Demand) -> Witness | Shortfall:
        """Return a move that meets a demand, in fractions where need be, or why none does."""
        column, direction = demand
        prices = dict[int, Floats]()
        for way, by in self._ways(demand):
            found = self._least.of(column, by)
            if not isinstance(found, Stuck):
                return _witness(found)
            prices[way] = self._scaled(found.prices, column, way)
        return Shortfall(column, direction, self._rows, prices)

    def whole(self, demand: Demand) -> Witness | None:
        """Return a move in whole numbers that meets a demand, if one is soon found."""
        for _, by in self._ways(demand):
            found = self._least.whole(demand[0], by)
            found = self._branched(demand[0], by) if found is None else found
            if found is not None:
                return _witness(found)
        return None

    def _ways(self, demand: Demand) -> Iterator[tuple[int, float]]:
        for way in self._network.ways(*demand):
            yield way, way * self._network.demand(*demand)

    def _branched(self, column: int, by: float) -> Floats | None:
        network, columns = self._network, np.flatnonzero(self._withheld)
        low, high = -network.fall[columns], np.full(len(columns), np.inf)
        at = np.searchsorted(columns, column)
        low[at] = high[at] = by
        inner = sparse.csr_array(self._by_column[:, columns])
        found = Program(inner, low, high, work=network.work, whole=True, nodes=FEW_NODES).minimise(
            np.zeros(len(columns))
        )
        if found is None:
            return None
        moves = np.zeros(network.size)
        moves[columns] = np.rint(found)
        return moves

    def _scaled(self, prices: Floats, column: int, way: int) -> Floats:
        """Scale prices so that a move of the column would earn one a unit."""
        at = slice(self._by_column.indptr[column], self._by_column.indptr[column + 1])
        earned = float(self._by_column.data[at] @ prices[self._by_column.indices[at]])
        return prices * (-way / earned)


def _witness(moves: Floats) -> Witness:
    moved = np.flatnonzero(np.abs(moves) > CLOSE)
    return moved, moves[moved]
