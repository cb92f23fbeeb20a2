"""Choose the cells of one neighbourhood after the other anew, all others staying as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.cuts import Cut, Cuts
from opengazette.disclosure.complementary.given_away import GivenAway
from opengazette.disclosure.complementary.master import chosen_within
from opengazette.disclosure.complementary.network import Nearby, Network
from opengazette.disclosure.complementary.witnesses import (
    Demand,
    Shortfall,
    Witnesses,
    fractional,
)

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

# Columns of a neighbourhood at first, and how often it is doubled when no other is left to try.
NEAR, DOUBLED = 100, 3
# So many cells that are given away become cuts before the choice is made anew, and so many gaps.
DETERMINED, GAPS = 40, 10
# A round may take this many times the share of all work that it promises to save of the cost.
PAINS = 60.0
# A neighbourhood is chosen well enough within so many nodes, or within this share of the cheapest.
NODES, NEARLY = 50, 0.01
# A neighbourhood that is not done by then would take most of the time.
ROUNDS = 20


@dataclass(frozen=True)
class Renewed:
    """A cheaper pattern, with a witness in whole numbers for every demand."""

    withheld: Mask
    witnesses: Witnesses


class Renewal:
    """Search the surroundings of a pattern for a cheaper one.

    A choice for the free columns of a neighbourhood is the cheapest that obeys all cuts; it is
    attacked, and what is found against it becomes a cut, until nothing is or nothing is gained.
    """

    def __init__(self, network: Network, cuts: Cuts, given_away: GivenAway, close: float) -> None:
        self._network, self._cuts, self._given_away = network, cuts, given_away
        self._relations, self._freedom = given_away.relations, given_away.freedom
        self._close, self._near = close, Nearby(network.matrix)
        self._random, self._size = np.random.default_rng(network.size), NEAR
        self._settled = np.zeros(network.size, dtype=np.bool_)

    @property
    def ended(self) -> bool:
        """Tell whether no neighbourhood is left to try."""
        return self._size > NEAR << DOUBLED

    def attempted(self, withheld: Mask, witnesses: Witnesses) -> Renewed | None:
        """Renew the neighbourhood of some complementary cell, if that makes a cheaper pattern."""
        centre = self._centre(withheld)
        if centre is None:
            return None
        area = np.zeros(self._network.size, dtype=np.bool_)
        area[self._near.around(centre, self._size)] = True
        found = self._renewed(withheld, witnesses, area & self._network.free)
        if found is None:
            self._settled[centre] = True
        else:
            self._settled &= ~area
        return found

    def _centre(self, withheld: Mask) -> int | None:
        """Draw a cell whose neighbourhood was not tried in vain; widen these once none is left."""
        while not self.ended:
            open_ones = np.flatnonzero(withheld & self._network.free & ~self._settled)
            if len(open_ones):
                return int(self._random.choice(open_ones))
            self._size *= 2
            self._settled[:] = False
        return None

    def _renewed(self, withheld: Mask, witnesses: Witnesses, area: Mask) -> Renewed | None:
        network, given_back = self._network, withheld & area
        outside, block = withheld & ~area, np.flatnonzero(area)
        before = float(network.cost[given_back].sum())
        asked, found = witnesses.of_any(given_back), Witnesses()
        for _ in range(ROUNDS):
            chosen = chosen_within(network, self._cuts, outside, block, nodes=NODES, gap=NEARLY)
            gain = 0.0 if chosen is None else before - float(network.cost[chosen].sum())
            if gain <= self._close:
                return None
            pattern = outside.copy()
            pattern[chosen] = True
            found = found.within(pattern, whole=False)
            against: Sequence[Cut | None] = [None]
            with network.work.at_most(self._worth(gain, withheld)):
                against = self._against(pattern, asked, witnesses, found)
                if not against:
                    known = witnesses.within(pattern, whole=True)
                    return self._whole(pattern, asked, Witnesses(found.moves | known.moves))
            if not self._cuts.add(against):
                return None
        return None

    def _worth(self, gain: float, withheld: Mask) -> float:
        """Return how much work a gain is worth."""
        network = self._network
        cost = float(network.cost[withheld & network.free].sum())
        return PAINS * network.work.spent * gain / cost

    def _whole(self, pattern: Mask, asked: list[Demand], known: Witnesses) -> Renewed | None:
        """Meet the demands in whole numbers that are met in fractions; nothing, if one is not."""
        for demand in asked:
            if fractional(known.moves[demand][1]):
                met = self._freedom.whole(demand)
                if met is None:
                    return None
                for each in self._network.met_by(met):
                    known.moves[each] = met
        return Renewed(pattern, known)

    def _against(
        self, pattern: Mask, asked: list[Demand], known: Witnesses, found: Witnesses
    ) -> Sequence[Cut | None]:
        """Return cuts that a pattern does not obey; none if every demand is met."""
        cuts = self._given_away.cuts(pattern, DETERMINED, self._random)
        return cuts or self._unmet(pattern, asked, known, found)

    def _unmet(
        self, pattern: Mask, asked: list[Demand], known: Witnesses, found: Witnesses
    ) -> list[Cut | None]:
        cuts = list[Cut | None]()
        self._freedom.under(pattern)
        for demand in asked:
            if demand in found.moves or known.holds(demand, pattern):
                continue
            met = self._freedom.met(demand)
            if isinstance(met, Shortfall):
                cuts.append(self._relations.narrowed(met, pattern))
                if len(cuts) >= GAPS:
                    break
            else:
                for each in self._network.met_by(met):
                    found.moves.setdefault(each, met)
        return cuts
