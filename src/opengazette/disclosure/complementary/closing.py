"""Close gaps that are seen close by: what gives a cell away becomes a cut, a few cells obey it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.cuts import Cut, Cuts
from opengazette.disclosure.complementary.master import chosen_within
from opengazette.disclosure.complementary.network import Network
from opengazette.disclosure.complementary.relations import Relations
from opengazette.disclosure.complementary.witnesses import Demand

Mask = NDArray[np.bool_]
# Adds cells to a pattern so that nothing near some demands gives these away.
Close = Callable[[Mask, list[Demand]], Mask]

# So many gaps are closed at once: a cell that closes one often closes several others.
TOGETHER = 25
# Where looking around a demand is costly, this much work goes into it, and the rest stays open.
WORK = 2e8
# Cells are chosen well enough within so many nodes, or within this share of the cheapest.
NODES, NEARLY = 20, 0.02


def closed_nearby(
    network: Network, pattern: Mask, demands: Sequence[Demand], relations: Relations, cuts: Cuts
) -> Mask:
    """Add the cheapest cells until no few equations near a demand give it away.

    Shape: one flag per column of the network. What is learnt is added to the cuts. A demand may
    still be given away by many equations together, or be left where there is too much work.

    Raises:
        Unprotectable: a demand cannot be met at all.
    """
    random = np.random.default_rng(len(demands))
    waiting = [demands[i] for i in random.permutation(len(demands))]
    until = network.work.spent + WORK
    while waiting and network.work.spent < until:
        broken, again = list[Cut](), list[Demand]()
        for at, demand in enumerate(waiting):
            if len(broken) == TOGETHER or network.work.spent >= until:
                again += waiting[at:]
                break
            made = relations.nearby(demand, pattern)
            if made is not None:
                broken.append(made)
                again.append(demand)
        cuts.add(broken)
        pattern, waiting = _extended(network, pattern, broken, cuts), again
    return pattern


def _extended(network: Network, pattern: Mask, broken: list[Cut], cuts: Cuts) -> Mask:
    """Add the cheapest cells that satisfy all cuts, or some that satisfy those just broken."""
    spare = np.flatnonzero(network.free & ~pattern)
    chosen = chosen_within(network, cuts, pattern, spare, nodes=NODES, gap=NEARLY)
    if chosen is None:
        return covered(network, pattern, broken)
    extended = pattern.copy()
    extended[chosen] = True
    return extended


def covered(network: Network, pattern: Mask, cuts: Sequence[Cut]) -> Mask:
    """Add cells that satisfy the cuts, first those that serve most of them."""
    pattern, score = pattern.copy(), np.zeros(network.size)
    for each in cuts:
        score[each.columns] += each.weights
    score /= np.where(network.free & (network.cost > 0), network.cost, 1.0)
    for each in cuts:
        while len(each.columns) and not each.met_by(pattern):
            value = np.minimum(each.weights, 1.0) * score[each.columns]
            value[pattern[each.columns]] = 0.0
            pattern[each.columns[int(np.argmax(value))]] = True
    return pattern
