"""Moves of cells as a table: which cell moves by how much, move by move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

MOVE, MEASURE, ROW, BY = MOVE_COLUMNS = ("move", "measure", "row", "by")


def listed_moves(
    moves: sparse.csr_array, measures: Sequence[str], cells: int, own: int
) -> pd.DataFrame:
    """List moves; those that move anything but the first `own` cells of a measure are left out.

    Shape: a row of `moves` for each move, a column for each of so many `cells`, measure by
    measure; what is returned has a line for each cell that moves.
    """
    moves = sparse.csr_array(moves)
    move = np.repeat(np.arange(moves.shape[0]), np.diff(moves.indptr))
    measure, row = np.divmod(moves.indices, cells)
    whole = ~np.isin(move, move[row >= own])
    names = np.array([*measures, ""], dtype=object)
    return pd.DataFrame(
        {
            MOVE: pd.array(move[whole], dtype="Int64"),
            MEASURE: pd.array(names[measure[whole]], dtype="string"),
            ROW: pd.array(row[whole], dtype="Int64"),
            BY: pd.array(np.rint(moves.data[whole]).astype(np.int64), dtype="Int64"),
        }
    )


def read_moves(listed: pd.DataFrame, measures: Sequence[str], cells: int) -> sparse.csr_array:
    """Return listed moves as `listed_moves` took them, for so many cells of each measure.

    Moves of a measure, or of a cell, that there is not are left out.
    """
    place = {name: i for i, name in enumerate(measures)}
    measure = listed[MEASURE].map(place).astype("Int64").fillna(-1).to_numpy(dtype=np.int64)
    move, row, by = (listed[name].to_numpy(dtype=np.int64) for name in (MOVE, ROW, BY))
    lost = np.isin(move, move[(measure < 0) | (row < 0) | (row >= cells)])
    column = (measure * cells + row)[~lost]
    shape = (int(move.max(initial=-1)) + 1, cells * len(measures))
    return sparse.csr_array((by[~lost], (move[~lost], column)), shape=shape)
