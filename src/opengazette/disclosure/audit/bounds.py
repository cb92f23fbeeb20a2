"""What each fact says alone: bounds that follow from fact to fact, without any solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.part import TOLERANCE, Part, contradiction

Floats = NDArray[np.float64]

# Bounds that still move after so many rounds creep; the solver takes them from there.
ROUNDS = 60


def tightened(part: Part) -> Part:
    """Narrow the bounds of every cell to what single facts imply for whole numbers.

    Raises:
        AuditFailed: no whole numbers fit what is published.
    """
    low, high = np.ceil(part.low - TOLERANCE), np.floor(part.high + TOLERANCE)
    terms = _Terms(part)
    for _ in range(ROUNDS):
        least, most = terms.implied(low, high)
        least, most = np.maximum(low, least), np.minimum(high, most)
        if (least > most).any():
            raise contradiction()
        still = np.array_equal(least, low) and np.array_equal(most, high)
        low, high = least, most
        if still:
            break
    return replace(part, low=low, high=high)


class _Terms:
    """Every term of every fact."""

    def __init__(self, part: Part) -> None:
        terms = part.matrix.tocoo()
        self._row, self._cell, self._factor = terms.row, terms.col, terms.data
        self._row_low, self._row_high = part.row_low, part.row_high
        self._width = len(part.cells)

    def implied(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Bound each cell by each of its facts, the others in it being anywhere."""
        rises = self._factor > 0
        bottom, top = low[self._cell], high[self._cell]
        below = self._others(self._factor * np.where(rises, bottom, top), -np.inf)
        above = self._others(self._factor * np.where(rises, top, bottom), np.inf)
        far = (self._row_high[self._row] - below) / self._factor
        near = (self._row_low[self._row] - above) / self._factor
        least: Floats = np.full(self._width, -np.inf)
        most: Floats = np.full(self._width, np.inf)
        np.maximum.at(least, self._cell, np.where(rises, near, far))
        np.minimum.at(most, self._cell, np.where(rises, far, near))
        return np.ceil(least - TOLERANCE), np.floor(most + TOLERANCE)

    def _others(self, terms: Floats, endless: float) -> Floats:
        """Sum, for each term, the other terms of its fact."""
        size, ends = len(self._row_low), ~np.isfinite(terms)
        finite = np.where(ends, 0.0, terms)
        sums = np.bincount(self._row, weights=finite, minlength=size)[self._row] - finite
        n_ends = np.bincount(self._row, weights=ends, minlength=size)[self._row] - ends
        return np.where(n_ends > 0, endless, sums)
