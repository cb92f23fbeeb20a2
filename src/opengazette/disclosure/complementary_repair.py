"""Close the gaps of a pattern cell by cell, then give back what turned out unnecessary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary_attack import (
    CLOSE,
    FEW,
    Demand,
    Room,
    Shortfall,
    Witnesses,
    rooms,
    shortfalls,
)
from opengazette.disclosure.complementary_cuts import Cuts, Slack, cut
from opengazette.disclosure.complementary_network import Network, Unprotectable
from opengazette.disclosure.complementary_program import Program

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# A move through withheld cells costs next to nothing, but not nothing: no idle circles.
IDLE = 1e-4

# How much work one round of giving back may take.
TRIMMING = 2e8

# Meeting one more of many demands is worth more than any cells; how often prices are learnt
# anew, and how often many demands are met together before each is met alone.
REWARD, LESSONS, TOGETHER = 1e4, 3, 8


class Repair:
    """Find the cheapest further cells that let a column move as demanded."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._matrix = sparse.hstack([network.matrix, -network.matrix], format="csr")
        self._low = np.zeros(2 * network.size)
        self._high = np.concatenate([np.full(network.size, np.inf), network.fall])
        self._program = Program(
            self._matrix, self._low, self._high, work=network.work, bounds_stay=False
        )

    def close(self, withheld: Mask, demand: Demand, *, whole: bool) -> Mask:
        """Return the pattern with the cells added that meet the demand.

        Raises:
            Unprotectable: no pattern meets it.
        """
        column, direction = demand
        asked = self._network.demand(*demand)
        tried = [
            self._closed(withheld, column, way, asked, whole=whole)
            for way in self._network.ways(column, direction)
        ]
        found = [pattern for pattern in tried if pattern is not None]
        if not found:
            raise Unprotectable(column)
        return min(found, key=lambda pattern: float(self._network.cost[pattern].sum()))

    def together(self, withheld: Mask, demands: list[Demand], random: np.random.Generator) -> Mask:
        """Return the pattern with cells added that meet many demands in one move, if any do.

        Sides are drawn. What is paid for a cell is learnt anew from how far it moved: the linear
        program pays by the unit, the table by the cell.
        """
        size, high, price = self._network.size, self._high.copy(), self._prices(withheld, 1.0)
        price /= np.mean([self._network.demand(*demand) for demand in demands])
        cost, wanted = price.copy(), list[int]()
        for column, direction in demands:
            ways = self._network.ways(column, direction)
            at = column + (0 if ways[int(random.integers(len(ways)))] > 0 else size)
            high[at] = min(high[at], self._network.demand(column, direction))
            cost[at] = -REWARD / high[at]
            wanted.append(at)
        every, best, least = np.arange(2 * size), withheld, np.inf
        self._program.bound(every, self._low, high)
        for _ in range(LESSONS):
            point = self._program.minimise(cost)
            if point is None:
                break
            moved = np.asarray(withheld | (point.reshape(2, -1).max(axis=0) > CLOSE))
            paid = float(self._network.cost[moved].sum()) - REWARD * float(
                (point[wanted] >= high[wanted] - CLOSE).sum()
            )
            if paid < least:
                best, least = moved, paid
            used = point > CLOSE
            used[wanted] = False
            cost[used] = price[used] / point[used]
        self._program.bound(every, self._low, self._high)
        return best

    def _closed(
        self, withheld: Mask, column: int, direction: int, asked: float, *, whole: bool
    ) -> Mask | None:
        low, high, at = self._forced(column, direction, asked)
        cost = self._prices(withheld, asked)
        if whole:
            point = Program(self._matrix, low, high, work=self._network.work, whole=True).minimise(
                cost
            )
        else:
            self._program.bound(at, low[at], high[at])
            point = self._program.minimise(cost)
            self._program.bound(at, self._low[at], self._high[at])
        if point is None:
            return None
        moved: Mask = point.reshape(2, -1).max(axis=0) > CLOSE
        return np.asarray(withheld | moved, dtype=np.bool_)

    def _forced(
        self, column: int, direction: int, asked: float
    ) -> tuple[Floats, Floats, NDArray[np.int64]]:
        at = np.array([column, column + self._network.size])
        forward, backward = at if direction > 0 else at[::-1]
        low, high = self._low.copy(), self._high.copy()
        low[forward] = high[forward] = asked
        high[backward] = 0.0
        return low, high, at

    def _prices(self, withheld: Mask, asked: float) -> Floats:
        cost = np.where(withheld, IDLE, self._network.cost + IDLE)
        return np.concatenate([cost / asked, cost / np.clip(self._network.fall, 1.0, asked)])


def repaired(
    network: Network, pattern: Mask, witnesses: Witnesses, repair: Repair, *, whole: bool
) -> Mask:
    """Add cells until every demand is met, in whole numbers if so asked.

    Raises:
        Unprotectable: a demand cannot be met at all.
    """
    withheld, stuck = pattern | network.hidden, set[Demand]()
    asked = [demand for demand in network.demands() if demand not in witnesses.moves]
    random = np.random.default_rng(len(asked))
    for _ in range(0 if whole else TOGETHER):
        missed = list(shortfalls(network, withheld, asked, witnesses, whole=False))
        asked = [(miss.column, miss.direction) for miss in missed]
        if len(asked) < FEW:
            break
        withheld = repair.together(withheld, asked, random)
    while asked:
        missed = list(shortfalls(network, withheld, asked, witnesses, whole=whole))
        for miss in missed:
            withheld = _close(withheld, miss, stuck, repair)
        asked = [(miss.column, miss.direction) for miss in missed]
    return withheld


def _close(withheld: Mask, miss: Shortfall, stuck: set[Demand], repair: Repair) -> Mask:
    """Close one gap; a demand that linear repair left open is repaired in whole numbers."""
    demand = (miss.column, miss.direction)
    whole = demand in stuck or not len(miss.prices)
    stuck.add(demand)
    return repair.close(withheld, demand, whole=whole)


def reduced(network: Network, withheld: Mask, witnesses: Witnesses, cuts: Cuts) -> Mask:
    """Give back complementary cells, dearest first, as long as every demand is still met
    and work is left. What cannot be given back adds to the cuts.
    """
    kept, slack, inside = withheld.copy(), Slack(cuts, withheld), rooms(network, withheld)
    spare, until = np.flatnonzero(withheld & ~network.hidden), network.work.spent + TRIMMING
    for column in spare[np.argsort(-network.cost[spare], kind="stable")]:
        if network.work.used_up or network.work.spent > until:
            break
        if slack.needs(int(column)):
            continue
        room = next((room for room in inside if int(column) in room), None)
        if room is not None:
            miss = _needing(room, int(column), witnesses)
            if miss is not None:
                cuts.add([cut(network, miss)])
                continue
        kept[column] = False
        slack.give_back(int(column))
    return kept


def _needing(room: Room, column: int, witnesses: Witnesses) -> Shortfall | None:
    """Return a demand that needs a column; if there is none, it is frozen in the room."""
    found = Witnesses()
    room.freeze(column)
    miss = next(room.check(witnesses.using(column), found, whole=False), None)
    if miss is None:
        witnesses.moves.update(found.moves)
    else:
        room.thaw(column)
    return miss
