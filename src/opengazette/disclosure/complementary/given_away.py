"""Cuts of the cells that the equations alone determine under a pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.cuts import Cut
from opengazette.disclosure.complementary.freedom import Freedom
from opengazette.disclosure.complementary.network import Network
from opengazette.disclosure.complementary.relations import Relations
from opengazette.disclosure.complementary.witnesses import Shortfall

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GivenAway:
    """Find what gives cells away, near them first."""

    network: Network
    relations: Relations
    freedom: Freedom

    def cuts(self, pattern: Mask, most: int, random: np.random.Generator) -> list[Cut]:
        """Return cuts that a pattern does not obey, for so many of the cells that it gives away."""
        columns = random.permutation(self.relations.determined(pattern))[:most].tolist()
        found = (self._told(column, pattern) for column in columns)
        return [made for made in found if made is not None]

    def _told(self, column: int, pattern: Mask) -> Cut | None:
        return self.relations.told(column, pattern) or self._told_far(column, pattern)

    def _told_far(self, column: int, pattern: Mask) -> Cut | None:
        """Find a relation by a linear program of the whole pattern, then shorten it nearby."""
        self.freedom.under(pattern)
        miss = self.freedom.met(self.network.demand_of(column))
        if not isinstance(miss, Shortfall):
            return None
        near = next(miss.priced(), None)
        return self.relations.told(column, pattern, near) or self.relations.narrowed(miss, pattern)
