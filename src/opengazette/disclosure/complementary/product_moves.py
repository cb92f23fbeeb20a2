"""Moves of a table that satisfy every equation: products of exchanges along each dimension."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.tables.linear_system import CellTable, Dimension

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

# What no move may cost, and how many ways along one dimension are weighed with all others.
NEVER = 1e6
WAYS = 150
# Below this size a matrix is quicker written out, where it is not to price very much at once.
SMALL, MUCH = 4000, 1 << 19


@dataclass(frozen=True)
class Ways:
    """Ways in which the codes of one dimension move, one a row, on the codes that take part."""

    codes: Index
    signed: sparse.csr_array

    @cached_property
    def _written_out(self) -> Floats | None:
        """Return both matrices, for up plus down and for up less down, unless they are large."""
        if int(np.prod(self.signed.shape)) > SMALL:
            return None
        signed = self.signed.toarray()
        return np.stack([abs(signed), signed])

    @cached_property
    def _moving(self) -> sparse.csr_array:
        return sparse.csr_array(abs(self.signed))

    @property
    def count(self) -> int:
        """Return how many ways there are."""
        return int(self.signed.shape[0])

    @property
    def is_nothing(self) -> bool:
        """Tell whether the only way is that nothing moves."""
        return self.count == 1 and self.signed.nnz == 0

    def of(self, prices: Floats, axis: int) -> Floats:
        """Price every way instead of every code of one dimension."""
        _, *shape = prices.shape
        here, after = shape[axis], int(np.prod(shape[axis + 1 :]))
        turned = np.moveaxis(prices.reshape(2, -1, here, after), 2, 1).reshape(2, here, -1)
        both = self._written_out if turned.size * self.count < MUCH else None
        if both is not None:
            product = both @ turned
        else:
            product = np.stack([self._moving @ turned[0], self.signed @ turned[1]])
        product = np.moveaxis(product.reshape(2, self.count, -1, after), 1, 2)
        return product.reshape(2, *shape[:axis], self.count, *shape[axis + 1 :])

    def cheapest(self, line: Floats, most: int) -> Index:
        """Return the ways that are cheapest along a line of prices."""
        return np.argsort(self._moving @ line, kind="stable")[:most]

    def pick(self, way: int) -> tuple[Index, Index]:
        """Return the codes that move in one way, and their signs."""
        some = slice(self.signed.indptr[way], self.signed.indptr[way + 1])
        return self.codes[self.signed.indices[some]], self.signed.data[some].astype(np.int64)


@dataclass(frozen=True)
class Move:
    """A move by one: its cost, and the places and signs of its corners."""

    cost: float
    places: Index
    signs: Index


@dataclass(frozen=True)
class Around:
    """How one code may rise: any of what goes along `below` it joins any of `beside`.

    `own` is the place of the code among the codes that take part.
    """

    own: int
    below: Ways
    beside: Ways

    @property
    def count(self) -> int:
        """Return how many ways there are."""
        return self.below.count * self.beside.count

    def joined(self, line: Floats) -> Ways:
        """Join both; of very many only those that are cheapest along a line of prices."""
        if self.below.is_nothing:
            return self.beside
        if self.count <= WAYS:
            return self._all
        root = int(np.sqrt(WAYS))
        first = self.below.cheapest(line, max(root, WAYS // self.beside.count))
        second = self.beside.cheapest(line, max(root, WAYS // self.below.count))
        return self._pairs(first, second)

    @cached_property
    def _all(self) -> Ways:
        return self._pairs(np.arange(self.below.count), np.arange(self.beside.count))

    def _pairs(self, first: Index, second: Index) -> Ways:
        below, beside = self.below.signed, self.beside.signed
        pairs = below[np.repeat(first, len(second))] + beside[np.tile(second, len(first))]
        return Ways(self.beside.codes, _tidy(pairs))


@dataclass(frozen=True)
class Tree:
    """The codes of one dimension and the chains from each code up to its highest parent."""

    above: Index
    leaf: NDArray[np.bool_]
    chains: sparse.csr_array
    known: dict[tuple[int, int], Around] = field(default_factory=dict)

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

    def ways(self, code: int, within: int) -> Around:
        """Return how a code may rise: what goes along below it, and what around it.

        A leaf changes places with another, and the groups of both with them, or all above it
        rise. Those `within` so many groups above it are kept; all where it has no such group, or
        it is 0.
        """
        if (code, within) not in self.known:
            self.known[code, within] = self._ways(code, within)
        return self.known[code, within]

    def _ways(self, code: int, within: int) -> Around:
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
        at = int(np.searchsorted(used, code))
        return Around(at, Ways(used, _tidy(down[:, used])), Ways(used, _tidy(around[:, used])))


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
        self, prices: Floats, place: int, sign: int, *, within: int = 0, limit: float = NEVER / 2
    ) -> Move | None:
        """Return the cheapest product move of a place up (+1) or down (-1).

        Shape: `prices` says what it costs to move each combination by one: up plus down, then up
        less down. None if it costs `limit` or more.
        """
        codes = [int(c) for c in np.unravel_index(place, self.shape)]
        parts = [t.ways(c, within) for t, c in zip(self.trees, codes, strict=True)]
        sizes = [part.count for part in parts]
        apart = int(np.argmax(sizes))
        prices = _restricted(prices, [part.beside.codes for part in parts], self.shape)
        ways: dict[int, Ways] = {}
        for axis in sorted(set(range(len(codes))) - {apart}, key=lambda a: sizes[a]):
            at = [0 if a in ways else part.own for a, part in enumerate(parts)]
            ways[axis] = parts[axis].joined(_line(prices[0], axis, at))
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
    prices: Floats,
    part: Around,
    apart: int,
    ways: dict[int, Ways],
    sign: int,
    limit: float,
) -> tuple[float, list[tuple[Index, Index]]] | None:
    """Choose the cheapest combination, and below and beside apart: their costs add up."""
    chosen: list[Floats | None] = []
    total = np.zeros(1)
    for each in (part.below, part.beside):
        if each.is_nothing:
            chosen.append(None)
            continue
        both, tilt = each.of(prices, apart)
        flat = np.moveaxis(both + sign * tilt, apart, 0).reshape(each.count, -1)
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
        for each, flat in zip((part.below, part.beside), chosen, strict=True)
    ]
    codes, by = (np.concatenate(both) for both in zip(*ends, strict=True))
    vectors[apart] = codes, by
    return cost, [vectors[a] for a in sorted(vectors)]


def _line(tensor: Floats, axis: int, at: list[int]) -> Floats:
    return np.asarray(tensor[tuple(slice(None) if a == axis else i for a, i in enumerate(at))])


def _restricted(prices: Floats, codes: list[Index], shape: tuple[int, ...]) -> Floats:
    """Keep the codes that take part; small choices are made first, so that little is copied."""
    for axis in sorted(range(len(shape)), key=lambda a: len(codes[a]) / shape[a]):
        if len(codes[axis]) < shape[axis]:
            prices = prices.take(codes[axis], axis=1 + axis)
    return prices


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
