"""How far the attacker pursues the ends of the cells that are protected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Aim:
    """Every interval must cover its own `[low, high]`; with a `width`, be that wide anywhere."""

    low: Floats
    high: Floats
    width: int | None = None

    def of(self, places: Index) -> Aim:
        """Return the aim for the cells at these places."""
        return Aim(self.low[places], self.high[places], self.width)

    @property
    def middle(self) -> int:
        """Return how far above its least value a cell has as much room below as above."""
        span = self.width or int((self.high - self.low).max(initial=1.0))
        return max(1, span // 2)

    def ends(self, places: Index, least: Floats, most: Floats) -> tuple[Floats, Floats]:
        """Return how far down and up the cells at these places are pursued.

        `least` and `most` are the values seen of them so far: an end is as far as is wide enough
        from the other.
        """
        low, high = self.low[places], self.high[places]
        if self.width is None:
            return low, high
        seen = most >= least
        enough = seen & (most - least >= self.width)
        down = np.where(enough, least, np.where(seen, most - self.width, low))
        up = np.where(enough, most, np.where(seen, least + self.width, high))
        return down, up
