"""The cells that one connected part of a table lets move, as the masker sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from opengazette.disclosure.complementary_program import Work

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]


class Unprotectable(Exception):
    """A demand that cannot be met even if everything free were withheld."""

    def __init__(self, column: int) -> None:
        super().__init__(column)
        self.column = column


@dataclass(frozen=True)
class Network:
    """One connected part of the system; a column is a group of cells known to be equal.

    `matrix @ moves == 0` for every way in which the true values may change unseen. `fall` is
    how far a withheld column may fall; nothing bounds its rise. `hidden` columns are withheld
    from the start, `free` ones may become complementary at a `cost`. `up` and `down` say how
    far each must be able to move: 0 where nothing is demanded. `either` asks for a move in
    one direction or the other.
    """

    matrix: sparse.csr_array
    fall: Floats
    hidden: Mask
    free: Mask
    cost: Floats
    up: Floats
    down: Floats
    either: Floats
    members: tuple[Index, ...]
    work: Work = field(default_factory=Work)

    @property
    def size(self) -> int:
        """Return the number of columns."""
        return int(self.matrix.shape[1])

    def demands(self) -> list[tuple[int, int]]:
        """List every demanded move as column and direction: +1 up, -1 down, 0 either way."""
        asked = ((+1, self.up), (-1, self.down), (0, self.either))
        return [(int(i), way) for way, amount in asked for i in np.flatnonzero(amount > 0)]

    def demand(self, column: int, direction: int) -> float:
        """Return how far a column must be able to move in a direction; 0 is either."""
        amount = (self.either, self.up, self.down)[direction]
        return float(amount[column])

    def ways(self, column: int, direction: int) -> tuple[int, ...]:
        """Return the directions in which a demand may be met."""
        if direction:
            return (direction,)
        return (+1, -1) if self.fall[column] >= self.either[column] else (+1,)


@dataclass(frozen=True)
class Columns:
    """What is known of each column of the whole system before it is split.

    `cell` is False for remainders, which are published nowhere: a remainder that equals a cell
    is as public as that cell.
    """

    cell: Mask
    fall: Floats
    hidden: Mask
    free: Mask
    cost: Floats
    up: Floats
    down: Floats
    either: Floats


def networks(matrix: sparse.csr_array, columns: Columns) -> Iterator[Network]:
    """Split the system into connected networks; those without a demand are left out.

    Columns that can never move (published for good) are dropped first; columns that an
    equation shows to be equal become one.
    """
    movable = np.flatnonzero(columns.hidden | columns.free)
    if not len(movable):
        return
    groups, merged = _merge_equal(sparse.csr_array(matrix[:, movable]))
    label = connected(merged)
    cells = [movable[members] for members in groups]
    order = np.argsort(label, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        network = _network(merged, columns, part, [cells[i] for i in part])
        if network.demands():
            yield network


def connected(matrix: sparse.csr_array) -> Index:
    """Label each column with its connected part: columns that share a row belong together."""
    rows, columns = matrix.shape
    both = sparse.block_array([[None, matrix], [sparse.csr_array((columns, rows)), None]])
    _, label = csgraph.connected_components(both, directed=False)
    return np.asarray(label[rows:], dtype=np.int64)


def _network(
    merged: sparse.csr_array, columns: Columns, part: Index, cells: list[Index]
) -> Network:
    matrix = sparse.csc_array(merged)[:, part].tocsr()
    matrix = matrix[np.flatnonzero(np.diff(matrix.indptr)), :]

    def largest(values: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.array([values[members].max() for members in cells], dtype=values.dtype)

    published = [members[columns.cell[members]] for members in cells]
    hidden = np.array([columns.hidden[real].any() or not len(real) for real in published])
    return Network(
        matrix=matrix,
        fall=np.array([columns.fall[m].min() for m in cells]),
        hidden=hidden,
        free=~hidden,
        cost=np.array([columns.cost[m].sum() for m in cells]),
        up=np.asarray(largest(columns.up), dtype=np.float64),
        down=np.asarray(largest(columns.down), dtype=np.float64),
        either=np.asarray(largest(columns.either), dtype=np.float64),
        members=tuple(cells),
    )


def _merge_equal(matrix: sparse.csr_array) -> tuple[list[Index], sparse.csr_array]:
    """Make one column of all that equations with two terms show to be equal."""
    group: Index = np.arange(matrix.shape[1])
    while True:
        matrix = _tidy(matrix)
        ends = np.flatnonzero(np.diff(matrix.indptr) == 2)
        pairs = matrix.indices[matrix.indptr[ends][:, None] + np.arange(2)]
        signs = matrix.data[matrix.indptr[ends][:, None] + np.arange(2)]
        equal = pairs[signs.sum(axis=1) == 0]
        if not len(equal):
            break
        width = matrix.shape[1]
        links = sparse.csr_array((np.ones(len(equal)), (equal[:, 0], equal[:, 1])), (width, width))
        n_groups, label = csgraph.connected_components(links, directed=False)
        merge = sparse.csr_array((np.ones(width), (np.arange(width), label)), (width, n_groups))
        matrix, group = sparse.csr_array(matrix @ merge), np.asarray(label[group])
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    return list(np.split(order, cuts)), matrix


def _tidy(matrix: sparse.csr_array) -> sparse.csr_array:
    """Drop zero terms, then rows that are empty or repeat another."""
    matrix.eliminate_zeros()
    matrix.sort_indices()
    seen: set[bytes] = set()
    kept = []
    for row in range(matrix.shape[0]):
        terms = slice(matrix.indptr[row], matrix.indptr[row + 1])
        signs = matrix.data[terms] * (matrix.data[terms][0] if terms.stop > terms.start else 1.0)
        mark = matrix.indices[terms].tobytes() + signs.tobytes()
        if terms.stop > terms.start and mark not in seen:
            seen.add(mark)
            kept.append(row)
    return sparse.csr_array(matrix[np.array(kept, dtype=np.int64), :])
