"""Known populations on the margins of a publication table: they repeat, so they rarely add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.tables import lattice
from opengazette.disclosure.tables.codes import Codes
from opengazette.errors import ContractInvalid
from opengazette.model.publication import Dimension, PublicationTable

AREAS = ("residence", "service_location")
"""Kinds of dimension along which people live apart, so that their numbers add up."""


def populations_at(
    base: pd.DataFrame,
    publication: PublicationTable,
    codes: Sequence[Codes],
    at: lattice.Positions,
    cells: lattice.Positions,
) -> dict[str, pd.Series[int]]:
    """Give every cell of the table its population, by measure.

    Shape: `at` holds the positions of the base cells, `cells` those of the whole table; one
    Int64 series per population measure, in the order of `cells`.
    A population that stays the same along a dimension is taken as it is; along areas it is
    added up over the areas that the cell covers; it is unknown where any part of it is unknown.

    Raises:
        ContractInvalid: a total or group stands on another dimension along which it changes.
    """
    complete = publication.combinations == "complete"
    base_cells = lattice.every_base_cell(codes) if complete else at
    numbers = lattice.cell_numbers(codes, cells)
    known: dict[str, pd.Series[int]] = {}
    for measure in publication.populations():
        people = base[measure.name].astype("Int64").reset_index(drop=True)
        axes = _axes(people, publication.dimensions, at)
        _refuse_mixed(measure.name, publication.dimensions, axes)
        found = _looked_up(people, codes, at, base_cells, axes)
        known[measure.name] = _on_margins(found, codes, base_cells, axes, numbers)
    return known


def _axes(
    people: pd.Series[int], dimensions: Sequence[Dimension], at: lattice.Positions
) -> tuple[int, ...]:
    axes = tuple(range(len(dimensions)))
    for axis, dimension in enumerate(dimensions):
        rest = tuple(a for a in axes if a != axis)
        if _may_repeat(dimension) and _same_within(people, at, rest):
            axes = rest
    return axes


def _may_repeat(dimension: Dimension) -> bool:
    """People change with time, even where the few periods at hand do not show it."""
    totalled = dimension.total is not None or bool(dimension.groups)
    kind = dimension.characteristic.kind
    return kind not in AREAS and (kind != "time" or totalled)


def _same_within(people: pd.Series[int], at: lattice.Positions, axes: tuple[int, ...]) -> bool:
    if not axes:
        return people.nunique(dropna=False) <= 1
    return bool(people.groupby(_keys(at, axes)).nunique(dropna=False).le(1).all())


def _keys(at: lattice.Positions, axes: tuple[int, ...]) -> NDArray[np.int64]:
    sizes = tuple(int(at[axis].max(initial=0)) + 1 for axis in axes)
    if not axes:
        return np.zeros(at.shape[1], dtype=np.int64)
    return np.asarray(np.ravel_multi_index(tuple(at[list(axes)]), sizes), dtype=np.int64)


def _refuse_mixed(measure: str, dimensions: Sequence[Dimension], axes: tuple[int, ...]) -> None:
    for dimension in (dimensions[axis] for axis in axes):
        area = dimension.characteristic.kind in AREAS
        if not area and (dimension.total is not None or dimension.groups):
            raise ContractInvalid(
                f"Population {measure!r} changes along dimension {dimension.name!r}, which has a "
                "total or groups: nothing says whether the people are the same.",
                f"Drop the total and groups of {dimension.name!r}, or the population.",
            )


def _looked_up(
    people: pd.Series[int],
    codes: Sequence[Codes],
    at: lattice.Positions,
    cells: lattice.Positions,
    axes: tuple[int, ...],
) -> pd.Series[int]:
    part = [codes[axis] for axis in axes]
    if not part:
        first = people.dropna().head(1)
        value = int(first.iloc[0]) if len(first) else pd.NA
        return pd.Series([value] * cells.shape[1], dtype="Int64")
    listed = people.groupby(lattice.cell_numbers(part, at[list(axes)])).first()
    wanted = lattice.cell_numbers(part, cells[list(axes)])
    return listed.reindex(wanted).astype("Int64").reset_index(drop=True)


def _on_margins(
    people: pd.Series[int],
    codes: Sequence[Codes],
    at: lattice.Positions,
    axes: tuple[int, ...],
    numbers: NDArray[np.int64],
) -> pd.Series[int]:
    known = people.fillna(0).to_numpy().astype(np.int64)
    unknown = people.isna().to_numpy().astype(np.int64)
    repeating = [axis for axis in range(len(codes)) if axis not in axes]
    for axis in (*repeating, *axes):
        origin, wide = lattice.lifted(codes, at, axis)
        at, joins = lattice.gathered(codes, wide)
        join: np.ufunc = np.maximum if axis in repeating else np.add
        known = _joined(join, joins, known[origin], at.shape[1])
        unknown = _joined(join, joins, unknown[origin], at.shape[1])
    ready = pd.Series(known, dtype="Int64").mask(pd.Series(unknown > 0))
    return pd.Series(
        ready.to_numpy()[np.searchsorted(lattice.cell_numbers(codes, at), numbers)], dtype="Int64"
    )


def _joined(
    join: np.ufunc, joins: NDArray[np.int64], values: NDArray[np.int64], cells: int
) -> NDArray[np.int64]:
    total = np.zeros(cells, dtype=np.int64)
    join.at(total, joins, values)
    return total
