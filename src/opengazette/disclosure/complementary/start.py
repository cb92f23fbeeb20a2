"""A constructed pattern, seen from one network: where a search found nothing better in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.closing import Close
from opengazette.disclosure.complementary.construction import construct
from opengazette.disclosure.complementary.network import Columns, Network
from opengazette.disclosure.complementary.witnesses import Demand, Witnesses
from opengazette.disclosure.tables.linear_system import CellTable

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]


def _never() -> bool:
    return False


class Start:
    """The pattern of a table, constructed for one network of it and only if somebody asks."""

    def __init__(
        self, table: CellTable, columns: Columns, stop: Callable[[], bool] | None = None
    ) -> None:
        self._table, self._columns, self._stop = table, columns, stop or _never

    def __call__(self, network: Network, close: Close) -> tuple[Mask, Witnesses] | None:
        """Return what the construction withholds in a network, and the moves that prove it.

        Shape: one flag per column of the network, as `close` takes and returns them. Demands
        without a proof are left open. None where the table is of a kind that cannot be
        constructed.
        """
        column_of = np.full(len(self._columns.cell), -1, dtype=np.int64)
        for column, members in enumerate(network.members):
            column_of[members] = column

        def closed(withheld: Mask, unmet: list[Demand]) -> Mask:
            asked = dict.fromkeys((int(column_of[cell]), way) for cell, way in unmet)
            pattern = close(_seen(network, column_of, withheld), list(asked))
            more = np.flatnonzero(pattern & ~network.hidden)
            cells = np.concatenate(
                [np.zeros(0, dtype=np.int64), *[network.members[c] for c in more]]
            )
            both = withheld.copy()
            both[cells[cells < len(withheld)]] = True
            return both

        asked = _asked_inside(self._columns, column_of >= 0)
        built = construct(self._table, asked, close=closed, stop=self._stop)
        if built is None:
            return None
        witnesses = Witnesses()
        for (cell, way), (cells, amounts) in built.witnesses.items():
            inside = column_of[cells] >= 0
            moved, first = np.unique(column_of[cells[inside]], return_index=True)
            witnesses.moves[int(column_of[cell]), way] = (
                moved,
                np.asarray(amounts[inside][first], dtype=np.float64),
            )
        return _seen(network, column_of, built.withheld), witnesses


def _asked_inside(columns: Columns, inside: Mask) -> Columns:
    """Demand nothing of cells outside."""
    none = {
        name: np.where(inside, getattr(columns, name), 0.0) for name in ("up", "down", "either")
    }
    return replace(columns, **none)


def _seen(network: Network, column_of: Index, withheld: Mask) -> Mask:
    """Say of the columns of a network what is said of cells."""
    seen = network.hidden.copy()
    here = column_of[np.flatnonzero(withheld)]
    seen[here[here >= 0]] = True
    return seen & (network.hidden | network.free)
