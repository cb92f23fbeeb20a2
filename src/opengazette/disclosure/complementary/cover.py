"""A first pattern: no equation may give a withheld cell away on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.master import cheapest
from opengazette.disclosure.complementary.network import Columns
from opengazette.disclosure.tables.linear_system import CellTable

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

# A cell that enters an equation that was all shown needs company there: part of a cell more.
COMPANY = 0.3
# Cells decided together, and how far each such choice is taken: in nodes, not by the clock.
TOGETHER, NODES, GAP = 600, 1, 0.01


@dataclass(frozen=True)
class Cover:
    """What each equation needs of the cells in it.

    Shape: one row per equation, one column per cell; cells that never move have no entry.
    `falls` holds how far each child may fall. While its parent is shown, the withheld children
    of an equation must be able to fall by `asked` together, and by `below` in any case.
    """

    columns: Columns
    rows: sparse.csr_array
    parents: sparse.csr_array
    falls: sparse.csr_array
    asked: Floats
    below: Floats

    @classmethod
    def of(cls, table: CellTable, columns: Columns) -> Cover:
        """Read the needs of every equation off the demands of the cells in it."""
        width = len(columns.cell)
        signed = table.sums.matrix(width, np.ones(len(table.sums.parents), dtype=np.bool_))
        rows = _scaled(abs(signed), (columns.hidden | columns.free).astype(np.float64))
        parents = sparse.csr_array(rows.multiply(signed > 0))
        children = sparse.csr_array(rows.multiply(signed < 0))
        rise = np.where(columns.up > 0, columns.up + columns.fall, columns.either)
        return cls(
            columns=columns,
            rows=rows,
            parents=parents,
            falls=_scaled(children, columns.fall),
            asked=_most(_scaled(children, rise)),
            below=_most(_scaled(parents, columns.down)),
        )

    def lacking(self, withheld: Mask) -> tuple[Mask, Mask]:
        """Tell which equations give a cell away, and which have no withheld cell."""
        chosen = withheld.astype(np.float64)
        count, fall = self.rows @ chosen, self.falls @ chosen
        short = ((self.parents @ chosen) == 0) & (fall < self.asked)
        return (count >= 1) & ((count < 2) | short | (fall < self.below)), count == 0


def cover(table: CellTable, columns: Columns) -> Mask:
    """Choose cells so that no equation alone gives a withheld cell away, as cheaply as can be.

    Shape: one flag per cell, in the order of the keys; hidden cells are withheld.
    Equations taken together may still give cells away.
    """
    needs = Cover.of(table, columns)
    withheld = greedy(needs)
    for block in _blocks(table, columns):
        withheld = improved(needs, withheld, block)
    return withheld


def greedy(needs: Cover) -> Mask:
    """Withhold the cells that help most equations, until none lacks anything that can be had."""
    columns, by_cell = needs.columns, sparse.csr_array(needs.rows.T)
    withheld = columns.hidden.copy()
    while True:
        lacking, empty = needs.lacking(withheld)
        helped = by_cell @ lacking.astype(np.float64)
        worth = helped - COMPANY * (by_cell @ empty.astype(np.float64))
        able = columns.free & ~withheld & (helped > 0)
        score = np.where(able, worth / np.maximum(columns.cost, 1e-9), -np.inf)
        best = float(score.max(initial=-np.inf))
        if best == -np.inf:
            return withheld
        top = np.flatnonzero(score >= best - 1e-3 * max(1.0, abs(best)))
        _take_apart(by_cell, top[np.argsort(-score[top], kind="stable")], lacking | empty, withheld)


def _take_apart(by_cell: sparse.csr_array, order: Index, matters: Mask, withheld: Mask) -> None:
    """Withhold cells in this order, at most one for each equation that matters."""
    touched: set[int] = set()
    for cell in order.tolist():
        rows = by_cell.indices[by_cell.indptr[cell] : by_cell.indptr[cell + 1]]
        mine = rows[matters[rows]].tolist()
        if touched.isdisjoint(mine):
            withheld[cell] = True
            touched.update(mine)


def improved(needs: Cover, withheld: Mask, block: Index) -> Mask:
    """Choose the free cells of a block anew, all others as they are; keep what is cheaper."""
    cost = needs.columns.cost[block]
    outside = withheld.copy()
    outside[block] = False
    within = sparse.csr_array(needs.rows[:, block])
    lacking, empty = needs.lacking(outside)
    touched = np.diff(within.indptr) > 0
    wanted = sparse.csr_array(within[np.flatnonzero(touched & lacking)])
    matrix, least = _program(wanted, sparse.csr_array(within[np.flatnonzero(touched & empty)]))
    chosen, _ = cheapest(cost, matrix, least, nodes=NODES, gap=GAP)
    if chosen is None:
        return withheld
    if cost[chosen].sum() >= cost[withheld[block]].sum() - 1e-9:
        return withheld
    outside[block[chosen]] = True
    return outside


def _program(wanted: sparse.csr_array, empty: sparse.csr_array) -> tuple[sparse.csr_array, Floats]:
    """Ask for one cell in each wanted row, and that none be alone in a row that was empty."""
    alone = empty.indices
    repeated = sparse.csr_array(empty[np.repeat(np.arange(empty.shape[0]), np.diff(empty.indptr))])
    itself = sparse.csr_array(
        (np.full(len(alone), -2.0), (np.arange(len(alone)), alone)), shape=repeated.shape
    )
    least = np.concatenate([np.ones(wanted.shape[0]), np.zeros(len(alone))])
    return sparse.vstack([wanted, repeated + itself], format="csr"), least


def _blocks(table: CellTable, columns: Columns) -> Iterator[Index]:
    """Cut the free cells into neighbourhoods, along each dimension in turn."""
    free = np.flatnonzero(columns.free)
    for axis in range(len(table.dimensions)):
        order = free[np.argsort(table.codes[free, axis], kind="stable")]
        yield from np.array_split(order, max(1, round(len(order) / TOGETHER)))


def _scaled(matrix: sparse.csr_array, by: Floats) -> sparse.csr_array:
    scaled = sparse.csr_array(matrix @ sparse.diags_array(by))
    scaled.eliminate_zeros()
    return scaled


def _most(matrix: sparse.csr_array) -> Floats:
    if not matrix.shape[0] or not matrix.shape[1]:
        return np.zeros(matrix.shape[0])
    return np.asarray(matrix.max(axis=1).toarray(), dtype=np.float64).reshape(-1)
