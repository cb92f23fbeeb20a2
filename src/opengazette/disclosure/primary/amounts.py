"""Sums of money of a publication table: which are protected, and how wide the doubt must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.primary.contributions import contributors_column, largest_of
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.primary.dominance import (
    amounts_of_few,
    dominant_cells,
    p_percent_shortfall,
)
from opengazette.disclosure.primary.protected_cells import ProtectedCounts
from opengazette.disclosure.releases.continuity import EarlierTable
from opengazette.disclosure.releases.unchanged import as_it_was
from opengazette.disclosure.tables.linear_system import CellTable
from opengazette.disclosure.tables.structure import amount_table
from opengazette.errors import CannotProtect
from opengazette.model.amounts import AmountRules
from opengazette.model.publication import PublicationTable, Sum
from opengazette.model.rulepack import RulePack

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Beyond this the solvers' rounding errors reach whole units.
LARGEST = 1_000_000_000


@dataclass(frozen=True)
class ProtectedAmounts:
    """One sum: private.

    Shape: one entry per row. `doubt` is how far above a protected amount, and how far below it
    as far as 0, its value must seem possible; 0 where it is not protected. `people` counts the
    contributors. Units of `doubt`: those of the amounts, whole numbers.
    """

    name: str
    table: CellTable
    doubt: Floats
    people: NDArray[np.int64]

    @property
    def empty(self) -> Mask:
        """Mark the cells of nobody, whose 0 everybody knows."""
        return np.asarray(self.people == 0, dtype=np.bool_)

    @property
    def primary(self) -> Mask:
        """Mark the amounts that are protected."""
        return np.asarray(self.doubt > 0, dtype=np.bool_)

    def without(self, known: Mask) -> ProtectedAmounts:
        """Return the sum without the amounts that everybody knows already."""
        return replace(self, doubt=np.where(known, 0.0, self.doubt))


def protected_amounts(
    true: pd.DataFrame,
    publication: PublicationTable,
    measure: Sum,
    rules: AmountRules,
    *,
    threshold: int,
    withheld_count: Mask,
) -> ProtectedAmounts:
    """Find the amounts that give a contributor away, and how wide the doubt must be.

    Shape: `true` has the columns of `with_contributions`. `withheld_count` marks the cells whose
    count is protected, by the rules or by decision: their amounts are too. Few contributors,
    dominance and the p-percent rule each ask for a doubt of their own; the widest holds.

    Raises:
        CannotProtect: the contributions do not fit their totals, or these are too large.
    """
    name = measure.name
    table = amount_table(publication, true, name)
    _refuse_too_large(table, name)
    totals = table.counts[name].astype(np.float64)
    largest = largest_of(true, name)
    people = true[contributors_column(name)].to_numpy(dtype=np.int64)
    few = amounts_of_few(people, SmallCountRule(threshold)) | (withheld_count & (people > 0))
    dominant = dominant_cells(largest, totals, n=rules.largest, k=rules.largest_percent)
    first = largest[:, : rules.largest].sum(axis=1)
    doubts = (
        np.where(few, np.maximum(1.0, totals * rules.few_percent / 100), 0.0),
        np.where(dominant, np.maximum(1.0, 100 * first / rules.largest_percent - totals), 0.0),
        p_percent_shortfall(largest, totals, p=rules.p_percent),
    )
    return ProtectedAmounts(name, table, np.ceil(np.max(doubts, axis=0)), people)


def _refuse_too_large(table: CellTable, name: str) -> None:
    if int(table.counts[name].max(initial=0)) > LARGEST:
        raise CannotProtect(
            f"An amount of {name!r} is above {LARGEST:,}, too large to attack to the last unit.",
            "State the amounts in a larger unit, such as thousands, in the department's view.",
        )


def seen_before(
    true: pd.DataFrame, earlier: Iterable[EarlierTable], publication: PublicationTable, name: str
) -> tuple[Mask, Mask]:
    """Mark the amounts that have not changed since an earlier release showed or withheld them."""
    shown, withheld = np.zeros((2, len(true)), dtype=np.bool_)
    for release in earlier:
        if name in release.public:
            same, then = as_it_was(true, release, publication, name)
            blank = then[name].isna().to_numpy()
            shown, withheld = shown | (same & ~blank), withheld | (same & blank)
    return shown, withheld & ~shown


def every_sum(
    true: pd.DataFrame, publication: PublicationTable, pack: RulePack, counts: ProtectedCounts
) -> Iterator[tuple[ProtectedAmounts, Sum]]:
    """Find the protected amounts of every sum that a table publishes.

    Raises:
        CannotProtect: the contributions do not fit their totals.
    """
    primary, rules = counts.primary(), pack.amounts
    for measure in publication.sums():
        if rules is None:
            return
        yield (
            protected_amounts(
                true,
                publication,
                measure,
                rules,
                threshold=pack.thresholds.numerator,
                withheld_count=primary[measure.over],
            ),
            measure,
        )
