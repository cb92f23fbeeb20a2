"""What earlier releases of a table have already told about tonight's counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.model.publication import PublicationTable

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class EarlierTable:
    """One release that the public has seen: its true counts and what was shown of them."""

    true: pd.DataFrame
    public: pd.DataFrame


@dataclass(frozen=True)
class Carried:
    """Which of tonight's counts are the same as in an earlier release, and how they stood there.

    Shape: one flag per row of tonight's table, for each count. `shown` holds counts that some
    earlier release shows with tonight's value: the public knows them. `withheld` holds those
    that are the same and were never shown. `compared` numbers the releases that have the same
    dimensions, `other` those that do not and cannot be compared row by row.
    """

    shown: Mapping[str, Mask]
    withheld: Mapping[str, Mask]
    compared: int
    other: int


def carried_over(
    true: pd.DataFrame, earlier: Iterable[EarlierTable], publication: PublicationTable
) -> Carried:
    """Find the counts that have not changed since they were last published or withheld.

    The public is taken to know which counts have not changed: a table that is run again, or
    gains a new period, mostly repeats what it said.
    """
    names = [m.name for m in publication.counts()]
    shown = {name: np.zeros(len(true), dtype=np.bool_) for name in names}
    withheld = {name: np.zeros(len(true), dtype=np.bool_) for name in names}
    compared = other = 0
    for release in earlier:
        if not _comparable(release, publication):
            other += 1
            continue
        compared += 1
        for name in names:
            if name in release.true.columns:
                same, blank = _unchanged(true, release, publication, name)
                shown[name] |= same & ~blank
                withheld[name] |= same & blank
    never = {name: withheld[name] & ~shown[name] for name in names}
    return Carried(shown, never, compared, other)


def _comparable(release: EarlierTable, publication: PublicationTable) -> bool:
    return (
        set(publication.key()) <= set(release.true.columns)
        and not release.true.duplicated(list(publication.key())).any()
    )


def _unchanged(
    true: pd.DataFrame, release: EarlierTable, publication: PublicationTable, name: str
) -> tuple[Mask, Mask]:
    key = list(publication.key())
    before = release.true[key].assign(
        then=release.true[name].to_numpy(),
        blank=release.public[name].isna().to_numpy(),
    )
    both = true[[*key, name]].merge(before, on=key, how="left", validate="one_to_one")
    same = (both[name] == both["then"]).fillna(value=False).to_numpy(dtype=np.bool_)
    blank = both["blank"].eq(other=True).fillna(value=False).to_numpy(dtype=np.bool_)
    return same, blank
