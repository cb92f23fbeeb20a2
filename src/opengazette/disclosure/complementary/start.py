"""A constructed pattern, seen from one network: where a search found nothing better in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.construction import Construction, construct
from opengazette.disclosure.complementary.network import Columns, Network
from opengazette.disclosure.complementary.witnesses import Witnesses
from opengazette.disclosure.tables.linear_system import CellTable

Mask = NDArray[np.bool_]


def _never() -> bool:
    return False


class Start:
    """The pattern of a whole table, constructed at most once and only if somebody asks."""

    def __init__(
        self, table: CellTable, columns: Columns, stop: Callable[[], bool] | None = None
    ) -> None:
        self._table, self._columns, self._stop = table, columns, stop or _never

    def __call__(self, network: Network) -> tuple[Mask, Witnesses] | None:
        """Return what the construction withholds in a network, and the moves that prove it.

        Shape: one flag per column of the network. Demands without a proof are left open. None
        where the table is of a kind that cannot be constructed.
        """
        built = self._construction
        if built is None:
            return None
        column_of = np.full(len(self._columns.cell), -1, dtype=np.int64)
        for column, members in enumerate(network.members):
            column_of[members] = column
        withheld = network.hidden.copy()
        here = column_of[np.flatnonzero(built.withheld)]
        withheld[here[here >= 0]] = True
        witnesses = Witnesses()
        for (cell, way), (cells, amounts) in built.witnesses.items():
            inside = column_of[cells] >= 0
            moved, first = np.unique(column_of[cells[inside]], return_index=True)
            if column_of[cell] >= 0:
                witnesses.moves[int(column_of[cell]), way] = (
                    moved,
                    np.asarray(amounts[inside][first], dtype=np.float64),
                )
        return withheld & (network.hidden | network.free), witnesses

    @cached_property
    def _construction(self) -> Construction | None:
        return construct(self._table, self._columns, stop=self._stop)
