"""Moves of single cells that take as little other movement as can be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.program import Program, Work
from opengazette.disclosure.complementary.witnesses import CLOSE

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

# A fractional move that has room becomes whole when it is made several times.
MULTIPLES = (1, 2, 3, 4, 6)
# A dive that is not whole after so many steps seldom becomes so; another may.
STEPS, DIVES = 30, 4


@dataclass(frozen=True)
class Stuck:
    """Why a column cannot move so far: the prices of the rows that prove it."""

    prices: Floats


class LeastMoves:
    """The cheapest moves over `matrix @ x == 0`, `low <= x <= high`, each step at one price.

    Where nothing moves is the cheapest point of all: from there the dual simplex method finds
    the least move of one column by looking at what lies around it.
    """

    def __init__(self, matrix: sparse.csr_array, low: Floats, high: Floats, *, work: Work) -> None:
        self._size = int(matrix.shape[1])
        self._low, self._high = low.copy(), high.copy()
        self._prices = np.ones(2 * self._size)
        split = sparse.hstack([matrix, -matrix], format="csr")
        self._program = Program(
            split, np.zeros(2 * self._size), self._limits, work=work, bounds_stay=False
        )

    @property
    def _limits(self) -> Floats:
        return np.concatenate([self._high, -self._low])

    def allow(self, columns: Index, low: Floats, high: Floats) -> None:
        """Change how far some columns may move."""
        self._low[columns], self._high[columns] = low, high
        self._release(np.concatenate([columns, columns + self._size]))

    def of(self, column: int, by: float) -> Floats | Stuck:
        """Return a move of all columns by which this one moves so far, or why there is none.

        Fractions remain where no multiple of the move that has room is whole.
        """
        with self._moving(column, by):
            point = self._first()
            if point is None:
                return Stuck(self._program.ray())
            move = self._joined(point)
            whole = whole_multiple(move, self._low, self._high)
            return move if whole is None else whole

    def whole(self, column: int, by: float) -> Floats | None:
        """Return a move in whole numbers, if one is found by rounding."""
        random = np.random.default_rng(column)
        with self._moving(column, by):
            dives = (self._dived(random) for _ in range(DIVES))
            found = next((point for point in dives if point is not None), None)
        return None if found is None else np.rint(self._joined(found))

    @contextmanager
    def _moving(self, column: int, by: float) -> Iterator[None]:
        pair = np.array([column, column + self._size])
        need = np.array([max(by, 0.0), max(-by, 0.0)])
        self._program.bound(pair, need, need)
        try:
            yield
        finally:
            self._release(pair)

    def _first(self) -> Floats | None:
        self._program.afresh()
        return self._program.minimise(self._prices)

    def _dived(self, random: np.random.Generator) -> Floats | None:
        """Round one place after the other, up where not down, until all are whole."""
        held = list[Index]()
        try:
            point = self._first()
            while point is not None and len(held) < STEPS:
                loose = np.flatnonzero(np.abs(point - np.rint(point)) > CLOSE)
                if not len(loose):
                    return point
                held.append(random.choice(loose, 1))
                floor = np.floor(point[held[-1]])
                point = self._held(held[-1], floor)
                if point is None:
                    point = self._held(held[-1], floor + 1)
            return None
        finally:
            if held:
                self._release(np.unique(np.concatenate(held)))

    def _held(self, place: Index, value: Floats) -> Floats | None:
        self._program.bound(place, value, value)
        return self._program.minimise(self._prices)

    def _release(self, places: Index) -> None:
        self._program.bound(places, np.zeros(len(places)), self._limits[places])

    def _joined(self, point: Floats) -> Floats:
        return point[: self._size] - point[self._size :]


def whole_multiple(by: Floats, low: Floats, high: Floats) -> Floats | None:
    """Return the least multiple of a move that is whole, if there is room for it."""
    for times in MULTIPLES:
        rounded = np.rint(times * by)
        if (rounded < low - CLOSE).any() or (rounded > high + CLOSE).any():
            return None
        if np.abs(rounded - times * by).max(initial=0.0) <= CLOSE:
            return rounded
    return None
