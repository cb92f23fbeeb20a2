"""What a search has found, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.witnesses import Witnesses

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """The pattern of one network: flags per column, its cost and the least possible cost."""

    withheld: Mask
    witnesses: Witnesses
    rounds: int
    cost: float
    bound: float


@dataclass(frozen=True)
class Progress:
    """How far the search is: the connected part it is at, and what it has there.

    `cells` are the complementary cells of the best pattern found so far.
    """

    part: int
    parts: int
    round: int
    cells: int
    cost: float
    bound: float
