"""What whole solutions show: the least and greatest value that each cell was seen to have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.audit.part import TOLERANCE, Part

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Seen:
    """The ends of every cell of a part over the whole solutions met, the first and the last one.

    Each solution is checked against every fact in whole numbers, wherever it came from.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self.least: Floats = np.full(len(part.cells), np.inf)
        self.most: Floats = np.full(len(part.cells), -np.inf)
        self.first: Floats | None = None
        self.last: Floats | None = None

    def note(self, point: Floats) -> bool:
        """Remember a point if it is one of whole numbers that fits every fact."""
        whole: Floats = np.rint(point)
        if not self._part.holds(whole):
            return False
        self.least = np.minimum(self.least, whole)
        self.most = np.maximum(self.most, whole)
        self.first = whole if self.first is None else self.first
        self.last = whole
        return True

    def note_moved(self, moves: sparse.csr_array) -> None:
        """Remember what each move alone makes of the last point, where that fits every fact.

        Shape: a row for each move, a column for each cell.
        """
        part, last = self._part, self.last
        if last is None or not moves.nnz:
            return
        moves = moves[np.diff(moves.indptr) > 0]
        at, values = moves.indices, last[moves.indices] + moves.data
        unfit = (values < part.low[at]) | (values > part.high[at]) | (values != np.rint(values))
        change = sparse.csr_array(moves @ part.matrix.T)
        sums = (part.matrix @ last)[change.indices] + change.data
        low, high = part.row_low[change.indices], part.row_high[change.indices]
        broken = (sums < low - TOLERANCE) | (sums > high + TOLERANCE)
        fits = ~(_any(moves, unfit) | _any(change, broken))[_rows(moves)]
        np.minimum.at(self.least, at[fits], values[fits])
        np.maximum.at(self.most, at[fits], values[fits])

    def end(self, i: int, direction: int) -> float:
        """Return the furthest value seen of a cell."""
        return float(self.most[i] if direction > 0 else self.least[i])

    def shows(self, i: int, direction: int, end: float) -> bool:
        """Tell whether a cell was seen at this end or beyond."""
        return direction * self.end(i, direction) >= direction * end


def _rows(matrix: sparse.csr_array) -> Index:
    """Return the row of every entry."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _any(matrix: sparse.csr_array, flags: Mask) -> Mask:
    """Tell of every row whether any of its entries is flagged."""
    return np.bincount(_rows(matrix)[flags], minlength=matrix.shape[0]) > 0
