"""What is demanded of the cells of a table, what may move, and what withholding it costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.network import Columns
from opengazette.disclosure.primary.counts import Demand, Protection, SmallCountRule
from opengazette.disclosure.tables.linear_system import CellTable, LinearSystem, floors

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Weights = Mapping[str, Floats]


def count_weights(table: CellTable) -> dict[str, Floats]:
    """Price cells so that as few as possible go; among equals the finer and smaller go first."""
    return level_weights(table, step=0.01)


def level_weights(table: CellTable, *, step: float) -> dict[str, Floats]:
    """Price a cell at 1, plus `step` for each level of total it stands on, plus a hair for size.

    A larger `step` keeps totals at the price of more withheld cells below them.
    """
    levels = table.levels()
    return {m: 1.0 + step * levels + 0.002 * np.log1p(counts) for m, counts in table.counts.items()}


def columns_of(
    table: CellTable,
    system: LinearSystem,
    rule: SmallCountRule,
    protection: Demand,
    primary: Mapping[str, Mask],
    must_publish: Mapping[str, Mask] | None,
    weights: Weights | None,
) -> Columns:
    """Return what may move in a table, and how far each primary cell must be able to.

    Shape: one entry per column of `system`: the cells, measure by measure, and then what it adds.
    `must_publish` cells are not free; `weights` prices the others (default: `count_weights`).
    """
    values = system.values(table)
    kept = _flat(table, must_publish)
    n, extra = system.n_published, len(values) - system.n_published
    is_primary = np.concatenate([primary[m] for m in table.measures])
    ruled = np.repeat([rule.applies_to(m) for m in table.measures], system.n_cells)
    cells, revealed = values[:n], floors(table, least=rule.least)
    floor = np.concatenate([revealed[m] for m in table.measures])
    up, down, either = (
        np.where(is_primary, a, 0.0) for a in _moves(protection, rule, cells, floor)
    )
    priced = count_weights(table) | dict(weights or {})

    def padded(array: np.ndarray, rest: float) -> np.ndarray:
        return np.concatenate([array, np.full(extra, rest, dtype=array.dtype)])

    return Columns(
        cell=padded(np.ones(n, dtype=np.bool_), 0),
        fall=np.concatenate([np.maximum(cells - rule.least, 0), values[n:]]).astype(np.float64),
        hidden=padded(is_primary, 1),
        free=padded(ruled & ~kept & ~is_primary & (cells >= rule.least), 0),
        cost=padded(np.concatenate([priced[m] for m in table.measures]), 0.0),
        up=padded(up, 0),
        down=padded(down, 0),
        either=padded(either, 0),
    )


def _moves(
    demand: Demand, rule: SmallCountRule, cells: np.ndarray, floor: np.ndarray
) -> tuple[Floats, Floats, Floats]:
    """Return how far each cell must be able to move: up, down, and one or the other."""
    nothing = np.zeros(len(cells))
    if isinstance(demand, Protection):
        low = np.maximum(demand.low, floor)
        return np.maximum(demand.high - cells, nothing), np.maximum(cells - low, nothing), nothing
    if demand.least == 1:
        return nothing, nothing, np.ones(len(cells))
    middle, highest = demand.least // 2, rule.threshold - 1
    inside = np.where(
        cells <= highest, np.minimum(cells - middle, highest - demand.least), cells - middle
    )
    down = np.minimum(cells - np.maximum(floor, inside), demand.least).astype(np.float64)
    return demand.least - down, down, nothing


def _flat(table: CellTable, masks: Mapping[str, Mask] | None) -> Mask:
    empty = np.zeros(len(table.keys), dtype=np.bool_)
    return np.concatenate([(masks or {}).get(m, empty) for m in table.measures])
