"""How good a pattern is: what it costs, and what any pattern must cost at least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opengazette.disclosure.complementary.pattern import Pattern
from opengazette.disclosure.standalone.prices import TIE_SHARE, TIES, Objective, Prices
from opengazette.disclosure.tables.linear_system import Mask

# Solvers add numbers of many sizes; less than this tells no two patterns apart.
NOISE = 1e-3
# Two costs nearer than this share are the same cost.
EQUAL_SHARE = 1e-4


@dataclass(frozen=True)
class Certificate:
    """What the complementary cells of a pattern cost, and the least that is possible.

    Units: of the objective. With `counts_cells` both are numbers of cells.
    """

    objective: Objective
    cost: float
    least: float
    counts_cells: bool

    @property
    def is_proven(self) -> bool:
        """Tell whether no pattern costs less."""
        return self.cost - self.least <= EQUAL_SHARE * self.cost

    @property
    def gap(self) -> float:
        """Return how far above the least possible the cost is at most, as a share."""
        return (self.cost - self.least) / self.cost if self.cost else 0.0


def certificate(
    pattern: Pattern, prices: Prices | None, complementary: Mask, *, beside: int
) -> Certificate:
    """Tell what the complementary cells of a pattern cost.

    `complementary` flags cells of the table itself. Cells of tables beside, if there are any,
    come next to free in the search.
    """
    n = int(complementary.sum())
    if prices is None:
        return Certificate("count", n, min(pattern.least_cells, n), counts_cells=True)
    left_open = pattern.cost - pattern.lower_bound + (prices.of_all_beside if beside else 0.0)
    bound = float(prices.asked[complementary].sum()) - left_open
    if prices.counts_cells:
        fewest = max(0, int(np.ceil(bound - TIES - NOISE)), 0 if beside else pattern.least_cells)
        return Certificate(prices.objective, n, min(fewest, n), counts_cells=True)
    cost = float(prices.worth[complementary].sum())
    least = max(0.0, bound / (1.0 + TIE_SHARE) * prices.scale)
    return Certificate(prices.objective, cost, min(least, cost), counts_cells=False)
