"""The true publication table: base cells with every subtotal and total, rates and means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.tables import lattice
from opengazette.disclosure.tables.codes import Codes, codes_of
from opengazette.disclosure.tables.population import populations_at
from opengazette.errors import ContractInvalid, StandardsNotMet
from opengazette.model.publication import Count, Mean, Population, PublicationTable, Rate, Sum

MOST_CELLS = 20_000_000
"""A complete table with more combinations than this is a mistake in the contract."""

Numbers = NDArray[Any]


def with_margins(base: pd.DataFrame, publication: PublicationTable) -> pd.DataFrame:
    """Build the true publication table from its base cells.

    Shape: `base` has one row per observed combination of published labels; the counts, sums
    and populations are whole numbers, each mean's column is the sum of its source column over the
    records of its count. The result has one row per combination of codes (finest labels,
    subtotals, totals), the dimensions first, then the measures in the contract's order. With
    `combinations: complete` a combination without records is 0; with `observed` only observed
    combinations and the margins above them are there.
    Units: counts, sums and populations are Int64; rates and means Float64, rounded half to even to
    their decimals, missing where their denominator is 0 or a part of them is unknown. A
    population is added up over areas only; a sum with an unknown part is unknown.
    Not done: nothing is withheld.

    Raises:
        ContractInvalid: labels are ambiguous, there are too many combinations, or a population
            would have to be added up along a dimension where it repeats.
        StandardsNotMet: a combination repeats, or a label or count is missing or negative.
    """
    _refuse_broken(base, publication)
    complete = publication.combinations == "complete"
    labels = {d.name: base[d.name].astype(str) for d in publication.dimensions}
    codes = tuple(
        codes_of(d, labels[d.name].unique(), declared=complete) for d in publication.dimensions
    )
    _refuse_too_many(codes, MOST_CELLS if complete else np.iinfo(np.int64).max)
    at = np.array(
        [pd.Index(c.all()).get_indexer(pd.Index(labels[c.name])) for c in codes], dtype=np.int64
    )
    cells, sums = _summed(codes, at, _summands(base, publication))
    if complete:
        cells, sums = _completed(codes, cells, sums)
    known = populations_at(base, publication, codes, at, cells)
    return _measured(_labelled(codes, cells), publication, sums, known)


def _refuse_broken(base: pd.DataFrame, publication: PublicationTable) -> None:
    keys = list(publication.key())
    counts = [m.name for m in publication.added_up()]
    empty = int(base[keys].isna().any(axis=1).sum())
    wrong = int((~base[counts].ge(0).fillna(value=False)).any(axis=1).sum())
    repeated = int(base.duplicated(keys).sum())
    if empty or wrong or repeated:
        raise StandardsNotMet(
            f"The base cells are not one whole count for each combination: {empty} have no label, "
            f"{wrong} a missing or negative count, {repeated} repeat.",
            "Give missing values a label in the contract and check the source's numbers.",
        )


def _refuse_too_many(codes: Sequence[Codes], most: int) -> None:
    cells = prod(lattice.shape(codes))
    if cells > most:
        raise ContractInvalid(
            f"The publication table would have {cells:,} combinations of its dimensions.",
            "Publish fewer dimensions together, coarser ones, or `combinations: observed`.",
        )


def _summands(base: pd.DataFrame, publication: PublicationTable) -> dict[str, Numbers]:
    whole = publication.added_up()
    counts = {m.name: base[m.name].to_numpy(dtype=np.int64) for m in whole}
    sums = {
        m.name: np.where(
            counts[m.over] == 0, 0.0, base[m.name].to_numpy(dtype=np.float64, na_value=np.nan)
        )
        for m in publication.means()
    }
    return {**counts, **sums}


def _summed(
    codes: Sequence[Codes], at: lattice.Positions, summands: Mapping[str, Numbers]
) -> tuple[lattice.Positions, dict[str, Numbers]]:
    sums = dict(summands)
    for axis in range(len(codes)):
        origin, wide = lattice.lifted(codes, at, axis)
        at, joins = lattice.gathered(codes, wide)
        for name, values in sums.items():
            total = np.zeros(at.shape[1], dtype=values.dtype)
            np.add.at(total, joins, values[origin])
            sums[name] = total
    return at, sums


def _completed(
    codes: Sequence[Codes], at: lattice.Positions, sums: Mapping[str, Numbers]
) -> tuple[lattice.Positions, dict[str, Numbers]]:
    numbers, cells = lattice.cell_numbers(codes, at), lattice.every_cell(codes)
    filled = {name: np.zeros(cells.shape[1], dtype=values.dtype) for name, values in sums.items()}
    for name, values in sums.items():
        filled[name][numbers] = values
    return cells, filled


def _labelled(codes: Sequence[Codes], cells: lattice.Positions) -> pd.DataFrame:
    columns = {
        c.name: pd.Series(c.all(), dtype="str").take(place).reset_index(drop=True)
        for c, place in zip(codes, cells, strict=True)
    }
    return pd.DataFrame(columns)


def _measured(
    table: pd.DataFrame,
    publication: PublicationTable,
    sums: Mapping[str, Numbers],
    populations: Mapping[str, pd.Series[int]],
) -> pd.DataFrame:
    bases: dict[str, pd.Series[Any]] = {
        m.name: pd.Series(sums[m.name], dtype="Int64") for m in publication.added_up()
    }
    bases |= populations
    columns: dict[str, pd.Series[Any]] = {}
    for measure in publication.measures:
        match measure:
            case Count() | Population() | Sum():
                columns[measure.name] = bases[measure.name]
            case Rate():
                above = bases[measure.numerator].astype("Float64") * measure.per
                below = bases[measure.denominator]
                columns[measure.name] = _quotient(above, below, measure.decimals)
            case Mean():
                above = pd.Series(sums[measure.name]).astype("Float64")
                columns[measure.name] = _quotient(above, bases[measure.over], measure.decimals)
    return pd.concat([table, pd.DataFrame(columns)], axis=1)


def _quotient(above: pd.Series[Any], below: pd.Series[Any], decimals: int) -> pd.Series[Any]:
    return (above / below.astype("Float64").mask(below.eq(0))).round(decimals)
