"""Choose the counts to withhold for every reason there is, one reason after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.audit.audit import attack
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.complementary.pattern import Pattern, Weights, protect
from opengazette.disclosure.masking.annotation import Codes, remembering
from opengazette.disclosure.masking.insiders import (
    PRICE_OF_WITHHELD,
    published_cells,
    withheld_from_insiders,
)
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.tables.linear_system import CellTable

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Withheld:
    """Which cells are withheld, and moves that show how far they can go unseen.

    Shape: one flag per cell and measure; `moves` has a row for each move, and a column for each
    cell, measure by measure.
    """

    cells: dict[str, Mask]
    moves: sparse.csr_array


def withheld_for(
    table: CellTable,
    rule: SmallCountRule,
    concerns: Sequence[Concern],
    *,
    prices: Weights,
    must_publish: Mapping[str, Mask],
    singletons: bool = False,
) -> Withheld:
    """Withhold cells until every concern is served.

    Each concern is served on its own, where cells that are withheld already cost next to nothing;
    the union serves all, as a further withheld cell narrows nothing. With `singletons` nobody who
    is alone in a cell learns more than the public may. What is not done: the union is not proved to
    be the least that serves all.

    Raises:
        CannotProtect: no pattern serves a concern.
    """
    withheld = {m: np.zeros(len(table.keys), dtype=np.bool_) for m in table.measures}
    moves = [sparse.csr_array((0, len(table.keys) * len(table.measures)), dtype=np.int64)]
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
        moves += [pattern.moves] if pattern.moves is not None else []
    for concern in concerns if singletons else ():
        served = Pattern(withheld, concern.cells, 0, 0, 0)
        withheld = withheld_from_insiders(
            table, rule, concern.demand, served, weights=prices, must_publish=must_publish
        )
    return Withheld(withheld, sparse.csr_array(sparse.vstack(moves)))


def withheld_despite(
    told: Mapping[str, Codes],
    table: CellTable,
    rule: SmallCountRule,
    concerns: Sequence[Concern],
    withheld: Mapping[str, Mask],
    *,
    prices: Weights,
    must_publish: Mapping[str, Mask],
) -> dict[str, Mask]:
    """Extend a pattern until the codes of earlier releases give no protected cell away.

    Shape: one flag per cell and measure; `told` has the reason that was told of each cell and
    still holds. Each cell that is too narrow is protected once more by cells of which nothing was
    told, as if the others were published: their values may stay what they are.

    Raises:
        CannotProtect: no pattern serves a concern.
    """
    found = {m: mask.copy() for m, mask in withheld.items()}
    known = {m: told[m] > 0 for m in table.measures}
    guess = Guess.of_counts(table.measures, table.counts)
    for concern in concerns if any(mask.any() for mask in known.values()) else ():
        attacker = remembering(published_cells(table, found), told)
        for narrow in attack(attacker, concern.cells, concern.demand, rule, guess=guess):
            if narrow.covered and narrow.proved:
                continue
            own = {m: np.zeros(len(table.keys), dtype=np.bool_) for m in table.measures}
            own[narrow.measure][table.keys.index(narrow.key)] = True
            further = protect(
                table,
                rule,
                concern.demand,
                primary=own,
                weights={
                    m: np.where(found[m], PRICE_OF_WITHHELD * p, p) for m, p in prices.items()
                },
                must_publish={m: (known[m] | must_publish.get(m, own[m])) & ~own[m] for m in own},
            )
            found = {m: mask | further.withheld[m] for m, mask in found.items()}
    return found
