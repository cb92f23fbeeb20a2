"""Protect a table of counts that stands alone, with what else the public has beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.complementary.pattern import Pattern, Progress, protect
from opengazette.disclosure.primary.counts import Demand, Protection, SmallCountRule, Width
from opengazette.disclosure.primary.forced import Decided
from opengazette.disclosure.standalone.advice import refuse_hopeless
from opengazette.disclosure.standalone.attack import Attacked, attack_cells, known_to_attacker
from opengazette.disclosure.standalone.certificate import EQUAL_SHARE, Certificate, certificate
from opengazette.disclosure.standalone.decisions import Options, forced_cells, named_cells
from opengazette.disclosure.standalone.given_cells import (
    MEASURE,
    GivenCells,
    PublishedCells,
    cell_table,
    flagged,
    rule_of,
)
from opengazette.disclosure.standalone.joint_cells import Joint, joint_cells
from opengazette.disclosure.standalone.prices import (
    TIES,
    Prices,
    fewest_first,
    natural_objective,
    prices,
)
from opengazette.disclosure.standalone.published_beside import refuse_other_zeros
from opengazette.disclosure.tables.linear_system import Mask
from opengazette.errors import AuditFailed, CannotProtect, SettingsInvalid
from opengazette.model.cell_structure import CellStructure

__all__ = [
    "Attacked",
    "Options",
    "ProtectedCells",
    "attack_cells",
    "demanded",
    "fewest_first",
    "forced_cells",
    "protect_cells",
]


@dataclass(frozen=True)
class ProtectedCells:
    """A pattern of withheld cells that the audit has passed, and what it cost.

    Shape: `withheld` has one flag per cell of `cells`, whose flags say which are primary.
    """

    cells: GivenCells
    withheld: Mask
    pattern: Pattern
    attacked: Attacked
    prices: Prices | None = None
    because: tuple[tuple[str, int], ...] = ()
    n_beside: int = 0

    @property
    def n_primary(self) -> int:
        """Return how many cells are primary."""
        return int(self.cells.is_primary().sum())

    @property
    def n_complementary(self) -> int:
        """Return how many cells are withheld to protect others."""
        return int(self.withheld.sum()) - self.n_primary

    @property
    def certificate(self) -> Certificate:
        """Return how good the pattern is."""
        complementary = self.withheld & ~self.cells.is_primary()
        return certificate(self.pattern, self.prices, complementary, beside=self.n_beside)

    @property
    def least_complementary(self) -> int:
        """Return how few complementary cells any sufficient pattern must have."""
        return min(self.pattern.least_cells, self.n_complementary)

    @property
    def gap(self) -> float:
        """Return how far above the least possible the pattern is at most, as a share."""
        return self.certificate.gap


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


def _quietly() -> None:
    return


def protect_cells(
    structure: CellStructure,
    cells: GivenCells,
    protection: Demand,
    *,
    stop: Callable[[], bool],
    progress: Callable[[Progress], None],
    audit: Callable[[], None] = _quietly,
    options: Options | None = None,
) -> ProtectedCells:
    """Choose the complementary cells and audit the table that results, from its public side.

    The search ends when the least cost is proven, or within the gap, or when its rounds are used
    up, or soon after `stop` says so; what is returned has passed the audit. `progress` hears of
    the best so far in the unit of the objective, `audit` that the search is over.

    Raises:
        CannotProtect: the table does not add up, a small count is not flagged or is shown
            already, a decision cannot be followed, or no pattern is enough.
        DisclosureRisk: what is published beside does not fit.
        AuditFailed: the audit found a cell that is too narrow; nothing may be published.
    """
    options, rule = options or Options(), rule_of(structure)
    known = known_to_attacker(rule, may_be_zero=options.may_be_zero)
    refuse_other_zeros(structure, options.beside)
    cells = flagged(cells, rule, trust_flags=options.trust_flags)
    table = cell_table(structure, cells)
    forced = forced_cells(structure, cells, table, rule)
    cells = replace(cells, primary=forced.primary[MEASURE])
    priced = prices(
        options.objective or natural_objective(structure, cells),
        structure,
        cells,
        table,
        None if options.previous is None else _withheld_in(options.previous, cells),
    )
    joint = joint_cells(table, cells.is_primary(), options.beside, known)
    if joint.fixed(forced.must_publish[MEASURE]).any():
        refuse_hopeless(structure, cells, protection, options)
    try:
        pattern = _searched(joint, forced, priced, protection, known, options, stop, progress)
    except CannotProtect as failure:
        refuse_hopeless(structure, cells, protection, options)
        raise _elsewhere(failure, protection) from None
    withheld = pattern.withheld[MEASURE][: len(cells.keys)]
    audit()
    attacked = _audited(structure, cells, withheld, protection, options, joint, pattern)
    return ProtectedCells(
        cells, withheld, pattern, attacked, priced, forced.because, joint.n_beside
    )


def _searched(
    joint: Joint,
    forced: Decided,
    priced: Prices,
    protection: Demand,
    known: SmallCountRule,
    options: Options,
    stop: Callable[[], bool],
    progress: Callable[[Progress], None],
) -> Pattern:
    slack = priced.of_all_beside if joint.n_beside else 0.0
    return protect(
        joint.table,
        known,
        protection,
        primary={MEASURE: joint.primary},
        must_publish={MEASURE: joint.fixed(forced.must_publish[MEASURE])},
        weights={MEASURE: joint.prices(priced.asked, priced.of_all_beside)},
        gap=options.gap if priced.counts_cells else max(options.gap, EQUAL_SHARE / 2),
        close=(1.0 - TIES - slack) * 0.99 if priced.counts_cells else priced.close,
        effort=float("inf"),
        stop=stop,
        progress=lambda so_far: progress(
            replace(so_far, cost=priced.scale * so_far.cost, bound=priced.scale * so_far.bound)
        ),
    )


def _elsewhere(failure: CannotProtect, protection: Demand) -> CannotProtect:
    """Say of a width that it was looked for around the true values only."""
    if not isinstance(protection, Width) or protection.least == 1:
        return failure
    return CannotProtect(
        f"No interval {protection.least} wide is possible around every primary cell. Elsewhere "
        "some might be, but that is not looked for.",
        "Ask for a smaller width, or let more cells be withheld.",
    )


def _audited(
    structure: CellStructure,
    cells: GivenCells,
    withheld: Mask,
    protection: Demand,
    options: Options,
    joint: Joint,
    pattern: Pattern,
) -> Attacked:
    values = np.where(withheld, np.nan, cells.values.astype(np.float64))
    attacked = attack_cells(
        structure,
        PublishedCells(cells.keys, values, cells.is_primary()),
        protection,
        n_proofs=0,
        small_may_show=options.trust_flags,
        may_be_zero=options.may_be_zero,
        beside=options.beside,
        same=joint.same,
        guess=Guess.at(cells.values.astype(np.float64), pattern.moves),
    )
    if not attacked.passed:
        result, beside = attacked.result, attacked.n_beside_failing
        elsewhere = f", and {beside} of tables beside it" if beside else ""
        failing = [f.key for f in attacked.findings if not (f.covered and f.proved)]
        raise AuditFailed(
            f"The audit does not pass: {result.n_narrow} primary cells are too narrow, "
            f"{result.n_undecided} undecided, {result.n_exposed} shown{elsewhere}.",
            f"Nothing is written. They are {named_cells(failing)}." if failing else "",
        )
    return attacked


def _withheld_in(previous: PublishedCells, cells: GivenCells) -> Mask:
    before = {
        key for key, blank in zip(previous.keys, np.isnan(previous.values), strict=True) if blank
    }
    return np.array([key in before for key in cells.keys], dtype=np.bool_)
