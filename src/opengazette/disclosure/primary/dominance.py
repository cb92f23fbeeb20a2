"""Primary cells among sums of money: few people, or one who stands out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.primary.counts import SmallCountRule, primary_cells
from opengazette.errors import CannotProtect

Mask = NDArray[np.bool_]
Amounts = NDArray[np.float64]

# Sums of contributions in floating point may miss a total by this share of it.
ROUNDING = 1e-9


def amount_rule(*measures: str) -> SmallCountRule:
    """Return the rule for measures that are sums of money: no amount is small by itself.

    A withheld amount may be 0: people can have contributed nothing. Which cells are primary is
    for the functions below to say.
    """
    return SmallCountRule(threshold=1, zeros_shown=False, measures=measures)


def amounts_of_few(people: np.ndarray, rule: SmallCountRule) -> Mask:
    """Mark amounts that come from at least one person and from fewer than the threshold.

    Shape: one flag per cell; `people` counts the contributors of each.

    Raises:
        CannotProtect: a number of people is missing, negative or fractional.

    Source: CalHHS Data De-Identification Guidelines, 4.4.1 rule 3 (dollars go with their count).
    """
    return primary_cells(people, SmallCountRule(rule.threshold))


def dominant_cells(largest: np.ndarray, totals: np.ndarray, *, n: int, k: float) -> Mask:
    """Mark cells of which the `n` largest contributors make up more than `k` percent.

    Shape: `largest` has one row per cell with its greatest contributions, the greatest first,
    0 where there are no more, in at least `n` columns; `totals` one amount per cell. Exactly
    `k` percent is not marked; a total of 0 never is.

    Raises:
        CannotProtect: `n` or `k` makes no rule, or contributions are negative, out of order,
            too few, or more than their total.

    Source: Hundepool et al., Statistical Disclosure Control (2012), chapter 4.
    """
    if n < 1 or not 0 < k < 100:
        raise CannotProtect(
            f"A dominance rule of {n} contributors and {k:g} percent marks nothing or everything.",
            "Give at least 1 contributor and a percentage between 0 and 100.",
        )
    first, whole = _checked(largest, totals, n)
    return np.asarray(100.0 * first[:, :n].sum(axis=1) > k * whole, dtype=np.bool_)


def p_percent_cells(largest: np.ndarray, totals: np.ndarray, *, p: float) -> Mask:
    """Mark cells whose second contributor can tell the first's amount to within `p` percent.

    Shape: as `dominant_cells`, in at least 2 columns. The second takes its own amount off the
    total; what is left exceeds the first's amount by all the others together. An excess of
    exactly `p` percent is not marked; a total of 0 never is.

    Raises:
        CannotProtect: `p` is not positive, or as `dominant_cells`.

    Source: Hundepool et al., Statistical Disclosure Control (2012), chapter 4.
    """
    return np.asarray(p_percent_shortfall(largest, totals, p=p) > 0, dtype=np.bool_)


def p_percent_shortfall(largest: np.ndarray, totals: np.ndarray, *, p: float) -> Amounts:
    """Return how much wider the total's upper uncertainty must be to satisfy the p-percent rule.

    Shape: one amount per cell; 0 where the cell satisfies the rule as it is.

    Raises:
        CannotProtect: as `p_percent_cells`.
    """
    if not p > 0:
        raise CannotProtect(
            f"A p-percent rule of {p:g} percent marks nothing.", "Give a positive percentage."
        )
    first, whole = _checked(largest, totals, 2)
    others = whole - first[:, 0] - first[:, 1]
    short = p * first[:, 0] - 100.0 * others
    # What is within rounding of the demand satisfies it.
    return np.asarray(np.where(short > 100.0 * ROUNDING * whole, short / 100.0, 0.0))


def largest_contributions(
    amounts: np.ndarray, cells: np.ndarray, *, n_cells: int, top: int
) -> Amounts:
    """Return the greatest contributions of each cell, the greatest first.

    Shape: `amounts` and `cells` have one entry per contributor and cell; the result has one row
    per cell and `top` columns, 0 where there are no more. Units: as the amounts. What one
    contributor gave in several records must have been added up before.
    """
    order = np.lexsort((-np.asarray(amounts, dtype=np.float64), cells))
    place = np.asarray(cells, dtype=np.int64)[order]
    rank = np.arange(len(place)) - np.searchsorted(place, place)
    found = np.zeros((n_cells, top))
    kept = rank < top
    found[place[kept], rank[kept]] = np.asarray(amounts, dtype=np.float64)[order][kept]
    return found


def _checked(largest: np.ndarray, totals: np.ndarray, columns: int) -> tuple[Amounts, Amounts]:
    first, whole = np.asarray(largest, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    if first.ndim != 2 or first.shape[1] < columns or len(first) != len(whole):
        raise CannotProtect(
            f"The rule needs the {columns} largest contributions of each of {len(whole)} cells.",
            "Give one row per cell, the greatest contribution first, 0 where there are no more.",
        )
    lawful = (first >= 0).all(axis=1) & (np.diff(first, axis=1) <= 0).all(axis=1)
    lawful &= first.sum(axis=1) <= whole * (1 + ROUNDING)
    wrong = int((~lawful | ~np.isfinite(whole)).sum())
    if wrong:
        raise CannotProtect(
            f"The contributions of {wrong} of {len(whole)} cells are negative, out of order or "
            "more than their total.",
            "Compute contributions and totals from the same records.",
        )
    return first, whole
