"""Further counts that are withheld as counts beside them would add up to what is withheld."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.tables.measure_sums import MeasureSums

Mask = NDArray[np.bool_]


def withheld_with_sums(
    true: pd.DataFrame,
    sums: MeasureSums,
    withheld: Mapping[str, Mask],
    holds: Callable[[Mapping[str, Mask]], bool],
) -> dict[str, Mask]:
    """Extend a pattern where counts of one row add up to another of its counts.

    Shape: one flag per row for each count. Counts that add up are withheld in the same rows; if
    that is not enough, so is the one that they add up to. `holds` tells whether a pattern gives
    nothing away to somebody who adds up. A true zero stays. What is not done: that fewer would be
    enough is not tried.
    """
    found = dict(withheld)
    if not sums or not any(mask.any() for mask in found.values()):
        return found
    parts = [names if len(names) > 1 else (whole, *names) for whole, names in sums]
    beside = _together(true, found, parts)
    if holds(beside):
        return beside
    return _together(true, found, [(whole, *names) for whole, names in sums])


def _together(
    true: pd.DataFrame, withheld: Mapping[str, Mask], groups: Iterable[tuple[str, ...]]
) -> dict[str, Mask]:
    """Withhold the counts of each group in the same rows, until nothing more goes."""
    found, groups = dict(withheld), list(groups)
    while True:
        before = sum(int(mask.sum()) for mask in found.values())
        for group in groups:
            rows = np.logical_or.reduce([found[name] for name in group])
            found |= {name: found[name] | (rows & true[name].ne(0).to_numpy()) for name in group}
        if sum(int(mask.sum()) for mask in found.values()) == before:
            return found
