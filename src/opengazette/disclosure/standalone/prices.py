"""What withholding each cell of a table costs: the search looks for the cheapest pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.pattern import Weights
from opengazette.disclosure.standalone.given_cells import MEASURE, GivenCells
from opengazette.disclosure.tables.linear_system import CellTable, Mask
from opengazette.model.cell_structure import CellStructure

Floats = NDArray[np.float64]

#: count: as few cells as possible; sum: as little of the counts; weights: what cells are said to
#: be worth.
Objective = Literal["count", "sum", "weights"]

#: Price of a cell that was withheld last time, beside 1 for the same cell if it was shown.
PRICE_OF_WITHHELD_BEFORE = 0.01
# All tie-breaks together weigh half a cell: fewest cells first, then the finer and smaller.
TIES = 0.5
# Where cells have prices of their own, ties move each by less than this share.
TIE_SHARE = 1e-5
# What all the blanks of tables beside cost together: of one cell, or of the least price.
CHEAP, CHEAP_SHARE = 0.2, 1e-4
# Prices are told apart down to this share of the least of them.
CLOSE = 1e-3


@dataclass(frozen=True)
class Prices:
    """What each cell costs.

    Shape: one price per cell, in order. `worth` is in the unit of the objective: cells, counts or
    weights. `asked` is what the search is given: the same in units of `scale`, plus tie-breaks.
    `counts_cells` says that all are worth 1.
    """

    objective: Objective
    worth: Floats
    asked: Floats
    scale: float
    counts_cells: bool = False

    @property
    def close(self) -> float:
        """Return how near two costs may be in the search and count as one."""
        return CLOSE * float(self.asked.min())

    @property
    def of_all_beside(self) -> float:
        """Return what all the blanks of tables beside cost together: they are gone already."""
        return CHEAP if self.counts_cells else CHEAP_SHARE * float(self.asked.min())


def prices(
    objective: Objective,
    structure: CellStructure,
    cells: GivenCells,
    table: CellTable,
    withheld_before: Mask | None = None,
) -> Prices:
    """Price every cell of a table.

    Cells of `withheld_before` cost next to nothing, so that the public does not see a pattern
    move without need.
    """
    worth = _worth(objective, structure, cells)
    if withheld_before is not None:
        worth = np.where(withheld_before, PRICE_OF_WITHHELD_BEFORE * worth, worth)
    if objective == "count" and withheld_before is None:
        asked = np.asarray(fewest_first(table)[MEASURE])
        return Prices(objective, worth, asked, 1.0, counts_cells=True)
    scale = float(np.median(worth))
    asked = worth / scale * (1.0 + TIE_SHARE * _ties(table))
    return Prices(objective, worth, asked, scale)


def natural_objective(structure: CellStructure, cells: GivenCells) -> Objective:
    """Return the objective of a table that says what its cells are worth, or does not."""
    return "weights" if structure.is_weighted or cells.weight is not None else "count"


def fewest_first(table: CellTable) -> Weights:
    """Price every cell at 1, plus tie-breaks that weigh less than one cell all together."""
    return {MEASURE: 1.0 + TIES * _ties(table) / len(table.keys)}


def _ties(table: CellTable) -> Floats:
    """Rank cells from 0 to 1: the coarser and larger are the more worth keeping."""
    levels, size = table.levels(), np.log1p(table.counts[MEASURE])
    ties = levels / max(1, levels.max(initial=0)) + size / max(1.0, 2 * size.max(initial=0.0))
    return np.asarray(ties / 1.5, dtype=np.float64)


def _worth(objective: Objective, structure: CellStructure, cells: GivenCells) -> Floats:
    if objective == "sum":
        return np.maximum(cells.values, 1).astype(np.float64)
    worth = np.ones(len(cells.keys))
    if objective == "weights":
        for axis, dim in enumerate(structure.dims):
            weights = dim.code_weights()
            worth *= [weights.get(key[axis], 1.0) for key in cells.keys]
        if cells.weight is not None:
            worth *= cells.weight
    return worth
