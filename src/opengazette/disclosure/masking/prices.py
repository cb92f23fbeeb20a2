"""What withholding each cell of a publication table costs, as its steward decided."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.pattern import level_weights
from opengazette.disclosure.tables.linear_system import CellTable
from opengazette.model.suppression import Suppression

Floats = NDArray[np.float64]

#: Price of a cell of the least interesting labels, beside 1 for any other.
PRICE_OF_LEAST_INTERESTING = 0.25
#: Price that each level of totals adds where totals need not be kept: it decides between equals.
PRICE_OF_A_LEVEL = 0.01


def table_prices(table: CellTable, suppression: Suppression) -> dict[str, Floats]:
    """Price every cell: what it is worth by the objective, its level and its labels.

    Shape: one price per cell and measure. Units: 1 is the price of one of the finest cells or,
    with the objective `sum`, of one that holds as much as the middle one of its measure.
    """
    step = max(PRICE_OF_A_LEVEL, float(suppression.keep_totals))
    by_level = level_weights(table, step=step)
    interest = np.where(_least_interesting(table, suppression), PRICE_OF_LEAST_INTERESTING, 1.0)
    prices = {}
    for measure, counts in table.counts.items():
        worth = by_level[measure]
        if suppression.objective == "sum":
            held = np.maximum(counts, 1).astype(np.float64)
            worth = worth * held / np.median(held)
        prices[measure] = worth * interest
    return prices


def _least_interesting(table: CellTable, suppression: Suppression) -> NDArray[np.bool_]:
    chosen = [suppression.least_interesting.get(d.name, ()) for d in table.dimensions]
    return np.array(
        [any(c in few for c, few in zip(key, chosen, strict=True)) for key in table.keys],
        dtype=np.bool_,
    )
