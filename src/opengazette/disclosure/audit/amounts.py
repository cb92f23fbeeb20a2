"""Attack the published amounts of a table: as the public, and as those who contributed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.audit import PublishedTable, attack
from opengazette.disclosure.audit.insiders import Insider, singletons
from opengazette.disclosure.primary.amounts import ProtectedAmounts
from opengazette.disclosure.primary.counts import Protection
from opengazette.disclosure.primary.dominance import amount_rule
from opengazette.disclosure.tables.linear_system import equations

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def lone_contributors(amounts: ProtectedAmounts, published: PublishedTable) -> tuple[Insider, ...]:
    """Find everybody who alone makes up a withheld amount, and so knows it.

    What is not done: somebody who is alone in two cells that no total joins counts as two.
    """
    values = amounts.table.counts[amounts.name]
    return tuple(
        Insider(person.cells, tuple(float(values[cell]) for cell in person.cells))
        for person in singletons(published, {amounts.name: amounts.people})
    )


def own_share(amounts: ProtectedAmounts, people: Sequence[Insider]) -> Floats:
    """Return what lone contributors gave to each cell and to the totals above it.

    Shape: one amount per row.
    """
    share = np.zeros(len(amounts.table.keys))
    for person in people:
        share[list(person.cells)] = person.values
    for parent, children, _ in equations(amounts.table):
        share[parent] = max(share[parent], share[children].sum())
    return share


def given_away(
    amounts: ProtectedAmounts, published: PublishedTable, people: Sequence[Insider] = ()
) -> tuple[int, int]:
    """Attack every protected amount as the public, then as each of some contributors.

    Returns how many are shown, and how many of the others can be narrowed to less than they may
    or were not settled.

    Raises:
        AuditFailed: the published amounts contradict each other.
    """
    hidden = np.isnan(published.values[amounts.name])
    narrow = told_too_closely(amounts, published, [])
    for person in people:
        narrow = narrow | told_too_closely(amounts, published, [person])
    return int((amounts.primary & ~hidden).sum()), int(narrow.sum())


def told_too_closely(
    amounts: ProtectedAmounts, published: PublishedTable, people: Sequence[Insider]
) -> Mask:
    """Mark the protected amounts that can be told too closely, by the public or by some people.

    Raises:
        AuditFailed: the published amounts contradict each other.
    """
    name, values = amounts.name, amounts.table.counts[amounts.name]
    own = [cell for person in people for cell in person.cells]
    share = own_share(amounts, people)
    hidden = amounts.primary & np.isnan(published.values[name])
    hidden[own] = False
    narrow = np.zeros(len(values), dtype=np.bool_)
    if hidden.any():
        # Pursued as far as the widest demand, an interval is held against that of its own cell.
        far = int((values + amounts.doubt)[hidden].max())
        demand, rule = Protection(0, far), amount_rule(name)
        place = {key: i for i, key in enumerate(published.keys)}
        for finding in attack(published, {name: hidden}, demand, rule, insiders=people):
            i = place[finding.key]
            low, high = max(share[i], values[i] - amounts.doubt[i]), values[i] + amounts.doubt[i]
            narrow[i] = not (finding.low <= low and finding.high >= high and finding.proved)
    return narrow
