"""How far single cells of a known solution can go while as little else changes as that takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.audit.part import Part
from opengazette.disclosure.audit.solver import FAR, FEW_NODES, GAP, Solver, whole_solution

Floats = NDArray[np.float64]


class Moves:
    """Changes of whole numbers, `base`: each cell up by one column and down by another.

    Where they are a solution, nothing changes at first, which is the cheapest there is. From
    there the dual simplex method finds the least change that moves one cell by looking at the
    cells around it alone.
    """

    def __init__(self, part: Part, base: Floats) -> None:
        self._base, self._n_cells = base, len(base)
        now = part.matrix @ base
        self._changes = Part(
            cells=np.concatenate([part.cells, part.cells]),
            matrix=sparse.csr_array(sparse.hstack([part.matrix, -part.matrix])),
            row_low=part.row_low - now,
            row_high=part.row_high - now,
            low=np.zeros(2 * len(base)),
            high=np.concatenate([part.high - base, base - part.low]),
        )
        self._solver = Solver(self._changes)
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

    def nearest(self) -> Floats | None:
        """Return a whole solution not far from `base`, if little work leads to one."""
        change, _ = whole_solution(
            self._changes,
            self._cost,
            self._changes.low,
            np.minimum(self._changes.high, FAR),
            nodes=FEW_NODES,
            gap=GAP,
        )
        return None if change is None else self._after(change)

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
        return None if change is None else self._after(change)

    def _after(self, change: Floats) -> Floats:
        return np.asarray(self._base + change[: self._n_cells] - change[self._n_cells :])
