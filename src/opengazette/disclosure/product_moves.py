"""Moves of a table that satisfy every equation: products of exchanges along each dimension."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.linear_system import CellTable, Dimension

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

# What no move may cost, and how many ways along one dimension are weighed with all others.
NEVER = 1e6
WAYS = 150
# Below this size a matrix is quicker written out.
SMALL = 400


@dataclass(frozen=True)
class Ways:
    """Ways in which the codes of one dimension move, one a row, on the codes that take part."""

    codes: Index
    signed: sparse.csr_array

    def __post_init__(self) -> None:
        dense = int(np.prod(self.signed.shape)) <= SMALL
        both = (self.signed, abs(self.signed))
        object.__setattr__(self, "_applied", [m.toarray() if dense else m for m in both])

    @property
    def count(self) -> int:
        """Return how many ways there are."""
        return int(self.signed.shape[0])

    @property
    def is_nothing(self) -> bool:
        """Tell whether the only way is that nothing moves."""
        return self.count == 1 and self.signed.nnz == 0

    def of(self, prices: Prices, axis: int) -> Prices:
        """Price every way instead of every code along one axis."""
        signed, absolute = self._applied  # type: ignore[attr-defined]
        return Prices(_along(absolute, prices.both, axis), _along(signed, prices.tilt, axis))

    def pick(self, way: int) -> tuple[Index, Index]:
        """Return the codes that move in one way, and their signs."""
        some = slice(self.signed.indptr[way], self.signed.indptr[way + 1])
        return self.codes[self.signed.indices[some]], self.signed.data[some].astype(np.int64)


@dataclass(frozen=True)
class Prices:
    """What it costs to move each cell by one, as tensors: up plus down, and up less down."""

    both: Floats
    tilt: Floats


@dataclass(frozen=True)
class Move:
    """A move by one: its cost, and the places and signs of its corners."""

    cost: float
    places: Index
    signs: Index


@dataclass(frozen=True)
class Tree:
    """The codes of one dimension and the chains from each code up to its highest parent."""

    above: Index
    leaf: NDArray[np.bool_]
    chains: sparse.csr_array
    known: dict[tuple[int, int], tuple[Ways, Ways]] = field(default_factory=dict)

    @classmethod
    def of(cls, dimension: Dimension) -> Tree | None:
        """Read the tree of a dimension; None where a code has two parents."""
        place = {code: i for i, code in enumerate(dimension.codes)}
        above = np.full(len(place), -1, dtype=np.int64)
        for parent, children in dimension.children.items():
            for child in (place[c] for c in children if c in place):
                if above[child] >= 0 or parent not in place:
                    return None
                above[child] = place[parent]
        steps = [(i, at) for i in range(len(above)) for at in _chain(above, i)]
        rows, columns = np.array(steps, dtype=np.int64).reshape(-1, 2).T
        chains = sparse.csr_array(
            (np.ones(len(rows)), (rows, columns)), shape=(len(above), len(above))
        )
        leaf = np.array([not dimension.children.get(c) for c in dimension.codes], dtype=np.bool_)
        return cls(above, leaf, chains)

    def ways(self, code: int, within: int) -> tuple[Ways, Ways]:
        """Return how a code may rise: what goes along below it, and what around it.

        Any of the first joins any of the second. A leaf changes places with another, and the
        groups of both with them, or all above it rise. Those
        `within` so many groups above it are kept; all where it has no such group, or it is 0.
        """
        if (code, within) not in self.known:
            self.known[code, within] = self._ways(code, within)
        return self.known[code, within]

    def _ways(self, code: int, within: int) -> tuple[Ways, Ways]:
        own = sparse.csr_array(self.chains[[code]])
        under = self.chains[:, [code]].toarray().ravel() > 0
        below, other = np.flatnonzero(self.leaf & under), np.flatnonzero(self.leaf & ~under)
        above = _chain(self.above, code)
        group = above[within] if 0 < within < len(above) else code
        beside = other[self.chains[other][:, [group]].toarray().ravel() > 0]
        if len(beside):
            around = _repeated(own, len(beside)) - self.chains[beside]
        else:
            rest = sparse.vstack([sparse.csr_array(own.shape), self.chains[other]], format="csr")
            around = _repeated(own, 1 + len(other)) - rest
        down = self.chains[below] - _repeated(own, len(below))
        used = np.flatnonzero((abs(down).sum(axis=0) + abs(around).sum(axis=0)) > 0)
        return Ways(used, _tidy(down[:, used])), Ways(used, _tidy(around[:, used]))


@dataclass(frozen=True)
class MoveSpace:
    """All product moves of one table.

    Shape: a place is the number of a combination of codes; `places` gives that of each cell,
    `cells` the cell of each place, -1 where the table has none.
    """

    trees: tuple[Tree, ...]
    shape: tuple[int, ...]
    places: Index
    cells: Index

    @classmethod
    def of(cls, table: CellTable) -> MoveSpace | None:
        """Read the moves of a table; None where its dimensions are no trees."""
        trees = [Tree.of(dimension) for dimension in table.dimensions]
        shape = tuple(len(dimension.codes) for dimension in table.dimensions)
        if any(tree is None for tree in trees):
            return None
        places = np.ravel_multi_index(tuple(table.codes.astype(np.int64).T), shape)
        cells = np.full(int(np.prod(shape)), -1, dtype=np.int64)
        cells[places] = np.arange(len(places))
        return cls(tuple(t for t in trees if t is not None), shape, places, cells)

    def cheapest(
        self, prices: Prices, place: int, sign: int, *, within: int = 0, limit: float = NEVER / 2
    ) -> Move | None:
        """Return the cheapest product move of a place up (+1) or down (-1).

        None if it costs `limit` or more.
        """
        codes = [int(c) for c in np.unravel_index(place, self.shape)]
        parts = [t.ways(c, within) for t, c in zip(self.trees, codes, strict=True)]
        sizes = [below.count * around.count for below, around in parts]
        apart = int(np.argmax(sizes))
        prices = _restricted(prices, [around.codes for _, around in parts], self.shape)
        own = [int(np.searchsorted(p[1].codes, c)) for p, c in zip(parts, codes, strict=True)]
        ways: dict[int, Ways] = {}
        for axis in sorted(set(range(len(codes))) - {apart}, key=lambda a: sizes[a]):
            at = [0 if a in ways else own[a] for a in range(len(codes))]
            ways[axis] = _joined(parts[axis], _line(prices.both, axis, at))
            prices = ways[axis].of(prices, axis)
        found = _least(prices, parts[apart], apart, ways, sign, limit)
        return None if found is None else self._corners(*found, sign)

    def _corners(self, cost: float, vectors: list[tuple[Index, Index]], sign: int) -> Move:
        places, signs = np.zeros(1, dtype=np.int64), np.full(1, sign, dtype=np.int64)
        for (codes, by), size in zip(vectors, self.shape, strict=True):
            places = (places[:, None] * size + codes).ravel()
            signs = (signs[:, None] * by).ravel()
        return Move(cost, places, signs)


def _least(
    prices: Prices,
    parts: tuple[Ways, Ways],
    apart: int,
    ways: dict[int, Ways],
    sign: int,
    limit: float,
) -> tuple[float, list[tuple[Index, Index]]] | None:
    """Choose the cheapest combination, and below and around apart: their costs add up."""
    chosen: list[Floats | None] = []
    total = np.zeros(1)
    for each in parts:
        if each.is_nothing:
            chosen.append(None)
            continue
        priced = each.of(prices, apart)
        flat = np.moveaxis(priced.both + sign * priced.tilt, apart, 0).reshape(each.count, -1)
        total = total + flat.min(axis=0)
        chosen.append(flat)
    best = int(np.argmin(total))
    cost = float(total[best]) / 2
    if cost >= limit:
        return None
    others = sorted(ways)
    at = np.unravel_index(best, tuple(ways[a].count for a in others)) if others else ()
    vectors = {a: ways[a].pick(int(i)) for a, i in zip(others, at, strict=True)}
    ends = [
        each.pick(0 if flat is None else int(np.argmin(flat[:, best])))
        for each, flat in zip(parts, chosen, strict=True)
    ]
    codes, by = (np.concatenate(both) for both in zip(*ends, strict=True))
    vectors[apart] = codes, by
    return cost, [vectors[a] for a in sorted(vectors)]


def _joined(parts: tuple[Ways, Ways], line: Floats) -> Ways:
    """Join ways below and around; of very many only those that are cheapest along a line."""
    below, around = parts
    if below.is_nothing:
        return around
    first, second = np.arange(below.count), np.arange(around.count)
    if below.count * around.count > WAYS:
        root = int(np.sqrt(WAYS))
        n_first = max(root, WAYS // around.count)
        first = np.argsort(abs(below.signed) @ line, kind="stable")[:n_first]
        n_second = max(root, WAYS // below.count)
        second = np.argsort(abs(around.signed) @ line, kind="stable")[:n_second]
    pairs = below.signed[np.repeat(first, len(second))] + around.signed[np.tile(second, len(first))]
    return Ways(around.codes, _tidy(pairs))


def _line(tensor: Floats, axis: int, at: list[int]) -> Floats:
    return np.asarray(tensor[tuple(slice(None) if a == axis else i for a, i in enumerate(at))])


def _restricted(prices: Prices, codes: list[Index], shape: tuple[int, ...]) -> Prices:
    """Keep the codes that take part; small choices are made first, so that little is copied."""
    both, tilt = prices.both, prices.tilt
    for axis in sorted(range(len(shape)), key=lambda a: len(codes[a]) / shape[a]):
        if len(codes[axis]) < shape[axis]:
            both, tilt = both.take(codes[axis], axis=axis), tilt.take(codes[axis], axis=axis)
    return Prices(both, tilt)


def _along(matrix: sparse.csr_array | Floats, tensor: Floats, axis: int) -> Floats:
    first = np.moveaxis(tensor, axis, 0)
    product = matrix @ first.reshape(first.shape[0], -1)
    return np.moveaxis(product.reshape((matrix.shape[0], *first.shape[1:])), 0, axis)


def _chain(above: Index, code: int) -> list[int]:
    chain = [code]
    while above[chain[-1]] >= 0:
        chain.append(int(above[chain[-1]]))
    return chain


def _repeated(row: sparse.csr_array, times: int) -> sparse.csr_array:
    return sparse.csr_array(row[np.zeros(times, dtype=np.int64)])


def _tidy(matrix: sparse.csr_array) -> sparse.csr_array:
    matrix = sparse.csr_array(matrix)
    matrix.eliminate_zeros()
    return matrix
