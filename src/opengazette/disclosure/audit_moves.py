"""How far single cells of a known solution can go while as little else changes as that takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.audit_part import Part
from opengazette.disclosure.audit_solver import Solver

Floats = NDArray[np.float64]


class Moves:
    """Changes of one whole solution, `base`: each cell up by one column and down by another.

    Nothing changes at first, which is the cheapest there is. From there the dual simplex method
    finds the least change that moves one cell by looking at the cells around it alone.
    """

    def __init__(self, part: Part, base: Floats) -> None:
        self._base, self._n_cells = base, len(base)
        now = part.matrix @ base
        self._solver = Solver(
            Part(
                cells=np.concatenate([part.cells, part.cells]),
                matrix=sparse.csr_array(sparse.hstack([part.matrix, -part.matrix])),
                row_low=part.row_low - now,
                row_high=part.row_high - now,
                low=np.zeros(2 * len(base)),
                high=np.concatenate([part.high - base, base - part.low]),
            )
        )
        self._cost = np.ones(2 * len(base))

    def to(self, i: int, end: float, *, dives: int) -> Floats | None:
        """Return a solution in which a cell has this value, if one is found.

        It is whole where a whole one is among the least changes, or so many dives lead to one.
        """
        by = end - self._base[i]
        there = np.array([i, i + self._n_cells])
        moved = np.array([max(by, 0.0), max(-by, 0.0)])
        point = None
        for _ in range(max(1, dives)):
            self._solver.afresh()
            self._solver.narrow(there, moved, moved)
            point = self._solver.solve(self._cost)
            if point is not None and dives:
                point = self._solver.dive(point)
            self._solver.release()
            if point is not None:
                break
        if point is None:
            return None
        return np.asarray(self._base + point[: self._n_cells] - point[self._n_cells :])
