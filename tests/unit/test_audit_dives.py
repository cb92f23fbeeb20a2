"""From a solution in fractions the attack dives to a whole one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from opengazette.disclosure.audit import solver as audit_solver
from opengazette.disclosure.audit.part import Part
from opengazette.disclosure.audit.solver import Solver

LENGTH = 121
MOST = -np.ones(LENGTH)


def ring(most: float = 1.0, every: float = np.inf) -> Part:
    """An odd ring of cells: no two neighbours are more than this together, all are `every`."""
    ones = sparse.eye_array(LENGTH, format="csr")
    around = ones + ones[np.roll(np.arange(LENGTH), -1)]
    return Part(
        cells=np.arange(LENGTH),
        matrix=sparse.csr_array(sparse.vstack([around, np.ones((1, LENGTH))])),
        row_low=np.append(np.zeros(LENGTH), every if np.isfinite(every) else 0.0),
        row_high=np.append(np.full(LENGTH, most), every),
        low=np.zeros(LENGTH),
        high=np.full(LENGTH, most),
    )


@pytest.mark.parametrize("of_many", [2, 10, 60, 1000])
def test_a_dive_ends_at_whole_numbers_however_many_are_rounded_at_once(
    of_many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_solver, "OF_MANY", of_many)
    solver = Solver(ring())
    halves = solver.solve(MOST)
    assert halves == pytest.approx(0.5)
    whole = solver.dive(halves)
    assert whole is not None
    assert whole == pytest.approx(np.rint(whole))
    assert ring().holds(np.rint(whole))


def test_what_a_dive_held_is_free_again_afterwards() -> None:
    solver = Solver(ring())
    halves = solver.solve(MOST)
    assert halves is not None
    solver.dive(halves)
    solver.release()
    assert solver.solve(MOST) == pytest.approx(0.5)


def test_cells_that_were_narrowed_before_stay_so_while_a_dive_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_solver, "OF_MANY", 2)
    solver, held = Solver(ring(most=3.0)), np.arange(0, LENGTH, 3)
    solver.narrow(held, np.ones(len(held)), np.full(len(held), 3.0))
    point = solver.solve(MOST)
    assert point == pytest.approx(1.5)
    whole = solver.dive(point)
    assert whole is not None
    assert (np.rint(whole[held]) >= 1).all()


def test_where_no_whole_numbers_fit_no_dive_ends() -> None:
    solver = Solver(ring(every=30.5))
    point = solver.solve(MOST)
    assert point is not None
    assert solver.dive(point) is None
