"""Search one network for the cheapest pattern that meets every demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary_attack import Witnesses
from opengazette.disclosure.complementary_network import Network
from opengazette.disclosure.complementary_repair import Repair, reduced, repaired

Mask = NDArray[np.bool_]


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

    Raises:
        Unprotectable: a demand cannot be met at all.
    """
    witnesses = Witnesses()
    withheld, rounds = repaired(network, network.hidden, witnesses, Repair(network))
    withheld = reduced(network, withheld, witnesses)
    return Found(withheld, witnesses, rounds, cost_of(network, withheld), 0.0)


def cost_of(network: Network, withheld: Mask) -> float:
    """Return the cost of the complementary columns of a pattern."""
    return float(network.cost[withheld & ~network.hidden].sum())
