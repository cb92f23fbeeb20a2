"""Search one network for the cheapest pattern that meets every demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary_attack import Witnesses, shortfalls
from opengazette.disclosure.complementary_cuts import Cut, Master, cut, row_cuts
from opengazette.disclosure.complementary_network import Network
from opengazette.disclosure.complementary_repair import Repair, reduced, repaired

Mask = NDArray[np.bool_]

ROUNDS = 60
EARLY_GAP = 0.02
# Two patterns closer than this differ in tie-breaks only.
EQUAL = 1e-3


@dataclass(frozen=True)
class Found:
    """The pattern of one network: flags per column, its cost and the least possible cost."""

    withheld: Mask
    witnesses: Witnesses
    rounds: int
    cost: float
    bound: float


def search(network: Network) -> Found:
    """Return the best pattern found.

    Cuts say what any sufficient pattern needs; the cheapest choice that obeys them is tried,
    its failures give new cuts, until it does not fail or the rounds are used up.

    Raises:
        Unprotectable: a demand cannot be met at all.
    """
    repair, master = Repair(network), Master(np.where(network.free, network.cost, 0.0))
    master.add(row_cuts(network))
    best = _finished(network, network.hidden, repair, 0, 0.0)
    gap, rounds, bound = EARLY_GAP, 0, 0.0
    while rounds < ROUNDS and best.cost - bound > EQUAL:
        rounds += 1
        chosen, lower = master.solve(gap)
        bound = max(bound, lower)
        pattern, cuts = _extended(network, network.hidden | chosen)
        new = master.add(cuts)
        found = _finished(network, pattern, repair, rounds, bound)
        best = min(best, found, key=lambda each: each.cost)
        if not new:
            if gap == 0.0:
                break
            gap = 0.0
    return Found(best.withheld, best.witnesses, rounds, best.cost, min(bound, best.cost))


def _extended(network: Network, pattern: Mask) -> tuple[Mask, list[Cut]]:
    """Extend a pattern cut by cut until linear arithmetic finds nothing; collect the cuts."""
    pattern, cuts, witnesses = pattern.copy(), list[Cut](), Witnesses()
    asked = network.demands()
    while asked:
        missed = list(shortfalls(network, pattern, asked, witnesses))
        made = [each for each in (cut(network, miss) for miss in missed) if each is not None]
        cuts += made
        before = int(pattern.sum())
        for each in made:
            if len(each.columns) and not each.met_by(pattern):
                value = each.weights / network.cost[each.columns]
                pattern[each.columns[int(np.argmax(np.where(pattern[each.columns], 0, value)))]] = True
        if int(pattern.sum()) == before:
            break
        asked = [(miss.column, miss.direction) for miss in missed]
    return pattern, cuts


def _finished(network: Network, pattern: Mask, repair: Repair, rounds: int, bound: float) -> Found:
    """Repair and reduce a pattern until it is sufficient and nothing can be given back."""
    witnesses = Witnesses()
    withheld, _ = repaired(network, pattern, witnesses, repair)
    withheld = reduced(network, withheld, witnesses)
    cost = float(network.cost[withheld & ~network.hidden].sum())
    return Found(withheld, witnesses, rounds, cost, bound)
