"""The search for whole solutions of one part in which chosen cells lie low or high."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.audit.amid import amid
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.moves import End, Moves, MovesTogether
from opengazette.disclosure.audit.part import TOLERANCE, Part, contradiction
from opengazette.disclosure.audit.seen import Seen
from opengazette.disclosure.audit.solver import FAR, FEW_NODES, GAP, PRIMAL, Solver, whole_solution

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

# How far a cell first looked for lies above the least it can be, at most: half of this.
ROOM = 10
DIVES = 3


class Search:
    """Linear programs lead to solutions of one part; what the whole ones show is in `seen`."""

    def __init__(self, part: Part, guess: Guess | None = None) -> None:
        self.part, self.seen = part, Seen(part)
        self._solver = Solver(part)
        self._random = np.random.default_rng(len(part.cells))
        # In tight parts dives seldom end at whole numbers; where one fails, few more are tried.
        self.dives = True
        self._moves: MovesTogether | None = None
        if guess is not None and self.seen.note(guess.values):
            self.seen.note_moved(sparse.csr_array(guess.moves))
            self.seen.note_moved(sparse.csr_array(-guess.moves))

    def start(self, at: Index, room: int) -> None:
        """Find one whole solution, if that takes little work.

        From one amid the bounds of most cells, each can be moved to either side: by `room`, if
        it lies so far above the least.

        Raises:
            AuditFailed: nothing fits, not even over the real numbers.
        """
        first = amid(self.part, room)
        if first is not None and self.seen.note(first):
            return
        low, high = self.part.low, self.part.high
        central = Moves(self.part, np.floor(low + np.minimum(high - low, ROOM) / 2)).nearest()
        if central is not None and self.seen.note(central):
            return
        cost = np.zeros(len(self.part.cells))
        cost[at] = 1.0
        point = self._solver.solve(cost)
        if point is None:
            raise contradiction()
        self._keep(point)
        if self.seen.last is None:
            self._branch(cost, self.part.low, self.part.high)

    def push(self, at: Index, rises: Mask, lower: Floats, upper: Floats) -> None:
        """Look for a solution in which the cells at these places lie far to their sides.

        Those that rise are not pushed beyond `upper`, those that fall not beyond `lower`.
        """
        low, high = self._sides(at, rises, lower, upper)
        self._solver.narrow(at, low[at], high[at])
        point = self._solver.solve(self._outward(at, rises))
        if point is not None:
            self._solver.stay()
            self._keep(point)
        self._solver.release()

    def move(self, ends: Iterator[End], *, dives: int = 0) -> None:
        """Look for solutions in which a cell has a value and few others change, for each end.

        The next ends are asked for when what was found for the last ones is in `seen`. Moves go
        out from the first solution: from others, pushed to their bounds, there is less room.
        """
        if self.seen.first is None:
            return
        if self._moves is None:
            self._moves = MovesTogether(self.part, self.seen.first)
        while some := list(islice(ends, self._moves.at_once)):
            for point in self._moves.to(some, dives=dives):
                self.seen.note(point)

    def _sides(self, at: Index, rises: Mask, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
        """Return the bounds of the part, no wider to the pushed sides than is asked."""
        last = self.part.low if self.seen.last is None else self.seen.last
        base, low, high = last[at], self.part.low.copy(), self.part.high.copy()
        low[at] = np.where(rises, low[at], np.maximum(low[at], np.minimum(base, lower)))
        high[at] = np.where(rises, np.minimum(high[at], np.maximum(base, upper)), high[at])
        return low, high

    def _outward(self, at: Index, rises: Mask) -> Floats:
        """Price the pushed cells towards their sides, each a little differently."""
        cost = np.zeros(len(self.part.cells))
        cost[at] = np.where(rises, -1.0, 1.0) * (0.5 + self._random.random(len(at)))
        return cost

    def rest(self) -> None:
        """Go back to a solution from which single cells are quickly pursued."""
        self._solver.solve(np.zeros(len(self.part.cells)))

    def limit(self, i: int, direction: int, low: float, high: float) -> float | None:
        """Return the furthest whole value of a cell within [low, high] over the real numbers.

        None if it has no value in there.
        """
        cost = np.zeros(len(self.part.cells))
        cost[i] = -float(direction)
        self._hold(i, low, high)
        point = self._solver.solve(cost, PRIMAL)
        self._solver.release()
        if point is None:
            return None
        self.seen.note(point)
        return float(np.floor(direction * float(point[i]) + TOLERANCE) * direction)

    def reach(self, i: int, direction: int, end: float) -> bool:
        """Look for a whole solution in which a cell has this value."""
        for _ in range(DIVES if self.dives else 1):
            self._hold(i, end, end)
            point = self._solver.solve(self._homeward())
            if point is None:
                self._solver.release()
                return False
            self._keep(point)
            if self.seen.shows(i, direction, end):
                return True
        return False

    def _keep(self, point: Floats) -> None:
        """Note a solution, or a whole one near it."""
        if not self.seen.note(point):
            whole = self._solver.dive(point)
            self.dives = whole is not None and self.seen.note(whole)
        self._solver.release()

    def _branch(self, cost: Floats, low: Floats, high: Floats) -> None:
        """Note a whole solution that costs little."""
        whole, _ = whole_solution(
            self.part, cost, low, np.minimum(high, FAR), nodes=FEW_NODES, gap=GAP
        )
        if whole is not None:
            self.seen.note(whole)

    def _homeward(self) -> Floats:
        """Price what leaves the bound at which it was last: near a whole solution is another."""
        if self.seen.last is None:
            return np.zeros(len(self.part.cells))
        at_low, at_high = self.seen.last <= self.part.low, self.seen.last >= self.part.high
        return np.where(at_low, 1.0, np.where(at_high, -1.0, 0.0))

    def _hold(self, i: int, low: float, high: float) -> None:
        self._solver.narrow(np.array([i]), np.array([low]), np.array([high]))
