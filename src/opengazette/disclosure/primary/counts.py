"""Primary suppression: the counts that the policy itself withholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.errors import CannotProtect


@dataclass(frozen=True)
class SmallCountRule:
    """Withhold counts of too few people.

    `threshold` is the smallest count that may be shown. With `zeros_shown` a true zero is
    always published; otherwise zeros are withheld like the small counts. `measures` are the
    measures that count people or their events; None means all. Others, such as a population
    published elsewhere, are never withheld.

    Source: CalHHS Data De-Identification Guidelines, 4.4.1 (threshold 11).
    """

    threshold: int = 11
    zeros_shown: bool = True
    measures: tuple[str, ...] | None = None

    @property
    def least(self) -> int:
        """Return the smallest count that a withheld cell may hold."""
        return 1 if self.zeros_shown else 0

    def applies_to(self, measure: str) -> bool:
        """Tell whether the rule may withhold cells of this measure."""
        return self.measures is None or measure in self.measures


@dataclass(frozen=True)
class Protection:
    """What an attacker must be left with: every primary cell's interval covers [low, high].

    Where the shown zeros alone reveal more than `low` (a total of three categories that are
    not zero is at least 3), the interval starts there.
    """

    low: int = 1
    high: int = 10


@dataclass(frozen=True)
class Width:
    """What an attacker must be left with: every primary cell's interval is `least` wide or more.

    Width 1 is exact protection: at least two values are possible. A larger width is sought
    around the true value; for a small count, within the small counts if it fits in there.
    """

    least: int = 1


Demand = Protection | Width


def primary_cells(counts: np.ndarray, rule: SmallCountRule) -> NDArray[np.bool_]:
    """Mark every count from the rule's least to `threshold - 1`.

    Shape: one flag per count, in order.
    Units: people or events, whole numbers. Nothing is withheld here.

    Raises:
        CannotProtect: a count is missing, negative or fractional.
    """
    numbers = np.asarray(counts, dtype=np.float64)
    wrong = int(np.count_nonzero(~((numbers >= 0) & (np.mod(numbers, 1) == 0))))
    if wrong:
        raise CannotProtect(
            f"{wrong} of {numbers.size} counts are missing, negative or fractional.",
            "Build the publication table from whole counts.",
        )
    return np.asarray((numbers >= rule.least) & (numbers < rule.threshold), dtype=np.bool_)
