"""The cheapest choice of cells that satisfies what is known so far of every sufficient pattern."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from opengazette.disclosure.complementary.cuts import TINY, Cuts, Slack
from opengazette.disclosure.complementary.network import Network
from opengazette.disclosure.complementary.program import Work
from opengazette.errors import Fault

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

# The solver may leave this share of what counts as equal, so that rounding does not matter.
SHARE_OF_CLOSE = 0.9
# Early choices need not be the cheapest; the last ones must, and may branch more and more.
EARLY_GAP, EARLY_NODES, LATE_NODES, MORE = 0.02, 1, 500, 4
# Branching takes this much longer than its simplex steps tell, and half of all work at most.
BRANCHING = 10.0
# A fraction this small is none; where no fraction speaks for a column, its price does.
WHOLE, HAIR = 1e-3, 1e-6


class Master:
    """Choices and bounds from all the cuts so far, by linear and by integer programs.

    A choice within `close` of the cheapest is as good as the cheapest.
    """

    def __init__(self, cost: Floats, work: Work, close: float) -> None:
        self._cost, self._work = cost, work
        self._relaxed, self._integer = _program(cost), _program(cost)
        self._integer.setOptionValue("mip_abs_gap", SHARE_OF_CLOSE * close)
        every = np.arange(len(cost), dtype=np.int32)
        self._integer.changeColsIntegrality(
            len(cost), every, np.full(len(cost), highspy.HighsVarType.kInteger)
        )
        self._integer.cbMipInterrupt.subscribe(self._heed)
        self._relaxed.cbSimplexInterrupt.subscribe(self._heed)
        self._n_cuts = {id(self._relaxed): 0, id(self._integer): 0}
        self._gap, self._nodes, self._branching = EARLY_GAP, EARLY_NODES, 0.0

    @property
    def affordable(self) -> bool:
        """Tell whether branching has taken only its share of all work so far."""
        return BRANCHING * self._branching <= self._work.spent

    def insist(self) -> None:
        """Branch more from now on: the last choice obeyed all cuts and was not proven cheapest."""
        if self._gap:
            self._gap, self._nodes = 0.0, LATE_NODES
        else:
            self._nodes *= MORE

    def rounded(self, cuts: Cuts) -> tuple[Mask | None, float]:
        """Return a fair choice, rounded from the best fractions, and a bound below all choices.

        There is no choice when somebody asks to stop.
        """
        self._learn(self._relaxed, cuts)
        self._relaxed.run()
        self._work.add(self._relaxed)
        if self._relaxed.getModelStatus() == highspy.HighsModelStatus.kInterrupt:
            return None, 0.0
        if self._relaxed.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Fault("The linear solver found no choice of cells at all.")
        share = np.asarray(self._relaxed.getSolution().col_value, dtype=np.float64)
        bound = float(self._relaxed.getInfo().objective_function_value)
        return self._whole(share, cuts), bound

    def branched(self, cuts: Cuts, known: Mask | None) -> tuple[Mask | None, float]:
        """Return a choice near the cheapest, and a bound below all choices.

        `known` is a choice to start from. There may be no choice at all when somebody asks to
        stop.
        """
        before, solver = self._work.spent, self._integer
        self._learn(solver, cuts)
        solver.setOptionValue("mip_rel_gap", self._gap)
        solver.setOptionValue("mip_max_nodes", self._nodes)
        if known is not None:
            start = highspy.HighsSolution()
            start.col_value = known.astype(np.float64).tolist()
            solver.setSolution(start)
        solver.run()
        self._work.add(solver)
        self._branching += self._work.spent - before
        bound = float(solver.getInfo().mip_dual_bound)
        status = solver.getInfo().primal_solution_status
        if status != highspy.SolutionStatus.kSolutionStatusFeasible:
            if not self._work.stop():
                raise Fault("The integer solver found no choice of cells at all.")
            return None, max(0.0, bound)
        return np.asarray(solver.getSolution().col_value, dtype=np.float64) > 0.5, bound

    def _whole(self, share: Floats, cuts: Cuts) -> Mask:
        """Take what fractions suggest until every cut is met; give back what none needs."""
        chosen = share > 1.0 - WHOLE
        worth = (share + HAIR) / np.maximum(self._cost, HAIR)
        for each in cuts.all:
            while not each.met_by(chosen):
                value = each.weights * worth[each.columns]
                value[chosen[each.columns]] = 0.0
                chosen[each.columns[int(np.argmax(value))]] = True
        slack, taken = Slack(cuts, chosen), np.flatnonzero(chosen)
        for column in taken[np.argsort(worth[taken], kind="stable")].tolist():
            if not slack.needs(column):
                chosen[column] = False
                slack.give_back(column)
        return chosen

    def _learn(self, solver: highspy.Highs, cuts: Cuts) -> None:
        for each in cuts.all[self._n_cuts[id(solver)] :]:
            columns = each.columns.astype(np.int32)
            solver.addRow(1.0, highspy.kHighsInf, len(columns), columns, each.weights)
        self._n_cuts[id(solver)] = len(cuts.all)

    def _heed(self, event: highspy.HighsCallbackEvent) -> None:
        if self._work.stop():
            event.interrupt()


def _program(cost: Floats) -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1)):
        solver.setOptionValue(option, value)
    solver.addVars(len(cost), np.zeros(len(cost)), np.ones(len(cost)))
    solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
    return solver


def chosen_within(
    network: Network, cuts: Cuts, outside: Mask, block: Index, *, nodes: int, gap: float
) -> Index | None:
    """Return the cheapest columns of a block that satisfy, with those outside, all cuts, or nearly.

    None if `nodes` of branching do not suffice.
    """
    needs = cuts.matrix(len(outside))
    missing = 1.0 - needs @ outside.astype(np.float64)
    unmet = np.flatnonzero(missing > TINY)
    within = sparse.csc_array(sparse.csr_array(needs[:, block])[unmet])
    useful = np.flatnonzero(np.diff(within.indptr))
    block, wanted = block[useful], sparse.csr_array(within[:, useful])
    chosen, searched = cheapest(network.cost[block], wanted, missing[unmet], nodes=nodes, gap=gap)
    network.work.spent += float((1 + searched) * sum(wanted.shape))
    return None if chosen is None else block[chosen]


def cheapest(
    cost: Floats, needs: sparse.csr_array, least: Floats, *, nodes: int, gap: float
) -> tuple[Index | None, int]:
    """Choose the cheapest of a few columns that satisfy `needs @ chosen >= least`, or nearly.

    Shape: the places of the chosen columns, one column of `needs` and one cost for each, or None
    if `nodes` of branching do not suffice; and how many were searched.
    """
    if not needs.shape[0]:
        return np.zeros(0, dtype=np.int64), 0
    if not needs.shape[1]:
        return None, 0
    found = milp(
        cost,
        constraints=LinearConstraint(needs, least, np.inf),
        integrality=np.ones(len(cost), dtype=np.int64),
        bounds=Bounds(0, 1),
        options={"node_limit": nodes, "mip_rel_gap": gap},
    )
    searched = int(found.mip_node_count or 0)
    return (None if found.x is None else np.flatnonzero(found.x > 0.5)), searched
