"""What is said to fit a published table; it saves time, and counts for nothing unless it fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Guess:
    """Counts that may fit what is published, and moves that may lead from them to others.

    Shape: `values` has one entry per cell, measure by measure in the order of the keys; `moves`
    one column per entry, and a row for each move.
    """

    values: Floats
    moves: sparse.csc_array

    @classmethod
    def at(cls, values: Floats, moves: sparse.csr_array | None = None) -> Guess:
        """Guess values and, from there, moves."""
        known = sparse.csr_array((0, len(values))) if moves is None else moves
        return cls(values, sparse.csc_array(known.astype(np.float64)))

    @classmethod
    def of_counts(
        cls,
        measures: Iterable[str],
        counts: Mapping[str, NDArray[np.int64]],
        moves: sparse.csr_array | None = None,
    ) -> Guess:
        """Guess the counts of a table, given for each measure."""
        each = [np.asarray(counts[m], dtype=np.float64) for m in measures]
        return cls.at(np.concatenate(each), moves)

    def of(self, cells: Index) -> Guess:
        """Return what is guessed of some cells."""
        return Guess(self.values[cells], sparse.csc_array(self.moves[:, cells]))
