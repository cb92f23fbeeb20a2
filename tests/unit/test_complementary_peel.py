"""What substitution alone gives away, on three equations that can be followed by hand."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from opengazette.disclosure.complementary.network import Network
from opengazette.disclosure.complementary.peel import Peeling


def chain() -> Network:
    """a + b + c = 0, c + d = e, e + f = g; a has a demand, the others may go."""
    rows = [[1, 1, 1, 0, 0, 0, 0], [0, 0, 1, 1, -1, 0, 0], [0, 0, 0, 0, 1, 1, -1]]
    asked = np.array([1.0, 0, 0, 0, 0, 0, 0])
    return Network(
        matrix=sparse.csr_array(np.array(rows, dtype=np.float64)),
        fall=np.full(7, 9.0),
        hidden=asked > 0,
        free=asked == 0,
        cost=np.ones(7),
        up=np.zeros(7),
        down=np.zeros(7),
        either=asked,
        members=tuple(np.array([i]) for i in range(7)),
    )


def pattern(*withheld: str) -> np.ndarray:
    return np.array([name in withheld for name in "abcdefg"])


def names(columns: np.ndarray) -> str:
    return "".join("abcdefg"[i] for i in columns)


def test_a_lone_cell_needs_another_of_its_equation() -> None:
    broken = Peeling(chain()).broken(pattern("a"))
    assert [names(each.columns) for each in broken] == ["bc"]


def test_substitution_finds_what_two_equations_tell_together() -> None:
    broken = Peeling(chain()).broken(pattern("a", "c"))
    assert [names(each.columns) for each in broken] == ["bde"]
