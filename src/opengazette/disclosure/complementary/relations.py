"""Short relations that give a demand away: the shorter, the stronger the cut they make."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import lsmr

from opengazette.disclosure.complementary.cuts import Cut, any_of, capacity, cut, possible
from opengazette.disclosure.complementary.network import Network
from opengazette.disclosure.complementary.program import Program
from opengazette.disclosure.complementary.witnesses import Demand, Shortfall

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

# A drawn move whose share in the null space is below this is none.
STILL, EXACT, STEPS = 1e-6, 1e-11, 3000
# Published columns may move by a hair, so that of all relations the one with fewest shows.
HAIR = 1e-3
# What moves this far among published columns that move by 1 is not determined by them.
FAR = 1e5
TINY = 1e-7
# How the equations around a demand widen, while they do not give it away: to those that share so
# many columns with them.
WIDENING = (1, 2, 2)


class Relations:
    """The neighbourhood of each demand in a network, searched for what gives it away."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._by_column = sparse.csc_array(network.matrix)
        self._touching = abs(network.matrix)
        self._asked = np.zeros(network.size, dtype=np.bool_)
        self._asked[[column for column, _ in network.demands()]] = True

    def determined(self, withheld: Mask) -> Index:
        """List the columns with a demand that the equations alone determine under a pattern.

        A random move is projected onto the null space of what is withheld; a column that stays
        where it is cannot move at all. That takes no linear program.
        """
        columns = np.flatnonzero(withheld)
        inner = self._by_column[:, columns]
        drawn = np.random.default_rng(len(columns)).standard_normal(len(columns))
        fitted = lsmr(inner.T, drawn, atol=EXACT, btol=EXACT, maxiter=STEPS)[0]
        still = np.abs(drawn - inner.T @ fitted) < STILL
        return np.asarray(columns[still & self._asked[columns]], dtype=np.int64)

    def told(self, column: int, withheld: Mask, near: Index | None = None) -> Cut | None:
        """Return the cut of a short relation that determines a column.

        The relation is sought in the equations around those `near`, or around the column's own.
        """
        rows = self._around(near, 2) if near is not None else self._around(self._own(column), 1)
        columns, inner = self._inside(rows)
        room = np.where(withheld[columns], np.inf, 1.0)
        room[np.searchsorted(columns, column)] = FAR
        reached, prices = self._pushed(inner, columns, column, +1, -room, room)
        if reached >= FAR / 10:
            return None
        rates = self._rates(rows, prices)
        rates[column] = 0.0
        terms = np.flatnonzero(np.abs(rates) > TINY)
        if withheld[terms].any():
            return None
        terms = terms[self._network.free[terms]]
        return possible(Cut(terms, np.ones(len(terms))), column)

    def nearby(self, demand: Demand, withheld: Mask) -> Cut | None:
        """Return a cut that a pattern does not obey, if few equations near a demand give it away.

        Without one the demand may be met or not.
        """
        rows = self._own(demand[0])
        for least in WIDENING:
            rows = self._around(rows, least)
            made = self._bounded(demand, withheld, rows)
            if made is not None and not made.met_by(withheld):
                return made
        return None

    def narrowed(self, miss: Shortfall, withheld: Mask) -> Cut | None:
        """Return the strongest cut found for a missed demand that the pattern does not meet."""
        for made in self._candidates(miss, withheld):
            if made is not None and not made.met_by(withheld):
                return made
        return cut(self._network, miss)

    def _candidates(self, miss: Shortfall, withheld: Mask) -> Iterator[Cut | None]:
        demand = miss.column, miss.direction
        yield self._bounded(demand, withheld, self._around(self._own(miss.column), 1))
        priced = list(miss.priced())
        if priced:
            yield self._bounded(demand, withheld, self._around(np.concatenate(priced), 2))

    def _bounded(self, demand: Demand, withheld: Mask, rows: Index) -> Cut | None:
        """Return the cut that bounds a demand within some rows, weighed by capacities."""
        network, column, found = self._network, demand[0], list[Cut | None]()
        asked = network.demand(*demand)
        columns, inner = self._inside(rows)
        at = int(np.searchsorted(columns, column))
        for way in network.ways(*demand):
            low = np.where(withheld[columns], -network.fall[columns], -HAIR * asked)
            high = np.where(withheld[columns], np.inf, HAIR * asked)
            if way > 0:
                high[at] = asked
            else:
                low[at] = -asked
            reached, prices = self._pushed(inner, columns, column, way, low, high)
            if reached >= asked - TINY:
                return None
            rates = self._rates(rows, prices)
            rates[column] += way
            terms = np.flatnonzero(np.abs(rates) > TINY)
            found.append(capacity(network, column, way, asked, terms, rates[terms]))
        return possible(any_of(found), column)

    def _pushed(
        self,
        inner: sparse.csr_array,
        columns: Index,
        column: int,
        way: int,
        low: Floats,
        high: Floats,
    ) -> tuple[float, Floats]:
        """Push a column one way; return how far it came and the prices of the rows."""
        at = int(np.searchsorted(columns, column))
        cost = np.zeros(len(columns))
        cost[at] = -way
        program = Program(inner, low, high, work=self._network.work, bounds_stay=False)
        point = program.minimise(cost)
        reached = np.inf if point is None else way * float(point[at])
        return reached, program.prices()

    def _rates(self, rows: Index, prices: Floats) -> Floats:
        weighted = np.zeros(self._network.matrix.shape[0])
        weighted[rows] = prices
        return np.asarray(self._network.matrix.T @ weighted, dtype=np.float64)

    def _own(self, column: int) -> Index:
        at = slice(self._by_column.indptr[column], self._by_column.indptr[column + 1])
        return np.asarray(self._by_column.indices[at], dtype=np.int64)

    def _around(self, rows: Index, least: int) -> Index:
        """Add the rows that share at least that many columns with some rows."""
        touched = np.zeros(self._network.size)
        touched[self._network.matrix[rows].indices] = 1.0
        near = self._touching @ touched >= least
        near[rows] = True
        return np.flatnonzero(near)

    def _inside(self, rows: Index) -> tuple[Index, sparse.csr_array]:
        taken = self._network.matrix[rows]
        columns = np.unique(taken.indices).astype(np.int64)
        return columns, sparse.csr_array(sparse.csc_array(taken)[:, columns])
