"""The attacker's arithmetic: the least and greatest value each withheld cell can have.

A pattern holds if whole solutions are found that reach the demanded ends; an end that none
reaches is proved by linear programs, and by whole-number programs where these are not enough.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.aims import Aim
from opengazette.disclosure.audit.bounds import tightened
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.knowledge import Knowledge
from opengazette.disclosure.audit.moves import LARGE, End
from opengazette.disclosure.audit.part import Part
from opengazette.disclosure.audit.search import Search
from opengazette.disclosure.audit.solver import whole_solution

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

NODES = 5000
# Many cells are pushed at once; fewer, once a push settles less than this share of them. Single
# moves are quicker for so few, or so small a share of all.
WORTH, FEWER, FEW, SHARE = 0.15, 4, 3, 0.05
# How often a whole solution is sought near one that is not.
DIVES = 5


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
    return _attacked(known, wanted, Aim(low, high))


def widths(known: Knowledge, wanted: Index, width: int) -> Iterator[Verdict]:
    """Bound the wanted cells (columns of `known`) until their intervals are `width` wide.

    Raises:
        AuditFailed: no whole numbers at all fit what is published.
    """
    return _attacked(known, wanted, Aim(known.low[wanted], known.low[wanted] + width, width))


def _attacked(known: Knowledge, wanted: Index, aim: Aim) -> Iterator[Verdict]:
    """Settle what single facts settle, and attack every connected part of the rest."""
    whole = tightened(Part.around(known, wanted))
    at = np.searchsorted(whole.cells, wanted)
    for i in at[whole.low[at] == whole.high[at]]:
        yield Verdict(int(whole.cells[i]), float(whole.low[i]), float(whole.low[i]))
    place = np.full(known.matrix.shape[1], -1)
    place[wanted] = np.arange(len(wanted))

    def attacked(part: Part) -> list[Verdict]:
        inside = np.flatnonzero(place[part.cells] >= 0)
        if not len(inside):
            return []
        guess = None if known.guess is None else known.guess.of(part.cells)
        return Attack(part, inside, aim.of(place[part.cells[inside]]), guess).run()

    for found in _each(attacked, list(whole.without_settled().split())):
        yield from found


def _each(attacked: Callable[[Part], list[Verdict]], parts: list[Part]) -> Iterator[list[Verdict]]:
    """Attack all parts, in their order; large ones at the same time, the largest first.

    Each is attacked as if it were alone: how many at once changes no verdict.
    """
    size = [len(part.cells) for part in parts]
    large = [i for i in sorted(range(len(parts)), key=lambda i: -size[i]) if size[i] >= LARGE]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        begun = {i: pool.submit(attacked, parts[i]) for i in large} if len(large) > 1 else {}
        for i, part in enumerate(parts):
            yield begun[i].result() if i in begun else attacked(part)


class Attack:
    """One connected part of what is unknown, and the places `at` of its wanted cells."""

    def __init__(self, part: Part, at: Index, aim: Aim, guess: Guess | None = None) -> None:
        self._part, self._at, self._aim = part, at, aim
        self._search = Search(part, guess)
        self._random = np.random.default_rng(len(at))

    def run(self) -> list[Verdict]:
        """Give a verdict on each wanted cell."""
        if self._search.seen.last is None:
            self._search.start(self._at, self._aim.middle)
        if self._search.seen.last is not None:
            self._push()
            for dives in (0, DIVES):
                self._move(dives)
        return [self._verdict(place) for place in range(len(self._at))]

    def _push(self) -> None:
        """Push many cells to sides drawn by lot, fewer and fewer at once, as long as it helps."""
        size, few = len(self._at), max(FEW, int(SHARE * len(self._part.cells)))
        down, up = self._open()
        while (waiting := np.flatnonzero(down | up)).size > few < size and self._search.dives:
            group = np.sort(
                self._random.choice(waiting, size=min(size, len(waiting)), replace=False)
            )
            draw = self._random.random(len(group)) < 0.5
            rises = np.where(down[group] & up[group], draw, up[group])
            self._search.push(self._at[group], rises, *self._ends(group))
            before = int(down[group].sum() + up[group].sum())
            down, up = self._open()
            if before - int(down[group].sum() + up[group].sum()) < WORTH * len(group):
                size = len(group) // FEWER

    def _move(self, dives: int) -> None:
        """Move the cells one by one that might still be seen further."""
        down, up = self._open()
        places = self._random.permutation(np.flatnonzero(down | up)).tolist()
        if places:
            self._search.move(self._still_open(places), dives=dives)

    def _still_open(self, places: list[int]) -> Iterator[End]:
        """List the ends up to which these cells are to be seen when their turn comes."""
        for direction in (+1, -1):
            for place in places:
                end = self._left(place, direction)
                if end is not None:
                    yield int(self._at[place]), end

    def _left(self, place: int, direction: int) -> float | None:
        """Return the end up to which a cell is still to be seen, if there is any."""
        i, ends = int(self._at[place]), self._ends(np.array([place]))
        low = max(float(ends[0][0]), float(self._part.low[i]))
        high = min(float(ends[1][0]), float(self._part.high[i]))
        end = high if direction > 0 else low
        return None if self._search.seen.shows(i, direction, end) else end

    def _ends(self, places: Index) -> tuple[Floats, Floats]:
        at, seen = self._at[places], self._search.seen
        return self._aim.ends(places, seen.least[at], seen.most[at])

    def _open(self) -> tuple[Mask, Mask]:
        """Tell which wanted cells might still be seen lower, and which higher, than they were."""
        least, most = self._search.seen.least[self._at], self._search.seen.most[self._at]
        low, high = self._ends(np.arange(len(self._at)))
        return (
            (least > low) & (least > self._part.low[self._at]),
            (most < high) & (most < self._part.high[self._at]),
        )

    def _verdict(self, place: int) -> Verdict:
        i, here, seen = int(self._at[place]), np.array([place]), self._search.seen
        most, proved_high = self._pursue(i, +1, float(self._ends(here)[1][0]))
        least, proved_low = self._pursue(i, -1, float(self._ends(here)[0][0]))
        low, high = self._ends(here)
        shown = bool(seen.least[i] <= low[0] and seen.most[i] >= high[0])
        return Verdict(int(self._part.cells[i]), least, most, shown or (proved_low and proved_high))

    def _pursue(self, i: int, direction: int, target: float) -> tuple[float, bool]:
        """Return one end of a cell's interval, not pursued beyond the target."""
        search, seen = self._search, self._search.seen
        low, high = float(self._part.low[i]), float(self._part.high[i])
        target = min(max(target, low), high)
        ends = (low, target) if direction > 0 else (target, high)
        if seen.shows(i, direction, target):
            return seen.end(i, direction), True
        end = search.limit(i, direction, *ends)
        if end is None:
            return direction * np.inf, True
        if seen.shows(i, direction, end) or search.reach(i, direction, end):
            return seen.end(i, direction), True
        return self._whole_end(i, direction, ends, end)

    def _whole_end(
        self, i: int, direction: int, ends: tuple[float, float], bound: float
    ) -> tuple[float, bool]:
        """Find one end over the whole numbers; if that takes too long, give the bound unproved.

        A cell that cannot have the value at its target may have one beyond.
        """
        seen, target = self._search.seen, ends[direction > 0]
        end, settled = self._furthest(i, direction, *ends)
        if settled and bound == target and end != target:
            low, high = float(self._part.low[i]), float(self._part.high[i])
            beyond = (target + 1, high) if direction > 0 else (low, target - 1)
            further, settled = self._furthest(i, -direction, *beyond)
            end = end if further is None else further
        if seen.shows(i, direction, target):
            return seen.end(i, direction), True
        return (bound, False) if end is None or not settled else (end, True)

    def _furthest(
        self, i: int, direction: int, low: float, high: float
    ) -> tuple[float | None, bool]:
        """Return the furthest whole value within [low, high], if any; tell if that is settled."""
        if low > high:
            return None, True
        lows, highs = self._part.low.copy(), self._part.high.copy()
        lows[i], highs[i] = low, high
        cost = np.zeros(len(lows))
        cost[i] = -float(direction)
        point, settled = whole_solution(self._part, cost, lows, highs, nodes=NODES)
        if point is None:
            return None, settled
        self._search.seen.note(point)
        return float(np.rint(point[i])), settled
