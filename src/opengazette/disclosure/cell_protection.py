"""Protect a table of counts that stands alone, and attack one that is already published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from opengazette.disclosure.audit import AuditResult, Finding, attack, judged
from opengazette.disclosure.audit_proof import Proof, proofs
from opengazette.disclosure.complementary import Pattern, Progress, Weights, protect
from opengazette.disclosure.given_cells import (
    MEASURE,
    GivenCells,
    PublishedCells,
    cell_table,
    flagged,
    published_table,
    rule_of,
)
from opengazette.disclosure.linear_system import CellTable, Mask
from opengazette.disclosure.primary import Demand, Protection, SmallCountRule, Width
from opengazette.errors import AuditFailed, SettingsInvalid
from opengazette.model.cell_structure import CellStructure

# All tie-breaks together weigh half a cell: fewest cells first, then the finer and smaller.
TIES = 0.5


@dataclass(frozen=True)
class Attacked:
    """What an attack on a published table found: private, it holds what can be worked out."""

    result: AuditResult
    findings: tuple[Finding, ...]
    proofs: tuple[Proof, ...]

    @property
    def determined(self) -> int:
        """Return how many protected cells are known exactly."""
        return sum(finding.low == finding.high for finding in self.findings)


@dataclass(frozen=True)
class ProtectedCells:
    """A pattern of withheld cells that the audit has passed, and the certificate."""

    cells: GivenCells
    withheld: Mask
    pattern: Pattern
    attacked: Attacked

    @property
    def least_complementary(self) -> int:
        """Return how few complementary cells any sufficient pattern must have."""
        return min(self.pattern.least_cells, self.pattern.n_complementary)

    @property
    def gap(self) -> float:
        """Return how far above the fewest possible the pattern is at most, as a share."""
        found = self.pattern.n_complementary
        return (found - self.least_complementary) / found if found else 0.0


def demanded(wish: str, structure: CellStructure) -> Demand:
    """Return what `exact`, `range` or `width:N` asks of every primary cell.

    Raises:
        SettingsInvalid: it is none of the three.
    """
    kind, _, number = wish.partition(":")
    if wish == "exact":
        return Width(1)
    if wish == "range":
        return Protection(rule_of(structure).least, structure.threshold)
    if kind == "width" and number.isdecimal() and 1 <= int(number) <= 1_000_000:
        return Width(int(number))
    raise SettingsInvalid(
        "--protection is none of exact, range and width:N.",
        "Write --protection range, or a width such as --protection width:5.",
    )


def protect_cells(
    structure: CellStructure,
    cells: GivenCells,
    protection: Demand,
    *,
    stop: Callable[[], bool],
    progress: Callable[[Progress], None],
    trust_flags: bool = False,
    may_be_zero: bool = False,
) -> ProtectedCells:
    """Choose the complementary cells and audit the table that results, from its public side.

    The search ends when the fewest cells are proven, when its rounds are used up, or soon after
    `stop` says so; what is returned has passed the audit. With `may_be_zero` the attacker is
    taken not to know that true zeros are shown, so that a blank may be a zero.

    Raises:
        CannotProtect: the table does not add up, a small count is not flagged, or no pattern is
            enough.
        AuditFailed: the audit found a cell that is too narrow; nothing may be published.
    """
    rule = rule_of(structure)
    cells = flagged(cells, rule, trust_flags=trust_flags)
    table = cell_table(structure, cells)
    pattern = protect(
        table,
        _known(rule, may_be_zero=may_be_zero),
        protection,
        primary={MEASURE: cells.is_primary()},
        must_publish={MEASURE: cells.values < rule.least},
        weights=fewest_first(table),
        gap=0.0,
        close=1.0 - TIES,
        effort=float("inf"),
        stop=stop,
        progress=progress,
    )
    withheld = pattern.withheld[MEASURE]
    values = np.where(withheld, np.nan, cells.values.astype(np.float64))
    public = PublishedCells(cells.keys, values, cells.is_primary())
    attacked = attack_cells(
        structure,
        public,
        protection,
        n_proofs=0,
        small_may_show=trust_flags,
        may_be_zero=may_be_zero,
    )
    result = attacked.result
    if not result.passed:
        raise AuditFailed(
            f"The audit does not pass: {result.n_narrow} primary cells are too narrow, "
            f"{result.n_undecided} undecided, {result.n_exposed} shown.",
            f"Nothing is written. {_where(structure, attacked.findings)}",
        )
    return ProtectedCells(cells, withheld, pattern, attacked)


def attack_cells(
    structure: CellStructure,
    cells: PublishedCells,
    protection: Demand,
    *,
    n_proofs: int,
    small_may_show: bool = False,
    may_be_zero: bool = False,
) -> Attacked:
    """Work out what a published table gives away of its primary cells.

    `n_proofs` is how many cells that fail are proven to a reader, the tightest first. Small
    counts that are shown count as exposed, unless they may be. With `may_be_zero` the attacker
    does not know that true zeros are shown.

    Raises:
        AuditFailed: the published values contradict each other.
    """
    published, rule = published_table(structure, cells), rule_of(structure)
    protected = {MEASURE: cells.primary}
    known = _known(rule, may_be_zero=may_be_zero)
    found = attack(published, protected, protection, known)
    exposing = replace(rule, threshold=rule.least) if small_may_show else rule
    result = judged(published, protected, exposing, found)
    shown = [f for f in result.narrowest if not f.covered][:n_proofs]
    told = tuple(
        proof for f in shown for proof in proofs(published, MEASURE, f.key, least=known.least)
    )
    return Attacked(result, found, told)


def _known(rule: SmallCountRule, *, may_be_zero: bool) -> SmallCountRule:
    """Return the rule as the attacker knows it."""
    return replace(rule, zeros_shown=False) if may_be_zero else rule


def fewest_first(table: CellTable) -> Weights:
    """Price every cell at 1, plus tie-breaks that weigh less than one cell all together."""
    levels, n = table.levels(), len(table.keys)
    size = np.log1p(table.counts[MEASURE])
    ties = levels / max(1, levels.max(initial=0)) + size / max(1.0, 2 * size.max(initial=0.0))
    return {MEASURE: 1.0 + TIES * ties / (1.5 * n)}


def _where(structure: CellStructure, findings: Sequence[Finding]) -> str:
    """Say in which dimension merging would help most: where the failing cells crowd."""
    failing = [f.key for f in findings if not (f.covered and f.proved)]
    counts = [Counter(codes).most_common(1)[0] for codes in zip(*failing, strict=True)]
    told = [
        f"{dim.name} {code} ({n} of {len(failing)})"
        for dim, (code, n) in zip(structure.dims, counts, strict=False)
    ]
    return f"Merge categories where these cells are most: {', '.join(told)}." if told else ""
