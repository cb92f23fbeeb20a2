"""A table and what is published beside it as one table, which the search protects as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.knowledge import PublishedTable
from opengazette.disclosure.audit.linkage import Pair
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.standalone.given_cells import MEASURE, GivenCells, cell_table
from opengazette.disclosure.standalone.published_beside import (
    OWN,
    Beside,
    Together,
    completed,
    together,
)
from opengazette.disclosure.tables.linear_system import CellTable, Mask
from opengazette.disclosure.tables.linkage import linked
from opengazette.errors import CannotProtect

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Joint:
    """The cells of a table, then those beside it.

    Shape: one flag per cell. `seen` marks what the public has read already, `primary` what must
    be protected. Blanks beside are filled with counts that fit; which ones makes no difference.
    """

    table: CellTable
    primary: Mask
    seen: Mask
    n_own: int
    same: tuple[Pair, ...]

    @property
    def n_beside(self) -> int:
        """Return how many cells are published beside the table."""
        return len(self.seen) - self.n_own

    def fixed(self, shown: Mask) -> Mask:
        """Return what stays published: what has been seen, and cells of the table itself."""
        beside = np.zeros(self.n_beside, dtype=np.bool_)
        return np.asarray(self.seen | np.concatenate([shown, beside]), dtype=np.bool_)

    def prices(self, own: Floats, of_all_beside: float) -> Floats:
        """Return the price of every cell."""
        beside = np.full(self.n_beside, of_all_beside / max(1, self.n_beside))
        return np.concatenate([own, beside])


def joint_cells(
    table: CellTable, primary: Mask, beside: Sequence[Beside], rule: SmallCountRule
) -> Joint:
    """Join a true table with what is published beside it.

    Raises:
        CannotProtect: a small count is shown beside, or a table beside does not tell which of
            its blanks are primary.
        DisclosureRisk: a linked table shows another count for the same cell.
    """
    n = len(table.keys)
    if not beside:
        return Joint(table, primary, np.zeros(n, dtype=np.bool_), n, ())
    values = {MEASURE: np.asarray(table.counts[MEASURE], dtype=np.float64)}
    own = PublishedTable(table.dimensions, table.keys, values)
    read = together(own, beside, rule)
    _refuse_untold(read, beside)
    seen, both = read.seen(), np.concatenate([primary, *(_primary(each) for each in beside)])
    clash = int((seen & both).sum())
    if clash:
        raise CannotProtect(
            f"{clash} primary cells are shown in what is published beside the table.",
            "They cannot be taken back. Is it the right file? If so, call the expert.",
        )
    return Joint(_tables(table, beside, read, rule), both, seen, n, read.same)


def _refuse_untold(read: Together, beside: Sequence[Beside]) -> None:
    """Refuse blanks of which it is known neither how large they are nor whether they are small."""
    mine, blank = read.own_or_equal(), np.isnan(read.values)
    start = read.n_own
    for each in beside:
        end = start + len(each.cells.keys)
        open_ = int((blank[start:end] & ~mine[start:end]).sum())
        if open_ and not each.cells.is_told:
            raise CannotProtect(
                f"{each.name} does not tell which of its blanks are primary, and {open_} of them "
                "are no cells of this table.",
                "Give the file that protect wrote, with its column status.",
            )
        start = end


def _primary(each: Beside) -> Mask:
    nothing = np.zeros(len(each.cells.keys), dtype=np.bool_)
    return each.cells.primary if each.cells.is_told else nothing


def _tables(
    table: CellTable, beside: Sequence[Beside], read: Together, rule: SmallCountRule
) -> CellTable:
    counts = completed(read, rule).astype(np.int64)
    tables, start = {OWN: table}, read.n_own
    for each in beside:
        end = start + len(each.cells.keys)
        given = GivenCells(each.cells.keys, counts[start:end], None)
        tables[each.name] = cell_table(each.structure, given)
        start = end
    return linked(tables, read.same)
