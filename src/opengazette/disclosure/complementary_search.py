"""Search one network for the cheapest pattern that meets every demand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary_attack import Witnesses, shortfalls
from opengazette.disclosure.complementary_cuts import Cuts, Master, cut, row_cuts
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
    cuts, master = Cuts(), Master(np.where(network.free, network.cost, 0.0))
    cuts.add(row_cuts(network))
    repair, best, gap, rounds, bound = Repair(network), None, EARLY_GAP, 0, 0.0
    while best is None or (rounds < ROUNDS and best.cost - bound > EQUAL):
        rounds, n_cuts = rounds + 1, len(cuts.all)
        chosen, lower = master.solve(cuts, gap)
        bound = max(bound, lower)
        found = _finished(network, _extended(network, network.hidden | chosen, cuts), repair, cuts)
        best = found if best is None or found.cost < best.cost else best
        if len(cuts.all) == n_cuts:
            if gap == 0.0:
                break
            gap = 0.0
    return replace(best, rounds=rounds, bound=min(bound, best.cost))


def _extended(network: Network, pattern: Mask, cuts: Cuts) -> Mask:
    """Extend a pattern cut by cut until linear arithmetic finds nothing; keep the cuts."""
    pattern, witnesses, asked = pattern.copy(), Witnesses(), network.demands()
    while asked:
        missed = list(shortfalls(network, pattern, asked, witnesses))
        made = [each for each in (cut(network, miss) for miss in missed) if each is not None]
        cuts.add(made)
        before = int(pattern.sum())
        for each in made:
            if len(each.columns) and not each.met_by(pattern):
                value = each.weights / network.cost[each.columns]
                value[pattern[each.columns]] = 0.0
                pattern[each.columns[int(np.argmax(value))]] = True
        if int(pattern.sum()) == before:
            break
        asked = [(miss.column, miss.direction) for miss in missed]
    return pattern


def _finished(network: Network, pattern: Mask, repair: Repair, cuts: Cuts) -> Found:
    """Repair and reduce a pattern until it is sufficient and nothing can be given back."""
    witnesses = Witnesses()
    withheld, _ = repaired(network, pattern, witnesses, repair)
    withheld = reduced(network, withheld, witnesses, cuts)
    cost = float(network.cost[withheld & ~network.hidden].sum())
    return Found(withheld, witnesses, 0, cost, 0.0)
