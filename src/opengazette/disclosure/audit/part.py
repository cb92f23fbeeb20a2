"""Facts about some withheld cells that have nothing to do with the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from opengazette.disclosure.audit.knowledge import Knowledge
from opengazette.errors import AuditFailed

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

TOLERANCE = 1e-6


def contradiction() -> AuditFailed:
    """Return the error of a table that no counts fit."""
    return AuditFailed(
        "The published values contradict each other: no counts at all would fit them.",
        "Build totals, parts and rates from the same rows.",
    )


@dataclass(frozen=True)
class Part:
    """`row_low <= matrix @ x <= row_high`, `low <= x <= high`, for some withheld cells.

    `cells` are columns of the whole knowledge, in order.
    """

    cells: Index
    matrix: sparse.csr_array
    row_low: Floats
    row_high: Floats
    low: Floats
    high: Floats

    @classmethod
    def around(cls, known: Knowledge, wanted: Index) -> Part:
        """Take what is connected with the wanted cells out of the whole knowledge."""
        row_label, label = labels(known.matrix)
        here = np.unique(label[wanted])
        rows, cells = np.flatnonzero(np.isin(row_label, here)), np.flatnonzero(np.isin(label, here))
        return cls(
            cells,
            _picked(known.matrix, rows, cells),
            known.row_low[rows],
            known.row_high[rows],
            known.low[cells],
            known.high[cells],
        )

    @cached_property
    def columns(self) -> sparse.csc_array:
        """Return the matrix column by column."""
        return sparse.csc_array(self.matrix)

    def holds(self, whole: Floats) -> bool:
        """Tell whether whole numbers fit every fact."""
        sums = self.matrix @ whole
        return bool(
            (sums >= self.row_low - TOLERANCE).all()
            and (sums <= self.row_high + TOLERANCE).all()
            and (whole >= self.low).all()
            and (whole <= self.high).all()
        )

    def without_settled(self) -> Part:
        """Leave out the cells whose bounds meet.

        Raises:
            AuditFailed: they contradict a fact.
        """
        loose = np.flatnonzero(self.low < self.high)
        shift = self.matrix @ np.where(self.low < self.high, 0.0, self.low)
        matrix = sparse.csr_array(self.columns[:, loose])
        row_low, row_high = self.row_low - shift, self.row_high - shift
        empty = np.diff(matrix.indptr) == 0
        if (row_low[empty] > TOLERANCE).any() or (row_high[empty] < -TOLERANCE).any():
            raise contradiction()
        return Part(self.cells[loose], matrix, row_low, row_high, self.low[loose], self.high[loose])

    def split(self) -> Iterator[Part]:
        """List the connected parts."""
        row_label, label = labels(self.matrix)
        by_row, by_cell = np.argsort(row_label, kind="stable"), np.argsort(label, kind="stable")
        for one in np.unique(label):
            rows = by_row[slice(*np.searchsorted(row_label, [one, one + 1], sorter=by_row))]
            cells = by_cell[slice(*np.searchsorted(label, [one, one + 1], sorter=by_cell))]
            yield Part(
                self.cells[cells],
                _picked(self.matrix, rows, cells),
                self.row_low[rows],
                self.row_high[rows],
                self.low[cells],
                self.high[cells],
            )


def parts_of(known: Knowledge) -> Index:
    """Label each unknown cell with the connected part it belongs to."""
    return labels(known.matrix)[1]


def labels(matrix: sparse.csr_array) -> tuple[Index, Index]:
    """Label rows and columns with the connected part that they belong to."""
    rows, columns = matrix.shape
    both = sparse.block_array(
        [[None, matrix], [sparse.csr_array((columns, rows)), None]], format="csr"
    )
    _, found = connected_components(both, directed=False)
    return np.asarray(found[:rows], dtype=np.int64), np.asarray(found[rows:], dtype=np.int64)


def _picked(matrix: sparse.csr_array, rows: Index, columns: Index) -> sparse.csr_array:
    """Cut out rows and columns; all terms of the rows lie in these columns."""
    cut = matrix[rows, :]
    places = np.searchsorted(columns, cut.indices)
    return sparse.csr_array((cut.data, places, cut.indptr), shape=(len(rows), len(columns)))
