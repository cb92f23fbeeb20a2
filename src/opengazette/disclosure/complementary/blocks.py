"""Prove many cells of a large table at once: all together, or those below one parent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.attack import rooms
from opengazette.disclosure.complementary.network import Columns, Network, Unprotectable
from opengazette.disclosure.complementary.repair import Repair, repaired
from opengazette.disclosure.complementary.witnesses import Witnesses
from opengazette.disclosure.tables.linear_system import CellTable

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Demanded = tuple[int, int]
Witness = tuple[Index, Index]

# Withheld cells that are proved together: enough to move among themselves, quick to solve.
TOGETHER = 700


def proved_together(
    table: CellTable, columns: Columns, withheld: Mask, unmet: list[Demanded]
) -> dict[Demanded, Witness]:
    """Return witnesses for the demands that many whole moves of withheld cells meet at once.

    Shape: `columns` and `withheld` have one entry per cell of the table.
    """
    inside = np.flatnonzero(withheld)
    network = _network(_matrix(table, withheld), _asked(columns, unmet), inside)
    witnesses = _met_together(network, np.ones(len(inside), dtype=np.bool_), Witnesses())
    return _told(witnesses, inside)


def proved_in_blocks(
    table: CellTable, columns: Columns, withheld: Mask, unmet: list[Demanded]
) -> tuple[Mask, dict[Demanded, Witness]]:
    """Return the pattern with cells added, and witnesses for the demands met within a block.

    Shape: `columns` and `withheld` have one entry per cell of the table. A block holds the cells
    of some codes with one parent. All its totals stay as they are: what moves inside moves
    nothing outside. Cells are added until fractions suffice; demands that many whole moves at
    once do not meet are left out, as are those that need more than their block. No two blocks
    share a cell, so they are proved at the same time, and the same way on any number of cores.
    """
    matrix, asked = _matrix(table, withheld), _asked(columns, unmet)

    def proved(block: Index) -> tuple[Mask, dict[Demanded, Witness]]:
        network = _network(matrix, asked, block)
        pattern, witnesses = _completed(network, withheld[block])
        return pattern, _told(_met_together(network, pattern, witnesses), block)

    blocks = [*_blocks(table, asked, withheld)]
    extended, found = withheld.copy(), dict[Demanded, Witness]()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for block, (pattern, witnesses) in zip(blocks, pool.map(proved, blocks), strict=True):
            extended[block] = pattern
            found |= witnesses
    return extended, found


def _met_together(network: Network, pattern: Mask, witnesses: Witnesses) -> Witnesses:
    """Add the witnesses of what many whole moves at once meet."""
    waiting = [demand for demand in network.demands() if demand not in witnesses.moves]
    for room in rooms(network, pattern):
        room.meet([demand for demand in waiting if demand[0] in room], witnesses)
    return witnesses


def _told(witnesses: Witnesses, cells: Index) -> dict[Demanded, Witness]:
    """Say of cells of the table what witnesses say of columns of a network."""
    return {
        (int(cells[column]), way): (cells[at], np.rint(by).astype(np.int64))
        for (column, way), (at, by) in witnesses.moves.items()
    }


def _matrix(table: CellTable, withheld: Mask) -> sparse.csc_array:
    every = np.ones(len(table.sums.parents), dtype=np.bool_)
    return sparse.csc_array(table.sums.matrix(len(withheld), every))


def _completed(network: Network, withheld: Mask) -> tuple[Mask, Witnesses]:
    """Add cells until fractions meet every demand; give up what no cells of the block can meet.

    The witnesses returned are those that happen to be whole.
    """
    witnesses, repair = Witnesses(), Repair(network)
    while True:
        try:
            withheld = repaired(network, withheld, witnesses, repair, whole=False)
        except Unprotectable as hopeless:
            for amount in (network.up, network.down, network.either):
                amount[hopeless.column] = 0.0
        else:
            return withheld, witnesses.within(withheld, whole=True)


def _asked(columns: Columns, unmet: list[Demanded]) -> Columns:
    """Ask for what is unmet only."""
    amounts = {0: columns.either, 1: columns.up, -1: columns.down}
    asked = {way: np.zeros_like(amount) for way, amount in amounts.items()}
    for cell, way in unmet:
        asked[way][cell] = amounts[way][cell]
    return replace(columns, up=asked[1], down=asked[-1], either=asked[0])


def _blocks(table: CellTable, asked: Columns, withheld: Mask) -> Iterator[Index]:
    """Group the codes of the longest dimension by parent, so many that their cells suffice."""
    axis = int(np.argmax([len(dimension.codes) for dimension in table.dimensions]))
    dimension, code = table.dimensions[axis], table.codes[:, axis]
    can = withheld | asked.free
    place = {each: i for i, each in enumerate(dimension.codes)}
    size = np.bincount(code[withheld], minlength=len(place))
    for children in dimension.children.values():
        leaves = [place[c] for c in children if c in place and not dimension.children.get(c)]
        if len(leaves) < 2:
            continue
        groups = min(max(1, round(size[leaves].sum() / TOGETHER)), len(leaves) // 2)
        for group in np.array_split(np.array(leaves), groups):
            block = np.flatnonzero(can & np.isin(code, group))
            wanted = (asked.up + asked.down + asked.either)[block] > 0
            if wanted.any():
                yield block


def _network(matrix: sparse.csc_array, asked: Columns, block: Index) -> Network:
    inner = matrix[:, block]
    rows = np.unique(inner.indices)
    return Network(
        matrix=sparse.csr_array(sparse.csr_array(inner)[rows]),
        fall=asked.fall[block],
        hidden=asked.hidden[block],
        free=asked.free[block],
        cost=asked.cost[block],
        up=asked.up[block],
        down=asked.down[block],
        either=asked.either[block],
        members=tuple(block[:, None]),
    )
