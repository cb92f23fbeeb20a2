"""Who makes up a sum: how many contributors each cell has, and what the largest of them gave."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opengazette.disclosure.assessment.denominators import finest_labels
from opengazette.disclosure.primary.dominance import Amounts, largest_contributions
from opengazette.disclosure.tables.codes import codes_of
from opengazette.model.publication import PublicationTable

#: How many of the largest contributions are kept: as many as a dominance rule may look at.
TOP = 5


def contributors_column(name: str) -> str:
    """Name the private column with the number of contributors of a sum."""
    return f"{name}: contributors"


def largest_column(name: str, place: int) -> str:
    """Name the private column with one of the largest contributions to a sum, 1 the largest."""
    return f"{name}: contribution {place}"


def with_contributions(
    true: pd.DataFrame,
    publication: PublicationTable,
    name: str,
    contributions: pd.DataFrame,
) -> pd.DataFrame:
    """Add to a true publication table who makes up one of its sums: private.

    Shape: `contributions` has one row for each finest cell and contributor (labels, `contributor`,
    `amount`). What a contributor gave to several cells is added up in their totals before the
    largest are taken.
    """
    whole = _in_every_cell(true, publication, contributions)
    key = list(publication.key())
    place = pd.MultiIndex.from_frame(true[key].astype(str))
    cells = place.get_indexer(pd.MultiIndex.from_frame(whole[key].astype(str)))
    amounts = whole["amount"].to_numpy(dtype=np.float64)
    largest = largest_contributions(amounts, cells, n_cells=len(true), top=TOP)
    columns = {contributors_column(name): np.bincount(cells, minlength=len(true))}
    columns |= {largest_column(name, i + 1): largest[:, i].astype(np.int64) for i in range(TOP)}
    return true.assign(**columns)


def largest_of(true: pd.DataFrame, name: str) -> Amounts:
    """Return the largest contributions to each cell of a sum, the largest first."""
    columns = [largest_column(name, i + 1) for i in range(TOP)]
    return np.asarray(true[columns].to_numpy(dtype=np.float64))


def _in_every_cell(
    true: pd.DataFrame, publication: PublicationTable, contributions: pd.DataFrame
) -> pd.DataFrame:
    """Repeat each contribution in every total above its cell, one row for each contributor."""
    key = list(publication.key())
    whole = contributions[[*key, "contributor", "amount"]]
    for dimension in publication.dimensions:
        codes = codes_of(dimension, finest_labels(dimension, true), declared=False)
        above = [(leaf, code) for code in codes.all() for leaf in codes.leaves_of(code)]
        up = pd.DataFrame(above, columns=[dimension.name, "code"]).drop_duplicates()
        own = whole.astype({dimension.name: str}).merge(up, on=dimension.name)
        own[dimension.name] = own.pop("code")
        grouped = own.groupby([*key, "contributor"], sort=False)["amount"].sum()
        whole = grouped.reset_index()
    return whole
