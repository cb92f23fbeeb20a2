"""Close the gaps of a pattern cell by cell, then give back what turned out unnecessary."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.attack import FEW, Room, rooms, shortfalls
from opengazette.disclosure.complementary.cuts import Cuts, Slack, cut
from opengazette.disclosure.complementary.network import Nearby, Network, Unprotectable
from opengazette.disclosure.complementary.program import Program
from opengazette.disclosure.complementary.witnesses import CLOSE, Demand, Shortfall, Witnesses

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

# A move through withheld cells costs next to nothing, but not nothing: no idle circles.
IDLE = 1e-4

# In a larger network only so many columns close to a gap may be withheld to close it, if they can.
NEARBY = 2000

# How much work one round of giving back may take.
TRIMMING = 2e8

# Meeting one more of many demands is worth more than any cells; how often prices are learnt
# anew, and how often many demands are met together before each is met alone.
REWARD, LESSONS, TOGETHER = 1e4, 3, 8
# Many together help no more when this share of them is left.
STUCK = 0.9


class Repair:
    """Find the cheapest further cells that let a column move as demanded."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._near = Nearby(network.matrix)
        self._all = Ground(network, np.arange(network.size))

    def close(self, withheld: Mask, demand: Demand, *, whole: bool) -> Mask:
        """Return the pattern with the cells added that meet the demand.

        In a large network they are sought close to the column first.

        Raises:
            Unprotectable: no pattern meets it.
        """
        for ground in self._grounds(withheld, demand[0]):
            found = ground.closed(withheld, demand, whole=whole)
            if found:
                return min(found, key=lambda pattern: float(self._network.cost[pattern].sum()))
        raise Unprotectable(demand[0])

    def _grounds(self, withheld: Mask, column: int) -> Iterator[Ground]:
        if self._network.size > 2 * NEARBY:
            near = self._near.around(column, NEARBY)
            yield Ground(self._network, np.union1d(near, np.flatnonzero(withheld)))
        yield self._all

    def together(self, withheld: Mask, demands: list[Demand], random: np.random.Generator) -> Mask:
        """Return the pattern with cells added that meet many demands in one move, if any do.

        Sides are drawn. What is paid for a cell is learnt anew from how far it moved: the linear
        program pays by the unit, the table by the cell.
        """
        size, ground, price = self._network.size, self._all, self._all.prices(withheld, 1.0)
        high = ground.high.copy()
        price /= np.mean([self._network.demand(*demand) for demand in demands])
        cost, wanted = price.copy(), list[int]()
        for column, direction in demands:
            ways = self._network.ways(column, direction)
            at = column + (0 if ways[int(random.integers(len(ways)))] > 0 else size)
            high[at] = min(high[at], self._network.demand(column, direction))
            cost[at] = -REWARD / high[at]
            wanted.append(at)
        every, best, least = np.arange(2 * size), withheld, np.inf
        ground.program.bound(every, ground.low, high)
        for _ in range(LESSONS):
            point = ground.program.minimise(cost)
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
        ground.program.bound(every, ground.low, ground.high)
        return best


class Ground:
    """Some columns of a network that may move, all others standing still.

    Shape: a place is a column on its way up or, after all these, on its way down.
    """

    def __init__(self, network: Network, columns: Index) -> None:
        self._network, self._columns = network, columns
        touched = sparse.csc_array(network.matrix)[:, columns]
        rows = np.unique(touched.indices)
        inner = sparse.csr_array(sparse.csr_array(touched)[rows])
        self._matrix = sparse.hstack([inner, -inner], format="csr")
        self.low = np.zeros(2 * len(columns))
        self.high = np.concatenate([np.full(len(columns), np.inf), network.fall[columns]])

    @cached_property
    def program(self) -> Program:
        """Return the linear program of all moves."""
        work = self._network.work
        return Program(self._matrix, self.low, self.high, work=work, bounds_stay=False)

    def closed(self, withheld: Mask, demand: Demand, *, whole: bool) -> list[Mask]:
        """Return the pattern with the cells added that meet a demand, for each way that can."""
        ways = self._network.ways(*demand)
        tried = (self._closed(withheld, demand, way, whole=whole) for way in ways)
        return [pattern for pattern in tried if pattern is not None]

    def prices(self, withheld: Mask, asked: float) -> Floats:
        """Price every place so that a move of what is asked costs what its cell costs."""
        columns, fall = self._columns, self._network.fall[self._columns]
        cost = np.where(withheld[columns], IDLE, self._network.cost[columns] + IDLE)
        return np.concatenate([cost / asked, cost / np.clip(fall, 1.0, asked)])

    def _closed(self, withheld: Mask, demand: Demand, way: int, *, whole: bool) -> Mask | None:
        asked = self._network.demand(*demand)
        low, high, at = self._forced(demand[0], way, asked)
        cost = self.prices(withheld, asked)
        if whole:
            work = self._network.work
            point = Program(self._matrix, low, high, work=work, whole=True).minimise(cost)
        else:
            self.program.bound(at, low[at], high[at])
            self.program.afresh()
            point = self.program.minimise(cost)
            self.program.bound(at, self.low[at], self.high[at])
        if point is None:
            return None
        pattern = withheld.copy()
        pattern[self._columns[point.reshape(2, -1).max(axis=0) > CLOSE]] = True
        return pattern

    def _forced(self, column: int, way: int, asked: float) -> tuple[Floats, Floats, Index]:
        place = int(np.searchsorted(self._columns, column))
        at = np.array([place, place + len(self._columns)])
        forward, backward = at if way > 0 else at[::-1]
        low, high = self.low.copy(), self.high.copy()
        low[forward] = high[forward] = asked
        high[backward] = 0.0
        return low, high, at


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
        before = len(asked)
        missed = list(shortfalls(network, withheld, asked, witnesses, whole=False))
        asked = [(miss.column, miss.direction) for miss in missed]
        if len(asked) < FEW or len(asked) > STUCK * before:
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
