"""What a pattern is proved by: moves that meet demands, and prices where none does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Demand = tuple[int, int]
Witness = tuple[Index, Floats]

CLOSE = 1e-6


@dataclass(frozen=True)
class Shortfall:
    """A demand that a pattern does not meet, with the row prices that prove it.

    One set of prices for each direction that was tried; none where only whole moves fail.
    """

    column: int
    direction: int
    rows: Index
    prices: dict[int, Floats]

    def priced(self) -> Iterator[Index]:
        """Yield the rows that have a price, for each direction that was tried."""
        for prices in self.prices.values():
            yield self.rows[np.abs(prices) > CLOSE]


@dataclass
class Witnesses:
    """For each met demand, one move that meets it."""

    moves: dict[Demand, Witness] = field(default_factory=dict)

    def using(self, column: int) -> list[Demand]:
        """List the demands whose witness moves a column."""
        return [demand for demand, (at, _) in self.moves.items() if column in at]

    def of_any(self, columns: Mask) -> list[Demand]:
        """List the demands whose witness moves any of some columns."""
        return [demand for demand, (at, _) in self.moves.items() if columns[at].any()]

    def holds(self, demand: Demand, withheld: Mask) -> bool:
        """Tell whether the witness of a demand moves only what a pattern withholds."""
        return bool(withheld[self.moves[demand][0]].all())

    def within(self, withheld: Mask, *, whole: bool) -> Witnesses:
        """Return those that a pattern lets move, only the whole ones if so asked."""
        return Witnesses(
            {
                demand: (at, by)
                for demand, (at, by) in self.moves.items()
                if withheld[at].all() and not (whole and fractional(by))
            }
        )


def fractional(by: Floats) -> bool:
    """Tell whether a move is in parts of units."""
    return bool((by != np.rint(by)).any())
