"""The bridge from a publication table to the linear systems that protect and attack it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.assessment.denominators import finest_labels
from opengazette.disclosure.audit.knowledge import PublishedRate, PublishedSum, PublishedTable
from opengazette.disclosure.tables.codes import Codes, codes_of
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.disclosure.tables.measure_sums import MeasureSums
from opengazette.errors import AuditFailed
from opengazette.model import publication as model
from opengazette.model.publication import PublicationTable


def cell_table(publication: PublicationTable, table: pd.DataFrame) -> CellTable:
    """Turn a true publication table with its margins into cells and equations: private.

    Shape: one cell per row, in the order of the rows; one array per count. Combinations that
    are not in the table are true zeros. Populations, rates and means are left out.
    """
    counts = {m.name: table[m.name].to_numpy(dtype=np.int64) for m in publication.counts()}
    return CellTable(
        _tree(publication, table), _keys(publication, table), counts, _parts(publication)
    )


def published_table(
    publication: PublicationTable, public: pd.DataFrame, sums: MeasureSums = ()
) -> PublishedTable:
    """Turn a public table into what an attacker reads from it.

    `sums` are the counts that others add up to in every row, which a reader sees from their names.

    Shape: one value per row and count, nan where it is withheld. Rates of two counts are given
    as facts; a rate of a known population and a mean tell nothing more of a shown count.

    Raises:
        AuditFailed: a rate or mean is shown although a count that it is made of is withheld.
    """
    _refuse_derived(publication, public)
    counts = {m.name for m in publication.counts()}
    return PublishedTable(
        dimensions=_tree(publication, public),
        keys=_keys(publication, public),
        values={name: _floats(public[name]) for name in counts_in_order(publication)},
        parts=_parts(publication),
        rates=tuple(
            PublishedRate(r.numerator, r.denominator, r.per, r.decimals, _floats(public[r.name]))
            for r in publication.rates()
            if {r.numerator, r.denominator} <= counts
        ),
        reasons=_reasons(publication, public),
        sums=tuple(PublishedSum(whole, parts, range(len(public))) for whole, parts in sums),
    )


def amount_table(publication: PublicationTable, table: pd.DataFrame, name: str) -> CellTable:
    """Turn one sum of a true publication table into cells and equations: private.

    No count follows from an amount, so each sum is a system of its own.
    """
    amounts = table[name].to_numpy(dtype=np.int64)
    return CellTable(_tree(publication, table), _keys(publication, table), {name: amounts})


def published_amounts(
    publication: PublicationTable, public: pd.DataFrame, name: str
) -> PublishedTable:
    """Turn one sum of a public table into what an attacker reads from it."""
    values = {name: _floats(public[name])}
    return PublishedTable(_tree(publication, public), _keys(publication, public), values)


def counts_in_order(publication: PublicationTable) -> tuple[str, ...]:
    """Return the names of the counts, in order."""
    return tuple(m.name for m in publication.counts())


def _keys(publication: PublicationTable, table: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    return tuple(zip(*(_codes(table[name].astype(str)) for name in publication.key()), strict=True))


def _codes(column: pd.Series[str]) -> list[str]:
    """List the codes of a column; each is one text, however often it stands there."""
    places, codes = pd.factorize(column, use_na_sentinel=False)
    names = codes.tolist()
    return [names[place] for place in places.tolist()]


def _parts(publication: PublicationTable) -> dict[str, str]:
    return {m.name: m.part_of for m in publication.counts() if m.part_of is not None}


def _tree(publication: PublicationTable, table: pd.DataFrame) -> tuple[Dimension, ...]:
    return tuple(_dimension(d, table) for d in publication.dimensions)


def _dimension(dimension: model.Dimension, table: pd.DataFrame) -> Dimension:
    present = set(table[dimension.name].astype(str).unique())
    codes = codes_of(dimension, finest_labels(dimension, table), declared=False)
    groups = {
        group: tuple(part for part in parts if part in present)
        for group, parts in codes.groups.items()
        if group in present
    }
    total = codes.total if codes.total in present else None
    shown = Codes(codes.name, total, groups, codes.leaves)
    return Dimension(shown.name, shown.total, shown.children(), shown.all())


def _floats(values: pd.Series[float]) -> NDArray[np.float64]:
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _reasons(publication: PublicationTable, public: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    codes = {name: public[f"{name}_annotation"] for name in counts_in_order(publication)}
    if not any(told.eq("2").any() for told in codes.values()):
        return {}
    return {
        name: told.where(told.isin(["1", "2"]), "0").to_numpy(dtype=np.int64)
        for name, told in codes.items()
    }


def _refuse_derived(publication: PublicationTable, public: pd.DataFrame) -> None:
    counts = set(counts_in_order(publication))
    made_of = {r.name: {r.numerator, r.denominator} & counts for r in publication.rates()}
    made_of |= {m.name: {m.over} for m in publication.means()}
    for name, parts in made_of.items():
        hidden = public[sorted(parts)].isna().any(axis=1)
        shown = np.count_nonzero(hidden & public[name].notna())
        if shown:
            raise AuditFailed(
                f"{shown} values of {name!r} are shown although a count that they are made of is "
                "withheld.",
                "Withhold what is derived together with its counts.",
            )
