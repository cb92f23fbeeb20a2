"""Which cells of a table are as they were in an earlier release, and what was shown of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.releases.continuity import EarlierTable
from opengazette.model.publication import PublicationTable

Mask = NDArray[np.bool_]


def as_it_was(
    true: pd.DataFrame, release: EarlierTable, publication: PublicationTable, name: str
) -> tuple[Mask, pd.DataFrame]:
    """Find the cells of a measure that have not changed since a release, and its public rows.

    Shape: one flag and one public row for each row of tonight's table; a row whose flag is not
    set stands for nothing. No flag is set where the release has other dimensions or lacks the
    measure.
    """
    key = list(publication.key())
    before = release.true
    if not {*key, name} <= set(before.columns) or before.duplicated(key).any():
        return np.zeros(len(true), dtype=np.bool_), release.public.iloc[[0] * len(true)]
    then, now = (pd.MultiIndex.from_frame(t[key].astype(str)) for t in (before, true))
    place = then.get_indexer(now)
    values = before[name].iloc[place].reset_index(drop=True)
    same = values.eq(true[name].reset_index(drop=True)).fillna(value=False).to_numpy(dtype=np.bool_)
    return same & (place >= 0), release.public.iloc[place].reset_index(drop=True)
