"""The audit: attack a published table with everything the public can know.

Nothing here is shared with the code that chose what to withhold; the equations are rebuilt
from the published side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.attack import Verdict, verdicts, widths
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.insiders import Insider, told
from opengazette.disclosure.audit.knowledge import (
    Knowledge,
    PublishedRate,
    PublishedTable,
    knowledge,
    totals,
)
from opengazette.disclosure.primary.counts import Demand, SmallCountRule, Width
from opengazette.errors import AuditFailed

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Index = NDArray[np.int64]

__all__ = ["AuditResult", "Finding", "PublishedRate", "PublishedTable", "attack", "audit", "judged"]

N_TIGHTEST = 10


@dataclass(frozen=True)
class Finding:
    """What an attacker learns of one protected cell: private, like the cell itself.

    The cell lies within [low, high]; a cell that passes was not pursued beyond what it must
    cover, so its true interval may be wider. Where it could not be `proved` over whole numbers
    within the work limit, the ends are those over the real numbers.
    """

    measure: str
    key: tuple[str, ...]
    low: float
    high: float
    covered: bool
    proved: bool


@dataclass(frozen=True)
class AuditResult:
    """The outcome of an attack.

    `n_exposed` counts cells that are published although they are protected or too small;
    `n_narrow` protected cells whose interval is too narrow; `n_undecided` those that could not
    be settled within the work limit, which count as failed. `narrowest` holds the cells that
    fail, tightest first, or the tightest of those that pass.
    """

    n_withheld: int
    n_protected: int
    n_exposed: int
    n_narrow: int
    n_undecided: int
    narrowest: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Tell whether no protected cell is exposed, too narrow or undecided."""
        return self.n_exposed == self.n_narrow == self.n_undecided == 0


def audit(
    published: PublishedTable,
    protected: Mapping[str, Mask],
    protection: Demand,
    rule: SmallCountRule,
    *,
    insiders: Iterable[Insider] = (),
    guess: Guess | None = None,
) -> AuditResult:
    """Bound every protected cell from the published table, and compare with the policy.

    Shape: `protected` marks cells per measure, in the order of the keys.
    The attacker knows every published value, total, part and rate, which cells are the same,
    what the annotation codes say if they differ, that counts are whole, and that withheld cells
    are not zero if true zeros are shown. Where those zeros alone reveal more than
    `protection.low`, the interval need only reach that far. Each of the `insiders` attacks too,
    alone, knowing some withheld cells besides (`singletons`). A `guess` only saves time.

    Raises:
        AuditFailed: the published values contradict each other, or what an insider knows.
    """
    found = attack(published, protected, protection, rule, insiders=insiders, guess=guess)
    return judged(published, protected, rule, found)


def judged(
    published: PublishedTable,
    protected: Mapping[str, Mask],
    rule: SmallCountRule,
    found: tuple[Finding, ...],
) -> AuditResult:
    """Sum up what an attack found, with the cells that are shown although they must not be."""
    mask = np.concatenate([_of(protected, m, published) for m in published.values])
    values = np.concatenate([np.asarray(v, dtype=np.float64) for v in published.values.values()])
    shown = ~np.isnan(values)
    ruled = np.repeat([rule.applies_to(m) for m in published.values], len(published.keys))
    small = ruled & shown & (values >= rule.least) & (values < rule.threshold)
    narrow = [finding for finding in found if not finding.covered]
    tightest = sorted(narrow or found, key=lambda finding: finding.high - finding.low)
    return AuditResult(
        n_withheld=int((~shown).sum()),
        n_protected=int(mask.sum()),
        n_exposed=int((small | (mask & shown)).sum()),
        n_narrow=len(narrow),
        n_undecided=sum(finding.covered and not finding.proved for finding in found),
        narrowest=tuple(tightest if narrow else tightest[:N_TIGHTEST]),
    )


def attack(
    published: PublishedTable,
    protected: Mapping[str, Mask],
    protection: Demand,
    rule: SmallCountRule,
    *,
    insiders: Iterable[Insider] = (),
    guess: Guess | None = None,
) -> tuple[Finding, ...]:
    """Bound every protected cell that is withheld; a cell's ends are pursued to the demand.

    Each cell is reported as the attacker sees it who learns the most of it: the public or one of
    the `insiders`. A `guess` only saves time: what it names counts for nothing unless it is a
    solution.

    Raises:
        AuditFailed: the published values contradict each other, or what an insider knows.
    """
    known = knowledge(published, least=rule.least, threshold=rule.threshold)
    if guess is not None:
        known = replace(known, guess=guess.of(known.unknown))
    mask = np.concatenate([_of(protected, m, published) for m in published.values])
    goal = _goal(published, known, np.flatnonzero(mask[known.unknown]), protection, rule)
    by_public = goal.bounds(known, np.arange(len(goal.wanted)))
    worst: dict[int, Verdict] = {}
    for verdict in chain(by_public, told(known, goal.wanted, insiders, goal.bounds)):
        worst[verdict.cell] = min(worst.get(verdict.cell, verdict), verdict, key=goal.left_open)
    return tuple(
        _finding(published, known, verdict, covered=goal.covered(verdict))
        for verdict in worst.values()
    )


@dataclass(frozen=True)
class _Goal:
    """Which unknown cells are protected, and what their intervals must cover.

    `low` and `high` have one end per unknown cell; with `width` the interval may lie anywhere.
    """

    wanted: Index
    low: Floats
    high: Floats
    width: int | None

    def bounds(self, known: Knowledge, at: Index) -> Iterator[Verdict]:
        """Bound the protected cells at these places among the wanted ones."""
        cells = self.wanted[at]
        if self.width is not None:
            return widths(known, cells, self.width)
        return verdicts(known, cells, self.low[cells], self.high[cells])

    def covered(self, found: Verdict) -> bool:
        """Tell whether a cell's interval covers what it must."""
        if self.width is not None:
            return found.high - found.low >= self.width
        low, high = float(self.low[found.cell]), float(self.high[found.cell])
        return found.low <= low and found.high >= high

    def left_open(self, found: Verdict) -> tuple[bool, bool, float]:
        """Order verdicts by how much they leave open, between the demanded ends."""
        low, high = found.low, found.high
        if self.width is None:
            low = max(low, float(self.low[found.cell]))
            high = min(high, float(self.high[found.cell]))
        return self.covered(found), found.proved, high - low


def _goal(
    published: PublishedTable,
    known: Knowledge,
    wanted: Index,
    protection: Demand,
    rule: SmallCountRule,
) -> _Goal:
    if isinstance(protection, Width):
        return _Goal(wanted, known.low, known.high, protection.least)
    low = np.maximum(protection.low, revealed(published, least=rule.least))[known.unknown]
    return _Goal(wanted, low, np.maximum(low, protection.high), None)


def _finding(
    published: PublishedTable, known: Knowledge, found: Verdict, *, covered: bool
) -> Finding:
    measure, cell = divmod(int(known.unknown[found.cell]), len(published.keys))
    return Finding(
        measure=list(published.values)[measure],
        key=published.keys[cell],
        low=found.low,
        high=found.high,
        covered=covered,
        proved=found.proved,
    )


def revealed(published: PublishedTable, *, least: int) -> Floats:
    """Return the least value of each cell that the shown zeros alone give away.

    Shape: measure by measure, in the order of the keys.
    """
    order, width = list(totals(published)), len(published.keys)
    floor = np.concatenate(
        [np.where(np.asarray(v) == 0, 0.0, float(least)) for v in published.values.values()]
    )
    at = dict(zip(published.values, floor.reshape(-1, width), strict=True))
    # A fact carries a floor on to one more cell each time, unless facts contradict each other.
    for _ in range(len(floor) + 2):
        before = floor.copy()
        for part, whole in published.parts.items():
            at[whole][:] = np.maximum(at[whole], at[part])
        for found in published.sums:
            rows = np.asarray(found.rows, dtype=np.int64)
            beside = np.sum([at[part][rows] for part in found.parts], axis=0)
            at[found.whole][rows] = np.maximum(at[found.whole][rows], beside)
        for floors in at.values():
            for parent, children, _ in order:
                floors[parent] = max(floors[parent], floors[children].sum())
        for one, other in published.same:
            floor[one] = floor[other] = max(floor[one], floor[other])
        if np.array_equal(before, floor):
            return floor
    raise AuditFailed(
        "The published values contradict each other: no counts at all would fit them.",
        "Build totals, parts and rates from the same rows.",
    )


def _of(masks: Mapping[str, Mask], measure: str, published: PublishedTable) -> Mask:
    return np.asarray(masks.get(measure, np.zeros(len(published.keys))), dtype=np.bool_)
