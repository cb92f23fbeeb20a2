"""How far single cells of a known solution can go while as little else changes as that takes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.audit.part import Part
from opengazette.disclosure.audit.solver import FAR, FEW_NODES, GAP, Solver, whole_solution

Floats = NDArray[np.float64]
End = tuple[int, float]

# In a part of so many cells several solvers work at the same time, always as many, however many
# threads there are; each is given so many cells before all learn what the others found.
LARGE, SOLVERS, TURN = 1000, 4, 4


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


class MovesTogether:
    """Moves from one solution, several found at the same time where the part is large."""

    def __init__(self, part: Part, base: Floats) -> None:
        self._each = [Moves(part, base) for _ in range(SOLVERS if len(base) >= LARGE else 1)]

    @property
    def at_once(self) -> int:
        """Return how many cells are best asked for at once."""
        return len(self._each) * TURN if len(self._each) > 1 else 1

    def to(self, ends: list[End], *, dives: int) -> list[Floats]:
        """Return solutions in which a cell has a value, for those of the cells that have one."""

        def found(turn: int) -> list[Floats | None]:
            mine = ends[turn :: len(self._each)]
            return [self._each[turn].to(i, end, dives=dives) for i, end in mine]

        turns = range(min(len(self._each), len(ends)))
        if len(turns) == 1:
            return [point for point in found(0) if point is not None]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return [point for each in pool.map(found, turns) for point in each if point is not None]
