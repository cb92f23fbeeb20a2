"""Linear programs over the moves of a network, solved by HiGHS and kept warm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.errors import Fault

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


# HiGHS's numbers for its simplex strategies. While bounds stay the last point remains feasible,
# where primal simplex goes on at once; else dual simplex is the quicker.
DUAL, PRIMAL = 1, 4

# Whole moves are a last resort: a fair one soon is better than the best one late.
WHOLE_GAP, NODES = 0.3, 2000


def _never() -> bool:
    return False


class Stopped(Exception):
    """Somebody asked to stop, and what was going on may stay unfinished."""


class TooMuch(Exception):
    """What was going on took more work than it was worth."""


@dataclass
class Work:
    """What the solvers have spent, in simplex steps times columns: the same on every machine.

    `stop` ends the work early, such as by the clock. Where it may be left unfinished, `Stopped`
    ends it between two runs of a solver.
    """

    limit: float = np.inf
    spent: float = 0.0
    stop: Callable[[], bool] = _never
    may_stay_unfinished: bool = False
    ceiling: float = np.inf

    @property
    def used_up(self) -> bool:
        """Tell whether the limit is reached, or somebody asks to stop."""
        return self.spent >= self.limit or self.stop()

    def add(self, solver: highspy.Highs) -> None:
        """Count the last run of a solver."""
        steps = max(0, solver.getInfo().simplex_iteration_count)
        self.spent += float((1 + steps) * (solver.getNumCol() + solver.getNumRow()))

    @contextmanager
    def unfinished(self) -> Iterator[None]:
        """Let what happens inside stay unfinished when somebody asks to stop."""
        self.may_stay_unfinished = True
        with suppress(Stopped):
            yield
        self.may_stay_unfinished = False

    @contextmanager
    def at_most(self, more: float) -> Iterator[None]:
        """Give up what happens inside once it has taken more work than that."""
        before, self.ceiling = self.ceiling, self.spent + more
        try:
            with suppress(TooMuch):
                yield
        finally:
            self.ceiling = before

    def heed(self) -> None:
        """Give up what may stay unfinished, if somebody asks to stop, and what takes too much.

        Raises:
            Stopped: somebody asks to stop.
            TooMuch: the work that was allowed is used up.
        """
        if self.spent > self.ceiling:
            raise TooMuch
        if self.may_stay_unfinished and self.stop():
            raise Stopped


class Program:
    """Minimise a cost over `matrix @ x == 0` and `low <= x <= high`.

    The basis of the last solution is where the next one starts. One thread: the same input
    gives the same answer everywhere.
    """

    def __init__(
        self,
        matrix: sparse.csr_array,
        low: Floats,
        high: Floats,
        *,
        work: Work,
        whole: bool = False,
        nodes: int = NODES,
        bounds_stay: bool = True,
    ) -> None:
        self._size, self._work = int(matrix.shape[1]), work
        self._all = np.arange(self._size, dtype=np.int32)
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            self._solver.setOptionValue(option, value)
        self._solver.setOptionValue("simplex_strategy", PRIMAL if bounds_stay else DUAL)
        self._solver.passModel(_model(matrix, low, high, whole=whole))
        if whole:
            self._solver.setOptionValue("presolve", "on")
            self._solver.setOptionValue("mip_max_nodes", nodes)
            self._solver.setOptionValue("mip_rel_gap", WHOLE_GAP)

    def bound(self, columns: Index, low: Floats, high: Floats) -> None:
        """Change the bounds of some columns."""
        self._solver.changeColsBounds(len(columns), columns.astype(np.int32), low, high)

    def afresh(self) -> None:
        """Start the next solution from every column at one of its bounds.

        Where all rest is for free, that is the cheapest point but for what is forced to move.
        """
        self._solver.setBasis()

    def minimise(self, cost: Floats) -> Floats | None:
        """Return the best point, or None when there is none."""
        self._work.heed()
        self._solver.changeColsCost(self._size, self._all, cost)
        self._solver.run()
        self._work.add(self._solver)
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kUnknown:
            status = self._solved_anew()
        if status == highspy.HighsModelStatus.kOptimal:
            return np.asarray(self._solver.getSolution().col_value, dtype=np.float64)
        if status == highspy.HighsModelStatus.kSolutionLimit:
            return self._best_so_far()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        raise Fault(f"The linear solver stopped with status {status.name}.")

    def _solved_anew(self) -> highspy.HighsModelStatus:
        """Solve from scratch by dual simplex, where primal simplex lost its way at the end."""
        _, before = self._solver.getOptionValue("simplex_strategy")
        self._solver.clearSolver()
        self._solver.setOptionValue("simplex_strategy", DUAL)
        self._solver.run()
        self._work.add(self._solver)
        self._solver.setOptionValue("simplex_strategy", before)
        return self._solver.getModelStatus()

    def _best_so_far(self) -> Floats | None:
        found = self._solver.getInfo().primal_solution_status
        if found != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        return np.asarray(self._solver.getSolution().col_value, dtype=np.float64)

    def prices(self) -> Floats:
        """Return the dual value of each row at the last solution."""
        return np.asarray(self._solver.getSolution().row_dual, dtype=np.float64)

    def ray(self) -> Floats:
        """Return prices of the rows that prove that the last program has no solution."""
        _, known, prices = self._solver.getDualRay()  # type: ignore[attr-defined]
        if not known:
            raise Fault("The linear solver found no solution and no proof that there is none.")
        return np.asarray(prices, dtype=np.float64)


def _model(matrix: sparse.csr_array, low: Floats, high: Floats, *, whole: bool) -> highspy.HighsLp:
    by_column = sparse.csc_array(matrix)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = by_column.shape
    model.col_cost_ = np.zeros(by_column.shape[1])
    model.col_lower_, model.col_upper_ = low, high
    model.row_lower_ = model.row_upper_ = np.zeros(by_column.shape[0])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = by_column.indptr
    model.a_matrix_.index_ = by_column.indices
    model.a_matrix_.value_ = by_column.data
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * by_column.shape[1]
    return model
