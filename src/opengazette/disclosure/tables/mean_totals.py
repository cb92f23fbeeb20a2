"""Means that tell a small number, as a mean of visits tells how many visits there were."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from opengazette.disclosure.tables.margins import with_margins
from opengazette.errors import CannotProtect
from opengazette.model.publication import Count, Mean, PublicationTable

LARGEST = 2.0**53
# Ties may be rounded either way.
ROUNDING = 1e-9


def refuse_told_totals(
    base: pd.DataFrame, true: pd.DataFrame, publication: PublicationTable, *, threshold: int
) -> None:
    """Refuse a mean that tells, with the count beside it, a total below the threshold.

    Shape: `base` holds each mean as the sum over its records, `true` the table made from it. Only
    totals in whole numbers can be numbers of people or services: a mean of yes and no is a
    count. What is not done: such totals are not withheld one by one, as a count is.

    Raises:
        CannotProtect: names the mean and counts its cells.

    Source: CalHHS Data De-Identification Guidelines 2.0, 4.4.1 rules 1 and 5; 4.4.3.
    """
    totals = _totals(base, publication)
    for mean in publication.means():
        if mean.name not in totals:
            continue
        people = true[mean.over].to_numpy(dtype=np.int64)
        total, half = totals[mean.name].to_numpy(dtype=np.int64), 0.5 * 10.0**-mean.decimals
        shown = true[mean.name].to_numpy(dtype=np.float64, na_value=np.nan)
        small = (people >= threshold) & (total > 0) & (total < threshold)
        narrow = ((shown - half) * people > 1) | ((shown + half) * people < threshold - 1)
        told = int((small & narrow).sum())
        if told:
            raise CannotProtect(
                f"{told} means of {mean.name!r} tell a number from 1 to {threshold - 1}: that of "
                f"all that {mean.column!r} adds up to.",
                f"Publish a count of {mean.column!r} and a rate, which are withheld together, or "
                "coarser groups.",
            )


def told_totals(
    public: pd.DataFrame, publication: PublicationTable, *, whole: Collection[str], threshold: int
) -> dict[str, int]:
    """Count the means that tell a reader, with the count beside them, a total below the threshold.

    Shape: by name, those without any left out. Read from the public table alone: a mean lies half
    a last digit around what is shown. `whole` names the means of whole numbers. What is not done:
    a mean that is shown as 0 may be that of nobody, so it is left to `refuse_told_totals`.

    Source: CalHHS Data De-Identification Guidelines 2.0, 4.4.1 rules 1 and 5; 4.4.3.
    """
    found: dict[str, int] = {}
    for mean in publication.means():
        people = public[mean.over].to_numpy(dtype=np.float64, na_value=np.nan)
        shown = public[mean.name].to_numpy(dtype=np.float64, na_value=np.nan)
        half = 0.5 * 10.0**-mean.decimals + ROUNDING
        least = np.maximum(np.ceil((shown - half) * people), 1)
        most = np.floor((shown + half) * people)
        told = int(((shown > 0) & (least <= most) & (most < threshold)).sum())
        if told and mean.name in whole:
            found[mean.name] = told
    return found


def _totals(base: pd.DataFrame, publication: PublicationTable) -> Mapping[str, pd.Series[int]]:
    """Add up, in every row, what whole numbers are averaged over: private."""
    whole = [m.name for m in publication.means() if _is_whole(base[m.name])]
    if not whole:
        return {}
    counted = publication.model_copy(
        update={"measures": tuple(_counted(m) for m in publication.means() if m.name in whole)}
    )
    given = base[[*publication.key(), *whole]].astype(dict.fromkeys(whole, "Int64"))
    return {name: column for name, column in with_margins(given, counted).items() if name in whole}


def _is_whole(sums: pd.Series[float]) -> bool:
    values = sums.to_numpy(dtype=np.float64, na_value=np.nan)
    return bool(((values >= 0) & (values % 1 == 0) & (values < LARGEST)).all())


def _counted(mean: Mean) -> Count:
    return Count(
        kind="count",
        name=mean.name,
        label=mean.label,
        unit=mean.unit,
        definition=mean.definition,
        column=mean.column,
    )
