"""Moves of single cells that take as little other movement as can be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary_program import Program, Work
from opengazette.disclosure.complementary_witnesses import CLOSE

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

# A dive that is not whole after so many steps seldom becomes so.
STEPS = 30


class LeastMoves:
    """The cheapest moves over `matrix @ x == 0`, `low <= x <= high`, each step at one price.

    Where nothing moves is the cheapest point of all: from there the dual simplex method finds
    the least move of one column by looking at what lies around it.
    """

    def __init__(self, matrix: sparse.csr_array, low: Floats, high: Floats, *, work: Work) -> None:
        self._size = int(matrix.shape[1])
        self._high = np.concatenate([high, -low])
        self._prices = np.ones(2 * self._size)
        split = sparse.hstack([matrix, -matrix], format="csr")
        self._program = Program(
            split, np.zeros(2 * self._size), self._high, work=work, bounds_stay=False
        )

    def of(self, column: int, by: float) -> Floats | None:
        """Return a move of all columns by which this one moves so far; None if there is none.

        It is whole where that is among the least, or where rounding leads to one quickly.
        """
        pair = np.array([column, column + self._size])
        need = np.array([max(by, 0.0), max(-by, 0.0)])
        self._program.bound(pair, need, need)
        self._program.afresh()
        point = self._program.minimise(self._prices)
        held = [pair]
        if point is not None:
            whole = self._whole(point, held)
            point = point if whole is None else whole
        back = np.unique(np.concatenate(held))
        self._program.bound(back, np.zeros(len(back)), self._high[back])
        return None if point is None else point[: self._size] - point[self._size :]

    def _whole(self, point: Floats, held: list[Index]) -> Floats | None:
        """Round one place after the other, up where not down; what is held is written down."""
        for _ in range(STEPS):
            loose = np.flatnonzero(np.abs(point - np.rint(point)) > CLOSE)
            if not len(loose):
                return point
            place = loose[:1]
            held.append(place)
            floor = np.floor(point[place])
            after = self._held(place, floor)
            if after is None:
                after = self._held(place, floor + 1)
            if after is None:
                return None
            point = after
        return None

    def _held(self, place: Index, value: Floats) -> Floats | None:
        self._program.bound(place, value, value)
        return self._program.minimise(self._prices)
