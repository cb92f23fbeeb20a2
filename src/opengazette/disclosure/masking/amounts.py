"""Choose the amounts to withhold, so that nobody who contributed is told too closely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.audit.amounts import lone_contributors, own_share, told_too_closely
from opengazette.disclosure.audit.insiders import Insider
from opengazette.disclosure.complementary.pattern import Weights, protect
from opengazette.disclosure.masking.insiders import PRICE_OF_WITHHELD, published_cells
from opengazette.disclosure.masking.prices import table_prices
from opengazette.disclosure.primary.amounts import ProtectedAmounts, every_sum, seen_before
from opengazette.disclosure.primary.counts import Width
from opengazette.disclosure.primary.dominance import amount_rule
from opengazette.disclosure.primary.protected_cells import ProtectedCounts
from opengazette.disclosure.releases.continuity import EarlierTable
from opengazette.disclosure.tables.linear_system import CellTable
from opengazette.model.publication import PublicationTable
from opengazette.model.rulepack import RulePack

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Amounts whose demands differ by less than this factor are protected together.
STEP = 4.0


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
        gone = withheld_amounts(amounts, prices=prices, shown=shown, withheld=blank)
        if publication.suppression.singletons:
            gone = kept_from_contributors(amounts, gone, prices=prices, shown=shown)
        found[measure.name] = gone
    return found


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


def kept_from_contributors(
    amounts: ProtectedAmounts, found: Mask, *, prices: Weights, shown: Mask
) -> Mask:
    """Extend a pattern until nobody who alone makes up a cell learns more than the public may.

    Shape: as `withheld_amounts`. Each amount that such a contributor could tell too closely is
    protected once more in the table without what the contributor gave.

    Raises:
        CannotProtect: no pattern keeps a contributor in doubt.
    """
    name, kept = amounts.name, (amounts.empty | shown) & ~found
    for person in lone_contributors(amounts, published_cells(amounts.table, {name: found})):
        narrow = told_too_closely(amounts, published_cells(amounts.table, {name: found}), [person])
        if narrow.any():
            own = np.isin(np.arange(len(found)), person.cells)
            pattern = protect(
                _of_others(amounts, person),
                amount_rule(name),
                Width(int(_width(amounts.doubt[narrow]).max())),
                primary={name: narrow},
                weights={name: np.where(found, PRICE_OF_WITHHELD * prices[name], prices[name])},
                must_publish={name: kept | own},
            )
            found = found | pattern.withheld[name]
    return found


def _of_others(amounts: ProtectedAmounts, person: Insider) -> CellTable:
    share = own_share(amounts, [person]).astype(np.int64)
    return replace(
        amounts.table, counts={m: counts - share for m, counts in amounts.table.counts.items()}
    )


def _width(doubt: Floats) -> Floats:
    steps = np.ceil(np.log(np.maximum(doubt, 1.0)) / np.log(STEP))
    return np.asarray(2 * STEP**steps, dtype=np.float64)


def _widths(amounts: ProtectedAmounts) -> Iterator[int]:
    yield from (int(w) for w in np.unique(_width(amounts.doubt[amounts.primary]))[::-1])
