"""Withhold further cells until nobody who is in the table learns of somebody else in it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.audit import PublishedTable, attack
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.insiders import Insider, singletons
from opengazette.disclosure.complementary.pattern import Pattern, Weights, count_weights, protect
from opengazette.disclosure.primary.counts import Demand, SmallCountRule
from opengazette.disclosure.tables.linear_system import CellTable

Mask = NDArray[np.bool_]

# A cell that is withheld already costs next to nothing.
PRICE_OF_WITHHELD = 1e-3


def withheld_from_insiders(
    table: CellTable,
    rule: SmallCountRule,
    protection: Demand,
    pattern: Pattern,
    *,
    weights: Weights | None = None,
    must_publish: Mapping[str, Mask] | None = None,
) -> dict[str, Mask]:
    """Extend a pattern until whoever is alone in a cell learns no more than the public may.

    Shape: one flag per cell and measure; everything in `pattern` stays withheld. For each
    insider who learns too much, the table is protected once more as if that insider's cells were
    published; the union of such patterns is safe from all, as a further withheld cell narrows
    nothing. What is not done: the least number of cells is not proved, and several insiders who
    tell each other what they know are not kept in doubt.

    Raises:
        CannotProtect: no pattern keeps an insider in doubt.
        AuditFailed: the table contradicts itself.
    """
    withheld = {m: mask.copy() for m, mask in pattern.withheld.items()}
    prices = count_weights(table) | dict(weights or {})
    guess = Guess.of_counts(table.measures, table.counts)
    for person in singletons(published_cells(table, withheld), table.counts):
        own = _own(table, person)
        others = {m: mask & ~own[m] for m, mask in pattern.primary.items()}
        attacker = published_cells(table, withheld)
        found = attack(attacker, others, protection, rule, insiders=[person], guess=guess)
        if all(finding.covered and finding.proved for finding in found):
            continue
        kept = must_publish or {}
        further = protect(
            table,
            rule,
            protection,
            primary=others,
            weights={m: np.where(withheld[m], PRICE_OF_WITHHELD, p) for m, p in prices.items()},
            must_publish={m: own[m] | kept.get(m, np.zeros_like(own[m])) for m in own},
        )
        withheld = {m: mask | further.withheld[m] for m, mask in withheld.items()}
    return withheld


def published_cells(table: CellTable, withheld: Mapping[str, Mask]) -> PublishedTable:
    """Return a table as the public sees it once cells are withheld."""
    values = {m: np.where(withheld[m], np.nan, counts) for m, counts in table.counts.items()}
    return PublishedTable(
        table.dimensions, table.keys, values, table.parts, absent=table.absent, same=table.same
    )


def _own(table: CellTable, person: Insider) -> dict[str, Mask]:
    flags = np.zeros((len(table.measures), len(table.keys)), dtype=np.bool_)
    flags.reshape(-1)[list(person.cells)] = True
    return dict(zip(table.measures, flags, strict=True))
