"""Linear and whole-number programs over one part of what is unknown."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from opengazette.disclosure.audit.part import TOLERANCE, Part, labels
from opengazette.errors import Fault

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

# A dive that is not whole after so many steps seldom becomes so. Of fractions that hang together
# one is rounded at a time, and one more of every so many.
STEPS, OF_MANY = 60, 60
# How the simplex method starts best: after a change of cost alone, and after any other.
PRIMAL, DUAL = 4, 1
# As good as endless for a count that is withheld.
FAR = 1e7
# A whole solution need not be the best one: the whole-number solver stops early.
FEW_NODES, GAP = 5, 0.1
# What the whole-number solver answers.
OPTIMAL, INFEASIBLE, FAILED = 0, 2, 4


class Solver:
    """Linear programs over one part, each started from where the last one ended."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._highs = _loaded(part)
        self._low, self._high = part.low.copy(), part.high.copy()
        self._narrowed: list[Index] = []
        self._home: highspy.HighsBasis | None = None
        self._random = np.random.default_rng(len(part.cells))

    def narrow(self, at: Index, low: Floats, high: Floats) -> None:
        """Keep some cells within narrower bounds, until `release`."""
        if not self._narrowed and self._home is None:
            self._home = self._highs.getBasis()
        self._narrowed.append(at)
        self._bound(at, low, high)

    def release(self) -> None:
        """Give all cells their own bounds back."""
        if self._narrowed:
            at = np.unique(np.concatenate(self._narrowed))
            self._bound(at, self._part.low[at], self._part.high[at])
            self._narrowed = []
        if self._home is not None and self._home.valid:
            self._highs.setBasis(self._home)
        self._home = None

    def afresh(self) -> None:
        """Start what follows from every cell at one of its bounds."""
        self._highs.setBasis()

    def stay(self) -> None:
        """Start what follows from the solution at hand, not from the one before `narrow`."""
        self._home = self._highs.getBasis()

    def solve(self, cost: Floats, strategy: int = DUAL) -> Floats | None:
        """Minimise the cost over the real numbers; None when nothing fits."""
        self._highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        return self._again(strategy)

    def dive(self, point: Floats) -> Floats | None:
        """Go from a solution to a whole one near it: round a few cells, solve, and so on.

        The rounded cells stay narrowed, until `release`.
        """
        for _ in range(STEPS):
            loose = np.flatnonzero(np.abs(point - np.rint(point)) > TOLERANCE)
            if not len(loose):
                return point
            after = self._rounded(point, self._some_of(loose))
            if after is None:
                return None
            point = after
        return None

    def _rounded(self, point: Floats, chosen: Index) -> Floats | None:
        """Hold cells at the whole numbers beside them; fewer of them, as long as nothing fits."""
        floor = np.floor(point[chosen])
        up = self._random.random(len(chosen)) < point[chosen] - floor
        while len(chosen) > 1:
            before = self._low[chosen], self._high[chosen]
            after = self._fixed(chosen, floor + up)
            if after is not None:
                return after
            self._bound(chosen, *before)
            half = len(chosen) // 2
            chosen, floor, up = chosen[:half], floor[:half], up[:half]
        after = self._fixed(chosen, floor + up)
        return self._fixed(chosen, floor + ~up) if after is None else after

    def _fixed(self, at: Index, values: Floats) -> Floats | None:
        self.narrow(at, values, values)
        return self._again(DUAL)

    def _some_of(self, loose: Index) -> Index:
        """Choose one cell of each group of fractions that hang together, and a few more."""
        _, label = labels(sparse.csr_array(self._part.columns[:, loose]))
        order = self._random.permutation(len(loose))
        _, first = np.unique(label[order], return_index=True)
        more = order[: len(loose) // OF_MANY]
        chosen = np.unique(np.concatenate([order[first], more]))
        return np.asarray(self._random.permutation(loose[chosen]), dtype=np.int64)

    def _again(self, strategy: int) -> Floats | None:
        self._highs.setOptionValue("simplex_strategy", strategy)
        self._highs.run()
        status = self._highs.getModelStatus()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
            # Rounding spoilt what the last solution left behind: solve from scratch.
            self._highs.clearSolver()
            self._highs.setOptionValue("simplex_strategy", DUAL)
            self._highs.run()
            status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise Fault(f"The linear solver stopped with status {status.name}.")
        return np.asarray(self._highs.getSolution().col_value, dtype=np.float64)

    def _bound(self, at: Index, low: Floats, high: Floats) -> None:
        self._low[at], self._high[at] = low, high
        self._highs.changeColsBounds(len(at), at.astype(np.int32), low, high)


def _loaded(part: Part) -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
        solver.setOptionValue(option, value)
    rows, columns = part.matrix.shape
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = rows, columns
    model.col_cost_ = np.zeros(columns)
    model.col_lower_, model.col_upper_ = part.low, part.high
    model.row_lower_, model.row_upper_ = part.row_low, part.row_high
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = part.matrix.indptr
    model.a_matrix_.index_ = part.matrix.indices
    model.a_matrix_.value_ = part.matrix.data
    solver.passModel(model)
    return solver


def whole_solution(
    part: Part, cost: Floats, low: Floats, high: Floats, *, nodes: int, gap: float = 0.0
) -> tuple[Floats | None, bool]:
    """Minimise the cost over the whole numbers; return the best point, and whether it is settled.

    It is settled that there is none if nothing fits. The search ends after so many nodes, or
    within a gap of the best.
    """
    for presolve in (True, False):
        answer = milp(
            cost,
            integrality=np.ones(len(cost), dtype=np.int64),
            bounds=Bounds(low, high),
            constraints=LinearConstraint(part.matrix, part.row_low, part.row_high),
            options={"node_limit": nodes, "mip_rel_gap": gap, "presolve": presolve},
        )
        # Undoing its own simplifications, the solver now and then fails: solve without.
        if answer.status != FAILED:
            break
    point = None if answer.x is None else np.asarray(answer.x, dtype=np.float64)
    return point, answer.status == (INFEASIBLE if point is None else OPTIMAL)
