"""What plain substitution gives away: cells that equations with one unknown determine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.cuts import Cut
from opengazette.disclosure.complementary.network import Network, Unprotectable

Mask = NDArray[np.bool_]

# A longer relation makes a weak cut and is dear to find; the solver finds what is left.
LONGEST = 3000
ZERO = 1e-9

Relation = dict[int, float]


class Peeling:
    """Substitute what single equations tell into the others, until no more is told."""

    def __init__(self, network: Network) -> None:
        by_row, by_column = network.matrix, network.matrix.tocsc()
        self._network = network
        self.asked = np.zeros(network.size, dtype=np.bool_)
        self.asked[[column for column, _ in network.demands()]] = True
        self._columns = np.split(by_row.indices, by_row.indptr[1:-1])
        self._signs = np.split(by_row.data, by_row.indptr[1:-1])
        self.rows = [part.tolist() for part in np.split(by_column.indices, by_column.indptr[1:-1])]
        self.present = abs(by_row).sign()

    def broken(self, withheld: Mask) -> list[Cut]:
        """Return the cuts of the cells with a demand that a pattern gives away.

        Raises:
            Unprotectable: a relation has no cell that may be withheld.
        """
        order = self._peeled(withheld)
        known = dict[int, Relation]()
        broken = list[Cut]()
        for column, row in order:
            relation = self._relation(column, row, withheld, known)
            if relation is None:
                continue
            if column not in known or len(relation) < len(known[column]):
                known[column] = relation
            if self.asked[column]:
                broken.append(self._cut(relation, column))
        return broken

    def _peeled(self, withheld: Mask) -> list[tuple[int, int]]:
        """List columns with the row that tells them, those told first in front."""
        state = _Unknowns(self, withheld)
        waiting = [(state.last[row], row) for row in state.single()]
        told, at = list[tuple[int, int]](), 0
        while at < len(waiting):
            column, row = waiting[at]
            at += 1
            told.append((column, row))
            if column not in state.gone:
                waiting.extend(state.drop(column))
        return told

    def _relation(
        self, column: int, row: int, withheld: Mask, known: dict[int, Relation]
    ) -> Relation | None:
        """Write a column as a sum of published ones; None if that becomes too long."""
        terms: Relation = {}
        for other, sign in zip(self._columns[row].tolist(), self._signs[row].tolist(), strict=True):
            if other == column or not withheld[other]:
                terms[other] = terms.get(other, 0.0) + sign
                continue
            if other not in known:
                return None
            for term, weight in known[other].items():
                if term != other:
                    terms[term] = terms.get(term, 0.0) - sign * weight
        own = terms.pop(column, 0.0)
        if abs(own) < ZERO or len(terms) > LONGEST:
            return None
        found = {term: weight / own for term, weight in terms.items() if abs(weight) > ZERO}
        found[column] = 1.0
        return found

    def _cut(self, relation: Relation, column: int) -> Cut:
        columns = np.array(sorted(relation), dtype=np.int64)
        columns = columns[self._network.free[columns]]
        if not len(columns):
            raise Unprotectable(column)
        return Cut(columns, np.ones(len(columns)))


class _Unknowns:
    """How many unknowns each row has, and the sum of their numbers: the last one's name."""

    def __init__(self, peeling: Peeling, withheld: Mask) -> None:
        self._peeling = peeling
        present = peeling.present
        self.count: list[int] = np.rint(present @ withheld).astype(np.int64).tolist()
        named = present @ np.where(withheld, np.arange(len(withheld)), 0)
        self.last: list[int] = np.rint(named).astype(np.int64).tolist()
        self.gone: set[int] = set()

    def single(self) -> list[int]:
        """List the rows with one unknown."""
        return [row for row, count in enumerate(self.count) if count == 1]

    def drop(self, column: int) -> list[tuple[int, int]]:
        """Take a known column out of its rows; return what these tell now."""
        self.gone.add(column)
        told = []
        for row in self._peeling.rows[column]:
            self.count[row] -= 1
            self.last[row] -= column
            if self.count[row] == 1:
                told.append((self.last[row], row))
        return told
