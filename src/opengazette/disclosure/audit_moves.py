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
        self._beyond = set[tuple[int, float]]()

    def to(self, i: int, end: float, *, dives: int) -> Floats | None:
        """Return a solution in which a cell has this value, if one is found.

        It is whole where a whole one is among the least changes, or so many dives lead to one.
        """
        tries = max(1, dives)
        while tries and (i, end) not in self._beyond:
            found = self._changed(i, end, dive=bool(dives))
            if found is not None:
                return found
            tries -= 1
        return None

    def _changed(self, i: int, end: float, *, dive: bool) -> Floats | None:
        by = end - self._base[i]
        there = np.array([i, i + self._n_cells])
        moved = np.array([max(by, 0.0), max(-by, 0.0)])
        self._solver.afresh()
        self._solver.narrow(there, moved, moved)
        change = self._solver.solve(self._cost)
        if change is None:
            self._beyond.add((i, end))
        elif dive:
            change = self._solver.dive(change)
        self._solver.release()
        if change is None:
            return None
        return np.asarray(self._base + change[: self._n_cells] - change[self._n_cells :])
