"""Releases of counts that only grow: what was added in between can be computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.linear_system import CellTable, Counts, Dimension, Mask
from opengazette.errors import CannotProtect

#: What the first dimension of the joined table is called.
RELEASE = "release"
# Nobody sees an addition, so withholding it loses nothing.
PRICE_OF_UNPUBLISHED = 1e-3

Key = tuple[str, ...]


@dataclass(frozen=True)
class Cumulative:
    """Releases and what was added between them, as one table: private.

    Shape: `table` holds the cells of every release, then those of every addition; `unpublished`
    has one flag per cell of a measure, set for additions. A release is the one before plus the
    addition.
    """

    table: CellTable
    releases: tuple[str, ...]
    unpublished: Mask

    def weights(self, prices: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """Return the prices of the joined cells with additions next to free."""
        return {
            m: np.where(self.unpublished, PRICE_OF_UNPUBLISHED, price)
            for m, price in prices.items()
        }

    def published(self, withheld: Mapping[str, Mask]) -> dict[str, Mask]:
        """Return the flags with every addition withheld that is not a true zero."""
        return {
            m: np.asarray(mask | (self.unpublished & (self.table.counts[m] > 0)), dtype=np.bool_)
            for m, mask in withheld.items()
        }

    def of(self, release: str, masks: Mapping[str, Mask]) -> dict[str, Mask]:
        """Return the flags of one release, in the order of the first release's keys."""
        n = len(self.table.keys) // (2 * len(self.releases) - 1)
        start = n * self.releases.index(release)
        return {m: np.asarray(mask[start : start + n]) for m, mask in masks.items()}


def cumulative(releases: Mapping[str, CellTable]) -> Cumulative:
    """Join the releases of one table of counts that only grow, such as year to date.

    The releases are given in order. A small addition is as private as a small count: it is a
    primary cell of the joined table though it stands in no release. Cells that an earlier
    release shows must stay published when the joined table is protected. The public is taken to
    know which counts have not grown.

    Raises:
        CannotProtect: the releases differ in their cells or measures, or a count has fallen.
    """
    names, first = tuple(releases), next(iter(releases.values()))
    ordered = [_counts(table, first) for table in releases.values()]
    counts = {}
    for m in first.measures:
        grown = np.stack([each[m] for each in ordered])
        added = np.diff(grown, axis=0)
        fallen = int((added < 0).sum())
        if fallen:
            raise CannotProtect(
                f"{fallen} counts of {m!r} are smaller than in the release before.",
                "Join only releases of counts that grow; protect a corrected table by itself.",
            )
        counts[m] = np.concatenate([grown.ravel(), added.ravel()])
    additions = tuple(f"added in {name}" for name in names[1:])
    children = {
        name: (before, addition)
        for name, before, addition in zip(names[1:], names, additions, strict=False)
    }
    codes = (*names, *additions)
    time = Dimension(RELEASE, None, children, codes)
    keys = tuple((code, *key) for code in codes for key in first.keys)
    table = CellTable((time, *first.dimensions), keys, counts, first.parts, first.absent)
    return Cumulative(table, names, np.arange(len(keys)) >= len(names) * len(first.keys))


def _counts(table: CellTable, first: CellTable) -> dict[str, Counts]:
    """Return a release's counts in the order of the first release's keys."""
    alike = (
        table.measures == first.measures
        and dict(table.parts) == dict(first.parts)
        and set(table.keys) == set(first.keys)
        and not (table.same or first.same)
    )
    if not alike:
        raise CannotProtect(
            "Releases differ in their cells or measures, so their growth cannot be told.",
            "Give every release the same cells and measures.",
        )
    at = {key: i for i, key in enumerate(table.keys)}
    order = np.array([at[key] for key in first.keys], dtype=np.int64)
    return {m: np.asarray(counts, dtype=np.int64)[order] for m, counts in table.counts.items()}
