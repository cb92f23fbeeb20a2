"""Check in whole numbers that withheld cells can move as far as is demanded of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.network import Columns, Network
from opengazette.disclosure.tables.linear_system import LinearSystem
from opengazette.errors import Fault

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Demanded = tuple[int, int]
Moves = Mapping[Demanded, tuple[NDArray[np.number], NDArray[np.number]]]

# Witnesses checked at a time: enough for matrix algebra, few enough to keep small.
AT_ONCE = 2000


def verify_network(
    system: LinearSystem, columns: Columns, withheld: Mask, network: Network, moves: Moves
) -> None:
    """Check the witness of every demand of a network against the unmerged system.

    Shape: `columns` and `withheld` have one entry per column of the system; a witness holds
    columns of the network and how far each moves.

    Raises:
        Fault: a witness is missing, breaks an equation, moves what is shown, falls too far or
            not far enough.
    """
    asked = {demand: network.demand(*demand) for demand in network.demands()}
    _verify(system, columns, withheld, asked, moves, _spread(network, len(withheld)))


def spread_moves(network: Network, moves: Moves, width: int) -> sparse.csr_array:
    """Return the witnesses of a network as rows: how far each of so many columns moves.

    One that meets several demands is there once.
    """
    different = {(at.tobytes(), by.tobytes()): (at, by) for at, by in moves.values()}
    if not different:
        return sparse.csr_array((0, width))
    return sparse.csr_array(_matrix(different.values(), network.size) @ _spread(network, width))


def _spread(network: Network, width: int) -> sparse.csr_array:
    """Return which columns of the system each column of a network stands for."""
    sizes = [len(group) for group in network.members]
    return sparse.csr_array(
        (
            np.ones(sum(sizes), dtype=np.int64),
            np.concatenate([*network.members, np.zeros(0, dtype=np.int64)]),
            np.concatenate([[0], np.cumsum(sizes)]),
        ),
        shape=(network.size, width),
    )


def verify_witnesses(system: LinearSystem, columns: Columns, withheld: Mask, moves: Moves) -> None:
    """Check witnesses that hold columns of the system itself; not that every demand has one.

    Raises:
        Fault: a witness breaks an equation, moves what is shown, falls too far or not far enough.
    """
    amount = (columns.either, columns.up, columns.down)
    asked = {(column, way): float(amount[way][column]) for column, way in moves}
    itself = sparse.csr_array(sparse.eye_array(len(withheld), dtype=np.int64))
    _verify(system, columns, withheld, asked, moves, itself)


def _verify(
    system: LinearSystem,
    columns: Columns,
    withheld: Mask,
    asked: Mapping[Demanded, float],
    moves: Moves,
    spread: sparse.csr_array,
) -> None:
    equations = sparse.csr_array(system.matrix.T.astype(np.int64))
    floor = np.where(withheld, -columns.fall, 0.0)
    ceiling = np.where(withheld, np.inf, 0.0)
    every_demand = list(asked)
    for start in range(0, len(every_demand), AT_ONCE):
        demands = every_demand[start : start + AT_ONCE]
        if any(demand not in moves for demand in demands):
            raise Fault("A pattern of withheld cells lacks the proof that it is enough.")
        merged = _matrix([moves[demand] for demand in demands], spread.shape[0])
        every = sparse.csr_array(merged @ spread)
        at = every.indices
        lawful = (every.data >= floor[at]) & (every.data <= ceiling[at])
        broken = sparse.csr_array(every @ equations)
        reached = _reached(merged, demands, np.array([asked[demand] for demand in demands]))
        if not (lawful.all() and reached and not broken.data.any()):
            raise Fault("A pattern of withheld cells failed its own verification.")


def _reached(moves: sparse.csr_array, demands: list[Demanded], asked: NDArray[np.float64]) -> bool:
    column, way = np.array(demands, dtype=np.int64).T
    by = np.asarray(moves[np.arange(len(demands)), column])
    return bool((np.where(way == 0, abs(by), way * by) >= asked).all())


def _matrix(
    witnesses: Iterable[tuple[NDArray[np.number], NDArray[np.number]]], width: int
) -> sparse.csr_array:
    at, by = zip(*witnesses, strict=True)
    ends = np.cumsum([0, *(len(each) for each in at)])
    whole = np.concatenate([np.asarray(each).astype(np.int64) for each in by])
    matrix = sparse.csr_array(
        (whole, np.concatenate(at).astype(np.int64), ends), shape=(len(at), width)
    )
    matrix.sum_duplicates()
    return matrix
