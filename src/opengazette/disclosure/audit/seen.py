"""What whole solutions show: the least and greatest value that each cell was seen to have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.part import Part

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


class Seen:
    """The ends of every cell of a part over the whole solutions that were met, and the last one.

    Each solution is checked against every fact in whole numbers, wherever it came from.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self.least: Floats = np.full(len(part.cells), np.inf)
        self.most: Floats = np.full(len(part.cells), -np.inf)
        self.last: Floats | None = None

    def note(self, point: Floats) -> bool:
        """Remember a point if it is one of whole numbers that fits every fact."""
        whole: Floats = np.rint(point)
        if not self._part.holds(whole):
            return False
        self.least = np.minimum(self.least, whole)
        self.most = np.maximum(self.most, whole)
        self.last = whole
        return True

    def end(self, i: int, direction: int) -> float:
        """Return the furthest value seen of a cell."""
        return float(self.most[i] if direction > 0 else self.least[i])

    def shows(self, i: int, direction: int, end: float) -> bool:
        """Tell whether a cell was seen at this end or beyond."""
        return direction * self.end(i, direction) >= direction * end
