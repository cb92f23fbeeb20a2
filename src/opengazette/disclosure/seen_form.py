"""The bridge from a release that the public has seen to cells with tonight's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from opengazette.disclosure.audit_knowledge import PublishedTable
from opengazette.disclosure.linear_system import CellTable
from opengazette.disclosure.structure import cell_table, published_table
from opengazette.model.publication import PublicationTable


@dataclass(frozen=True)
class SeenForm:
    """What a release looked like, and its names by tonight's; `counts` are tonight's counts."""

    publication: PublicationTable
    names: Mapping[str, str]
    counts: tuple[str, ...]

    def true_cells(self, true: pd.DataFrame) -> CellTable:
        """Turn the true table of a release into cells: private.

        Counts that tonight's table does not have are left out.
        """
        table = cell_table(self.publication, true)
        kept = self._kept(table.counts)
        return CellTable(
            tuple(replace(d, name=self._here(d.name)) for d in table.dimensions),
            table.keys,
            {here: table.counts[there] for there, here in kept.items()},
        )

    def shown(self, public: pd.DataFrame) -> PublishedTable:
        """Turn the public table of a release into what a reader takes from it.

        Raises:
            AuditFailed: a rate or mean is shown although a count that it is made of is withheld.
        """
        table = published_table(self.publication, public)
        kept = self._kept(table.values)
        return PublishedTable(
            tuple(replace(d, name=self._here(d.name)) for d in table.dimensions),
            table.keys,
            {here: table.values[there] for there, here in kept.items()},
            {kept[p]: kept[w] for p, w in table.parts.items() if p in kept and w in kept},
            reasons={here: table.reasons[m] for m, here in kept.items() if m in table.reasons},
        )

    def _kept(self, measures: Mapping[str, object]) -> dict[str, str]:
        named = {there: self._here(there) for there in measures}
        return {there: here for there, here in named.items() if here in self.counts}

    def _here(self, name: str) -> str:
        return next((here for here, there in self.names.items() if there == name), name)
