"""Which counts of a publication table are protected, how widely, and which stay shown.

This is the policy, for whoever masks and whoever attacks; neither finds a pattern here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.assessment.six_steps import Assessment
from opengazette.disclosure.primary.counts import (
    Demand,
    Protection,
    SmallCountRule,
    Width,
    primary_cells,
)
from opengazette.disclosure.primary.forced import Decided, Forced, decided, named_cells
from opengazette.disclosure.tables.linear_system import CellTable
from opengazette.disclosure.tables.structure import cell_table
from opengazette.model.publication import PublicationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.suppression import ForcedCells

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Concern:
    """Counts that are protected for one reason: one flag per row for each, and how widely."""

    cells: Mapping[str, Mask]
    demand: Demand

    @property
    def any(self) -> bool:
        """Tell whether there is any such count."""
        return any(bool(mask.any()) for mask in self.cells.values())

    def without(self, known: Mapping[str, Mask]) -> Concern:
        """Return the concern without the counts that everybody knows already."""
        return Concern({m: mask & ~known[m] for m, mask in self.cells.items()}, self.demand)


@dataclass(frozen=True)
class ProtectedCounts:
    """What the rules and the steward say of the counts of one true table: private.

    Shape: one flag per row for each count. `concerns` come in the order in which they are served:
    the small counts, then what a person wants withheld. `small` are the small counts that the
    assessment says must be withheld, `kept` what a person wants shown. `decisions` pairs each
    entry of the contract with the number of counts that it is about.
    """

    rule: SmallCountRule
    small: Mapping[str, Mask]
    kept: Mapping[str, Mask]
    concerns: tuple[Concern, ...]
    decisions: tuple[tuple[ForcedCells, int], ...]

    def primary(self) -> dict[str, Mask]:
        """Mark every count that is protected, for whatever reason."""
        return {
            m: np.logical_or.reduce([small, *(c.cells[m] for c in self.concerns)])
            for m, small in self.small.items()
        }


def small_counts_withheld(publication: PublicationTable, assessment: Assessment) -> bool:
    """Tell whether small counts of a table are withheld: by its assessment, or for money.

    A mean of money tells what few people were paid, so their counts go whatever the score.

    Source: CalHHS Data De-Identification Guidelines 2.0, 4.4.1 rule 4.
    """
    return assessment.must_withhold_small or any(m.financial for m in publication.means())


def protected_counts(
    true: pd.DataFrame, publication: PublicationTable, pack: RulePack, *, small_withheld: bool
) -> ProtectedCounts:
    """Find the counts of a true table that are protected.

    `small_withheld` is what the assessment decided. What a person wants withheld is withheld
    whatever the score.

    Raises:
        CannotProtect: a person's decision is about no cell of the table, about a true zero, or
            would show a small count.
    """
    least = SmallCountRule().least
    threshold = pack.thresholds.numerator if small_withheld else least
    names = tuple(m.name for m in publication.counts())
    rule = SmallCountRule(threshold, measures=names)
    small = {name: primary_cells(true[name].to_numpy(dtype=np.int64), rule) for name in names}
    protection = Protection(1, pack.thresholds.numerator - 1)
    kept, concerns = (
        {m: np.zeros(len(true), dtype=np.bool_) for m in names},
        [Concern(small, protection)],
    )
    decisions: list[tuple[ForcedCells, int]] = []
    if publication.suppression.forced:
        table = cell_table(publication, true)
        entries = [(entry, named_cells(table, entry)) for entry in publication.suppression.forced]
        kept = dict(_decided(table, rule, small, entries).must_publish)
        width = pack.thresholds.numerator
        concerns += [_concern(e, cells, small, width) for e, cells in entries if e.be == "withheld"]
        decisions += [(e, sum(int(m.sum()) for m in c.cells.values())) for e, c in entries]
    return ProtectedCounts(rule, small, kept, tuple(c for c in concerns if c.any), tuple(decisions))


def _decided(
    table: CellTable,
    rule: SmallCountRule,
    small: Mapping[str, Mask],
    entries: Sequence[tuple[ForcedCells, Forced]],
) -> Decided:
    return decided(
        table,
        rule,
        small,
        shown=[cells for entry, cells in entries if entry.be == "shown"],
        hidden=[cells for entry, cells in entries if entry.be == "withheld"],
    )


def _concern(entry: ForcedCells, forced: Forced, small: Mapping[str, Mask], width: int) -> Concern:
    """Protect what a person wants withheld; what is small is protected as such already."""
    cells = {
        m: np.asarray(forced.cells.get(m, np.zeros_like(mask)) & ~mask) for m, mask in small.items()
    }
    return Concern(cells, Width(entry.width or width))
