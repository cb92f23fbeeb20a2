"""What every sufficient pattern must withhold, learnt from the demands that a pattern missed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.network import Network, Unprotectable
from opengazette.disclosure.complementary.witnesses import Shortfall

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]

TINY = 1e-7


@dataclass(frozen=True)
class Cut:
    """Every sufficient pattern has `sum(weights[withheld]) >= 1` over these columns."""

    columns: Index
    weights: Floats

    def met_by(self, withheld: Mask) -> bool:
        """Tell whether a pattern satisfies the cut."""
        return bool(self.weights[withheld[self.columns]].sum() >= 1.0 - TINY)


def cut(network: Network, miss: Shortfall) -> Cut | None:
    """Turn a missed demand into a cut: the capacity that the prices put on each column.

    Raises:
        Unprotectable: even all columns together do not satisfy it.

    Source: Fischetti and Salazar-González, Management Science 47 (2001), capacity constraints.
    """
    found = list[Cut | None]()
    for way, prices in miss.prices.items():
        weighted = np.zeros(network.matrix.shape[0])
        weighted[miss.rows] = prices
        rates = network.matrix.T @ weighted
        rates[miss.column] += way
        columns = np.flatnonzero(np.abs(rates) > TINY)
        asked = network.demand(miss.column, miss.direction)
        found.append(capacity(network, miss.column, way, asked, columns, rates[columns]))
    return possible(any_of(found), miss.column)


def row_cuts(network: Network) -> list[Cut]:
    """Return the cuts that single equations give: a lone withheld cell is known."""
    by_row, found = network.matrix, list[Cut]()
    for column, direction, row, sign in _tight_rows(network):
        asked = network.demand(column, direction)
        terms = slice(by_row.indptr[row], by_row.indptr[row + 1])
        others = by_row.indices[terms] != column
        columns, signs = by_row.indices[terms][others], by_row.data[terms][others]
        ways = [
            capacity(network, column, way, asked, columns, signs * (-way / sign))
            for way in network.ways(column, direction)
        ]
        made = possible(any_of(ways), column)
        if made is not None:
            found.append(made)
    return found


def _tight_rows(network: Network) -> Iterator[tuple[int, int, int, float]]:
    """List the demands with the rows whose hidden columns alone do not let them move."""
    by_column, by_row = sparse.csc_array(network.matrix), network.matrix
    hidden = sparse.csr_array(by_row @ sparse.diags_array(network.hidden.astype(np.float64)))
    up, down = hidden.maximum(0.0), (-hidden).maximum(0.0)
    falls = np.array([up @ network.fall, down @ network.fall])
    counts = np.array([up.sum(axis=1), down.sum(axis=1)])
    for column, direction in network.demands():
        at = slice(by_column.indptr[column], by_column.indptr[column + 1])
        rows, signs = by_column.indices[at], by_column.data[at]
        same, other = np.where(signs > 0, 0, 1), np.where(signs > 0, 1, 0)
        asked, own = network.demand(column, direction), float(network.hidden[column])
        slack = np.zeros(len(rows))
        for way in network.ways(column, direction):
            falling, rising = (same, other) if way > 0 else (other, same)
            mine = own * np.abs(signs)
            falls_by = falls[falling, rows] - (mine * network.fall[column] if way > 0 else 0.0)
            rises_by = counts[rising, rows] - (0.0 if way > 0 else mine)
            slack = np.maximum(slack, falls_by + asked * rises_by)
        for i in np.flatnonzero(slack < asked - TINY):
            yield column, direction, int(rows[i]), float(signs[i])


def any_of(cuts: Sequence[Cut | None]) -> Cut | None:
    """Return the cut that holds where at least one of several does."""
    known = [each for each in cuts if each is not None]
    if len(known) < len(cuts) or not known:
        return None
    if len(known) == 1:
        return known[0]
    columns, at = np.unique(np.concatenate([each.columns for each in known]), return_inverse=True)
    weights = np.zeros(len(columns))
    np.maximum.at(weights, at, np.concatenate([each.weights for each in known]))
    return Cut(columns, weights)


def possible(made: Cut | None, column: int) -> Cut | None:
    """Return the cut.

    Raises:
        Unprotectable: even all columns together do not satisfy it.
    """
    if made is not None and made.weights.sum() < 1.0 - TINY:
        raise Unprotectable(column)
    return made


def capacity(
    network: Network,
    column: int,
    direction: int,
    asked: float,
    columns: Index,
    rates: Floats,
) -> Cut | None:
    """Weigh each column by how much of the demanded move it lets through."""
    own = columns == column
    scale = 1.0 - direction * float(rates[own].sum())
    if scale < TINY:
        return None
    columns, rates = columns[~own], rates[~own]
    weight = np.where(rates < 0, -rates * network.fall[columns] / scale, asked)
    missing = asked - float(weight[network.hidden[columns]].sum())
    if missing < TINY:
        return None
    useful = network.free[columns] & (weight > TINY)
    return Cut(columns[useful].astype(np.int64), np.minimum(weight[useful] / missing, 1.0))


class Cuts:
    """All the cuts of one network, each once."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self.all: list[Cut] = []

    def add(self, cuts: Iterable[Cut | None]) -> int:
        """Add cuts that are not there yet; return how many these are."""
        before = len(self.all)
        for each in cuts:
            if each is not None:
                mark = each.columns.tobytes() + np.round(each.weights, 9).tobytes()
                if mark not in self._seen:
                    self._seen.add(mark)
                    self.all.append(each)
        return len(self.all) - before

    def matrix(self, size: int) -> sparse.csc_array:
        """Return the weights of all cuts: a row for each of them, a column for each column."""
        lengths = [len(each.columns) for each in self.all]
        rows = np.repeat(np.arange(len(lengths)), lengths)
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *[c.columns for c in self.all]])
        weights = np.concatenate([np.zeros(0), *[c.weights for c in self.all]])
        return sparse.csc_array((weights, (rows, columns)), shape=(len(lengths), size))


class Slack:
    """How much each cut leaves to spare while cells of a pattern are given back."""

    def __init__(self, cuts: Cuts, pattern: Mask) -> None:
        self._by_column = cuts.matrix(len(pattern))
        self._spare = self._by_column @ pattern.astype(np.float64) - 1.0

    def needs(self, column: int) -> bool:
        """Tell whether some cut forbids giving a column back."""
        rows, weights = self._terms(column)
        return bool((self._spare[rows] < weights - TINY).any())

    def give_back(self, column: int) -> None:
        """Note that a column is published after all."""
        rows, weights = self._terms(column)
        self._spare[rows] -= weights

    def _terms(self, column: int) -> tuple[Index, Floats]:
        at = slice(self._by_column.indptr[column], self._by_column.indptr[column + 1])
        rows: Index = np.asarray(self._by_column.indices[at], dtype=np.int64)
        return rows, np.asarray(self._by_column.data[at], dtype=np.float64)
