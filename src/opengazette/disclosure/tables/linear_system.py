"""A publication table as a linear system: every total, subtotal and part is an equation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.tables.cell_index import CellIndex, CodeNumbers, Index
from opengazette.disclosure.tables.sums import Sums, sums
from opengazette.errors import CannotProtect

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Dimension:
    """One classifying variable of a table, with its tree of codes.

    `children` maps a parent code to its child codes, to any depth. `total` is None when no
    total over the dimension is published. `codes` lists every code, parents and leaves.
    """

    name: str
    total: str | None
    children: Mapping[str, tuple[str, ...]]
    codes: tuple[str, ...]

    def heights(self) -> dict[str, int]:
        """Give each code its height: a leaf is 0, a parent one more than its highest child."""
        known: dict[str, int] = {}

        def height(code: str) -> int:
            if code not in known:
                below = self.children.get(code, ())
                known[code] = 1 + max(map(height, below)) if below else 0
            return known[code]

        for code in self.codes:
            height(code)
        return known


@dataclass(frozen=True)
class CellTable:
    """One publication table with its true counts: private.

    Shape: one cell per key; a key holds one code per dimension. `counts` gives one array per
    measure in the order of `keys`. `parts` maps a measure to the measure it is a part of
    (positives to tests): cell by cell 0 <= part <= whole. `absent` says what a missing
    combination means: a true zero, or a count that is not published anywhere. `same` pairs
    cells that everybody knows to be equal, numbered measure by measure in the order of the keys.
    """

    dimensions: tuple[Dimension, ...]
    keys: tuple[tuple[str, ...], ...]
    counts: Mapping[str, Counts]
    parts: Mapping[str, str] = field(default_factory=dict)
    absent: Literal["zero", "unknown"] = "zero"
    same: tuple[tuple[int, int], ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures in the order of the table."""
        return tuple(self.counts)

    @cached_property
    def codes(self) -> CodeNumbers:
        """Number the codes of every cell.

        Shape: one row per cell in the order of `keys`, one column per dimension: the place of
        the code among the dimension's `codes`. Not to be written to.

        Raises:
            CannotProtect: a key holds a code that its dimension does not have.
        """
        numbers = np.empty((len(self.keys), len(self.dimensions)), dtype=np.int32)
        for d, dimension in enumerate(self.dimensions):
            place = {code: i for i, code in enumerate(dimension.codes)}
            numbers[:, d] = [place.get(key[d], -1) for key in self.keys]
            lost = int((numbers[:, d] < 0).sum())
            if lost:
                raise CannotProtect(
                    f"{lost} cells have a code that dimension {dimension.name!r} does not list.",
                    f"Add it to the codes of {dimension.name!r}.",
                )
        numbers.setflags(write=False)
        return numbers

    def cell_at(self, codes: CodeNumbers) -> Index:
        """Return the cell at each combination of code numbers; -1 where the table has none.

        Shape: the last axis of `codes` is as wide as that of the table's `codes`; the result
        has the shape of the others.
        """
        return self._index.at(codes)

    @cached_property
    def _index(self) -> CellIndex:
        return CellIndex.of(self.codes, [len(dimension.codes) for dimension in self.dimensions])

    @cached_property
    def sums(self) -> Sums:
        """List every equation of the table: a total and the cells that it adds up."""
        trees = []
        for dimension in self.dimensions:
            place = {code: i for i, code in enumerate(dimension.codes)}
            below = {place.get(p, -1): codes for p, codes in dimension.children.items()}
            trees.append({p: [place.get(c, -1) for c in codes] for p, codes in below.items()})
        return sums(self.codes, self._index, trees, self.levels())

    @cached_property
    def _levels(self) -> Index:
        levels = np.zeros(len(self.keys), dtype=np.int64)
        for d, dimension in enumerate(self.dimensions):
            heights = dimension.heights()
            levels += np.array([heights[c] for c in dimension.codes], np.int64)[self.codes[:, d]]
        levels.setflags(write=False)
        return levels

    def levels(self) -> Index:
        """Return one level per cell: 0 for the finest cells, more for each margin above."""
        return self._levels


@dataclass(frozen=True)
class LinearSystem:
    """The equations between the cells of a table: `matrix @ values == 0`.

    Columns: the cells of the first measure, then those of the next, then the remainders, which
    are never published and never negative (whole minus part, unpublished combinations).
    Repeated and implied equations are left out.
    """

    measures: tuple[str, ...]
    n_cells: int
    matrix: sparse.csr_array

    @classmethod
    def of(cls, table: CellTable) -> LinearSystem:
        """Derive the equations from the structure of a table; no count is looked at."""
        n_cells, measures = len(table.keys), table.measures
        rows, open_rows = independent(table) if table.absent == "zero" else all_rows(table)
        blocks = [sparse.kron(sparse.eye_array(len(measures)), rows, format="csr")]
        slack = [open_rows + m * rows.shape[0] for m in range(len(measures))]
        for part, whole in table.parts.items():
            sign = np.zeros((1, len(measures)))
            sign[0, measures.index(whole)], sign[0, measures.index(part)] = 1.0, -1.0
            slack.append(np.arange(n_cells) + sum(block.shape[0] for block in blocks))
            blocks.append(sparse.kron(sign, sparse.eye_array(n_cells), format="csr"))
        blocks.append(_differences(table.same, n_cells * len(measures)))
        cells, ends = sparse.vstack(blocks, format="csr"), np.concatenate(slack)
        remainders = sparse.csr_array(
            (np.full(len(ends), -1.0), (ends, np.arange(len(ends)))),
            shape=(cells.shape[0], len(ends)),
        )
        return cls(measures, n_cells, sparse.hstack([cells, remainders], format="csr"))

    @property
    def n_published(self) -> int:
        """Return the number of columns that are cells of the table."""
        return self.n_cells * len(self.measures)

    def values(self, table: CellTable) -> Counts:
        """Return the true value of every column, remainders included.

        Raises:
            CannotProtect: the table does not add up, or a part exceeds its whole.
        """
        cells = np.concatenate([np.asarray(table.counts[m], dtype=np.int64) for m in self.measures])
        known = self.matrix[:, : self.n_published].astype(np.int64) @ cells
        unknown = self.matrix[:, self.n_published :].tocoo()
        remainders = np.zeros(unknown.shape[1], dtype=np.int64)
        remainders[unknown.coords[1]] = known[unknown.coords[0]]
        known[unknown.coords[0]] = 0
        wrong = int(np.count_nonzero(known)) + int((remainders < 0).sum()) + int((cells < 0).sum())
        if wrong:
            raise CannotProtect(
                f"The table does not add up: {wrong} of its totals or parts contradict each other.",
                "Build every total from the same rows as its children.",
            )
        return np.concatenate([cells, remainders])


def floors(table: CellTable, *, least: int) -> dict[str, Counts]:
    """Return what the shown zeros alone reveal: the least value each cell can have.

    A cell that is not zero holds at least `least`, a total at least the sum of its children's
    floors, a whole at least its part. No pattern of withheld cells can hide that. The table adds
    up: no floor ever exceeds its count.
    """
    known = np.array([np.where(counts > 0, least, 0) for counts in table.counts.values()])
    at = {m: known[i] for i, m in enumerate(table.measures)}
    flat, same = known.reshape(-1), np.array(table.same, dtype=np.int64).reshape(-1, 2)
    changed = True
    while changed:
        before = known.copy()
        for part, whole in table.parts.items():
            at[whole][:] = np.maximum(at[whole], at[part])
        for floor in known:
            for rows in table.sums.levels():
                np.maximum.at(floor, table.sums.parents[rows], table.sums.of(floor, rows))
        for one, other in (same.T, same.T[::-1]):
            np.maximum.at(flat, one, flat[other])
        changed = bool(table.parts or table.same) and not np.array_equal(before, known)
    return at


def independent(table: CellTable) -> tuple[sparse.csr_array, Index]:
    """Return the equations that no other equations imply, when a missing cell is a zero.

    Every cell gets a fingerprint: random for cells without an equation, the sum of the
    children's for a parent. A further equation of the same parent is implied if the
    fingerprints agree: it holds for random values, so it holds for all.
    """
    rng = np.random.default_rng(20160923)
    fingerprint = rng.integers(0, 2**64, size=len(table.keys), dtype=np.uint64)
    kept = np.ones(len(table.sums.parents), dtype=np.bool_)
    for rows in table.sums.levels():
        parents, total = table.sums.parents[rows], table.sums.of(fingerprint, rows)
        first = np.concatenate([[True], parents[1:] != parents[:-1]])
        fingerprint[parents[first]] = total[first]
        kept[rows] = first | (total != fingerprint[parents])
    return table.sums.matrix(len(table.keys), kept), np.zeros(0, dtype=np.int64)


def all_rows(table: CellTable) -> tuple[sparse.csr_array, Index]:
    """Return all equations, and the rows that lack children and so only bound their parent."""
    every = np.ones(len(table.sums.parents), dtype=np.bool_)
    return table.sums.matrix(len(table.keys), every), np.flatnonzero(~table.sums.complete)


def equations(table: CellTable) -> Iterator[tuple[int, list[int], bool]]:
    """List every equation as parent, children and whether all children are in the table.

    An equation stands wherever the parent is in the table. Order: finest parents first.
    """
    found = table.sums
    below = np.split(found.children, found.starts[1:-1])
    for parent, children, complete in zip(found.parents, below, found.complete, strict=False):
        yield int(parent), children.tolist(), bool(complete)


def _differences(same: tuple[tuple[int, int], ...], width: int) -> sparse.csr_array:
    ends = np.array(same, dtype=np.int64).reshape(-1)
    rows = np.repeat(np.arange(len(same)), 2)
    signs = np.tile([1.0, -1.0], len(same))
    return sparse.csr_array((signs, (rows, ends)), shape=(len(same), width))
