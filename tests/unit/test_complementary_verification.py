"""Witnesses are checked in whole numbers, whoever found them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from opengazette.disclosure.complementary.network import Columns, networks
from opengazette.disclosure.complementary.verification import (
    Moves,
    verify_network,
    verify_witnesses,
)
from opengazette.disclosure.tables.linear_system import LinearSystem
from opengazette.errors import Fault

# Two rows and two columns, all four cells withheld, the margins shown.
ROWS = sparse.csr_array(
    np.array([[1.0, 1, 0, 0, -1], [0, 0, 1, 1, 0], [1, 0, 1, 0, 0], [0, 1, 0, 1, 0]])
)
SYSTEM = LinearSystem(("n",), 5, ROWS)
WITHHELD = np.array([True, True, True, True, False])


def known(*, up: float = 2, fall: float = 5) -> Columns:
    asked = np.array([up, 0, 0, 0, 0], dtype=np.float64)
    return Columns(
        cell=np.ones(5, dtype=np.bool_),
        fall=np.full(5, fall),
        hidden=WITHHELD,
        free=np.zeros(5, dtype=np.bool_),
        cost=np.ones(5),
        up=asked,
        down=np.zeros(5),
        either=np.zeros(5),
    )


def witness(*by: int) -> Moves:
    at = np.flatnonzero(by)
    return {(0, 1): (at, np.array(by)[at])}


SQUARE = witness(2, -2, -2, 2, 0)


def test_a_move_that_keeps_every_equation_and_goes_far_enough_is_a_witness() -> None:
    assert SQUARE[0, 1][0].tolist() == [0, 1, 2, 3]
    verify_witnesses(SYSTEM, known(), WITHHELD, SQUARE)


@pytest.mark.parametrize(
    ("why", "moves", "columns"),
    [
        ("too short", SQUARE, known(up=3)),
        ("falls too far", SQUARE, known(fall=1)),
        ("breaks an equation", witness(2, -2, -2, 1, 0), known()),
        ("moves a shown cell", witness(2, 0, -2, 0, 2), known()),
        ("the wrong way", witness(-2, 2, 2, -2, 0), known()),
    ],
)
def test_a_move_that_is_no_witness_is_a_fault(why: str, moves: Moves, columns: Columns) -> None:
    with pytest.raises(Fault, match="verification"):
        verify_witnesses(SYSTEM, columns, WITHHELD, moves)
    assert why


def test_every_demand_of_a_network_needs_a_witness() -> None:
    columns = known()
    (network,) = networks(ROWS, columns)
    with pytest.raises(Fault, match="lacks the proof"):
        verify_network(SYSTEM, columns, WITHHELD, network, {})


def test_a_witness_of_a_network_is_checked_on_the_cells_of_its_columns() -> None:
    columns = known()
    (network,) = networks(ROWS, columns)
    column = network.demands()[0][0]
    by = {int(m): s for m, s in zip((0, 1, 2, 3), (2, -2, -2, 2), strict=True)}
    at = np.arange(network.size)
    moved = np.array([by[int(group[0])] for group in network.members])
    verify_network(SYSTEM, columns, WITHHELD, network, {(column, 1): (at, moved)})
    with pytest.raises(Fault, match="verification"):
        verify_network(SYSTEM, columns, WITHHELD, network, {(column, 1): (at, moved // 2)})
