"""Choose the counts to withhold for every reason there is, one reason after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary import Pattern, Weights, protect
from opengazette.disclosure.insider_protection import PRICE_OF_WITHHELD, withheld_from_insiders
from opengazette.disclosure.linear_system import CellTable
from opengazette.disclosure.primary import SmallCountRule
from opengazette.disclosure.protected_cells import Concern

Mask = NDArray[np.bool_]


def withheld_for(
    table: CellTable,
    rule: SmallCountRule,
    concerns: Sequence[Concern],
    *,
    prices: Weights,
    must_publish: Mapping[str, Mask],
    singletons: bool = False,
) -> dict[str, Mask]:
    """Withhold cells until every concern is served.

    Shape: one flag per cell and measure. Each concern is served on its own, where cells that are
    withheld already cost next to nothing; the union serves all, as a further withheld cell
    narrows nothing. With `singletons` nobody who is alone in a cell learns more than the public
    may. What is not done: the union is not proved to be the least that serves all.

    Raises:
        CannotProtect: no pattern serves a concern.
    """
    withheld = {m: np.zeros(len(table.keys), dtype=np.bool_) for m in table.measures}
    for concern in concerns:
        pattern = protect(
            table,
            rule,
            concern.demand,
            primary=concern.cells,
            weights={m: np.where(withheld[m], PRICE_OF_WITHHELD * p, p) for m, p in prices.items()},
            must_publish=must_publish,
        )
        withheld = {m: mask | pattern.withheld[m] for m, mask in withheld.items()}
    for concern in concerns if singletons else ():
        served = Pattern(withheld, concern.cells, 0, 0, 0)
        withheld = withheld_from_insiders(
            table, rule, concern.demand, served, weights=prices, must_publish=must_publish
        )
    return withheld
