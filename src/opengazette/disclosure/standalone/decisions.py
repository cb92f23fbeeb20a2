"""What somebody decides about a table that stands alone: how it is protected, cells by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.primary.forced import Decided, Forced, decided
from opengazette.disclosure.standalone.given_cells import MEASURE, GivenCells, PublishedCells
from opengazette.disclosure.standalone.prices import Objective
from opengazette.disclosure.standalone.published_beside import Beside
from opengazette.disclosure.tables.linear_system import CellTable, Mask
from opengazette.errors import CannotProtect
from opengazette.model.cell_structure import CellStructure, ForcedCells

_TOLD = 6


@dataclass(frozen=True)
class Options:
    """How a table is to be protected.

    `objective` is what shall be least; None lets the table decide (`natural_objective`). The
    search ends within the relative `gap`. Cells withheld in `previous` cost next to nothing.
    `beside` is what the public has already. `trust_flags` shows small counts that are not flagged;
    with `may_be_zero` the attacker is taken not to know that true zeros are shown. Where no
    pattern is enough, `advise` tries what would make one possible.
    """

    objective: Objective | None = None
    gap: float = 0.0
    previous: PublishedCells | None = None
    beside: tuple[Beside, ...] = ()
    trust_flags: bool = False
    may_be_zero: bool = False
    advise: bool = False


def forced_cells(
    structure: CellStructure, cells: GivenCells, table: CellTable, rule: SmallCountRule
) -> Decided:
    """Return what the rule and the decisions of the structure come to.

    A decision about many cells is about those of them that can follow it: not about primary cells
    that should be shown, nor about true zeros that should be withheld. One that names a single
    cell is refused where that cell cannot.

    Raises:
        CannotProtect: a decision fits no cell, or the one it names cannot follow it.
    """
    shown, hidden = list[Forced](), list[Forced]()
    unfit = {"shown": cells.is_primary(), "withheld": cells.values < rule.least}
    for each in structure.forced:
        mask = _meant(structure, cells, each)
        if len(each.where) < len(structure.dims):
            mask &= ~unfit[each.be]
        (shown if each.be == "shown" else hidden).append(Forced({MEASURE: mask}, each.reason))
    return decided(table, rule, {MEASURE: cells.is_primary()}, shown=shown, hidden=hidden)


def _meant(structure: CellStructure, cells: GivenCells, forced: ForcedCells) -> Mask:
    names = [dim.name for dim in structure.dims]
    at = [(names.index(name), code) for name, code in forced.where.items()]
    mask = np.array([all(key[axis] == code for axis, code in at) for key in cells.keys])
    if not mask.any():
        raise CannotProtect(
            f"No cell is at {', '.join(forced.where.values())}, which is to be forced.",
            "Name codes that meet in the table, or leave the decision out.",
        )
    return np.asarray(mask, dtype=np.bool_)


def named_cells(keys: Sequence[tuple[str, ...]]) -> str:
    """Name cells by their codes, the first few."""
    told = "; ".join(" / ".join(key) for key in keys[:_TOLD])
    return f"{told} and {len(keys) - _TOLD} more" if len(keys) > _TOLD else told
