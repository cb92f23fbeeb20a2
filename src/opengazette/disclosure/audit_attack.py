"""The attacker's arithmetic: the least and greatest value each withheld cell can have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

from opengazette.disclosure.audit_knowledge import Knowledge
from opengazette.errors import AuditFailed, Fault

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

TOLERANCE = 1e-6
NODES, FEW_NODES = 5000, 5
# As good as endless for a count that is withheld.
FAR = 1e7
# Many cells are pushed at once while that settles this share of them; the last few one by one.
WORTH, FEW = 0.03, 3


@dataclass(frozen=True)
class Verdict:
    """What the attacker learns of one withheld cell.

    `low` and `high` enclose every whole value the cell can have, as far as it was pursued:
    an end that reaches the demanded one is not pursued further. `proved` is False if whole
    solutions could not be settled within the work limit.
    """

    cell: int
    low: float
    high: float
    proved: bool = True


def verdicts(known: Knowledge, wanted: Index, low: Floats, high: Floats) -> Iterator[Verdict]:
    """Bound the wanted cells (columns of `known`), each against its demanded [low, high].

    Raises:
        AuditFailed: no whole numbers at all fit what is published.
    """
    for attack, here in _attacks(known, wanted):
        yield from attack.run(wanted[here], low[here], high[here])


def widths(known: Knowledge, wanted: Index, width: int) -> Iterator[Verdict]:
    """Bound the wanted cells (columns of `known`) until their intervals are `width` wide.

    Raises:
        AuditFailed: no whole numbers at all fit what is published.
    """
    for attack, here in _attacks(known, wanted):
        yield from attack.stretch(wanted[here], width)


def parts_of(known: Knowledge) -> Index:
    """Label each unknown cell with the connected part it belongs to."""
    return _labels(known)[1]


def _labels(known: Knowledge) -> tuple[Index, Index]:
    rows, columns = known.matrix.shape
    both = sparse.block_array(
        [[None, known.matrix], [sparse.csr_array((columns, rows)), None]], format="csr"
    )
    _, labels = connected_components(both, directed=False)
    found: Index = np.asarray(labels, dtype=np.int64)
    return found[:rows], found[rows:]


def _attacks(known: Knowledge, wanted: Index) -> Iterator[tuple[Attack, Index]]:
    """Split what is unknown into connected parts, each with the wanted cells that it holds."""
    row_label, column_label = _labels(known)
    for label in np.unique(column_label[wanted]):
        inside = np.flatnonzero(column_label == label)
        here = np.flatnonzero(column_label[wanted] == label)
        yield Attack(known, inside, np.flatnonzero(row_label == label)), here


class Attack:
    """One connected part of what is unknown."""

    def __init__(self, known: Knowledge, columns: Index, rows: Index) -> None:
        self._columns = columns
        self._matrix = sparse.csc_array(known.matrix[rows, :])[:, columns].tocsr()
        self._row_low, self._row_high = known.row_low[rows], known.row_high[rows]
        self._low, self._high = known.low[columns], known.high[columns]
        self._solver = self._load()
        self._least = np.full(len(columns), np.inf)
        self._most = np.full(len(columns), -np.inf)

    def run(self, wanted: Index, low: Floats, high: Floats) -> list[Verdict]:
        """Give a verdict on each wanted cell."""
        at = np.searchsorted(self._columns, wanted)
        self._sweep(at, high)
        found = []
        for cell, i, lowest, highest in zip(wanted, at, low, high, strict=True):
            least, proved_low = self._pursue(int(i), -1, float(lowest))
            most, proved_high = self._pursue(int(i), +1, float(highest))
            found.append(Verdict(int(cell), least, most, proved_low and proved_high))
        return found

    def stretch(self, wanted: Index, width: int) -> list[Verdict]:
        """Give a verdict on each wanted cell, pursued until its interval is `width` wide."""
        at = np.searchsorted(self._columns, wanted)
        self._sweep(at, np.full(len(at), FAR))
        self._shake(at, width)
        return [
            self._stretched(int(cell), int(i), width) for cell, i in zip(wanted, at, strict=True)
        ]

    def _shake(self, at: Index, width: int) -> None:
        """Push cells to sides drawn by lot, as long as that widens a fair share of them."""
        random = np.random.default_rng(len(at))
        waiting, worth = self._narrow(at, width), True
        while len(waiting) > FEW and worth:
            cost = np.zeros(len(self._columns))
            cost[waiting] = random.choice([-1.0, 1.0], size=len(waiting))
            self._push(cost, waiting, width)
            before, waiting = len(waiting), self._narrow(waiting, width)
            worth = before - len(waiting) >= WORTH * before

    def _push(self, cost: Floats, cells: Index, width: int) -> None:
        """Look for whole counts far to the chosen sides; good ones will do."""
        high = self._high.copy()
        high[cells] = np.minimum(high[cells], self._most[cells] + width)
        answer = milp(
            cost,
            integrality=np.ones(len(cost), dtype=np.int64),
            bounds=Bounds(np.maximum(self._low, -FAR), np.minimum(high, FAR)),
            constraints=LinearConstraint(self._matrix, self._row_low, self._row_high),
            options={"node_limit": FEW_NODES, "mip_rel_gap": 0.2},
        )
        if answer.x is not None:
            self._note(np.asarray(answer.x))

    def _narrow(self, at: Index, width: int) -> Index:
        """List the cells whose intervals are not yet wide enough, if any values were seen."""
        span = self._most[at] - self._least[at]
        return np.asarray(at[(span >= 0) & (span < width)], dtype=np.int64)

    def _stretched(self, cell: int, i: int, width: int) -> Verdict:
        least, most = self._seen(i, -1), self._seen(i, +1)
        if most - least >= width:
            return Verdict(cell, least, most)
        if least > most:
            least, _ = self._pursue(i, -1, float(self._low[i]))
        most, proved_high = self._pursue(i, +1, least + width)
        if proved_high and most - least >= width:
            return Verdict(cell, least, most)
        least, proved_low = self._pursue(i, -1, self._seen(i, +1) - width)
        shown = self._seen(i, +1) - self._seen(i, -1) >= width
        return Verdict(cell, least, most, shown or (proved_low and proved_high))

    def _sweep(self, at: Index, high: Floats) -> None:
        """Push all wanted cells down, then up, at once: most show their ends in two solutions."""
        cost = np.zeros(len(self._columns))
        cost[at] = 1.0
        if self._solve(cost) is None:
            raise AuditFailed(
                "The published values contradict each other: no counts at all would fit them.",
                "Build totals, parts and rates from the same rows.",
            )
        self._bound(at, np.minimum(self._high[at], np.maximum(high, self._low[at])))
        self._solve(-cost)
        self._bound(at, self._high[at])

    def _pursue(self, i: int, direction: int, target: float) -> tuple[float, bool]:
        """Return one end of a cell's interval, not pursued beyond the target."""
        if self._shown(i, direction, target):
            return self._seen(i, direction), True
        cost = np.zeros(len(self._columns))
        cost[i] = -float(direction)
        cap = float(self._high[i])
        if direction > 0:
            cap = min(cap, max(target, float(self._low[i])))
        at = np.array([i])
        self._bound(at, np.array([cap]))
        point = self._solve(cost)
        self._bound(at, self._high[at])
        if point is None:
            return direction * np.inf, True
        end = np.floor(direction * float(point[i]) + TOLERANCE) * direction
        if self._shown(i, direction, float(end)):
            return self._seen(i, direction), True
        return self._whole_end(cost, i, cap, float(end))

    def _shown(self, i: int, direction: int, target: float) -> bool:
        return direction * self._seen(i, direction) >= direction * target

    def _seen(self, i: int, direction: int) -> float:
        return float(self._most[i] if direction > 0 else self._least[i])

    def _whole_end(self, cost: Floats, i: int, cap: float, bound: float) -> tuple[float, bool]:
        """Find one end over the whole numbers; if that takes too long, give the bound unproved."""
        high = self._high.copy()
        high[i] = cap
        answer = milp(
            cost,
            integrality=np.ones(len(cost), dtype=np.int64),
            bounds=Bounds(self._low, high),
            constraints=LinearConstraint(self._matrix, self._row_low, self._row_high),
            options={"node_limit": NODES},
        )
        if answer.status != 0 or answer.x is None:
            return bound, False
        self._note(np.asarray(answer.x))
        return float(np.rint(answer.x[i])), True

    def _solve(self, cost: Floats) -> Floats | None:
        """Minimise the cost over the real numbers; None when nothing fits."""
        self._solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kUnknown:
            # Rounding spoilt what the last solution left behind: solve from scratch.
            self._solver.clearSolver()
            self._solver.run()
            status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise Fault(f"The linear solver stopped with status {status.name}.")
        point = np.asarray(self._solver.getSolution().col_value, dtype=np.float64)
        self._note(point)
        return point

    def _note(self, point: Floats) -> None:
        """Remember the values of a point, if it is one of whole numbers that fits every fact."""
        whole = np.rint(point)
        sums = self._matrix @ whole
        fits = (sums >= self._row_low - TOLERANCE) & (sums <= self._row_high + TOLERANCE)
        inside = (whole >= self._low) & (whole <= self._high)
        if fits.all() and inside.all():
            self._least = np.minimum(self._least, whole)
            self._most = np.maximum(self._most, whole)

    def _bound(self, at: Index, high: Floats) -> None:
        self._solver.changeColsBounds(len(at), at.astype(np.int32), self._low[at], high)

    def _load(self) -> highspy.Highs:
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
            solver.setOptionValue(option, value)
        rows, columns = self._matrix.shape
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = rows, columns
        model.col_cost_ = np.zeros(columns)
        model.col_lower_, model.col_upper_ = self._low, self._high
        model.row_lower_, model.row_upper_ = self._row_low, self._row_high
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = self._matrix.indptr
        model.a_matrix_.index_ = self._matrix.indices
        model.a_matrix_.value_ = self._matrix.data
        solver.passModel(model)
        return solver
