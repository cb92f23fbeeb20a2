"""The public table: withheld counts blank, with everything that is derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.errors import Fault
from opengazette.model.publication import (
    ANNOTATION_SUFFIX,
    Count,
    Mean,
    Measure,
    Population,
    PublicationTable,
    Rate,
    Sum,
)

WITHHELD, COMPLEMENTARY, NO_VALUE, SHOWN = "1", "2", "3", ""
"""Annotation codes. Unless reasons are told, one code stands for every withheld value."""

Mask = NDArray[np.bool_]


def withhold(
    table: pd.DataFrame,
    publication: PublicationTable,
    withheld: Mapping[str, Mask],
    *,
    small: Mapping[str, Mask] | None = None,
) -> pd.DataFrame:
    """Blank the withheld values of a true publication table and all that belongs to them.

    Shape: rows and their order are kept; `withheld` has one flag per row for each count or sum
    that it names. Rates, means and sums go with the counts that they are made from or added up
    over. Each measure is followed by `<name>_annotation`: 1 withheld, 3 no value (a denominator of
    0 or not known), empty otherwise. A count that is 0 and not withheld stays 0. Populations are
    public and stay.

    With `small` (one flag per row for each count), the code tells why: 1 for the counts it marks
    and what derives from one of them, 2 for all others withheld. Whether that is safe is not
    decided here: see `annotation_of`. The codes of a sum, and of a rate of one, never tell.

    Raises:
        Fault: a flag is given for no count or sum of the table, or not one for each row; or a small
            count is not withheld.

    Source: CalHHS Data De-Identification Guidelines, 4.4.1 rules 3 and 5; 4.4.3.
    """
    hidden = _hidden_counts(table, publication, withheld)
    first = hidden if small is None else _hidden_counts(table, publication, small)
    if any((first[m.name] & ~hidden[m.name]).any() for m in publication.counts()):
        raise Fault("Counts are marked as small that are not withheld.")
    columns: dict[str, pd.Series[Any]] = {n: table[n] for n in publication.key()}
    sums = {m.name for m in publication.sums()}
    money = sums | {r.name for r in publication.rates() if r.numerator in sums}
    for measure in publication.measures:
        values = table[measure.name]
        gone = hidden_with(measure, hidden, len(table))
        columns[measure.name] = values.mask(gone)
        named = hidden_with(measure, first, len(table)) | (measure.name in money)
        reason = np.where(named, WITHHELD, COMPLEMENTARY)
        told = np.where(gone, reason, np.where(values.isna(), NO_VALUE, SHOWN))
        columns[measure.name + ANNOTATION_SUFFIX] = pd.Series(told, index=table.index, dtype="str")
    return pd.DataFrame(columns)


def _hidden_counts(
    table: pd.DataFrame, publication: PublicationTable, withheld: Mapping[str, Mask]
) -> dict[str, Mask]:
    counts = {m.name for m in publication.added_up()}
    wrong = sum(name not in counts or len(flags) != len(table) for name, flags in withheld.items())
    if wrong:
        raise Fault(f"{wrong} sets of flags fit no count or sum of the table or not its rows.")
    shown = np.zeros(len(table), dtype=np.bool_)
    hidden = {name: np.asarray(withheld.get(name, shown), dtype=np.bool_) for name in counts}
    return hidden | {m.name: hidden[m.name] | hidden[m.over] for m in publication.sums()}


def hidden_with(measure: Measure, hidden: Mapping[str, Mask], rows: int) -> Mask:
    """Mark the values of a measure that go with the counts and sums that are hidden.

    Shape: one flag per row; `hidden` has those of each count and sum.
    """
    match measure:
        case Population():
            return np.zeros(rows, dtype=np.bool_)
        case Count():
            return hidden[measure.name]
        case Mean():
            return hidden[measure.over]
        case Sum():
            return hidden[measure.name] | hidden[measure.over]
        case Rate():
            above, below = hidden[measure.numerator], hidden.get(measure.denominator)
            return above if below is None else above | below
