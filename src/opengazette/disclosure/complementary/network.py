"""The cells that one connected part of a table lets move, as the masker sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from opengazette.disclosure.complementary.program import Work
from opengazette.disclosure.complementary.witnesses import CLOSE, Demand, Witness

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

    def demand_of(self, column: int) -> Demand:
        """Return one demand of a column that has any."""
        return next((column, way) for way in (0, +1, -1) if self.demand(column, way) > 0)

    def met_by(self, witness: Witness) -> Iterator[Demand]:
        """Yield the demands that a move meets."""
        at, by = witness
        asked = ((+1, by, self.up), (-1, -by, self.down), (0, np.abs(by), self.either))
        for way, moved, amount in asked:
            for column in at[(amount[at] > 0) & (moved >= amount[at] - CLOSE)].tolist():
                yield column, way

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


class Nearby:
    """Which columns of a network lie close to each other: those that share equations."""

    def __init__(self, matrix: sparse.csr_array) -> None:
        self._by_row, self._by_column = matrix, sparse.csc_array(matrix)

    def around(self, column: int, size: int) -> Index:
        """Return so many columns close to one, in order: those that share most with it first."""
        inside = np.array([column])
        while len(inside) < size:
            rows = np.unique(self._by_column[:, inside].indices)
            found, shared = np.unique(self._by_row[rows].indices, return_counts=True)
            fresh = ~np.isin(found, inside)
            if not fresh.any():
                break
            order = np.argsort(-shared[fresh], kind="stable")[: size - len(inside)]
            inside = np.concatenate([inside, found[fresh][order]])
        return np.asarray(np.sort(inside), dtype=np.int64)


def networks(matrix: sparse.csr_array, columns: Columns) -> Iterator[Network]:
    """Split the system into connected networks; those without a demand are left out.

    Columns that can never move (published for good) are dropped first; columns that an
    equation shows to be equal become one.
    """
    movable = np.flatnonzero(columns.hidden | columns.free)
    if not len(movable):
        return
    group, matrix = _merge_equal(sparse.csr_array(matrix[:, movable]))
    label = connected(matrix)
    order = np.argsort(label, kind="stable")
    members, starts = _members(movable, np.argsort(order)[group])
    grouped = _grouped(columns, members, starts)
    stops = np.append(starts, len(members))[1:]
    wanted = (grouped.up > 0) | (grouped.down > 0) | (grouped.either > 0)
    for some, rows in _blocks(matrix, label, np.unique(label[order[wanted]])):
        bounds = zip(starts[some], stops[some], strict=True)
        yield Network(
            matrix=rows,
            fall=grouped.fall[some],
            hidden=grouped.hidden[some],
            free=grouped.free[some],
            cost=grouped.cost[some],
            up=grouped.up[some],
            down=grouped.down[some],
            either=grouped.either[some],
            members=tuple(members[start:stop] for start, stop in bounds),
        )


def _blocks(
    matrix: sparse.csr_array, label: Index, parts: Index
) -> Iterator[tuple[slice, sparse.csr_array]]:
    """Cut connected parts out of a matrix whose rows are not empty.

    Shape: each part's place among the columns sorted by label, and its rows of these columns.
    """
    row_label = label[matrix.indices[matrix.indptr[:-1]]]
    by_label = sparse.csr_array(matrix[np.argsort(row_label, kind="stable")])
    by_label = sparse.csr_array(by_label[:, np.argsort(label, kind="stable")])
    by_label.sort_indices()
    sizes = np.bincount(label)
    ends = np.cumsum(sizes).tolist()
    row_ends = np.cumsum(np.bincount(row_label, minlength=len(sizes))).tolist()
    for part in parts.tolist():
        some = slice(ends[part] - int(sizes[part]), ends[part])
        rows = sparse.csr_array(by_label[row_ends[part - 1] if part else 0 : row_ends[part]])
        yield some, sparse.csr_array(rows[:, some])


def connected(matrix: sparse.csr_array) -> Index:
    """Label each column with its connected part: columns that share a row belong together."""
    rows, columns = matrix.shape
    both = sparse.block_array([[None, matrix], [sparse.csr_array((columns, rows)), None]])
    _, label = csgraph.connected_components(both, directed=False)
    return np.asarray(label[rows:], dtype=np.int64)


def _members(columns: Index, group: Index) -> tuple[Index, Index]:
    """Sort columns by group; return them and where each group starts."""
    order = np.argsort(group, kind="stable")
    return columns[order], np.flatnonzero(np.diff(group[order], prepend=-1))


def _grouped(columns: Columns, members: Index, starts: Index) -> Columns:
    """Sum up what is known of columns that are equal, group by group.

    A group is withheld from the start if one of its cells is, or if it has none.
    """

    def over(combine: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(combine.reduceat(values[members], starts))

    owner = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(members)))
    cell = over(np.logical_or, columns.cell)
    hidden = over(np.logical_or, columns.hidden & columns.cell) | ~cell
    return Columns(
        cell=cell,
        fall=over(np.minimum, columns.fall),
        hidden=hidden,
        free=~hidden,
        cost=np.asarray(np.bincount(owner, columns.cost[members]), dtype=np.float64),
        up=over(np.maximum, columns.up),
        down=over(np.maximum, columns.down),
        either=over(np.maximum, columns.either),
    )


def _merge_equal(matrix: sparse.csr_array) -> tuple[Index, sparse.csr_array]:
    """Make one column of all that equations with two terms show to be equal.

    Returns which merged column each column has become, and the equations between those.
    """
    group: Index = np.arange(matrix.shape[1])
    while True:
        matrix = _tidy(matrix)
        pairs = matrix.indptr[np.flatnonzero(np.diff(matrix.indptr) == 2)][:, None] + np.arange(2)
        equal = matrix.indices[pairs[matrix.data[pairs].sum(axis=1) == 0]]
        if not len(equal):
            return group, matrix
        width = matrix.shape[1]
        links = sparse.csr_array((np.ones(len(equal)), (equal[:, 0], equal[:, 1])), (width, width))
        n_groups, label = csgraph.connected_components(links, directed=False)
        merge = sparse.csr_array((np.ones(width), (np.arange(width), label)), (width, n_groups))
        matrix, group = sparse.csr_array(matrix @ merge), np.asarray(label[group], dtype=np.int64)


def _tidy(matrix: sparse.csr_array) -> sparse.csr_array:
    """Drop zero terms, then rows that are empty or repeat another.

    Every column gets a random number and a row the sum of its terms': rows repeat each other
    if the sums agree, for random values as for all.
    """
    matrix.eliminate_zeros()
    matrix.sort_indices()
    filled = np.flatnonzero(np.diff(matrix.indptr))
    if not len(filled):
        return sparse.csr_array((0, matrix.shape[1]))
    starts = matrix.indptr[filled]
    first = np.repeat(matrix.data[starts], np.diff(matrix.indptr)[filled])
    rng = np.random.default_rng(20160923)
    number = rng.integers(-(2**63), 2**63, size=matrix.shape[1], dtype=np.int64)
    terms = number[matrix.indices] * (matrix.data * first).astype(np.int64)
    _, kept = np.unique(np.add.reduceat(terms, starts), return_index=True)
    return sparse.csr_array(matrix[filled[np.sort(kept)], :])
