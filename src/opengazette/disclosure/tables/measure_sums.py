"""Counts of one table that add up to another of its counts, as tests by result add up to all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.errors import CannotProtect
from opengazette.model.publication import PublicationTable

Counts = NDArray[np.int64]
MeasureSums = Sequence[tuple[str, tuple[str, ...]]]

MOST_PARTS = 14
"""Among more counts than these, every way in which they could add up is not tried."""


def measure_sums(true: pd.DataFrame, publication: PublicationTable) -> MeasureSums:
    """Find every count that is the sum of other counts in each row of a true table.

    Shape: the name of the count, and of those that add up to it; a single one is the same count
    under another name. That they add up is found in the numbers, not in what the contract says:
    where it is chance, more is withheld than must be.

    Raises:
        CannotProtect: too many counts hang together for every sum to be tried.
    """
    counts = {m.name: true[m.name].to_numpy(dtype=np.int64) for m in publication.counts()}
    counts = {name: values for name, values in counts.items() if values.any()}
    if len(counts) < 2 or _independent(list(counts.values())):
        return ()
    found: list[tuple[str, tuple[str, ...]]] = []
    for whole, values in counts.items():
        others = {m: v for m, v in counts.items() if m != whole and (v <= values).all()}
        if len(others) > MOST_PARTS:
            raise CannotProtect(
                f"{len(others)} counts may be parts of {whole!r}, and they hang together; no more "
                f"than {MOST_PARTS} can be held against each other.",
                "Publish fewer counts in one table, or make them labels of a dimension.",
            )
        found += [(whole, parts) for parts in _parts(values, tuple(others.items()))]
    return tuple(found)


def _independent(counts: Sequence[Counts]) -> bool:
    """Tell that no count is a sum of others, whatever the factors."""
    matrix = np.unique(np.stack(counts, axis=1), axis=0).astype(np.float64)
    return bool(np.linalg.matrix_rank(matrix / matrix.max(axis=0)) == len(counts))


def _parts(rest: Counts, others: Sequence[tuple[str, Counts]]) -> Iterator[tuple[str, ...]]:
    """List the choices of counts that add up to what is left in every row."""
    if not rest.any():
        yield ()
        return
    for i, (name, values) in enumerate(others):
        if (values <= rest).all():
            yield from ((name, *more) for more in _parts(rest - values, others[i + 1 :]))
