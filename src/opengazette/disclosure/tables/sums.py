"""Every total of a table as arrays: which cell is the sum of which others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.tables.cell_index import CellIndex, CodeNumbers, Index

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64] | NDArray[np.uint64]


@dataclass(frozen=True)
class Sums:
    """Equations of a table: a parent cell is the sum of its children that are in the table.

    Shape: one parent per equation, the finest first, so that children are settled before their
    parents; those of one parent follow each other. The children of equation i are
    `children[starts[i] : starts[i + 1]]`. `complete` tells whether every child is in the table.
    Equations `steps[s]` to `steps[s + 1]` have parents of one level.
    """

    parents: Index
    starts: Index
    children: Index
    complete: Mask
    steps: Index

    def levels(self) -> Iterator[slice]:
        """Give the equations level by level: none of a level needs another of it."""
        for start, stop in zip(self.steps[:-1].tolist(), self.steps[1:].tolist(), strict=True):
            yield slice(start, stop)

    def of(self, values: Whole, rows: slice) -> Whole:
        """Add up the children of neighbouring equations; whole numbers run over silently."""
        starts = self.starts[rows.start : rows.stop + 1]
        running = np.zeros(starts[-1] - starts[0] + 1, dtype=values.dtype)
        np.cumsum(values[self.children[starts[0] : starts[-1]]], out=running[1:])
        added: Whole = np.diff(running[starts - starts[0]])
        return added

    def matrix(self, width: int, kept: Mask) -> sparse.csr_array:
        """Return the kept equations as rows: the parent less its children."""
        sizes = np.diff(self.starts)
        terms = np.repeat(kept, sizes)
        starts = np.concatenate([[0], np.cumsum(1 + sizes[kept])])
        columns = np.empty(starts[-1], dtype=np.int64)
        signs = np.full(starts[-1], -1.0)
        below = np.ones(starts[-1], dtype=np.bool_)
        below[starts[:-1]] = False
        columns[starts[:-1]], signs[starts[:-1]] = self.parents[kept], 1.0
        columns[below] = self.children[terms]
        matrix = sparse.csr_array((signs, columns, starts), shape=(len(starts) - 1, width))
        matrix.sum_duplicates()
        return matrix


def sums(
    codes: CodeNumbers, index: CellIndex, trees: Sequence[Mapping[int, Sequence[int]]], level: Index
) -> Sums:
    """List every equation of a table.

    Shape: `codes` has one row per cell and `level` its level; each dimension's tree maps the
    number of a parent code to those of its children, -1 for a child that no cell has.
    An equation stands wherever the parent is in the table. Order: by level, then by parent,
    then by dimension.
    """
    along = [_along(axis, codes, index, tree) for axis, tree in enumerate(trees)]
    parents, sizes, children, complete = (np.concatenate(each) for each in zip(*along, strict=True))
    axis = np.repeat(np.arange(len(along)), [len(each[0]) for each in along])
    order = np.lexsort((axis, parents, level[parents]))
    climbs = np.flatnonzero(np.diff(level[parents[order]], prepend=-1))
    return Sums(
        parents=parents[order],
        starts=_starts(sizes[order]),
        children=children[_spread(_starts(sizes)[order], sizes[order])],
        complete=complete[order],
        steps=np.append(climbs, len(order)),
    )


def _along(
    axis: int, codes: CodeNumbers, index: CellIndex, tree: Mapping[int, Sequence[int]]
) -> tuple[Index, Index, Index, Mask]:
    """List the equations along one dimension: parents, sizes, children, what is complete."""
    n_codes = index.sizes[axis]
    widths = np.array([len(tree.get(code, ())) for code in range(n_codes)], dtype=np.int64)
    below = np.array([child for c in range(n_codes) for child in tree.get(c, ())], dtype=np.int32)
    at = codes[:, axis]
    parents = np.flatnonzero(widths[at] > 0)
    wide = widths[at[parents]]
    asked = codes[np.repeat(parents, wide)]
    asked[:, axis] = below[_spread(_starts(widths)[at[parents]], wide)]
    found = index.at(asked)
    sizes = np.diff(_starts(found >= 0)[_starts(wide)])
    return parents, sizes, found[found >= 0], sizes == wide


def _starts(sizes: NDArray[Any]) -> Index:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _spread(first: Index, sizes: Index) -> Index:
    """Count up from each first number as often as its size says."""
    return np.repeat(first - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
