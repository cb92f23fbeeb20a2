"""The bridge from a release that the public has seen to cells with tonight's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from opengazette.disclosure.audit.knowledge import PublishedSum, PublishedTable
from opengazette.disclosure.releases.seen import SeenTable
from opengazette.disclosure.tables.linear_system import CellTable
from opengazette.disclosure.tables.measure_sums import MeasureSums, measure_sums
from opengazette.disclosure.tables.structure import cell_table, published_table
from opengazette.model.publication import PublicationTable


@dataclass(frozen=True)
class SeenForm:
    """What a release looked like, and its names by tonight's; `counts` are tonight's counts.

    `dataset` is that of a linked release. A count of it that tonight's table lacks is named after
    it, so that it is not taken for another's of the same name; None: a release of tonight's.
    """

    publication: PublicationTable
    names: Mapping[str, str]
    counts: tuple[str, ...]
    dataset: str | None = None

    def seen(self, true: pd.DataFrame, public: pd.DataFrame) -> SeenTable:
        """Turn a release, its true table beside, into what a reader takes from it: private.

        Counts that tonight's table does not have are kept as far as they are tied to one that it
        has: as its part, or as they add up with it. The others are left out.

        Raises:
            AuditFailed: a rate or mean is shown although a count that it is made of is withheld.
            CannotProtect: too many counts hang together for every sum to be tried.
        """
        sums = measure_sums(true, self.publication)
        kept = self._kept(sums)
        shown = self._shown(published_table(self.publication, public, sums), kept)
        return SeenTable(self._cells(true, kept), shown, own=self.dataset is None)

    def _cells(self, true: pd.DataFrame, kept: Mapping[str, str]) -> CellTable:
        table = cell_table(self.publication, true)
        return CellTable(
            tuple(replace(d, name=self._here(d.name)) for d in table.dimensions),
            table.keys,
            {here: table.counts[there] for there, here in kept.items()},
        )

    def _shown(self, table: PublishedTable, kept: Mapping[str, str]) -> PublishedTable:
        return PublishedTable(
            tuple(replace(d, name=self._here(d.name)) for d in table.dimensions),
            table.keys,
            {here: table.values[there] for there, here in kept.items()},
            {kept[p]: kept[w] for p, w in table.parts.items() if p in kept},
            reasons={here: table.reasons[m] for m, here in kept.items() if m in table.reasons},
            sums=tuple(
                PublishedSum(kept[s.whole], tuple(kept[p] for p in s.parts), s.rows)
                for s in table.sums
                if s.whole in kept
            ),
        )

    def _kept(self, sums: MeasureSums) -> dict[str, str]:
        """Name the counts that are kept by tonight's names, in order."""
        counts = self.publication.counts()
        ties = [{whole, *parts} for whole, parts in sums]
        ties += [{m.name, m.part_of} for m in counts if m.part_of is not None]
        found = {m.name for m in counts if self._here(m.name) in self.counts}
        while further := {name for tie in ties if tie & found for name in tie - found}:
            found |= further
        return {m.name: self._here(m.name) for m in counts if m.name in found}

    def _here(self, name: str) -> str:
        """Name a dimension or count as tonight's table does; what it lacks never like its own."""
        for here, there in self.names.items():
            if there == name:
                return here
        lacking = name in {m.name for m in self.publication.counts()} - set(self.counts)
        if self.dataset is not None and (lacking or name in self.names):
            return f"{self.dataset}.{name}"
        return name
