"""Sums of money of a publication table: which are protected, and how wide the doubt must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.audit import PublishedTable, attack
from opengazette.disclosure.complementary import Weights, protect
from opengazette.disclosure.continuity import EarlierTable
from opengazette.disclosure.contributions import contributors_column, largest_of
from opengazette.disclosure.dominance import (
    amount_rule,
    amounts_of_few,
    dominant_cells,
    p_percent_shortfall,
)
from opengazette.disclosure.insider_protection import PRICE_OF_WITHHELD
from opengazette.disclosure.linear_system import CellTable
from opengazette.disclosure.primary import Protection, SmallCountRule, Width
from opengazette.disclosure.protected_cells import ProtectedCounts
from opengazette.disclosure.structure import amount_table
from opengazette.disclosure.table_prices import table_prices
from opengazette.disclosure.unchanged import as_it_was
from opengazette.model.amounts import AmountRules
from opengazette.model.publication import PublicationTable, Sum
from opengazette.model.rulepack import RulePack

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Amounts whose demands differ by less than this factor are protected together.
STEP = 4.0


@dataclass(frozen=True)
class ProtectedAmounts:
    """One sum: private.

    Shape: one entry per row. `doubt` is how far above a protected amount, and how far below it
    as far as 0, its value must seem possible; 0 where it is not protected. `empty` marks the
    cells of nobody, whose 0 everybody knows. Units: those of the amounts, whole numbers.
    """

    name: str
    table: CellTable
    doubt: Floats
    empty: Mask

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
        CannotProtect: the contributions do not fit their totals.
    """
    name = measure.name
    table = amount_table(publication, true, name)
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
    return ProtectedAmounts(name, table, np.ceil(np.max(doubts, axis=0)), people == 0)


def withheld_amounts(
    amounts: ProtectedAmounts, *, prices: Weights, shown: Mask, withheld: Mask
) -> Mask:
    """Choose the amounts to withhold so that each protected one is in as much doubt as it must.

    Shape: one flag per row. `shown` stays, unless it is protected; `withheld` goes anyway and
    costs nothing. The largest demands are met first, those of about the same size together.

    Raises:
        CannotProtect: no pattern meets a demand.
    """
    name, found = amounts.name, withheld | amounts.primary
    kept = (amounts.empty | shown) & ~found
    for width in _widths(amounts):
        here = amounts.primary & (_width(amounts.doubt) == width)
        pattern = protect(
            amounts.table,
            amount_rule(name),
            Width(width),
            primary={name: here},
            weights={name: np.where(found, PRICE_OF_WITHHELD * prices[name], prices[name])},
            must_publish={name: kept},
        )
        found = found | pattern.withheld[name]
    return np.asarray(found, dtype=np.bool_)


def given_away(amounts: ProtectedAmounts, published: PublishedTable) -> tuple[int, int]:
    """Attack every protected amount from the public side.

    Returns how many are shown, and how many of the others can be narrowed to less than they may
    or were not settled.

    Raises:
        AuditFailed: the published amounts contradict each other.
    """
    name, values = amounts.name, amounts.table.counts[amounts.name]
    hidden = amounts.primary & np.isnan(published.values[name])
    if not hidden.any():
        return int(amounts.primary.sum()), 0
    # Pursued as far as the widest demand, an interval is compared with the demand of its own cell.
    far = int((values + amounts.doubt)[hidden].max())
    found = attack(published, {name: hidden}, Protection(0, far), amount_rule(name))
    place = {key: i for i, key in enumerate(published.keys)}
    narrow = 0
    for finding in found:
        i = place[finding.key]
        low, high = max(0.0, values[i] - amounts.doubt[i]), values[i] + amounts.doubt[i]
        narrow += not (finding.low <= low and finding.high >= high and finding.proved)
    return int(amounts.primary.sum() - hidden.sum()), narrow


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


def masked_amounts(
    true: pd.DataFrame,
    publication: PublicationTable,
    pack: RulePack,
    counts: ProtectedCounts,
    withheld: Mapping[str, Mask],
    earlier: Sequence[EarlierTable],
) -> dict[str, Mask]:
    """Choose the amounts of every sum to withhold, beside those whose count is withheld.

    Raises:
        CannotProtect: no pattern meets a demand, or contributions do not fit their totals.
    """
    found = {}
    for amounts, measure in every_sum(true, publication, pack, counts):
        shown, gone = seen_before(true, earlier, publication, measure.name)
        prices = table_prices(amounts.table, publication.suppression)
        prices[measure.name] = np.where(
            gone, PRICE_OF_WITHHELD * prices[measure.name], prices[measure.name]
        )
        blank = withheld.get(measure.over, np.zeros(len(true), dtype=np.bool_))
        found[measure.name] = withheld_amounts(amounts, prices=prices, shown=shown, withheld=blank)
    return found


def every_sum(
    true: pd.DataFrame, publication: PublicationTable, pack: RulePack, counts: ProtectedCounts
) -> Iterator[tuple[ProtectedAmounts, Sum]]:
    """Find the protected amounts of every sum that a table publishes.

    Raises:
        CannotProtect: the contributions do not fit their totals.
    """
    primary = counts.primary()
    for measure in publication.sums() if pack.amounts is not None else ():
        yield (
            protected_amounts(
                true,
                publication,
                measure,
                pack.amounts,
                threshold=pack.thresholds.numerator,
                withheld_count=primary[measure.over],
            ),
            measure,
        )


def _width(doubt: Floats) -> Floats:
    steps = np.ceil(np.log(np.maximum(doubt, 1.0)) / np.log(STEP))
    return np.asarray(2 * STEP**steps, dtype=np.float64)


def _widths(amounts: ProtectedAmounts) -> Iterator[int]:
    yield from (int(w) for w in np.unique(_width(amounts.doubt[amounts.primary]))[::-1])
