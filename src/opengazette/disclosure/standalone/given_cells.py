"""A table of counts that somebody brings along with its totals, outside any contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.knowledge import PublishedTable
from opengazette.disclosure.primary.counts import SmallCountRule, primary_cells
from opengazette.disclosure.tables.linear_system import CellTable, Counts, Dimension, Mask
from opengazette.errors import CannotProtect
from opengazette.model.cell_structure import CellStructure

#: What the one measure of such a table is called.
MEASURE = "value"

Key = tuple[str, ...]


@dataclass(frozen=True)
class GivenCells:
    """True counts, one per key, and which of them are primary: private.

    `primary` is None where the file does not say; the rule decides then. `weight` is what
    withholding each cell costs beside 1 for any other, if the file says so.
    """

    keys: tuple[Key, ...]
    values: Counts
    primary: Mask | None
    weight: NDArray[np.float64] | None = None

    def is_primary(self) -> Mask:
        """Return the flags; without any, nothing is primary."""
        return np.zeros(len(self.keys), dtype=np.bool_) if self.primary is None else self.primary


@dataclass(frozen=True)
class PublishedCells:
    """A published table: nan is a withheld cell; `primary` marks those that are protected.

    Where it does not tell which blanks are primary, all are taken to be, and `is_told` is unset.
    """

    keys: tuple[Key, ...]
    values: NDArray[np.float64]
    primary: Mask
    is_told: bool = True


def rule_of(structure: CellStructure) -> SmallCountRule:
    """Return the rule that the structure states."""
    return SmallCountRule(
        threshold=structure.threshold + 1, zeros_shown=structure.zero_policy == "publish"
    )


def flagged(cells: GivenCells, rule: SmallCountRule, *, trust_flags: bool) -> GivenCells:
    """Return the cells with their primary flags decided: those of the file, or the rule's.

    A larger count that is flagged is protected too.

    Raises:
        CannotProtect: a small count is not flagged, and the flags are not to be trusted; or a
            zero is flagged that is always shown.
    """
    small = primary_cells(cells.values, rule)
    if cells.primary is None:
        return replace(cells, primary=small)
    missed = int((small & ~cells.primary).sum())
    if missed and not trust_flags:
        raise CannotProtect(
            f"{missed} counts from {rule.least} to {rule.threshold - 1} are not flagged primary.",
            "Flag them, or say with --trust-flags that they may be shown.",
        )
    shown = int((cells.primary & (cells.values < rule.least)).sum())
    if shown:
        raise CannotProtect(
            f"{shown} true zeros are flagged primary, but the structure says that zeros are shown.",
            'Take the flags away, or set zero_policy to "primary".',
        )
    return cells


def cell_table(structure: CellStructure, cells: GivenCells) -> CellTable:
    """Turn true counts into cells and equations: private.

    A combination that has no row is a true zero, and everybody knows.
    """
    return CellTable(_dimensions(structure, cells.keys), cells.keys, {MEASURE: cells.values})


def published_table(structure: CellStructure, cells: PublishedCells) -> PublishedTable:
    """Turn a published table into what an attacker reads from it."""
    return PublishedTable(_dimensions(structure, cells.keys), cells.keys, {MEASURE: cells.values})


def _dimensions(structure: CellStructure, keys: Iterable[Key]) -> tuple[Dimension, ...]:
    present = [dict.fromkeys(codes) for codes in zip(*keys, strict=True)]
    return tuple(
        Dimension(dim.name, dim.total, dim.tree, tuple(dict.fromkeys([*dim.codes(), *codes])))
        for dim, codes in zip(structure.dims, present, strict=True)
    )
