"""A first whole solution amid the bounds: from there each cell can be moved to either side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.audit.part import Part
from opengazette.disclosure.audit.solver import Solver

Floats = NDArray[np.float64]

# Prices differ by so much, so that each try leads elsewhere; what lies beyond costs a hair, or few
# tries would end whole. Of so many some do.
UNEVEN, HAIR, TRIES = 0.1, 0.02, 15


def amid(part: Part, room: int) -> Floats | None:
    """Return a whole solution in which most cells lie so far above the least, if soon found."""
    size = len(part.cells)
    reach = np.minimum(part.high - part.low, room)
    solver = Solver(_two_steps(part, reach))
    random = np.random.default_rng(size)
    for _ in range(TRIES):
        worth = 1.0 - UNEVEN * random.random(size)
        point = solver.solve(np.concatenate([-worth, HAIR * random.random(size)]))
        if point is None:
            return None
        whole = solver.dive(point)
        solver.release()
        if whole is not None:
            return np.rint(whole[:size] + whole[size:])
    return None


def _two_steps(part: Part, reach: Floats) -> Part:
    """Split every cell into what it has up to its reach above the least, and what beyond."""
    return Part(
        cells=np.concatenate([part.cells, part.cells]),
        matrix=sparse.csr_array(sparse.hstack([part.matrix, part.matrix])),
        row_low=part.row_low,
        row_high=part.row_high,
        low=np.concatenate([part.low, np.zeros(len(reach))]),
        high=np.concatenate([part.low + reach, part.high - part.low - reach]),
    )
