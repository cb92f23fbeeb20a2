"""Attack a table of counts that stands alone, with what else the public has beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from opengazette.disclosure.audit.audit import AuditResult, Finding, attack, judged
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.knowledge import PublishedTable
from opengazette.disclosure.audit.linkage import Pair
from opengazette.disclosure.audit.proof import Proof, named, proofs
from opengazette.disclosure.primary.counts import Demand, SmallCountRule, Width
from opengazette.disclosure.standalone.given_cells import (
    MEASURE,
    PublishedCells,
    published_table,
    rule_of,
)
from opengazette.disclosure.standalone.published_beside import (
    Beside,
    Together,
    refuse_other_zeros,
    together,
)
from opengazette.disclosure.tables.linear_system import Mask
from opengazette.model.cell_structure import CellStructure


@dataclass(frozen=True)
class Attacked:
    """What an attack on a published table found: private, it holds what can be worked out.

    `findings` are about the table itself. `n_beside` counts the protected cells of tables beside
    that were attacked too, `n_beside_failing` those of them that are given away or not settled.
    """

    result: AuditResult
    findings: tuple[Finding, ...]
    proofs: tuple[Proof, ...]
    n_beside: int = 0
    n_beside_failing: int = 0

    @property
    def determined(self) -> int:
        """Return how many protected cells are known exactly."""
        return sum(finding.low == finding.high for finding in self.findings)

    @property
    def passed(self) -> bool:
        """Tell whether no protected cell is given away, in the table or beside it."""
        return self.result.passed and not self.n_beside_failing


def attack_cells(
    structure: CellStructure,
    cells: PublishedCells,
    protection: Demand,
    *,
    n_proofs: int,
    small_may_show: bool = False,
    may_be_zero: bool = False,
    beside: Sequence[Beside] = (),
    same: tuple[Pair, ...] | None = None,
    guess: Guess | None = None,
) -> Attacked:
    """Work out what a published table gives away of its primary cells.

    `n_proofs` is how many cells that fail are proven to a reader, the tightest first. Small
    counts that are shown count as exposed, unless they may be. With `may_be_zero` the attacker
    does not know that true zeros are shown. The attacker has read what is published `beside`
    too; primary cells there are attacked as well, where it is told which they are. Which cells
    are the `same` is worked out from what is shown, unless it is known better. A `guess` may
    save time, nothing else; it is not used where something is published beside.

    Raises:
        AuditFailed: the published values contradict each other.
        DisclosureRisk: what is published beside does not fit.
    """
    own, rule = published_table(structure, cells), rule_of(structure)
    known = known_to_attacker(rule, may_be_zero=may_be_zero)
    refuse_other_zeros(structure, beside)
    read = together(own, beside, known, same=same) if beside else Together(own, len(own.keys), ())
    protected = np.concatenate([cells.primary, *(_told(each) for each in beside)])
    found = attack(
        read.table, {MEASURE: protected}, protection, known, guess=None if beside else guess
    )
    if not isinstance(protection, Width):
        found = _told_apart(read.table, found, known)
    width = len(structure.dims)
    mine = tuple(replace(f, key=f.key[:width]) for f in found if f.key[0] or not beside)
    others = [f for f in found if beside and not f.key[0]]
    exposing = replace(rule, threshold=rule.least) if small_may_show else rule
    result = judged(own, {MEASURE: cells.primary}, exposing, mine)
    failing = [f for f in result.narrowest if not f.covered][:n_proofs]
    filled = _filled(own, read) if beside else own
    told = tuple(p for f in failing for p in _proofs(filled, own, f, known.least))
    return Attacked(
        result, mine, told, len(others), sum(not (f.covered and f.proved) for f in others)
    )


def known_to_attacker(rule: SmallCountRule, *, may_be_zero: bool) -> SmallCountRule:
    """Return the rule as the attacker knows it."""
    return replace(rule, zeros_shown=False) if may_be_zero else rule


def _told_apart(
    published: PublishedTable, found: tuple[Finding, ...], known: SmallCountRule
) -> tuple[Finding, ...]:
    """Tell cells that are known exactly from those with one end at what was asked for.

    An end that reaches what it must cover is not pursued further; where the other end has come
    as far, the two look like one value.
    """
    points = {finding.key for finding in found if finding.low == finding.high}
    if not points:
        return found
    mask = np.array([key in points for key in published.keys])
    again = {f.key: f for f in attack(published, {MEASURE: mask}, Width(1), known)}
    return tuple(
        replace(f, low=min(f.low, again[f.key].low), high=max(f.high, again[f.key].high))
        if f.key in again
        else f
        for f in found
    )


def _told(each: Beside) -> Mask:
    nothing = np.zeros(len(each.cells.keys), dtype=np.bool_)
    return each.cells.primary if each.cells.is_told else nothing


def _filled(own: PublishedTable, read: Together) -> PublishedTable:
    """Fill the blanks that are shown elsewhere."""
    values, elsewhere = own.values[MEASURE], read.seen_values()
    return replace(own, values={MEASURE: np.where(np.isnan(values), elsewhere, values)})


def _proofs(
    filled: PublishedTable, own: PublishedTable, finding: Finding, least: int
) -> tuple[Proof, ...]:
    """Prove a cell from the totals, or by what is shown of it elsewhere."""
    value = float(filled.values[MEASURE][own.keys.index(finding.key)])
    if np.isnan(value):
        return proofs(filled, MEASURE, finding.key, least=least)
    step = f"{named(finding.key)} is shown in what is published beside the table."
    return (Proof(finding.key, "exactly", int(value), (step,)),)
