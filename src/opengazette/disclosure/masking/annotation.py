"""Whether the annotation of a table may tell why a value is withheld."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.audit.audit import PublishedTable, audit
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.insiders import Insider
from opengazette.disclosure.audit.knowledge import COMPLEMENTARY, SMALL
from opengazette.disclosure.masking.withholding import COMPLEMENTARY as TOLD_COMPLEMENTARY
from opengazette.disclosure.masking.withholding import WITHHELD as TOLD_SMALL
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.releases.continuity import EarlierTable
from opengazette.disclosure.releases.unchanged import as_it_was
from opengazette.model.publication import ANNOTATION_SUFFIX, PublicationTable

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class AnnotationDecision:
    """Whether one table's codes tell small counts from complementary ones, and why.

    `n_small` and `n_complementary` count the withheld cells of each kind. `n_given_away` counts
    the protected cells that the codes would leave narrower than demanded, `n_undecided` those
    that could not be settled; either keeps the codes merged.
    """

    codes: Literal["distinguish", "merged"]
    n_small: int
    n_complementary: int
    n_given_away: int
    n_undecided: int

    @property
    def because(self) -> str:
        """Say why in one sentence, in counts alone."""
        if self.codes == "distinguish":
            return (
                f"The audit holds although the codes tell {self.n_small} small counts from "
                f"{self.n_complementary} complementary ones."
            )
        return (
            f"Codes that tell the reason would give {self.n_given_away} protected counts away "
            f"and leave {self.n_undecided} unsettled: one code stands for both reasons."
        )


def with_reasons(published: PublishedTable, small: Mapping[str, Mask]) -> PublishedTable:
    """Return the table with a code at each withheld cell: 1 where `small` marks it, else 2."""
    nothing = np.zeros(len(published.keys), dtype=np.bool_)
    reasons = {
        m: np.where(np.isnan(v), np.where(small.get(m, nothing), SMALL, COMPLEMENTARY), 0)
        for m, v in published.values.items()
    }
    return replace(published, reasons=reasons)


def annotation_of(
    published: PublishedTable,
    small: Mapping[str, Mask],
    concerns: Iterable[Concern],
    rule: SmallCountRule,
    *,
    insiders: Sequence[Insider] = (),
    guess: Guess | None = None,
) -> AnnotationDecision:
    """Decide whether the codes of a table may tell the reasons: only if the audit still passes.

    Shape: `small` has one flag per key; it marks the counts below the rule's threshold, of which
    code 1 would say just that. A protected cell that is not small gets code 2. The same table
    always gets the same decision; a `guess` only saves time. What is not done: that the codes
    are merged tells a reader that telling them would have been unsafe.

    Raises:
        AuditFailed: the published values contradict each other, or the codes do.

    Source: CalHHS Data De-Identification Guidelines, 4.4.3, first example.
    """
    told = with_reasons(published, small)
    found = [audit(told, c.cells, c.demand, rule, insiders=insiders, guess=guess) for c in concerns]
    codes = np.concatenate(list(told.reasons.values()))
    return AnnotationDecision(
        codes="distinguish" if all(result.passed for result in found) else "merged",
        n_small=int((codes == SMALL).sum()),
        n_complementary=int((codes == COMPLEMENTARY).sum()),
        n_given_away=sum(result.n_exposed + result.n_narrow for result in found),
        n_undecided=sum(result.n_undecided for result in found),
    )


def tells_reasons(public: pd.DataFrame, publication: PublicationTable) -> bool:
    """Tell whether any code of a public table says that a count is withheld for another."""
    columns = {m.name + ANNOTATION_SUFFIX for m in publication.counts()} & set(public.columns)
    return any(bool(public[column].eq(TOLD_COMPLEMENTARY).any()) for column in columns)


def told_falsely(
    public: pd.DataFrame, publication: PublicationTable, small: Mapping[str, Mask]
) -> int:
    """Count the codes of withheld counts that say another reason than the true one."""
    return sum(
        int(
            (
                public[m.name].isna().to_numpy()
                & (public[m.name + ANNOTATION_SUFFIX].eq(TOLD_SMALL).to_numpy() != small[m.name])
            ).sum()
        )
        for m in publication.counts()
    )


def told_before(
    true: pd.DataFrame, earlier: Iterable[EarlierTable], publication: PublicationTable
) -> dict[str, Codes]:
    """Return the reason that an earlier release gave for each count that has not changed since.

    Shape: one code per row for each count: 1 small, 2 complementary, 0 none.
    """
    told = {m.name: np.zeros(len(true), dtype=np.int64) for m in publication.counts()}
    for release in earlier:
        if not tells_reasons(release.public, publication):
            continue
        for name, codes in told.items():
            if name + ANNOTATION_SUFFIX not in release.public:
                continue
            same, then = as_it_was(true, release, publication, name)
            given = then[name + ANNOTATION_SUFFIX]
            reason = given.where(given.isin([TOLD_SMALL, TOLD_COMPLEMENTARY]), "0")
            codes[same] = np.maximum(codes, reason.to_numpy(dtype=np.int64))[same]
    return told


def remembering(published: PublishedTable, told: Mapping[str, Codes]) -> PublishedTable:
    """Add what earlier releases told of counts that are withheld still and have no code tonight."""
    if not any(codes.any() for codes in told.values()):
        return published
    nothing = np.zeros(len(published.keys), dtype=np.int64)
    tonight = {m: published.reasons.get(m, nothing) for m in published.values}
    return replace(
        published,
        reasons={
            m: np.where(np.isnan(v) & (tonight[m] == 0), told[m], tonight[m])
            for m, v in published.values.items()
        },
    )
