"""Further counts that are withheld as counts beside them would add up to what is withheld."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.audit import audit
from opengazette.disclosure.measure_sums import MeasureSums, measure_sums
from opengazette.disclosure.protected_cells import ProtectedCounts
from opengazette.disclosure.structure import published_table
from opengazette.disclosure.withholding import withhold
from opengazette.model.publication import PublicationTable

Mask = NDArray[np.bool_]


def withheld_with_sums(
    true: pd.DataFrame,
    publication: PublicationTable,
    counts: ProtectedCounts,
    withheld: Mapping[str, Mask],
) -> dict[str, Mask]:
    """Extend a pattern where counts of one row add up to another of its counts.

    Shape: one flag per row for each count. Counts that add up are withheld in the same rows; if
    that is not enough, so is the one that they add up to. A true zero stays. What is not done:
    that fewer would be enough is not tried, and earlier releases are left to `clear`.

    Raises:
        CannotProtect: too many counts hang together for every sum to be tried.
        AuditFailed: the counts contradict each other.
    """
    found, sums = dict(withheld), measure_sums(true, publication)
    if not sums or not any(mask.any() for mask in found.values()):
        return found
    parts = [names if len(names) > 1 else (whole, *names) for whole, names in sums]
    beside = _together(true, found, parts)
    if _holds(true, publication, counts, beside, sums):
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


def _holds(
    true: pd.DataFrame,
    publication: PublicationTable,
    counts: ProtectedCounts,
    withheld: Mapping[str, Mask],
    sums: MeasureSums,
) -> bool:
    shown = published_table(publication, withhold(true, publication, withheld), sums)
    return all(audit(shown, c.cells, c.demand, counts.rule).passed for c in counts.concerns)
