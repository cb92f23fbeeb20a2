"""Cells that somebody wants shown or withheld whatever the rules say, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.tables.linear_system import CellTable
from opengazette.errors import CannotProtect
from opengazette.model.suppression import ForcedCells

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Forced:
    """Cells of a table, one flag per key for each measure named, and why they are forced."""

    cells: Mapping[str, Mask]
    reason: str


@dataclass(frozen=True)
class Decided:
    """What the rules and the forced cells come to.

    Shape: one flag per key and measure. `primary` must be withheld and protected, `must_publish`
    stays. `because` lists each reason with the number of cells it was given for.
    """

    primary: Mapping[str, Mask]
    must_publish: Mapping[str, Mask]
    because: tuple[tuple[str, int], ...]


def decided(
    table: CellTable,
    rule: SmallCountRule,
    primary: Mapping[str, Mask],
    *,
    shown: Iterable[Forced] = (),
    hidden: Iterable[Forced] = (),
) -> Decided:
    """Add forced cells to the primary ones and to those that stay.

    No reason makes a primary cell public: what the rules withhold stays withheld.

    Raises:
        CannotProtect: a reason is empty, a cell is forced both ways, a primary cell is to be
            shown, a true zero that is always shown is to be hidden, or a measure is not of the
            table.
    """
    to_show, to_hide = tuple(shown), tuple(hidden)
    for each in (*to_show, *to_hide):
        _refuse_unfounded(each, table)
    keep, gone = _flags(table, to_show), _flags(table, to_hide)
    small = {m: np.asarray(primary.get(m, np.zeros(len(keep[m]))), dtype=bool) for m in keep}
    zero = {m: np.asarray(counts) < rule.least for m, counts in table.counts.items()}
    for what, one, other in (
        ("forced to be both shown and withheld", keep, gone),
        ("forced to be shown but withheld by the rules", keep, small),
        ("true zeros, which are always shown, but forced to be withheld", gone, zero),
    ):
        clash = sum(int((one[m] & other[m]).sum()) for m in keep)
        if clash:
            raise CannotProtect(f"{clash} cells are {what}.", "Take them off the list.")
    return Decided(
        primary={m: small[m] | gone[m] for m in keep},
        must_publish=keep,
        because=tuple(_reasons((*to_show, *to_hide))),
    )


def named_cells(table: CellTable, forced: ForcedCells) -> Forced:
    """Find the cells that a contract forces, by the labels it gives.

    Raises:
        CannotProtect: the table has no such cell.
    """
    axis = {d.name: i for i, d in enumerate(table.dimensions)}
    meant = [(axis[name], label) for name, label in forced.where.items()]
    found = np.array([all(key[i] == c for i, c in meant) for key in table.keys], dtype=np.bool_)
    if not found.any():
        where = ", ".join(f"{name} {label!r}" for name, label in forced.where.items())
        raise CannotProtect(
            f"The table has no cell of {where}, which is forced to be {forced.be}.",
            "Correct or remove the entry below publication.suppression.forced.",
        )
    return Forced(dict.fromkeys(forced.measures or table.measures, found), forced.reason)


def _refuse_unfounded(forced: Forced, table: CellTable) -> None:
    if not forced.reason.strip():
        raise CannotProtect("Cells are forced without a reason.", "State the reason.")
    wrong = sum(
        m not in table.counts or len(flags) != len(table.keys) for m, flags in forced.cells.items()
    )
    if wrong:
        raise CannotProtect(
            f"{wrong} sets of forced cells fit no measure of the table or not its rows.",
            "Name measures of the table, with one flag per row.",
        )


def _flags(table: CellTable, forced: tuple[Forced, ...]) -> dict[str, Mask]:
    flags = {m: np.zeros(len(table.keys), dtype=np.bool_) for m in table.measures}
    for each in forced:
        for m, mask in each.cells.items():
            flags[m] = flags[m] | np.asarray(mask, dtype=np.bool_)
    return flags


def _reasons(forced: tuple[Forced, ...]) -> Iterator[tuple[str, int]]:
    for each in forced:
        yield each.reason, sum(int(np.count_nonzero(mask)) for mask in each.cells.values())
